"""Law 8: one run per company, kind and business date, in every zone, whatever number of schedulers and restarts."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from connector.engine.local import Ended, Nights
from connector.engine.schedule import Schedule
from connector.errors import BusyError
from connector.store import due
from connector.store.database import Store, open_store
from connector.store.due import NIGHTLY
from connector.store.runs import take_lease
from tests.fakes import FakeClock
from tests.laws.companies import LAW

# Offsets from -12 to +14 h; gaps and overlaps of 30 min, 1 h and a whole day; gaps at midnight.
ZONES = [
    "Asia/Shanghai", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/St_Johns", "Pacific/Apia",
    "Pacific/Kiritimati", "Etc/GMT+12", "America/Sao_Paulo", "Africa/Casablanca", "Asia/Tehran", "UTC",
]
# Nights in which clocks jump somewhere in the list.
STARTS = [datetime(*day, tzinfo=UTC) for day in (
    (2026, 3, 27), (2026, 10, 23), (2026, 3, 6), (2026, 10, 30), (2026, 4, 3), (2018, 11, 2), (2011, 12, 28),
)]
# What comes next: minutes that pass, which scheduler wakes, and what becomes of the night that it may begin.
Steps = list[tuple[int, int, str]]
STEPS = st.lists(
    st.tuples(st.sampled_from([1, 7, 20, 61, 400, 1500]), st.integers(0, 2),
              st.sampled_from(["ends", "ends", "fails", "incomplete", "killed", "overtaken"])),
    max_size=30,
)


@dataclass
class Town:
    """Three schedulers over one store and one clock."""

    store: Store
    clock: FakeClock
    schedule: Schedule
    fate: str = "ends"
    kept: Counter[date] = field(default_factory=Counter)  # date → nights that ended and were taken for whole

    def nights(self) -> Nights:
        return Nights(self.store, self.clock, self.schedule, self._night, lambda event, **facts: None)

    def happens(self, minutes: int, fate: str) -> None:
        self.clock.sleep(minutes * 60)
        self.fate = fate
        if fate == "killed":
            self._die_at_work()
        else:
            self.nights().work()

    def _night(self, day: date, token: int) -> Ended:
        fate, self.fate = self.fate, "ends"
        if fate == "fails":
            raise OSError("gone")
        if fate == "overtaken":  # it slept past the end of its right, and another did the work
            self.clock.sleep(20 * 60)
            self.nights().work()
            assert not due.end(self.store, (NIGHTLY, day), token, self.clock.now(), run="stale")
        elif fate == "ends":
            self.kept[day] += 1
        return Ended("run", "stream_incomplete" if fate == "incomplete" else "")

    def _die_at_work(self) -> None:
        waiting = self.nights().wake()
        if waiting is not None:
            try:
                token = take_lease(self.store, self.clock.now())
            except BusyError:
                return
            due.take(self.store, NIGHTLY, waiting.business_date, token, self.clock.now())


@contextmanager
def town(zone: str, hour: int, start: datetime) -> Iterator[Town]:
    with tempfile.TemporaryDirectory() as folder:
        store, clock = open_store(f"sqlite:///{folder}/c.db", "c"), FakeClock()
        clock.at = start
        try:
            yield Town(store, clock, Schedule(f"30 {hour} * * *", ZoneInfo(zone)))
        finally:
            store.engine.dispose()


def dates_due(zone: ZoneInfo, hour: int, start: datetime, end: datetime) -> set[date]:
    """By the wall: every local date on which the time was reached or passed between two instants, minute by minute."""
    local = ((start + timedelta(minutes=n)).astimezone(zone) for n in range(int((end - start).total_seconds()) // 60))
    return {at.date() for at in local if at.hour * 60 + at.minute >= hour * 60 + 30}


@settings(LAW, max_examples=60)
@given(st.sampled_from(ZONES), st.integers(0, 23), st.sampled_from(STARTS), STEPS)
def test_law_8_one_run_per_business_date(zone: str, hour: int, start: datetime, steps: Steps) -> None:
    with town(zone, hour, start) as one:
        one.nights().wake()
        for minutes, scheduler, fate in steps:
            one.happens(minutes + scheduler, fate)
        for _ in range(2):  # after the last right has run out, it is quiet
            one.happens(24 * 60, "ends")
        rows = due.rows(one.store, NIGHTLY, 400)
        assert max(one.kept.values()) == 1
        assert {row.business_date for row in rows if row.state == "done"} == set(one.kept)
        assert rows[0].state == "done" and rows[0].business_date == one.schedule.newest(one.clock.now()).business_date
        assert all(row.cause for row in rows if row.state == "skipped")


@settings(LAW, max_examples=60)
@given(st.sampled_from(ZONES), st.integers(0, 22), st.sampled_from(STARTS), st.integers(1, 6))
def test_law_8_no_date_is_lost_in_any_zone(zone: str, hour: int, start: datetime, days: int) -> None:
    with town(zone, hour, start) as one:
        one.nights().wake()
        first = due.rows(one.store, NIGHTLY, 1)[0].business_date
        one.clock.sleep(days * 86_400)
        one.nights().work()
        rows = {row.business_date: row.state for row in due.rows(one.store, NIGHTLY, 400)}
        met = dates_due(one.schedule.zone, hour, start, one.clock.now() + timedelta(minutes=1))
        assert {day for day in rows if day > first} == {day for day in met if day > first}
        assert [day for day, state in rows.items() if state == "done"] == [max(rows)]


def test_law_8_a_stale_runner_changes_nothing(tmp_path: Path) -> None:
    with town("Asia/Shanghai", 1, STARTS[0]) as one:
        one.nights().wake()
        one.happens(1440, "overtaken")
        (row, _) = due.rows(one.store, NIGHTLY, 2)
        assert (row.state, row.run, row.attempts) == ("done", "run", 2) and one.kept[row.business_date] == 1
