"""What came before: debts of an earlier number, and loans that were imported; just found, just not, and unknown."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl
import pytest

from connector.rules.knowledge import HISTORY
from tests.rules.facts import employee, facts, loan, verdicts

HEIRS = pl.DataFrame({"number": ["E0"], "person": ["E1"]})
FROM_BEFORE = loan(lent_under="E0")
IN_DOUBT = [("E1", "rejected_loan")]


@pytest.mark.parametrize(("given", "expected"), [
    ({"loans": [FROM_BEFORE], "heirs": HEIRS}, "hit"),
    ({"loans": [FROM_BEFORE], "heirs": HEIRS, "doubt": IN_DOUBT}, "hit"),  # what is seen is sure
    ({"loans": [FROM_BEFORE | {"balance": 0}], "heirs": HEIRS}, None),
    ({"loans": [loan()], "heirs": HEIRS}, None),  # lent under the number of today
    ({"loans": [], "heirs": HEIRS, "doubt": IN_DOUBT}, "unknown"),
    ({"loans": [], "doubt": IN_DOUBT}, None),  # never had another number
    ({"loans": [FROM_BEFORE], "heirs": HEIRS, "employees": [employee(status="leaving")]}, "hit"),
    ({"loans": [FROM_BEFORE], "heirs": HEIRS, "employees": [employee(status="left")]}, None),
])
def test_back_with_a_loan_of_an_earlier_number(given: dict[str, Any], expected: str | None) -> None:
    assert verdicts("exit.back_with_loan", facts(**given)).get("E1") == expected


def past(number: int, **changes: Any) -> dict[str, Any]:
    return loan(f"H{number}", system=HISTORY, balance=0, approval=None, **changes)


@pytest.mark.parametrize(("old", "new", "expected"), [
    (3, [loan("L1")], "hit"), (2, [loan("L1")], None), (4, [], None),
    (4, [loan("L1", lent_on=date(2025, 1, 1))], None),  # nothing new within the window
    (3, [loan("L1", balance=0)], "hit"),
])
def test_the_past_counts_in_the_window_of_something_new(
    old: int, new: list[dict[str, Any]], expected: str | None
) -> None:
    given = facts(loans=[*(past(n) for n in range(old)), *new])
    assert verdicts("loan.too_many_in_window", given).get("E1") == expected


def test_a_settled_loan_of_the_past_is_the_subject_of_nothing() -> None:
    given = facts(loans=[past(1, trip_start=date(2026, 7, 1), trip_end=date(2026, 7, 1), due_on=date(2026, 7, 2))])
    for rule in ("loan.without_approval", "loan.over_trip_limit", "loan.overdue", "loan.split"):
        assert verdicts(rule, given) == {}


def test_an_open_loan_of_the_past_is_a_debt_like_any_other() -> None:
    given = facts(loans=[past(1) | {"balance": 100}], employees=[employee(status="left")])
    assert verdicts("exit.left_with_loan", given) == {"E1": "hit"}
