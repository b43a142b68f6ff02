"""Clearances: every exit as a case that lives from look to look, and finance's confirmation of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

import polars as pl

from connector.errors import StateError
from connector.model.values import decimal_text
from connector.reconcile.clearance import LIVE, Case, Sight, blockers, fingerprint, follow
from connector.reconcile.desire import ExitDebt
from connector.rules.knowledge import HISTORY, Facts
from connector.store.audit import write_line
from connector.store.exits import cases, confirm, keep_cases
from connector.sync.assess import Assessment
from connector.sync.connections import Desk
from connector.sync.leaving import HR_PREFIX
from connector.sync.linking import Linked


@dataclass(frozen=True)
class Looked:
    """One exit after tonight's look."""

    case: Case
    sight: Sight
    debt: ExitDebt
    withheld: tuple[str, ...]
    number: str  # subject of its findings tonight


def look_at_exits(desk: Desk, linked: Linked, assessment: Assessment) -> list[Looked]:
    """Every exit of tonight as a case, followed one step. Nothing is stored."""
    facts = linked.facts
    known = cases(desk.store)
    owed_in_hr = {case.employee for case, _ in known.values() if _is_of_hr(case) and case.ever_owed}
    prints, debts = _fingerprints(facts), _debts(assessment.balances)
    doubted = linked.in_question | set(facts.doubt["person"].to_list())
    file = {row["exit"]: row for row in assessment.judgement.exits.iter_rows(named=True)}
    looked = []
    for row in facts.exit.iter_rows(named=True):
        judged, person = file[row["number"]], row["person"] or row["employee"]
        before, seen = known.get((row["system"], row["ref"]), (None, ""))
        if judged["owes"] is not None:  # a part of a ledger says nothing about the whole
            seen = prints.get(person, fingerprint(()))
        sight = Sight(
            row["state"], row["gate"] or "", bool(row["gate_by_us"]), row["strength"] or "none", judged["owes"],
            judged["reason"] or "", seen, row["person"] in doubted,
            bool(judged["is_back"]),
        )
        if before is not None and row["person"]:  # he may have another number by now
            before = replace(before, employee=row["person"])
        case = before or Case(
            row["system"], row["ref"], row["number"], judged["employee"],
            opened_on=row["requested_on"] or facts.as_of, ever_owed=judged["employee"] in owed_in_hr,
        )
        after = follow(case, sight, desk.company.confirm_always)
        withheld = blockers(after, sight, desk.company.confirm_always)
        looked.append(Looked(after, sight, debts.get(row["number"], ExitDebt({}, 0)), withheld, row["number"]))
    return sorted(looked, key=lambda one: (one.case.system, one.case.ref))


def _is_of_hr(case: Case) -> bool:
    return case.ref.startswith(HR_PREFIX) and case.state in LIVE


def _fingerprints(facts: Facts) -> dict[str, str]:
    """Person of an exit (or the number on its form) → fingerprint of the whole ledger, settled loans included."""
    leavers = facts.exit.select(owner=pl.coalesce("person", "employee")).unique()
    of_finance = pl.col("balance").is_not_null() & (pl.col("system") != HISTORY)  # what the last look will read again
    paid = facts.loan.filter(of_finance).with_columns(owner=pl.coalesce("person", "employee"))
    mine = paid.join(leavers, on="owner", how="semi").select("owner", "ref", "currency", "balance")
    loans: dict[str, list[tuple[str, str, int]]] = {}
    for owner, ref, currency, balance in mine.iter_rows():
        loans.setdefault(owner, []).append((ref, currency, balance))
    return {person: fingerprint(rows) for person, rows in loans.items()}


def _debts(balances: pl.DataFrame) -> dict[str, ExitDebt]:
    found: dict[str, dict[str, tuple[str, int]]] = {}
    for number, currency, balance, loans in balances.iter_rows():
        found.setdefault(number, {})[currency] = (decimal_text(balance, currency), loans)
    return {
        number: ExitDebt({c: text for c, (text, _) in rows.items()}, sum(n for _, n in rows.values()))
        for number, rows in found.items()
    }


def keep_looks(desk: Desk, looked: list[Looked], complete: frozenset[str]) -> None:
    """Store tonight's cases; a case that only HR had and that is not there any more has gone over into the OA's."""
    rows = [(one.case, one.sight.fingerprint) for one in looked]
    here = {(one.case.system, one.case.ref) for one in looked}
    if {"employee", "exit"} <= complete:
        rows += [
            (replace(case, state="withdrawn"), seen) for key, (case, seen) in cases(desk.store).items()
            if key not in here and _is_of_hr(case)
        ]
    keep_cases(desk.store, rows)


def confirm_exit(desk: Desk, number: str, by: str) -> tuple[Case, date]:
    """Finance confirms that an exit's loans are settled: bound to the ledger as last seen, void when it changes."""
    found = [(case, seen) for case, seen in cases(desk.store).values() if number in (case.number, case.employee)]
    live = sorted((one for one in found if one[0].state in LIVE), key=lambda one: (_is_of_hr(one[0]), one[0].ref))
    if not live:
        known = ", ".join(sorted(case.number for case, _ in cases(desk.store).values())[:20]) or "none"
        raise StateError(f"no live exit `{number}`; known: {known}", mend="name an exit or an employee number")
    case, seen = live[0]
    if case.employee == by:
        mend = "let another person confirm"
        raise StateError("nobody confirms his own exit", place=f"exit {case.number}", mend=mend)
    if not seen:
        raise StateError(
            "no night has proven yet what he owes", place=f"exit {case.number}", mend="run again, then confirm",
        )
    if case.state == "held":
        raise StateError(
            "the ledger still shows a balance; a confirmation does not replace it", place=f"exit {case.number}",
            mend="book the repayment or the write-off in finance, run again, then confirm",
        )
    now = desk.clock.now()
    confirm(desk.store, case, by, seen, now)
    write_line(desk.store, by, "confirm", {"exit": case.number, "employee": case.employee, "ledger": seen}, now)
    return case, now.astimezone(desk.company.zone).date()
