"""Linking: whose row is it; what is kept of it, and what rests while it is not sure."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given

from connector.store.links import stored_links
from connector.sync.linking import Before, Linked, link_company, rows_of
from connector.sync.staging import pull_company
from connector.sync.vanishing import DOUBT
from tests.fakes import AS_OF, House, exit_row, finance, item_row, oa, open_house, person_row, small_house
from tests.fakes import hr as hr_store
from tests.laws.companies import LAW, companies, house_of


@pytest.fixture
def house(tmp_path: Path) -> House:
    return small_house(tmp_path)


def linked(house: House, before: Before | None = None, as_of: date = AS_OF) -> Linked:
    house.clock.sleep(1)
    run = f"r{house.clock.ticks}"
    return link_company(house.desk, pull_company(house.desk, as_of, run), as_of, run, before)


def kept(house: House) -> dict[str, str]:
    return dict(stored_links(house.desk.store, "kingdee").iter_rows())


def owner(found: Linked, loan: str) -> str | None:
    person: str | None = found.facts.loan.filter(pl.col("number") == loan)["person"].item()
    return person


def rename(house: House, number: str, name: str) -> None:
    next(row for row in house.finance.tables["person"] if row["number"] == number)["name"] = name


def test_a_link_once_made_outlives_a_new_name(house: House) -> None:
    linked(house)
    rename(house, "003", "改名")
    assert owner(linked(house), "L3") == "003" and kept(house)["003"] == "003"


@pytest.mark.parametrize("spoil", [
    lambda house: house.hr.broken.update(employee=2),
    lambda house: house.hr.tables["employee"][2].update(monthly_salary="?"),
])
def test_whoever_is_not_read_tonight_keeps_the_link_he_had(house: House, spoil: Any) -> None:
    linked(house)
    spoil(house)
    assert owner(linked(house), "L3") == "003"


def test_whoever_left_hr_for_good_has_no_loan_of_his_own_any_more(house: House) -> None:
    linked(house)
    house.hr.tables["employee"].pop(2)
    found = linked(house)
    assert owner(found, "L3") is None
    assert set(found.findings["rule"]) == {"identity.unlinked", "identity.vanished"}


def test_a_look_at_few_rows_keeps_nothing_and_calls_nobody_vanished(house: House) -> None:
    linked(house)
    house.finance.tables["person"].append(person_row("031"))
    house.hr.tables["employee"] = [*house.hr.tables["employee"][3:], {**house.hr.tables["employee"][0], "ref": "031",
                                                                      "number": "031", "name": "名字031"}]
    before = kept(house)
    found = linked(house, Before("books_differ", pl.DataFrame([("004", "vanished_loan")], schema=DOUBT, orient="row")))
    assert kept(house) == before and "identity.vanished" not in set(found.findings["rule"])
    assert found.facts.suspended == "books_differ" and ("004", "vanished_loan") in found.facts.doubt.rows()


def test_a_stray_loan_is_named_with_everybody_who_may_owe_it(house: House) -> None:
    rename(house, "003", "别人")
    house.finance.tables["open_item"].append(item_row("L9", "F999", "1.00"))
    found = linked(house).findings.filter(pl.col("over") == "loan").sort("subject")
    assert found.select("rule", "subject").rows() == [("identity.disputed", "L3"), ("identity.unlinked", "L9")]
    assert '"candidates":["003"]' in found["facts"][0] and '"candidates":[]' in found["facts"][1]


def test_a_running_exit_of_nobody_is_named(house: House) -> None:
    house.oa.tables["exit"] += [exit_row("E8", "888"), exit_row("E9", "999", state="completed", gate="passed")]
    found = linked(house).findings
    assert found.filter(pl.col("over") == "exit").select("rule", "subject").rows() == [("identity.unlinked", "E8")]


def test_a_company_without_a_ledger_releases_nobody(tmp_path: Path) -> None:
    bare = finance(person=[])
    bare.streams = ("person",)
    house = open_house(tmp_path, bare, oa(exit=[], approval=[]), hr_store(employee=[]))
    found = linked(house)
    assert found.facts.suspended == "ledger_absent"
    assert {"open_item", "payout", "request"} <= found.absent


def test_trips_are_absent_where_no_document_carries_them_and_known_where_both_are_whole(house: House) -> None:
    assert "trip" in linked(house).facts.complete
    house.finance.broken["request"] = 0
    assert "trip" not in linked(house).facts.complete


@pytest.mark.parametrize(
    ("lacking", "is_absent"), [(("open_item", "request"), True), (("request",), False), ((), False)]
)
def test_a_company_that_keeps_no_trips_has_no_trip_rules(
    house: House, lacking: tuple[str, ...], is_absent: bool
) -> None:
    house.finance.lacks = dict.fromkeys(lacking, frozenset({"trip_start"}))
    assert ("trip" in linked(house).absent) is is_absent


def test_a_stream_that_nobody_delivers_is_an_empty_table() -> None:
    assert rows_of({}, "open_item").height == 0 and "balance" in rows_of({}, "open_item").columns


IDENTITY = "11010519491231002X"


def known_by(house: House, role: str, at: int, **fields: str) -> None:
    table = house.hr.tables["employee"] if role == "hr" else house.finance.tables["person"]
    table[at] |= fields


def test_a_number_of_finance_with_the_identity_and_name_of_somebody_is_his(house: House) -> None:
    known_by(house, "hr", 2, id_number=IDENTITY)
    house.finance.tables["person"].append(person_row("F-3", name="名字003", id_number=IDENTITY.lower()))
    house.finance.tables["open_item"].append(item_row("L9", "F-3", "5.00"))
    assert owner(linked(house), "L9") == "003"


def test_an_identity_is_hashed_alike_every_night_and_kept_nowhere(house: House) -> None:
    known_by(house, "hr", 2, id_number=IDENTITY)
    hashes = [linked(house).facts.employee["id_hash"][2] for _ in range(2)]
    assert hashes[0] == hashes[1] is not None
    house.desk.store.engine.dispose()
    kept_in = [file.read_bytes() for file in house.desk.folder.rglob("*") if file.is_file()]
    assert kept_in and not any(IDENTITY.encode() in content for content in kept_in)


def test_a_number_that_is_given_to_somebody_else_is_disputed_although_it_was_linked(house: House) -> None:
    linked(house)
    known_by(house, "hr", 2, id_number=IDENTITY, name="新人")
    known_by(house, "finance", 2, id_number="440524188001010014")
    assert owner(linked(house), "L3") is None


@LAW
@given(companies())
def test_every_loan_is_linked_or_stands_aside_named(tables: dict[str, Any]) -> None:
    with house_of(tables) as house:
        found = linked(house)
        assert sum(found.counts.values()) == found.facts.loan.height
        aside = set(found.facts.loan.filter(pl.col("person").is_null())["number"])
        assert aside == set(found.findings.filter(pl.col("over") == "loan")["subject"])
        assert set(found.facts.loan["person"].drop_nulls()) <= {row["number"] for row in tables["employee"]}


@LAW
@given(companies())
def test_a_link_is_only_between_one_number_and_one_name(tables: dict[str, Any]) -> None:
    names = {row["number"]: row["name"] for row in tables["employee"]}
    with house_of(tables) as house:
        for number, person in linked(house).numbers.items():
            mine = next(row for row in tables["person"] if row["number"] == number)
            assert (number, mine["name"]) == (person, names[person])
