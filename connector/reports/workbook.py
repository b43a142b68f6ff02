"""The night as a workbook: typed numbers and real dates, frozen headers, filters, one sheet that says what it is.

No cell is ever a formula. Rows are streamed, so that a large company fits into little memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import xlsxwriter

from connector.i18n import text
from connector.model.runs import NightRecord
from connector.reports.about import Row, about
from connector.reports.cells import Cell, safe_text
from connector.reports.tables import Column, Table, is_money, tables

# Rows of one sheet that a spreadsheet program can read; more go on to a second sheet.
SHEET_ROWS = 1_048_576

_OPTIONS: dict[str, Any] = {
    "constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False,
    "nan_inf_to_errors": False, "default_date_format": "yyyy-mm-dd",
}
_FORMATS: dict[str, dict[str, Any]] = {
    "text": {"valign": "top"},
    "wrapped": {"valign": "top", "text_wrap": True},
    "header": {"bold": True, "bg_color": "#E4ECEE", "font_color": "#16363D", "bottom": 1, "valign": "vcenter"},
    "title": {"bold": True, "font_size": 16, "font_color": "#16363D"},
    "section": {"bold": True, "font_color": "#16363D", "bottom": 1},
    "total": {"bold": True, "top": 1, "num_format": "#,##0"},
    "total_money": {"bold": True, "top": 1, "num_format": "#,##0.00"},
    "count": {"num_format": "#,##0", "valign": "top"},
    "money": {"num_format": "#,##0.00;[Red]-#,##0.00", "valign": "top"},
    "money_0": {"num_format": "#,##0;[Red]-#,##0", "valign": "top"},
    "money_3": {"num_format": "#,##0.000;[Red]-#,##0.000", "valign": "top"},
    "day": {"num_format": "yyyy-mm-dd", "align": "left", "valign": "top"},
    "instant": {"num_format": "yyyy-mm-dd hh:mm:ss", "align": "left", "valign": "top"},
}


def write_workbook(night: NightRecord, path: Path, language: str, sheet_rows: int = SHEET_ROWS) -> None:
    """Write `reconciliation.xlsx`: about, findings, plan, evidence, proof, rejects.

    The file appears whole or not at all. Instants are UTC (a spreadsheet knows no zone). OSError when the folder
    cannot be written.
    """
    part = path.with_name(f".{path.name}.part")
    try:
        with _workbook(part, f"{night.title} {night.as_of.isoformat()}", night.run, night.ended_at) as book:
            formats = {name: book.add_format(spec) for name, spec in _FORMATS.items()}
            _write_about(book, formats, about(night, language), language)
            for table in tables(night, language):
                _write_table(book, formats, table, sheet_rows)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def write_sheet(table: Table, path: Path, cover: Sequence[Row], language: str, made_at: datetime) -> int:
    """One table as a workbook behind its cover sheet, with the care of the whole one; returns the rows."""
    part, counted = path.with_name(f".{path.name}.part"), _Counted(table.rows)
    try:
        with _workbook(part, table.title, table.code, made_at) as book:
            formats = {name: book.add_format(spec) for name, spec in _FORMATS.items()}
            _write_about(book, formats, cover, language)
            _write_table(book, formats, replace(table, rows=iter(counted)), SHEET_ROWS)
        part.chmod(0o600)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return counted.rows


class _Counted:
    """Rows that pass, and how many they were."""

    def __init__(self, rows: Iterator[tuple[Cell, ...]]) -> None:
        self._rows, self.rows = rows, 0

    def __iter__(self) -> Iterator[tuple[Cell, ...]]:
        for row in self._rows:
            self.rows += 1
            yield row


@contextmanager
def _workbook(path: Path, title: str, comments: str, made_at: datetime) -> Iterator[Any]:
    book = xlsxwriter.Workbook(str(path), _OPTIONS | {"tmpdir": str(path.parent)})
    book.set_properties({
        "title": safe_text(title), "comments": safe_text(comments),
        "created": made_at.astimezone(UTC).replace(tzinfo=None),
    })
    try:
        yield book
    finally:  # after a failure too: it ends the files in which rows wait
        book.close()


def _write_about(book: Any, formats: dict[str, Any], rows: Iterable[Row], language: str) -> None:
    sheet = book.add_worksheet(text("sheet.about", language))
    sheet.hide_gridlines(2)
    sheet.set_column(0, 0, 34)
    sheet.set_column(1, 1, 44)
    sheet.set_column(2, 5, 18)
    sheet.freeze_panes(2, 0)
    for row, (style, cells) in enumerate(rows):
        for column, value in enumerate(cells):
            _write(sheet, formats, (row, column), value, _about_style(style, column, value))


def _about_style(style: str, column: int, value: Cell) -> str:
    """The format of a cell of the first sheet; "" = the plain one of its type."""
    if style == "total" and isinstance(value, Decimal):
        return "total_money"
    if style == "pair" and column == 1 and isinstance(value, str):
        return "wrapped"
    return style if style in _FORMATS else ""


def _write_table(book: Any, formats: dict[str, Any], table: Table, sheet_rows: int) -> None:
    """One table, on as many sheets as its rows need."""
    sheet, number, row = _new_sheet(book, formats, table, 1), 1, 0
    for cells in table.rows:
        if row + 1 >= sheet_rows:
            sheet.autofilter(0, 0, row, len(table.columns) - 1)
            number += 1
            sheet, row = _new_sheet(book, formats, table, number), 0
        row += 1
        for column, value in enumerate(cells):
            _write(sheet, formats, (row, column), value, _style(table.columns[column], value))
    sheet.autofilter(0, 0, row, len(table.columns) - 1)


def _new_sheet(book: Any, formats: dict[str, Any], table: Table, number: int) -> Any:
    sheet = book.add_worksheet(table.title if number == 1 else f"{table.title} {number}")
    for index, column in enumerate(table.columns):
        sheet.set_column(index, index, column.width)
    sheet.set_row(0, 22)
    sheet.freeze_panes(1, 0)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)
    _write_header(sheet, formats, table.columns)
    return sheet


def _write_header(sheet: Any, formats: dict[str, Any], columns: Sequence[Column]) -> None:
    for index, column in enumerate(columns):
        sheet.write_string(0, index, safe_text(column.title), formats["header"])


def _style(column: Column, value: Cell) -> str:
    return "money" if is_money(column.key) and isinstance(value, (int, Decimal)) else ""


def _write(sheet: Any, formats: dict[str, Any], place: tuple[int, int], value: Cell, style: str) -> None:
    """One typed cell; `style` "" = the plain one of its type."""
    if value is None or value == "":
        return
    if isinstance(value, Decimal):
        sheet.write_number(*place, value, formats[_money_style(value, style)])
    elif isinstance(value, datetime):
        sheet.write_datetime(*place, value.astimezone(UTC).replace(tzinfo=None), formats["instant"])
    elif isinstance(value, date):
        sheet.write_datetime(*place, value, formats["day"])
    elif isinstance(value, int) and not isinstance(value, bool):
        sheet.write_number(*place, value, formats[style or "count"])
    else:
        sheet.write_string(*place, safe_text(value), formats[style or "text"])


def _money_style(value: Decimal, style: str) -> str:
    """As many digits as the currency has: the amounts carry them."""
    if style.startswith("total"):
        return style
    digits = -int(value.as_tuple().exponent)
    return {0: "money_0", 3: "money_3"}.get(digits, "money")
