"""Assess: judge the linked company part by part, gather evidence for what was found, keep the episodes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from connector.model.findings import documents
from connector.rules.book import Rule
from connector.rules.columns import CLOCKED, RATED
from connector.rules.evidence import gather
from connector.rules.file import exit_balances
from connector.rules.judge import Judgement, judge
from connector.rules.knowledge import Facts
from connector.store.findings import keep_findings
from connector.sync.connections import Desk
from connector.sync.linking import Linked

# People judged at once: bounds memory, and is the shard for many machines.
_PART = 60_000

# Findings that linking makes, with their severity and audience.
IDENTITY = {
    "identity.unlinked": ("warning", ["finance", "it"]),
    "identity.disputed": ("warning", ["finance", "hr", "it"]),
    "identity.vanished": ("critical", ["finance", "it"]),
    "identity.possible_rehire": ("info", ["finance", "hr"]),
    "books.person_difference": ("critical", ["finance"]),
}


@dataclass(frozen=True)
class Assessment:
    """What the night found."""

    findings: pl.DataFrame
    documents: list[dict[str, Any]]
    judgement: Judgement
    balances: pl.DataFrame
    blind: frozenset[str]
    off: tuple[str, ...]


def assess(desk: Desk, linked: Linked, keeps: bool = True) -> Assessment:
    """Findings with evidence. `keeps` False: nothing is written to the store (a look at one person)."""
    book = desk.company.book
    judged = [(judge(part, book, linked.absent), part) for part in parts(linked.facts)]
    findings = pl.concat([linked.findings, *(j.findings for j, _ in judged)])
    evidence = pl.concat([
        gather(linked.findings, linked.facts, book), *(gather(j.findings, part, book) for j, part in judged),
    ])
    blind = frozenset().union(*(j.blind for j, _ in judged))
    waiting = {rule.code for rule in book.rules if _waits(rule, linked.facts)}
    off = tuple(sorted(
        rule.code for rule in book.rules
        if rule.mode == "off" or rule.streams & linked.absent or rule.code in waiting
    ))
    blind -= waiting
    opened: dict[str, str] = {}
    if keeps:
        cannot_close = blind | set(off) | _blind_identity(linked)
        opened = keep_findings(desk.store, findings, cannot_close, linked.facts.as_of)
    graded = {rule.code: (rule.severity, list(rule.audience)) for rule in book.rules} | IDENTITY
    together = Judgement(
        findings, pl.concat([j.employees for j, _ in judged]), pl.concat([j.loans for j, _ in judged]),
        pl.concat([j.exits for j, _ in judged]), blind,
    )
    balances = pl.concat([exit_balances(part) for _, part in judged])
    return Assessment(
        findings, documents(findings, evidence, opened, graded), together, balances, blind, off,
    )


def _waits(rule: Rule, facts: Facts) -> bool:
    """Nothing is missing but the newest month, which nobody has yet: no trouble, the rule rests until it is there."""
    missing = rule.streams - facts.complete
    return bool(missing) and missing <= {RATED, CLOCKED}


def _blind_identity(linked: Linked) -> set[str]:
    needs = {"employee", "person", "open_item", "exit"}
    return set(IDENTITY) if needs & linked.incomplete else set()


def parts(facts: Facts) -> Iterator[Facts]:
    """The company cut by person, so that each part can be judged by itself."""
    count = -(-facts.employee.height // _PART) or 1
    if count == 1:
        yield facts
        return
    for part in range(count):
        loans = facts.loan.filter(_belongs("person", part, count))
        yield replace(
            facts, employee=facts.employee.filter(_belongs("number", part, count)), loan=loans,
            exit=facts.exit.filter(_belongs("person", part, count)),
            approval=facts.approval.join(loans.select("approval"), left_on="number", right_on="approval", how="semi"),
            doubt=facts.doubt.filter(_belongs("person", part, count)),
            appraisal=facts.appraisal.filter(_belongs("person", part, count)),
            attendance=facts.attendance.filter(_belongs("person", part, count)),
            signal=facts.signal.filter(_belongs("person", part, count)),
        )


def _belongs(column: str, part: int, count: int) -> pl.Expr:
    return pl.col(column).fill_null("").hash(seed=0) % count == part
