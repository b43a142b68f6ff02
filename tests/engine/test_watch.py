"""When somebody has to look: nothing ran, nothing was whole in time, nobody is awake."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from connector.engine.local import AWAKE
from connector.engine.schedule import Schedule
from connector.engine.watch import Health, look_after
from connector.store import due, runs
from connector.store.audit import write_setting
from connector.store.database import Store, open_store
from connector.store.due import NIGHTLY

SCHEDULE = Schedule("30 1 * * *", ZoneInfo("Asia/Shanghai"))
DUE_AT = datetime(2026, 7, 31, 1, 30, tzinfo=ZoneInfo("Asia/Shanghai")).astimezone(UTC)
WHOLE = {"proof": {"streams": [{"complete": True}]}}
TORN = {"proof": {"streams": [{"complete": True}, {"complete": False}]}, "troubles": []}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = open_store(f"sqlite:///{tmp_path / 'c.db'}", "c")
    yield store
    store.engine.dispose()


def ran(store: Store, name: str, at: datetime, document: dict[str, Any], state: str = "done") -> None:
    runs.start_run(store, name, date(2026, 7, 31), "live", at)
    runs.end_run(store, name, state, document, at)


def after(store: Store, hours: float) -> Health:
    return look_after(store, SCHEDULE, DUE_AT + timedelta(hours=hours))


def test_a_new_installation_says_that_nothing_has_run(store: Store) -> None:
    assert after(store, 0).alarms == ("no_night",)


def test_a_service_that_was_just_started_has_time_until_its_first_night(store: Store) -> None:
    due.put(store, NIGHTLY, date(2026, 7, 31), DUE_AT, "before_first_start")
    assert after(store, 12).alarms == () and after(store, 25.9).alarms == ()
    assert after(store, 26).alarms == ("overdue",)


@pytest.mark.parametrize(("hours", "alarms"), [(1.9, ()), (2.0, ("overdue",)), (20, ("overdue",))])
def test_a_whole_night_is_overdue_two_hours_after_it_was_due(
    store: Store, hours: float, alarms: tuple[str, ...]
) -> None:
    ran(store, "a", DUE_AT - timedelta(hours=23), WHOLE)
    assert after(store, hours).alarms == alarms


def test_a_night_that_did_not_read_everything_is_not_whole(store: Store) -> None:
    ran(store, "a", DUE_AT - timedelta(hours=23), WHOLE)
    ran(store, "b", DUE_AT + timedelta(minutes=1), TORN, "incomplete")
    ran(store, "c", DUE_AT + timedelta(minutes=9), {}, "failed")
    seen = after(store, 3)
    assert seen.alarms == ("overdue",) and seen.whole_at == DUE_AT - timedelta(hours=23)
    assert seen.last is not None and seen.ended is not None
    assert (seen.last["id"], seen.ended["id"]) == ("c", "b")


def test_a_night_with_troubles_that_read_everything_is_whole(store: Store) -> None:
    ran(store, "a", DUE_AT + timedelta(minutes=1), WHOLE, "incomplete")
    assert after(store, 3).alarms == ()


@pytest.mark.parametrize(("minutes", "alarms"), [(5, ()), (6, ("asleep",))])
def test_a_scheduler_that_has_gone_silent_is_noticed(store: Store, minutes: int, alarms: tuple[str, ...]) -> None:
    ran(store, "a", DUE_AT, WHOLE)
    write_setting(store, AWAKE, (DUE_AT + timedelta(hours=1) - timedelta(minutes=minutes)).isoformat())
    assert after(store, 1).alarms == alarms


def test_a_scheduler_that_was_stopped_is_not_missed(store: Store) -> None:
    ran(store, "a", DUE_AT, WHOLE)
    write_setting(store, AWAKE, "")
    assert after(store, 1).alarms == () and after(store, 1).awake_at is None
