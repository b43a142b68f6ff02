"""Staging: what was read tonight, compared with its control total and with earlier nights, on disk with its proof."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

import polars as pl

from connector.errors import StateError
from connector.model.faults import fault
from connector.model.values import decimal_text
from connector.store.audit import write_line, write_setting
from connector.store.snapshots import (
    SnapshotRow,
    accepted_size,
    keep_size,
    last_complete,
    newest_size,
    record,
    write_frame,
)
from connector.sync.connections import SHRINK_PERCENT, Desk
from connector.sync.increments import Bookmark, fingerprint_of, keep_bookmark, mapped_as
from connector.sync.owing import owed_in_all, read_open_items, with_open_items
from connector.sync.pull import Stream, Streams, pull_stream, read_company

# Rows that a stream may lose whatever share they are: a company of ten loses people too.
_HANDFUL = 2
_SHRINKING_MATTERS = ("employee", "person", "open_item", "exit", "approval", "appraisal_month", "attendance_month")


def pull_company(desk: Desk, as_of: date, run: str, only: Mapping[str, tuple[str, ...]] | None = None) -> Streams:
    """Stream name → what was read. `only`: role → keys; then nothing is staged or compared with earlier nights."""
    read = with_open_items(desk, read_company(desk, as_of, run, only))
    streams = _with_control(desk, read, as_of, run, only)
    return streams if only is not None else {name: _staged(desk, stream, run) for name, stream in streams.items()}


def books(owed: pl.DataFrame, control: pl.DataFrame) -> dict[str, dict[str, str]]:
    """Per currency: the source's total, ours, and the difference, as decimal text. `owed`: `currency, balance`."""
    here = dict(owed.group_by("currency").agg(pl.col("balance").sum()).iter_rows())
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
    if any(row["difference"].strip("-0.") for row in books(owed_in_all(items), control.rows).values()):
        connection = desk.company.by_name(items.system)
        assert connection is not None
        again = read_open_items(desk, connection, as_of, run, None)
        items = replace(again["open_item"], rejects=() if items.rests_on else again["open_item"].rejects)
        control, _ = pull_stream(desk, connection, "control", as_of, run, None)
        streams = {**streams, **again}
    totals = {currency: row["source"] for currency, row in books(owed_in_all(items), control.rows).items()}
    return {**streams, "open_item": replace(items, control=totals), "control": control}


def _believed(desk: Desk, stream: Stream, run: str) -> Stream:
    """A stream that lost many rows since its last complete read is not complete, unless a person accepted its size."""
    earlier = last_complete(desk.store, stream.system, stream.name, run)
    if not stream.complete or earlier is None or stream.name not in _SHRINKING_MATTERS:
        return stream
    lost = earlier.staged - _passing(earlier) - stream.rows.height
    connection = desk.company.by_name(stream.system)
    limit = connection.shrink_percent if connection is not None else SHRINK_PERCENT
    if lost <= _HANDFUL or lost * 100 <= earlier.staged * limit:
        return stream
    if stream.rows.height >= accepted_size(desk.store, stream.system, stream.name, earlier.sha256):
        return stream
    return replace(stream, complete=False, cause=f"shrunk: {stream.rows.height} of {earlier.staged}")


def _passing(earlier: SnapshotRow) -> int:
    """Rows that were there only until somebody decides: that they are gone says nothing."""
    if earlier.stream != "approval":
        return 0
    turns = pl.scan_parquet(earlier.path).filter(pl.col("decision") == "waiting")
    return int(turns.select(pl.len()).collect().item())


def accept_size(desk: Desk, system: str, stream: str, by: str) -> int:
    """A named person says that a stream really has become as small as it was last read; returns its rows.

    Bound to the last complete read: the next one is compared with the new size again.
    """
    earlier, newest = last_complete(desk.store, system, stream), newest_size(desk.store, system, stream)
    if earlier is None or newest is None or newest >= earlier.staged:
        raise fault(StateError, "command.not_shrunk", f"{system}.{stream}")
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
    if stream.complete:
        _remember(desk, stream)
    return stream


def _remember(desk: Desk, stream: Stream) -> None:
    """What the next read may build on: a bookmark, and by which mapping closed records were mapped."""
    connection = desk.company.by_name(stream.system)
    assert connection is not None
    if stream.bookmark and stream.full_on is not None:
        mark = Bookmark(stream.system, stream.name, stream.sha256, stream.bookmark, stream.full_on)
        keep_bookmark(desk.store, mark, connection.mappings[stream.name])
    if stream.name in connection.adapter.manifest.closes:
        mapped = f"{stream.sha256} {fingerprint_of(connection.mappings[stream.name])}"
        write_setting(desk.store, mapped_as(stream.system, stream.name), mapped)

