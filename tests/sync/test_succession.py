"""Hired again under a new number: the debts follow, on both sides and on every night; a namesake's never do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from connector.model.runs import NightRecord
from connector.sync.identity import open_cases, succeed_by_hand, unlink_by_hand
from connector.sync.look import look_at
from connector.sync.nightly import run_night
from tests.fakes import AS_OF, House, employee_row, exit_row, item_row, person_row, small_house

IDENTITY = "11010519491231002X"


@pytest.fixture
def house(tmp_path: Path) -> House:
    """R1 has left owing 500; R2 of the same name was hired since, and finance knows both."""
    house = small_house(tmp_path)
    house.hr.tables["employee"] += [
        employee_row("R1", name="马回", status="left", hired_on="2020-01-01", last_day="2024-01-31"),
        employee_row("R2", name="马回", hired_on="2026-07-30"),
    ]
    house.finance.tables["person"] += [person_row("R1", name="马回"), person_row("R2", name="马回")]
    house.finance.tables["open_item"].append(item_row("L9", "R1", "500.00", lent_on="2023-05-01"))
    house.balance_books()
    return house


def identify(house: House) -> None:
    """HR knows that the two are one."""
    for row in house.hr.tables["employee"][-2:]:
        row["id_number"] = IDENTITY


def look(house: House) -> NightRecord:
    house.clock.sleep(1)
    return run_night(house.desk, AS_OF, "observe")


def hits(record: NightRecord) -> set[tuple[str, str]]:
    found = record.findings["findings"]
    return {(f["rule"], f["subject"]) for f in found if f["verdict"] == "hit" and f["employee"] in ("R1", "R2")}


def released(record: NightRecord) -> set[str]:
    return {a["ref"] for a in record.plan["actions"] if (a["verb"], a["kind"]) == ("remove", "exit_hold")}


def flagged(record: NightRecord) -> set[str]:
    return {a["ref"] for a in record.plan["actions"] if a["kind"] == "risk_flag"} & {"R1", "R2"}


def test_two_people_of_one_name_stay_two_and_the_case_is_named(house: House) -> None:
    record = look(house)
    assert hits(record) == {("exit.left_with_loan", "R1"), ("identity.possible_rehire", "R1")}
    case = next(c for c in open_cases(house.desk, record.findings["findings"]) if c.kind == "possible_rehire")
    assert case.choices[0].command == "connector link --succeeds R1 R2 --by NAME --why TEXT"


def test_whoever_returns_with_an_open_loan_is_red_on_day_one_on_both_sides(house: House) -> None:
    identify(house)
    record = look(house)
    assert hits(record) == {("exit.back_with_loan", "R2")} and flagged(record) == {"R1", "R2"}


def test_a_person_says_that_two_numbers_are_one_and_takes_it_back(house: House) -> None:
    look(house)
    succeed_by_hand(house.desk, "R1", "R2", "王芳", "人事档案")
    assert hits(look(house)) == {("exit.back_with_loan", "R2")}
    unlink_by_hand(house.desk, "R1", "王芳", "弄错了", succeeds=True)
    assert hits(look(house)) == {("exit.left_with_loan", "R1")}  # and it is not asked again


def test_the_exit_of_the_new_employment_is_held_for_the_old_debt(house: House) -> None:
    house.hr.tables["employee"][-1]["status"] = "leaving"
    house.oa.tables["exit"].append(exit_row("E9", "R2"))
    assert "XE9" in released(look(house))
    identify(house)
    record = look(house)
    assert "XE9" not in released(record) and ("exit.open_loan", "E9") in hits(record)


@pytest.mark.parametrize("spoil", [
    lambda house: house.hr.tables["employee"][-1].update(id_number="not readable"),
    lambda house: house.hr.tables["employee"].pop(-2),  # HR gives the old number up
    lambda house: house.hr.tables["employee"][-2].update(id_number="440524188001010014"),
])
def test_what_was_certain_once_frees_nobody_when_less_is_read(house: House, spoil: Any) -> None:
    house.hr.tables["employee"][-1]["status"] = "leaving"
    house.oa.tables["exit"].append(exit_row("E9", "R2"))
    identify(house)
    look(house)
    spoil(house)
    assert "XE9" not in released(look(house))


def test_a_look_at_either_number_shows_what_is_owed(house: House) -> None:
    identify(house)
    look(house)
    assert [(look_at(house.desk, n, AS_OF).employee, look_at(house.desk, n, AS_OF).balance) for n in ("R1", "R2")] == [
        ("R2", {"CNY": "500.00"})] * 2


def test_the_last_look_before_a_release_reads_the_old_number_too(house: House) -> None:
    house.hr.tables["employee"][-1]["status"] = "leaving"
    house.oa.tables["exit"].append(exit_row("E9", "R2"))
    house.finance.tables["open_item"].pop()
    house.balance_books()
    identify(house)
    house.clock.sleep(1)
    asked: list[tuple[str, ...]] = []
    pull = house.finance.pull

    def pulled(stream: str, since: Any) -> Any:
        if since.only is not None:
            asked.append(tuple(since.only))
        return pull(stream, since)

    house.finance.pull = pulled  # type: ignore[method-assign]
    run_night(house.desk, AS_OF, "live")
    assert ("R1", "R2") in asked and ("E9" in {e.ref[1:] for e in house.oa.effects})
