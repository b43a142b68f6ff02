"""The company folder: what comes out of good, odd and broken employee files."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, date, datetime
from importlib import resources
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from connector.adapters.contract import Page, Setting, Since
from connector.adapters.files import adapter
from connector.adapters.files.adapter import FilesStore, build
from connector.adapters.kit.clock import SystemClock
from connector.errors import ConfigError, UsageError, WireError
from connector.mappings.table import Context, load_mapping, map_rows
from connector.model.plan import Action

HEAD = (
    "number,name,mobile,department,position,manager,hired_on,status,last_day,exit_requested_on,"
    "monthly_salary,currency"
)
SETTING = Setting("hr", "CNY", ZoneInfo("Asia/Shanghai"), SystemClock())
ASKED = Since(date(2026, 7, 31))
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
    assert pages[-1].rows.select("number", "monthly_salary", "#ref", "#line").rows() == [
        ("E1", "8000.00", "E1", "2"),
        ("007", "0100.50", "007", "3"),
    ]
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
        "monthly_salary": 800050, "currency": "CNY",
    }  # fmt: skip


def test_more_rows_than_a_page_come_in_several_pages_each_row_once(store):
    pages = pull(store(*(row(f"E{n}") for n in range(adapter.PAGE_ROWS + 3))))
    assert [page.rows.height for page in pages] == [adapter.PAGE_ROWS, 3]
    assert [page.end is None for page in pages] == [True, False]
    assert len(set(numbers(pages))) == adapter.PAGE_ROWS + 3


def test_a_byte_order_mark_and_windows_line_ends_change_nothing(store):
    pages = pull(store(f"{row('E1')}\r", f"{row('E2')}\r", head=f"\ufeff{HEAD}\r"))
    assert numbers(pages) == ["E1", "E2"]
    assert pages[0].rows["currency"].to_list() == ["CNY", "CNY"]


def test_quoted_cells_may_hold_commas_quotes_and_line_ends(store):
    pages = pull(store(row("E1", name='"Zhang, ""San""\nJr"'), row("E2")))
    assert pages[0].rows["name"].to_list() == ['Zhang, "San"\nJr', "张三"]
    assert pages[0].rows["#line"].to_list() == ["2", "4"]


def test_a_quoted_cell_may_run_over_the_end_of_a_page(store):
    lines = [row(f"E{n}") for n in range(adapter.PAGE_ROWS - 1)]
    pages = pull(store(*lines, row("X", name='"a\nb"'), row("Y")))
    assert numbers(pages)[-2:] == ["X", "Y"]


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
    assert (reject.reason, reject.payload) == (reason, line)
    assert "line 3" in reject.found
    assert pages[0].end.expected == 3


def test_a_set_aside_line_names_its_employee_only_where_the_number_stands_first(store):
    assert pull(store("E2,李四"))[0].rejects[0].key == "E2"
    other = "name,number"
    assert pull(store("李四,E2,more", head=other))[0].rejects[0].key == ""


def test_empty_lines_are_no_rows(store):
    assert numbers(pull(store(row("E1"), "", "  ", row("E2"), ""))) == ["E1", "E2"]


def test_both_rows_of_a_doubled_number_arrive_with_keys_of_their_own(store):
    pages = pull(store(row("E1"), row("E1", name="other"), row("")))
    assert pages[0].rows["#ref"].to_list() == ["E1", "E1#3", "#4"]


def test_a_wrong_byte_names_file_line_character_and_column_and_what_to_do(store):
    with pytest.raises(WireError) as found:
        pull(store(row("E1"), row("E2", name="X").encode().replace(b"X", "张".encode("gbk"))))
    said = str(found.value)
    assert "employees.csv line 3" in said
    assert "0xd5 at character 4 (column name)" in said
    assert "CSV UTF-8" in said


def test_a_quotation_mark_that_never_closes_stops_the_reading_and_names_its_line(store):
    with pytest.raises(WireError, match=r"line 3.*never closed"):
        pull(store(row("E1"), row("E2", name='"open'), row("E3")))


@pytest.mark.parametrize(
    ("head", "said"), [("", "no header"), ("number,number", "'number'"), ("number,,x", "''"), ('"a', "header")]
)
def test_a_header_that_cannot_name_columns_stops_the_reading(store, head, said):
    with pytest.raises(WireError, match=said):
        pull(store(row("E1"), head=head))


def test_a_header_without_the_number_says_which_setting_mends_it(store):
    with pytest.raises(ConfigError, match="number_column"):
        pull(store("E1,x", head="工号,姓名"))
    pages = pull(store("E1,x", head="工号,姓名", number_column="工号"))
    assert pages[0].rows["#ref"].to_list() == ["E1"]


def test_a_file_that_changes_while_it_is_read_is_not_believed(store, tmp_path):
    pages = store(*(row(f"E{n}") for n in range(adapter.PAGE_ROWS * 2 + 1))).pull("employee", ASKED)
    next(pages)
    place = tmp_path / "employees.csv"
    os.utime(place, ns=(1, 1))
    with pytest.raises(WireError, match="changed while"):
        list(pages)


def test_a_file_that_is_replaced_or_vanishes_while_it_is_read_is_not_believed(store, tmp_path):
    pages = store(*(row(f"E{n}") for n in range(adapter.PAGE_ROWS * 2 + 1))).pull("employee", ASKED)
    next(pages)
    (tmp_path / "employees.csv").unlink()
    with pytest.raises(WireError, match="changed while"):
        list(pages)


def test_an_empty_list_of_employees_is_a_proved_nothing(store):
    (page,) = pull(store())
    assert (page.rows.height, page.end.expected) == (0, 0)
    assert "number" in page.rows.columns


def test_only_the_employees_asked_for_are_delivered(store):
    pages = pull(store(row("E1"), row("E2"), row("E3")), Since(date(2026, 7, 31), only=("E2",)))
    assert numbers(pages) == ["E2"]
    assert pages[-1].end.expected == 1


def test_a_missing_file_is_a_setting_to_mend(store, tmp_path):
    built = store(row("E1"), file="staff.csv")
    with pytest.raises(ConfigError, match=r"staff\.csv"):
        pull(built)
    assert [(c.stage, c.passed, c.mend) for c in built.check()] == [("reach", False, "files.mend.no_file")]


def test_check_passes_on_a_good_file_and_names_a_bad_header(store):
    assert all(check.passed for check in store(row("E1")).check())
    last = store("x", head="name").check()[-1]
    assert (last.stage, last.passed, last.mend) == ("fields", False, "files.mend.bad_header")


@pytest.mark.parametrize("options", [{}, {"folder": ".", "file": "../x.csv"}, {"folder": ".", "colour": "red"}])
def test_a_wrong_option_is_named_with_the_connection(options):
    with pytest.raises(ConfigError, match="connection hr"):
        build(options, SETTING)


def test_a_stream_it_does_not_have_is_refused(store):
    with pytest.raises(UsageError, match="loan"):
        list(store(row("E1")).pull("loan", ASKED))


def test_nothing_is_written_and_no_mark_stands(store):
    built = store(row("E1"))
    action = Action("put", "hr", "risk_flag", "E1", "E1", None, {"a": 1})
    assert built.push(action, "text").outcome == "refused"
    assert built.observe("risk_flag", None).is_empty()
