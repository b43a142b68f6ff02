"""Runs and the right to run: a run row per night, and one lease per company with a fencing token that only grows."""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

import orjson
import sqlalchemy as sa

from connector.errors import BusyError
from connector.model.faults import fault
from connector.store.database import Store
from connector.store.tables import lease, run

# A holder that has said nothing for this long has lost its right.
_LEASE = timedelta(minutes=15)
# Tells this process from an earlier one of the same number: in a container every start is number 1.
_INCARNATION = secrets.token_hex(4)


def start_run(store: Store, run_id: str, business_date: date, mode: str, now: datetime) -> None:
    with store.engine.begin() as conn:
        conn.execute(run.insert().values(
            company=store.company, id=run_id, kind="nightly", business_date=business_date, mode=mode,
            state="running", rule_book="", document="{}", started_at=now,
        ))


def end_run(store: Store, run_id: str, state: str, document: dict[str, Any], now: datetime) -> None:
    """`state`: done | incomplete | failed. `document`: proof, troubles, counts."""
    with store.engine.begin() as conn:
        conn.execute(
            run.update().where(run.c.company == store.company, run.c.id == run_id)
            .values(state=state, document=orjson.dumps(document).decode(), ended_at=now)
        )


def last_runs(store: Store, most: int = 20) -> list[dict[str, Any]]:
    with store.engine.connect() as conn:
        rows = conn.execute(
            sa.select(run).where(run.c.company == store.company).order_by(run.c.started_at.desc()).limit(most)
        ).mappings()
        return [{**row, "document": orjson.loads(row["document"])} for row in rows]


def newest_first(store: Store) -> Iterator[dict[str, Any]]:
    """Every run, read one by one: for whoever looks for one and does not know how far back. Holds nothing open."""
    mine = run.c.company == store.company
    with store.engine.connect() as conn:
        names = list(conn.scalars(sa.select(run.c.id).where(mine).order_by(run.c.started_at.desc())))
    for name in names:
        with store.engine.connect() as conn:
            row = conn.execute(sa.select(run).where(mine, run.c.id == name)).mappings().one()
        yield {**row, "document": orjson.loads(row["document"])}


def take_lease(store: Store, now: datetime) -> int:
    """The fencing token of the right to run. BusyError while another run holds it and its process lives."""
    me = f"{socket.gethostname()}:{os.getpid()}:{_INCARNATION}"
    mine = lease.c.company == store.company
    try:
        with store.engine.begin() as conn:
            held = conn.execute(sa.select(lease).where(mine)).mappings().first()
            if held is None:
                conn.execute(lease.insert().values(company=store.company, token=1, holder=me, expires_at=now + _LEASE))
                return 1
            if held["holder"] and held["expires_at"] > now and _is_alive(held["holder"]):
                raise _at_work(store, held["holder"])
            token = int(held["token"]) + 1
            taken = conn.execute(
                lease.update().where(mine, lease.c.token == held["token"])
                .values(token=token, holder=me, expires_at=now + _LEASE)
            )
            if taken.rowcount != 1:
                raise _at_work(store)
            return token
    except sa.exc.IntegrityError as error:  # the very first night, and another one was first
        raise _at_work(store) from error


def _at_work(store: Store, holder: str = "?") -> BusyError:
    return fault(BusyError, "store.busy", f"company {store.company}", holder=holder)


def _is_alive(holder: str) -> bool:
    """False only for a process of this very machine that surely is gone (killed, or ended without a word)."""
    host, pid, incarnation = holder.rsplit(":", 2)
    if host != socket.gethostname():
        return True
    if int(pid) == os.getpid():
        return incarnation == _INCARNATION
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def keep_lease(store: Store, token: int, now: datetime) -> bool:
    """Prolong the right; False when somebody else has taken it."""
    with store.engine.begin() as conn:
        kept = conn.execute(
            lease.update().where(lease.c.company == store.company, lease.c.token == token)
            .values(expires_at=now + _LEASE)
        )
        return kept.rowcount == 1


def give_lease(store: Store, token: int) -> None:
    with store.engine.begin() as conn:
        conn.execute(
            lease.update().where(lease.c.company == store.company, lease.c.token == token).values(holder="")
        )


def revoke_lease(store: Store, token: int) -> None:
    """End a right from outside: its holder learns it before its next step, and the right is free."""
    with store.engine.begin() as conn:
        conn.execute(
            lease.update().where(lease.c.company == store.company, lease.c.token == token)
            .values(token=token + 1, holder="")
        )
