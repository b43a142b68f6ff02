"""Desire: from findings and exit cases to the marks that each system should carry. Pure.

Nothing is taken away on ignorance: a code in a standing flag stays as long as its rule is blind, unknown for that
person, or the person himself is not seen; a hold stays as it stands while it is unproven what he owes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from connector.model.findings import key
from connector.model.plan import Content
from connector.reconcile.clearance import Case, Sight, blockers
from connector.reconcile.plan import Desired, Identity, Observed

_LEVELS = ("info", "warning", "critical")


@dataclass(frozen=True)
class Opinion:
    """One finding, as far as marks need it. `number`: the person as finance writes him, None when not linked."""

    rule: str
    over: str
    subject: str
    employee: str | None
    number: str | None
    verdict: str
    severity: str

    @property
    def key(self) -> str:
        return key(self.rule, self.over, self.subject)


@dataclass(frozen=True)
class FlagRules:
    """Which rules write a flag, which of them are blind or off tonight, and whose flags must not be touched."""

    flagging: frozenset[str]
    blind: frozenset[str]
    unseen: frozenset[str] = field(default_factory=frozenset)  # numbers that are not surely linked tonight
    doubted: frozenset[str] = field(default_factory=frozenset)  # numbers of whose loans not all are seen tonight
    of_loans: frozenset[str] = field(default_factory=frozenset)  # rules that are judged loan by loan
    unlinked: frozenset[str] = field(default_factory=frozenset)  # numbers that nobody in HR surely has tonight


def flags(
    opinions: Iterable[Opinion], rules: FlagRules, observed: Mapping[Identity, Observed], target: str,
    employees: Mapping[str, str],
) -> list[Desired]:
    """Risk flags on finance's employee records. `employees`: number in finance → employee number in HR."""
    return _flags_of("risk_flag", opinions, rules, observed, target, employees)


def warnings(
    opinions: Iterable[Opinion], rules: FlagRules, observed: Mapping[Identity, Observed], target: str
) -> list[Desired]:
    """Warnings on HR's employees, under their employee numbers."""
    in_hr = dict.fromkeys(replace(opinion, number=opinion.employee) for opinion in opinions)
    return _flags_of("warning", in_hr, rules, observed, target, {})


def _flags_of(
    kind: str, opinions: Iterable[Opinion], rules: FlagRules, observed: Mapping[Identity, Observed], target: str,
    employees: Mapping[str, str],
) -> list[Desired]:
    """One mark for each person: the codes of his hits and of what must not be taken away, and the highest level."""
    hits: dict[str, list[Opinion]] = {}
    unknown: dict[str, set[str]] = {}
    for opinion in opinions:
        if opinion.number is None or opinion.rule not in rules.flagging:
            continue
        if opinion.verdict == "hit":
            hits.setdefault(opinion.number, []).append(opinion)
        else:
            unknown.setdefault(opinion.number, set()).add(opinion.rule)
    standing = {o.ref: o for o in observed.values() if o.target == target and o.kind == kind and o.digest}
    found = []
    for number in sorted({*hits, *standing}):
        mine = sorted(hits.get(number, []), key=lambda o: o.key)
        kept = _kept_codes(standing.get(number), number, rules, unknown.get(number, set()))
        bare = Desired(target, kind, number, employees.get(number, number), None)
        found.append(_with_codes(bare, mine, kept, standing.get(number)))
    return found


def _kept_codes(
    standing: Observed | None, number: str, rules: FlagRules, unknown: set[str]
) -> set[str]:
    codes = (standing.content or {}).get("codes", []) if standing else []
    uncertain = rules.blind | unknown
    listed = {str(code) for code in codes} if isinstance(codes, list) else set()
    if number in rules.doubted:
        uncertain |= rules.of_loans
    if number in rules.unlinked:  # of a person nothing is known; of the loans under that number everything is
        uncertain |= rules.flagging - rules.of_loans
    return listed if number in rules.unseen else listed & uncertain


def _with_codes(bare: Desired, mine: list[Opinion], kept: set[str], standing: Observed | None) -> Desired:
    codes = sorted({o.rule for o in mine} | kept)
    if not codes:
        return bare
    level = max((o.severity for o in mine), key=_LEVELS.index, default="info")
    if kept and standing is not None:
        level = max(level, str((standing.content or {}).get("level") or "info"), key=_LEVELS.index)
    return replace(bare, content={"codes": codes, "level": level}, because=tuple(o.key for o in mine))


@dataclass(frozen=True)
class ExitDebt:
    """What the person of one exit owes: currency → decimal text, and how many loans."""

    balances: Mapping[str, str]
    loans: int


def exit_marks(
    case: Case, sight: Sight, debt: ExitDebt, because: tuple[str, ...], confirm_always: bool = False
) -> list[Desired]:
    """Hold and to-do of one exit. A hold is written only where the gate is open; else nothing can be held there."""
    withheld = blockers(case, sight, confirm_always)
    hold = Desired(case.system, "exit_hold", case.ref, case.employee, None, because, keep=True)
    todo = Desired(case.system, "todo", case.ref, case.employee, None, because, keep=True)
    if sight.strength != "hard":
        return []
    if case.state == "releasing" and not withheld:
        released = Desired(case.system, "exit_hold", case.ref, case.employee, None, because, release=True)
        return [released, Desired(case.system, "todo", case.ref, case.employee, None, because)]
    if case.state in ("held", "settled") and sight.owes is not None:
        if sight.gate == "open":
            content: Content = {"balances": dict(debt.balances), "loans": debt.loans, "state": case.state}
            hold = Desired(case.system, "exit_hold", case.ref, case.employee, content, because)
        wanted: Content | None = {"exit": case.number} if case.state == "held" else None
        todo = Desired(case.system, "todo", case.ref, case.employee, wanted, because)
    elif case.state in ("withdrawn", "released"):
        todo = Desired(case.system, "todo", case.ref, case.employee, None, because)
    return [hold, todo]
