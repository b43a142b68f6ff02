"""Sums that stay unknown, and amounts as text: exact, or not said at all."""

from __future__ import annotations

from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.model.values import MONEY_LIMIT, decimal_text, minor_units
from connector.rules.knowledge import decimal, known_total, sum_known
from tests.laws.companies import LAW

MONEY = st.integers(-MONEY_LIMIT, MONEY_LIMIT)


def summed(parts: list[int | None], is_known: bool | None) -> int | None:
    """The sum of one person's parts, the way the files build it: grouped, joined, judged."""
    people = pl.DataFrame({"person": ["E1"], "is_known": pl.Series([is_known], dtype=pl.Boolean)})
    rows = pl.DataFrame({"person": ["E1"] * len(parts), "x": parts}, schema={"person": pl.String, "x": pl.Int64})
    grouped = rows.group_by("person").agg(total=known_total(pl.col("x")), counted=pl.len())
    joined = people.join(grouped, on="person", how="left")
    found: int | None = joined.select(sum_known(pl.col("total"), pl.col("counted"), pl.col("is_known"))).item()
    return found


@pytest.mark.parametrize(("parts", "is_known", "total"), [
    ([1, 2], True, 3), ([], True, 0), ([0], True, 0), ([1, None], True, None), ([None], True, None),
    ([1, 2], False, None), ([], False, None), ([1, 2], None, None), ([5, -5], True, 0),
])
def test_a_sum_is_known_only_when_all_of_it_is(
    parts: list[int | None], is_known: bool | None, total: int | None
) -> None:
    assert summed(parts, is_known) == total


@LAW
@given(st.lists(st.one_of(MONEY, st.none()), max_size=6), st.sampled_from([True, False, None]))
def test_a_sum_is_the_plain_sum_or_unknown_and_never_anything_else(
    parts: list[int | None], is_known: bool | None
) -> None:
    whole = None if not is_known or None in parts else sum(part for part in parts if part is not None)
    assert summed(parts, is_known) == whole


@LAW
@given(st.lists(st.one_of(MONEY, st.none()), max_size=6), st.integers(0, 5))
def test_knowing_less_never_makes_a_sum_that_differs(parts: list[int | None], at: int) -> None:
    less = [None if n == at else part for n, part in enumerate(parts)]
    assert summed(less, True) in (summed(parts, True), None)


def written(minor: int | None, digits: int = 2) -> str | None:
    frame = pl.DataFrame({"x": [minor], "d": [digits]}, schema={"x": pl.Int64, "d": pl.Int64})
    fixed, by_row = frame.select(a=decimal(pl.col("x"), digits), b=decimal(pl.col("x"), pl.col("d"))).row(0)
    assert fixed == by_row
    return str(fixed) if fixed is not None else None


@pytest.mark.parametrize(("minor", "digits", "text"), [
    (2_800_000, 2, "28000.00"), (-5, 2, "-0.05"), (0, 2, "0.00"), (5, 2, "0.05"), (99, 2, "0.99"), (100, 2, "1.00"),
    (1200, 0, "1200"), (0, 0, "0"), (-7, 0, "-7"), (1234, 3, "1.234"), (-1, 3, "-0.001"), (None, 2, None),
    (MONEY_LIMIT, 2, "100000000000.00"), (-MONEY_LIMIT, 3, "-10000000000.000"),
])
def test_an_amount_is_written_exactly(minor: int | None, digits: int, text: str | None) -> None:
    assert written(minor, digits) == text


@LAW
@given(MONEY, st.sampled_from([("CNY", 2), ("JPY", 0), ("KWD", 3)]))
def test_an_amount_reads_back_as_what_was_written(minor: int, currency: tuple[str, int]) -> None:
    code, digits = currency
    text = written(minor, digits)
    assert text == decimal_text(minor, code) and minor_units(str(text), code) == minor
    assert Decimal(str(text)) * 10**digits == minor
