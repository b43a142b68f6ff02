"""Examples of a rule: rows of its file with the verdict they should get, so that a rule can be tried before a night.

    examples:
      - {row: {balance: 500001, monthly_salary: 1000000}, verdict: hit}

Columns that an example does not name are unknown; policy numbers are the company's, unless it names them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

from connector.errors import RuleError
from connector.model.faults import fault
from connector.rules.columns import FILES

VERDICTS = ("hit", "clear", "unknown")


@dataclass(frozen=True)
class Example:
    """One row of a rule's file, and the verdict it should get."""

    row: Mapping[str, Any]
    verdict: str


def read_examples(found: Any, over: str, policies: Mapping[str, int], place: str) -> tuple[Example, ...]:
    """The examples of a rule. RuleError names the example, and the column or verdict that is not known."""
    if found is None:
        return ()
    if not isinstance(found, list):
        form = "{row: …, verdict: hit}"
        raise fault(RuleError, "book.no_list", place, key="examples", found=repr(found), example=form)
    return tuple(_example(one, over, policies, f"{place} example {n}") for n, one in enumerate(found, start=1))


def _example(one: Any, over: str, policies: Mapping[str, int], place: str) -> Example:
    if not isinstance(one, dict) or not isinstance(one.get("row"), dict):
        raise fault(RuleError, "book.no_example", place, found=repr(one))
    verdict = str(one.get("verdict", ""))
    if verdict not in VERDICTS:
        raise fault(RuleError, "book.unknown_word", place, key="verdict", found=verdict, known=", ".join(VERDICTS))
    row = {}
    for name, value in one["row"].items():
        if name not in FILES[over] and name not in policies:
            known = ", ".join(sorted({*FILES[over], *policies}))
            raise fault(RuleError, "book.unknown_item", place, key="row", found=str(name), known=known)
        row[str(name)] = _value(value, FILES[over][name].dtype if name in FILES[over] else pl.Int64, f"{place} {name}")
    return Example(row, verdict)


def _value(value: Any, dtype: Any, place: str) -> Any:
    """The value as its column holds it; a day may be written as text."""
    if value is None:
        return None
    if dtype == pl.Date and isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise fault(RuleError, "book.no_value", place, found=repr(value), expected="2026-07-31") from None
    wanted: dict[Any, tuple[type, str]] = {
        pl.Int64: (int, "1200"), pl.Boolean: (bool, "true"), pl.Date: (date, "2026-07-31"), pl.String: (str, "text"),
    }
    kind, example = wanted[dtype]
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise fault(RuleError, "book.no_value", place, found=repr(value), expected=example)
    return value
