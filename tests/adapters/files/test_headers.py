"""The header is found where it stands, and columns are known by any of their names."""

from __future__ import annotations

import pytest

from connector.adapters import registry
from connector.adapters.files.grid import Head
from connector.adapters.files.headers import Header, find_header, fold
from connector.errors import ConfigError
from connector.mappings.table import load_mapping

MAPPING = load_mapping(registry.mapping_text("files"), "files")["employee"]
KEY = next(f for f in MAPPING.fields if f.target == "number")


def found(*rows: str, own_key: str = "") -> Header | None:
    head: Head = tuple((number, tuple(row.split(","))) for number, row in enumerate(rows, 1))
    return find_header(head, MAPPING, KEY, own_key, "x.csv")


@pytest.mark.parametrize(
    "name",
    ["工号", "员工编号", "Employee No", "EMPLOYEE_NO.", "employee  no", "工 号", "工号*", "number", "Ｓｔａｆｆ　ＩＤ",
     "工号\n(必填)"],
)  # fmt: skip
def test_a_column_is_known_by_any_of_its_names_in_any_spelling(name: str) -> None:
    header = found(f"{name},姓名")
    assert header is not None and header.columns == {"number": 0, "name": 1}


def test_the_header_may_stand_below_titles_notes_and_blank_rows() -> None:
    header = found("2026年7月花名册,,", ",,", "制表人：王五,,", "工号,姓名,部门", "1,张三,销售部")
    assert header is not None
    assert (header.row, header.above) == (4, {"2026年7月花名册", "制表人：王五"})


def test_a_row_that_mentions_the_number_alone_is_no_header_unless_it_is_all_there_is() -> None:
    header = found("工号,填六位", "工号,姓名")
    assert header is not None and header.row == 2
    assert found("工号") is not None
    assert found("工号,备注") is None


def test_of_two_rows_the_one_that_knows_more_names_is_the_header() -> None:
    header = found("工号,姓名,x", "工号,姓名,部门")
    assert header is not None and header.row == 2


def test_of_two_equal_rows_the_first_is_the_header() -> None:
    header = found("工号,姓名", "1,张三", "工号,姓名")
    assert header is not None and header.row == 1


def test_columns_that_nobody_knows_may_be_called_anything_or_nothing() -> None:
    header = found("备注,工号,备注,,姓名,")
    assert header is not None
    assert (header.columns, header.width, header.least) == ({"number": 1, "name": 4}, 6, 5)


def test_two_columns_of_one_meaning_are_a_setting_to_mend() -> None:
    with pytest.raises(ConfigError, match=r"x\.csv row 1: two columns mean “number”: '工号', 'Employee No'"):
        found("工号,Employee No,姓名")


def test_the_companys_own_name_of_the_number_goes_before_the_known_ones() -> None:
    header = found("工号,卡号,姓名", own_key="卡号")
    assert header is not None and header.columns == {"number": 1, "name": 2}


@pytest.mark.parametrize(
    ("above", "name", "unit"),
    [
        ("", "月工资", 1), ("", "月工资（元）", 1), ("", "月工资（万元）", 10_000), ("单位：万元", "月工资", 10_000),
        ("金额单位: 千元", "月工资", 1_000), ("单位：万元", "月工资(元)", 1), ("单位：某某公司", "月工资", 1),
        ("", "月工资（税前）", 1),
    ],
)  # fmt: skip
def test_the_unit_of_amounts_stands_in_the_header_or_above_it(above: str, name: str, unit: int) -> None:
    header = found(above, f"工号,{name}")
    assert header is not None and header.unit == {"monthly_salary": unit}


def test_a_unit_that_is_not_known_is_not_taken_for_the_usual_one() -> None:
    with pytest.raises(ConfigError, match="found the unit of amounts “百元”"):
        found("单位：百元", "工号,月工资")


@pytest.mark.parametrize(
    ("name", "folded"), [("（元）", "(元)"), ("月工资（元）", "月工资"), ("Hire-Date", "hiredate")]
)
def test_a_name_is_compared_without_its_dress(name: str, folded: str) -> None:
    assert fold(name) == folded
