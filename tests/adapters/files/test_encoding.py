"""Encodings are told by the content, and what reads in none is refused with line and byte."""

from __future__ import annotations

import pytest

from connector.adapters.files.encoding import decode
from connector.errors import WireError

TEXT = "工号,姓名\nE1,张三\nE2,欧阳修\n"


@pytest.mark.parametrize(
    ("encoding", "told"),
    [
        ("utf-8", "utf-8"), ("utf-8-sig", "utf-8"), ("gbk", "gb18030"), ("gb18030", "gb18030"),
        ("utf-16", "utf-16-le"), ("utf-16-le", "utf-16-le"), ("utf-16-be", "utf-16-be"),
    ],
)  # fmt: skip
def test_every_encoding_that_spreadsheets_write_is_told_by_the_content(encoding: str, told: str) -> None:
    assert decode(TEXT.encode(encoding), "", "x.csv") == (TEXT, told)


def test_a_mark_of_utf_16_big_endian_is_seen() -> None:
    assert decode(b"\xfe\xff" + TEXT.encode("utf-16-be"), "", "x.csv") == (TEXT, "utf-16-be")


def test_rare_names_do_not_make_chinese_text_unreadable() -> None:
    text = "工号,姓名,部门\n" + "E1,张喆,销售部\n" * 20 + "E2,䶮,研发部\n"
    assert decode(text.encode("gb18030"), "", "x.csv") == (text, "gb18030")


@pytest.mark.parametrize("text", ["number,name\nE1,José García\n", "number,name\nE1,Müller, Jürgen\n"])
def test_western_text_is_refused_and_not_read_as_chinese(text: str) -> None:
    with pytest.raises(WireError, match=r"x\.csv line 2"):
        decode(text.encode("latin-1"), "", "x.csv")


def test_a_row_of_another_encoding_is_named_by_line_byte_and_place() -> None:
    mixed = "工号,姓名\nE1,张三\nE2,".encode() + "李四".encode("gb18030") + b"\n"
    with pytest.raises(WireError, match=r"line 3: found the byte 0xc0 \(byte 4 of the line\), which is no utf-8"):
        decode(mixed, "", "x.csv")


def test_a_broken_byte_in_chinese_text_is_named_where_chinese_ends() -> None:
    broken = "工号,姓名\nE1,张三\n".encode("gb18030") + b"E2,\xff\n"
    with pytest.raises(WireError, match=r"line 3: found the byte 0xff \(byte 4 of the line\), which is no gb18030"):
        decode(broken, "", "x.csv")


def test_zero_bytes_on_both_sides_are_no_text() -> None:
    with pytest.raises(WireError, match=r"line 2.*0x00"):
        decode(b"a,b\n\0\0c,d\n", "", "x.csv")


def test_utf_32_is_refused_by_name() -> None:
    with pytest.raises(WireError, match="UTF-32"):
        decode(TEXT.encode("utf-32"), "", "x.csv")


def test_an_encoding_that_is_said_is_taken_at_its_word() -> None:
    text = "number,name\nE1,José\n"
    assert decode(text.encode("cp1252"), "cp1252", "x.csv") == (text, "cp1252")
    assert decode(text.encode("utf-16-le"), "utf-16", "x.csv") == (text, "utf-16-le")


def test_a_mark_in_the_file_goes_before_what_was_said() -> None:
    assert decode(TEXT.encode("utf-8-sig"), "gb18030", "x.csv") == (TEXT, "utf-8")
