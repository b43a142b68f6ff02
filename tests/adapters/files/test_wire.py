"""Delimited text: what is a row, what is set aside, and what was not written to its end."""

from __future__ import annotations

import csv
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.adapters.files import wire
from connector.adapters.files.grid import Grid
from connector.errors import WireError


def body(text: str, width: int = 2, separator: str = ",", least: int = 0) -> Grid:
    return wire.body(wire.one_line_end(text), separator, 0, (least or width, width), "x.csv")


def cells(grid: Grid) -> list[tuple[object, ...]]:
    return grid.rows.rows()


def test_plain_lines_become_rows_with_their_line_numbers() -> None:
    assert cells(body("a,b\n\nc,\n")) == [("a", "b", 1), ("c", "", 3)]


@pytest.mark.parametrize("separator", wire.SEPARATORS)
def test_every_separator_separates(separator: str) -> None:
    assert cells(body(f"a{separator}b\n", separator=separator)) == [("a", "b", 1)]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_may_end_as_on_any_system(end: str) -> None:
    assert cells(body(f"a,b{end}c,d{end}")) == [("a", "b", 1), ("c", "d", 2)]


def test_quoted_cells_may_hold_separators_quotes_and_line_ends() -> None:
    grid = body('a,b\n"x, ""y""\n\nz",2\nc,d\n')
    assert cells(grid) == [("a", "b", 1), ('x, "y"\n\nz', "2", 2), ("c", "d", 5)]


def test_a_quotation_mark_inside_a_word_is_a_sign_like_any_other() -> None:
    grid = body('5" pipe,b\n"two\nlines\n",d\ne,f\n')
    assert cells(grid) == [('5" pipe', "b", 1), ("two\nlines\n", "d", 2), ("e", "f", 5)]


def test_empty_cells_at_the_end_are_neither_too_many_nor_too_few() -> None:
    assert cells(body("a,b,,,\nc,d\n", width=3, least=2)) == [("a", "b", "", 1), ("c", "d", "", 2)]


@pytest.mark.parametrize(
    ("line", "reason"),
    [("a,b,c", "too_many_cells"), ("a", "too_few_cells"), ('a,"b"c', "malformed_quotes")],
)
def test_a_line_that_is_no_row_is_set_aside_with_its_number(line: str, reason: str) -> None:
    grid = body(f"a,b\n{line}\nc,d\n")
    assert cells(grid) == [("a", "b", 1), ("c", "d", 3)]
    assert [(bad.line, bad.reason, bad.raw) for bad in grid.bad] == [(2, reason, line)]


def test_a_last_line_may_lack_its_line_end_but_not_its_cells() -> None:
    assert cells(body("a,b\nc,d")) == [("a", "b", 1), ("c", "d", 2)]
    with pytest.raises(WireError, match=r"line 2: .*still being written"):
        body("a,b\nc")


def test_a_quotation_mark_that_never_closes_is_a_text_that_was_not_written_to_its_end() -> None:
    with pytest.raises(WireError, match=r"x\.csv line 2: .*never closed"):
        body('a,b\nc,"open\nd,e\n')


def test_blank_lines_are_counted() -> None:
    assert body("a,b\n\n  \nc,d\n\n").blank == 3


rows_of_text = st.lists(
    st.lists(st.text(st.characters(blacklist_characters="\r\0", blacklist_categories=("Cs",)), max_size=8),
             min_size=2, max_size=2).filter(lambda row: any(cell.strip() for cell in row)),
    max_size=12,
)  # fmt: skip


@given(rows_of_text)
def test_what_a_csv_writer_wrote_is_read_cell_by_cell(rows: list[list[str]]) -> None:
    written = StringIO(newline="")
    csv.writer(written, lineterminator="\n").writerows(rows)
    assert [list(row[:2]) for row in cells(body(written.getvalue()))] == rows
