"""The container of a workbook, looked at before anything is unpacked: sizes, ratios, names, and what no sheet needs.

What the directory promises is then held to: each part is unpacked once, in pieces, and must be as long as it says.
No cell is understood here; nothing is written to disk.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from io import BytesIO
from xml.etree import ElementTree
from zipfile import BadZipFile, ZipFile, ZipInfo

from connector.adapters.files.faults import fault
from connector.errors import WireError

# Parts; a workbook of a hundred sheets with pictures has some four hundred.
_MOST_PARTS = 5_000
# Bytes of all parts unpacked. 100,000 employees are about 60 MB of XML.
_MOST_UNPACKED = 1 << 30
# How much smaller a packed part may be: dense sheets pack 10 to 40 times, a bomb of one letter 1,000 times.
_MOST_RATIO, _RATIO_FROM = 150, 4 << 20
# Cells of a sheet from its first to its last, the empty ones between counted: the reader keeps room for each.
_MOST_CELLS = 20_000_000
_PIECE = 1 << 20
# A reference to a cell that is far out: beyond column Z, or beyond row 99,999.
_FAR = re.compile(rb"""r\s*=\s*["'](?:([A-Za-z]{2,3})([0-9]{1,7})|[A-Za-z]?([0-9]{6,7}))["']""")
_NEAR_COLUMNS, _NEAR_ROWS = 26, 99_999
_ERROR_CELL = re.compile(rb"""<c\s[^>]*?\bt="e"[^>]*>(?:(?!</c>).)*?<v>(#[^<]{1,12})</v>""", re.DOTALL)
_CELL = re.compile(rb'\br="([A-Z]{1,3})([0-9]{1,7})"')
# Where sheets with cells stand, and sheets without: anywhere else, nobody would have measured them.
_SHEETS = "xl/worksheets/"
_OTHER_SHEETS = ("xl/chartsheets/", "xl/dialogsheets/", "xl/macrosheets/")


class Container:
    """A workbook's parts. WireError names the part that is too large, lies about its size or does not belong."""

    def __init__(self, content: bytes, place: str) -> None:
        self._place = place
        try:
            self._zip = ZipFile(BytesIO(content))
        except (BadZipFile, ValueError, RuntimeError, OverflowError) as error:
            raise fault(WireError, "broken", place) from error
        self._refuse_bombs()

    def _refuse_bombs(self) -> None:
        parts = self._zip.infolist()
        total = sum(part.file_size for part in parts)
        if len(parts) > _MOST_PARTS or total > _MOST_UNPACKED:
            raise fault(
                WireError, "bomb_total", self._place, parts=len(parts), found=total >> 20, limit=_MOST_UNPACKED >> 20
            )
        for part in parts:
            self._refuse_part(part)
        names = [part.filename.casefold() for part in parts]
        if "xl/workbook.xml" not in self._zip.namelist():
            raise fault(WireError, "no_workbook", self._place)
        if len(set(names)) < len(names):  # two readers may take two different ones
            raise fault(WireError, "part_name", self._place)

    def _refuse_part(self, part: ZipInfo) -> None:
        place = f"{self._place} {part.filename[:80]!r}"
        ratio = part.file_size // max(part.compress_size, 1)
        if part.file_size > _RATIO_FROM and ratio > _MOST_RATIO:
            raise fault(WireError, "bomb_ratio", place, ratio=ratio, limit=_MOST_RATIO)
        if part.filename.startswith(("/", "\\")) or ".." in part.filename.replace("\\", "/").split("/"):
            raise fault(WireError, "part_name", place)
        if part.filename.startswith("xl/externalLinks/"):
            raise fault(WireError, "external_link", self._place)
        if part.flag_bits & 1:
            raise fault(WireError, "password", self._place)

    def sheets(self) -> dict[str, bytes]:
        """Sheet name → its XML. Every other part that a reader unpacks has been unpacked and measured, too."""
        for name in self._zip.namelist():
            if name.endswith((".xml", ".rels")) and not name.startswith(_SHEETS):
                self._part(name)
        relations = self._tree("xl/_rels/workbook.xml.rels")
        targets = {str(one.get("Id")): str(one.get("Target")) for one in relations}
        found = {}
        for sheet in _named(self._tree("xl/workbook.xml"), "sheet"):
            related = next((value for name, value in sheet.items() if name.endswith("}id")), "")
            target = targets.get(related, "")
            part = target[1:] if target.startswith("/") else f"xl/{target}"
            if part.startswith(_SHEETS):
                found[str(sheet.get("name"))] = self._part(part)
            elif not part.startswith(_OTHER_SHEETS):
                raise fault(WireError, "broken", f"{self._place} {part[:80]!r}")
        return found

    @property
    def counts_from_1904(self) -> bool:
        """Whether a number that is a date counts from 1904, as in workbooks of old Macs."""
        book = self._tree("xl/workbook.xml")
        return any(one.get("date1904") in ("1", "true") for one in _named(book, "workbookPr"))

    def _tree(self, name: str) -> ElementTree.Element:
        content = self._part(name)
        if b"\0" in content:  # UTF-16, in which a declaration of entities would not have been seen
            raise fault(WireError, "entities", f"{self._place} {name!r}")
        try:
            return ElementTree.fromstring(content)
        except ElementTree.ParseError as error:
            raise fault(WireError, "broken", f"{self._place} {name!r}") from error

    def _part(self, name: str) -> bytes:
        place = f"{self._place} {name[:80]!r}"
        try:
            content = b"".join(self._pieces(name))
        except (BadZipFile, KeyError, EOFError, zlib.error, RuntimeError, ValueError, OSError) as error:
            raise fault(WireError, "broken", place) from error
        if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
            raise fault(WireError, "entities", place)
        return content

    def _pieces(self, name: str) -> Iterator[bytes]:
        with self._zip.open(name) as part:
            while piece := part.read(_PIECE):
                yield piece


def _named(tree: ElementTree.Element, name: str) -> Iterator[ElementTree.Element]:
    """Elements of a name in either of the namespaces that workbooks are written in."""
    return (one for one in tree.iter() if one.tag.rpartition("}")[2] == name)


def refuse_wide(sheet: bytes, place: str) -> None:
    """WireError when the sheet's last cell is so far out that the room between would be the bomb."""
    columns, rows = _NEAR_COLUMNS, _NEAR_ROWS
    for name, row, row_alone in _FAR.findall(sheet):
        columns, rows = max(columns, _number(name)), max(rows, int(row or row_alone))
    if columns * rows > _MOST_CELLS:
        raise fault(WireError, "bomb_cells", place, found=f"{rows:,} × {columns:,}", limit=f"{_MOST_CELLS:,}")


def error_cells(sheet: bytes) -> list[tuple[int, int, str]]:
    """(row, column place, `#N/A`) of cells whose formula failed; a reader of values shows them as empty."""
    found: list[tuple[int, int, str]] = []
    if b't="e"' not in sheet:
        return found
    for match in _ERROR_CELL.finditer(sheet):
        cell = _CELL.search(match.group(0))
        if cell is not None:
            found.append((int(cell[2]), _number(cell[1]) - 1, match[1].decode("ascii", "replace")))
    return found


def _number(name: bytes) -> int:
    """A → 1, AA → 27."""
    total = 0
    for letter in name.upper():
        total = total * 26 + letter - 64
    return total
