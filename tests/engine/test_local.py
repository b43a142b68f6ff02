"""Nights on this machine: begun when due, tried again when they failed, given back when asked."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from connector.engine.local import AWAKE, Ended, Nights, kept_alive, work_until
from connector.engine.schedule import Schedule
from connector.errors import StoreError
from connector.store import due, runs
from connector.store.audit import read_setting
from connector.store.database import Store, open_store
from connector.store.due import NIGHTLY
from tests.fakes import FakeClock

ONE_NIGHT = 24 * 3600


class Watch:
    """A scheduler whose nights end as they are told to, and what it said."""

    def __init__(self, store: Store) -> None:
        self.clock, self.ends, self.began, self.said = FakeClock(), [Ended("r")], list[date](), list[str]()
        self.clock.at = datetime(2026, 7, 31, 10, tzinfo=UTC)
        schedule = Schedule("30 1 * * *", ZoneInfo("Asia/Shanghai"))
        self.nights = Nights(store, self.clock, schedule, self._night, lambda event, **facts: self.said.append(event))
        self.nights.wake()

    def _night(self, day: date, token: int) -> Ended:
        self.began.append(day)
        ended = self.ends.pop(0) if self.ends else Ended("r")
        if not ended.run:
            raise StoreError("gone")
        return ended

    def rows(self) -> list[tuple[int, str, str]]:
        return [(row.business_date.day, row.state, row.cause) for row in due.rows(self.nights.store, NIGHTLY, 9)]


@pytest.fixture
def watch(tmp_path: Path) -> Iterator[Watch]:
    store = open_store(f"sqlite:///{tmp_path / 'c.db'}", "c")
    yield Watch(store)
    store.engine.dispose()


def test_a_first_start_waits_for_the_next_night(watch: Watch) -> None:
    assert not watch.nights.work() and watch.began == []
    assert watch.rows() == [(31, "skipped", "before_first_start")]


def test_a_night_is_begun_once_when_it_is_due(watch: Watch) -> None:
    watch.clock.sleep(ONE_NIGHT)
    assert watch.nights.work() and not watch.nights.work()
    assert watch.began == [date(2026, 8, 1)] and watch.rows()[0] == (1, "done", "")


def test_after_a_rest_only_the_newest_night_is_run_and_the_others_say_why_not(watch: Watch) -> None:
    watch.clock.sleep(4 * ONE_NIGHT)
    assert watch.nights.work() and not watch.nights.work()
    assert watch.began == [date(2026, 8, 4)]
    assert watch.rows()[1:4] == [(3, "skipped", "missed"), (2, "skipped", "missed"), (1, "skipped", "missed")]


@pytest.mark.parametrize("ended", [Ended(""), Ended("r", "stream_incomplete")])
def test_a_failed_night_is_tried_again_after_a_growing_time(watch: Watch, ended: Ended) -> None:
    watch.ends = [ended] * 3
    watch.clock.sleep(ONE_NIGHT)
    began = []
    for _ in range(120):
        if watch.nights.work() or len(watch.began) > len(began):
            began.append(watch.clock.ticks / 60 - ONE_NIGHT / 60)
        watch.clock.sleep(60)
    assert began == [0, 15, 45, 105]
    assert watch.rows()[0] == (1, "done", "")


def test_a_night_is_not_tried_again_once_the_next_is_due(watch: Watch) -> None:
    watch.ends = [Ended("")] * 50
    watch.clock.sleep(ONE_NIGHT)
    for _ in range(24 * 12):
        watch.nights.work()
        watch.clock.sleep(5 * 60)
    assert [day.day for day in watch.began].count(1) == 5  # after 0, 15, 45, 105 and 225 minutes; the next is too late
    assert watch.rows()[1] == (1, "skipped", "overtaken")


def test_nobody_begins_while_another_is_at_work(watch: Watch) -> None:
    watch.clock.sleep(ONE_NIGHT)
    token = runs.take_lease(watch.nights.store, watch.clock.now())
    assert not watch.nights.work() and watch.rows()[0] == (1, "due", "")
    runs.give_lease(watch.nights.store, token)
    assert watch.nights.work()


def test_a_night_that_was_told_to_stop_is_begun_again_at_the_next_start(watch: Watch) -> None:
    watch.clock.sleep(ONE_NIGHT)
    night = watch.nights.night
    watch.nights.night = lambda day, token: (watch.nights.stop(), night(day, token))[1]
    assert not watch.nights.work() and watch.rows()[0] == (1, "running", "")
    assert watch.said[-1] == "night_overtaken"
    watch.nights.night = night
    assert watch.nights.work() and watch.rows()[0] == (1, "done", "")


def test_a_right_is_prolonged_while_the_work_takes_long(watch: Watch) -> None:
    store, beaten = watch.nights.store, threading.Event()
    token = runs.take_lease(store, watch.clock.now())
    clock = FakeClock()
    clock.at = watch.clock.now() + timedelta(minutes=14)
    clock.now = lambda: (beaten.set(), FakeClock.now(clock))[1]  # type: ignore[method-assign]
    with kept_alive(store, clock, token, watch.nights.log, beat_s=0.01):
        assert beaten.wait(10)
    watch.clock.sleep(20 * 60)
    with pytest.raises(StoreError, match="at work"):
        runs.take_lease(store, watch.clock.now())


def test_a_night_runs_with_a_beating_heart_and_leaves_none_behind(watch: Watch) -> None:
    beating = lambda: [t for t in threading.enumerate() if t.name == "heartbeat"]  # noqa: E731
    seen: list[int] = []
    watch.nights.night = lambda day, token: (seen.append(len(beating())), Ended("r"))[1]
    watch.clock.sleep(ONE_NIGHT)
    assert watch.nights.work() and seen == [1] and beating() == []


def test_the_heart_says_when_the_right_is_lost(watch: Watch) -> None:
    store, told = watch.nights.store, threading.Event()
    token = runs.take_lease(store, watch.clock.now())
    runs.revoke_lease(store, token)
    with kept_alive(store, watch.clock, token, lambda event, **facts: told.set(), beat_s=0.01):
        assert told.wait(10)


def test_the_loop_works_off_what_is_due_and_ends_when_told(watch: Watch) -> None:
    stopped, night = threading.Event(), watch.nights.night
    watch.clock.sleep(ONE_NIGHT)
    watch.nights.night = lambda day, token: (stopped.set(), night(day, token))[1]
    work_until(stopped, watch.nights)
    assert watch.rows()[0] == (1, "done", "") and read_setting(watch.nights.store, AWAKE, "never") == ""


def test_the_loop_takes_the_right_from_a_night_that_does_not_end(watch: Watch) -> None:
    stopped, store = threading.Event(), watch.nights.store

    def endless(day: date, token: int) -> Ended:
        stopped.set()
        while runs.keep_lease(store, token, watch.clock.now()):
            stopped.wait()
        raise StoreError("another run has taken over")

    watch.nights.night = endless
    watch.clock.sleep(ONE_NIGHT)
    work_until(stopped, watch.nights, patience_s=0.0)
    assert watch.rows()[0] == (1, "running", "") and "night_stopping" in watch.said
    assert runs.take_lease(store, watch.clock.now())


def test_the_loop_goes_on_when_the_store_fails_for_a_while(watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    stopped = threading.Event()

    def broken() -> None:
        stopped.set()
        raise StoreError("disk full")

    monkeypatch.setattr(watch.nights, "work", broken)
    work_until(stopped, watch.nights)
    assert "step_failed" in watch.said
