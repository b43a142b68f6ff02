"""Months through the night: what waits for the newest month rests, and a row about nobody leaves nobody clear."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from connector.adapters.contract import SinkKind
from connector.model.runs import NightRecord
from connector.sync.nightly import run_night
from tests.fakes import AS_OF, House, plain_mapping, small_house

LATE = "attendance.late_doubled"


@pytest.fixture
def house(tmp_path: Path) -> House:
    """007 comes late more and more; HR can carry warnings."""
    found = small_house(tmp_path)
    found.hr.streams += ("attendance_month",)
    found.hr.sinks += (SinkKind("warning", "upsert"),)
    found.desk.company.connections[2].mappings["attendance_month"] = plain_mapping("attendance_month")
    counts = {"2026-03": 1, "2026-04": 1, "2026-05": 1, "2026-06": 6}
    found.hr.tables["attendance_month"] = [month("007", name, count) for name, count in counts.items()]
    return found


def month(employee: str, name: str, late_count: int) -> dict[str, Any]:
    return {"ref": f"{employee} {name}", "employee": employee, "month": f"{name}-01", "late_count": late_count,
            "is_closed": "true"}


def night(house: House, as_of: date = AS_OF) -> NightRecord:
    return run_night(house.desk, as_of, "live")


def warned(house: House) -> bool:
    return LATE in str(house.hr.marks.get(("warning", "007")))


def test_while_nobody_has_the_newest_month_the_rule_rests_and_its_warning_stays(house: House) -> None:
    night(house)
    assert warned(house)
    record = night(house, date(2026, 8, 1))
    assert warned(house) and LATE in record.proof["rules_off"] and not record.troubles


def test_the_newest_month_of_others_does_not_clear_who_has_none_yet(house: House) -> None:
    night(house)
    house.hr.tables["attendance_month"].append(month("008", "2026-07", 0))
    record = night(house, date(2026, 8, 1))
    assert warned(house)
    assert {f["subject"]: f["verdict"] for f in record.findings["findings"] if f["rule"] == LATE} == {"007": "unknown"}


def test_a_known_newest_month_without_lateness_takes_the_warning_away(house: House) -> None:
    night(house)
    house.hr.tables["attendance_month"].append(month("007", "2026-07", 0))
    night(house, date(2026, 8, 1))
    assert not warned(house)


def test_a_row_about_nobody_leaves_nobody_clear(house: House) -> None:
    night(house)
    house.hr.tables["attendance_month"] = [
        month("008", "2026-06", 0), month("", "2026-05", 0), month("", "2026-06", 1),
    ]
    record = night(house)
    assert warned(house) and "rules_blind" in {trouble.code for trouble in record.troubles}
