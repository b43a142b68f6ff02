"""Cells as people type them become text that the mapping's converters read: spaces, full-width forms, numbers that are
dates, units of amounts, zeros that a spreadsheet dropped. Columns in, columns out; nothing is guessed: what is in no
known form stays as it is and is refused by its converter.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from connector.mappings.table import Field
from connector.model.values import exponent

# Fields that are keys or codes although the mapping takes them as plain text.
KEYS = frozenset({"number", "employee", "manager"})
_CODES = KEYS | {"mobile", "currency"}
# Before the name of a field: the column that says which of its cells were numbers.
IS_NUMBER = "#is_number:"
# Signs that nobody sees and that come along when cells are copied from a web page or a chat.
_UNSEEN = r"[\x{200b}-\x{200f}\x{202a}-\x{202e}\x{2060}-\x{2064}\x{feff}\x{00ad}\x{0000}-\x{0008}\x{000b}-\x{001f}]"
# Days as Excel counts them: 1954-10-03 … 2118-03-23. A smaller or larger number in a date column is no day of work.
_FIRST_SERIAL, _LAST_SERIAL = 20_000, 79_706
# Day 0 of Excel's two calendars. 1900: the day before the last of 1899, for Excel believes in 29 February 1900.
_EPOCH = {1900: (1899, 12, 30), 1904: (1904, 1, 1)}
_SERIAL = r"^\d{5}(\.\d+)?$"
_DAY_US = 86_400_000_000
_CURRENCIES = {
    "人民币": "CNY", "人民币元": "CNY", "元": "CNY", "RMB": "CNY", "¥": "CNY", "港币": "HKD", "港元": "HKD",
    "美元": "USD", "$": "USD", "欧元": "EUR", "€": "EUR", "日元": "JPY", "英镑": "GBP", "£": "GBP",
    "新台币": "TWD", "台币": "TWD",
}
# How a yuan may be marked at an amount; only where the row's currency is that one.
_YUAN = r"^(?:¥|RMB|CNY|人民币)\s*|\s*(?:元整|圆整|元|RMB|CNY)$"
# Ten thousands and thousands behind an amount.
_BEHIND = {"万": 10_000, "千": 1_000}
# Currencies whose minor unit is not a hundredth.
_ODD = ("JPY", "KRW", "VND", "CLP", "KWD", "BHD", "OMR", "JOD", "TND")
# Decimal places of an amount in the reckoning: units of 10,000 with the minor digits of any currency.
_PLACES = 12


@dataclass(frozen=True)
class Reading:
    """The rules of a connection and a file, by which its cells are read."""

    currency: str
    number_width: int = 0
    date_system: int = 1900
    unit: Mapping[str, int] = field(default_factory=dict)


def plain(column: pl.Series, is_code: bool) -> pl.Series:
    """Without what nobody sees and without `="…"`; codes in their half-width form. Empty is null."""
    if column.str.contains(_UNSEEN).any():
        column = column.str.replace_all(_UNSEEN, "")
    column = column.str.strip_chars()
    if column.str.starts_with('="').any():
        column = column.str.replace(r'^="([^"]*)"$', "$1").str.strip_chars()
    if is_code and column.str.contains(r"[^\x00-\x7f]").any():
        column = column.str.normalize("NFKC").str.strip_chars()
    return column.replace("", None)


def read_cells(rows: pl.DataFrame, fields: Sequence[Field], reading: Reading) -> pl.DataFrame:
    """Text columns by field of the mapping → the same in the forms its converters read; no currency is the company's.

    A column `#is_number:…` says which of its amounts were numbers in a workbook and not typed text.
    """
    present = list({f.source: f for f in fields if f.source in rows.columns}.values())  # two may read one column
    rows = rows.with_columns([plain(rows[str(f.source)], _is_code(f)) for f in present])
    rows = rows.with_columns([_shaped(f, reading).alias(str(f.source)) for f in present if f.kind != "money"])
    currency = next((str(f.source) for f in fields if f.target == "currency"), "")
    if currency:
        said = pl.col(currency) if currency in rows.columns else pl.lit(None, dtype=pl.String)
        rows = rows.with_columns(said.fill_null(reading.currency).alias(currency))
    paid_in = pl.col(currency) if currency else pl.lit(reading.currency)
    amounts = [f for f in present if f.kind == "money"]
    return rows.with_columns([
        _amount(str(f.source), paid_in, f"{IS_NUMBER}{f.source}" in rows.columns, reading).alias(str(f.source))
        for f in amounts
    ])


def _is_code(mapped: Field) -> bool:
    return mapped.kind != "text" or mapped.target in _CODES


def _shaped(mapped: Field, reading: Reading) -> pl.Expr:
    cell = pl.col(str(mapped.source))
    if mapped.target in KEYS:
        return _key(cell, reading.number_width)
    if mapped.target == "currency":
        return cell.str.to_uppercase().replace(_CURRENCIES)
    if mapped.kind in ("date", "month"):
        return _dated(cell, reading.date_system, "%Y-%m-%d")
    if mapped.kind == "instant":
        return _dated(cell, reading.date_system, "%Y-%m-%dT%H:%M:%S")
    if mapped.kind == "int":
        return cell.str.replace(r"\s*(次|times?)$", "").str.replace(r"^\+", "")
    return cell


def _key(cell: pl.Expr, width: int) -> pl.Expr:
    """`10001.0` → `10001`, `'007` → `007`; with a width, numbers of digits are filled with zeros from the left."""
    bare = cell.str.replace(r"^'", "").str.replace(r"^(\d+)\.0+$", "$1").str.replace_all(r"\s+", "")
    if not width:
        return bare
    return pl.when(bare.str.contains(r"^\d+$")).then(bare.str.zfill(width)).otherwise(bare)


def is_mangled(cell: pl.Expr) -> pl.Expr:
    """Whether a number has lost digits: `1.23457E+11`, as a spreadsheet writes what is too long for it."""
    return cell.str.contains(r"(?i)^\d(\.\d+)?e\+?\d+$").fill_null(False)


def _dated(cell: pl.Expr, system: int, shape: str) -> pl.Expr:
    """A number that counts days → ISO text; anything else as it is."""
    days = pl.when(cell.str.contains(_SERIAL)).then(cell).otherwise(None).cast(pl.Float64, strict=False)
    days = pl.when(days.is_between(_FIRST_SERIAL, _LAST_SERIAL)).then(days).otherwise(None)
    # to whole seconds: a time of day is a fraction that no float holds exactly
    length = (days * (_DAY_US // 1_000_000)).round(0).cast(pl.Int64) * 1_000_000
    at = pl.datetime(*_EPOCH[system]) + pl.duration(microseconds=length)
    return pl.coalesce(at.dt.strftime(shape), cell)


def _amount(source: str, currency: pl.Expr, has_numbers: bool, reading: Reading) -> pl.Expr:
    """Decimal text: yuan signs off, `1.2万` and the column's unit multiplied, a workbook's number rounded half up."""
    cell = pl.col(source)
    bare = pl.when(currency == "CNY").then(cell.str.replace_all(_YUAN, "")).otherwise(cell)
    factor = pl.lit(reading.unit.get(source, 1), dtype=pl.Int64)
    for sign, size in _BEHIND.items():
        factor = pl.when(bare.str.ends_with(sign)).then(pl.lit(size, dtype=pl.Int64)).otherwise(factor)
    own_unit = currency.eq("CNY") & cell.str.ends_with("元").fill_null(False) & ~bare.str.contains("[万千]$")
    factor = pl.when(own_unit).then(pl.lit(1, dtype=pl.Int64)).otherwise(factor)
    digits = bare.str.replace(r"\s*[万千]$", "")
    is_amount = digits.str.contains(r"^[+-]?(\d{1,15}|\d{1,3}(,\d{3}){1,4})(\.\d{1,20})?$")
    number = pl.when(is_amount).then(digits.str.replace_all(",", "", literal=True)).otherwise(None)
    exact = number.str.to_decimal(scale=_PLACES) * factor.cast(pl.Decimal(38, 0))
    is_number = pl.col(f"{IS_NUMBER}{source}") if has_numbers else pl.lit(False)
    shown = pl.when(is_number).then(_rounded(exact, currency)).otherwise(exact).cast(pl.String)
    return pl.coalesce(shown.str.replace(r"\.?0+$", ""), cell)


def _rounded(exact: pl.Expr, currency: pl.Expr) -> pl.Expr:
    """Half up to the minor unit of the row's currency: a formula's 8333.333… is an amount, not a typing slip."""
    cents = exact.round(2, mode="half_away_from_zero")
    odd = {size: [code for code in _ODD if exponent(code) == size] for size in (0, 3)}
    for size, codes in odd.items():
        there = currency.is_in(codes).fill_null(False)
        cents = pl.when(there).then(exact.round(size, mode="half_away_from_zero")).otherwise(cents)
    return cents

