"""Converters: what they read exactly, and what they leave alone."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from connector.mappings import convert

ZONE = ZoneInfo("Asia/Shanghai")


def converted(expression: pl.Expr, *texts: str | None) -> list[object]:
    return pl.DataFrame({"x": texts}, schema={"x": pl.String}).select(expression.alias("y"))["y"].to_list()


@pytest.mark.parametrize(
    ("text", "cents"),
    [
        ("28000.00", 2_800_000), ("28,000", 2_800_000), ("-0.05", -5), (" 1.5 ", 150), ("0", 0),
        ("40.060000000000002", 4006), ("0.070000000000000007", 7), ("2.2999999999999998", 230),  # a float's 17 digits
        ("1.234", None), ("0.001", None), ("1e3", None), ("abc", None), ("", None), (None, None), ("NaN", None),
        ("8000,50", None), ("1,23", None), ("1,234,567.89", 123_456_789), ("1,234567", None),
        ("99999999999.99", 9_999_999_999_999), ("100000000000.00", 10**13), ("100000000000.01", None),
    ],
)
def test_money_is_exact_or_unreadable(text: str | None, cents: int | None) -> None:
    assert converted(convert.money(pl.col("x"), None, "CNY"), text) == [cents]


@pytest.mark.parametrize(("currency", "text", "minor"), [("JPY", "1200", 1200), ("JPY", "0.5", None),
                                                         ("KWD", "1.234", 1234), ("USD", "1.23", 123)])
def test_money_has_the_digits_of_its_currency(currency: str, text: str, minor: int | None) -> None:
    assert converted(convert.money(pl.col("x"), None, currency), text) == [minor]


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-07-31", date(2026, 7, 31)), ("2026-07-31T00:00:00", date(2026, 7, 31)),
        ("2026-07-31 00:00:00.000", date(2026, 7, 31)), (" 2026-07-31 ", date(2026, 7, 31)),
        ("/Date(1785427200000)/", date(2026, 7, 31)), ("/Date(1785427199000+0800)/", date(2026, 7, 30)),
        ("1900-01-01T00:00:00", None), ("0001-01-01", None), ("31.7.2026", None), ("2026-02-30", None), ("", None),
        ("2026年7月31日", date(2026, 7, 31)), ("2026.7.1", date(2026, 7, 1)), ("2026/7/31", date(2026, 7, 31)),
        ("20260731", date(2026, 7, 31)), ("2026/7/31 9:30", date(2026, 7, 31)), ("7/8/2026", None), ("26-7-31", None),
        ("2026.7.1-2026.7.31", None), ("2026-07-311", None), ("2026.13.1", None), ("46234", None),
    ],
)
def test_a_day_is_read_in_every_way_the_vendors_write_it(text: str, day: date | None) -> None:
    assert converted(convert.day(pl.col("x"), ZONE), text) == [day]


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-07-31T10:00Z", datetime(2026, 7, 31, 10, tzinfo=UTC)),
        ("2026-07-31T10:00:00+08:00", datetime(2026, 7, 31, 2, tzinfo=UTC)),
        ("2026-07-31T10:00:00.5+0800", datetime(2026, 7, 31, 2, 0, 0, 500_000, tzinfo=UTC)),
        ("2026-07-31 10:00:00", datetime(2026, 7, 31, 2, tzinfo=UTC)),  # the company's own time
        ("2026年7月31日 9:30", datetime(2026, 7, 31, 1, 30, tzinfo=UTC)),
        ("2026-07-31", datetime(2026, 7, 30, 16, tzinfo=UTC)),
        ("soon", None), ("", None),
    ],
)
def test_an_instant_is_utc(text: str, instant: datetime | None) -> None:
    assert converted(convert.instant(pl.col("x"), ZONE), text) == [instant]


def test_a_word_that_is_not_listed_is_unreadable() -> None:
    assert converted(convert.word(pl.col("x"), {"在职": "active"}), "在职", " 在职 ", "停职", "") == [
        "active", "active", None, None,
    ]


def test_a_flag_knows_its_words_only() -> None:
    assert converted(convert.flag(pl.col("x"), ["C"], ["A", "B"]), "c", "B", "Q", None) == [True, False, None, None]


def test_a_count_may_be_written_as_a_float() -> None:
    assert converted(convert.whole(pl.col("x")), "3", "3.0", "3.5", "x") == [3, 3, None, None]


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("2026-07", date(2026, 7, 1)), ("2026/7", date(2026, 7, 1)), ("2026年7月", date(2026, 7, 1)),
        ("2026.07", date(2026, 7, 1)), ("202607", date(2026, 7, 1)), ("2026-07-31", date(2026, 7, 1)),
        ("2026年12月", date(2026, 12, 1)), ("2026.1", None), ("2026-13", None), ("7月", None), ("", None),
    ],
)
def test_a_month_is_its_first_day(text: str, first: date | None) -> None:
    assert converted(convert.month(pl.col("x"), ZONE), text) == [first]


@pytest.mark.parametrize(
    ("text", "thousandths"),
    [
        ("98", 98_000), ("98%", 980), ("98.5 %", 985), ("1,234.567", 1_234_567), ("-0.001", -1), ("0", 0),
        ("0.0001", None), ("12,34", None), ("about 5", None), ("", None), ("999999999999.999", 999_999_999_999_999),
    ],
)
def test_a_measure_is_counted_in_thousandths_or_unreadable(text: str, thousandths: int | None) -> None:
    assert converted(convert.thousandths(pl.col("x")), text) == [thousandths]
