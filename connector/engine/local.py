"""Work on this machine: one company's nights, each once, one at a time, tried again when they failed.

Promises: whatever number of schedulers, restarts and kills, a business date is worked on by one runner at a time and
ends once. Nothing about what a night is: it is handed in.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Protocol

from connector.adapters.contract import Clock
from connector.engine.schedule import Schedule, woken_every_minute
from connector.errors import BusyError, StoreError
from connector.store import due
from connector.store.audit import write_setting
from connector.store.database import Store
from connector.store.due import NIGHTLY, Due
from connector.store.runs import give_lease, keep_lease, revoke_lease, take_lease

# The first retry of a failed night comes after this time, each later one after twice the time before it.
_FIRST_RETRY = timedelta(minutes=15)
# A right lives 15 minutes without a word, so several of these may be lost; seconds.
_BEAT_S = 60.0
# The setting under which a scheduler says that it lives, as an ISO instant; "" after a clean stop.
AWAKE = "awake_at"
# Why a date was not worked on.
BEFORE_FIRST_START, MISSED, OVERTAKEN = "before_first_start", "missed", "overtaken"


class Log(Protocol):
    """Where the engine says what it does: a code, and facts that are codes, counts and instants, never people."""

    def __call__(self, event: str, **facts: object) -> None: ...


@dataclass(frozen=True)
class Ended:
    """How a night ended. `retry_because`: a code, when trying again later may bring what is missing."""

    run: str
    retry_because: str = ""


Night = Callable[[date, int], Ended]  # business date, fencing token


@dataclass
class Nights:
    """The nights of one company. `wake` and `work` may be called from anywhere, at any time, as often as one likes."""

    store: Store
    clock: Clock
    schedule: Schedule
    night: Night
    log: Log
    _token: int | None = field(default=None, init=False)

    def wake(self) -> Due | None:
        """Put what has become due; returns the newest date if it waits for work."""
        now = self.clock.now()
        last = due.newest(self.store, NIGHTLY)
        if last is None:
            slot = self.schedule.newest(now)
            due.put(self.store, NIGHTLY, slot.business_date, slot.due_at, BEFORE_FIRST_START)
            return None
        slots = self.schedule.missed(last.business_date, now)
        for slot in slots[:-1]:
            due.put(self.store, NIGHTLY, slot.business_date, slot.due_at, MISSED)
        for slot in slots[-1:]:
            due.put(self.store, NIGHTLY, slot.business_date, slot.due_at)
        newest = due.newest(self.store, NIGHTLY)
        return newest if newest is not None and _waits(newest, now) else None

    def work(self) -> bool:
        """One attempt at the newest date; False when none waits, another is at work, or this one was overtaken."""
        waiting = self.wake()
        if waiting is None:
            return False
        try:
            token = self._token = take_lease(self.store, self.clock.now())
        except BusyError:
            return False
        try:
            return self._attempt(waiting, token)
        finally:
            self._token = None
            give_lease(self.store, token)

    def stop(self) -> None:
        """Take the right from the night that runs here: it ends before its next step, and a next start begins it again
        at once."""
        token = self._token
        if token is not None:
            revoke_lease(self.store, token)

    def _attempt(self, row: Due, token: int) -> bool:
        name, began = (NIGHTLY, row.business_date), self.clock.monotonic()
        if not due.take(self.store, *name, token, self.clock.now()):
            return False
        due.skip_before(self.store, name, token, OVERTAKEN)
        self.log("night_started", as_of=row.business_date, attempt=row.attempts + 1)
        try:
            with kept_alive(self.store, self.clock, token, self.log):
                ended = self.night(row.business_date, token)
        except Exception as error:  # whatever a night dies of, the next attempt and the next night come
            ended = Ended("", type(error).__name__)
        now = self.clock.now()
        retry_at = self._retry_at(row.attempts, now) if ended.retry_because else None
        is_mine = due.end(self.store, name, token, now, run=ended.run, cause=ended.retry_because, retry_at=retry_at)
        self.log(
            "night_ended" if is_mine else "night_overtaken", as_of=row.business_date, run=ended.run,
            cause=ended.retry_because, retry_at=retry_at, seconds=round(self.clock.monotonic() - began, 1),
        )
        return is_mine

    def _retry_at(self, attempts_before: int, now: datetime) -> datetime | None:
        """When to try again; None when the next night is due before that."""
        at = now + _FIRST_RETRY * 2 ** min(attempts_before, 16)  # 2^16 × 15 min is over a year: more says nothing
        following = self.schedule.after(now, 1)
        return at if not following or at < following[0].due_at else None


def _waits(row: Due, now: datetime) -> bool:
    is_retried = row.state == "failed" and row.retry_at is not None and row.retry_at <= now
    return row.state in ("due", "running") or is_retried


@contextmanager
def kept_alive(store: Store, clock: Clock, token: int, log: Log, beat_s: float = _BEAT_S) -> Iterator[None]:
    """Prolongs a right for as long as the work under it takes; ends by itself when another has taken over."""
    over = threading.Event()

    def beat() -> None:
        while not over.wait(beat_s):
            try:
                if not keep_lease(store, token, clock.now()):
                    log("right_lost")
                    return
            except StoreError:
                log("heartbeat_failed")

    heart = threading.Thread(target=beat, name="heartbeat", daemon=True)
    heart.start()
    try:
        yield
    finally:
        over.set()
        heart.join()


def work_until(stopped: threading.Event, nights: Nights, patience_s: float = 30.0) -> None:
    """Scheduler and worker of one company in this process, until `stopped` is set.

    A night that runs then has `patience_s` to end; after that it loses its right, ends before its next step, and is
    begun again by the next start. What it has sent by then is read back first, as after any other end.
    """
    awake = threading.Event()

    def wake() -> None:
        _said_failing(nights.log, lambda: write_setting(nights.store, AWAKE, nights.clock.now().isoformat()))
        awake.set()

    def work() -> None:
        while not stopped.is_set():
            awake.wait()
            awake.clear()
            if not stopped.is_set():
                _said_failing(nights.log, nights.work)

    worker = threading.Thread(target=work, name="worker", daemon=True)
    worker.start()
    with woken_every_minute(wake):
        stopped.wait()
        awake.set()
    worker.join(patience_s)
    if worker.is_alive():
        nights.log("night_stopping")
        _said_failing(nights.log, nights.stop)
        worker.join()
    _said_failing(nights.log, lambda: write_setting(nights.store, AWAKE, ""))


def _said_failing(log: Log, step: Callable[[], object]) -> None:
    """A step of the loop. When the store fails it is said, and the loop goes on: the next minute may find it well."""
    try:
        step()
    except Exception as error:  # the clock must not stop, whatever one minute brings
        log("step_failed", cause=type(error).__name__)
