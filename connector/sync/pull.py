"""Pull: every stream of every connection, mapped to canonical rows and staged, with its proof.

Fetched = staged + rejected, always. A stream is complete only when its end was proved; whatever goes wrong makes it
incomplete with a cause and stops nothing else. Connections are pulled side by side, the streams of one in turn.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import polars as pl

from connector.adapters.contract import End, Page, Reject, Since
from connector.errors import AuthError, ConnectorError, UsageError
from connector.mappings.table import BadRow, Context, map_rows
from connector.model.tables import empty
from connector.model.values import decimal_text
from connector.store.audit import write_line
from connector.store.snapshots import (
    SnapshotRow,
    accepted_size,
    keep_size,
    last_complete,
    newest_size,
    record,
    write_frame,
)
from connector.sync.connections import Connection, Desk

# A stream that shrinks by more than this share, and by more than a handful, is not believed to be whole.
_SHRINK_PERCENT, _HANDFUL = 5, 2
_SHRINKING_MATTERS = ("employee", "person", "open_item", "exit", "approval")

# Streams in which a key stands once; twice, and one of the two rows answers for somebody else.
_KEYED_ONCE = ("person", "open_item", "exit")

# Totals and long histories say nothing about one person.
_NOT_FOR_A_LOOK = ("control", "approval")

# Streams whose closed records need not be fetched again.
_REMEMBERED = ("approval",)


@dataclass(frozen=True)
class Stream:
    """One stream as it was read tonight."""

    system: str
    name: str
    rows: pl.DataFrame
    rejects: tuple[dict[str, str], ...] = ()
    complete: bool = False
    cause: str = ""
    beyond_reach: str = ""
    fetched: int = 0
    control: dict[str, str] = field(default_factory=dict)
    sha256: str = ""
    lacks: frozenset[str] = frozenset()  # canonical columns that the company does not have over there

    def proof(self) -> dict[str, Any]:
        """As in proof.json."""
        refs = self.rows["ref"] if self.rows.height else None
        return {
            "system": self.system, "stream": self.name, "rows": self.fetched, "staged": self.rows.height,
            "rejected": len(self.rejects), "control_total": self.control or None, "complete": self.complete,
            "first_key": refs[0] if refs is not None else None, "last_key": refs[-1] if refs is not None else None,
            "sha256": self.sha256 or None, "cause": self.cause or None,
        }


Streams = Mapping[str, Stream]


def pull_company(desk: Desk, as_of: date, run: str, only: Mapping[str, tuple[str, ...]] | None = None) -> Streams:
    """Stream name → what was read. `only`: role → keys; then nothing is compared with earlier nights."""
    with ThreadPoolExecutor(max(1, len(desk.company.connections)), "pull") as pool:
        parts = pool.map(lambda c: _pull_connection(desk, c, as_of, run, only), desk.company.connections)
        streams = {stream.name: stream for part in parts for stream in part}
    streams = _with_control(desk, streams, as_of, run, only)
    if only is None:
        streams = {name: _staged(desk, stream, run) for name, stream in streams.items()}
    return streams


def _pull_connection(
    desk: Desk, connection: Connection, as_of: date, run: str, only: Mapping[str, tuple[str, ...]] | None
) -> list[Stream]:
    found: list[Stream] = []
    refused = ""
    for name in connection.adapter.manifest.streams:
        if only is not None and name in _NOT_FOR_A_LOOK:
            continue
        if refused:  # a refused credential is not tried again
            found.append(Stream(connection.name, name, empty(connection.mappings[name].table), cause=refused))
            continue
        keys = None if only is None else only.get(connection.role, ())
        stream, refused = pull_stream(desk, connection, name, as_of, run, keys)
        found.append(stream)
    return found


def pull_stream(
    desk: Desk, connection: Connection, name: str, as_of: date, run: str, keys: tuple[str, ...] | None
) -> tuple[Stream, str]:
    """One stream, and the cause if the credential was refused."""
    earlier = _remembered(desk, connection, name, run) if keys is None else None
    closed = frozenset(earlier["ref"].to_list()) if earlier is not None else frozenset()
    reading = _Reading(desk, connection, name)
    end: End | None = None
    cause = refused = ""
    try:
        for page in connection.adapter.pull(name, Since(as_of, closed, keys)):
            reading.take(page)
            end = page.end or end
    except AuthError as error:
        cause = refused = f"{type(error).__name__}: {error}"
    except ConnectorError as error:
        cause = f"{type(error).__name__}: {error}"
    except Exception as error:  # a fault in one adapter must not end the night of the others
        cause = f"crashed: {type(error).__name__}"
    rows = reading.rows()
    cause = cause or _doubtful(name, end, reading.fetched, rows)
    if earlier is not None and earlier.height:
        rows = pl.concat([earlier, rows])
    stream = Stream(
        connection.name, name, rows, tuple(reading.rejects), not cause, cause,
        end.beyond_reach if end else "", rows.height + len(reading.rejects), lacks=reading.lacks(),
    )
    return stream, refused


def _doubtful(name: str, end: End | None, fetched: int, rows: pl.DataFrame) -> str:
    """Why a stream that was read without an error is not whole all the same, "" when it is."""
    if end is None:
        return "end_not_proved"
    if end.expected is not None and end.expected != fetched:
        return f"count_differs: {fetched} of {end.expected}"
    if name in _KEYED_ONCE and rows["ref"].is_duplicated().any():
        return f"repeated_key: {rows['ref'].filter(rows['ref'].is_duplicated())[0]}"
    return ""


class _Reading:
    """The pages of one stream on their way to canonical rows."""

    def __init__(self, desk: Desk, connection: Connection, name: str) -> None:
        self._mapping = connection.mappings[name]
        self._context = Context(connection.name, desk.clock.now(), desk.company.currency, desk.company.zone)
        self._progress, self._name = desk.progress, name
        self._frames: list[pl.DataFrame] = []
        self._lacks: set[str] = set()
        self.rejects: list[dict[str, str]] = []
        self.fetched = 0

    def take(self, page: Page) -> None:
        frame, bad = map_rows(self._mapping, page.rows, self._context)
        self._frames.append(frame)
        self._lacks |= page.lacks
        self.rejects += [_of_page(self._context.system, r) for r in page.rejects]
        self.rejects += [_of_mapping(self._context.system, self._name, b) for b in bad]
        self.fetched += page.rows.height + len(page.rejects)
        self._progress(f"pull.{self._name}", self.fetched)

    def lacks(self) -> frozenset[str]:
        return frozenset(f.target for f in self._mapping.fields if f.source in self._lacks)

    def rows(self) -> pl.DataFrame:
        return pl.concat([empty(self._mapping.table), *self._frames])


def _of_page(system: str, reject: Reject) -> dict[str, str]:
    return {"system": system, "stream": reject.stream, "ref": reject.ref, "key": reject.key, "reason": reject.reason,
            "field": "", "found": reject.found[:200], "expected": ""}


def _of_mapping(system: str, stream: str, bad: BadRow) -> dict[str, str]:
    reason = "missing" if not bad.found else "unreadable"
    found = "" if "salary" in bad.field.lower() else bad.found
    return {"system": system, "stream": stream, "ref": bad.ref, "key": bad.key, "reason": reason, "field": bad.field,
            "found": found, "expected": bad.expected}


def _remembered(desk: Desk, connection: Connection, name: str, run: str) -> pl.DataFrame | None:
    """Rows of closed records from the last complete snapshot."""
    if name not in _REMEMBERED:
        return None
    earlier = last_complete(desk.store, connection.name, name, run)
    return None if earlier is None else pl.read_parquet(earlier.path).filter(pl.col("state") != "running")


def books(open_items: pl.DataFrame, control: pl.DataFrame) -> dict[str, dict[str, str]]:
    """Per currency: the source's total, ours, and the difference, as decimal text."""
    here = dict(open_items.group_by("currency").agg(pl.col("balance").sum()).iter_rows())
    there = dict(control.group_by("currency").agg(pl.col("amount").sum()).iter_rows())
    return {
        currency: {
            "source": decimal_text(there.get(currency, 0), currency),
            "here": decimal_text(here.get(currency, 0), currency),
            "difference": decimal_text(there.get(currency, 0) - here.get(currency, 0), currency),
        }
        for currency in sorted({*here, *there})
    }


def _with_control(
    desk: Desk, streams: dict[str, Stream], as_of: date, run: str, only: object
) -> dict[str, Stream]:
    """The control total beside the open items; a difference is looked at once more, a booking may have come between."""
    items, control = streams.get("open_item"), streams.get("control")
    if items is None or control is None or only is not None or not (items.complete and control.complete):
        return streams
    if any(row["difference"].strip("-0.") for row in books(items.rows, control.rows).values()):
        connection = desk.company.by_name(items.system)
        assert connection is not None
        items, _ = pull_stream(desk, connection, "open_item", as_of, run, None)
        control, _ = pull_stream(desk, connection, "control", as_of, run, None)
    totals = {currency: row["source"] for currency, row in books(items.rows, control.rows).items()}
    return {**streams, "open_item": replace(items, control=totals), "control": control}


def _believed(desk: Desk, stream: Stream, run: str) -> Stream:
    """A stream that lost many rows since its last complete read is not complete, unless a person accepted its size."""
    earlier = last_complete(desk.store, stream.system, stream.name, run)
    if not stream.complete or earlier is None or stream.name not in _SHRINKING_MATTERS:
        return stream
    lost = earlier.staged - stream.rows.height
    if lost <= _HANDFUL or lost * 100 <= earlier.staged * _SHRINK_PERCENT:
        return stream
    if stream.rows.height >= accepted_size(desk.store, stream.system, stream.name, earlier.sha256):
        return stream
    return replace(stream, complete=False, cause=f"shrunk: {stream.rows.height} of {earlier.staged}")


def accept_size(desk: Desk, system: str, stream: str, by: str) -> int:
    """A named person says that a stream really has become as small as it was last read; returns its rows.

    Bound to the last complete read: the next one is compared with the new size again.
    """
    earlier, newest = last_complete(desk.store, system, stream), newest_size(desk.store, system, stream)
    if earlier is None or newest is None or newest >= earlier.staged:
        raise UsageError(f"`{system}.{stream}` has not shrunk", mend="connector plan shows what is held, and why")
    keep_size(desk.store, system, stream, earlier.sha256, newest)
    facts: dict[str, object] = {"system": system, "stream": stream, "rows": newest, "before": earlier.staged}
    write_line(desk.store, by, "accept_size", facts, desk.clock.now())
    return newest


def _staged(desk: Desk, stream: Stream, run: str) -> Stream:
    """The stream on disk with its proof in the store; shrunk against the last complete one, it is not complete."""
    stream = _believed(desk, stream, run)
    path, sha = write_frame(stream.rows, desk.folder / "snapshots" / run, f"{stream.system}.{stream.name}")
    stream = replace(stream, sha256=sha)
    proof = stream.proof()
    row = SnapshotRow(
        stream.system, stream.name, stream.rows.height, len(stream.rejects), stream.complete, stream.cause,
        str(proof["first_key"] or ""), str(proof["last_key"] or ""), sha, str(path), desk.clock.now(),
    )
    record(desk.store, run, [row])
    return stream

