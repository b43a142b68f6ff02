"""Cells as people type them, in the forms that the converters read; what is in no form is left as it is."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.adapters.files.cells import IS_NUMBER, Reading, is_mangled, read_cells
from connector.mappings.table import Field

CURRENCY = Field("currency", "currency", "text", {})


def read(field: Field, *cells: str | None, **reading: object) -> list[str | None]:
    rows = pl.DataFrame({field.source: cells}, schema={str(field.source): pl.String})
    return read_cells(rows, [field], Reading("CNY", **reading))[str(field.source)].to_list()


def amounts(*cells: str, currency: str = "CNY", unit: int = 1, are_numbers: bool = False) -> list[str]:
    rows = pl.DataFrame({"pay": cells, "currency": [currency] * len(cells)})
    rows = rows.with_columns(pl.lit(are_numbers).alias(f"{IS_NUMBER}pay"))
    fields = [Field("pay", "pay", "money", {}), CURRENCY]
    return read_cells(rows, fields, Reading("CNY", unit={"pay": unit}))["pay"].to_list()


NUMBER = Field("number", "number", "text", {})


@pytest.mark.parametrize(
    ("cell", "number"),
    [
        ("１０００１", "10001"), (" 10001\u3000", "10001"), ("10001.0", "10001"), ("'007", "007"), ('="007"', "007"),
        ("\ufeffＥ１", "E1"), ("10 001", "10001"), ("", None), ("\u200b", None), ("10001.5", "10001.5"),
    ],
)  # fmt: skip
def test_a_number_is_what_was_meant_by_it(cell: str, number: str | None) -> None:
    assert read(NUMBER, cell) == [number]


def test_zeros_come_back_by_the_connections_rule_and_only_to_digits() -> None:
    assert read(NUMBER, "7", "1234567", "E7", number_width=6) == ["000007", "1234567", "E7"]
    assert read(NUMBER, "7") == ["7"]


@pytest.mark.parametrize(
    ("cell", "is_lost"), [("1.23457E+11", True), ("1e+15", True), ("E10001", False), ("10001", False)]
)
def test_a_number_that_lost_its_digits_is_noticed(cell: str, is_lost: bool) -> None:
    assert pl.DataFrame({"x": [cell]}).select(is_mangled(pl.col("x"))).item() == is_lost


def test_a_name_stays_as_it_was_written() -> None:
    assert read(Field("name", "name", "text", {}), " Ａｎｎ（王） ") == ["Ａｎｎ（王）"]


DAY = Field("hired_on", "hired_on", "date", {})


def test_a_number_that_counts_days_is_a_date_in_either_system() -> None:
    assert read(DAY, "46234", "46234.75") == ["2026-07-31", "2026-07-31"]
    assert read(DAY, "44772", date_system=1904) == ["2026-07-31"]


@pytest.mark.parametrize("cell", ["1234", "99999", "20260731", "2026年7月31日", "soon"])
def test_what_counts_no_days_is_left_to_the_converter(cell: str) -> None:
    assert read(DAY, cell) == [cell]


def test_a_part_of_a_day_is_a_time() -> None:
    assert read(Field("at", "at", "instant", {}), "46234.395833333336") == ["2026-07-31T09:30:00"]


@pytest.mark.parametrize(
    ("cell", "amount"),
    [
        ("8,000.50", "8000.5"), ("８，０００", "8000"), ("￥8000元", "8000"),
        ("人民币 8000", "8000"), ("8000元整", "8000"),
        ("1.2万", "12000"), ("1.2万元", "12000"), ("3千", "3000"), ("-0.05", "-0.05"), ("0", "0"), ("0.00", "0"),
        ("8000,50", "8000,50"), ("$8000", "$8000"), ("8k", "8k"), ("八千", "八千"), ("8000.005", "8000.005"),
    ],
)  # fmt: skip
def test_an_amount_is_plain_decimal_text_or_left_as_it_is(cell: str, amount: str) -> None:
    assert amounts(cell) == [amount]


def test_a_columns_unit_multiplies_what_does_not_name_its_own() -> None:
    assert amounts("1.2", "8000元", "1.5万", unit=10_000) == ["12000", "8000", "15000"]


def test_yuan_signs_count_only_where_the_currency_is_yuan() -> None:
    assert amounts("￥8000", currency="USD") == ["¥8000"]


def test_a_workbooks_number_is_rounded_half_up_to_the_minor_unit_and_typed_text_is_not() -> None:
    assert amounts("8333.33333333333", "0.125", "-0.125", are_numbers=True) == ["8333.33", "0.13", "-0.13"]
    assert amounts("8333.335") == ["8333.335"]
    assert amounts("1200.5", currency="JPY", are_numbers=True) == ["1201"]
    assert amounts("1.2345", currency="KWD", are_numbers=True) == ["1.235"]


@given(st.integers(-(10**13), 10**13))
def test_no_cent_is_lost_or_won(cents: int) -> None:
    sign, whole = "-" if cents < 0 else "", abs(cents)
    (amount,) = amounts(f"{sign}{whole // 100:,}.{whole % 100:02}")
    assert round(float(amount) * 100) == cents


@pytest.mark.parametrize(("cell", "code"), [("人民币", "CNY"), ("usd", "USD"), ("", "CNY"), ("Ｕ币", "U币")])
def test_a_currency_is_its_code_and_none_is_the_companys(cell: str, code: str) -> None:
    assert read(CURRENCY, cell) == [code]


def test_a_count_may_have_its_word_behind_it() -> None:
    assert read(Field("late_count", "late_count", "int", {}), "３次", "4 times", "2.5") == ["3", "4", "2.5"]
