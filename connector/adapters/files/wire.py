"""The form of a delimited text: text in, cells out, with the number of the line they stood on.

A line that cannot be cells is set aside with its number; a text that ends in the middle stops the reading. No file is
opened here and no cell is understood here.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from io import StringIO

import polars as pl

from connector.adapters.files.faults import fault
from connector.adapters.files.grid import HEAD_ROWS, ROW, BadLine, Grid, Head
from connector.errors import WireError

SEPARATORS = (",", ";", "\t", "|")
# Letters in which the first rows stand, however long their notes are.
_HEAD_LETTERS = 1 << 20
# Letters of a line that a reject keeps.
_RAW_LIMIT = 500


def one_line_end(text: str) -> str:
    """Every line end as `\\n`."""
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def head(text: str, separator: str) -> Head:
    """The first rows; a row that cannot be read ends them."""
    reader = csv.reader(StringIO(text[:_HEAD_LETTERS], newline=""), delimiter=separator, strict=True)
    rows: list[tuple[int, tuple[str, ...]]] = []
    try:
        for cells in reader:
            rows.append((reader.line_num, tuple(cells)))
            if len(rows) == HEAD_ROWS:
                break
    except csv.Error:
        return tuple(rows)
    return tuple(rows)


def body(text: str, separator: str, after: int, width: tuple[int, int], place: str) -> Grid:
    """The lines after line `after` → cells. `width`: of the header, without and with empty cells at its end.

    WireError when the text ends inside a row.
    """
    lines = pl.DataFrame({"line": text.removesuffix("\n").split("\n")}).with_row_index(ROW, 1).slice(after)
    lines = lines.with_columns(pl.col(ROW).cast(pl.Int64))
    is_blank = lines["line"].str.strip_chars() == ""
    quotes = lines["line"].str.count_matches('"', literal=True)
    in_quotes = (quotes.cum_sum() - quotes) % 2 == 1
    exact = lines["line"].str.count_matches(separator, literal=True) == width[1] - 1
    is_plain = exact & (quotes == 0) & ~in_quotes & ~is_blank
    others = lines.filter(~is_plain & (~is_blank | in_quotes))
    try:
        parsed, bad = _careful(others, separator, width)
    except _Astray:  # quotation marks that are no quotation: line by line they cannot be told, in order they can
        is_plain = pl.zeros(lines.height, pl.Boolean, eager=True)
        parsed, bad = _all_careful(lines, separator, width, f"{place} line")
    grid = pl.concat([_plain(lines.filter(is_plain), separator, width[1]), parsed]).sort(ROW)
    _refuse_half(bad, lines, text, place)
    return Grid(grid, tuple(bad), int((is_blank & ~in_quotes).sum()))


class _Astray(Exception):
    """A run of lines does not end where it seemed to; `line`: where its last row began."""

    def __init__(self, line: int) -> None:
        super().__init__()
        self.line = line


def _plain(lines: pl.DataFrame, separator: str, width: int) -> pl.DataFrame:
    names = [str(place) for place in range(width)]
    if width == 1:
        return lines.select(pl.col("line").alias("0"), pl.col(ROW))
    cells = lines["line"].str.split_exact(separator, width - 1).struct.rename_fields(names).struct.unnest()
    return cells.with_columns(lines[ROW])


def _all_careful(
    lines: pl.DataFrame, separator: str, width: tuple[int, int], place: str
) -> tuple[pl.DataFrame, list[BadLine]]:
    try:
        return _careful(lines, separator, width)
    except _Astray as astray:
        raise fault(WireError, "open_quote", f"{place} {astray.line}") from None


def _careful(lines: pl.DataFrame, separator: str, width: tuple[int, int]) -> tuple[pl.DataFrame, list[BadLine]]:
    """Lines with quotes or an odd number of cells, run by run of neighbours."""
    rows: list[tuple[str | int, ...]] = []
    bad: list[BadLine] = []
    for first, texts in _runs(lines):
        _read_run(texts, first, separator, width, rows, bad)
    schema = {**{str(at): pl.String for at in range(width[1])}, ROW: pl.Int64}
    return pl.DataFrame(rows, schema=schema, orient="row"), bad


def _runs(lines: pl.DataFrame) -> Iterator[tuple[int, list[str]]]:
    starts = lines.with_columns(run=(pl.col(ROW).diff().fill_null(0) != 1).cum_sum())
    for group in starts.partition_by("run", maintain_order=True):
        yield int(group[ROW][0]), [f"{line}\n" for line in group["line"].to_list()]


def _read_run(
    texts: list[str], first: int, separator: str, width: tuple[int, int], rows: list[tuple[str | int, ...]],
    bad: list[BadLine],
) -> None:
    reader = csv.reader(texts, delimiter=separator, strict=True)
    while True:
        start = reader.line_num
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            if "unexpected end" in str(error) or "field larger" in str(error):
                raise _Astray(first + start) from error
            bad.append(_bad(texts, start, reader.line_num, first, "malformed_quotes", []))
            continue
        while len(cells) > width[1] and not cells[-1].strip():
            cells.pop()
        if width[0] <= len(cells) <= width[1]:
            rows.append((*cells, *[""] * (width[1] - len(cells)), first + start))
        elif any(cell.strip() for cell in cells):
            reason = "too_many_cells" if len(cells) > width[1] else "too_few_cells"
            bad.append(_bad(texts, start, reader.line_num, first, reason, cells))


def _bad(texts: list[str], start: int, end: int, first: int, reason: str, cells: list[str]) -> BadLine:
    raw = "".join(texts[start : max(end, start + 1)]).strip()
    return BadLine(first + start, reason, tuple(cells), raw[:_RAW_LIMIT])


def _refuse_half(bad: list[BadLine], lines: pl.DataFrame, text: str, place: str) -> None:
    """A last line that is too short and has no line end was still being written."""
    if bad and not text.endswith("\n") and bad[-1].reason == "too_few_cells" and bad[-1].line == lines[ROW][-1]:
        raise fault(WireError, "cut_short", f"{place} line {bad[-1].line}")
