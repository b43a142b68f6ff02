"""Doubt: who may owe more than is seen, why, and that this withholds his release and nobody else's."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from connector.i18n.sentences import finding_sentence
from connector.model.runs import NightRecord
from connector.store.links import keep_links
from connector.sync.nightly import run_night
from tests.fakes import AS_OF, House, approval_row, exit_row, item_row, request_row, small_house


@pytest.fixture
def house(tmp_path: Path) -> House:
    """Beside the debtor two people who owe nothing want to leave: 002 and 005."""
    house = small_house(tmp_path)
    house.oa.tables["exit"].append(exit_row("E5", "005"))
    return house


def look(house: House) -> NightRecord:
    return run_night(house.desk, AS_OF, "observe")


def let_go(record: NightRecord) -> set[str]:
    return {a["ref"] for a in record.plan["actions"] if (a["verb"], a["kind"]) == ("remove", "exit_hold")}


def unproven(record: NightRecord) -> dict[str, str]:
    return {f["subject"]: f["facts"]["reason"] for f in record.findings["findings"] if f["rule"] == "exit.unproven"}


def test_nobody_is_in_doubt_while_every_row_is_read_and_linked(house: House) -> None:
    assert let_go(look(house)) == {"XE2", "XE5"}


def test_a_loan_row_that_cannot_be_read_withholds_the_release_of_its_borrower_alone(house: House) -> None:
    house.finance.tables["open_item"].append(item_row("L2", "002", "0.00", principal="12,3x"))
    record = look(house)
    assert (let_go(record), unproven(record)) == ({"XE5"}, {"E2": "rejected_loan"})


def test_a_row_that_cannot_be_read_is_of_whoever_its_number_is_linked_to(house: House) -> None:
    link = pl.DataFrame({"number": ["F-2"], "person": ["002"], "rule": ["person"], "evidence": [""]})
    keep_links(house.desk.store, "kingdee", link, "王芳", house.clock.now())
    house.finance.tables["person"][1]["number"] = "F-2"
    house.finance.tables["open_item"].append(item_row("L2", "F-2", "0.00", lent_on="yesterday"))
    record = look(house)
    assert (let_go(record), unproven(record)) == ({"XE5"}, {"E2": "rejected_loan"})


@pytest.mark.parametrize(("language", "words"), [("zh_CN", "他有一笔借款数据读不懂"), ("en", "could not be read")])
def test_the_reason_of_a_withheld_release_is_readable(house: House, language: str, words: str) -> None:
    house.finance.tables["open_item"].append(item_row("L2", "002", "0.00", principal="12,3x"))
    finding = next(f for f in look(house).findings["findings"] if f["rule"] == "exit.unproven")
    assert words in finding_sentence(finding, language)


def stray_loan(house: House, balance: str) -> None:
    """A loan on a number that nobody in HR has; it was asked for on form SPL9."""
    house.finance.tables["open_item"].append(item_row("L9", "999", balance))
    house.finance.tables["request"].append(request_row("L9", "999"))
    house.balance_books()


@pytest.mark.parametrize(("named", "free", "doubt"), [
    ("002", {"XE5"}, {"E2": "disputed_loan"}), ("005", {"XE2"}, {"E5": "disputed_loan"}),
    ("998", {"XE2", "XE5"}, {}), (None, {"XE2", "XE5"}, {}),
])
def test_a_loan_of_nobody_may_be_that_of_whoever_its_approval_names(
    house: House, named: str | None, free: set[str], doubt: dict[str, str]
) -> None:
    stray_loan(house, "500.00")
    house.oa.tables["approval"].append(approval_row("L9", employee=named))
    record = look(house)
    assert (let_go(record), unproven(record)) == (free, doubt)


@pytest.mark.parametrize("balance", ["0.00", "-3.00"])
def test_a_stray_loan_that_owes_nothing_puts_nobody_named_on_its_form_in_doubt(house: House, balance: str) -> None:
    stray_loan(house, balance)
    house.oa.tables["approval"].append(approval_row("L9", employee="002"))
    assert unproven(look(house)) == {}


def test_a_loan_that_has_an_owner_is_not_that_of_who_else_is_named_on_its_form(house: House) -> None:
    house.oa.tables["approval"][1] |= {"employee": "002"}  # the form of a loan of 003
    assert unproven(look(house)) == {}
