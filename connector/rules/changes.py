"""What differs between two rule books: numbers, and rules added, removed or changed, field by field. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connector.rules.book import Policy, Rule, RuleBook

# Fields of a rule that a reader can change.
_FIELDS = ("over", "when", "facts", "audience", "severity", "marks", "mode", "legal_basis")


@dataclass(frozen=True)
class Change:
    """One difference. `what`: policy | rule; `before` or `after` None: it is only in the other book."""

    what: str
    name: str
    field: str
    before: Any
    after: Any


def changes(before: RuleBook, after: RuleBook) -> list[Change]:
    """Differences in the order of names: policy numbers first, then rules."""
    found = [
        Change("policy", name, "value", _said(before.policies.get(name)), _said(after.policies.get(name)))
        for name in sorted({*before.policies, *after.policies})
        if before.policies.get(name) != after.policies.get(name)
    ]
    old, new = _by_code(before), _by_code(after)
    for code in sorted({*old, *new}):
        found += _of_rule(code, old.get(code), new.get(code))
    return found


def _by_code(book: RuleBook) -> Mapping[str, Rule]:
    return {rule.code: rule for rule in book.rules}


def _of_rule(code: str, old: Rule | None, new: Rule | None) -> list[Change]:
    if old is None or new is None:
        return [Change("rule", code, "", old.when if old else None, new.when if new else None)]
    return [
        Change("rule", code, name, _plain(getattr(old, name)), _plain(getattr(new, name)))
        for name in _FIELDS if getattr(old, name) != getattr(new, name)
    ]


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _said(policy: Policy | None) -> Any:
    """The number, with what departments and positions have instead."""
    if policy is None:
        return None
    own = {"department": dict(policy.department), "position": dict(policy.position)}
    own = {name: values for name, values in own.items() if values}
    return {"default": policy.default, **own} if own else policy.default
