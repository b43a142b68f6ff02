"""Linking: every foreign row gets its person in HR, or stands aside as unlinked or disputed, counted and named.

Tonight's links are kept for ever; whoever is not seen, or cannot be read, keeps the link he had.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

from connector.mappings.finance import compose_loans
from connector.mappings.link import settle_employees
from connector.mappings.succession import follow, with_heirs
from connector.model.findings import FINDING_SCHEMA, no_findings
from connector.model.tables import empty
from connector.rules.columns import APPRAISAL, APPROVER, ATTENDANCE, CLOCKED, CROWD, RATED, SIGNAL
from connector.rules.knowledge import Facts
from connector.rules.months import newest_closed
from connector.rules.reporting import count_crowd
from connector.store.exits import cases
from connector.sync.connections import Desk
from connector.sync.history import opening_loans
from connector.sync.leaving import exits_of, live_cases, numbered_once
from connector.sync.owing import difference_doubt, difference_findings, owed_in_all, person_differences
from connector.sync.owners import everybody_in_finance, owners_of
from connector.sync.pull import Streams
from connector.sync.staging import books
from connector.sync.succession import possible_rehires
from connector.sync.vanishing import dated_later, doubt_rows, facts_json, rejected_keys, streams_of_debt, vanished_rows


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
    in_question: frozenset[str]  # people who may be the owners of a disputed or unlinked loan, settled or not


@dataclass(frozen=True)
class Before:
    """What the last whole night knew, for a look at few rows: why releases rested, and who was in doubt."""

    suspended: str
    doubt: pl.DataFrame


def rows_of(streams: Streams, name: str) -> pl.DataFrame:
    return streams[name].rows if name in streams else empty(name)


def link_company(desk: Desk, streams: Streams, as_of: date, run: str, before: Before | None = None) -> Linked:
    """Canonical streams → linked facts. `before` given: a look at few rows, which says nothing about who has
    vanished and keeps nothing."""
    complete = frozenset(name for name, stream in streams.items() if stream.complete)
    employees, doubled = settle_employees(rows_of(streams, "employee"))
    loans = numbered_once(compose_loans(
        rows_of(streams, "open_item"), rows_of(streams, "payout"), rows_of(streams, "request"),
        desk.company.payout_prefix,
    ))
    past = opening_loans(desk, loans, None if before is None else employees)
    loans = pl.concat([loans.join(past.open.select("number"), on="number", how="anti"), past.open])
    people = everybody_in_finance(rows_of(streams, "person"), loans)
    owners = owners_of(desk, streams, employees, doubled, people, "employee" in complete, keeps=before is None)
    by_number, heirs = owners.by_number, owners.heirs
    loans = loans.join(owners.linked, left_on="employee", right_on="number", how="left", validate="m:1")
    settled = past.settled.join(owners.linked, left_on="employee", right_on="number", how="inner", validate="m:1")
    sure = owners.here.join(doubled.select("number").unique(), on="number", how="anti")
    live = [] if before is not None else live_cases(cases(desk.store))
    exits = exits_of(desk, rows_of(streams, "exit"), employees, sure, complete, live)
    exits = follow(exits, heirs).select(exits.columns)
    numbers = dict(by_number.iter_rows())
    vanished = no_findings() if before is not None else vanished_rows(desk, streams, numbers, run)
    given_up = heirs.select(subject="number", over=pl.lit("employee"))
    vanished = vanished.join(given_up, on=["subject", "over"], how="anti")
    differences = person_differences(streams.get("open_item"))
    doubt = pl.concat([
        difference_doubt(differences, by_number),
        doubt_rows(loans, owners.candidates, rows_of(streams, "approval"), streams, vanished, by_number, employees),
        dated_later(loans, as_of), *([before.doubt] if before is not None else []),
    ])
    doubt = with_heirs(doubt, heirs).unique().sort("person", "reason")
    difference, cause = ({}, before.suspended) if before is not None else _books(streams, complete)
    approvals = rows_of(streams, "approval")
    facts = Facts(
        employees, pl.concat([loans, settled]), approvals, exits, doubt,
        _known(streams, complete, as_of, before is None), as_of, desk.company.currency, desk.company.zone, cause,
        desk.company.approval_chain, crowd=count_crowd(employees, approvals), heirs=heirs, **_conduct(streams, sure),
    )
    state = _states(loans, owners.states)
    is_blind = not {"employee", "person"} <= complete
    findings = pl.concat([
        no_findings() if is_blind else _identity_findings(state, owners.candidates, exits, doubled), vanished,
        no_findings() if is_blind else possible_rehires(desk, employees, loans, heirs),
        difference_findings(differences, numbers, desk.company.currency),
    ])
    return Linked(
        facts, findings, numbers, _counts(state), difference,
        _repaid(rows_of(streams, "repayment"), past.repayments, by_number),
        _absent(desk, streams), frozenset(streams) - complete, _in_question(loans, owners.candidates),
    )


# Field of the facts → stream of it; its rows name a person by his number in HR.
_CONDUCT = {"appraisal": APPRAISAL, "attendance": ATTENDANCE, "signal": SIGNAL}


# Stream of months → what its rules wait for each month.
MONTHS_WAIT = {APPRAISAL: RATED, ATTENDANCE: CLOCKED}


def _conduct(streams: Streams, sure: pl.DataFrame) -> dict[str, Any]:
    """Months and signals with their `person`, and whose row could not be read."""
    known = sure.select(employee="number", person="number").unique()
    linked = {
        name: rows_of(streams, stream).join(known, on="employee", how="left", validate="m:1")
        for name, stream in _CONDUCT.items()
    }
    unread = [(stream, key) for stream in _CONDUCT.values() for key in sorted(rejected_keys(streams, stream))]
    return linked | {"unread": pl.DataFrame(unread, {"stream": pl.String, "person": pl.String}, orient="row")}


def _in_question(loans: pl.DataFrame, candidates: pl.DataFrame) -> frozenset[str]:
    stray = loans.filter(pl.col("person").is_null() & pl.col("lent_on").is_not_null()).select(number="employee")
    return frozenset(candidates.join(stray, on="number", how="semi")["person"].to_list())


# Streams that a rule may rest on.
_WANTED = frozenset({
    "employee", "person", "open_item", "payout", "request", "approval", "exit", "appraisal_month", "attendance_month",
    "signal",
})
# What finance calls a trip stands on two of its documents; a company may keep it on neither. A due date stands on the
# open item, or on the payment where loans are worked out from it.
_TRIP, _TRIP_STREAMS, _DUE = "trip", ("open_item", "request"), "due"


def _known(streams: Streams, complete: frozenset[str], as_of: date, is_night: bool) -> frozenset[str]:
    """The whole streams, and what is known because of them. A row about nobody leaves months unknown for everybody."""
    nameless = {name for name in _CONDUCT.values() if name in streams and "" in {
        reject["key"] for reject in streams[name].rejects
    }}
    found = set(complete - nameless)
    found |= {_TRIP} if complete.issuperset(_TRIP_STREAMS) else set()
    found |= {_DUE} if "open_item" in complete else set()
    found |= {APPROVER} if "approval" in complete else set()
    found |= {CROWD} if is_night else set()
    for stream, waits in MONTHS_WAIT.items():
        rows = rows_of(streams, stream)
        is_there = rows.filter(pl.col("is_closed") & (pl.col("month") == newest_closed(as_of))).height
        found |= {waits} if stream in found and (is_there or not rows.height) else set()
    return frozenset(found)


def _absent(desk: Desk, streams: Streams) -> frozenset[str]:
    """Streams that no connection delivers; trips, due dates and approvers where nothing carries them."""
    delivered = {s for c in desk.company.connections for s in c.adapter.manifest.streams} | set(streams)
    absent = set(_WANTED - delivered)
    lacking = [name for name in _TRIP_STREAMS if name in streams and "trip_start" in streams[name].lacks]
    if len(lacking) == len(_TRIP_STREAMS):
        absent |= {_TRIP}
    if "open_item" in streams and "due_on" in streams["open_item"].lacks:
        absent |= {_DUE}
    if not _tells_approvers(desk):
        absent |= {APPROVER}
    return frozenset(absent)


def _tells_approvers(desk: Desk) -> bool:
    """Whether the OA's approvals name who decides as an employee."""
    mappings = [c.mappings["approval"] for c in desk.company.connections if "approval" in c.mappings]
    return any(field.target == "approver_employee" for mapping in mappings for field in mapping.fields)


def _books(streams: Streams, complete: frozenset[str]) -> tuple[dict[str, dict[str, str]], str]:
    """The comparison with the control total, and why releases rest for the whole company ("" = they do not)."""
    if "open_item" not in streams:
        return {}, "ledger_absent"
    items, is_read = streams["open_item"], {"control", "open_item"} <= complete
    compared = books(owed_in_all(items), streams["control"].rows) if is_read else {}
    read = [streams[name] for name in (*streams_of_debt(streams), "exit") if name in streams]
    if any(not reject["key"] for stream in read for reject in stream.rejects):
        return compared, "unreadable_row"
    if not is_read:
        return {}, "control_missing" if "open_item" in complete else ""
    if items.rows.height and not streams["control"].rows.height:  # an account that was ever booked on is in the report
        return compared, "control_missing"
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
         facts_json(number=row["employee"], candidates=row["candidates"] or [], system=row["system"]))
        for row in stray.iter_rows(named=True)
    ]
    rows += [
        ("identity.unlinked", "exit", row["number"], None, "hit",
         facts_json(number=row["employee"], candidates=[], system=row["system"]))
        for row in exits.filter(pl.col("person").is_null() & (pl.col("state") == "running")).iter_rows(named=True)
    ]
    rows += [
        ("identity.disputed", "employee", number, number, "hit",
         facts_json(number=number, candidates=[], system=system))
        for number, system in doubled.select("number", "system").unique().iter_rows()
    ]
    return pl.DataFrame(rows, schema=FINDING_SCHEMA, orient="row")


def _repaid(tonight: pl.DataFrame, past: pl.DataFrame, by_number: pl.DataFrame) -> pl.DataFrame:
    rows = pl.concat([tonight, past.join(tonight.select("number"), on="number", how="anti")])
    return rows.join(by_number, left_on="employee", right_on="number", how="left", validate="m:1")
