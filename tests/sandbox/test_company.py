"""The built-in company says what its story needs."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from connector.sandbox.company import (
    SAMPLE_DEBTOR,
    SAMPLE_STORY,
    sample_story,
    write_sample_company,
)
from connector.sandbox.world import Row, World, load_world
from tests.sandbox.ledger import balance, owed

AS_OF = date(2026, 7, 29)


@pytest.fixture
def sample(tmp_path: Path) -> World:
    write_sample_company(tmp_path, AS_OF)
    return load_world(tmp_path)


def person(world: World, number: str) -> Row:
    return next(row for row in world.rows("employees") if row["number"] == number)


def test_the_sample_has_thirty_people_under_one_head(sample: World):
    people = {row["number"]: row for row in sample.rows("employees")}
    assert len(people) == 30
    assert [row["number"] for row in people.values() if not row["manager"]] == ["1001"]
    assert all(row["manager"] in people for row in people.values() if row["manager"])
    assert sample.approval_chain == [["部门经理"], ["财务经理"], ["人事经理"]]


def test_the_debtor_of_the_sample_owes_28000_against_a_salary_of_9000(sample: World):
    assert owed(sample, SAMPLE_DEBTOR) == Decimal("28000.00")
    assert person(sample, SAMPLE_DEBTOR)["monthly_salary"] == "9000.00"


def test_one_owes_a_cent_more_than_half_his_salary_and_one_exactly_half(sample: World):
    assert (owed(sample, "1003"), person(sample, "1003")["monthly_salary"]) == (Decimal("4000.01"), "8000.00")
    assert (owed(sample, "1006"), person(sample, "1006")["monthly_salary"]) == (Decimal("4000.00"), "8000.00")


def test_one_borrowed_four_times_within_six_months(sample: World):
    recent = str(AS_OF - timedelta(days=180))
    counted = Counter(loan["employee"] for loan in sample.rows("loans") if loan["lent_on"] > recent)
    assert [number for number, loans in counted.items() if loans > 3] == ["1005"]


def test_one_trip_costs_more_than_its_days_allow(sample: World):
    over = []
    for loan in sample.rows("loans"):
        if loan["trip_start"] and balance(sample, loan) > 0:
            days = (date.fromisoformat(loan["trip_end"]) - date.fromisoformat(loan["trip_start"])).days + 1
            over += [loan["number"]] if Decimal(loan["principal"]) > days * 300 else []
    assert over == ["JK0009"]


def test_who_left_long_ago_still_owes_and_who_leaves_now_does_not(sample: World):
    going = [row["number"] for row in sample.rows("employees") if row["status"] != "active"]
    assert {number: owed(sample, number) for number in going} == {
        "1009": Decimal("5000.00"),
        "1012": 0,
        "1019": 0,
        "1030": 0,
    }
    assert {row["employee"] for row in sample.rows("exits")} == {"1012", "1019"}


def test_one_paid_out_loan_has_no_approval_and_all_others_end_approved(sample: World):
    last = {row["number"]: row["decision"] for row in sample.rows("approvals")}
    assert [loan["number"] for loan in sample.rows("loans") if loan["approval"] not in last] == ["JK0012"]
    by_day = {row["number"]: row["decided_at"][:10] for row in sample.rows("approvals")}
    for loan in sample.rows("loans"):
        if loan["lent_on"] and loan["approval"] in last:
            assert (last[loan["approval"]], by_day[loan["approval"]] <= loan["lent_on"]) == ("agree", True)


def test_the_story_holds_him_on_the_second_night_and_settles_on_the_third(sample: World):
    nights = sample_story(AS_OF)
    assert len(nights) == len(SAMPLE_STORY) == 3 and nights[0] == []
    for table, row in nights[1]:
        sample.put(table, row)
    resigned = {"employee": SAMPLE_DEBTOR, "requested_on": "2026-07-30", "status": "running"}
    assert resigned.items() <= sample.rows("exits")[-1].items()
    for table, row in nights[2]:
        sample.put(table, row)
    assert owed(sample, SAMPLE_DEBTOR) == 0
    assert {row["paid_on"] for row in sample.rows("repayments") if row["number"].startswith("HK9")} == {
        "2026-07-31"
    }


def test_the_samples_dates_follow_the_first_night(tmp_path: Path):
    write_sample_company(tmp_path / "a", AS_OF)
    write_sample_company(tmp_path / "b", AS_OF + timedelta(days=100))
    early, late = load_world(tmp_path / "a"), load_world(tmp_path / "b")
    for before, after in zip(early.rows("loans"), late.rows("loans"), strict=True):
        assert date.fromisoformat(after["due_on"]) - date.fromisoformat(before["due_on"]) == timedelta(
            days=100
        )
