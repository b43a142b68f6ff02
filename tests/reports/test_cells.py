"""Values fit to be shown: text that is no formula, types that are types, secrets that stay secret."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from connector.reports.cells import instant, is_secret, masked_reject, safe_text, shown, typed


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\n", "＝", "＋", "－", "＠"])
def test_text_that_starts_like_a_formula_gets_an_apostrophe(start: str) -> None:
    assert safe_text(f"{start}cmd|'/c calc'!A0") == f"'{start}cmd|'/c calc'!A0"


@pytest.mark.parametrize("hidden", ["\x00=1+1", "\r=1+1", "\ufeff=1+1", "\u202e=1+1", "\x1b=1+1", "\x85=1+1"])
def test_nothing_unseen_hides_the_start_of_a_formula(hidden: str) -> None:
    assert safe_text(hidden) == "'=1+1"


def test_plain_text_is_left_alone() -> None:
    assert safe_text("张伟 a-b=c") == "张伟 a-b=c"


def test_a_text_longer_than_a_cell_is_cut() -> None:
    assert len(safe_text("=" * 40_000)) <= 32_767


def test_values_get_the_type_of_their_name() -> None:
    assert typed("balance", "28000.10") == Decimal("28000.10")
    assert typed("due_on", "2026-05-15") == date(2026, 5, 15)
    assert typed("last_day", "2026-05-15") == date(2026, 5, 15)
    assert typed("seen_at", "2026-07-31T18:10:22Z") == datetime(2026, 7, 31, 18, 10, 22, tzinfo=UTC)
    assert typed("approval", "000123") == "000123"
    assert typed("count", 3) == 3
    assert typed("balance", None) is None


@pytest.mark.parametrize(("name", "value"), [
    ("balance", "n/a"), ("balance", "NaN"), ("balance", "Infinity"), ("due_on", "soon"),
    ("seen_at", "2026-07-31T18:10"),
])
def test_what_does_not_read_as_its_type_stays_text(name: str, value: str) -> None:
    assert typed(name, value) == value


def test_an_instant_needs_an_offset() -> None:
    assert instant("2026-08-01T02:10:00+08:00") == datetime(2026, 7, 31, 18, 10, tzinfo=UTC)
    with pytest.raises(ValueError, match="no offset"):
        instant("2026-08-01T02:10:00")


@pytest.mark.parametrize("field", ["monthly_salary", "id_card", "mobile", "月工资", "FSalary", "bank_account"])
def test_salaries_identity_and_bank_numbers_are_secret(field: str) -> None:
    assert is_secret(field)
    assert shown(field, "12345.67", "zh_CN") == "保密"


def test_a_band_is_no_salary() -> None:
    assert not is_secret("salary_band")
    assert shown("salary_band", "le_50", "zh_CN") == "le_50"


def test_a_reject_loses_its_payload_and_a_secret_finding() -> None:
    reject = {"field": "monthly_salary", "found": "98,76.5", "payload": "raw", "ref": "1"}
    assert masked_reject(reject, "en") == {"field": "monthly_salary", "found": "confidential", "ref": "1"}
