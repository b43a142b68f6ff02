"""Links: which number in a system is which person in HR, by which rule, by whom, since when."""

from __future__ import annotations

from datetime import datetime

import polars as pl
import sqlalchemy as sa

from connector.store.bulk import insert_rows
from connector.store.database import Store
from connector.store.tables import link


def stored_links(store: Store, system: str) -> pl.DataFrame:
    """`number, person` of one system."""
    with store.engine.connect() as conn:
        rows = conn.execute(
            sa.select(link.c.number, link.c.person).where(link.c.company == store.company, link.c.system == system)
        ).all()
    return pl.DataFrame([tuple(row) for row in rows], schema={"number": pl.String, "person": pl.String}, orient="row")


def keep_links(store: Store, system: str, links: pl.DataFrame, by: str, now: datetime) -> int:
    """Add links (`number, person, rule`) that are not there yet; returns how many. Existing ones stay as they are."""
    known = stored_links(store, system)
    new = links.join(known.select("number"), on="number", how="anti")
    if new.height:
        rows = [
            {"company": store.company, "system": system, "number": number, "person": person, "rule": rule,
             "by": by, "at": now}
            for number, person, rule in new.select("number", "person", "rule").iter_rows()
        ]
        with store.engine.begin() as conn:
            insert_rows(conn, link, rows)
    return new.height
