"""Linking: every foreign row gets its person in HR, or stands aside as unlinked or disputed, counted and named.

Tonight's links are kept for ever; what was seen on an earlier night and is gone is *vanished*: never settled, never
left, and a possible debt of the person it belonged to.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import orjson
import polars as pl

from connector.mappings.finance import compose_loans
from connector.mappings.link import link_people, settle_employees
from connector.model.findings import FINDING_SCHEMA, no_findings
from connector.model.tables import empty
from connector.model.values import decimal_text
from connector.rules.knowledge import Facts
from connector.store.findings import open_findings
from connector.store.links import keep_links, stored_links
from connector.store.snapshots import last_complete
from connector.sync.connections import Desk
from connector.sync.pull import Streams, books

_DOUBT = {"person": pl.String, "reason": pl.String}


@dataclass(frozen=True)
class Linked:
    """The night's facts, how the rows were linked, and the findings that linking itself makes."""

    facts: Facts
    findings: pl.DataFrame
    numbers: dict[str, str]  # number in finance → person in HR
    counts: dict[str, int]
    books: dict[str, dict[str, str]]
    repayments: pl.DataFrame
    absent: frozenset[str]
    incomplete: frozenset[str]


def rows_of(streams: Streams, name: str) -> pl.DataFrame:
    return streams[name].rows if name in streams else empty(name)


def link_company(
    desk: Desk, streams: Streams, as_of: date, run: str, suspended: str | None = None
) -> Linked:
    """Canonical streams → linked facts. `suspended` given: a look at few rows, judged with the last night's books;
    such a look says nothing about who has vanished."""
    complete = frozenset(name for name, stream in streams.items() if stream.complete)
    employees, doubled = settle_employees(rows_of(streams, "employee"))
    loans = compose_loans(
        rows_of(streams, "open_item"), rows_of(streams, "payout"), rows_of(streams, "request"),
        desk.company.payout_prefix,
    )
    finance = desk.company.by_role("finance")
    stored = stored_links(desk.store, finance.name if finance else "")
    people = _people(rows_of(streams, "person"), loans)
    if "employee" not in complete:  # whoever is not seen tonight keeps his link
        unseen = stored.join(employees, left_on="person", right_on="number", how="anti")
        links = link_people(people, _with_unseen(employees, unseen), doubled, stored)
    else:
        links = link_people(people, employees, doubled, stored)
    linked = links.people.filter(pl.col("state") == "linked")
    if finance is not None and suspended is None:
        keep_links(desk.store, finance.name, linked, "connector", desk.clock.now())
    by_number = linked.select("number", "person")
    loans = loans.join(by_number, left_on="employee", right_on="number", how="left", validate="m:1")
    exits = _linked_exits(rows_of(streams, "exit"), employees, doubled, stored, complete)
    exits = _with_hr_exits(exits, employees, streams)
    is_look = suspended is not None
    vanished = no_findings() if is_look else _of_person(_vanished(desk, streams, complete, run), by_number)
    doubt = _doubt(loans, links.candidates, rows_of(streams, "approval"), streams, vanished, by_number, employees)
    difference, cause = ({}, suspended) if suspended is not None else _books(streams, complete)
    facts = Facts(
        employees, loans, rows_of(streams, "approval"), exits, doubt, complete, as_of, desk.company.currency,
        desk.company.zone, cause, desk.company.approval_chain,
    )
    state = _states(loans, links.people)
    is_blind = not {"employee", "person"} <= complete
    findings = pl.concat([
        no_findings() if is_blind else _identity_findings(state, links.candidates, exits, doubled), vanished,
    ])
    return Linked(
        facts, findings, dict(by_number.iter_rows()), _counts(state), difference,
        _repaid(streams, by_number), _absent(desk), frozenset(streams) - complete,
    )


def _people(people: pl.DataFrame, loans: pl.DataFrame) -> pl.DataFrame:
    """Everybody finance knows: its employee records, and borrowers that have none."""
    bare = loans.select(number="employee").unique().join(people.select("number"), on="number", how="anti")
    return pl.concat([people.select("number", "name"), bare.with_columns(name=pl.lit(None, pl.String))])


def _with_unseen(employees: pl.DataFrame, unseen: pl.DataFrame) -> pl.DataFrame:
    bare = unseen.select(number="person").unique()
    return pl.concat([employees, bare], how="diagonal")


def _absent(desk: Desk) -> frozenset[str]:
    delivered = {s for c in desk.company.connections for s in c.adapter.manifest.streams}
    return frozenset({"employee", "person", "open_item", "payout", "request", "approval", "exit"} - delivered)


def _linked_exits(
    exits: pl.DataFrame, employees: pl.DataFrame, doubled: pl.DataFrame, stored: pl.DataFrame, complete: frozenset[str]
) -> pl.DataFrame:
    """An exit belongs to the employee whose number stands on its form, if exactly one in HR has it."""
    sure = employees.select("number").join(doubled.select("number").unique(), on="number", how="anti")
    if "employee" not in complete:
        sure = pl.concat([sure, stored.select(number="person")]).unique()
    known = sure.with_columns(person=pl.col("number"))
    return exits.join(known, left_on="employee", right_on="number", how="left", validate="m:1")


def _with_hr_exits(exits: pl.DataFrame, employees: pl.DataFrame, streams: Streams) -> pl.DataFrame:
    """HR says leaving and the OA has no live instance: an exit too, with nothing to hold it by."""
    live = exits.filter(pl.col("state").is_in(["running", "completed"])).select("person").drop_nulls()
    only_hr = employees.filter(pl.col("status") == "leaving").join(
        live, left_on="number", right_on="person", how="anti"
    ).select(
        "system", pl.concat_str(pl.lit("HR:"), "ref").alias("ref"), "seen_at",
        pl.concat_str(pl.lit("HR:"), "ref").alias("number"), pl.col("number").alias("employee"),
        pl.col("exit_requested_on").alias("requested_on"), "last_day", pl.lit(None, pl.String).alias("kind"),
        pl.lit("running").alias("state"), pl.lit("absent").alias("gate"), pl.lit(None, pl.Boolean).alias("gate_by_us"),
        pl.lit("alarm_only").alias("strength"), pl.col("number").alias("person"),
    )
    return pl.concat([exits, only_hr.select(exits.columns)])


def _vanished(desk: Desk, streams: Streams, complete: frozenset[str], run: str) -> pl.DataFrame:
    """Employees and loans that a complete stream no longer shows, now or since an earlier night."""
    standing = [row for row in open_findings(desk.store).values() if row["rule"] == "identity.vanished"]
    found = [no_findings()]
    for name, over in (("employee", "employee"), ("open_item", "loan")):
        if name not in complete:
            continue
        now = streams[name].rows.select("number").unique()
        earlier = last_complete(desk.store, streams[name].system, name, run)
        gone = [_vanished_row(row["subject"], over, row["employee"], orjson.loads(row["facts"]))
                for row in standing if row["over"] == over]
        if earlier is not None:
            before = pl.read_parquet(earlier.path).unique("number", keep="first").join(now, on="number", how="anti")
            gone += [_vanished_of(row, over) for row in before.iter_rows(named=True)]
        frame = pl.DataFrame(gone, schema=FINDING_SCHEMA, orient="row").unique("subject", keep="first")
        found.append(frame.join(now, left_on="subject", right_on="number", how="anti"))
    return pl.concat(found)


def _of_person(vanished: pl.DataFrame, by_number: pl.DataFrame) -> pl.DataFrame:
    """Vanished loans carry the number of finance; findings carry the one of HR."""
    known = vanished.join(by_number, left_on="employee", right_on="number", how="left", validate="m:1")
    return known.with_columns(employee=pl.coalesce("person", "employee")).drop("person")


def _vanished_of(row: dict[str, Any], over: str) -> tuple[str, ...]:
    if over == "employee":
        return _vanished_row(row["number"], over, row["number"], {"status": row["status"], "name": row["name"]})
    return _vanished_row(
        row["number"], over, row["employee"],
        {"balance": decimal_text(row["balance"], row["currency"]), "currency": row["currency"]},
    )


def _vanished_row(subject: str, over: str, employee: str, facts: dict[str, Any]) -> tuple[str, ...]:
    return ("identity.vanished", over, subject, employee, "hit", _facts(**facts))


def _doubt(
    loans: pl.DataFrame, candidates: pl.DataFrame, approvals: pl.DataFrame, streams: Streams, vanished: pl.DataFrame,
    by_number: pl.DataFrame, employees: pl.DataFrame,
) -> pl.DataFrame:
    """(person, reason) for everybody who may owe more than is seen."""
    stray = loans.filter(pl.col("person").is_null() & (pl.col("balance") > 0)).select("number", "employee", "approval")
    parts = [stray.join(candidates, left_on="employee", right_on="number", how="inner").select(
        "person", reason=pl.lit("disputed_loan"))]
    forms = approvals.select("number", "employee").drop_nulls().unique()
    named = stray.select("approval").drop_nulls().join(forms, left_on="approval", right_on="number", how="inner")
    parts.append(named.join(employees.select("number"), left_on="employee", right_on="number", how="semi").select(
        person="employee", reason=pl.lit("disputed_loan")))
    keys = [r["key"] for name in ("open_item", "payout") if name in streams for r in streams[name].rejects if r["key"]]
    rejected = pl.DataFrame({"number": keys}, schema={"number": pl.String}).join(by_number, on="number", how="left")
    parts.append(rejected.select(person=pl.coalesce("person", "number"), reason=pl.lit("rejected_loan")))
    owing = ~pl.col("facts").str.contains(r'"balance":"(-|0\.?0*")')
    lost = vanished.filter((pl.col("over") == "loan") & owing)
    parts.append(lost.select(person=pl.col("employee"), reason=pl.lit("vanished_loan")))
    return pl.concat([part.cast(pl.Schema(_DOUBT)) for part in parts]).drop_nulls().unique().sort("person", "reason")


def _books(streams: Streams, complete: frozenset[str]) -> tuple[dict[str, dict[str, str]], str]:
    """The comparison with the control total, and why releases rest for the whole company ("" = they do not)."""
    if "open_item" not in streams:
        return {}, "ledger_absent"
    unreadable = [r for name in ("open_item", "exit") if name in streams for r in streams[name].rejects if not r["key"]]
    if unreadable:
        return {}, "unreadable_row"
    if "control" not in complete or "open_item" not in complete:
        return {}, "" if "open_item" not in complete else "control_missing"
    compared = books(streams["open_item"].rows, streams["control"].rows)
    differs = any(row["difference"].strip("-0.") for row in compared.values())
    return compared, "books_differ" if differs else ""


def _states(loans: pl.DataFrame, people: pl.DataFrame) -> pl.DataFrame:
    """Every loan with the state of its link."""
    return loans.join(people.select("number", "state"), left_on="employee", right_on="number", how="left",
                      validate="m:1", suffix="_link").with_columns(link=pl.col("state"))


def _counts(loans: pl.DataFrame) -> dict[str, int]:
    found = dict(loans.group_by("link").len().iter_rows())
    return {state: int(found.get(state, 0)) for state in ("linked", "unlinked", "disputed", "ignored")}


def _identity_findings(
    loans: pl.DataFrame, candidates: pl.DataFrame, exits: pl.DataFrame, doubled: pl.DataFrame
) -> pl.DataFrame:
    named = candidates.group_by("number").agg(candidates=pl.col("person").sort())
    stray = loans.filter(pl.col("link") != "linked").join(
        named, left_on="employee", right_on="number", how="left", validate="m:1"
    )
    rows = [
        (f"identity.{row['link']}", "loan", row["number"], None, "hit",
         _facts(number=row["employee"], candidates=row["candidates"] or [], system=row["system"]))
        for row in stray.iter_rows(named=True)
    ]
    rows += [
        ("identity.unlinked", "exit", row["number"], None, "hit",
         _facts(number=row["employee"], candidates=[], system=row["system"]))
        for row in exits.filter(pl.col("person").is_null() & (pl.col("state") == "running")).iter_rows(named=True)
    ]
    rows += [
        ("identity.disputed", "employee", number, number, "hit", _facts(number=number, candidates=[], system=system))
        for number, system in doubled.select("number", "system").unique().iter_rows()
    ]
    return pl.DataFrame(rows, schema=FINDING_SCHEMA, orient="row")


def _facts(**facts: Any) -> str:
    return orjson.dumps(facts, option=orjson.OPT_SORT_KEYS).decode()


def _repaid(streams: Streams, by_number: pl.DataFrame) -> pl.DataFrame:
    rows = rows_of(streams, "repayment")
    return rows.join(by_number, left_on="employee", right_on="number", how="left", validate="m:1")
