"""What finance and approvers are told of people: once, again only when it changes, and never from ignorance."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import orjson
import pytest

from connector.adapters.contract import SinkKind
from connector.model.runs import NightRecord
from connector.reconcile.enrich import BRIEF, ENRICHMENT
from connector.sync.nightly import run_night
from tests.fakes import AS_OF, House, approval_row, item_row, payout_row, request_row, small_house

KEYS = ("status", "hired_on", "open_loans")


@pytest.fixture
def house(tmp_path: Path) -> House:
    """003 owes 6,000 and asks for 900 more; finance can carry three facts, the OA a brief."""
    found = small_house(tmp_path)
    found.finance.sinks += (SinkKind("enrichment", "upsert", keys=KEYS),)
    found.oa.sinks += (SinkKind("brief", "append", 10.0),)
    found.finance.tables["request"].append(request_row("A1", "003", amount="900.00") | {"loan": None})
    found.oa.tables["approval"].append(approval_row("A1", state="running", finished_at=None))
    next(row for row in found.hr.tables["employee"] if row["number"] == "003")["hired_on"] = "2020-05-01"
    return found


def night(house: House, as_of: date = AS_OF) -> NightRecord:
    return run_night(house.desk, as_of, "live")


def of_kind(record: NightRecord, kind: str) -> dict[str, Any]:
    groups = [record.plan["actions"], *(group["actions"] for group in record.plan["held"])]
    return {action["ref"]: action["after"] for group in groups for action in group if action["kind"] == kind}


def brief(house: House) -> dict[str, Any]:
    content: dict[str, Any] = orjson.loads(house.oa.marks[("brief", "AA1")]["content"])
    return content


def test_finance_is_told_what_its_fields_can_carry_of_everybody(house: House) -> None:
    told = of_kind(night(house), "enrichment")
    assert len(told) == 30 and set(told["003"]) == set(KEYS) < set(ENRICHMENT)
    assert told["003"] == {"status": "active", "hired_on": "2020-05-01", "open_loans": 1}


def known(house: House) -> None:
    """All thirty stand: as many a day as the brakes let through."""
    for day in (29, 30, 31):
        assert len([a for a in night(house, date(2026, 7, day)).plan["actions"] if a["kind"] == "enrichment"]) == 10


def test_what_stands_is_not_written_again_and_one_change_is_one_write(house: House) -> None:
    known(house)
    assert of_kind(night(house), "enrichment") == {}
    house.finance.tables["open_item"].append(item_row("L9", "009", "5.00"))
    house.balance_books()
    assert of_kind(night(house), "enrichment") == {"009": {"status": "active", "hired_on": None, "open_loans": 1}}


def test_while_the_ledger_is_not_known_the_count_that_stands_is_left(house: House) -> None:
    known(house)
    house.finance.broken["open_item"] = 1
    house.hr.tables["employee"][8]["status"] = "leaving"
    assert of_kind(night(house), "enrichment") == {"009": {"status": "leaving", "hired_on": None, "open_loans": 0}}


def test_who_is_not_seen_keeps_what_stands(house: House) -> None:
    known(house)
    house.hr.tables["employee"] = house.hr.tables["employee"][:3]
    assert of_kind(night(house), "enrichment") == {}


def test_approvers_are_told_of_the_borrower_and_never_his_salary(house: House) -> None:
    night(house)
    assert set(brief(house)) == set(BRIEF)
    assert brief(house) | {"codes": []} == {
        "position": None, "hired_on": "2020-05-01", "months_below": None, "loans": 1, "open_loans": 1,
        "balances": {"CNY": "6000.00"}, "asked": "900.00", "currency": "CNY", "limit": "", "share": "50_100",
        "codes": [],
    }
    assert brief(house)["codes"] == ["application.over_salary_share", "loan.over_salary_share"]
    assert "10000" not in str(house.oa.marks)


def test_a_brief_is_written_once_and_again_when_it_changes(house: House) -> None:
    night(house)
    assert of_kind(night(house), "brief") == of_kind(night(house, date(2026, 8, 1)), "brief") == {}
    house.finance.tables["open_item"][1]["balance"] = "0.00"
    house.balance_books()
    changed = of_kind(night(house), "brief")
    assert changed["AA1"]["balances"] == {} and changed["AA1"]["codes"] == []


@pytest.mark.parametrize("system", ["finance", "oa", "hr"])
def test_a_brief_is_left_as_it_stands_while_something_was_not_read(house: House, system: str) -> None:
    night(house)
    broken = {"finance": "payout", "oa": "approval", "hr": "employee"}
    getattr(house, system).broken[broken[system]] = 0
    house.finance.tables["open_item"][1]["balance"] = "0.00"
    house.balance_books()
    assert of_kind(night(house), "brief") == {}


@pytest.mark.parametrize(("state", "payout"), [("completed", False), ("refused", False), ("running", True)])
def test_no_brief_for_what_is_decided_or_paid(house: House, state: str, payout: bool) -> None:
    house.oa.tables["approval"][-1]["state"] = state
    if payout:
        house.finance.tables["payout"].append(payout_row("A1", "003", "900.00"))
    assert of_kind(night(house), "brief") == {}


def test_a_trip_is_told_with_its_limit(house: House) -> None:
    house.finance.tables["request"][-1] |= {"trip_start": "2026-08-01", "trip_end": "2026-08-03"}
    night(house)
    assert brief(house)["limit"] == "900.00"
