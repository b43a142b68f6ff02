"""Converters: a column of text becomes a column of dates, minor units, words or flags.

A converter never guesses: what it cannot read becomes null, and the caller sets such rows aside with their text.
An empty text (also one space, the way some databases keep it) is null and never unreadable.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from zoneinfo import ZoneInfo

import polars as pl

from connector.model.values import MONEY_LIMIT, exponent

# Dates at or before this one are how some systems write "no date".
_NO_DATE = pl.date(1900, 1, 1)
# GB 11643-1999: the weights of the first 17 digits, and the last one by their sum modulo 11.
_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_ID_CHECKS = "10X98765432"
_ISO_DAY = r"^\d{4}-\d\d-\d\d($|[T ])"


def text(source: pl.Expr) -> pl.Expr:
    """Stripped text; empty is null. NUL, which no database of ours can keep, is shown as ␀."""
    stripped = source.cast(pl.String).str.replace_all("\x00", "␀", literal=True).str.strip_chars()
    return pl.when(stripped == "").then(None).otherwise(stripped)


def _year_first(source: pl.Expr) -> pl.Expr:
    """`2026年7月31日`, `2026.7.31`, `2026/7/31`, `20260731` → `2026-07-31`, what follows kept; other text as it is.

    Only forms that begin with the year: of `7/8/2026` nobody knows which is the month.
    """
    return text(source).map_batches(_with_dashes, return_dtype=pl.String)


def _with_dashes(column: pl.Series) -> pl.Series:
    if column.str.contains(_ISO_DAY).fill_null(True).all():  # as systems write it: nothing to do
        return column
    value = column.str.replace(r"^(\d{4})(\d\d)(\d\d)$", "$1-$2-$3")
    parted = value.str.replace(r"^(\d{4})\s*[年./-]\s*(\d{1,2})\s*[月./-]\s*(\d{1,2})日?", "$1-0$2-0$3")
    return parted.str.replace(r"^(\d{4})-0?(\d\d)-0?(\d\d)", "$1-$2-$3")


def day(source: pl.Expr, zone: ZoneInfo) -> pl.Expr:
    """`2026-07-31`, `2026-07-31T00:00:00[.fff]`, `2026-07-31 00:00:00`, `/Date(1785427200000)/` → Date; ≤ 1900-01-01
    is no date. `2026年7月31日`, `2026.7.31`, `2026/7/31`, `20260731` are dates too. Milliseconds are an instant: its
    day is that of `zone`."""
    value = _year_first(source)
    alone = value.str.contains(_ISO_DAY)  # not the first day of `2026.7.1-2026.7.31`
    written = pl.when(alone).then(value.str.slice(0, 10)).otherwise(None).str.to_date("%Y-%m-%d", strict=False)
    counted = text(source).str.extract(r"^/Date\((-?\d{1,15})([+-]\d{4})?\)/$", 1).cast(pl.Int64, strict=False)
    local = pl.from_epoch(counted, time_unit="ms").dt.replace_time_zone("UTC").dt.convert_time_zone(zone.key).dt.date()
    parsed = pl.coalesce(written, local)
    return pl.when(parsed > _NO_DATE).then(parsed).otherwise(None)


def instant(source: pl.Expr, zone: ZoneInfo) -> pl.Expr:
    """ISO time with `Z` or an offset → UTC instant; without one it is the company's local time. A bare day is its
    first moment; the day may be written as for `day`."""
    value = _year_first(source).str.replace(r"\s+", "T").str.replace(r"^(\d{4}-\d\d-\d\d)$", "${1}T00:00")
    value = value.str.replace(r"T(\d:)", "T0$1")
    value = value.str.replace(r"^(\d{4}-\d\d-\d\dT\d\d:\d\d)(Z|[+-]|$)", "${1}:00$2")
    value = value.str.replace(r"Z$", "+00:00").str.replace(r"([+-]\d\d)(\d\d)$", "$1:$2")
    with_zone = value.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f%:z", time_unit="us", time_zone="UTC", strict=False)
    local = (
        value.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f", time_unit="us", strict=False)
        .dt.replace_time_zone(zone.key, ambiguous="earliest", non_existent="null")
        .dt.convert_time_zone("UTC")
    )
    return pl.coalesce(with_zone, local)


def money(source: pl.Expr, currencies: Mapping[str, int] | None, currency: pl.Expr | str) -> pl.Expr:
    """Decimal text (`28000.00`, `1,234.5`; `1e3` and `8000,50` are refused) → minor units of the row's currency.

    More digits than the currency has, or an amount beyond the limit, is unreadable: null.
    """
    written = text(source)
    plain = written.str.replace_all(",", "", literal=True)
    # 17 digits of a float: 0.070000000000000007
    readable = written.str.contains(r"^[+-]?(\d{1,15}|\d{1,3}(,\d{3}){1,4})(\.\d{1,20})?$")
    shown = pl.when(readable).then(plain).otherwise(None).str.to_decimal(scale=10)
    if isinstance(currency, str):
        scale: pl.Expr = pl.lit(10 ** exponent(currency), dtype=pl.Int64)
    else:
        odd = dict(currencies or {})
        scale = currency.replace_strict(odd, default=100, return_dtype=pl.Int64)
    minor = shown * scale.cast(pl.Decimal(38, 0))
    whole = minor.round(0) == minor
    value = minor.cast(pl.Int64, strict=False)
    return pl.when(whole & (value.abs() <= MONEY_LIMIT)).then(value).otherwise(None)


def word(source: pl.Expr, words: Mapping[str, str]) -> pl.Expr:
    """A closed vocabulary → ours; a word that is not listed is unreadable."""
    return text(source).str.to_lowercase().replace_strict(
        {found.lower(): ours for found, ours in words.items()}, default=None, return_dtype=pl.String
    )


def flag(source: pl.Expr, yes: list[str], no: list[str]) -> pl.Expr:
    """Listed words → true / false; anything else is unreadable."""
    value = text(source).str.to_lowercase()
    return (
        pl.when(value.is_in([w.lower() for w in yes])).then(True)
        .when(value.is_in([w.lower() for w in no])).then(False)
        .otherwise(None)
    )


def whole(source: pl.Expr) -> pl.Expr:
    """`3`, `3.0` → 3."""
    return text(source).str.replace(r"\.0+$", "").cast(pl.Int64, strict=False)


def thousandths(source: pl.Expr) -> pl.Expr:
    """`98`, `1,234.5`, `98%` (98 hundredths) → thousandths; finer than a thousandth, or beyond 10^12, is unreadable."""
    written = text(source)
    is_share = written.str.ends_with("%").fill_null(False)
    plain = written.str.strip_suffix("%").str.strip_chars().str.replace_all(",", "", literal=True)
    grouped = written.str.contains(r"^[+-]?(\d{1,12}|\d{1,3}(,\d{3}){1,3})(\.\d{1,12})?\s*%?$")
    shown = pl.when(grouped).then(plain).otherwise(None).str.to_decimal(scale=14)
    scaled = shown * pl.when(is_share).then(pl.lit(10)).otherwise(pl.lit(1000)).cast(pl.Decimal(38, 0))
    whole_value = scaled.cast(pl.Int64, strict=False)
    return pl.when(scaled.round(0) == scaled).then(whole_value).otherwise(None)


def month(source: pl.Expr, zone: ZoneInfo) -> pl.Expr:
    """`2026-07`, `2026/7`, `2026年7月`, `2026.07`, `202607`, or any day of the month → first day of the month.

    `2026.1` is unreadable: as a number it may have been October.
    """
    value = text(source).str.replace(r"^(\d{4})(\d\d)$", "$1-$2").str.replace(r"^(\d{4})\.(\d\d)$", "$1-$2")
    value = value.str.replace(r"^(\d{4})\s*[年/-]\s*(\d{1,2})月?$", "$1-0$2-01")
    value = value.str.replace(r"^(\d{4})-0?(\d\d)-01$", "$1-$2-01").str.replace(r"^(\d{4}-\d\d)$", "$1-01")
    return day(value, zone).dt.month_start()


def id_hash(source: pl.Expr, salt: bytes) -> pl.Expr:
    """A national identity number (18 characters, GB 11643-1999) → its keyed SHA-256, hex; the number goes no further.

    Spaces, full-width forms and a small x fall together. Null: no number, one whose check digit is wrong, one that a
    spreadsheet has cut to 15 digits (it ends in 000), or no salt. Source: ISO 7064 MOD 11-2, RFC 2104.
    """
    plain = text(source).str.normalize("NFKC").str.replace_all(r"[\s-]", "").str.to_uppercase()
    shaped = pl.when(plain.str.contains(r"^[1-9]\d{16}[\dX]$") & ~plain.str.ends_with("000")).then(plain)
    total = pl.sum_horizontal(
        [shaped.str.slice(at, 1).cast(pl.Int64, strict=False) * weight for at, weight in enumerate(_ID_WEIGHTS)]
    )
    checks = {rest: check for rest, check in enumerate(_ID_CHECKS)}
    wanted = (total % 11).replace_strict(checks, default=None, return_dtype=pl.String)
    verified = pl.when(shaped.str.slice(17, 1) == wanted).then(shaped)
    return verified.map_batches(lambda numbers: _keyed_hash(numbers, salt), return_dtype=pl.String)


def mobile_hash(source: pl.Expr, salt: bytes) -> pl.Expr:
    """A mobile number → its keyed SHA-256, hex. `+86 138-0013-8000`, `0086 13800138000`, `13800138000` are one; a
    foreign one has its `+`. Null: what is no mobile number, or no salt."""
    plain = text(source).str.normalize("NFKC").str.replace_all(r"[\s().-]", "")
    home = plain.str.extract(r"^(?:\+86|0086|86)?(1[3-9]\d{9})$", 1)
    abroad = pl.when(~plain.str.starts_with("+86")).then(plain.str.extract(r"^(\+[1-9]\d{7,14})$", 1))
    return pl.coalesce(home, abroad).map_batches(lambda numbers: _keyed_hash(numbers, salt), return_dtype=pl.String)


def _keyed_hash(numbers: pl.Series, salt: bytes) -> pl.Series:
    """Each number once; there is no keyed hash among the columnar operations."""
    if not salt:
        return pl.Series(numbers.name, [None] * len(numbers), dtype=pl.String)
    known = numbers.drop_nulls().unique()
    hashed = [hmac.digest(salt, number.encode(), hashlib.sha256).hex() for number in known]
    return numbers.replace_strict(known, pl.Series(hashed, dtype=pl.String), default=None, return_dtype=pl.String)
