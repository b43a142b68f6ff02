"""Three documents of finance become one loan, and each open item stays exactly one."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.mappings.finance import compose_loans
from connector.model.tables import schema
from tests.laws.companies import LAW

SEEN = datetime(2026, 7, 31, tzinfo=UTC)


def table(name: str, *rows: dict[str, Any]) -> pl.DataFrame:
    common = {"system": "kingdee", "seen_at": SEEN}
    return pl.DataFrame([common | {"ref": f"{name}{at}"} | row for at, row in enumerate(rows)], schema=schema(name))


def item(number: str = "L1", **more: Any) -> dict[str, Any]:
    return {"number": number, "employee": "001", "principal": 100, "balance": 60, "currency": "CNY",
            "lent_on": date(2026, 7, 1)} | more


def asked(number: str = "R1", **more: Any) -> dict[str, Any]:
    return {"number": number, "employee": "001", "amount": 100, "currency": "CNY", "purpose": "trip",
            "applied_on": date(2026, 6, 20), "is_approved": True} | more


def paid(number: str = "FKL1", **more: Any) -> dict[str, Any]:
    return {"number": number, "employee": "001", "paid_on": date(2026, 7, 1), "amount": 100, "currency": "CNY",
            "approval": "R1"} | more


def composed(items: list[Any], payouts: list[Any], requests: list[Any]) -> list[dict[str, Any]]:
    tables = table("open_item", *items), table("payout", *payouts), table("request", *requests)
    return compose_loans(*tables, "FK").to_dicts()


def test_a_loan_finds_its_request_by_the_number_that_stands_on_it() -> None:
    (loan,) = composed([item()], [], [asked(loan="L1")])
    assert (loan["approval"], loan["purpose"], loan["is_approved"], loan["balance"]) == ("R1", "trip", True, 60)


def test_else_by_the_payment_that_names_both() -> None:
    (loan,) = composed([item()], [paid()], [asked()])
    assert (loan["approval"], loan["applied_on"]) == ("R1", date(2026, 6, 20))


def test_where_the_payment_and_the_request_differ_the_payment_is_believed() -> None:
    first = composed([item()], [paid(approval="R2")], [asked(loan="L1"), asked("R2", purpose="tools")])[0]
    assert (first["approval"], first["purpose"]) == ("R2", "tools")


@pytest.mark.parametrize("payouts", [[], [paid("XXL1")], [paid(approval=None)], [paid("FKL2")]])
def test_a_loan_that_nothing_names_has_no_approval_and_is_not_lost(payouts: list[Any]) -> None:
    loan, waiting = composed([item()], payouts, [asked()])
    assert (loan["number"], loan["approval"], loan["is_approved"]) == ("L1", None, None)
    assert waiting["number"] == "R1"


def test_an_application_that_nobody_paid_is_no_debt() -> None:
    (waiting,) = composed([], [], [asked(loan="L7")])
    assert (waiting["number"], waiting["approval"], waiting["principal"]) == ("L7", "R1", 100)
    assert (waiting["balance"], waiting["lent_on"], waiting["due_on"]) == (None, None, None)


@pytest.mark.parametrize("missing", ["amount", "currency"])
def test_an_application_without_an_amount_is_no_row(missing: str) -> None:
    assert composed([], [], [asked(**{missing: None})]) == []


@pytest.mark.parametrize(("on_item", "on_request", "told"), [
    ("travel", "petty", "petty"), ("travel", None, "travel"), (None, "petty", "petty"), (None, None, None),
])
def test_what_the_request_says_of_the_kind_wins(on_item: str | None, on_request: str | None, told: str | None) -> None:
    assert composed([item(kind=on_item)], [], [asked(loan="L1", kind=on_request)])[0]["kind"] == told


def test_a_trip_that_only_the_open_item_knows_is_kept() -> None:
    trip = {"trip_start": date(2026, 7, 2), "trip_end": date(2026, 7, 5)}
    loan = composed([item(**trip)], [], [asked(loan="L1")])[0]
    assert {name: loan[name] for name in trip} == trip


NUMBERS = st.sampled_from(["L1", "L2", "L3"])
REQUESTS = st.lists(
    st.builds(asked, st.sampled_from(["R1", "R2", "R3"]), loan=st.one_of(st.none(), NUMBERS)), max_size=5
)
PAYOUTS = st.lists(st.builds(paid, st.sampled_from(["FKL1", "FKL2", "L1"]),
                             approval=st.sampled_from(["R1", "R2", "R9", None])), max_size=5)


@LAW
@given(st.lists(st.builds(item, NUMBERS, balance=st.integers(-9, 99)), max_size=5), PAYOUTS, REQUESTS)
def test_every_open_item_is_one_loan_with_its_own_amounts_whatever_else_is_there(
    items: list[Any], payouts: list[Any], requests: list[Any]
) -> None:
    owed = [loan for loan in composed(items, payouts, requests) if loan["lent_on"]]
    assert [(loan["number"], loan["principal"], loan["balance"]) for loan in owed] == [
        (row["number"], row["principal"], row["balance"]) for row in items
    ]


@LAW
@given(st.lists(st.builds(item, NUMBERS), max_size=4), PAYOUTS, REQUESTS)
def test_a_request_is_the_one_of_a_loan_or_waits_and_never_both(
    items: list[Any], payouts: list[Any], requests: list[Any]
) -> None:
    loans = composed(items, payouts, requests)
    waiting = [loan["approval"] for loan in loans if loan["lent_on"] is None]
    assert len(waiting) == len(set(waiting))
    assert set(waiting).isdisjoint({loan["approval"] for loan in loans if loan["lent_on"]})
    named = {row["loan"] for row in requests} & {row["number"] for row in items}
    assert not [loan for loan in loans if loan["lent_on"] is None and loan["number"] in named]
