"""A sheet as cells: rows of text under column places, with the row each stood on. What any file becomes first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

# Column with the row (of a sheet) or line (of a text) that a row stood on, from 1.
ROW = "#row"
# Rows from the top in which a header is looked for: titles, notes and units stand above it.
HEAD_ROWS = 20


@dataclass(frozen=True)
class BadLine:
    """A line that is not a row. `reason`: too_many_cells, too_few_cells or malformed_quotes."""

    line: int
    reason: str
    cells: tuple[str, ...]
    raw: str



# The first rows of a sheet as they stand: (row, cells).
Head = tuple[tuple[int, tuple[str, ...]], ...]


@dataclass(frozen=True)
class Grid:
    """What stands below the header: columns `0` … `n-1` of text, and `#row`; the lines set aside.

    `counted`: places whose cells may be numbers instead of text → whether each one is.
    """

    rows: pl.DataFrame
    bad: tuple[BadLine, ...] = ()
    blank: int = 0
    counted: Mapping[int, pl.Series] = field(default_factory=dict)


def column_name(place: int) -> str:
    """0 → A, 25 → Z, 26 → AA."""
    name = ""
    place += 1
    while place:
        place, letter = divmod(place - 1, 26)
        name = chr(ord("A") + letter) + name
    return name


def frame_of(columns: list[pl.Series], rows: pl.Series) -> pl.DataFrame:
    """Columns in order → a frame named by place, with the rows they stood on."""
    named = [column.alias(str(place)) for place, column in enumerate(columns)]
    return pl.DataFrame([*named, rows.alias(ROW)])
