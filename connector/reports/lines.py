"""A table as a text file: CSV for spreadsheets, JSON lines for programs. Row by row, whatever the size.

In CSV a text that starts like a formula has an apostrophe in front, as in the workbook; JSON is no spreadsheet and
keeps the text as it is. Amounts are decimal text, days ISO, instants UTC. The file appears whole or not at all.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import IO

import orjson

from connector.i18n.foreign import clean
from connector.reports.cells import Cell, safe_text
from connector.reports.tables import Table


def write_csv(table: Table, path: Path) -> int:
    """UTF-8 with the mark that Excel needs to read Chinese; returns the rows without the header."""
    with _whole(path) as file:
        file.write("\ufeff".encode())
        text = csv.writer(_Encoded(file.write), lineterminator="\r\n")
        text.writerow([safe_text(column.title) for column in table.columns])
        count = 0
        for row in table.rows:
            text.writerow([_csv_cell(cell) for cell in row])
            count += 1
        return count


def write_json_lines(table: Table, path: Path) -> int:
    """One object a line, named as in the JSON documents; returns the lines."""
    keys = [column.key for column in table.columns]
    with _whole(path) as file:
        count = 0
        for row in table.rows:
            document = {key: _json_value(cell) for key, cell in zip(keys, row, strict=True)}
            file.write(orjson.dumps(document, option=orjson.OPT_APPEND_NEWLINE))
            count += 1
        return count


class _Encoded:
    """What the csv module writes to."""

    def __init__(self, write: Callable[[bytes], object]) -> None:
        self._write = write

    def write(self, text: str) -> None:
        self._write(text.encode())


@contextmanager
def _whole(path: Path) -> Iterator[IO[bytes]]:
    part = path.with_name(f".{path.name}.part")
    try:
        with part.open("wb") as file:
            yield file
        part.chmod(0o600)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _csv_cell(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, str):
        return safe_text(cell)
    if isinstance(cell, datetime):
        return f"{cell.astimezone(UTC):%Y-%m-%d %H:%M:%S}"
    return str(cell)


def _json_value(cell: Cell) -> object:
    if isinstance(cell, str):
        return clean(cell)
    if isinstance(cell, Decimal):
        return str(cell)
    if isinstance(cell, datetime):
        return cell.astimezone(UTC).isoformat()
    return cell.isoformat() if isinstance(cell, date) else cell
