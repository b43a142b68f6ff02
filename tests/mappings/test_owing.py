"""Balances of loans that nobody books loan by loan: truth tables, and that no cent is lost for any draw."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.mappings.owing import balances_by_bills, differing, loans_by_bills, loans_by_ledger
from connector.model.tables import schema

SEEN = datetime(2026, 7, 31, tzinfo=UTC)


def rows(table: str, *found: dict[str, Any]) -> pl.DataFrame:
    common = {"system": "k", "seen_at": SEEN, "employee": "E1", "currency": "CNY"}
    return pl.DataFrame([common | {"ref": f"r{at}", **row} for at, row in enumerate(found)], schema=schema(table))


def payouts(*lent: tuple[str, int, int], **more: Any) -> pl.DataFrame:
    """(loan, amount, day of July)"""
    return rows("payout", *({"number": f"FK{loan}", "amount": n, "paid_on": date(2026, 7, on), **more}
                            for loan, n, on in lent))


def repaid(*amounts: tuple[str | None, int], **more: Any) -> pl.DataFrame:
    return rows("repayment", *({"number": f"B{at}", "loan": loan, "amount": n, "paid_on": date(2026, 7, 9), **more}
                               for at, (loan, n) in enumerate(amounts)))


def balances(*amounts: int, **more: Any) -> pl.DataFrame:
    return rows("balance", *({"amount": n, **more} for n in amounts))


def shown(loans: pl.DataFrame) -> dict[str, tuple[int, bool]]:
    return {number: (balance, allocated) for number, balance, allocated
            in loans.select("number", "balance", "is_allocated").iter_rows()}


TWO = payouts(("A", 100, 1), ("B", 50, 2))


@pytest.mark.parametrize(
    ("back", "expected"),
    [
        ((), {"A": (100, False), "B": (50, False)}),
        ((("B", 20),), {"A": (100, False), "B": (30, False)}),
        ((("B", 70),), {"A": (100, False), "B": (-20, False)}),  # as it is in the books
        (((None, 99),), {"A": (1, True), "B": (50, True)}),
        (((None, 100),), {"A": (0, True), "B": (50, True)}),
        (((None, 101),), {"A": (0, True), "B": (49, True)}),
        (((None, 151),), {"A": (0, True), "B": (-1, True)}),
        ((("gone", 30),), {"A": (70, True), "B": (50, True)}),
        ((("A", 100), (None, 30)), {"A": (0, True), "B": (20, True)}),
        ((("A", 120), (None, 30)), {"A": (-20, True), "B": (20, True)}),  # too much on one loan pays no other
    ],
)
def test_bills_settle_the_loan_they_name_and_then_the_oldest(back: Any, expected: dict[str, Any]) -> None:
    assert shown(loans_by_bills(TWO, repaid(*back), "FK")) == expected


@pytest.mark.parametrize(
    ("owed", "expected"),
    [
        ((150,), {"A": (100, False), "B": (50, False)}),
        ((51,), {"A": (1, True), "B": (50, True)}),
        ((30, 20), {"A": (0, True), "B": (50, True)}),
        ((), {"A": (0, True), "B": (0, True)}),
        ((-5,), {"A": (0, True), "B": (-5, True)}),
        ((151,), {"A": (100, False), "B": (50, False)}),
    ],
)
def test_the_ledger_leaves_the_newest_loans_open(owed: Any, expected: dict[str, Any]) -> None:
    assert shown(loans_by_ledger(TWO, balances(*owed), "FK")) == expected


def test_one_loan_needs_no_choice() -> None:
    assert shown(loans_by_ledger(payouts(("A", 100, 1)), balances(40), "FK")) == {"A": (40, False)}


def test_a_loan_paid_out_in_parts_is_one_loan_since_its_first_part() -> None:
    (loan,) = loans_by_bills(payouts(("A", 60, 3), ("A", 40, 1)), repaid(("A", 10)), "FK").iter_rows(named=True)
    assert (loan["principal"], loan["balance"], loan["lent_on"]) == (100, 90, date(2026, 7, 1))


@pytest.mark.parametrize("other", [{"currency": "USD"}, {"employee": "E2"}])
def test_nobody_elses_money_and_no_other_currency_settles_a_loan(other: dict[str, str]) -> None:
    back = repaid(("A", 30), (None, 10), **other)
    assert shown(loans_by_bills(TWO, back, "FK"))["A"] == (100, False)
    assert shown(loans_by_ledger(TWO, pl.concat([balances(150), balances(-40, **other)]), "FK"))["A"] == (100, False)


@pytest.mark.parametrize(("owed", "source"), [((151,), 151), ((150,), None), ((-1,), None), ((0,), None)])
def test_a_person_who_owes_more_than_was_paid_out_differs(owed: Any, source: int | None) -> None:
    found = differing(loans_by_ledger(TWO, balances(*owed), "FK"), balances(*owed))
    assert found["source"].to_list() == ([] if source is None else [source])


def test_a_repayment_of_somebody_without_loans_differs() -> None:
    nothing, back = payouts(), repaid(("A", 30))
    found = differing(loans_by_bills(nothing, back, "FK"), balances_by_bills(nothing, back))
    assert found.rows() == [("E1", "CNY", 0, -30)]


amounts = st.integers(1, 10**6)
people, money = st.sampled_from(["E1", "E2"]), st.sampled_from(["CNY", "USD"])


@given(
    st.lists(st.tuples(st.sampled_from("ABC"), people, money, amounts, st.integers(1, 28)), max_size=8),
    st.lists(st.tuples(st.sampled_from(["A", "B", "Z", None]), people, money, amounts), max_size=8),
)
def test_loans_and_what_nobody_carries_add_up_to_the_bills(lent: Any, back: Any) -> None:
    paid = rows("payout", *({"number": f"FK{n}", "employee": e, "currency": c, "amount": a,
                             "paid_on": date(2026, 7, d)} for n, e, c, a, d in lent))
    returned = rows("repayment", *({"number": "B", "loan": n, "employee": e, "currency": c, "amount": a,
                                    "paid_on": date(2026, 7, 30)} for n, e, c, a in back))
    loans, balance = loans_by_bills(paid, returned, "FK"), balances_by_bills(paid, returned)
    difference = differing(loans, balance)
    assert loans["principal"].sum() == paid["amount"].sum()
    assert loans["balance"].sum() + (difference["source"] - difference["here"]).sum() == balance["amount"].sum()
    owners = set(loans.select("employee", "currency").iter_rows())
    assert not owners & set(difference.select("employee", "currency").iter_rows())
