"""Links: which number in a system is which person in HR, by which rule, on what evidence, by whom, from when to when.

Promises: one living link a number; a link ends and is kept. Never here: the finding of a link.
"""

from __future__ import annotations

from datetime import datetime

import polars as pl
import sqlalchemy as sa

from connector.model.links import BY_RULE, Link
from connector.store.bulk import insert_rows
from connector.store.database import Store
from connector.store.tables import link

_PAIR = {"number": pl.String, "person": pl.String}


def stored_links(store: Store, system: str) -> pl.DataFrame:
    """`number, person` of one system, the living ones."""
    return living_links(store, system).select(list(_PAIR))


def living_links(store: Store, system: str) -> pl.DataFrame:
    """`number, person, rule` of one system, those that have not ended."""
    wanted = sa.select(link.c.number, link.c.person, link.c.rule).where(_of(store, system), link.c.ended_at.is_(None))
    with store.engine.connect() as conn:
        rows = [tuple(row) for row in conn.execute(wanted)]
    return pl.DataFrame(rows, schema=_PAIR | {"rule": pl.String}, orient="row")


def parted_links(store: Store, system: str) -> pl.DataFrame:
    """`number, person`: pairs that a person has taken apart and nobody has put together since. No rule links them."""
    ended = sa.select(link.c.number, link.c.person).where(
        _of(store, system), link.c.ended_at.is_not(None), link.c.ended_by != BY_RULE
    ).distinct()
    with store.engine.connect() as conn:
        rows = [tuple(row) for row in conn.execute(ended)]
    parted = pl.DataFrame(rows, schema=_PAIR, orient="row")
    return parted.join(stored_links(store, system), on=list(_PAIR), how="anti").sort(list(_PAIR))


def keep_links(store: Store, system: str, links: pl.DataFrame, by: str, now: datetime) -> int:
    """Add links (`number, person, rule, evidence`) that are not there yet; returns how many. Living ones stay."""
    known = stored_links(store, system)
    new = links.join(known.select("number"), on="number", how="anti")
    if new.height:
        rows = [
            {"company": store.company, "system": system, "number": number, "person": person, "rule": rule,
             "evidence": evidence or "", "by": by, "at": now}
            for number, person, rule, evidence in new.select("number", "person", "rule", "evidence").iter_rows()
        ]
        with store.engine.begin() as conn:
            insert_rows(conn, link, rows)
    return new.height


def history_of(store: Store, system: str, number: str) -> list[Link]:
    """Every link that this number ever had, the oldest first."""
    columns = [link.c[name] for name in Link.__dataclass_fields__]
    wanted = sa.select(*columns).where(_of(store, system), link.c.number == number).order_by(link.c.id)
    with store.engine.connect() as conn:
        return [Link(**row) for row in conn.execute(wanted).mappings()]


def links_of(store: Store, person: str) -> list[Link]:
    """Every living link of somebody, in any system, by system and number."""
    columns = [link.c[name] for name in Link.__dataclass_fields__]
    wanted = sa.select(*columns).where(
        link.c.company == store.company, link.c.person == person, link.c.ended_at.is_(None)
    ).order_by(link.c.system, link.c.number)
    with store.engine.connect() as conn:
        return [Link(**row) for row in conn.execute(wanted).mappings()]


def make_link(store: Store, made: Link) -> Link | None:
    """A person's link; the one that lived before it ends with it, and is returned."""
    before = living(store, made.system, made.number)
    with store.engine.begin() as conn:
        if before is not None:
            _end(conn, store, before, made.by, made.why, made.at)
        row = {name: getattr(made, name) for name in Link.__dataclass_fields__ if not name.startswith("ended")}
        insert_rows(conn, link, [{"company": store.company, **row}])
    return before


def end_link(store: Store, standing: Link, by: str, why: str, now: datetime) -> None:
    """The link lives no more; it stays in the books."""
    with store.engine.begin() as conn:
        _end(conn, store, standing, by, why, now)


def living(store: Store, system: str, number: str) -> Link | None:
    """The link that this number has now."""
    return next((one for one in history_of(store, system, number) if one.ended_at is None), None)


def _end(conn: sa.Connection, store: Store, standing: Link, by: str, why: str, now: datetime) -> None:
    is_it = sa.and_(_of(store, standing.system), link.c.number == standing.number, link.c.ended_at.is_(None))
    conn.execute(link.update().where(is_it).values(ended_by=by, ended_why=why, ended_at=now))


def _of(store: Store, system: str) -> sa.ColumnElement[bool]:
    return sa.and_(link.c.company == store.company, link.c.system == system)
