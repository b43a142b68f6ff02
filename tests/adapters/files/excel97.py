"""The smallest `.xls` that is one: a container of the old kind with one sheet of texts and numbers.

Written from the published forms ([MS-CFB], [MS-XLS]); only what a reader needs is there.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

SECTOR = 512
FREE, END, TABLE = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD


def workbook(rows: Sequence[Sequence[str | float]], sheet: str = "Sheet1") -> bytes:
    """The bytes of the file."""
    return container("Workbook", _stream(rows, sheet))


def container(name: str, content: bytes) -> bytes:
    """A container with one stream. At least 4,096 bytes, so that it stands in whole sectors."""
    content = content.ljust(max(4096, -(-len(content) // SECTOR) * SECTOR), b"\0")
    sectors = len(content) // SECTOR
    chain = [TABLE, END, *range(3, 2 + sectors), END]
    table = struct.pack(f"<{SECTOR // 4}I", *chain, *[FREE] * (SECTOR // 4 - len(chain)))
    entries = _entry("Root Entry", 5, child=1) + _entry(name, 2, start=2, size=len(content))
    head = struct.pack(
        "<8s16xHHHHH6xIIIIIIIII", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 0x3E, 3, 0xFFFE, 9, 6, 0, 1, 1, 0, 4096,
        END, 0, END, 0,
    )
    places = struct.pack("<109I", 0, *[FREE] * 108)
    return head + places + table + entries.ljust(SECTOR, b"\0") + content


def _entry(name: str, kind: int, child: int = FREE, start: int = END, size: int = 0) -> bytes:
    letters = name.encode("utf-16-le")
    return struct.pack(
        "<64sHBBIII16x4x8x8xIII", letters, len(letters) + 2, kind, 1, FREE, FREE, child, start, size, 0
    )


def _record(kind: int, content: bytes) -> bytes:
    return struct.pack("<HH", kind, len(content)) + content


def _stream(rows: Sequence[Sequence[str | float]], sheet: str) -> bytes:
    letters = sheet.encode("utf-16-le")
    end = _record(0x0A, b"")
    start = _record(0x809, struct.pack("<HHHHII", 0x600, 5, 0, 0, 0, 0))
    listed = struct.pack("<IBBBB", 0, 0, 0, len(sheet), 1) + letters
    offset = len(start) + len(_record(0x85, listed)) + len(end)
    listed = struct.pack("<I", offset) + listed[4:]
    cells = b"".join(_cell(row, at, cell) for row, line in enumerate(rows) for at, cell in enumerate(line))
    body = _record(0x809, struct.pack("<HHHHII", 0x600, 0x10, 0, 0, 0, 0)) + cells + end
    return start + _record(0x85, listed) + end + body


def _cell(row: int, at: int, cell: str | float) -> bytes:
    if isinstance(cell, str):
        letters = cell.encode("utf-16-le")
        return _record(0x204, struct.pack("<HHHHB", row, at, 0, len(letters) // 2, 1) + letters)
    return _record(0x203, struct.pack("<HHHd", row, at, 0, cell))
