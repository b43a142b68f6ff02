"""Truth tables of the rules about applications, split loans and loans beside open ones."""

from __future__ import annotations

from datetime import date
from importlib import resources
from typing import Any

import pytest

from connector.rules.book import RuleBook, load_book
from tests.rules.facts import ALL, approval, employee, facts, loan, verdicts

TRIP, SHARE, SPLIT = "application.over_trip_limit", "application.over_salary_share", "loan.split"
DAY = date(2026, 7, 20)


def asked(number: str = "A1", principal: int = 90_000, **changes: Any) -> dict[str, Any]:
    """An application of E1 that is not paid out."""
    nothing = {"balance": None, "lent_on": None, "paid_on": None, "applied_on": DAY, "approval": number}
    return loan(number, principal=principal, **nothing) | changes


def three_days(**changes: Any) -> dict[str, Any]:
    return {"trip_start": date(2026, 8, 1), "trip_end": date(2026, 8, 3)} | changes


@pytest.mark.parametrize(("principal", "trip", "expected"), [
    (89_999, three_days(), None), (90_000, three_days(), None), (90_001, three_days(), "hit"),
    (90_001, {}, None), (90_001, three_days(trip_end=None), "unknown"), (90_001, three_days(currency="USD"), "unknown"),
])
def test_an_application_over_the_trip_limit(principal: int, trip: dict[str, Any], expected: str | None) -> None:
    assert verdicts(TRIP, facts(loans=[asked(principal=principal, **trip)])).get("A1") == expected


@pytest.mark.parametrize(("state", "expected"), [
    ("running", "hit"), ("completed", "hit"), ("refused", None), ("withdrawn", None), (None, "hit"),
])
def test_only_what_may_still_be_paid_is_an_application(state: str | None, expected: str | None) -> None:
    steps = [approval("A1", state=state, finished_at=None)] if state else []
    given = facts(loans=[asked(principal=90_001, **three_days())], approvals=steps)
    assert verdicts(TRIP, given).get("A1") == expected


@pytest.mark.parametrize("changes", [
    {"paid_on": DAY}, {"lent_on": DAY, "balance": 1}, {"applied_on": date(2025, 7, 1)},
])
def test_what_was_paid_or_is_long_past_is_none(changes: dict[str, Any]) -> None:
    assert verdicts(TRIP, facts(loans=[asked(principal=90_001, **three_days(), **changes)])) == {}


@pytest.mark.parametrize("stream", ["approval", "request", "payout", "open_item"])
def test_while_a_stream_is_missing_no_application_is_judged(stream: str) -> None:
    given = facts(loans=[asked(principal=90_001, **three_days())], complete=ALL - {stream, "trip"})
    assert verdicts(TRIP, given) == {}


@pytest.mark.parametrize(("owed", "principal", "salary", "expected"), [
    (0, 500_000, 1_000_000, None), (0, 500_001, 1_000_000, "hit"), (400_000, 100_000, 1_000_000, None),
    (400_000, 100_001, 1_000_000, "hit"), (0, 1, None, "unknown"), (-900_000, 500_001, 1_000_000, "hit"),
])
def test_an_application_counts_with_what_is_open(
    owed: int, principal: int, salary: int | None, expected: str | None
) -> None:
    loans = [loan(balance=owed), asked(principal=principal)]
    given = facts(employees=[employee(monthly_salary=salary)], loans=loans)
    assert verdicts(SHARE, given).get("A1") == expected


def test_who_may_owe_more_is_over_for_sure_or_unknown() -> None:
    doubt = [("E1", "disputed_loan")]
    assert verdicts(SHARE, facts(loans=[asked(principal=500_001)], doubt=doubt)) == {"A1": "hit"}
    assert verdicts(SHARE, facts(loans=[asked(principal=500_000)], doubt=doubt)) == {"A1": "unknown"}


def pair(*principals: int, **changes: Any) -> list[dict[str, Any]]:
    return [loan(f"L{n}", principal=p, lent_on=DAY, purpose="fair") | changes for n, p in enumerate(principals)]


@pytest.mark.parametrize(("principals", "changes", "expected"), [
    ((45_000, 45_000), three_days(), set()), ((45_000, 45_001), three_days(), {"L0", "L1"}),
    ((90_001, 10), three_days(), {"L1"}),  # the larger one passes the limit by itself: that is another rule's
    ((250_000, 250_000), {}, set()), ((250_000, 250_001), {}, {"L0", "L1"}), ((500_001,), {}, set()),
])
def test_loans_of_one_day_and_purpose_that_pass_a_limit_together(
    principals: tuple[int, ...], changes: dict[str, Any], expected: set[str]
) -> None:
    assert set(verdicts(SPLIT, facts(loans=pair(*principals, **changes)))) == expected


@pytest.mark.parametrize("changes", [
    {"purpose": "visit"}, {"lent_on": date(2026, 7, 21)}, {"employee": "E2", "person": "E2"}, {"currency": "USD"},
])
def test_what_differs_in_day_purpose_person_or_currency_is_not_split(changes: dict[str, Any]) -> None:
    one, other = pair(250_000, 250_001)
    given = facts(employees=[employee(), employee("E2")], loans=[one, other | changes])
    assert verdicts(SPLIT, given) == {}


def test_an_application_may_be_a_part_of_a_split() -> None:
    other = asked(principal=250_001, applied_on=DAY, purpose="fair")
    assert verdicts(SPLIT, facts(loans=[*pair(250_000), other])) == {"L0": "hit", "A1": "hit"}


def test_a_refused_application_is_no_part_of_a_split() -> None:
    other = asked(principal=250_001, applied_on=DAY, purpose="fair")
    refused = [approval("A1", state="refused", finished_at=None)]
    assert verdicts(SPLIT, facts(loans=[*pair(250_000), other], approvals=refused)) == {}


def strict() -> RuleBook:
    text = (resources.files("connector.rules") / "default.yaml").read_text("utf-8")
    head, _, tail = text.partition("- code: loan.while_one_open")
    return load_book(head + "- code: loan.while_one_open" + tail.replace("mode: off", "mode: on", 1))


@pytest.mark.parametrize(("earlier", "expected"), [
    ({"balance": 1}, "hit"), ({"balance": 0}, None), ({"balance": 1, "lent_on": DAY}, None),
    ({"balance": 1, "person": "E2", "employee": "E2"}, None), ({"balance": 1, "currency": "USD"}, "hit"),
])
def test_a_loan_while_an_earlier_one_is_open(earlier: dict[str, Any], expected: str | None) -> None:
    given = facts(employees=[employee(), employee("E2")], loans=[loan(**earlier), loan("L2", lent_on=DAY)])
    assert verdicts("loan.while_one_open", given, strict()).get("L2") == expected


def test_an_application_while_a_loan_is_open_and_what_doubt_leaves_unknown() -> None:
    assert verdicts("loan.while_one_open", facts(loans=[loan(), asked()]), strict()) == {"A1": "hit"}
    in_doubt = facts(loans=[asked()], doubt=[("E1", "disputed_loan")])
    assert verdicts("loan.while_one_open", in_doubt, strict()) == {"A1": "unknown"}


def test_no_company_has_the_rule_of_one_open_loan_unless_it_wants_it() -> None:
    assert verdicts("loan.while_one_open", facts(loans=[loan(), asked()])) == {}
