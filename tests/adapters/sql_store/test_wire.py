"""Which SQL may be sent, and how values of a database are written as text."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal

import pytest

from connector.adapters.sql_store import wire
from connector.errors import ConfigError


@pytest.mark.parametrize(
    "query",
    [
        "SELECT code AS number FROM staff",
        "select number from staff ; ",
        "WITH a AS (SELECT 1 AS number) SELECT number FROM a",
        "SELECT number -- update nothing; here\nFROM staff",
        "SELECT 'delete; me' AS number, updated_at, \"into\" FROM staff",
        "/* nightly */ SELECT REPLACE(number, '-', '') AS number FROM staff",
    ],
)
def test_one_statement_that_reads_passes(query):
    assert wire.read_only(query, "queries.employee") == query.strip().removesuffix(";").strip()


@pytest.mark.parametrize(
    "query",
    [
        "",
        "DELETE FROM staff",
        "SELECT 1; DROP TABLE staff",
        "SELECT 1;;",
        "SELECT '--'; DROP TABLE staff",
        "SELECT * INTO copy_of FROM staff",
        "SELECT * FROM staff FOR UPDATE",
        "WITH gone AS (DELETE FROM staff RETURNING *) SELECT * FROM gone",
        "PRAGMA journal_mode",
        "SELECT 1 /*! INTO OUTFILE 'x' */",
        "SELECT 'open",
        "SELECT 1 /* open",
    ],
)
def test_anything_else_is_refused_with_its_place(query):
    with pytest.raises(ConfigError, match=r"queries\.employee"):
        wire.read_only(query, "queries.employee")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, None),
        ("张三", "张三"),
        ("", ""),
        (True, "true"),
        (False, "false"),
        (28000, "28000"),
        (10**30, "1" + "0" * 30),
        (Decimal("28000.10"), "28000.10"),
        (Decimal("1E+5"), "100000"),
        (0.1, "0.1"),
        (28000.0, "28000.0"),
        (1e22, "10000000000000000000000"),
        (1.5e-7, "0.00000015"),
        (date(2026, 7, 31), "2026-07-31"),
        (datetime(2026, 7, 31, 8, 5), "2026-07-31T08:05:00"),
        (datetime(2026, 7, 31, 8, 5, tzinfo=UTC), "2026-07-31T08:05:00+00:00"),
        (time(8, 5), "08:05:00"),
        ("0000-00-00", None),
        (b"\xe5\xbc\xa0", "张"),
        (b"\xff", "0xff"),
        ({"a": [1]}, '{"a":[1]}'),
    ],
)
def test_a_value_is_written_as_exact_text(value, text):
    assert wire.text_of(value) == text


@pytest.mark.parametrize(
    ("shown", "unit", "period", "currency", "month"),
    [
        ("8000.505", "major", "month", "CNY", "8000.505"),
        ("800050", "minor", "month", "CNY", "8000.50"),
        ("300000", "minor", "month", "JPY", "300000"),
        ("96000", "major", "year", "CNY", "8000.00"),
        ("100000", "major", "year", "CNY", "8333.33"),
        ("9600001", "minor", "year", "CNY", "8000.00"),
        (None, "minor", "year", "CNY", None),
        ("n/a", "minor", "year", "CNY", "n/a"),
        ("NaN", "major", "year", "CNY", "NaN"),
    ],
)
def test_pay_in_another_unit_becomes_the_pay_of_a_month(shown, unit, period, currency, month):
    assert wire.monthly_salary(shown, unit, period, currency) == month
