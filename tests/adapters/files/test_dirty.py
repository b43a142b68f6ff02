"""A dirty file: every fault is reported with its place and what to do, and every good row is used."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from connector.adapters import registry
from connector.adapters.files.grid import column_name
from connector.i18n.sentences import reject_sentence
from connector.mappings.table import Context, load_mapping, map_rows
from tests.adapters.files import dirt
from tests.adapters.files.papers import SETTING, Pulled, pull, text_of, write_xlsx

RULES: dict[str, object] = {"number_width": 6, "fill_down": ["部门"]}
Made = Callable[[Path], Pulled]


def of_csv(folder: Path) -> Pulled:
    (folder / "employees.csv").write_bytes(text_of(dirt.rows_of_csv()).encode("gb18030"))
    return pull(folder, **RULES)


def of_xlsx(folder: Path) -> Pulled:
    write_xlsx(folder, 花名册=dirt.rows_of_xlsx(), 说明=[["请勿修改"]])
    return pull(folder, file="employees.xlsx", **RULES)


def lines_before(faults: tuple[dirt.Fault, ...], at: int) -> int:
    """Lines of the text that the cells before take: a cell may hold a line end."""
    return sum(1 + max(str(cell).count("\n") for cell in fault.csv) for fault in faults[:at])


def expected_of_csv() -> set[tuple[str, str, str]]:
    faults = (*dirt.FAULTS, *dirt.CSV_ONLY)
    return {(f"employees.csv:{dirt.FIRST_ROW + lines_before(faults, at)}", f"files.reject.{f.reason}", f.column)
            for at, f in enumerate(faults) if f.reason}


def expected_of_xlsx() -> set[tuple[str, str, str]]:
    return {(f"employees.xlsx[花名册]!{column_name(dirt.HEAD.index(f.column))}{dirt.FIRST_ROW + at}",
             f"files.reject.{f.reason}", f.column) for at, f in enumerate(dirt.FAULTS) if f.reason}


def used(pulled: Pulled) -> list[tuple[object, ...]]:
    mapping = load_mapping(registry.mapping_text("files"), "files")["employee"]
    context = Context("hr", datetime(2026, 7, 31, tzinfo=UTC), "CNY", SETTING.zone)
    rows, bad = map_rows(mapping, pulled.rows, context)
    assert bad == []
    return rows.select("number", "department", "status", "hired_on", "monthly_salary").rows()


def test_the_file_has_thirty_faults_and_more_each_with_a_name_of_its_own():
    names = [fault.name for fault in (*dirt.FAULTS, *dirt.CSV_ONLY)]
    assert len(names) == len(set(names)) >= 30


def test_every_fault_of_the_csv_is_reported_with_its_line(tmp_path):
    assert {(r.ref, r.reason, r.field) for r in of_csv(tmp_path).rejects} == expected_of_csv()


def test_every_fault_of_the_workbook_is_reported_with_its_cell(tmp_path):
    assert {(r.ref, r.reason, r.field) for r in of_xlsx(tmp_path).rejects} == expected_of_xlsx()


@pytest.mark.parametrize("made", [of_csv, of_xlsx])
def test_every_good_row_is_used_in_the_right_form_and_no_other(tmp_path, made: Made):
    assert used(made(tmp_path)) == [fault.row for fault in (*dirt.FAULTS, dirt.LAST) if fault.row is not None]


@pytest.mark.parametrize("made", [of_csv, of_xlsx])
def test_a_number_that_stands_twice_is_kept_twice_and_the_second_says_where(tmp_path, made: Made):
    at = next(at for at, fault in enumerate(dirt.FAULTS) if fault.name == "a number that stands twice")
    row = dirt.FIRST_ROW + (lines_before(dirt.FAULTS, at) if made is of_csv else at)
    assert [ref for ref in made(tmp_path).column("#ref") if "000001" in str(ref)] == ["000001", f"000001#{row}"]


@pytest.mark.parametrize("made", [of_csv, of_xlsx])
def test_lines_that_are_no_records_are_counted_by_what_they_are(tmp_path, made: Made):
    assert made(tmp_path).ignored == Counter(fault.ignored for fault in dirt.FAULTS if fault.ignored)


@pytest.mark.parametrize("made", [of_csv, of_xlsx])
def test_every_row_of_the_file_is_used_reported_or_counted(tmp_path, made: Made):
    pulled = made(tmp_path)
    below = len(dirt.FAULTS) + 1 + (len(dirt.CSV_ONLY) if made is of_csv else 0)
    assert pulled.rows.height + len(pulled.rejects) + sum(pulled.ignored.values()) == below
    assert pulled.pages[-1].end.expected == pulled.rows.height + len(pulled.rejects)


@pytest.mark.parametrize("language", ["zh_CN", "en"])
@pytest.mark.parametrize("made", [of_csv, of_xlsx])
def test_every_report_says_place_column_and_what_stood_there(tmp_path, made: Made, language: str):
    for reject in made(tmp_path).rejects:
        said = reject_sentence({**vars(reject), "system": "hr"}, language)
        assert all(part in said for part in (reject.ref, reject.field, reject.found)), said
        assert "?" not in said and "{" not in said


@pytest.mark.parametrize("made", [of_csv, of_xlsx])
def test_no_report_shows_a_digit_of_a_salary(tmp_path, made: Made):
    shown = [reject.found for reject in made(tmp_path).rejects if reject.reason == "files.reject.money"]
    assert shown == ["####,##", "##", "####.###"]
