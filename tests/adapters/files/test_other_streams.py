"""Results, attendance and signals: delivered where a file is named, one meaning for one employee and month."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest

from connector.adapters import registry
from connector.errors import ConfigError
from connector.mappings.table import Context, load_mapping, map_rows
from tests.adapters.files.papers import SETTING, Pulled, Rows, pull, write_csv, write_xlsx

FILES: dict[str, object] = {"file": None, "appraisals": "a.csv", "attendance": "b.csv", "signals": "c.csv"}


def pulled(folder: Path, stream: str, rows: Rows, **options: object) -> Pulled:
    name = {"appraisal_month": "a.csv", "attendance_month": "b.csv", "signal": "c.csv"}[stream]
    write_csv(folder, rows, name)
    return pull(folder, stream, **FILES, **options)


def canonical(stream: str, found: Pulled) -> pl.DataFrame:
    mapping = load_mapping(registry.mapping_text("files"), "files")[stream]
    context = Context("hr", datetime(2026, 7, 31, tzinfo=UTC), "CNY", SETTING.zone)
    rows, bad = map_rows(mapping, found.rows, context)
    assert bad == []
    return rows.drop("system", "seen_at")


def test_a_result_is_counted_in_thousandths_and_what_was_not_measured_is_unknown(tmp_path):
    rows = [["工号", "月份", "目标", "实际"], ["7", "2026年5月", "100", "98.5"], ["8", "2026-05", "100%", ""]]
    found = canonical("appraisal_month", pulled(tmp_path, "appraisal_month", rows, number_width=3))
    assert found.drop("ref").rows() == [
        ("007", date(2026, 5, 1), 100_000, 98_500, True, "", "month"),
        ("008", date(2026, 5, 1), 1_000, None, True, "", "month"),
    ]


def test_a_month_is_closed_when_it_is_over_unless_the_file_says_otherwise(tmp_path):
    head, rows = ["employee", "month", "target", "actual"], [["E1", "2026-06", "1", "1"], ["E1", "2026-07", "1", "1"]]
    found = pulled(tmp_path, "appraisal_month", [head, *rows])
    assert canonical("appraisal_month", found)["is_closed"].to_list() == [True, False]
    said = pulled(tmp_path, "appraisal_month", [[*head, "closed"], [*rows[0], "否"], [*rows[1], "是"]])
    assert canonical("appraisal_month", said)["is_closed"].to_list() == [False, True]


def test_goals_and_cycles_tell_results_of_one_month_apart(tmp_path):
    head = ["工号", "月份", "目标", "实际", "指标名称", "周期"]
    rows = [["E1", "2026-06", "1", "1", "销售额", "月度"], ["E1", "2026-06", "3", "2", "回款", "季度"]]
    found = pulled(tmp_path, "appraisal_month", [head, *rows])
    assert canonical("appraisal_month", found)["cycle"].to_list() == ["month", "quarter"]
    assert found.column("#ref") == ["E1 2026-06 销售额 月度", "E1 2026-06 回款 季度"]


def test_attendance_counts_times_late(tmp_path):
    rows = [["工号", "月份", "迟到次数", "closed"], ["E1", "202606", "３次", "是"], ["E2", "2026-06", "", "否"]]
    found = canonical("attendance_month", pulled(tmp_path, "attendance_month", rows))
    assert found.drop("ref").rows() == [("E1", date(2026, 6, 1), 3, True), ("E2", date(2026, 6, 1), None, False)]


def test_a_signal_is_an_instant_of_the_companys_zone(tmp_path):
    rows = [["工号", "类型", "时间", "来源"], ["E1", "简历更新", "2026/7/31 9:30", "某招聘网"]]
    found = canonical("signal", pulled(tmp_path, "signal", rows))
    assert found.drop("ref").rows() == [("E1", "resume_updated", datetime(2026, 7, 31, 1, 30, tzinfo=UTC), "某招聘网")]


def test_a_row_that_says_the_same_again_is_counted_and_not_lost(tmp_path):
    rows = [["工号", "月份", "迟到"], ["E1", "2026-06", "3"], ["E1", "2026年6月", "3"], ["E2", "2026-06", "3"]]
    found = pulled(tmp_path, "attendance_month", rows)
    assert (found.column("employee"), found.ignored) == (["E1", "E2"], {"repeated": 1})


def test_rows_that_say_different_things_of_one_month_are_all_set_aside(tmp_path):
    rows = [["工号", "月份", "迟到"], ["E1", "2026-06", "3"], ["E1", "2026年6月", "4"], ["E2", "2026-06", "3"]]
    found = pulled(tmp_path, "attendance_month", rows)
    assert found.column("employee") == ["E2"]
    assert [(r.ref, r.key, r.reason) for r in found.rejects] == [
        ("b.csv:2", "E1", "files.reject.twice"), ("b.csv:3", "E1", "files.reject.twice"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("column", "cell", "reason"),
    [("month", "2026.1", "month"), ("month", "", "missing"), ("target", "many", "thousandths"), ("closed", "?", "flag"),
     ("cycle", "年", "word"), ("employee", "", "missing")],
)  # fmt: skip
def test_a_cell_that_cannot_be_read_sets_its_row_aside_with_its_place(tmp_path, column, cell, reason):
    row = {"employee": "E1", "month": "2026-06", "target": "1", "actual": "1", "closed": "是", "cycle": "月"}
    found = pulled(tmp_path, "appraisal_month", [list(row), list((row | {column: cell}).values())])
    assert [(r.ref, r.field, r.found, r.reason) for r in found.rejects] == [
        ("a.csv:2", column, cell, f"files.reject.{reason}")
    ]


def test_a_file_without_a_column_that_every_row_needs_is_a_setting_to_mend(tmp_path):
    with pytest.raises(ConfigError, match=r"a\.csv row 1: found no column for month; found: 工号, 目标"):
        pulled(tmp_path, "appraisal_month", [["工号", "目标"], ["E1", "1"]])


def test_merged_cells_are_a_matter_of_the_employee_list_alone(tmp_path):
    rows = [["工号", "月份", "迟到"], ["E1", "2026-06", "3"], ["E2", "2026-06", ""]]
    found = pulled(tmp_path, "attendance_month", rows, fill_down=["部门", "迟到"])
    assert found.column("late_count") == ["3", None]


def test_one_workbook_may_hold_every_stream_on_a_sheet_of_its_own(tmp_path):
    write_xlsx(
        tmp_path, "all.xlsx", 花名册=[["工号", "姓名"], ["E1", "张三"]],
        考勤=[["工号", "月份", "迟到"], ["E1", date(2026, 6, 1), 3]],
    )  # fmt: skip
    options = {"file": "all.xlsx", "sheet": "花名册", "attendance": {"name": "all.xlsx", "sheet": "考勤"}}
    assert pull(tmp_path, **options).column("name") == ["张三"]
    assert pull(tmp_path, "attendance_month", **options).column("late_count") == ["3"]
