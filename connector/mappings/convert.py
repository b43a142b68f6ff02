"""Converters: a column of text becomes a column of dates, minor units, words or flags.

A converter never guesses: what it cannot read becomes null, and the caller sets such rows aside with their text.
An empty text (also one space, the way some databases keep it) is null and never unreadable.
"""

from __future__ import annotations

from collections.abc import Mapping
from zoneinfo import ZoneInfo

import polars as pl

from connector.model.values import MONEY_LIMIT, exponent

# Dates at or before this one are how some systems write "no date".
_NO_DATE = pl.date(1900, 1, 1)


def text(source: pl.Expr) -> pl.Expr:
    """Stripped text; empty is null."""
    stripped = source.cast(pl.String).str.strip_chars()
    return pl.when(stripped == "").then(None).otherwise(stripped)


def day(source: pl.Expr, zone: ZoneInfo) -> pl.Expr:
    """`2026-07-31`, `2026-07-31T00:00:00[.fff]`, `2026-07-31 00:00:00`, `/Date(1785427200000)/` → Date; ≤ 1900-01-01
    is no date. Milliseconds are an instant: the day is that of `zone`."""
    written = text(source).str.slice(0, 10).str.to_date("%Y-%m-%d", strict=False)
    counted = text(source).str.extract(r"^/Date\((-?\d{1,15})([+-]\d{4})?\)/$", 1).cast(pl.Int64, strict=False)
    local = pl.from_epoch(counted, time_unit="ms").dt.replace_time_zone("UTC").dt.convert_time_zone(zone.key).dt.date()
    parsed = pl.coalesce(written, local)
    return pl.when(parsed > _NO_DATE).then(parsed).otherwise(None)


def instant(source: pl.Expr, zone: ZoneInfo) -> pl.Expr:
    """ISO time with `Z` or an offset → UTC instant; without one it is the company's local time."""
    value = text(source).str.replace(" ", "T", literal=True)
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
    """Decimal text (`28000.00`, `1,234.5`, `1e3` is refused) → minor units of the row's currency.

    More digits than the currency has, or an amount beyond the limit, is unreadable: null.
    """
    plain = text(source).str.replace_all(",", "", literal=True)
    readable = plain.str.contains(r"^[+-]?\d{1,15}(\.\d{1,20})?$")  # 17 digits of a float: 0.070000000000000007
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
