"""The exit's life and the conditions of a release, each as one table. Pure.

A case is live until it is released, withdrawn or slipped through; `releasing` waits for nothing but the write itself.
"Unproven" is a property of a look, not a state: it withholds the release and changes nothing else.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime

from connector.model.plan import canonical

LIVE = ("open", "held", "settled", "releasing")
STATES = (*LIVE, "released", "withdrawn", "slipped_through", "recovery")


@dataclass(frozen=True)
class Confirmation:
    """Finance states that the loans are settled; void when the ledger's fingerprint changes."""

    by: str
    at: datetime
    fingerprint: str


@dataclass(frozen=True)
class Case:
    """One live case per employment. `ever_owed`: owed, or had a rejected or disputed loan, while it was open."""

    system: str
    ref: str
    number: str
    employee: str
    state: str = "open"
    opened_on: date | None = None
    ever_owed: bool = False
    confirmation: Confirmation | None = None


@dataclass(frozen=True)
class Sight:
    """What one look sees of an exit. `owes`: True, False, or None while it is unproven (then `reason` says why)."""

    state: str  # running | completed | refused | withdrawn, over there
    gate: str
    gate_by_us: bool
    strength: str
    owes: bool | None
    reason: str
    fingerprint: str
    was_in_doubt: bool = False
    is_back: bool = False  # hired again after this exit, and at work


Test = Callable[[Case, Sight, bool], bool]


def _is_confirmed(case: Case, sight: Sight) -> bool:
    return case.confirmation is not None and case.confirmation.fingerprint == sight.fingerprint


def _needs_confirmation(case: Case, always: bool) -> bool:
    return always or case.ever_owed


def _is_past(sight: Sight) -> bool:
    """The clearance lies behind: it was passed, or the whole approval is completed."""
    return sight.gate == "passed" or sight.state == "completed"


def _may_go(case: Case, sight: Sight, always: bool) -> bool:
    """Nothing withholds the release but the write."""
    return not blockers(case, sight, always)


def _may_be_held(case: Case, sight: Sight, always: bool) -> bool:
    """The form came back: it runs, and the clearance task is still to be done."""
    return sight.state == "running" and sight.gate in ("open", "not_reached")


# from-states, condition (case, sight, whether everybody is confirmed), to-state: the first row that fits is taken; no
# row fits: the state stays.
_ENDED = ("released", "recovery", "slipped_through", "withdrawn")
_LIFE: tuple[tuple[tuple[str, ...], Test, str], ...] = (
    (LIVE, lambda c, s, a: s.state in ("refused", "withdrawn"), "withdrawn"),
    (LIVE, lambda c, s, a: _is_past(s) and s.gate_by_us, "released"),
    # The exit of an earlier employment: who is back owes as everybody at work does.
    ((*LIVE, "slipped_through", "recovery"), lambda c, s, a: _is_past(s) and s.is_back, "released"),
    (LIVE, lambda c, s, a: _is_past(s) and s.owes is True, "slipped_through"),
    (LIVE, lambda c, s, a: _is_past(s) and s.owes is False, "released"),
    (_ENDED, lambda c, s, a: _may_be_held(c, s, a) and s.owes is True, "held"),
    (_ENDED, _may_be_held, "open"),
    (LIVE, lambda c, s, a: s.owes is True, "held"),
    (("open", "settled", "releasing"), _may_go, "releasing"),
    (("held", "settled"), lambda c, s, a: s.owes is False, "settled"),
    # A doubt was cleared up, or everybody is confirmed: finance says so.
    (("open", "releasing"), lambda c, s, a: s.owes is False and _needs_confirmation(c, a), "settled"),
    (("releasing",), lambda c, s, a: s.owes is False, "open"),
    (("slipped_through",), lambda c, s, a: s.owes is False, "released"),
    (("released",), lambda c, s, a: s.owes is True and not s.is_back, "recovery"),
    (("recovery",), lambda c, s, a: s.owes is False, "released"),
    (("withdrawn",), lambda c, s, a: s.state == "running" and s.owes is True, "held"),
    (("withdrawn",), lambda c, s, a: s.state == "running", "open"),
)

# What must be true for a release, each with the code that is shown when it is not.
_RELEASE: tuple[tuple[str, Callable[[Case, Sight, bool], bool]], ...] = (
    ("not_running", lambda c, s, always: s.state == "running"),
    ("alarm_only", lambda c, s, always: s.strength == "hard"),
    ("gate_not_open", lambda c, s, always: s.gate == "open"),
    ("unproven", lambda c, s, always: s.owes is not None),
    ("owes", lambda c, s, always: s.owes is not True),
    ("not_confirmed", lambda c, s, always: _is_confirmed(c, s) or not _needs_confirmation(c, always)),
)


def follow(case: Case, sight: Sight, confirm_always: bool = False) -> Case:
    """The case after a look. A confirmation is void once the ledger is seen to have changed, never on ignorance."""
    kept = case.confirmation if sight.owes is None or (sight.owes is False and _is_confirmed(case, sight)) else None
    owed = sight.owes is True or sight.was_in_doubt
    now = replace(case, confirmation=kept, ever_owed=case.ever_owed or (case.state in LIVE and owed))
    state = next(
        (to for states, fits, to in _LIFE if now.state in states and fits(now, sight, confirm_always)), now.state
    )
    return replace(now, state=state, ever_owed=now.ever_owed or (state in LIVE and owed))


def blockers(case: Case, sight: Sight, confirm_always: bool = False) -> tuple[str, ...]:
    """Codes of what withholds the release; empty = it may go (the ledger is read once more before the write)."""
    return tuple(code for code, holds in _RELEASE if not holds(case, sight, confirm_always))


def fingerprint(loans: Iterable[tuple[str, str, int]]) -> str:
    """Hash of a person's ledger: sorted (loan ref, currency, balance in minor units), settled loans included."""
    return hashlib.sha256(canonical(sorted(list(loan) for loan in loans))).hexdigest()[:16]
