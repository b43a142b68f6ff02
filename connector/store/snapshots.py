"""Snapshots: one stream at one moment as an immutable Parquet file, with a row in the store that carries its proof."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import polars as pl
import sqlalchemy as sa

from connector.store.audit import read_setting, write_setting
from connector.store.database import Store
from connector.store.tables import run, snapshot


@dataclass(frozen=True)
class SnapshotRow:
    """What the store keeps of a snapshot."""

    system: str
    stream: str
    staged: int
    rejected: int
    complete: bool
    cause: str
    first_key: str
    last_key: str
    sha256: str
    path: str
    seen_at: datetime


def write_frame(frame: pl.DataFrame, folder: Path, name: str) -> tuple[Path, str]:
    """Parquet under `folder`, moved into place whole, readable by its owner only; returns its path and sha256."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path, part = folder / f"{name}.parquet", folder / f".{name}.part"
    frame.write_parquet(part, compression="zstd")
    with part.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        os.fsync(file.fileno())
    part.chmod(0o600)
    part.replace(path)
    return path, digest


def _is_whole(row: sa.RowMapping) -> bool:
    """Whether the file is there as it was written: a torn one counts as none."""
    try:
        with Path(row["path"]).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == str(row["sha256"])
    except OSError:
        return False


def record(store: Store, run: str, rows: list[SnapshotRow]) -> None:
    if not rows:
        return
    with store.engine.begin() as conn:
        conn.execute(snapshot.insert(), [{"company": store.company, "run": run, **vars(row)} for row in rows])


def last_complete(store: Store, system: str, stream: str, before_run: str = "") -> SnapshotRow | None:
    """The newest complete snapshot of a stream, if its file is whole (`before_run` leaves that run out)."""
    table = snapshot
    wanted = sa.select(table).where(
        table.c.company == store.company, table.c.system == system, table.c.stream == stream, table.c.complete,
        table.c.run != before_run,
    ).order_by(table.c.seen_at.desc()).limit(1)
    with store.engine.connect() as conn:
        row = conn.execute(wanted).mappings().first()
    if row is None or not _is_whole(row):
        return None
    return SnapshotRow(**{name: row[name] for name in SnapshotRow.__dataclass_fields__})


def snapshot_of(store: Store, run: str, stream: str) -> str | None:
    """The file of one stream of one run, None when that run had no such stream."""
    wanted = sa.select(snapshot.c.path).where(
        snapshot.c.company == store.company, snapshot.c.run == run, snapshot.c.stream == stream
    )
    with store.engine.connect() as conn:
        return conn.scalar(wanted)


def unjudged(store: Store, system: str, stream: str, before_run: str) -> list[SnapshotRow]:
    """Complete snapshots that no night has looked back on yet: that of the last night which ended, and all since.

    A night that was killed has staged rows but kept no findings; the next one must look back on those too.
    """
    ended = sa.select(run.c.id).where(run.c.company == store.company, run.c.state.in_(("done", "incomplete")))
    wanted = sa.select(snapshot, snapshot.c.run.in_(ended).label("is_judged")).where(
        snapshot.c.company == store.company, snapshot.c.system == system, snapshot.c.stream == stream,
        snapshot.c.complete, snapshot.c.run != before_run,
    ).order_by(snapshot.c.seen_at.desc())
    found = []
    with store.engine.connect() as conn:
        for row in conn.execute(wanted).mappings():
            if _is_whole(row):
                found.append(SnapshotRow(**{name: row[name] for name in SnapshotRow.__dataclass_fields__}))
            if row["is_judged"]:
                break
    return found


def newest_size(store: Store, system: str, stream: str) -> int | None:
    """Rows of the newest read, complete or not."""
    wanted = sa.select(snapshot.c.staged).where(
        snapshot.c.company == store.company, snapshot.c.system == system, snapshot.c.stream == stream
    ).order_by(snapshot.c.seen_at.desc()).limit(1)
    with store.engine.connect() as conn:
        return conn.scalar(wanted)


def keep_size(store: Store, system: str, stream: str, baseline: str, rows: int) -> None:
    """A size that a person accepted, for as long as `baseline` (a snapshot's sha256) is the last complete one."""
    write_setting(store, f"accepted.{system}.{stream}", f"{baseline} {rows}")


def accepted_size(store: Store, system: str, stream: str, baseline: str) -> float:
    """Rows from which on a smaller stream is believed; infinite when nobody accepted anything."""
    of, _, rows = read_setting(store, f"accepted.{system}.{stream}").partition(" ")
    return int(rows) if of == baseline and rows else float("inf")
