"""Which closed records are read again, and what stays of those that are not."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from connector.model.tables import schema
from connector.sync.remembering import Memory, memory_of

ZONE = ZoneInfo("Asia/Shanghai")
AS_OF = date(2026, 7, 31)
NOW = datetime(2026, 7, 31, 18, tzinfo=UTC)


def ended(ref: str = "A1", *, days_ago: float = 10, read_days_ago: float = 8, **changes: object) -> dict[str, object]:
    row = {"system": "oa", "ref": ref, "number": f"SP{ref}", "state": "completed", "decision": "agree",
           "finished_at": NOW - timedelta(days=days_ago), "seen_at": NOW - timedelta(days=read_days_ago)}
    return row | changes


def memory(*rows: dict[str, object]) -> Memory:
    return memory_of("approval", pl.DataFrame(rows, schema=schema("approval")), AS_OF, NOW, ZONE)


@pytest.mark.parametrize(("row", "is_due"), [
    (ended(), True),
    (ended(days_ago=60), True),
    (ended(days_ago=62), False),
    (ended(finished_at=None), False),
    (ended(read_days_ago=6.4), False),
    (ended(read_days_ago=6.5), True),
    (ended(state="withdrawn"), True),
])
def test_what_ended_within_sixty_days_is_read_again_a_week_after_it_was_last_read(row, is_due) -> None:
    assert ("A1" not in memory(row).closed) == is_due


def test_no_more_than_a_hundred_are_read_again_in_a_night_the_longest_unread_first() -> None:
    found = memory(*(ended(f"A{n:03d}", read_days_ago=8 + n) for n in range(250)))
    assert found.closed == {f"A{n:03d}" for n in range(150)}


def test_what_runs_is_neither_remembered_nor_closed() -> None:
    found = memory(ended(state="running"))
    assert (found.closed, found.rows.height) == (frozenset(), 0)


def test_a_closed_month_whose_count_is_known_is_kept_for_a_year() -> None:
    month = {"system": "oa", "seen_at": NOW, "employee": "E1", "late_count": 2, "is_closed": True}
    rows = [
        month | {"ref": "known", "month": date(2026, 6, 1)}, month | {"ref": "old", "month": date(2025, 5, 1)},
        month | {"ref": "unknown", "month": date(2026, 6, 1), "late_count": None},
        month | {"ref": "open", "month": date(2026, 7, 1), "is_closed": False},
    ]
    frame = pl.DataFrame(rows, schema=schema("attendance_month"))
    found = memory_of("attendance_month", frame, AS_OF, NOW, ZONE)
    assert found.closed == set(found.rows["ref"]) == {"known"}


def test_a_record_read_again_takes_the_place_of_what_was_remembered_and_one_not_delivered_stays() -> None:
    found = memory(ended("A1"), ended("A1", decision="submit"), ended("A2"))
    fresh = pl.DataFrame([ended("A1", state="withdrawn")], schema=schema("approval"))
    assert sorted(found.beside(fresh).select("ref", "state").rows()) == [("A1", "withdrawn"), ("A2", "completed")]
