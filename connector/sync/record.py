"""The night's pictures as numbers: loans by employment status, the waterfall of links, lives of explained people."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl

from connector.model.plan import Plan
from connector.model.runs import Event, StatusBar, Step, Story
from connector.model.values import decimal_text
from connector.rules.columns import OPEN
from connector.rules.file import paid_out
from connector.rules.knowledge import Facts
from connector.sync.linking import Linked

# People explained in a report, the gravest first.
_MOST_STORIES = 8
_GRAVITY = {"critical": 0, "warning": 1, "info": 2}


def bars(facts: Facts) -> tuple[StatusBar, ...]:
    """Open loans in the company's currency by the status of whoever owes them."""
    owed = paid_out(facts).filter((pl.col("balance") > 0) & (pl.col("currency") == facts.currency)).join(
        facts.employee.select("number", "status"), left_on="person", right_on="number", how="left", suffix="_of"
    )
    status = pl.when(pl.col("person").is_null()).then(pl.lit("unlinked")).otherwise(
        pl.col("status").fill_null("unknown"))
    counts = pl.col("employee").n_unique(), pl.len(), pl.col("balance").sum()
    grouped = owed.group_by(status.alias("status")).agg(*counts)
    found = {row[0]: row[1:] for row in grouped.iter_rows()}
    order = ("active", "leaving", "left", "unlinked", "unknown")
    shown = [name for name in order if name in found or name in order[:3]]
    return tuple(StatusBar(name, *(int(n) for n in found.get(name, (0, 0, 0)))) for name in shown)


def waterfall(linked: Linked, documents: list[dict[str, Any]]) -> tuple[Step, ...]:
    """HR total → known to finance → with loans → with findings → not linked."""
    facts = linked.facts
    borrowers = set(paid_out(facts)["person"].drop_nulls())
    people = set(linked.numbers.values()) & set(facts.employee["number"].to_list())
    stray = facts.loan.filter(pl.col("person").is_null())["employee"].n_unique()
    hit = {d["employee"] for d in documents if d["verdict"] == "hit" and "finance" in d["audience"]} & borrowers
    return (
        Step("hr_total", facts.employee.height), Step("linked", len(people)),
        Step("not_linked", facts.employee.height - len(people)), Step("borrowers", len(borrowers)),
        Step("differing", len(hit)), Step("stray_borrowers", stray),
    )


def stories(linked: Linked, documents: list[dict[str, Any]], plan: Plan, only: str = "") -> tuple[Story, ...]:
    """The lives of the people with the gravest findings (or of `only`)."""
    facts = linked.facts
    of_person: dict[str, list[dict[str, Any]]] = {}
    for document in documents:
        if document["employee"]:
            of_person.setdefault(document["employee"], []).append(document)
    gravest = {p: min(_GRAVITY[d["severity"]] for d in mine) for p, mine in of_person.items()}
    ranked = sorted(of_person, key=lambda p: (gravest[p], -len(of_person[p]), p))
    chosen = [only] if only else ranked[:_MOST_STORIES]
    rows = {r["number"]: r for r in facts.employee.filter(pl.col("number").is_in(chosen)).iter_rows(named=True)}
    return tuple(_story(linked, rows[p], of_person.get(p, []), plan) for p in chosen if p in rows)


def _story(linked: Linked, row: dict[str, Any], documents: list[dict[str, Any]], plan: Plan) -> Story:
    facts, person = linked.facts, row["number"]
    loans = paid_out(facts).filter(pl.col("person") == person).sort("lent_on", "number")
    is_his = (pl.col("person") == person) & (pl.col("paid_on") <= facts.as_of)
    repaid = linked.repayments.filter(is_his).sort("paid_on", "number")
    exits = facts.exit.filter(pl.col("person") == person)
    moves = [(r["lent_on"], r["principal"]) for r in loans.iter_rows(named=True) if r["currency"] == facts.currency]
    moves += [(r["paid_on"], -r["amount"]) for r in repaid.iter_rows(named=True) if r["currency"] == facts.currency]
    open_now: dict[str, int] = {}
    for currency, balance in loans.filter(pl.col("balance") > 0).select("currency", "balance").iter_rows():
        open_now[currency] = open_now.get(currency, 0) + balance
    return Story(
        person, row["name"] or "", row["department"] or "", row["status"] or "unknown",
        _owed(facts, person, open_now),
        tuple(sorted(_events(row, loans, repaid, exits), key=lambda e: (e.on, e.code))), _running(moves),
        tuple(documents), tuple(a.document() for a in plan.actions if a.employee == person),
    )


def _owed(facts: Facts, person: str, open_now: dict[str, int]) -> dict[str, str] | None:
    is_known = OPEN in facts.complete and person not in facts.doubt["person"]
    return {c: decimal_text(b, c) for c, b in sorted(open_now.items())} if open_now or is_known else None


def _running(moves: list[tuple[date, int]]) -> tuple[tuple[date, int], ...]:
    steps: dict[date, int] = {}
    total = 0
    for on, change in sorted(moves):
        total += change
        steps[on] = total
    return tuple(sorted(steps.items()))


def _events(row: dict[str, Any], loans: pl.DataFrame, repaid: pl.DataFrame, exits: pl.DataFrame) -> list[Event]:
    days = (("hired_on", "hired"), ("last_day", "last_day"))
    events = [Event(row[name], code, {}) for name, code in days if row[name]]
    events += [
        Event(r["lent_on"], "lent", {
            "loan": r["number"], "amount": decimal_text(r["principal"], r["currency"]), "currency": r["currency"],
        }) for r in loans.iter_rows(named=True)
    ]
    events += [
        Event(r["paid_on"], "repaid", {
            "loan": r["loan"], "amount": decimal_text(r["amount"], r["currency"]), "currency": r["currency"],
            "method": r["method"],
        }) for r in repaid.iter_rows(named=True)
    ]
    events += [Event(r["requested_on"], "exit_requested", {"exit": r["number"]})
               for r in exits.iter_rows(named=True) if r["requested_on"]]
    return events
