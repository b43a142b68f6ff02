"""Spreadsheets for tests, written as people's programs write them, and what the folder makes of them."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from io import StringIO
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl
import xlsxwriter

from connector.adapters.contract import Page, Reject, Setting, Since
from connector.adapters.files.adapter import build
from connector.adapters.kit.clock import SystemClock

SETTING = Setting("hr", "CNY", ZoneInfo("Asia/Shanghai"), SystemClock())
AS_OF = date(2026, 7, 31)
Cell = str | int | float | bool | date | datetime | None
Rows = Sequence[Sequence[Cell]]


@dataclass(frozen=True)
class Pulled:
    """All pages of one stream together."""

    pages: list[Page]

    @property
    def rows(self) -> pl.DataFrame:
        return pl.concat([page.rows for page in self.pages])

    @property
    def rejects(self) -> list[Reject]:
        return [reject for page in self.pages for reject in page.rejects]

    @property
    def ignored(self) -> dict[str, int]:
        return {reason: count for page in self.pages for reason, count in page.ignored.items()}

    def column(self, name: str) -> list[str | None]:
        return self.rows[name].to_list()


def pull(folder: Path, stream: str = "employee", only: tuple[str, ...] | None = None, **options: object) -> Pulled:
    store = build({"folder": str(folder), **options}, SETTING)
    return Pulled(list(store.pull(stream, Since(AS_OF, only=only))))


def text_of(rows: Rows, separator: str = ",") -> str:
    lines = StringIO(newline="")
    csv.writer(lines, delimiter=separator, lineterminator="\n").writerows(
        [["" if cell is None else cell for cell in row] for row in rows]
    )
    return lines.getvalue()


def write_csv(folder: Path, rows: Rows, name: str = "employees.csv", encoding: str = "utf-8") -> Path:
    place = folder / name
    place.write_bytes(text_of(rows).encode(encoding))
    return place


def write_xlsx(
    folder: Path, name: str = "employees.xlsx", from_1904: bool = False, hidden: str = "", **sheets: Rows
) -> Path:
    """Numbers as numbers, dates as dates, text as text; `=…` as a failed formula that shows what follows."""
    place = folder / name
    with xlsxwriter.Workbook(place, {"date_1904": from_1904}) as book:
        shown = book.add_format({"num_format": "yyyy-mm-dd"})
        for title, rows in sheets.items():
            sheet = book.add_worksheet(title)
            if title == hidden:
                sheet.hide()
            for at, row, cell in _cells(rows):
                if isinstance(cell, date):
                    sheet.write_datetime(row, at, cell, shown)
                elif isinstance(cell, str) and cell.startswith("="):
                    sheet.write_formula(row, at, "=1/0", None, cell[1:])
                elif isinstance(cell, str):
                    sheet.write_string(row, at, cell)
                else:
                    sheet.write(row, at, cell)
    return place


def _cells(rows: Rows) -> Iterator[tuple[int, int, Cell]]:
    for row, cells in enumerate(rows):
        for at, cell in enumerate(cells):
            if cell is not None and cell != "":
                yield at, row, cell
