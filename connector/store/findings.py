"""Findings over time: one row per key with the day it opened and the day it was first clear. Unknown closes nothing."""

from __future__ import annotations

from collections.abc import Set
from datetime import date

import polars as pl
import sqlalchemy as sa

from connector.model.findings import key
from connector.store.bulk import insert_rows
from connector.store.database import Store
from connector.store.tables import finding


def open_findings(store: Store) -> dict[str, dict[str, str]]:
    """Key → {rule, over, subject, employee, facts, opened_on} of every episode that stands."""
    with store.engine.connect() as conn:
        rows = conn.execute(
            sa.select(finding).where(finding.c.company == store.company, finding.c.closed_on.is_(None))
        ).mappings().all()
    return {
        row["key"]: {name: str(row[name]) for name in ("rule", "over", "subject", "employee", "facts", "opened_on")}
        for row in rows
    }


def keep_findings(store: Store, found: pl.DataFrame, cannot_close: Set[str], as_of: date) -> dict[str, str]:
    """Open, keep and close episodes; returns key → opened_on (ISO) of the hits.

    `found`: `FINDING_SCHEMA`. `cannot_close`: rules that are blind or off tonight. An unknown neither opens nor closes.
    """
    standing = open_findings(store)
    hits, unknown = {}, set()
    for row in found.iter_rows(named=True):
        name = key(row["rule"], row["over"], row["subject"])
        if row["verdict"] == "hit":
            hits[name] = row
        else:
            unknown.add(name)
    new = [hits[name] | {"key": name} for name in hits.keys() - standing.keys()]
    closed = [
        name for name, row in standing.items()
        if name not in hits and name not in unknown and row["rule"] not in cannot_close
    ]
    _write(store, new, closed, as_of)
    opened = {name: row["opened_on"] for name, row in standing.items() if name in hits}
    return opened | {row["key"]: as_of.isoformat() for row in new}


def _write(store: Store, new: list[dict[str, object]], closed: list[str], as_of: date) -> None:
    mine = finding.c.company == store.company
    with store.engine.begin() as conn:
        if closed:
            conn.execute(
                finding.update().where(mine, finding.c.key == sa.bindparam("closing")).values(closed_on=as_of),
                [{"closing": name} for name in closed],
            )
        if new:
            conn.execute(
                finding.delete().where(mine, finding.c.key == sa.bindparam("again")), [{"again": r["key"]} for r in new]
            )
            ours = {"company": store.company, "opened_on": as_of}
            insert_rows(conn, finding, [{**row, "employee": row["employee"] or "", **ours} for row in new])
