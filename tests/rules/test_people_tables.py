"""Truth tables of the rules about months, signals and managers: under, at, over, unknown, not applicable."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl
import pytest

from connector.errors import RuleError
from connector.rules.book import load_book
from tests.rules.facts import ALL, approval, employee, facts, lateness, result, signal, verdicts

WARNING, TALK = "performance.exit_warning", "performance.improvement_talk"
BELOW, MET = (100, 99), (100, 100)


def months(**told: tuple[int | None, int | None]) -> list[dict[str, Any]]:
    """`jun=(100, 99)` → rows; the business date lies in July, so June is the newest closed month."""
    number = {"jan": 1, "feb": 2, "mar": 3, "apr": 4, "may": 5, "jun": 6, "jul": 7}
    return [result(f"2026-{number[name]:02d}", *pair) for name, pair in told.items()]


@pytest.mark.parametrize(("told", "warned", "talked"), [
    ({"jun": BELOW}, None, None),
    ({"may": BELOW, "jun": BELOW}, "hit", None),
    ({"apr": BELOW, "may": BELOW, "jun": BELOW}, "hit", "hit"),
    ({"may": MET, "jun": BELOW}, None, None),
    ({"apr": BELOW, "may": BELOW, "jun": MET}, None, None),
    ({"apr": BELOW, "may": MET, "jun": BELOW}, None, None),
    ({"apr": BELOW, "jun": BELOW}, "hit", None),  # one gap neither breaks the chain nor lengthens it
    ({"mar": BELOW, "apr": BELOW, "jun": BELOW}, "hit", "hit"),
    ({"mar": BELOW, "jun": BELOW}, None, None),  # two gaps end it
    ({"feb": BELOW, "apr": BELOW, "jun": BELOW}, "hit", None),  # a second gap, further back, too
    ({"apr": BELOW, "may": (100, None), "jun": BELOW}, "hit", None),  # a month without a result is a gap
    ({"may": BELOW, "jun": BELOW, "jul": MET}, "hit", None),  # the running month says nothing yet
    ({"apr": BELOW, "may": BELOW}, "unknown", "unknown"),  # the newest closed month is missing
    ({"apr": BELOW, "may": MET}, None, None),
    ({"mar": BELOW}, None, None),
    ({}, None, None),
])
def test_closed_months_below_target_in_a_row(told: dict[str, Any], warned: str | None, talked: str | None) -> None:
    given = facts(appraisal=months(**told))
    assert (verdicts(WARNING, given).get("E1"), verdicts(TALK, given).get("E1")) == (warned, talked)


def test_whose_chain_would_need_the_missing_month_is_unknown() -> None:
    assert verdicts(WARNING, facts(appraisal=months(may=BELOW))) == {"E1": "unknown"}


def test_a_month_is_met_when_each_of_its_goals_is() -> None:
    rows = [*months(may=BELOW, jun=MET), result("2026-06", 10, 9, goal="new customers")]
    assert verdicts(WARNING, facts(appraisal=rows)) == {"E1": "hit"}


@pytest.mark.parametrize("changes", [{"cycle": "quarter"}, {"is_closed": False}])
def test_quarters_and_open_months_are_not_in_the_chain(changes: dict[str, Any]) -> None:
    rows = [*months(may=BELOW), result("2026-06", 100, 1, **changes)]
    assert verdicts(WARNING, facts(appraisal=rows)) == {"E1": "unknown"}


@pytest.mark.parametrize(("status", "expected"), [("active", "hit"), ("leaving", "hit"), ("left", None)])
def test_who_has_left_is_not_warned_of(status: str, expected: str | None) -> None:
    given = facts(employees=[employee(status=status)], appraisal=months(may=BELOW, jun=BELOW))
    assert verdicts(WARNING, given).get("E1") == expected


def test_a_result_that_could_not_be_read_leaves_its_person_unknown_and_nobody_else() -> None:
    other = [row | {"employee": "E2", "person": "E2"} for row in months(may=BELOW, jun=BELOW)]
    unread = pl.DataFrame({"stream": ["appraisal_month"], "person": ["E1"]})
    given = facts(employees=[employee(), employee("E2")], appraisal=months(jun=MET) + other, unread=unread)
    assert verdicts(WARNING, given) == {"E1": "unknown", "E2": "hit"}


def test_without_whole_appraisals_nothing_is_concluded() -> None:
    given = facts(appraisal=months(may=BELOW, jun=BELOW), complete=ALL - {"appraisal_month"})
    assert verdicts(WARNING, given) == {}


@pytest.mark.parametrize(("as_of", "actual", "expected"), [
    (date(2026, 7, 31), 59, "hit"), (date(2026, 7, 31), 60, None), (date(2026, 7, 15), 29, "hit"),
    (date(2026, 7, 15), 30, None), (date(2026, 7, 1), 1, "hit"), (date(2026, 7, 1), 2, None),
    (date(2026, 7, 15), None, None),
])
def test_a_running_month_is_behind_below_sixty_percent_of_an_even_pace(
    as_of: date, actual: int | None, expected: str | None
) -> None:
    given = facts(appraisal=[result("2026-07", 100, actual, is_closed=False)], as_of=as_of)
    assert verdicts("performance.behind_pace", given).get("E1") == expected


@pytest.mark.parametrize(("as_of", "actual", "expected"), [
    (date(2026, 8, 31), 40, "hit"), (date(2026, 8, 31), 41, None),  # 62 of 92 days: 40.4 is 60 % of the pace
    (date(2026, 9, 30), 59, "hit"), (date(2026, 9, 30), 60, None),
])
def test_a_quarterly_goal_is_paced_by_its_quarter(as_of: date, actual: int, expected: str | None) -> None:
    given = facts(appraisal=[result("2026-09", 100, actual, cycle="quarter", is_closed=False)], as_of=as_of)
    assert verdicts("performance.behind_pace", given).get("E1") == expected


def test_the_goal_that_is_furthest_behind_decides() -> None:
    rows = [result("2026-07", 100, 90), result("2026-07", 100, 10, goal="fans")]
    assert verdicts("performance.behind_pace", facts(appraisal=rows)) == {"E1": "hit"}


@pytest.mark.parametrize(("counts", "expected"), [
    ((2, 2, 2, 4), "hit"), ((2, 2, 3, 4), None), ((1, 1, 1, 3), None), ((0, 0, 0, 4), "hit"), ((0, 0, 0, 3), None),
    ((3, 3, 3, 6), "hit"), ((3, 3, 3, 5), None), ((None, 2, 2, 9), "unknown"), ((2, 2, 2, None), "unknown"),
])
def test_twice_as_late_as_in_the_three_months_before(counts: tuple[int | None, ...], expected: str | None) -> None:
    rows = [lateness(f"2026-{month:02d}", count) for month, count in zip(range(3, 7), counts, strict=True)]
    assert verdicts("attendance.late_doubled", facts(attendance=rows)).get("E1") == expected


def test_lateness_needs_all_four_months() -> None:
    rows = [lateness(f"2026-{month:02d}", 9 if month == 6 else 0) for month in (3, 4, 5, 6)]
    assert verdicts("attendance.late_doubled", facts(attendance=rows)) == {"E1": "hit"}
    for missing in range(3):
        assert verdicts("attendance.late_doubled", facts(attendance=rows[:missing] + rows[missing + 1:])) == {}
    assert verdicts("attendance.late_doubled", facts(attendance=rows[:3])) == {"E1": "unknown"}  # not there yet


def test_a_month_with_a_goal_unmeasured_and_the_others_met_is_a_gap() -> None:
    rows = [*months(apr=BELOW, may=BELOW), result("2026-06", 100, 100), result("2026-06", 10, None, goal="fans")]
    assert verdicts(WARNING, facts(appraisal=rows)) == {"E1": "unknown"}


SIGNALS = """
policy: {resume_signal_expires: 30}
rules:
  - {code: signal.resume_updated, over: employee, audience: [hr], severity: info,
     when: has_resume_signal and resume_signal_days <= resume_signal_expires, legal_basis: "agreement of 2026-01-01"}
"""


@pytest.mark.parametrize(("day", "expected"), [
    ("2026-07-31", "hit"), ("2026-07-01", "hit"), ("2026-06-30", None), ("2026-08-01", None),
])
def test_a_resume_signal_expires_after_thirty_days(day: str, expected: str | None) -> None:
    assert verdicts("signal.resume_updated", facts(signal=[signal(day)]), load_book(SIGNALS)).get("E1") == expected


def test_signals_are_off_by_default_and_never_on_without_a_legal_basis() -> None:
    assert verdicts("signal.resume_updated", facts(signal=[signal("2026-07-31")])) == {}
    with pytest.raises(RuleError, match="legal_basis"):
        load_book(SIGNALS.replace('legal_basis: "agreement of 2026-01-01"', 'legal_basis: " "'))


@pytest.mark.parametrize(("manager", "report", "expected"), [
    ("left", "active", {"B": "hit"}), ("left", "leaving", {"B": "hit"}), ("left", "left", {}), ("active", "active", {}),
])
def test_a_manager_who_has_left_is_found_once_however_many_report_to_him(
    manager: str, report: str, expected: dict[str, str]
) -> None:
    staff = [employee(f"E{n}", manager="B", status=report) for n in range(3)]
    given = facts(employees=[employee("B", status=manager), *staff])
    assert verdicts("org.manager_left", given) == expected


@pytest.mark.parametrize(("status", "changes", "expected"), [
    ("left", {}, {"E1": "hit"}), ("active", {}, {}), ("left", {"state": "completed"}, {}),
    ("left", {"decision": "agree"}, {}), ("left", {"approver_employee": None}, {}),
])
def test_approvals_that_wait_for_somebody_who_has_left(
    status: str, changes: dict[str, Any], expected: dict[str, str]
) -> None:
    step = approval(**{"state": "running", "decision": "waiting", "approver_employee": "E1"} | changes)
    given = facts(employees=[employee(status=status)], approvals=[step, step | {"step": 2}])
    assert verdicts("org.approver_vacant", given) == expected
