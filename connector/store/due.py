"""What is due: one row per company, kind and business date, whoever asks for it and however often.

due → running → done | failed (to be tried again) ; or skipped, with its cause. A row is moved by the holder of the
current fencing token only: whoever was overtaken changes nothing. What is due is decided elsewhere; here it is kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa

from connector.store.database import Store
from connector.store.tables import due, lease

NIGHTLY = "nightly"


@dataclass(frozen=True)
class Due:
    """One business date of one kind of work. `due_at`: the instant for which it was meant."""

    kind: str
    business_date: date
    state: str
    attempts: int
    run: str
    cause: str
    due_at: datetime
    retry_at: datetime | None
    ended_at: datetime | None


def put(store: Store, kind: str, day: date, due_at: datetime, skipped_because: str = "") -> bool:
    """The row of a business date, unless it is there already; False then."""
    row = {
        "company": store.company, "kind": kind, "business_date": day, "due_at": due_at, "cause": skipped_because,
        "state": "skipped" if skipped_because else "due",
    }
    try:
        with store.engine.begin() as conn:
            conn.execute(due.insert().values(row))
    except sa.exc.IntegrityError:  # another scheduler, or this one before it was started again
        return False
    return True


def take(store: Store, kind: str, day: date, token: int, now: datetime) -> bool:
    """Begin the work of a date under the fence. False when it is done, not due yet, or the right has been lost.

    A row that another token left `running` belonged to a run that is over: only one token is current.
    """
    is_open = sa.or_(
        due.c.state == "due", sa.and_(due.c.state == "failed", due.c.retry_at <= now),
        sa.and_(due.c.state == "running", due.c.token != token),
    )
    with store.engine.begin() as conn:
        taken = conn.execute(
            due.update().where(*_row(store, kind, day), is_open, _current(store) == token)
            .values(state="running", token=token, attempts=due.c.attempts + 1, started_at=now, retry_at=None)
        )
        return taken.rowcount == 1


def end(
    store: Store, row: tuple[str, date], token: int, now: datetime, *, run: str = "", cause: str = "",
    retry_at: datetime | None = None,
) -> bool:
    """The end of the work on (kind, date): done, or failed for a `cause`, to be tried again from `retry_at` on.

    False, and nothing is changed, for whoever does not hold the current token any more.
    """
    with store.engine.begin() as conn:
        ended = conn.execute(
            due.update()
            .where(*_row(store, *row), due.c.state == "running", due.c.token == token, _current(store) == token)
            .values(
                state="failed" if cause else "done", run=run, cause=cause[:200], retry_at=retry_at, ended_at=now
            )
        )
        return ended.rowcount == 1


def skip_before(store: Store, row: tuple[str, date], token: int, cause: str) -> int:
    """Unfinished dates of a kind before this one will not be worked on any more; how many. Under the fence."""
    kind, day = row
    is_open = sa.or_(due.c.state.in_(("due", "failed")), sa.and_(due.c.state == "running", due.c.token != token))
    with store.engine.begin() as conn:
        skipped = conn.execute(
            due.update().where(
                due.c.company == store.company, due.c.kind == kind, due.c.business_date < day, is_open,
                _current(store) == token,
            ).values(state="skipped", cause=cause)
        )
        return skipped.rowcount


def newest(store: Store, kind: str) -> Due | None:
    """The row of the newest business date."""
    found = rows(store, kind, 1)
    return found[0] if found else None


def began_at(store: Store, kind: str) -> datetime | None:
    """The instant of the oldest row: since then somebody is on duty."""
    wanted = sa.select(due.c.due_at).where(due.c.company == store.company, due.c.kind == kind)
    with store.engine.connect() as conn:
        return conn.scalar(wanted.order_by(due.c.business_date).limit(1))


def rows(store: Store, kind: str, most: int) -> list[Due]:
    """Rows of a kind, the newest date first."""
    wanted = sa.select(due).where(due.c.company == store.company, due.c.kind == kind)
    with store.engine.connect() as conn:
        found = conn.execute(wanted.order_by(due.c.business_date.desc()).limit(most)).mappings()
        return [Due(**{name: row[name] for name in Due.__dataclass_fields__}) for row in found]


def _row(store: Store, kind: str, day: date) -> tuple[sa.ColumnElement[bool], ...]:
    return due.c.company == store.company, due.c.kind == kind, due.c.business_date == day


def _current(store: Store) -> sa.ScalarSelect[int]:
    return sa.select(lease.c.token).where(lease.c.company == store.company).scalar_subquery()
