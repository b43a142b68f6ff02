"""The workbook: typed, filtered, frozen, and never a formula."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from connector.i18n import LANGUAGES
from connector.model.runs import NightRecord
from connector.reports.tables import tables
from connector.reports.workbook import write_workbook

HOSTILE = (
    "=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1+1", "－2", '=HYPERLINK("http://127.0.0.1","x")',
    "http://127.0.0.1/x", "{=1+1}", "a\x00b\x08c", "\u202eevil", "</t><f>1+1</f>",
)


@pytest.fixture
def book(night: NightRecord, tmp_path: Path) -> Iterator[Any]:
    path = tmp_path / "reconciliation.xlsx"
    write_workbook(night, path, "zh_CN")
    with closing(openpyxl.load_workbook(path)) as opened:
        yield opened


def rows_of(sheet: Any) -> list[dict[str, Any]]:
    titles = [cell.value for cell in sheet[1]]
    return [dict(zip(titles, [cell.value for cell in row], strict=True)) for row in sheet.iter_rows(min_row=2)]


def test_it_has_the_six_sheets_in_either_language(night: NightRecord, tmp_path: Path) -> None:
    names = {}
    for language in LANGUAGES:
        write_workbook(night, tmp_path / f"{language}.xlsx", language)
        with closing(openpyxl.load_workbook(tmp_path / f"{language}.xlsx")) as opened:
            names[language] = opened.sheetnames
    assert names["zh_CN"] == ["说明", "发现", "计划", "证据", "来源", "异常数据"]
    assert names["en"] == ["About", "Findings", "Plan", "Evidence", "Proof", "Rejects"]


def test_every_table_has_a_frozen_header_a_filter_over_all_rows_and_widths(book: Any) -> None:
    for sheet in book.worksheets[1:]:
        assert sheet.freeze_panes == "A2", sheet.title
        assert sheet.auto_filter.ref == f"A1:{sheet.cell(sheet.max_row, sheet.max_column).coordinate}", sheet.title
        assert all(dimension.width and dimension.width >= 8 for dimension in sheet.column_dimensions.values())


def test_money_counts_and_dates_are_typed(book: Any) -> None:
    overdue = next(row for row in rows_of(book["发现"]) if row["规则编码"] == "loan.overdue")
    assert (overdue["未还余额"], overdue["逾期天数"], overdue["币种"]) == (28000, 77, "CNY")
    assert overdue["到期日"] == datetime(2026, 5, 15)
    assert overdue["首次发现"] == datetime(2026, 7, 2)
    formats = {cell.number_format for row in book["发现"].iter_rows(min_row=2) for cell in row if cell.is_date}
    assert formats == {"yyyy-mm-dd"}


def test_money_is_exact_to_the_cent(night_with: Callable[..., NightRecord], tmp_path: Path) -> None:
    night = night_with()
    night.findings["findings"][0]["facts"]["balance"] = "99999999999.99"
    write_workbook(night, tmp_path / "x.xlsx", "en")
    with zipfile.ZipFile(tmp_path / "x.xlsx") as archive:
        sheet = archive.read("xl/worksheets/sheet2.xml").decode()
    assert Decimal("99999999999.99") in {Decimal(v) for v in re.findall(r"<v>([\d.]+)</v>", sheet)}


def test_the_plan_lists_what_runs_and_what_is_held_with_the_hash_to_approve(book: Any, night: NightRecord) -> None:
    plan = rows_of(book["计划"])
    group = night.plan["held"][0]
    assert [row["状态"] for row in plan] == ["执行"] * 5 + ["暂缓"] * 2
    assert {row["批准用哈希"] for row in plan if row["状态"] == "暂缓"} == {group["hash"]}
    hold = next(row for row in plan if row["类别"] == "离职拦截" and row["动作"] == "写入")
    assert (hold["涉及金额"], hold["币种"], hold["姓名"], hold["结果"]) == (28000, "CNY", "张伟", "已确认")


def test_the_proof_has_a_control_total_with_its_currency(book: Any) -> None:
    proof = {(row["系统"], row["数据"]): row for row in rows_of(book["来源"])}
    control = proof["金蝶", "科目余额"]
    assert (control["控制合计"], control["币种"], control["是否完整"]) == (57000.5, "CNY", "● 完整")
    assert proof["人事系统", "员工"]["是否完整"] == "▲ 不完整"
    assert proof["人事系统", "员工"]["原因"] == "行数与来源报告的不一致"


def test_the_proof_says_which_lines_of_a_source_are_no_records(night: NightRecord) -> None:
    streams = [{**night.proof["streams"][0], "ignored": {"summary": 2, "blank": 1}}]
    told = replace(night, proof={**night.proof, "streams": streams})
    proof = next(table for table in tables(told, "zh_CN") if table.code == "proof")
    assert "空行 1、合计行 2" in next(iter(proof.rows))


def test_the_first_sheet_says_what_when_and_from_which_run(book: Any) -> None:
    cells = [cell.value for row in book["说明"].iter_rows() for cell in row if cell.value is not None]
    for wanted in ("2026-07-31-nightly-3", "c0ffee" * 10, datetime(2026, 7, 31), "西安晨曦能源有限公司", -100):
        assert wanted in cells
    assert "正式：计划中的动作已写回，结果见「计划」页。" in cells


def test_the_totals_of_the_first_sheet_add_up(book: Any) -> None:
    rows = [[cell.value for cell in row[:4]] for row in book["说明"].iter_rows()]
    totals = [row for row in rows if row[0] == "合计"]
    assert totals == [["合计", None, 8, 1], ["合计", 12, 18, 55800]]


def test_no_salary_and_no_raw_row_reaches_the_workbook(night: NightRecord, tmp_path: Path) -> None:
    write_workbook(night, tmp_path / "x.xlsx", "zh_CN")
    with zipfile.ZipFile(tmp_path / "x.xlsx") as archive:
        everything = b"".join(archive.read(name) for name in archive.namelist()).decode()
    assert "12345.67" not in everything
    assert "canary" not in everything


def poisoned(night: NightRecord, text: str) -> None:
    finding = night.findings["findings"][1]
    finding["subject"] = finding["employee"] = finding["key"] = text
    finding["facts"]["approval"] = text
    finding["evidence"] = [{"system": text, "ref": text, "field": text, "value": text, "seen_at": text}]
    night.plan["actions"][0]["employee"] = night.plan["actions"][0]["ref"] = text
    night.proof["streams"][0]["first_key"] = text
    night.rejects[0].update({"ref": text, "key": text, "found": text, "field": text})
    night.names[text] = text


@pytest.mark.parametrize("hostile", HOSTILE)
def test_no_cell_is_a_formula_or_a_link_and_no_text_starts_like_one(
    night_with: Callable[..., NightRecord], tmp_path: Path, hostile: str
) -> None:
    night = night_with(title=hostile, run=hostile)
    poisoned(night, hostile)
    write_workbook(night, tmp_path / "x.xlsx", "zh_CN")
    with closing(openpyxl.load_workbook(tmp_path / "x.xlsx")) as opened:
        cells = [cell for sheet in opened.worksheets for row in sheet.iter_rows() for cell in row]
        assert not [cell for cell in cells if cell.data_type == "f" or cell.hyperlink]
        texts = [cell.value for cell in cells if isinstance(cell.value, str)]
    assert not [text for text in texts if text.startswith(tuple("=+-@\t\r\n＝＋－＠"))]
    assert not [text for text in texts if re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\u202e]", text)]
    with zipfile.ZipFile(tmp_path / "x.xlsx") as archive:
        assert not [n for n in archive.namelist() if b"<f>" in archive.read(n)]


def test_negative_amounts_stay_numbers(book: Any) -> None:
    values = [cell.value for row in book["说明"].iter_rows() for cell in row]
    assert -100 in values
    assert "'-100.00" not in values


def test_rows_beyond_a_sheet_go_on_to_a_second_one(night: NightRecord, tmp_path: Path) -> None:
    write_workbook(night, tmp_path / "x.xlsx", "zh_CN", sheet_rows=6)
    with closing(openpyxl.load_workbook(tmp_path / "x.xlsx")) as opened:
        first, second = opened["发现"], opened["发现 2"]
        assert (first.max_row, second.max_row) == (6, 5)
        assert [cell.value for cell in first[1]] == [cell.value for cell in second[1]]
        assert first.auto_filter.ref.endswith("6")


def test_the_same_night_gives_the_same_rows(night: NightRecord, tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_workbook(night, tmp_path / f"{name}.xlsx", "zh_CN")
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()


def test_an_empty_night_gives_tables_with_headers_only(
    night_with: Callable[..., NightRecord], tmp_path: Path
) -> None:
    night = night_with(
        findings={"as_of": "2026-07-31", "rule_book": "x", "findings": []},
        plan={"hash": "h", "actions": [], "held": []}, outcomes=(), troubles=(), bars=(), waterfall=(), stories=(),
        rejects=(), proof={"as_of": "2026-07-31", "run": "r", "streams": [], "links": {}, "books": {}, "rules_off": []},
    )
    write_workbook(night, tmp_path / "x.xlsx", "en")
    with closing(openpyxl.load_workbook(tmp_path / "x.xlsx")) as opened:
        assert [sheet.max_row for sheet in opened.worksheets[1:]] == [1] * 5


def test_a_night_that_cannot_be_written_leaves_no_half_file(
    night_with: Callable[..., NightRecord], tmp_path: Path
) -> None:
    night = night_with(plan={"hash": "h", "actions": [{"verb": "put"}], "held": []})
    with pytest.raises(KeyError):
        write_workbook(night, tmp_path / "reconciliation.xlsx", "en")
    assert list(tmp_path.iterdir()) == []
