"""Sheets of an Excel workbook as cells of text: `.xlsx` and the older `.xls`. Values only: no formula is evaluated, no
link followed, no macro looked at.

A number becomes the decimal text of the 15 digits that Excel keeps, so that no tail of a float is ever seen.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from io import BytesIO
from typing import cast

import polars as pl
from python_calamine import (
    CalamineError,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from connector.adapters.files.archive import Container, error_cells, refuse_wide
from connector.adapters.files.faults import fault
from connector.adapters.files.grid import HEAD_ROWS, ROW, Grid, Head, frame_of
from connector.errors import WireError

_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
# An encrypted workbook is an envelope of the old kind with a stream of this name.
_ENVELOPE = "EncryptedPackage".encode("utf-16-le")
# What the reader raises when it meets what it thought impossible; it can be known by its name only.
_PANIC = "PanicException"
# Excel keeps 15 digits; a longer number has lost its end.
_DIGITS, _EXACT_BELOW = 15, 10**15


def is_workbook(content: bytes) -> bool:
    """Told by the first bytes, whatever the file is called."""
    return content.startswith((_ZIP, _OLE))


class Workbook:
    """An open workbook. WireError when it is encrypted, damaged, or would be too large unpacked."""

    def __init__(self, content: bytes, place: str) -> None:
        self._place = place
        self._sheets: dict[str, bytes] = {}
        self.counts_from_1904 = False
        if content.startswith(_ZIP):
            container = Container(content, place)
            self._sheets, self.counts_from_1904 = container.sheets(), container.counts_from_1904
            for name, sheet in self._sheets.items():
                refuse_wide(sheet, f"{place}[{name}]")
        elif _ENVELOPE in content:
            raise fault(WireError, "password", place)
        with _sound(place):
            self._book = CalamineWorkbook.from_filelike(BytesIO(content))
        self._rows: dict[str, list[list[object]]] = {}

    @property
    def names(self) -> list[str]:
        """Every sheet with cells, hidden ones too."""
        return [one.name for one in self._book.sheets_metadata if one.typ == SheetTypeEnum.WorkSheet]

    @property
    def shown(self) -> list[str]:
        """The sheets that a person sees."""
        visible = {one.name for one in self._book.sheets_metadata if one.visible == SheetVisibleEnum.Visible}
        return [name for name in self.names if name in visible]

    def head(self, name: str) -> Head:
        """The first rows of a sheet."""
        rows = self._cells(name)[:HEAD_ROWS]
        return tuple((number, tuple(_texts(row))) for number, row in enumerate(rows, 1))

    def body(self, name: str, after: int, width: int, counted: Sequence[int]) -> Grid:
        """The rows below row `after`, `width` columns of text; of the places `counted`, whether a cell is a number."""
        rows = self._cells(name)[after:]
        columns = [[row[place] if place < len(row) else "" for row in rows] for place in range(width)]
        numbers = pl.int_range(after + 1, after + 1 + len(rows), dtype=pl.Int64, eager=True)
        texts = [pl.Series(str(place), _texts(column), dtype=pl.String) for place, column in enumerate(columns)]
        are_numbers = {
            place: pl.Series([type(cell) is float or type(cell) is int for cell in columns[place]], dtype=pl.Boolean)
            for place in counted
        }
        return Grid(frame_of(texts, numbers.alias(ROW)), counted=are_numbers)

    def _cells(self, name: str) -> list[list[object]]:
        if name not in self._rows:
            with _sound(f"{self._place}[{name}]"):
                sheet = self._book.get_sheet_by_name(name)
                rows = cast("list[list[object]]", sheet.to_python(skip_empty_area=False))
            for row, place, shown in error_cells(self._sheets.get(name, b"")):
                if row <= len(rows) and place < len(rows[row - 1]):
                    rows[row - 1][place] = shown
            self._rows[name] = rows
        return self._rows[name]


@contextmanager
def _sound(place: str) -> Iterator[None]:
    """A damaged workbook is a WireError, also where it makes the reader panic: Python takes a panic for the end of the
    whole program and not for an error, and one file must not end the night of the other systems."""
    try:
        yield
    except PasswordError as error:
        raise fault(WireError, "password", place) from error
    except (CalamineError, ValueError, OSError) as error:
        raise fault(WireError, "broken", place) from error
    except BaseException as error:
        if type(error).__name__ != _PANIC:
            raise
        raise fault(WireError, "broken", place) from error


def _texts(cells: Sequence[object]) -> list[str]:
    return [cell if type(cell) is str else _written(cell) for cell in cells]


def _written(cell: object) -> str:
    """A typed cell as text: 10001.0 → `10001`, 0.1 + 0.2 → `0.3`, a date in ISO form."""
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, int | float):
        return _number(cell)
    return cell.isoformat() if isinstance(cell, date | datetime) else str(cell)


def _number(cell: float) -> str:
    if abs(cell) >= _EXACT_BELOW:
        return f"{cell:.{_DIGITS}g}"  # has an exponent: nobody takes it for the number that was typed
    if float(cell).is_integer():
        return str(int(cell))
    return format(Decimal(f"{cell:.{_DIGITS}g}"), "f")
