"""Is all well? What a look at the store tells about the nights: the last one, the last whole one, what is overdue.

Reads our own store only; no system is asked, no night is begun.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from connector.engine.local import AWAKE
from connector.engine.schedule import Schedule
from connector.store import due
from connector.store.audit import read_setting
from connector.store.database import Store
from connector.store.due import NIGHTLY, Due
from connector.store.runs import newest_first
from connector.sync.repeating import is_whole

# A night that is due has this long to be whole: it may take an hour, and three retries fit in.
_PATIENCE = timedelta(hours=2)
# The scheduler says each minute that it lives; after so long without a word it does not.
_SILENCE = timedelta(minutes=5)
# Dates that are shown: two weeks, so that a gap is seen beside its neighbours.
_DAYS = 14
# What is wrong, as codes.
NO_NIGHT, OVERDUE, ASLEEP = "no_night", "overdue", "asleep"


@dataclass(frozen=True)
class Health:
    """How the nights of one company are. Runs are rows of the store with their documents."""

    last: dict[str, Any] | None  # the newest run, whatever became of it
    ended: dict[str, Any] | None  # the newest that ended: its troubles are the open ones
    whole_at: datetime | None  # when the last night ended that read everything
    days: tuple[Due, ...]  # what was due lately, the newest date first
    awake_at: datetime | None  # when the scheduler last said that it lives; None when it was stopped, or never started
    alarms: tuple[str, ...]


def look_after(store: Store, schedule: Schedule, now: datetime) -> Health:
    """How the nights are, and what somebody has to see to: nothing has run, none was whole in time, nobody is awake."""
    last = ended = whole = None
    for run in newest_first(store):
        last = last or run
        if run["state"] in ("done", "incomplete"):
            ended = ended or run
            if is_whole(run["document"]):
                whole = run
                break
    said = read_setting(store, AWAKE)
    awake_at = datetime.fromisoformat(said) if said else None
    whole_at = whole["ended_at"] if whole else None
    began_at = due.began_at(store, NIGHTLY)
    alarms = []
    if last is None and began_at is None:
        alarms.append(NO_NIGHT)
    else:
        since = whole_at or began_at or datetime.min.replace(tzinfo=now.tzinfo)
        if since < schedule.newest(now - _PATIENCE).due_at:
            alarms.append(OVERDUE)
    if awake_at is not None and now - awake_at > _SILENCE:
        alarms.append(ASLEEP)
    return Health(last, ended, whole_at, tuple(due.rows(store, NIGHTLY, _DAYS)), awake_at, tuple(alarms))
