"""Warnings on HR's own employees, over whole nights: they come and go with their cause and never on ignorance."""

from __future__ import annotations

from pathlib import Path

import pytest

from connector.adapters.contract import SinkKind
from connector.model.runs import NightRecord
from connector.sync.nightly import run_night
from tests.fakes import AS_OF, House, small_house


@pytest.fixture
def house(tmp_path: Path) -> House:
    found = small_house(tmp_path)
    found.hr.sinks = (SinkKind("warning", "upsert"),)
    return found


def night(house: House) -> NightRecord:
    return run_night(house.desk, AS_OF, "live")


def warned(house: House) -> set[str]:
    return {ref for kind, ref in house.hr.marks if kind == "warning"}


def test_hr_is_warned_of_a_leaver_who_owes_and_a_second_night_writes_nothing(house: House) -> None:
    night(house)
    assert [(a.verb, a.ref, a.after) for a in house.hr.effects] == [
        ("put", "001", {"codes": ["exit.open_loan"], "level": "critical"})
    ]
    assert night(house).plan["actions"] == []


def test_an_hr_store_that_takes_no_marks_is_planned_none(house: House) -> None:
    house.hr.sinks = ()
    assert "warning" not in {action["kind"] for action in night(house).plan["actions"]}


def test_a_warning_goes_when_what_was_owed_is_paid(house: House) -> None:
    night(house)
    house.finance.tables["open_item"][0]["balance"] = "0.00"
    house.balance_books()
    night(house)
    assert warned(house) == set()


@pytest.mark.parametrize(
    ("system", "stream"),
    [("finance", "open_item"), ("finance", "person"), ("finance", "control"), ("oa", "exit"), ("hr", "employee")],
)
def test_no_warning_goes_while_a_stream_breaks_off(house: House, system: str, stream: str) -> None:
    night(house)
    getattr(house, system).broken[stream] = 0
    night(house)
    assert warned(house) == {"001"}


def test_a_warning_stays_on_somebody_whom_hr_does_not_show_any_more(house: House) -> None:
    night(house)
    house.hr.tables["employee"] = [row for row in house.hr.tables["employee"] if row["number"] != "001"]
    house.oa.tables["exit"][0]["state"] = "withdrawn"
    night(house)
    assert warned(house) == {"001"}


def test_a_warning_goes_when_he_stays(house: House) -> None:
    night(house)
    house.oa.tables["exit"][0]["state"] = "withdrawn"
    house.hr.tables["employee"][0]["status"] = "active"
    night(house)
    assert warned(house) == set()
