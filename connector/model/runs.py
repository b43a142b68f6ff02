"""A night as a record: what the reports and the command line show. Codes, numbers and names; no sentences."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal

Mode = Literal["observe", "live"]
Outcome = Literal["confirmed", "rejected", "superseded", "blocked", "sent", "planned", "held"]


@dataclass(frozen=True)
class Trouble:
    """Something that makes a run less than whole: where, what (a code of the text catalog), with which facts."""

    place: str
    code: str
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class ActionOutcome:
    """What became of one action of the plan."""

    action: dict[str, Any]  # as in plan.json
    outcome: Outcome
    detail: str = ""


@dataclass(frozen=True)
class StatusBar:
    """Loans of all employees of one employment status; `balance` in minor units of the company's currency."""

    status: str  # active | leaving | left | unlinked
    employees: int
    open_loans: int
    balance: int


@dataclass(frozen=True)
class Step:
    """One step of the waterfall HR total → linked → differing."""

    code: str
    count: int


@dataclass(frozen=True)
class Event:
    """One event in an employee's life: hired, lent, repaid, exit_requested, last_day, finding, action."""

    on: date
    code: str
    facts: dict[str, Any]


@dataclass(frozen=True)
class Story:
    """One explained employee. `balance` per currency, decimal text; None while it is not known what he owes.
    `steps`: (date, balance in minor units)."""

    employee: str
    name: str
    department: str
    status: str
    balance: dict[str, str] | None
    events: tuple[Event, ...]
    steps: tuple[tuple[date, int], ...]
    findings: tuple[dict[str, Any], ...]
    actions: tuple[dict[str, Any], ...]


@dataclass(frozen=True)
class NightRecord:
    """One run, whole. `findings`, `plan`, `proof` are the JSON documents of the interface."""

    company: str
    title: str
    run: str
    as_of: date
    mode: Mode
    currency: str
    started_at: datetime
    ended_at: datetime
    findings: dict[str, Any]
    plan: dict[str, Any]
    proof: dict[str, Any]
    outcomes: tuple[ActionOutcome, ...]
    troubles: tuple[Trouble, ...]
    bars: tuple[StatusBar, ...]
    waterfall: tuple[Step, ...]
    stories: tuple[Story, ...]
    names: dict[str, str] = field(default_factory=dict)  # employee number → name
    rejects: tuple[dict[str, Any], ...] = ()
