"""Decisions of people, kept for ever: approvals of held groups, settings, audit lines that are only ever added."""

from __future__ import annotations

from datetime import datetime, timedelta

import orjson
import sqlalchemy as sa

from connector.store.bulk import add_row, insert_rows, put_row
from connector.store.database import Store
from connector.store.tables import approval, audit, reject, setting

# An approval of a held group covers the identical group of any later plan for this long.
APPROVAL_LIFE = timedelta(hours=72)


def write_line(store: Store, who: str, what: str, facts: dict[str, object], now: datetime) -> None:
    with store.engine.begin() as conn:
        conn.execute(audit.insert().values(
            company=store.company, at=now, who=who, what=what, facts=orjson.dumps(facts).decode()
        ))


def approve(store: Store, group_hash: str, by: str, now: datetime) -> None:
    row = {"company": store.company, "hash": group_hash, "by": by, "at": now, "expires_at": now + APPROVAL_LIFE}
    with store.engine.begin() as conn:
        put_row(conn, approval, row)
    write_line(store, by, "approve", {"hash": group_hash}, now)


def approved(store: Store, now: datetime) -> frozenset[str]:
    """Hashes of groups whose approval still lives."""
    wanted = sa.select(approval.c.hash).where(approval.c.company == store.company, approval.c.expires_at > now)
    with store.engine.connect() as conn:
        return frozenset(conn.scalars(wanted))


def read_setting(store: Store, name: str, default: str = "") -> str:
    wanted = sa.select(setting.c.value).where(setting.c.company == store.company, setting.c.name == name)
    with store.engine.connect() as conn:
        value = conn.scalar(wanted)
    return default if value is None else value


def write_setting(store: Store, name: str, value: str) -> None:
    with store.engine.begin() as conn:
        put_row(conn, setting, {"company": store.company, "name": name, "value": value})


def settle_setting(store: Store, name: str, first: str) -> str:
    """The value of a setting that is set once and never changed: `first`, or whatever was there before."""
    if value := read_setting(store, name):
        return value
    with store.engine.begin() as conn:
        add_row(conn, setting, {"company": store.company, "name": name, "value": first})
    return read_setting(store, name)


def keep_rejects(store: Store, run: str, rows: list[dict[str, str]]) -> None:
    """Rows put aside by a run, with their reasons."""
    if rows:
        with store.engine.begin() as conn:
            insert_rows(conn, reject, [{"company": store.company, "run": run, **row} for row in rows])
