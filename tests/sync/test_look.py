"""A look at one employee: the night's own opinion of him, now, and nothing written anywhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.errors import StateError
from connector.store.links import keep_links
from connector.sync.look import Look, look_at
from connector.sync.nightly import run_night
from tests.fakes import AS_OF, House, employee_row, exit_row, item_row, person_row, small_house
from tests.laws.companies import LAW, PEOPLE, companies, house_of


@pytest.fixture
def house(tmp_path: Path) -> House:
    """After one night in which everything was read."""
    house = small_house(tmp_path)
    run_night(house.desk, AS_OF, "observe")
    return house


def rules(seen: Look) -> set[str]:
    return {finding["rule"] for finding in seen.findings}


def stored(house: House) -> dict[str, list[Any]]:
    with house.desk.store.engine.connect() as conn:
        names = [row[0] for row in conn.exec_driver_sql("SELECT name FROM sqlite_master WHERE type='table'")]
        return {name: sorted(map(str, conn.exec_driver_sql(f"SELECT * FROM {name}").all())) for name in names}


def test_a_look_shows_balance_findings_exits_and_what_should_stand(house: House) -> None:
    seen = look_at(house.desk, "001", AS_OF)
    assert seen.balance == {"CNY": "28000.00"} and seen.incomplete == ()
    assert {"exit.open_loan", "loan.over_salary_share"} <= rules(seen)
    assert seen.exits == ({"exit": "E1", "state": "held", "gate": "open", "withheld": ["owes", "not_confirmed"]},)
    assert {(a["verb"], a["kind"]) for a in seen.wanted} == {("put", k) for k in ("risk_flag", "exit_hold", "todo")}


def test_a_look_sees_what_was_booked_since_the_night(house: House) -> None:
    house.finance.tables["open_item"].append(item_row("L9", "002", "9000.00"))
    seen = look_at(house.desk, "002", AS_OF)
    assert seen.balance == {"CNY": "9000.00"} and "exit.open_loan" in rules(seen)


def test_a_look_writes_nothing_to_any_system_nor_into_our_own_store(house: House) -> None:
    before, files = stored(house), sorted(house.desk.folder.rglob("*.parquet"))
    house.finance.tables["open_item"].append(item_row("L9", "002", "9000.00"))
    look_at(house.desk, "002", AS_OF)
    assert house.finance.effects == house.oa.effects == []
    assert stored(house) == before and sorted(house.desk.folder.rglob("*.parquet")) == files


def test_loans_under_another_number_that_is_linked_to_him_are_his(house: House) -> None:
    link = pl.DataFrame({"number": ["F-2"], "person": ["002"], "rule": ["person"], "evidence": [""]})
    keep_links(house.desk.store, "kingdee", link, "王芳", house.clock.now())
    house.finance.tables["person"].append(person_row("F-2"))
    house.finance.tables["open_item"].append(item_row("L9", "F-2", "70.00"))
    assert look_at(house.desk, "002", AS_OF).balance == {"CNY": "70.00"}


def test_exits_of_others_are_neither_shown_nor_fetched_again(house: House) -> None:
    house.oa.tables["exit"].append(exit_row("E3", "003"))
    pull, fetched = house.oa.pull, []
    house.oa.pull = lambda stream, since: fetched.append(since.closed) or pull(stream, since)  # type: ignore[method-assign]
    assert [one["exit"] for one in look_at(house.desk, "003", AS_OF).exits] == ["E3"]
    assert fetched == [{"XE1", "XE2"}]


def test_a_number_that_every_system_was_asked_for_and_none_knows_is_refused_with_a_hint(house: House) -> None:
    with pytest.raises(StateError, match="no system knows `999`") as caught:
        look_at(house.desk, "999", AS_OF)
    assert caught.value.mend


@pytest.mark.parametrize("system", ["finance", "hr", "oa"])
def test_nobody_is_called_unknown_while_a_system_could_not_be_read(house: House, system: str) -> None:
    stream = {"finance": "open_item", "hr": "employee", "oa": "exit"}[system]
    getattr(house, system).broken[stream] = 0
    seen = look_at(house.desk, "999", AS_OF)
    assert seen.incomplete and "cut short" in seen.incomplete[0]
    assert (seen.balance is None) is (system == "finance")


def test_before_the_first_night_nothing_is_proven(tmp_path: Path) -> None:
    house = small_house(tmp_path)
    seen = look_at(house.desk, "002", AS_OF)
    assert [one["withheld"] for one in seen.exits] == [["unproven"]]
    assert [f["facts"]["reason"] for f in seen.findings if f["rule"] == "exit.unproven"] == ["no_night_yet"]


def test_what_rested_last_night_rests_in_a_look_too(tmp_path: Path) -> None:
    house = small_house(tmp_path)
    house.finance.tables["control"][0]["amount"] = "1.00"
    run_night(house.desk, AS_OF, "observe")
    seen = look_at(house.desk, "002", AS_OF)
    assert [f["facts"]["reason"] for f in seen.findings if f["rule"] == "exit.unproven"] == ["books_differ"]


def test_a_borrower_whom_hr_does_not_know_is_shown_with_what_he_owes(house: House) -> None:
    house.finance.tables["open_item"].append(item_row("L9", "X9", "5.00"))
    seen = look_at(house.desk, "X9", AS_OF)
    assert (seen.story, seen.balance) == (None, {"CNY": "5.00"}) and "identity.unlinked" in rules(seen)


def test_somebody_who_owes_nothing_owes_nothing_and_not_something_unknown(house: House) -> None:
    house.hr.tables["employee"].append(employee_row("031"))
    assert look_at(house.desk, "031", AS_OF).balance == {}


@LAW
@given(companies(), st.sampled_from(PEOPLE))
def test_a_look_right_after_a_night_says_what_the_night_said(tables: dict[str, Any], person: str) -> None:
    with house_of(tables) as house:
        record = run_night(house.desk, AS_OF, "observe")
        seen = look_at(house.desk, person, AS_OF)
    mine = [f for f in record.findings["findings"] if f["employee"] == person]
    told = [f for f in seen.findings if f["employee"] == person]
    assert {(f["rule"], f["subject"], f["verdict"], str(f["facts"])) for f in told} == {
        (f["rule"], f["subject"], f["verdict"], str(f["facts"])) for f in mine
    }
