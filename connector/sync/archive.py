"""What a night judged, kept so that it can be judged again: linked tables, what was known, rule book, verdicts.

Whatever the snapshots of the night hold already is not kept twice. Nothing here is ever changed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import orjson
import polars as pl

from connector.errors import StateError
from connector.mappings.link import settle_employees
from connector.model.tables import empty
from connector.rules.knowledge import Facts
from connector.store.runs import newest_first
from connector.store.snapshots import snapshot_of, write_frame
from connector.sync.assess import Assessment
from connector.sync.connections import Desk
from connector.sync.linking import Linked

# Tables of the facts that no snapshot holds as they were judged.
TABLES = ("loan", "exit", "doubt", "appraisal", "attendance", "signal", "crowd", "heirs", "unread")
# Columns of a verdict, and their order.
VERDICT = ("rule", "over", "subject", "employee", "verdict", "facts")
_KNOWN, _VERDICTS = "judged.known.json", "judged.verdicts"


@dataclass(frozen=True)
class Judged:
    """One night as it was judged. `verdicts`: what its rules found, sorted; what linking itself found is not there."""

    run: str
    as_of: date
    facts: Facts
    absent: frozenset[str]
    book: str  # the rule book, as text
    verdicts: pl.DataFrame


def verdicts_of(findings: pl.DataFrame) -> pl.DataFrame:
    """Findings of rules in the one order that can be compared byte by byte."""
    return findings.select(VERDICT).sort("rule", "over", "subject", "employee", nulls_last=True)


def keep_judged(desk: Desk, run: str, linked: Linked, assessment: Assessment) -> None:
    """Keep a night beside its snapshots."""
    folder, facts, book = desk.folder / "snapshots" / run, linked.facts, desk.company.book
    for name in TABLES:
        write_frame(getattr(facts, name), folder, f"judged.{name}")
    codes = [rule.code for rule in book.rules]
    found = assessment.findings.filter(pl.col("rule").is_in(codes))
    write_frame(verdicts_of(found), folder, _VERDICTS)
    known = {
        "as_of": facts.as_of.isoformat(), "complete": sorted(facts.complete), "currency": facts.currency,
        "zone": facts.zone.key, "suspended": facts.suspended, "approval_chain": facts.approval_chain,
        "reach_days": facts.reach_days, "absent": sorted(linked.absent), "book": book.text,
    }
    path = folder / _KNOWN
    path.write_bytes(orjson.dumps(known))
    path.chmod(0o600)


def judged_nights(desk: Desk, since: date, until: date) -> Iterator[Judged]:
    """The last night of each business date that was kept, oldest first. StateError when one is damaged."""
    last: dict[date, str] = {}
    for row in newest_first(desk.store):
        if since <= row["business_date"] <= until and row["state"] in ("done", "incomplete"):
            last.setdefault(row["business_date"], row["id"])
    for day in sorted(last):
        if (desk.folder / "snapshots" / last[day] / _KNOWN).exists():
            yield _read(desk, last[day])


def _read(desk: Desk, run: str) -> Judged:
    folder = desk.folder / "snapshots" / run
    try:
        known: dict[str, Any] = orjson.loads((folder / _KNOWN).read_bytes())
        tables = {name: pl.read_parquet(folder / f"judged.{name}.parquet") for name in TABLES}
        verdicts = pl.read_parquet(folder / f"{_VERDICTS}.parquet")
        employee, _ = settle_employees(_snapshot(desk, run, "employee"))
        approval = _snapshot(desk, run, "approval")
    except (OSError, orjson.JSONDecodeError, pl.exceptions.PolarsError) as error:
        mend = "begin later with --from, or bring the file back from a backup"
        raise StateError(f"cannot be read: {error}", place=f"run {run}", mend=mend) from error
    facts = Facts(
        employee=employee, approval=approval, complete=frozenset(known["complete"]),
        as_of=date.fromisoformat(known["as_of"]), currency=known["currency"], zone=ZoneInfo(known["zone"]),
        suspended=known["suspended"], approval_chain=tuple(tuple(step) for step in known["approval_chain"]),
        reach_days=known["reach_days"], **tables,
    )
    return Judged(run, facts.as_of, facts, frozenset(known["absent"]), known["book"], verdicts)


def _snapshot(desk: Desk, run: str, stream: str) -> pl.DataFrame:
    """The rows of one stream; a run that never staged it had none to judge."""
    path = snapshot_of(desk.store, run, stream)
    return pl.read_parquet(path) if path is not None else empty(stream)
