"""HR's spreadsheets: from bytes to rows that a night can use, each checked, each with its key.

    .venv/bin/python -m bench.spreadsheets [employees]

The same made-up employees as plain CSV in UTF-8, as CSV in GB18030 with every cell quoted, and as a workbook. Prints
the seconds of each and how many times that is of a bare reader on the same file in the same run: Polars for UTF-8 text,
the standard library's reader for the other, python-calamine for the workbook, all without looking at a cell.
"""

from __future__ import annotations

import csv
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl
import xlsxwriter
from python_calamine import CalamineWorkbook

from connector.adapters.contract import Setting, Since
from connector.adapters.files.adapter import build
from connector.adapters.kit.clock import SystemClock

HEAD = ("工号", "姓名", "手机", "部门", "岗位", "上级", "入职日期", "状态", "最后工作日", "离职申请日期", "月工资",
        "币种")
STATUSES = ("在职", "试用", "待离职", "离职")
SALARY = HEAD.index("月工资")


def employees(count: int) -> Iterator[tuple[str, ...]]:
    for n in range(count):
        yield (f"E{n:06d}", f"员工{n}", f"138{n:08d}", f"部门{n % 50}", "专员", f"E{n % 100:06d}",
               f"2020/{n % 12 + 1}/{n % 28 + 1}", STATUSES[n % 4], "", "", f"{8000 + n % 5000}.50", "CNY")


def write_texts(folder: Path, count: int) -> None:
    with (folder / "plain.csv").open("w", encoding="utf-8", newline="") as lines:
        csv.writer(lines).writerows([HEAD, *employees(count)])
    with (folder / "quoted.csv").open("w", encoding="gb18030", newline="") as lines:
        csv.writer(lines, quoting=csv.QUOTE_ALL).writerows([HEAD, *employees(count)])


def write_workbook(folder: Path, count: int) -> None:
    with xlsxwriter.Workbook(folder / "book.xlsx", {"constant_memory": True}) as book:
        sheet = book.add_worksheet("花名册")
        sheet.write_row(0, 0, HEAD)
        for row, cells in enumerate(employees(count), 1):
            for at, cell in enumerate(cells):
                if at == SALARY:
                    sheet.write_number(row, at, float(cell))
                elif cell:
                    sheet.write_string(row, at, cell)


def read(place: Path) -> int:
    """Rows that the adapter delivers."""
    setting = Setting("hr", "CNY", ZoneInfo("Asia/Shanghai"), SystemClock())
    store = build({"folder": str(place.parent), "file": place.name}, setting)
    return sum(page.rows.height for page in store.pull("employee", Since(date(2026, 7, 31))))


def read_polars(place: Path) -> int:
    return pl.read_csv(place, infer_schema=False).height


def read_library(place: Path) -> int:
    with place.open(encoding="gb18030", newline="") as lines:
        return len(list(csv.reader(lines))) - 1


def read_calamine(place: Path) -> int:
    return len(CalamineWorkbook.from_path(place).get_sheet_by_index(0).to_python()) - 1


def seconds(reader: Callable[[Path], int], place: Path) -> tuple[float, int]:
    started = time.perf_counter()
    rows = reader(place)
    return time.perf_counter() - started, rows


def main(arguments: list[str]) -> None:
    count = int(next((word for word in arguments if word.isdigit()), "100000"))
    bare = {"plain.csv": read_polars, "quoted.csv": read_library, "book.xlsx": read_calamine}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_texts(folder, count)
        write_workbook(folder, count)
        for file, reader in bare.items():
            alone, _ = seconds(reader, folder / file)
            spent, rows = seconds(read, folder / file)
            print(f"{file:10} {rows:,} rows: {spent:.2f} s = {spent / alone:.1f} x a bare reader ({alone:.2f} s), "
                  f"{rows / spent:,.0f} rows/s")
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB")


if __name__ == "__main__":
    main(sys.argv[1:])
