"""Lists as files: typed, whole, and never a formula."""

from __future__ import annotations

import csv
import json
import stat
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from connector.reports.about import cover
from connector.reports.ledgers import COLUMNS, ledger
from connector.reports.lines import write_csv, write_json_lines
from connector.reports.tables import Table
from connector.reports.workbook import write_sheet
from tests.reports.test_workbook import HOSTILE

NOW = datetime(2026, 7, 31, 18, 10, 22, tzinfo=UTC)
LOAN = {
    "number": "JK1", "employee": "1004", "name": "张伟", "status": "leaving", "principal": 3000000, "balance": -1250,
    "currency": "CNY", "lent_on": date(2026, 7, 1), "seen_at": NOW, "system": "kingdee", "ref": "100001",
    "monthly_salary": 900000,
}


def loans(*rows: dict[str, Any]) -> Table:
    return ledger("loans", [LOAN | row for row in rows], "zh_CN")


def csv_rows(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text("utf-8-sig").splitlines()))


def test_csv_opens_in_a_spreadsheet_with_amounts_days_and_instants(tmp_path: Path) -> None:
    assert write_csv(loans({}), tmp_path / "a.csv") == 1
    (row,) = csv_rows(tmp_path / "a.csv")
    assert (tmp_path / "a.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    assert (row["未还余额"], row["放款日期"], row["读取时间（UTC）"]) == ("-12.50", "2026-07-01", "2026-07-31 18:10:22")
    assert row["在职状态"] == "待离职" and "9000" not in str(row)


def test_a_json_line_has_the_names_of_the_documents_and_amounts_as_text(tmp_path: Path) -> None:
    assert write_json_lines(loans({}, {"currency": "JPY"}), tmp_path / "a.json") == 2
    first, second = (json.loads(line) for line in (tmp_path / "a.json").read_text("utf-8").splitlines())
    assert (first["balance"], second["balance"], first["lent_on"]) == ("-12.50", "-1250", "2026-07-01")
    assert tuple(first) == COLUMNS["loans"] and first["due_on"] is None


def test_a_workbook_has_a_cover_and_typed_cells(tmp_path: Path) -> None:
    front = cover("一家公司", [("made_at", NOW)], "zh_CN")
    assert write_sheet(loans({}), tmp_path / "a.xlsx", front, "zh_CN", NOW) == 1
    with closing(openpyxl.load_workbook(tmp_path / "a.xlsx")) as book:
        assert book.sheetnames == ["说明", "借款"]
        titles = [cell.value for cell in book["借款"][1]]
        row = dict(zip(titles, [cell.value for cell in book["借款"][2]], strict=True))
    assert (row["未还余额"], row["放款日期"]) == (-12.5, datetime(2026, 7, 1))


@pytest.mark.parametrize("hostile", HOSTILE)
def test_no_text_becomes_a_formula_in_csv(tmp_path: Path, hostile: str) -> None:
    write_csv(loans({"name": hostile}), tmp_path / "a.csv")
    (row,) = csv_rows(tmp_path / "a.csv")
    assert not row["姓名"].startswith(tuple("=+-@\t\r＝－"))


def test_a_list_that_breaks_off_leaves_the_file_that_was_there(tmp_path: Path) -> None:
    def broken() -> Iterator[dict[str, Any]]:
        yield LOAN
        raise OSError("gone")

    for name, write in (("a.csv", write_csv), ("a.json", write_json_lines)):
        (tmp_path / name).write_text("before")
        with pytest.raises(OSError, match="gone"):
            write(ledger("loans", broken(), "en"), tmp_path / name)
        assert (tmp_path / name).read_text() == "before"
    assert len(list(tmp_path.iterdir())) == 2


def test_a_file_is_its_owners_alone(tmp_path: Path) -> None:
    write_csv(loans({}), tmp_path / "a.csv")
    assert stat.S_IMODE((tmp_path / "a.csv").stat().st_mode) == 0o600


def test_no_list_has_a_column_for_a_salary_or_a_phone_number() -> None:
    assert {"monthly_salary", "mobile"} & {key for keys in COLUMNS.values() for key in keys} == set()
