"""Nights of a company whose loans are worked out from bills or from the ledger: who is held, who is let go, and why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from connector.adapters.contract import Page, Since
from connector.model.runs import NightRecord
from connector.sync.nightly import run_night
from tests.fakes import AS_OF, House, employee_row, exit_row, finance, hr, oa, open_house, person_row

PEOPLE = [f"{n:03d}" for n in range(1, 31)]
STREAMS = {
    "bills": ("person", "payout", "request", "repayment", "control"),
    "ledger": ("person", "payout", "request", "repayment", "balance", "control"),
}


def payout(loan: str, employee: str, amount: str) -> dict[str, Any]:
    return {"ref": f"P{loan}", "number": f"FK{loan}", "employee": employee, "paid_on": "2026-07-01", "amount": amount,
            "currency": "CNY"}


def repayment(number: str, employee: str, amount: str, loan: str | None = None) -> dict[str, Any]:
    return {"ref": number, "number": number, "loan": loan, "employee": employee, "paid_on": "2026-07-02",
            "amount": amount, "currency": "CNY", "method": "cash"}


def total(amount: str) -> list[dict[str, Any]]:
    return [{"ref": "t", "account": "1221.01", "currency": "CNY", "amount": amount}]


def balance(employee: str, amount: str) -> dict[str, Any]:
    return {"ref": f"1221.01/{employee}", "employee": employee, "currency": "CNY", "amount": amount}


def house_of(route: Any, folder: Path) -> House:
    """001, 002 and 004 leave: 001 owes 60 of 100, 002 nothing, 004 has repaid all; 003 owes 50 and stays."""
    tables: dict[str, Any] = {
        "person": [person_row(p) for p in PEOPLE], "request": [], "control": total("110.00"),
        "payout": [payout("A", "001", "100.00"), payout("B", "003", "50.00"), payout("C", "004", "7.00")],
        "repayment": [repayment("R1", "001", "40.00", "A"), repayment("R2", "004", "7.00")],
        "balance": [balance("001", "60.00"), balance("003", "50.00"), balance("004", "0.00")],
    }
    ledger = finance(**tables)
    ledger.route, ledger.streams = route, STREAMS[route]
    leavers = ("001", "002", "004")
    return open_house(
        folder, ledger, oa(exit=[exit_row(p, p) for p in leavers], approval=[]),
        hr(employee=[employee_row(p, status="leaving" if p in leavers else "active") for p in PEOPLE]),
    )


@pytest.fixture(params=["bills", "ledger"])
def house(request: Any, tmp_path: Path) -> House:
    return house_of(request.param, tmp_path)


@pytest.fixture
def ledger(tmp_path: Path) -> House:
    return house_of("ledger", tmp_path)


def night(house: House) -> NightRecord:
    return run_night(house.desk, AS_OF, "live")


def released(record: NightRecord) -> set[str]:
    return {a["ref"] for a in record.plan["actions"] if (a["verb"], a["kind"]) == ("remove", "exit_hold")}


def owes_more(house: House) -> None:
    """002, who leaves, has a balance that no loan explains."""
    house.finance.tables["balance"].append(balance("002", "9.00"))
    house.finance.tables["control"] = total("119.00")


def test_the_debtor_is_held_and_who_owes_nothing_is_let_go(house: House) -> None:
    record = night(house)
    assert released(record) == {"X002", "X004"}
    held = [a["after"] for a in record.plan["actions"] if a["kind"] == "exit_hold" and a["verb"] == "put"]
    assert [content["balances"] for content in held] == [{"CNY": "60.00"}]
    assert record.proof["books"]["CNY"] == {"source": "110.00", "here": "110.00", "difference": "0.00"}
    assert {o.outcome for o in record.outcomes} == {"confirmed"}


def test_books_that_differ_release_nobody(house: House) -> None:
    house.finance.tables["control"] = total("111.00")
    record = night(house)
    assert released(record) == set()
    assert "books_differ" in {t.code for t in record.troubles}


@pytest.mark.parametrize("stream", ["payout", "repayment", "balance"])
def test_a_part_that_breaks_off_proves_nothing(house: House, stream: str) -> None:
    house.finance.broken[stream] = 2
    is_needed = stream == "payout" or (stream == "balance") == (house.finance.route == "ledger")
    record = night(house)
    assert (released(record) == set()) == is_needed
    whole = {s["stream"]: s["complete"] for s in record.proof["streams"]}
    assert whole["open_item"] != is_needed


def test_a_document_that_came_twice_proves_nothing(house: House) -> None:
    house.finance.tables["payout"].append(payout("B", "003", "50.00"))
    record = night(house)
    assert released(record) == set()
    open_items = next(s for s in record.proof["streams"] if s["stream"] == "open_item")
    assert "repeated_key: PB" in open_items["cause"]


def test_a_person_whose_loans_do_not_add_up_is_kept_and_nobody_else(ledger: House) -> None:
    owes_more(ledger)
    record = night(ledger)
    assert released(record) == {"X004"}
    (found,) = [f for f in record.findings["findings"] if f["rule"] == "books.person_difference"]
    assert found["subject"] == "002"
    assert found["facts"] == {"currency": "CNY", "here": "0.00", "source": "9.00", "difference": "9.00"}
    unproven = {f["subject"]: f["facts"]["reason"] for f in record.findings["findings"] if f["rule"] == "exit.unproven"}
    assert unproven == {"002": "person_difference"}
    assert not [t for t in record.troubles if t.code in ("books_differ", "releases_suspended")]


def test_the_difference_is_closed_when_the_loan_turns_up(ledger: House) -> None:
    owes_more(ledger)
    night(ledger)
    ledger.finance.tables["payout"].append(payout("D", "002", "9.00"))
    record = night(ledger)
    assert not [f for f in record.findings["findings"] if f["rule"] == "books.person_difference"]
    assert "X002" not in released(record)


def test_a_row_that_cannot_be_read_keeps_its_owner_and_nobody_else(house: House) -> None:
    house.finance.tables["payout"].append(payout("E", "002", "1OO.00"))
    record = night(house)
    assert released(record) == {"X004"}


def test_what_is_booked_after_the_night_s_read_is_seen_before_the_release(
    ledger: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    pull = ledger.finance.pull

    def late(stream: str, since: Since) -> Iterator[Page]:
        if (stream, since.only) == ("balance", ("002",)):
            owes_more(ledger)
        return pull(stream, since)

    monkeypatch.setattr(ledger.finance, "pull", late)
    record = night(ledger)
    overtaken = {(o.action["ref"], o.detail) for o in record.outcomes if o.outcome == "superseded"}
    assert overtaken == {("X002", "ledger_moved")}


def test_where_payments_carry_no_due_date_the_rule_about_it_is_off_and_the_night_says_so(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    pull = house.finance.pull

    def undated(stream: str, since: Since) -> Iterator[Page]:
        return (replace(page, lacks=frozenset({"due_on"}) if stream == "payout" else page.lacks)
                for page in pull(stream, since))

    monkeypatch.setattr(house.finance, "pull", undated)
    assert "loan.overdue" in night(house).proof["rules_off"]
    monkeypatch.undo()
    assert "loan.overdue" not in night(house).proof["rules_off"]
