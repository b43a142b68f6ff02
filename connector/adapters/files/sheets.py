"""From a file to the one sheet that is meant: which form it has, which sheet fits, where its header stands.

A file that fits nowhere, or in two places, is refused with what was found; nothing is chosen by chance.
"""

from __future__ import annotations

from dataclasses import dataclass

from connector.adapters.files import wire
from connector.adapters.files.connection import FilesForm, NamedFile
from connector.adapters.files.encoding import decode
from connector.adapters.files.faults import fault
from connector.adapters.files.folder import Taken
from connector.adapters.files.grid import Grid, Head
from connector.adapters.files.headers import Header, find_header, missing_columns
from connector.adapters.files.workbook import Workbook, is_workbook
from connector.errors import ConfigError, WireError
from connector.mappings.table import Field, StreamMapping

# Fields that need no column: a month is closed when it is over.
DERIVED = frozenset({"closed"})
# And one that is the company's own where no column says otherwise.
_NOT_MISSED = DERIVED | {"currency"}
# Letters of a cell, and cells, that an error shows of what it found instead of a header.
_SHOWN_LETTERS, _SHOWN_CELLS = 20, 8


@dataclass(frozen=True)
class Sheet:
    """One sheet, its header found. `name` is "" for a text file; `form` says how it is written."""

    file: str
    name: str
    form: str
    header: Header
    grid: Grid
    date_system: int

    @property
    def place(self) -> str:
        return f"{self.file}[{self.name}]" if self.name else self.file


@dataclass(frozen=True)
class Wanted:
    """What a sheet is searched for."""

    mapping: StreamMapping
    named: NamedFile
    form: FilesForm

    @property
    def key(self) -> Field:
        """The field whose column every such sheet has: the employee's number."""
        return next(f for f in self.mapping.fields if f.target in ("employee", "number"))

    def header(self, head: Head, place: str) -> Header | None:
        own = self.form.number_column if "number_column" in self.form.model_fields_set else ""
        return find_header(head, self.mapping, self.key, own, place)


def open_sheet(taken: Taken, wanted: Wanted) -> Sheet:
    """The sheet that is meant. ConfigError: no or two fitting sheets, columns that lack; WireError: not readable."""
    place = str(taken.place)
    if not taken.content.strip(b"\xef\xbb\xbf \t\r\n\0"):
        raise fault(WireError, "empty", place)
    sheet = _of_workbook(taken, wanted) if is_workbook(taken.content) else _of_text(taken, wanted)
    lacking = missing_columns(sheet.header, wanted.mapping, _NOT_MISSED)
    if lacking:
        found = ", ".join(sheet.header.written.values())
        raise fault(ConfigError, "missing_columns", f"{place} row {sheet.header.row}", missing=", ".join(lacking),
                    found=found)
    return sheet


def _of_text(taken: Taken, wanted: Wanted) -> Sheet:
    place = str(taken.place)
    if wanted.named.sheet:
        raise fault(ConfigError, "no_sheets", place, sheet=wanted.named.sheet)
    if taken.content.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<":
        raise fault(WireError, "web_page", place)
    text, encoding = decode(taken.content, wanted.form.encoding, place)
    text = wire.one_line_end(text)
    found: tuple[str, Header] | None = None
    for separator in wire.SEPARATORS:
        header = wanted.header(wire.head(text, separator), place)
        if header is not None and (found is None or len(header.columns) > len(found[1].columns)):
            found = (separator, header)
    if found is None:
        raise _no_header(wire.head(text, wire.SEPARATORS[0]), wanted, place)
    separator, header = found
    grid = wire.body(text, separator, header.row, (header.least, header.width), place)
    return Sheet(taken.place.name, "", encoding, header, grid, wanted.form.date_system or 1900)


def _of_workbook(taken: Taken, wanted: Wanted) -> Sheet:
    place = str(taken.place)
    book = Workbook(taken.content, place)
    name, header = _sheet_meant(book, wanted, place)
    counted = [header.columns[str(f.source)] for f in wanted.mapping.fields
               if f.kind == "money" and f.source in header.columns]
    grid = book.body(name, header.row, header.least, counted)
    system = wanted.form.date_system or (1904 if book.counts_from_1904 else 1900)
    return Sheet(taken.place.name, name, "Excel", header, grid, system)


def _sheet_meant(book: Workbook, wanted: Wanted, place: str) -> tuple[str, Header]:
    asked = wanted.named.sheet
    if asked and asked not in book.names:
        raise fault(ConfigError, "no_such_sheet", place, sheet=asked, sheets=", ".join(book.names))
    names = [asked] if asked else book.shown
    headers = {name: wanted.header(book.head(name), f"{place}[{name}]") for name in names}
    fitting = {name: header for name, header in headers.items() if header is not None}
    if not fitting:
        shown = next((head for name in names if (head := book.head(name))), ())
        raise _no_header(shown, wanted, f"{place}[{', '.join(names)}]")
    if len(fitting) > 1:
        raise fault(ConfigError, "two_sheets", place, sheets=", ".join(fitting))
    return next(iter(fitting.items()))


def _no_header(head: Head, wanted: Wanted, place: str) -> ConfigError:
    first = next((cells for _, cells in head if any(cell.strip() for cell in cells)), ())
    shown = [cell.strip()[:_SHOWN_LETTERS] for cell in first if cell.strip()][:_SHOWN_CELLS]
    names = [str(wanted.key.source), *wanted.key.called]
    return fault(ConfigError, "no_header", place, found=", ".join(shown), names=", ".join(names))
