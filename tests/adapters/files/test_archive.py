"""The container of a workbook is looked at before it is unpacked: bombs, liars and strangers are refused."""

from __future__ import annotations

import re
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import pytest

from connector.adapters.files import archive
from connector.adapters.files.workbook import Workbook
from connector.errors import WireError
from tests.adapters.files.papers import write_xlsx

Parts = dict[str, bytes]
SHEET = "xl/worksheets/sheet1.xml"


@pytest.fixture
def repacked(tmp_path: Path) -> Callable[[Callable[[Parts], None]], bytes]:
    """A sound workbook whose parts were changed."""

    def make(change: Callable[[Parts], None]) -> bytes:
        with ZipFile(write_xlsx(tmp_path, A=[["工号", "姓名"], ["E1", "张三"]])) as sound:
            parts = {name: sound.read(name) for name in sound.namelist()}
        change(parts)
        packed = BytesIO()
        with ZipFile(packed, "w", ZIP_DEFLATED) as book:
            for name, content in parts.items():
                book.writestr(name, content)
        return packed.getvalue()

    return make


def test_a_workbook_that_was_only_repacked_is_read(repacked) -> None:
    book = Workbook(repacked(lambda parts: None), "x.xlsx")
    assert book.head("A") == ((1, ("工号", "姓名")), (2, ("E1", "张三")))


def test_a_part_that_unpacks_to_too_many_times_its_size_is_refused_unread(repacked) -> None:
    bomb = repacked(lambda parts: parts.update({SHEET: b"<row/>" * 1_000_000}))
    with pytest.raises(WireError, match=r"sheet1\.xml.*times its size, the limit is 150"):
        Workbook(bomb, "x.xlsx")


def test_parts_that_are_too_large_together_are_refused_unread(repacked, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "_MOST_UNPACKED", 1000)
    with pytest.raises(WireError, match="unpacked it has"):
        Workbook(repacked(lambda parts: None), "x.xlsx")


def test_more_parts_than_a_workbook_has_are_refused(repacked, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "_MOST_PARTS", 3)
    with pytest.raises(WireError, match="parts"):
        Workbook(repacked(lambda parts: None), "x.xlsx")


@pytest.mark.parametrize("cell", ['<c r="XFD1048576"><v>1</v></c>', "<c s='1' r='ZZ900000'><v>1</v></c>",
                                  '<x:c r = "SCW99999"><v>1</v></x:c>', '<c r="xfd1048576"><v>1</v></c>'])
def test_a_cell_so_far_out_that_the_room_between_is_the_bomb_is_refused(repacked, cell: str) -> None:
    far = repacked(lambda parts: parts.update({SHEET: parts[SHEET].replace(b"</row>", cell.encode() + b"</row>", 1)}))
    with pytest.raises(WireError, match=r"x\.xlsx\[A\]: the sheet spans"):
        Workbook(far, "x.xlsx")


def test_a_long_sheet_of_ordinary_width_is_not_refused() -> None:
    archive.refuse_wide(b'<row r="700000"><c r="Z700000"/><c r="AB1"/></row>', "x")
    with pytest.raises(WireError, match="spans 700,000 × 29"):
        archive.refuse_wide(b'<row r="700000"><c r="AC1"/></row>', "x")


def test_a_part_that_is_longer_than_the_directory_says_is_refused(repacked) -> None:
    honest = repacked(lambda parts: None)
    with ZipFile(BytesIO(honest)) as book:
        size = book.getinfo("xl/sharedStrings.xml").file_size
    lying = honest.replace(size.to_bytes(4, "little"), (size - 9).to_bytes(4, "little"))
    assert lying != honest
    with pytest.raises(WireError, match=r"sharedStrings\.xml.*damaged"):
        Workbook(lying, "x.xlsx")


@pytest.mark.parametrize("part", ["xl/workbook.xml", "xl/sharedStrings.xml", SHEET])
def test_a_part_that_declares_entities_is_refused_unexpanded(repacked, part: str) -> None:
    laughs = b'<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY lol "lol"><!ENTITY l2 "&lol;&lol;">]><x>&l2;</x>'
    with pytest.raises(WireError, match="declares entities"):
        Workbook(repacked(lambda parts: parts.update({part: laughs})), "x.xlsx")


@pytest.mark.parametrize("name", ["../../etc/cron.d/x", "/etc/x", "xl\\..\\..\\x"])
def test_a_name_that_leads_out_of_the_archive_is_refused(repacked, name: str) -> None:
    with pytest.raises(WireError, match="leads out"):
        Workbook(repacked(lambda parts: parts.update({name: b"x"})), "x.xlsx")


def test_a_sheet_outside_its_folder_is_refused_for_nobody_measured_it(repacked) -> None:
    def move(parts: Parts) -> None:
        parts["xl/far.xml"] = parts.pop(SHEET)
        rels = "xl/_rels/workbook.xml.rels"
        parts[rels] = parts[rels].replace(b"worksheets/sheet1.xml", b"far.xml")

    with pytest.raises(WireError, match=r"far\.xml.*damaged"):
        Workbook(repacked(move), "x.xlsx")


def test_a_sheet_in_the_strict_form_is_measured_too(repacked) -> None:
    def make_strict(parts: Parts) -> None:
        for name in ("xl/workbook.xml", SHEET):
            parts[name] = parts[name].replace(
                b"http://schemas.openxmlformats.org/spreadsheetml/2006/main", b"http://purl.oclc.org/ooxml/spreadsheetml/main"
            )
        parts[SHEET] = parts[SHEET].replace(b"</row>", b'<c r="XFD900000"/></row>', 1)

    with pytest.raises(WireError, match="the sheet spans"):
        Workbook(repacked(make_strict), "x.xlsx")


def test_two_parts_of_one_name_are_refused(repacked) -> None:
    twice = repacked(lambda parts: parts.update({"xl/WORKBOOK.xml": parts["xl/workbook.xml"]}))
    with pytest.raises(WireError, match="archive has a name"):
        Workbook(twice, "x.xlsx")


def test_entities_hidden_in_another_encoding_are_refused(repacked) -> None:
    hidden = '<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>'.encode("utf-16")
    with pytest.raises(WireError, match="declares entities"):
        Workbook(repacked(lambda parts: parts.update({"xl/workbook.xml": hidden})), "x.xlsx")


def test_a_link_to_another_workbook_is_refused_and_not_followed(repacked) -> None:
    linked = repacked(lambda parts: parts.update({"xl/externalLinks/externalLink1.xml": b"<externalLink/>"}))
    with pytest.raises(WireError, match="refers to another workbook"):
        Workbook(linked, "x.xlsx")


def test_an_archive_of_a_form_that_nobody_knows_is_a_damaged_workbook(repacked) -> None:
    sound = repacked(lambda parts: None)
    with pytest.raises(WireError, match="damaged"):
        Workbook(re.sub(rb"(PK\x01\x02..)..", b"\\1\xc8\x00", sound, flags=re.DOTALL), "x.xlsx")


def test_an_archive_of_something_else_is_no_workbook(repacked) -> None:
    with pytest.raises(WireError, match="holds no Excel workbook"):
        Workbook(repacked(lambda parts: (parts.clear(), parts.update({"inner.zip": b"PK"}))), "x.zip")


def test_an_encrypted_archive_says_that_it_has_a_password(repacked) -> None:
    sound = repacked(lambda parts: None)
    marked = re.sub(rb"(PK\x01\x02.{4})\x00", b"\\1\x01", sound, flags=re.DOTALL)  # bit 0 of the flags
    with pytest.raises(WireError, match="password"):
        Workbook(marked, "x.xlsx")


def test_failed_formulas_are_found_whatever_stands_around_them() -> None:
    sheet = b'<c r="B2" s="1" t="e"><f>1/0</f><v>#DIV/0!</v></c><c r="C2"><v>1</v></c><c t="e" r="AA10"><v>#N/A</v></c>'
    assert archive.error_cells(sheet) == [(2, 1, "#DIV/0!"), (10, 26, "#N/A")]
