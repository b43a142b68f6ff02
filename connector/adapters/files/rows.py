"""The rows of a sheet, sorted: records, rows set aside with their place, and lines that are no records.

Columns in, columns out; only rows that are set aside are looked at one by one. Every row of the sheet is in exactly
one of the three.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import polars as pl

from connector.adapters.contract import Reject
from connector.adapters.files.cells import IS_NUMBER, is_mangled
from connector.adapters.files.grid import ROW, BadLine, column_name
from connector.adapters.files.headers import fold
from connector.adapters.files.sheets import Sheet, Wanted
from connector.mappings.table import BadRow, Field

# Raw column with the row's key: what names it, and the row as well where that was seen before.
REF = "#ref"
# Letters of a cell that a reject shows, and words that it lists for one meaning.
_FOUND_LIMIT, _WORDS_A_MEANING = 80, 3
# What stands in the first cell of a line that sums up others, with the name of a group before it or not.
_SUMMARY = r"(?i)^[^\d]{0,20}(合计|总计|小计|共计|累计|subtotal|sub-total|grandtotal|total)(人数)?[:：]?$"
# What a formula that failed leaves in its cell.
_ERRORS = ("#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!", "#SPILL!", "#CALC!")
# Digits in any script that people write amounts with, for hiding them.
_DIGITS = re.compile(r"[\d〇零一二三四五六七八九十百千万亿壹贰叁肆伍陆柒捌玖拾佰仟]")


@dataclass(frozen=True)
class Lines:
    """Rows by field of the mapping, with `#row`; and how many lines are no records, by reason."""

    rows: pl.DataFrame
    ignored: dict[str, int]


def records_of(sheet: Sheet, wanted: Wanted) -> Lines:
    """Without blank lines, headings that are repeated and totals."""
    frame, header = sheet.grid.rows, sheet.header
    places = [name for name in frame.columns if name != ROW]
    cells = [pl.col(name).str.strip_chars().replace("", None) for name in places]
    first = pl.coalesce(cells).str.replace_all(r"\s+", "")
    filled = pl.sum_horizontal([cell.is_not_null() for cell in cells])
    key = cells[header.columns[str(wanted.key.source)]]
    mapped = [(cells[at], header.written[name]) for name, at in header.columns.items()]
    is_heading = (key == header.written[str(wanted.key.source)]) & pl.all_horizontal(
        [(cell == written) | cell.is_null() for cell, written in mapped]
    )
    is_title = (filled == 1) & pl.coalesce(cells).is_in(sorted(header.above))
    is_summary = first.str.contains(_SUMMARY) & (key.is_null() | key.str.replace_all(r"\s+", "").str.contains(_SUMMARY))
    kind = (
        pl.when(filled == 0).then(pl.lit("blank")).when((is_heading | is_title).fill_null(False))
        .then(pl.lit("heading")).when(is_summary.fill_null(False)).then(pl.lit("summary"))
    )
    sorted_lines = frame.with_columns(kind=kind)
    kinds = sorted_lines["kind"].drop_nulls().value_counts()
    ignored = {str(name): int(count) for name, count in kinds.iter_rows()}
    if sheet.grid.blank:
        ignored["blank"] = ignored.get("blank", 0) + sheet.grid.blank
    numbers = [flags.alias(f"#{at}") for at, flags in sheet.grid.counted.items()]
    kept = sorted_lines.with_columns(numbers).filter(pl.col("kind").is_null())
    return Lines(_named(kept, sheet), ignored)


def _named(frame: pl.DataFrame, sheet: Sheet) -> pl.DataFrame:
    columns = sheet.header.columns
    flags = [pl.col(f"#{at}").alias(f"{IS_NUMBER}{name}") for name, at in columns.items() if at in sheet.grid.counted]
    return frame.select([pl.col(str(at)).alias(name) for name, at in columns.items()] + [pl.col(ROW), *flags])


def with_refs(rows: pl.DataFrame, parts: list[str]) -> pl.DataFrame:
    """Adds `#ref`: the parts, or `parts#row` where they were seen before, or `#row` where the first is empty."""
    named = pl.concat_str([pl.col(part) for part in parts if part in rows.columns], separator=" ", ignore_nulls=True)
    row = pl.concat_str(pl.lit("#"), pl.col(ROW).cast(pl.String))
    named = pl.when(pl.col(parts[0]).is_null()).then(None).otherwise(named)
    ref = pl.when(named.is_null()).then(row).when(named.is_first_distinct()).then(named).otherwise(named + row)
    return rows.with_columns(ref.alias(REF))


class Aside:
    """Rejects of one sheet, each with the place that a person can go to."""

    def __init__(self, stream: str, sheet: Sheet, wanted: Wanted, width: int) -> None:
        self._stream, self._sheet, self._key = stream, sheet, str(wanted.key.source)
        self._fields = {str(f.source): f for f in wanted.mapping.fields if f.source}
        self._width = width

    def of_lines(self, bad: tuple[BadLine, ...]) -> Iterator[Reject]:
        """The number is trusted only where it stands first: a missing comma shifts what comes after."""
        is_first = self._sheet.header.columns[self._key] == 0
        for line in bad:
            key = line.cells[0].strip() if is_first and line.cells else ""
            yield Reject(
                self._stream, f"{self._sheet.file}:{line.line}", key.zfill(self._width) if key.isdigit() else key,
                f"files.reject.{line.reason}", str(len(line.cells)), line.raw, expected=str(self._sheet.header.width),
            )

    def of_cells(self, rows: pl.DataFrame) -> tuple[pl.DataFrame, list[Reject]]:
        """Rows with a failed formula, or with a number that lost its digits → set aside."""
        failed = {name: pl.col(name).is_in(_ERRORS).fill_null(False) for name in self._sheet.header.columns}
        mangled = is_mangled(pl.col(self._key))
        is_bad = pl.any_horizontal([*failed.values(), mangled])
        found = []
        for row in rows.filter(is_bad).iter_rows(named=True):
            broken = next((name for name in failed if row[name] in _ERRORS), None)
            reason, field = ("error_cell", broken) if broken else ("mangled", self._key)
            key = "" if field == self._key else str(row[self._key] or "")
            found.append(self._reject(reason, str(field), row, key))
        return rows.filter(~is_bad), found

    def of_mapping(self, rows: pl.DataFrame, bad: list[BadRow]) -> tuple[pl.DataFrame, list[Reject]]:
        """Rows that the mapping cannot read → set aside."""
        refs = {one.ref: one for one in bad}
        is_bad = pl.col(REF).is_in(list(refs))
        found = []
        for row in rows.filter(is_bad).iter_rows(named=True):
            one = refs[row[REF]]
            reason = "missing" if not one.found else self._fields[one.field].kind
            found.append(self._reject(reason, one.field, row, str(row[self._key] or "")))
        return rows.filter(~is_bad), found

    def of_twice(self, rows: pl.DataFrame, twice: pl.Series) -> tuple[pl.DataFrame, list[Reject]]:
        """Rows that say different things of one employee and month → set aside, every one of them."""
        aside = rows.filter(twice).iter_rows(named=True)
        found = [self._reject("twice", self._key, row, str(row[self._key])) for row in aside]
        return rows.filter(~twice), found

    def _reject(self, reason: str, name: str, row: Mapping[str, object], key: str) -> Reject:
        found = str(row.get(name) or "")[:_FOUND_LIMIT]
        field = self._fields[name]
        if field.kind == "money":  # the shape shows what is wrong; the amount is nobody's business
            found = _DIGITS.sub("#", found)
        return Reject(
            self._stream, self._address(name, row), key, f"files.reject.{reason}", found,
            field=self._sheet.header.written.get(name, name), expected=_expected(field),
        )

    def _address(self, name: str, row: Mapping[str, object]) -> str:
        if not self._sheet.name:
            return f"{self._sheet.file}:{row[ROW]}"
        return f"{self._sheet.place}!{column_name(self._sheet.header.columns.get(name, 0))}{row[ROW]}"


def _expected(field: Field) -> str:
    if field.kind != "word":
        return field.kind
    by_meaning: dict[str, list[str]] = {}
    for found, ours in field.options.get("words", {}).items():
        by_meaning.setdefault(ours, []).extend([str(found)] if found != ours else [])
    return ", ".join(word for words in by_meaning.values() for word in words[:_WORDS_A_MEANING])


def filled_down(rows: pl.DataFrame, names: tuple[str, ...], sheet: Sheet, key: str) -> tuple[pl.DataFrame, str]:
    """Merged cells filled from above in the columns named, by header or field; and the first name that fits none, or
    that is the key: filled down, it would make two of one person."""
    written = {fold(header): name for name, header in sheet.header.written.items()}
    for name in names:
        column = written.get(fold(name), name)
        if column not in sheet.header.columns or column == key:
            return rows, name
        rows = rows.with_columns(pl.col(column).replace("", None).forward_fill())
    return rows, ""
