"""Each rule's truth table: just under, at, just over, unknown, not applicable."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from tests.rules.facts import ALL, approval, employee, facts, leaving, loan, verdicts


@pytest.mark.parametrize(
    ("balance", "salary", "expected"),
    [
        (499_999, 1_000_000, None),  # 49.99 %
        (500_000, 1_000_000, None),  # exactly half is no risk
        (500_001, 1_000_000, "hit"),
        (500_001, None, "unknown"),  # a debtor without a salary
        (0, None, None),  # whoever owes nothing is not judged
        (1, 0, "hit"),
        (-500_001, 1, None),  # overpaid
    ],
)
def test_a_balance_over_half_the_salary_is_a_risk(balance: int, salary: int | None, expected: str | None) -> None:
    given = facts(employees=[employee(monthly_salary=salary)], loans=[loan(balance=balance)])
    assert verdicts("loan.over_salary_share", given).get("E1") == expected


@pytest.mark.parametrize("status", ["active", "leaving", "left", None])
def test_the_salary_share_is_judged_for_every_status(status: str | None) -> None:
    given = facts(employees=[employee(status=status, monthly_salary=100)], loans=[loan(balance=51)])
    assert verdicts("loan.over_salary_share", given) == {"E1": "hit"}


def test_a_debt_in_another_currency_leaves_the_salary_share_unknown() -> None:
    given = facts(loans=[loan(balance=900_000), loan("L2", balance=1, currency="USD")])
    assert verdicts("loan.over_salary_share", given) == {"E1": "unknown"}


@pytest.mark.parametrize(
    ("balance", "expected"), [(500_000, "unknown"), (500_001, "hit"), (0, "unknown")]
)
def test_what_is_surely_owed_counts_even_while_more_may_be_owed(balance: int, expected: str) -> None:
    given = facts(loans=[loan(balance=balance)], doubt=[("E1", "disputed_loan")])
    assert verdicts("loan.over_salary_share", given) == {"E1": expected}


def test_four_loans_that_are_surely_his_are_too_many_even_while_more_may_be_his() -> None:
    loans = [loan(f"L{n}", lent_on=date(2026, 7, n + 1), balance=0) for n in range(4)]
    doubt = [("E1", "disputed_loan")]
    assert verdicts("loan.too_many_in_window", facts(loans=loans, doubt=doubt)) == {"E1": "hit"}
    assert verdicts("loan.too_many_in_window", facts(loans=loans[:3], doubt=doubt)) == {"E1": "unknown"}


def test_an_overpaid_loan_does_not_pay_another_one() -> None:
    given = facts(loans=[loan(balance=600_000), loan("L2", balance=-200_000)])
    assert verdicts("loan.over_salary_share", given) == {"E1": "hit"}


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        ([(2026, 2, 1), (2026, 3, 1), (2026, 4, 1)], None),  # three
        ([(2026, 2, 1), (2026, 3, 1), (2026, 4, 1), (2026, 7, 31)], "hit"),  # four, the last one today
        ([(2026, 1, 31), (2026, 3, 1), (2026, 4, 1), (2026, 5, 1)], None),  # six months ago to the day is outside
        ([(2026, 2, 1), (2026, 3, 1), (2026, 4, 1), (2026, 8, 1)], None),  # tomorrow does not count
        ([(2026, 2, 1), (2026, 3, 1), (2026, 4, 1), None], None),  # an application does not count
    ],
)
def test_more_than_three_loans_in_six_months_are_a_risk(days: list[Any], expected: str | None) -> None:
    loans = [loan(f"L{n}", lent_on=date(*day) if day else None, balance=0) for n, day in enumerate(days)]
    assert verdicts("loan.too_many_in_window", facts(loans=loans)).get("E1") == expected


def test_the_window_is_clipped_to_the_end_of_a_short_month() -> None:
    loans = [loan(f"L{n}", lent_on=day, balance=0) for n, day in enumerate(
        [date(2026, 3, 1), date(2026, 4, 1), date(2026, 5, 1), date(2026, 2, 28)])]
    given = facts(loans=loans, as_of=date(2026, 8, 31))
    assert verdicts("loan.too_many_in_window", given) == {}  # (28 Feb, 31 Aug]
    loans[3]["lent_on"] = date(2026, 3, 1)
    assert verdicts("loan.too_many_in_window", facts(loans=loans, as_of=date(2026, 8, 31))) == {"E1": "hit"}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"principal": 89_999}, None),
        ({"principal": 90_000}, None),  # 3 days × 300.00
        ({"principal": 90_001}, "hit"),
        ({"principal": 90_001, "balance": 0}, None),
        ({"principal": 90_001, "trip_end": None}, "unknown"),
        ({"principal": 90_001, "currency": "USD"}, "unknown"),
        ({"principal": 90_001, "trip_start": None, "trip_end": None}, None),  # not for a trip
        ({"principal": 90_001, "lent_on": None, "balance": None}, None),  # not paid out
    ],
)
def test_a_trip_loan_over_days_times_rate_is_a_risk(changes: dict[str, Any], expected: str | None) -> None:
    row = loan(**{"trip_start": date(2026, 7, 1), "trip_end": date(2026, 7, 3)} | changes)
    assert verdicts("loan.over_trip_limit", facts(loans=[row])).get("L1") == expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"due_on": date(2026, 8, 1)}, None),
        ({"due_on": date(2026, 7, 31)}, None),  # due today
        ({"due_on": date(2026, 7, 30)}, "hit"),
        ({"due_on": date(2026, 7, 30), "balance": 0}, None),
        ({"due_on": None}, None),
        ({"due_on": date(2026, 7, 30), "person": None}, "hit"),  # also when nobody is linked
    ],
)
def test_an_open_loan_past_its_due_date_is_overdue(changes: dict[str, Any], expected: str | None) -> None:
    assert verdicts("loan.overdue", facts(loans=[loan(**changes)])).get("L1") == expected


_LATE = datetime(2026, 7, 1, 16, 1, tzinfo=UTC)  # 2 July in Shanghai, the loan was paid on the 1st
_SAME_DAY = datetime(2026, 7, 1, 15, 59, tzinfo=UTC)


@pytest.mark.parametrize(
    ("approvals", "changes", "expected"),
    [
        ([approval()], {}, None),
        ([approval(finished_at=_SAME_DAY)], {}, None),
        ([approval(finished_at=_LATE)], {}, "hit"),
        ([approval(state="running", finished_at=None)], {}, "hit"),
        ([approval(state="refused")], {}, "hit"),
        ([], {}, "hit"),
        ([], {"approval": None}, "hit"),
        ([], {"balance": 0}, "hit"),  # settled loans count
        ([], {"lent_on": None}, None),
        ([], {"lent_on": date(2024, 7, 31)}, None),  # 24 months ago to the day is outside
    ],
)
def test_a_loan_paid_without_a_completed_approval_is_found(
    approvals: list[dict[str, Any]], changes: dict[str, Any], expected: str | None
) -> None:
    given = facts(loans=[loan(**changes)], approvals=approvals)
    assert verdicts("loan.without_approval", given).get("L1") == expected


@pytest.mark.parametrize(
    ("is_approved", "approved_on", "expected"),
    [(True, date(2025, 1, 5), None), (True, date(2025, 1, 20), "hit"), (False, None, "hit"), (None, None, "unknown")],
)
def test_beyond_the_reach_of_the_oa_finances_own_request_decides(
    is_approved: bool | None, approved_on: date | None, expected: str | None
) -> None:
    old = loan(applied_on=date(2025, 1, 1), lent_on=date(2025, 1, 10), is_approved=is_approved, approved_on=approved_on)
    assert verdicts("loan.without_approval", facts(loans=[old])).get("L1") == expected


@pytest.mark.parametrize(
    ("nodes", "expected"),
    [
        ([(1, "boss"), (2, "finance")], None),
        ([(1, "finance"), (2, "boss")], "hit"),  # out of order
        ([(1, "boss")], "hit"),  # a step is missing
        ([(1, "deputy"), (2, "finance")], None),  # either name of the first step
        ([(1, "boss"), (2, "finance"), (3, "boss"), (4, "finance")], None),
    ],
)
def test_the_companys_chain_is_kept_in_full_and_in_order(nodes: list[tuple[int, str]], expected: str | None) -> None:
    steps = [approval(step=0, node="employee", decision="submit")]
    steps += [approval(step=step, node=node) for step, node in nodes]
    given = facts(loans=[loan()], approvals=steps, approval_chain=(("boss", "deputy"), ("finance",)))
    assert verdicts("loan.without_approval", given).get("L1") == expected


def test_a_chain_starts_anew_after_a_return() -> None:
    steps = [approval(step=0, decision="submit"), approval(step=1), approval(step=2, decision="refuse"),
             approval(step=3, decision="submit"), approval(step=4, node="finance")]
    given = facts(loans=[loan()], approvals=steps, approval_chain=(("boss",), ("finance",)))
    assert verdicts("loan.without_approval", given) == {"L1": "hit"}


@pytest.mark.parametrize(
    ("loans", "given", "expected"),
    [
        ([loan(balance=1)], {}, "hit"),
        ([loan(balance=0)], {}, None),
        ([loan(balance=-1)], {}, None),
        ([loan(balance=1, currency="USD")], {}, "hit"),  # any currency holds
        ([], {"complete": ALL - {"open_item"}}, "unknown"),
        ([loan(balance=1)], {"complete": ALL - {"open_item"}}, "hit"),  # what is seen is enough to hold
        ([], {"doubt": [("E1", "disputed_loan")]}, "unknown"),
        ([], {"suspended": "books_differ"}, "unknown"),
        ([loan(balance=1, lent_on=date(2026, 8, 1))], {}, None),  # tomorrow's loan
    ],
)
def test_a_running_exit_with_an_open_loan_is_found(
    loans: list[dict[str, Any]], given: dict[str, Any], expected: str | None
) -> None:
    company = facts(exits=[leaving()], loans=loans, **given)
    assert verdicts("exit.open_loan", company).get("X1") == expected


@pytest.mark.parametrize(
    ("row", "loans", "given", "expected"),
    [
        ({}, [], {}, None),
        ({}, [], {"complete": ALL - {"open_item"}}, "hit"),
        ({}, [], {"suspended": "books_differ"}, "hit"),
        ({}, [], {"doubt": [("E1", "disputed_loan")]}, "hit"),
        ({"person": None, "employee": "E9"}, [], {}, "hit"),  # nobody knows who that is
        ({}, [loan()], {"complete": ALL - {"open_item"}}, None),  # a debtor, that much is certain
        ({"state": "completed", "gate": "passed"}, [], {"suspended": "books_differ"}, None),
    ],
)
def test_an_exit_of_which_nothing_can_be_proven_is_named(
    row: dict[str, Any], loans: list[dict[str, Any]], given: dict[str, Any], expected: str | None
) -> None:
    assert verdicts("exit.unproven", facts(exits=[leaving(**row)], loans=loans, **given)).get("X1") == expected


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"gate": "open"}, None), ({"gate": "not_reached"}, None), ({"gate": "absent"}, "hit"),
        ({"gate": "open", "strength": "alarm_only"}, "hit"), ({"state": "completed", "gate": "passed"}, None),
    ],
)
def test_an_exit_that_cannot_be_held_is_named(row: dict[str, Any], expected: str | None) -> None:
    assert verdicts("exit.cannot_hold", facts(exits=[leaving(**row)], loans=[loan()])).get("X1") == expected


@pytest.mark.parametrize(
    ("row", "balance", "expected"),
    [
        ({"gate_by_us": False}, 1, "hit"), ({"gate_by_us": True}, 1, None), ({"gate_by_us": False}, 0, None),
        ({"gate": "open", "state": "running"}, 1, None),
    ],
)
def test_an_exit_passed_without_us_slipped_through(row: dict[str, Any], balance: int, expected: str | None) -> None:
    exit_row = leaving(**{"state": "completed", "gate": "passed"} | row)
    told = facts(exits=[exit_row], loans=[loan(balance=balance)])
    assert verdicts("exit.slipped_through", told).get("X1") == expected


@pytest.mark.parametrize(
    ("status", "balance", "expected"),
    [("left", 1, "hit"), ("left", 0, None), ("leaving", 1, None), ("active", 1, None), (None, 1, "unknown")],
)
def test_a_left_employee_with_a_loan_is_found(status: str | None, balance: int, expected: str | None) -> None:
    given = facts(employees=[employee(status=status)], loans=[loan(balance=balance)])
    assert verdicts("exit.left_with_loan", given).get("E1") == expected
