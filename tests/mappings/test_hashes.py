"""Identity and mobile numbers become keyed hashes at the border, or nothing; the numbers themselves go no further."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from connector.mappings.convert import id_hash, mobile_hash
from connector.mappings.table import Context, load_mapping, map_rows

VALID = "11010519491231002X"  # the example of GB 11643-1999
SALT = b"a company's own"


def hashed(written: str | None, salt: bytes = SALT) -> str | None:
    frame = pl.DataFrame({"id": [written]}, {"id": pl.String})
    found: str | None = frame.select(id_hash(pl.col("id"), salt)).item()
    return found


@pytest.mark.parametrize("written", [
    "11010519491231002x", " 110105 19491231 002X ", "１１０１０５１９４９１２３１００２Ｘ", "110105-19491231-002X",
])
def test_one_number_in_any_spelling_is_one_hash(written: str) -> None:
    assert hashed(written) == hashed(VALID) is not None


def test_the_hash_says_nothing_without_the_salt() -> None:
    assert hashed(VALID, b"another company") != hashed(VALID)
    assert hashed(VALID, b"") is None
    assert VALID not in (hashed(VALID) or "") and len(hashed(VALID) or "") == 64


@pytest.mark.parametrize("written", [
    "110105194912310021", "11010519491231002", "1.10105194912310E+17", "110105194912310000", "E12345678", "", None,
])
def test_what_cannot_be_verified_is_no_hash(written: str | None) -> None:
    assert hashed(written) is None


def test_an_identity_that_cannot_be_verified_does_not_cost_the_row() -> None:
    text = "streams: {employee: {ref: n, number: n, id_hash: {from: id, as: id_hash}}}"
    context = Context("hr", datetime(2026, 7, 31, tzinfo=UTC), "CNY", ZoneInfo("Asia/Shanghai"), SALT)
    raw = pl.DataFrame({"n": ["E1", "E2"], "id": ["a passport", VALID]})
    rows, bad = map_rows(load_mapping(text, "test")["employee"], raw, context)
    assert bad == [] and rows["id_hash"].is_null().to_list() == [True, False]
    assert VALID not in rows.write_csv()


def mobile(written: str | None, salt: bytes = SALT) -> str | None:
    frame = pl.DataFrame({"mobile": [written]}, {"mobile": pl.String})
    found: str | None = frame.select(mobile_hash(pl.col("mobile"), salt)).item()
    return found


@pytest.mark.parametrize("written", [
    "+86 138 0013 8000", "0086-13800138000", "８６１３８００１３８０００", "138 0013 8000", "8613800138000",
])
def test_a_mobile_number_is_the_same_however_it_is_written(written: str) -> None:
    assert mobile(written) == mobile("13800138000") is not None


@pytest.mark.parametrize("written", ["010-62345678", "+86 12800138000", "138001380001", "12345", "", None])
def test_what_is_no_mobile_number_is_no_hash(written: str | None) -> None:
    assert mobile(written) is None


def test_a_foreign_mobile_number_keeps_its_country() -> None:
    assert mobile("+1 (212) 555-0100") == mobile("+12125550100") is not None
    assert mobile("+44 2125550100") != mobile("+12125550100")
