"""Which facts of the night go where: rows for finance's enrichment and for the briefs of running loan applications."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import polars as pl

from connector.model.values import decimal_text
from connector.reconcile.enrich import ENRICHMENT
from connector.rules.columns import APPRAISAL, APPROVAL, HR, OPEN, PAYOUT, REQUEST
from connector.rules.file import paid_out
from connector.rules.judge import with_policies
from connector.sync.assess import Assessment
from connector.sync.connections import Desk
from connector.sync.linking import Linked

# Streams that a brief rests on; results of months only where somebody delivers them.
_BRIEF_STREAMS = frozenset({HR, "person", OPEN, REQUEST, PAYOUT, APPROVAL})


def people_of(linked: Linked, assessment: Assessment) -> pl.DataFrame:
    """Everybody whom finance knows and HR shows tonight: `number, employee` and what an enrichment can hold."""
    numbers = pl.DataFrame(
        {"number": list(linked.numbers), "employee": list(linked.numbers.values())},
        schema={"number": pl.String, "employee": pl.String},
    )
    return numbers.join(assessment.judgement.employees.select("employee", *ENRICHMENT), on="employee", how="inner")


def are_briefs_whole(linked: Linked) -> bool:
    """Whether everything that briefs rest on was read."""
    needed = _BRIEF_STREAMS | ({APPRAISAL} - linked.absent)
    return needed <= linked.facts.complete


def running_applications(linked: Linked, assessment: Assessment) -> pl.DataFrame:
    """Applications whose approval runs: the loan file's columns, with `ref` of the approval."""
    running = linked.facts.approval.filter(pl.col("state") == "running").select(
        approval="number", ref="ref"
    ).unique("approval", keep="first", maintain_order=True)
    asked = assessment.judgement.loans.filter(pl.col("is_application").fill_null(False) & pl.col("is_linked"))
    return asked.join(running, on="approval", how="inner", validate="m:1").sort("ref", "loan").unique(
        "ref", keep="first", maintain_order=True
    )


def brief_rows(desk: Desk, linked: Linked, assessment: Assessment) -> Iterator[dict[str, Any]]:
    """One row per running application: what its approvers should know. `limit` "": not for a trip, so it has none."""
    book, employees = desk.company.book, assessment.judgement.employees
    asked = with_policies(running_applications(linked, assessment), book.policies, employees)
    known = employees.select("employee", "position", "hired_on", "months_below", "open_loans")
    rows = asked.select(
        "ref", "loan", "employee", "principal", "currency", "has_trip", "asked_band",
        limit=pl.when(pl.col("has_trip") & pl.col("home_principal").is_not_null())
        .then(pl.col("trip_days") * pl.col("trip_rate")),
    ).join(known, on="employee", how="left", validate="m:1")
    owed, counted = _owed(linked, rows["employee"]), _loans(linked)
    told, doubted = _codes(desk, assessment), set(linked.facts.doubt["person"].to_list())
    for row in rows.iter_rows(named=True):
        person, currency = row["employee"], row["currency"]
        limit = None if row["limit"] is None else decimal_text(row["limit"], desk.company.currency)
        yield {
            "ref": row["ref"], "loan": row["loan"], "employee": person, "position": row["position"],
            "hired_on": row["hired_on"].isoformat() if row["hired_on"] else None, "months_below": row["months_below"],
            "loans": counted.get(person, 0), "open_loans": row["open_loans"],
            "balances": None if row["open_loans"] is None else owed.get(person, {}),
            "asked": decimal_text(row["principal"], currency), "currency": currency,
            "limit": limit if row["has_trip"] is not False else "", "share": row["asked_band"],
            "is_in_doubt": person in doubted,
            "codes": sorted(told.get(person, set()) | told.get(row["loan"], set())),
        }


def _owed(linked: Linked, people: pl.Series) -> dict[str, dict[str, str]]:
    mine = paid_out(linked.facts).filter(pl.col("person").is_in(people.implode()) & (pl.col("balance") > 0))
    summed = mine.group_by("person", "currency").agg(pl.col("balance").sum()).sort("person", "currency")
    found: dict[str, dict[str, str]] = {}
    for person, currency, balance in summed.iter_rows():
        found.setdefault(person, {})[currency] = decimal_text(balance, currency)
    return found


def _loans(linked: Linked) -> dict[str, int]:
    """How many loans were ever paid out to each person."""
    return dict(paid_out(linked.facts).drop_nulls("person").group_by("person").len().iter_rows())


def _codes(desk: Desk, assessment: Assessment) -> dict[str, set[str]]:
    """Employee or loan → rules that found something, of those that finance is told."""
    told = {rule.code for rule in desk.company.book.rules if "finance" in rule.audience and rule.mode == "on"}
    found: dict[str, set[str]] = {}
    for document in assessment.documents:
        if document["verdict"] == "hit" and document["rule"] in told and document["over"] in ("employee", "loan"):
            found.setdefault(document["subject"], set()).add(document["rule"])
    return found
