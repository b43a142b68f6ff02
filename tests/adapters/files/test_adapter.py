"""The company folder behind the four verbs: employees out of good, odd and broken files."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, date, datetime
from importlib import resources
from pathlib import Path

import polars as pl
import pytest

from connector.adapters.contract import Page, Since
from connector.adapters.files import adapter
from connector.adapters.files.adapter import FilesStore, build
from connector.errors import ConfigError, UsageError, WireError
from connector.mappings.table import Context, load_mapping, map_rows
from connector.model.plan import Action
from tests.adapters.files import excel97
from tests.adapters.files.papers import AS_OF, SETTING, write_csv, write_xlsx
from tests.adapters.files.papers import pull as pull_of

HEAD = (
    "number,name,mobile,department,position,manager,hired_on,status,last_day,exit_requested_on,"
    "monthly_salary,currency"
)
ASKED = Since(AS_OF)
Store = Callable[..., FilesStore]


def row(number: str, name: str = "张三", status: str = "active", salary: str = "8000.00") -> str:
    return f"{number},{name},,Sales,Staff,,2020-01-01,{status},,,{salary},CNY"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    def write(*lines: str | bytes, head: str = HEAD, **options: object) -> FilesStore:
        content = b"\n".join(line if isinstance(line, bytes) else line.encode() for line in (head, *lines))
        (tmp_path / "employees.csv").write_bytes(content + b"\n")
        return build({"folder": str(tmp_path), **options}, SETTING)

    return write


def pull(store: FilesStore, since: Since = ASKED) -> list[Page]:
    return list(store.pull("employee", since))


def numbers(pages: list[Page]) -> list[str | None]:
    return [number for page in pages for number in page.rows["number"].to_list()]


def mapped(pages: list[Page]) -> pl.DataFrame:
    text = (resources.files(adapter.__package__) / "mapping.yaml").read_text("utf-8")
    mapping = load_mapping(text, "files")["employee"]
    context = Context("hr", datetime(2026, 7, 31, tzinfo=UTC), "CNY", SETTING.zone)
    rows, bad = map_rows(mapping, pl.concat([page.rows for page in pages]), context)
    assert bad == []
    return rows


def test_every_cell_arrives_as_text_and_the_end_is_proved_with_the_count(store):
    pages = pull(store(row("E1"), row("007", salary="0100.50")))
    assert pages[-1].rows.select("number", "#ref", "#row").rows() == [("E1", "E1", "2"), ("007", "007", "3")]
    assert set(pages[-1].rows.dtypes) == {pl.String}
    assert (pages[-1].end.how, pages[-1].end.expected) == ("cursor_exhausted", 2)


def test_the_mapping_gives_canonical_employees(store):
    lines = [
        "E1,李四,13800000000,Sales,Staff,E9,2020-01-02,待离职,2026-08-14,2026-07-10,8000.5,CNY",
        row("E2", status="已离职"),
        row("E3", status="在职"),
    ]
    found = mapped(pull(store(*lines)))
    assert found["status"].to_list() == ["leaving", "left", "active"]
    assert found["monthly_salary"].to_list() == [800050, 800000, 800000]
    assert found.row(0, named=True) | {"seen_at": None} == {
        "system": "hr", "ref": "E1", "seen_at": None, "number": "E1", "name": "李四", "mobile": "13800000000",
        "department": "Sales", "position": "Staff", "manager": "E9", "hired_on": date(2020, 1, 2),
        "status": "leaving", "last_day": date(2026, 8, 14), "exit_requested_on": date(2026, 7, 10),
        "monthly_salary": 800050, "currency": "CNY", "id_hash": None, "mobile_hash": None,
    }  # fmt: skip


def test_more_rows_than_a_page_come_in_several_pages_each_row_once(store):
    pages = pull(store(*(row(f"E{n}") for n in range(adapter.PAGE_ROWS + 3)), "E1,short"))
    assert [page.rows.height for page in pages] == [adapter.PAGE_ROWS, 3]
    assert [page.end is None for page in pages] == [True, False]
    assert [len(page.rejects) for page in pages] == [1, 0]
    assert len(set(numbers(pages))) == adapter.PAGE_ROWS + 3


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (row("E2") + ",more", "files.reject.too_many_cells"),
        ("E2,李四", "files.reject.too_few_cells"),
        ('E2,"李"四,,,,,,,,,,', "files.reject.malformed_quotes"),
    ],
)
def test_a_line_that_is_no_row_is_set_aside_and_the_others_arrive(store, line, reason):
    pages = pull(store(row("E1"), line, row("E3")))
    assert numbers(pages) == ["E1", "E3"]
    (reject,) = pages[0].rejects
    assert (reject.reason, reject.payload, reject.ref) == (reason, line, "employees.csv:3")
    assert pages[0].end.expected == 3


def test_a_set_aside_line_names_its_employee_only_where_the_number_stands_first(store):
    assert pull(store("2,李四", number_width=4))[0].rejects[0].key == "0002"
    other = "name,number"
    assert pull(store("李四,E2,more", head=other))[0].rejects[0].key == ""


def test_a_row_that_cannot_be_read_names_its_employee(store):
    (reject,) = pull(store(row("E1", status="在岗")))[0].rejects
    assert (reject.key, reject.found, reject.field) == ("E1", "在岗", "status")
    assert "待离职" in reject.expected and "已离职" in reject.expected


def test_both_rows_of_a_doubled_number_arrive_with_keys_that_say_where(store):
    pages = pull(store(row("E1"), row("E1", name="other")))
    assert pages[0].rows["#ref"].to_list() == ["E1", "E1#3"]


def test_a_header_without_the_number_says_which_setting_mends_it(store):
    with pytest.raises(ConfigError, match=r"first row: 卡号, 称呼; .*工号.*number_column"):
        pull(store("E1,x", head="卡号,称呼"))
    pages = pull(store("E1,x", head="卡号,称呼", number_column="卡号"))
    assert numbers(pages) == ["E1"]


def test_a_companys_overlay_says_what_its_columns_are_called(store):
    overlay = "streams: {employee: {number: {from: number, called: [卡号]}, name: {from: name, called: [称呼]}}}"
    place = store("E1,张三,x", head="卡号,称呼,姓名")._form.folder
    built = build({"folder": str(place)}, SETTING.__class__(**{**vars(SETTING), "overlay": overlay}))
    assert next(built.pull("employee", ASKED)).rows.select("number", "name").rows() == [("E1", "张三")]


def test_columns_are_separated_by_what_the_header_shows(store):
    for separator in ",;\t|":
        lines = [line.replace(",", separator) for line in (row("E1"), row("E2"))]
        assert numbers(pull(store(*lines, head=HEAD.replace(",", separator)))) == ["E1", "E2"]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030", "utf-16", "utf-16-be"])
def test_a_file_of_any_encoding_gives_the_same_rows(tmp_path, encoding):
    write_csv(tmp_path, [["工号", "姓名"], ["E1", "张三"]], encoding=encoding)
    assert pull_of(tmp_path).rows.select("number", "name").rows() == [("E1", "张三")]


def test_the_older_excel_is_read_like_the_newer(tmp_path):
    (tmp_path / "a.xls").write_bytes(excel97.workbook([["工号", "姓名"], [7.0, "张三"]]))
    assert pull_of(tmp_path, file="a.xls", number_width=4).column("number") == ["0007"]


def test_of_several_sheets_the_one_with_the_header_is_meant(tmp_path):
    write_xlsx(tmp_path, 说明=[["请勿修改"]], 花名册=[["工号", "姓名"], ["E1", "张三"]])
    assert pull_of(tmp_path, file="employees.xlsx").column("number") == ["E1"]


def test_two_sheets_that_fit_are_a_setting_to_mend(tmp_path):
    rows = [["工号", "姓名"], ["E1", "张三"]]
    write_xlsx(tmp_path, 北京=rows, 上海=[*rows, ["E2", "李四"]])
    with pytest.raises(ConfigError, match=r"several sheets fit: 北京, 上海 → say in `sheet`"):
        pull_of(tmp_path, file="employees.xlsx")
    assert pull_of(tmp_path, file="employees.xlsx", sheet="上海").column("number") == ["E1", "E2"]
    with pytest.raises(ConfigError, match="found no sheet “广州”; found: 北京, 上海"):
        pull_of(tmp_path, file="employees.xlsx", sheet="广州")


def test_a_hidden_sheet_counts_only_when_it_is_asked_for(tmp_path):
    rows = [["工号", "姓名"], ["E1", "张三"]]
    write_xlsx(tmp_path, 在用=rows, 旧=[*rows, ["E2", "李四"]], hidden="旧")
    assert pull_of(tmp_path, file="employees.xlsx").column("number") == ["E1"]
    assert pull_of(tmp_path, file="employees.xlsx", sheet="旧").column("number") == ["E1", "E2"]


@pytest.mark.parametrize(("options", "day"), [({}, "2026-07-31"), ({"date_system": 1900}, "2022-07-30")])
def test_a_number_is_counted_from_the_day_the_workbook_says_unless_the_connection_does(tmp_path, options, day):
    write_xlsx(tmp_path, from_1904=True, A=[["工号", "入职日期"], ["E1", 44772]])
    assert pull_of(tmp_path, file="employees.xlsx", **options).column("hired_on") == [day]


def test_a_sheet_asked_of_a_text_file_is_a_setting_to_mend(store):
    with pytest.raises(ConfigError, match="has no sheets"):
        pull(store(row("E1"), sheet="A"))


def test_merged_cells_are_filled_only_in_the_columns_that_are_named(store):
    head = "工号,姓名,部门,岗位"
    lines = ("E1,张三,销售部,经理", "E2,李四,,", "E3,王五,,")
    assert pull(store(*lines, head=head))[0].rows["department"].to_list() == ["销售部", None, None]
    rows = pull(store(*lines, head=head, fill_down=["部门"]))[0].rows
    assert rows.select("department", "position").rows() == [("销售部", "经理"), ("销售部", None), ("销售部", None)]


@pytest.mark.parametrize("name", ["工资", "工号"])
def test_only_columns_that_are_there_and_name_nobody_can_be_filled(store, name):
    with pytest.raises(ConfigError, match=f"“{name}”, which is no column that can be filled; found: 工号, 姓名"):
        pull(store("E1,张三", head="工号,姓名", fill_down=[name]))


def test_a_line_with_a_number_is_an_employee_whatever_he_is_called(store):
    pages = pull(store("合计,E1", "合计,", head="姓名,工号"))
    assert numbers(pages) == ["E1"]
    assert pages[0].ignored == {"summary": 1}


def test_blank_lines_are_counted_with_and_without_separators(store):
    pages = pull(store("E1,张三", "", " , ", "  ", "E2,李四", head="工号,姓名"))
    assert (numbers(pages), pages[0].ignored) == (["E1", "E2"], {"blank": 3})


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xef\xbb\xbf", b" \r\n"])
def test_an_empty_file_is_no_list_of_nobody(store, tmp_path, content):
    built = store()
    (tmp_path / "employees.csv").write_bytes(content)
    with pytest.raises(WireError, match="the file is empty"):
        pull(built)


def test_a_header_without_rows_is_a_proved_nothing(store):
    (page,) = pull(store())
    assert (page.rows.height, page.end.expected) == (0, 0)
    assert "number" in page.rows.columns


def test_a_web_page_that_is_called_a_workbook_says_so(tmp_path):
    (tmp_path / "employees.xls").write_text("<html><table><tr><td>工号</td></tr></table></html>")
    with pytest.raises(WireError, match="web page"):
        pull_of(tmp_path, file="employees.xls")


@pytest.mark.parametrize("change", ["touched", "removed"])
def test_a_file_that_changes_while_it_is_read_is_not_believed(store, tmp_path, change):
    pages = store(*(row(f"E{n}") for n in range(adapter.PAGE_ROWS * 2 + 1))).pull("employee", ASKED)
    next(pages)
    place = tmp_path / "employees.csv"
    place.unlink() if change == "removed" else os.utime(place, ns=(1, 1))
    with pytest.raises(WireError, match="changed while"):
        list(pages)


def test_only_the_employees_asked_for_are_delivered_and_what_may_be_theirs(store):
    built = store(row("1"), row("2"), row("3", status="?"), row("2", status="?"), row(""), number_width=2)
    pages = pull(built, Since(AS_OF, only=("02",)))
    assert numbers(pages) == ["02"]
    assert [reject.key for reject in pages[0].rejects] == ["02", ""]
    assert pages[-1].end.expected == 3


def test_a_missing_file_is_a_setting_to_mend(store):
    built = store(row("E1"), file="staff.csv")
    with pytest.raises(ConfigError, match=r"staff\.csv"):
        pull(built)
    assert [(c.stage, c.passed, c.mend) for c in built.check()] == [("reach", False, "files.mend.no_file")]


def test_check_passes_on_a_good_file_and_says_how_it_is_read(store):
    checks = store("E1,张三", head="工号,姓名").check()
    assert all(check.passed for check in checks)
    assert checks[-1].found == "employees.csv (utf-8) row 1: 工号 = number, 姓名 = name"


@pytest.mark.parametrize(
    ("content", "mend"),
    [
        (b"x,y\n", "files.mend.no_header"), (b"\xff\xff\n", "files.mend.encoding"),
        (b"PK\x03\x04", "files.mend.broken"),
    ],
)  # fmt: skip
def test_check_names_what_is_wrong_and_how_to_mend_it(store, tmp_path, content, mend):
    built = store()
    (tmp_path / "employees.csv").write_bytes(content)
    last = built.check()[-1]
    assert (last.stage, last.passed, last.mend) == ("fields", False, mend)


@pytest.mark.parametrize("options", [{}, {"folder": ".", "file": "../x.csv"}, {"folder": ".", "colour": "red"}])
def test_a_wrong_option_is_named_with_the_connection(options):
    with pytest.raises(ConfigError, match="connection hr"):
        build(options, SETTING)


def test_a_stream_it_does_not_have_is_refused(store):
    built = store(row("E1"))
    assert built.manifest.streams == ("employee",)
    with pytest.raises(UsageError, match="signal"):
        list(built.pull("signal", ASKED))


def test_nothing_is_written_and_no_mark_stands(store):
    built = store(row("E1"))
    action = Action("put", "hr", "risk_flag", "E1", "E1", None, {"a": 1})
    assert built.push(action, "text").outcome == "refused"
    assert built.observe("risk_flag", None).is_empty()
