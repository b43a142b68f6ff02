"""Reading only what changed: what an earlier whole read left behind, and how the changes go into it.

A base is the last complete snapshot, and only together with the bookmark that was written for that very file. Where
anything else than rows may have changed (the mapping, a row that was set aside, the days since everything was read)
there is no base, and everything is read. Never here: a decision about money.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import orjson
import polars as pl

from connector.mappings.table import StreamMapping
from connector.store.audit import read_setting, write_setting
from connector.store.database import Store
from connector.store.snapshots import last_complete
from connector.sync.connections import Connection, Desk

# What follows the ref of a record in the ref of one of its entries.
_ENTRY = r"#\d+$"


@dataclass(frozen=True)
class Base:
    """The rows of an earlier complete read, where the next one may begin, and when all of them were last read."""

    rows: pl.DataFrame
    bookmark: str
    full_on: date
    seen_at: datetime


def base_of(desk: Desk, connection: Connection, name: str, as_of: date, run: str) -> Base | None:
    """What changes may be merged into, None when everything is to be read."""
    manifest = connection.adapter.manifest
    if name not in manifest.incremental:
        return None
    kept = orjson.loads(read_setting(desk.store, _setting(connection.name, name), "{}"))
    snapshot = last_complete(desk.store, connection.name, name, run)
    if snapshot is None or snapshot.rejected or kept.get("sha256") != snapshot.sha256:
        return None
    full_on = date.fromisoformat(kept["full_on"])
    is_due = not full_on <= as_of < full_on + timedelta(days=manifest.full_every_days)
    if is_due or kept["mapping"] != fingerprint_of(connection.mappings[name]):
        return None
    return Base(pl.read_parquet(snapshot.path), kept["bookmark"], full_on, snapshot.seen_at)


def merged(base: pl.DataFrame, fresh: pl.DataFrame, touched: pl.Series) -> pl.DataFrame:
    """The base with every record of `touched`, and every one that is among `fresh`, as it is in `fresh`.

    `touched`: refs of records that changed, whether or not they are still delivered.
    """
    record = pl.col("ref").str.replace(_ENTRY, "")
    changed = pl.concat([touched.cast(pl.String), fresh.select(record)["ref"]]).unique()
    kept = base.filter(~record.is_in(changed.implode()))
    return pl.concat([kept, fresh])


@dataclass(frozen=True)
class Bookmark:
    """Where the next read may begin, bound to the snapshot it was written for."""

    system: str
    stream: str
    sha256: str
    at: str
    full_on: date


def keep_bookmark(store: Store, mark: Bookmark, mapping: StreamMapping) -> None:
    """Remember it for the next night."""
    kept = {
        "sha256": mark.sha256, "bookmark": mark.at, "full_on": mark.full_on.isoformat(),
        "mapping": fingerprint_of(mapping),
    }
    write_setting(store, _setting(mark.system, mark.stream), orjson.dumps(kept).decode())


def _setting(system: str, stream: str) -> str:
    return f"bookmark.{system}.{stream}"


def mapped_as(system: str, stream: str) -> str:
    """The setting that says by which mapping the last complete read of a remembered stream was mapped."""
    return f"mapped.{system}.{stream}"


def fingerprint_of(mapping: StreamMapping) -> str:
    """Changes when a company maps a column otherwise."""
    return hashlib.sha256(repr(mapping).encode()).hexdigest()[:16]
