"""When a company's night is due: cron text in the company's zone, one night per business date, and a clock that wakes.

Pure but for `woken_every_minute`: the present is an argument. What has been done is not known here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from connector.errors import ConfigError

# Later than local midnight this often, hours: a search backwards begins so far ahead that no offset hides a time.
_AHEAD = timedelta(hours=48)
# Dates further back than this are not marked one by one after a long rest; nobody would read them.
_MOST_MISSED = 400


@dataclass(frozen=True)
class Slot:
    """One night: the business date it is for, and the instant (UTC) from which it is due."""

    business_date: date
    due_at: datetime


@dataclass(frozen=True)
class Schedule:
    """Cron text (minute, hour, day, month, weekday; 0 and 7 are Sunday), read in `zone`.

    A time that the clocks skip is due when they have jumped; a time that comes twice is due the first time.
    """

    nightly: str
    zone: ZoneInfo

    def __post_init__(self) -> None:
        _check(self.nightly, self.zone)

    def after(self, now: datetime, most: int = 5) -> list[Slot]:
        """The next nights."""
        ahead = (self._slot(at) for at in CronSim(self.nightly, now.astimezone(self.zone) - _AHEAD))
        return list(islice((slot for slot in ahead if slot.due_at > now), most))

    def newest(self, now: datetime) -> Slot:
        """The last night that has become due."""
        return next(self._before(now))

    def missed(self, since: date, now: datetime) -> list[Slot]:
        """Nights that have become due and whose date is after `since`, the oldest first; the last one is the newest."""
        found: dict[date, Slot] = {}
        for slot in islice(self._before(now), _MOST_MISSED):
            if slot.business_date <= since:
                break
            found[slot.business_date] = slot  # two on one date, where a day was skipped: the first one counts
        return [found[day] for day in sorted(found)]

    def _before(self, now: datetime) -> Iterator[Slot]:
        back = (self._slot(at) for at in CronSim(self.nightly, now.astimezone(self.zone) + _AHEAD, reverse=True))
        return (slot for slot in back if slot.due_at <= now)

    def _slot(self, at: datetime) -> Slot:
        return Slot(at.date(), at.astimezone(UTC))


def _check(text: str, zone: ZoneInfo) -> None:
    """ConfigError unless it is cron text of five fields that comes at most once a day."""
    place, parts = "schedule.nightly", text.split()
    mend = 'write it like "30 1 * * *": minute, hour, day, month, weekday (1-5 is Monday to Friday)'
    if len(parts) != 5:
        raise ConfigError(f"found {len(parts)} fields in `{text}`, expected 5", place=place, mend=mend)
    if not (parts[0].isdecimal() and parts[1].isdecimal()):
        raise ConfigError(
            f"`{parts[0]} {parts[1]}` is not one minute and one hour; a night runs once a day", place=place, mend=mend
        )
    try:
        next(CronSim(text, datetime(2026, 1, 1, tzinfo=zone)))
    except CronSimError as error:
        raise ConfigError(f"`{text}` is no cron text: {error}", place=place, mend=mend) from error
    except StopIteration as error:
        raise ConfigError(f"`{text}` never comes", place=place, mend=mend) from error


@contextmanager
def woken_every_minute(wake: Callable[[], None]) -> Iterator[None]:
    """Calls `wake` at once and then each minute, on a thread of its own, never twice at a time; until left."""
    from apscheduler.schedulers.background import BackgroundScheduler

    alarm: Any = BackgroundScheduler(timezone=UTC)
    alarm.add_job(
        wake, "interval", minutes=1, next_run_time=datetime.now(UTC), max_instances=1, coalesce=True,
        misfire_grace_time=None,
    )
    alarm.start()
    try:
        yield
    finally:
        alarm.shutdown(wait=True)
