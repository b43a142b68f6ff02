"""Past nights judged again: the same to the byte by their own rule books, and what another book would have found."""

from __future__ import annotations

import random
from dataclasses import fields, replace
from datetime import date, timedelta
from importlib import resources
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from connector.errors import StateError
from connector.rules.book import RuleBook, load_book
from connector.rules.knowledge import Facts
from connector.sync.archive import TABLES, judged_nights
from connector.sync.nightly import run_night
from connector.sync.replay import Replayed, again, replay
from tests.fakes import House, exit_row, item_row, payout_row, request_row, small_house

FIRST = date(2026, 5, 1)
NIGHTS = 90


def book(*sheets: str) -> RuleBook:
    default = (resources.files("connector.rules") / "default.yaml").read_text("utf-8")
    return load_book(default, "default", [(f"sheet {n}", text) for n, text in enumerate(sheets)])


# Every thirty nights the company changes its rules.
BOOKS = (book(), book("policy: {salary_share_percent: 5}"), book("rules: [{code: loan.while_one_open, mode: on}]"))


def use(house: House, rules: RuleBook) -> None:
    house.desk = replace(house.desk, company=replace(house.desk.company, book=rules))


def something_happens(house: House, dice: random.Random, day: date) -> None:
    """A loan, a repayment, an exit, a stream that breaks off, a word that is not readable: one of them, or none."""
    person, finance = f"{dice.randint(1, 30):03d}", house.finance
    match dice.randint(0, 6):
        case 0 | 1:
            number, amount = f"N{len(finance.tables['open_item'])}", f"{dice.randint(1, 9000)}.00"
            finance.tables["open_item"].append(item_row(number, person, amount, lent_on=day.isoformat()))
            finance.tables["request"].append(request_row(number, person))
            finance.tables["payout"].append(payout_row(number, person, amount, paid_on=day.isoformat()))
        case 2:
            dice.choice(finance.tables["open_item"])["balance"] = "0.00"
        case 3:
            house.oa.tables["exit"].append(exit_row(f"Z{day:%m%d}", person, requested_on=day.isoformat()))
        case 4:
            finance.broken["open_item"] = 1
        case 5:
            dice.choice(house.hr.tables["employee"])["status"] = dice.choice(["left", "active", "retired"])
    house.balance_books()


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> House:
    """Ninety nights in which things happen."""
    house, dice = small_house(tmp_path_factory.mktemp("company")), random.Random(11)
    for night in range(NIGHTS):
        day = FIRST + timedelta(days=night)
        use(house, BOOKS[night * len(BOOKS) // NIGHTS])
        something_happens(house, dice, day)
        run_night(house.desk, day, "live")
        house.finance.broken.clear()
    return house


def over(house: House, **options: Any) -> list[Replayed]:
    return list(replay(house.desk, FIRST, FIRST + timedelta(days=NIGHTS), **options))


def test_ninety_nights_give_the_same_bytes_by_the_rule_book_of_each(lived: House) -> None:
    nights = over(lived)
    assert [night.as_of for night in nights] == [FIRST + timedelta(days=n) for n in range(NIGHTS)]
    assert {night.kept_by for night in nights} == {rules.version for rules in BOOKS}
    assert all(night.is_same for night in nights) and sum(night.hits for night in nights) > NIGHTS


def test_another_book_shows_who_would_have_been_found_and_who_not(lived: House) -> None:
    strict = book("policy: {salary_share_percent: 0}", "rules: [{code: loan.overdue, mode: off}]")
    nights = over(lived, book=strict)
    assert all(night.judged_by == strict.version for night in nights)
    appeared = pl.concat([night.appeared for night in nights])
    assert "loan.over_salary_share" in appeared["rule"] and appeared.height > NIGHTS


def test_a_night_that_was_tampered_with_does_not_come_out_the_same(lived: House) -> None:
    night = next(one for one in judged_nights(lived.desk, FIRST, FIRST + timedelta(days=9)) if one.verdicts.height)
    assert again(night).is_same
    assert not again(replace(night, verdicts=night.verdicts.head(night.verdicts.height - 1))).is_same


def test_only_the_nights_asked_for_are_judged_and_nothing_is_written(lived: House) -> None:
    files = sorted(lived.desk.folder.rglob("*.parquet"))
    assert len(list(replay(lived.desk, FIRST + timedelta(days=3), FIRST + timedelta(days=5)))) == 3
    assert sorted(lived.desk.folder.rglob("*.parquet")) == files


def test_every_table_that_was_judged_is_kept_or_read_from_a_snapshot() -> None:
    frames = {one.name for one in fields(Facts) if one.type == "pl.DataFrame"}
    assert frames == {*TABLES, "employee", "approval"}


def test_a_kept_night_that_is_damaged_is_named(tmp_path: Path) -> None:
    house = small_house(tmp_path)
    record = run_night(house.desk, FIRST, "observe")
    (house.desk.folder / "snapshots" / record.run / "judged.loan.parquet").write_bytes(b"no parquet")
    with pytest.raises(StateError, match="cannot be read") as caught:
        list(replay(house.desk, FIRST, FIRST))
    assert record.run in caught.value.place
