"""The form of a CSV file: bytes in, text cells out, with the number of the line they stood on.

A line that cannot be cells is set aside with its number; a file that cannot be read at all stops the reading
with the line, the column and what to do. No file is opened here and no cell is understood here.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from io import BytesIO
from itertools import islice

import polars as pl

from connector.errors import WireError

# Column that carries the line number (text) beside the file's own columns; no header may be called so.
LINE = "#line"
_BOM = b"\xef\xbb\xbf"
_MEND_ENCODING = "save the file as “CSV UTF-8” (in WPS or Excel: Save as → CSV UTF-8) and put it there again"


@dataclass(frozen=True)
class BadLine:
    """A line that is not a row. `reason`: too_many_cells, too_few_cells or malformed_quotes."""

    line: int
    reason: str
    cells: tuple[str, ...]
    raw: str


@dataclass(frozen=True)
class Block:
    """Some lines of the file as a frame of text columns plus `#line`, and the lines set aside."""

    rows: pl.DataFrame
    bad: tuple[BadLine, ...]


def read_header(line: bytes, place: str) -> list[str]:
    """First line → column names, stripped, without byte order mark. WireError when they cannot be names."""
    if not line.strip():
        raise WireError("found no header row", place=place, mend="the first line names the columns")
    text = _decode([line.removeprefix(_BOM)], 1, [], place)[0]
    try:
        names = [name.strip() for name in next(csv.reader([text], strict=True))]
    except csv.Error as error:
        raise WireError(f"the header row cannot be read: {error}", place=f"{place} line 1") from error
    doubled = sorted({name for name in names if names.count(name) > 1 or not name or name == LINE})
    if doubled:
        raise WireError(
            f"the header row has empty, doubled or reserved names: {', '.join(repr(n) for n in doubled)}",
            place=f"{place} line 1",
            mend="give every column a name of its own",
        )
    return names


def read_blocks(lines: Iterable[bytes], header: list[str], place: str, size: int) -> Iterator[Block]:
    """Lines after the header → blocks of about `size` lines. Empty lines are no rows. WireError as above."""
    source, first = iter(lines), 2
    while block := list(islice(source, size)):
        while _quotes(block) % 2 and (more := list(islice(source, size))):
            block += more  # a quoted cell runs over the end of the block
        texts = _decode(block, first, header, place)
        yield _fast(block, texts, header, first) or _careful(texts, header, first, place)
        first += len(block)


def _quotes(block: list[bytes]) -> int:
    return sum(line.count(b'"') for line in block)


def _decode(block: list[bytes], first: int, header: list[str], place: str) -> list[str]:
    texts = []
    for number, line in enumerate(block, first):
        try:
            texts.append(line.decode("utf-8"))
        except UnicodeDecodeError as error:
            before = line[: error.start].decode("utf-8")
            cell = before.count(",")
            column = f" (column {header[cell]})" if cell < len(header) else ""
            raise WireError(
                f"found the byte 0x{line[error.start]:02x} at character {len(before) + 1}{column}, "
                "expected UTF-8 text",
                place=f"{place} line {number}",
                mend=_MEND_ENCODING,
            ) from error
    return texts


def _fast(block: list[bytes], texts: list[str], header: list[str], first: int) -> Block | None:
    """Lines without quotes, each with as many cells as the header, in one go; None when not so simple."""
    commas = len(header) - 1
    if any(
        '"' in t or t.count(",") != commas or "\r" in t.removesuffix("\r\n") or t.isspace() for t in texts
    ):
        return None
    content = b"".join(block).replace(b"\r\n", b"\n")
    rows = pl.read_csv(
        BytesIO(content),
        has_header=False,
        new_columns=header,
        infer_schema=False,
        quote_char=None,
    )
    if rows.height != len(block):
        return None
    numbers = pl.int_range(first, first + rows.height, eager=True).cast(pl.String)
    return Block(rows.with_columns(numbers.alias(LINE)), ())


def _careful(texts: list[str], header: list[str], first: int, place: str) -> Block:
    reader = csv.reader(texts, strict=True)
    rows: list[list[str | None]] = []
    bad: list[BadLine] = []
    while True:
        start = reader.line_num
        try:
            cells = next(reader)
        except StopIteration:
            break
        except csv.Error as error:
            if "unexpected end of data" in str(error):
                raise WireError(
                    "a quotation mark is opened and never closed",
                    place=f"{place} line {first + start}",
                    mend="close it, or double it where it belongs to the text",
                ) from error
            bad.append(_bad(texts, start, reader.line_num, first, "malformed_quotes", []))
            continue
        if not cells or (len(cells) == 1 and not cells[0].strip() and len(header) > 1):
            continue
        if len(cells) != len(header):
            reason = "too_many_cells" if len(cells) > len(header) else "too_few_cells"
            bad.append(_bad(texts, start, reader.line_num, first, reason, cells))
            continue
        rows.append([*(cell or None for cell in cells), str(first + start)])
    schema = {name: pl.String for name in [*header, LINE]}
    return Block(pl.DataFrame(rows, schema=schema, orient="row"), tuple(bad))


def _bad(texts: list[str], start: int, end: int, first: int, reason: str, cells: list[str]) -> BadLine:
    raw = "".join(texts[start : max(end, start + 1)]).strip()
    return BadLine(first + start, reason, tuple(cells), raw)
