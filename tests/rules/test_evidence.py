"""A finding is backed by the rows its rule rests on: all of them, no others, and never a salary."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl
import pytest

from connector.model.findings import FINDING_SCHEMA
from connector.rules.evidence import gather
from connector.rules.judge import judge
from connector.rules.knowledge import Facts
from tests.rules.facts import approval, book, employee, facts, leaving, loan, result, verdicts


def backing(given: Facts, rule: str) -> dict[str, dict[str, str]]:
    """ref → field → value of the evidence of one rule."""
    found = judge(given, book(), frozenset()).findings
    rows = gather(found, given, book()).filter(pl.col("rule") == rule)
    by_ref: dict[str, dict[str, str]] = {}
    for row in rows.iter_rows(named=True):
        by_ref.setdefault(row["ref"], {})[row["field"]] = row["value"]
    return by_ref


def two_loans(**changes: Any) -> Facts:
    settled = loan("L2", balance=0, lent_on=date(2026, 6, 1))
    return facts(loans=[loan(balance=900_000, **changes), settled], approvals=[approval()], exits=[leaving()])


def test_a_share_of_the_salary_rests_on_open_loans_and_on_a_salary_that_is_not_shown() -> None:
    found = backing(two_loans(), "loan.over_salary_share")
    assert set(found) == {"L1", "E1"}
    assert found["L1"]["balance"] == "9000.00"
    assert found["E1"]["monthly_salary"] == "confidential"
    assert "1000000" not in str(found) and "10000.00" not in str(found)


def test_a_count_of_loans_rests_on_settled_ones_too_but_not_on_older_ones() -> None:
    days = [date(2026, 3, n) for n in range(1, 5)] + [date(2025, 3, 1)]
    given = facts(loans=[loan(f"L{n}", balance=0, lent_on=day) for n, day in enumerate(days)])
    assert set(backing(given, "loan.too_many_in_window")) == {"L0", "L1", "L2", "L3"}


def test_an_exit_shows_its_gate_the_person_and_what_he_owes() -> None:
    found = backing(two_loans(), "exit.open_loan")
    assert set(found) == {"iX1", "E1", "L1"}
    assert (found["iX1"]["gate"], found["E1"]["status"]) == ("open", "active")


def test_an_exit_that_hr_does_not_know_shows_the_loans_on_the_number_of_its_form() -> None:
    given = facts(
        employees=[], loans=[loan(employee="Z9", person=None, balance=1)],
        exits=[leaving(employee="Z9", person=None)],
    )
    assert set(backing(given, "exit.open_loan")) == {"iX1", "L1"}


def test_approval_steps_back_a_missing_approval_and_nothing_else() -> None:
    late = two_loans(due_on=date(2026, 7, 2), lent_on=date(2026, 6, 1))
    assert set(backing(late, "loan.overdue")) == {"L1"}
    assert set(backing(late, "loan.without_approval")) == {"L1", "L2", "iA-L1#1"}


@pytest.mark.parametrize("agreed", [("boss",), ("boss", "finance")])
def test_whose_turn_it_is_disturbs_neither_the_evidence_nor_the_chain_of_a_loan(agreed: tuple[str, ...]) -> None:
    steps = [approval(step=0, decision="submit")]
    steps += [approval(step=step, node=node) for step, node in enumerate(agreed, 1)]
    turn = approval(step=None, node="boss", decision="waiting", approver="u9", approver_employee="E9")
    chain = {"loans": [loan()], "approval_chain": (("boss",), ("finance",))}
    without, beside = (facts(approvals=rows, **chain) for rows in (steps, [*steps, turn]))
    rule = "loan.without_approval"
    assert (verdicts(rule, beside), backing(beside, rule)) == (verdicts(rule, without), backing(without, rule))
    assert bool(verdicts(rule, beside)) == (len(agreed) == 1)


def test_findings_of_the_link_step_are_backed_too() -> None:
    given = facts(loans=[loan(employee="Z9", person=None)], exits=[leaving(employee="Z8", person=None)])
    rows = [
        ("identity.unlinked", "loan", "L1", None, "hit", "{}"),
        ("identity.unlinked", "exit", "X1", None, "hit", "{}"),
        ("identity.disputed", "employee", "E1", "E1", "hit", "{}"),
    ]
    found = gather(pl.DataFrame(rows, schema=FINDING_SCHEMA, orient="row"), given, book())
    assert set(found["ref"]) == {"L1", "iX1", "E1"}


def test_the_order_of_rows_does_not_show() -> None:
    people, loans = [employee("E2"), employee()], [loan("L2", person="E2", balance=900_000), loan(balance=800_000)]
    given, turned = facts(employees=people, loans=loans), facts(employees=people[::-1], loans=loans[::-1])
    found = [gather(judge(one, book(), frozenset()).findings, one, book()) for one in (given, turned)]
    assert found[0].equals(found[1]) and found[0].height > 0


def test_an_application_shows_what_is_open_beside_it_and_a_salary_that_is_not_shown() -> None:
    asked = loan("A1", balance=None, lent_on=None, principal=600_000, approval="A1")
    found = backing(facts(loans=[asked, loan(), loan("L2", balance=0)]), "application.over_salary_share")
    assert set(found) == {"A1", "L1", "E1"}
    assert found["E1"]["monthly_salary"] == "confidential" and "1000000" not in str(found)


def test_a_split_shows_the_loans_of_that_day_and_no_others() -> None:
    alike = [loan(f"L{n}", principal=300_000, lent_on=date(2026, 7, 2), purpose="fair") for n in (1, 2)]
    found = backing(facts(loans=[*alike, loan("L3", principal=300_000, lent_on=date(2026, 7, 3))]), "loan.split")
    assert set(found) == {"L1", "L2", "E1"}


def test_months_are_shown_in_the_units_of_the_goal() -> None:
    rows = [result("2026-05", 100, 99), result("2026-06", 100, None), result("2026-04", 7, 5), result("2025-04", 1, 0)]
    found = backing(facts(appraisal=rows), "performance.exit_warning")
    assert found["E1-2026-04"] == {"month": "2026-04-01", "target": "7.000", "actual": "5.000"}
    assert "E1-2025-04" not in found


def test_a_manager_who_has_left_is_backed_by_those_who_report_to_him() -> None:
    staff = [employee(f"E{n:02d}", manager="B") for n in range(30)]
    found = backing(facts(employees=[employee("B", status="left"), *staff]), "org.manager_left")
    assert len(found) == 21 and found["E00"]["manager"] == "B"
