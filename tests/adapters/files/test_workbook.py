"""Excel workbooks: every cell as text, without the tail of a float; what is hidden, failed, encrypted or old."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import pytest

from connector.adapters.files.workbook import Workbook, is_workbook
from connector.errors import WireError
from tests.adapters.files import excel97
from tests.adapters.files.papers import Cell, write_xlsx


def opened(folder: Path, from_1904: bool = False, **sheets: list[list[Cell]]) -> Workbook:
    return Workbook(write_xlsx(folder, from_1904=from_1904, **sheets).read_bytes(), "x.xlsx")


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("007", "007"), (10001.0, "10001"), (0.1 + 0.2, "0.3"), (8000.1 + 0.2, "8000.3"), (0.00001, "0.00001"),
        (1234567890123456.0, "1.23456789012346e+15"), (-5, "-5"), (True, "TRUE"), (None, ""),
        (date(2026, 7, 31), "2026-07-31"), (datetime(2026, 7, 31, 9, 30), "2026-07-31T09:30:00"),
        ("=#N/A", "#N/A"), ("=#DIV/0!", "#DIV/0!"),
    ],
)  # fmt: skip
def test_every_kind_of_cell_becomes_the_text_that_a_person_sees(tmp_path: Path, cell: Cell, text: str) -> None:
    assert opened(tmp_path, A=[["x", cell, "y"]]).body("A", 0, 3, ()).rows.rows() == [("x", text, "y", 1)]


def test_rows_keep_the_number_they_have_in_excel(tmp_path: Path) -> None:
    grid = opened(tmp_path, A=[[], [], ["h"], ["a"], [], ["b"]]).body("A", 3, 1, ())
    assert grid.rows.rows() == [("a", 4), ("", 5), ("b", 6)]


def test_a_cell_that_was_typed_as_text_is_told_from_a_number(tmp_path: Path) -> None:
    grid = opened(tmp_path, A=[["h", "i"], ["1.5"], [1.5], ["", "x"]]).body("A", 1, 1, (0,))
    assert grid.counted[0].to_list() == [False, True, False]


def test_a_workbook_says_from_which_day_it_counts(tmp_path: Path) -> None:
    assert opened(tmp_path, A=[["x"]], from_1904=True).counts_from_1904
    assert not opened(tmp_path, A=[["x"]]).counts_from_1904
    dated = opened(tmp_path, A=[[date(2026, 7, 31)]], from_1904=True)
    assert dated.head("A") == ((1, ("2026-07-31",)),)


def test_the_older_form_is_read_too() -> None:
    book = Workbook(excel97.workbook([["工号", "月工资"], [10001.0, 8000.5], ["007", "无"]], "花名册"), "x.xls")
    assert book.shown == ["花名册"]
    assert book.body("花名册", 1, 2, ()).rows.rows() == [("10001", "8000.5", 2), ("007", "无", 3)]


def test_a_workbook_with_a_password_says_so() -> None:
    with pytest.raises(WireError, match=r"protected by a password → remove the password"):
        Workbook(excel97.container("EncryptedPackage", b"x"), "x.xlsx")


@pytest.mark.parametrize("content", [b"PK\x03\x04 cut", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 cut"])
def test_a_damaged_workbook_says_so(content: bytes) -> None:
    assert is_workbook(content)
    with pytest.raises(WireError, match="damaged"):
        Workbook(content, "x.xlsx")


@pytest.mark.parametrize("length", [550, 700, 1100, 2048])  # the reader panics at some and raises at others
def test_an_old_workbook_that_was_cut_ends_its_own_reading_and_not_the_night(length: int) -> None:
    with pytest.raises(WireError, match="damaged"):
        Workbook(excel97.workbook([["工号"], [1.0]])[:length], "x.xls").head("Sheet1")


def test_an_interrupt_is_not_taken_for_a_damaged_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(file: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("connector.adapters.files.workbook.CalamineWorkbook.from_filelike", interrupted, raising=True)
    with pytest.raises(KeyboardInterrupt):
        opened(tmp_path, A=[["x"]])


def test_a_workbook_that_was_copied_half_says_so(tmp_path: Path) -> None:
    whole = write_xlsx(tmp_path, A=[["x"] * 20] * 200).read_bytes()
    with pytest.raises(WireError, match="damaged"):
        Workbook(whole[: len(whole) // 2], "x.xlsx")
