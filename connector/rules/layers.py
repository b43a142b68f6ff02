"""A rule book in layers: a base, and a company's own sheets over it. Numbers and rules of a later sheet win.

A rule of a code that is there already changes only the keys it names (`{code: loan.split, mode: off}`); any other rule
is added. Documents in, document out; what may stand in a rule is checked when the book is read, never here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connector.errors import RuleError
from connector.model.faults import fault

# What a sheet may hold at its top.
PARTS = ("policy", "rules")


def laid_over(base: Mapping[str, Any], sheet: Mapping[str, Any], place: str) -> dict[str, Any]:
    """The base with a sheet over it. RuleError when a part has not the form of one."""
    own = {part: form if sheet.get(part) is None else sheet[part] for part, form in (("policy", {}), ("rules", []))}
    return {
        "policy": _policy(base.get("policy") or {}, own["policy"], place),
        "rules": _rules(list(base.get("rules") or []), own["rules"], place),
    }


def _policy(base: Mapping[str, Any], own: Any, place: str) -> dict[str, Any]:
    """A number replaces the company's value; values of departments and positions are added to those that stand."""
    if not isinstance(own, dict):
        raise fault(RuleError, "book.no_names", f"{place} policy", key="policy", found=repr(own))
    found = dict(base)
    for name, value in own.items():
        standing = found.get(name)
        parts = standing if isinstance(standing, dict) else {} if standing is None else {"default": standing}
        if not isinstance(value, dict):
            found[name] = {**parts, "default": value} if "department" in parts or "position" in parts else value
            continue
        merged = {**parts, **value}
        for part in ("department", "position"):
            if isinstance(parts.get(part), dict) and isinstance(value.get(part), dict):
                merged[part] = {**parts[part], **value[part]}
        found[name] = merged
    return found


def _rules(base: list[Any], own: Any, place: str) -> list[Any]:
    if not isinstance(own, list):
        raise fault(RuleError, "book.no_rules", place)
    found = list(base)
    at = {str(row.get("code", "")): n for n, row in enumerate(found) if isinstance(row, dict)}
    seen: set[str] = set()
    for row in own:
        code = str(row.get("code", "")) if isinstance(row, dict) else ""
        if code and code in seen:
            raise fault(RuleError, "book.twice", place, rule=code)
        seen.add(code)
        if code in at:
            found[at[code]] = {**found[at[code]], **row}
        else:
            found.append(row)
    return found
