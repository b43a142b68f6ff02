"""Bytes to text. The encoding is told by the content or by the admin, never guessed: what reads in none is refused.

Order: a byte order mark; zero bytes (UTF-16); strict UTF-8; strict GB18030 that reads as common Chinese.
"""

from __future__ import annotations

import codecs
import re

from connector.adapters.files.faults import fault
from connector.errors import WireError

_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
# UTF-32 begins like UTF-16 of a file whose first letter is zero; no spreadsheet writes it.
_REFUSED_MARKS = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)
# Share of letters beyond ASCII that must be among the 6,763 everyday ones (GB 2312). Western text that happens to be
# valid GB18030 has next to none, wrongly read UTF-8 about half; a register of rare names still has nine in ten.
_EVERYDAY_PERCENT = 80
_ASCII = re.compile(r"[\x00-\x7f]+")


def decode(content: bytes, said: str, place: str) -> tuple[str, str]:
    """(text without a mark, encoding). `said`: the admin's word, or "". WireError with line and byte."""
    if content.startswith(_REFUSED_MARKS):
        raise fault(WireError, "utf32", place)
    mark, marked = next(((m, e) for m, e in _MARKS if content.startswith(m)), (b"", ""))
    body = content[len(mark):]
    if marked:
        return _strict(body, marked, place), marked
    zeros = _zeros(body)
    if said:
        name = (zeros or "utf-16-le") if said == "utf-16" else said
        return _strict(body, name, place), name
    if b"\0" in body:
        if not zeros:
            raise _unreadable(body, body.index(b"\0"), "utf-8", place)
        return _strict(body, zeros, place), zeros
    return _by_content(body, place)


def _by_content(body: bytes, place: str) -> tuple[str, str]:
    try:
        return body.decode("utf-8"), "utf-8"
    except UnicodeDecodeError as error:
        no_utf8 = error.start
    try:
        found = body.decode("gb18030")
    except UnicodeDecodeError as error:
        far = (error.start, "gb18030") if error.start > no_utf8 else (no_utf8, "utf-8")
        raise _unreadable(body, far[0], far[1], place) from None
    if not _is_everyday(found):
        raise _unreadable(body, no_utf8, "utf-8", place)
    return found, "gb18030"


def _zeros(body: bytes) -> str:
    """UTF-16 without a mark: separators and line ends have a zero byte, always on the same side."""
    odd, even = body[1::2].count(0), body[::2].count(0)
    if len(body) % 2 or (odd and even) or not (odd or even):
        return ""
    return "utf-16-le" if odd else "utf-16-be"


def _strict(body: bytes, name: str, place: str) -> str:
    try:
        return body.decode(name)
    except UnicodeDecodeError as error:
        raise _unreadable(body, error.start, name, place) from None


def _is_everyday(found: str) -> bool:
    letters = _ASCII.sub("", found)
    return len(letters.encode("gb2312", "ignore")) // 2 * 100 >= len(letters) * _EVERYDAY_PERCENT


def _unreadable(body: bytes, at: int, name: str, place: str) -> WireError:
    line_end = "\n".encode(name) if name.startswith("utf-16") else b"\n"
    before = body[:at]
    line_start = before.rfind(line_end) + len(line_end) if line_end in before else 0
    return fault(
        WireError, "encoding", f"{place} line {before.count(line_end) + 1}", byte=f"0x{body[at]:02x}",
        position=at - line_start + 1, encoding=name,
    )
