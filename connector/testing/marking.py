"""What an adapter writes: a mark goes round and is seen each time, twice is once, and an answer that is lost is said to
be unknown.
"""

from __future__ import annotations

import polars as pl

from connector.adapters.contract import Receipt
from connector.model.plan import Action, Content, Verb, digest
from connector.model.tables import schema
from connector.testing.judging import SENTENCE, Bench, expect

# A hold ends with its gate: what was said there stays to be read and holds nobody.
_ENDED = ("passed", "closed")


def mark_goes_round(bench: Bench) -> None:
    """Put, replaced, removed, and observed each time, by its ref and among all; nobody else's marks change."""
    for mark in bench.marks():
        others = _others(bench, mark.kind, mark.ref)
        expect(_standing(bench, mark.kind, mark.ref) is None, f"a {mark.kind} before the first put", "none")
        steps: list[tuple[Verb, Content | None]] = [("put", mark.first), ("replace", mark.second), ("remove", None)]
        before: Content | None = None
        for verb, content in steps:
            action = Action(verb, bench.setting.connection, mark.kind, mark.ref, mark.employee, before, content)
            receipt = bench.adapter.push(action, SENTENCE)
            expect(receipt.outcome == "landed", f"{verb} of {mark.kind}: {receipt}", "landed")
            _see(bench, mark.kind, mark.ref, before if verb == "remove" and _stays(bench, mark.kind) else content)
            before = content
        expect(_others(bench, mark.kind, mark.ref) == others, f"other {mark.kind}s", "them to stand as before")


def _see(bench: Bench, kind: str, ref: str, content: Content | None) -> None:
    wanted = None if content is None else digest(content)
    found = _standing(bench, kind, ref)
    expect(found == wanted, f"{kind} on {ref}: {found}", f"{wanted} as it was written")
    named = bench.adapter.observe(kind, None).filter(pl.col("ref") == ref)
    among = next((row["digest"] for row in named.iter_rows(named=True) if row["gate"] not in _ENDED), None)
    expect(among == wanted, f"{kind} on {ref} among all: {among}", f"{wanted}")


def _stays(bench: Bench, kind: str) -> bool:
    """Whether nobody can take a mark of this kind away again."""
    sink = bench.adapter.manifest.sink(kind)
    return sink is not None and sink.stays


def _standing(bench: Bench, kind: str, ref: str) -> str | None:
    """Digest of the mark that stands on a ref."""
    seen = bench.adapter.observe(kind, [ref])
    expect(seen.schema == schema("mark"), seen.schema, "the table `mark`")
    rows = seen.filter(pl.col("ref") == ref)
    expect(rows.height == seen.height <= 1, f"{seen.height} rows", f"at most one, of {ref}")
    row = rows.row(0, named=True) if rows.height else {"digest": None, "gate": None}
    return None if row["gate"] in _ENDED else row["digest"]


def _others(bench: Bench, kind: str, ref: str) -> set[tuple[str, str | None]]:
    seen = bench.adapter.observe(kind, None).filter(pl.col("ref") != ref)
    return set(zip(seen["ref"].to_list(), seen["digest"].to_list(), strict=True))


def pushed_twice_is_once(bench: Bench) -> None:
    """The same action twice leaves what one left: the step that follows an answer nobody heard."""
    for mark in bench.marks():
        put = Action("put", bench.setting.connection, mark.kind, mark.ref, mark.employee, None, mark.first)
        for _ in range(2):
            _landed(bench.adapter.push(put, SENTENCE), put)
            _see(bench, mark.kind, mark.ref, mark.first)
        gone = Action("remove", bench.setting.connection, mark.kind, mark.ref, mark.employee, mark.first, None)
        for _ in range(2):
            _landed(bench.adapter.push(gone, SENTENCE), gone)
            _see(bench, mark.kind, mark.ref, mark.first if _stays(bench, mark.kind) else None)


def _landed(receipt: Receipt, action: Action) -> None:
    expect(receipt.outcome == "landed", f"{action.verb} of {action.kind}: {receipt}", "landed")


def lost_answer_is_unknown(bench: Bench) -> None:
    """A write whose answer is lost is unknown, never landed, refused or sent again; the next look sees it."""
    mark = bench.marks()[0]
    bench.trouble("lost_answer")
    put = Action("put", bench.setting.connection, mark.kind, mark.ref, mark.employee, None, mark.first)
    receipt = bench.adapter.push(put, SENTENCE)
    expect(receipt.outcome == "unknown", receipt, "unknown: the answer was lost after the write")
    _see(bench, mark.kind, mark.ref, mark.first)
