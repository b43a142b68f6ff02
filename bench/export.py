"""Lists of 100,000 rows as files: seconds and memory, beside the bare writers.

    .venv/bin/python -m bench.export [rows]

Loans are read from Parquet as a night leaves them, findings from a findings.json; both are written as CSV, JSON lines
and XLSX. Each time is also a multiple of a bare loop that writes as many plain cells with the csv module, orjson or
XlsxWriter. Each list runs in a process of its own, so that its peak memory is its own.
"""

from __future__ import annotations

import csv
import multiprocessing
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import orjson
import polars as pl
import xlsxwriter

from connector.cli.papers import Findings
from connector.model.runs import NightRecord
from connector.reports.ledgers import ledger
from connector.reports.lines import write_csv, write_json_lines
from connector.reports.tables import Table, findings_table
from connector.reports.workbook import write_sheet

NOW, DAY = datetime(2026, 7, 31, tzinfo=UTC), date(2026, 7, 31)
SLICE = 5_000
COLUMNS = 14


def made_up(rows: int, folder: Path) -> None:
    number = pl.int_range(rows, eager=True).cast(pl.String)
    pl.DataFrame({
        "number": "JK" + number, "employee": number, "name": "名字" + number, "department": "销售", "status": "active",
        "kind": "travel", "principal": 300_000, "balance": 123_456, "currency": "CNY", "lent_on": DAY, "due_on": DAY,
        "system": "kingdee", "ref": number, "seen_at": NOW,
    }).write_parquet(folder / "loans.parquet")
    facts = {"balance": "1234.56", "currency": "CNY", "due_on": "2026-05-15", "days_overdue": 77}
    seen = {"system": "kingdee", "ref": "1", "field": "balance", "value": "1.00", "seen_at": "2026-07-31T18:10:22Z"}
    (folder / "findings.json").write_bytes(orjson.dumps({"as_of": "2026-07-31", "findings": [
        {"key": f"loan.overdue|loan|JK{n}", "rule": "loan.overdue", "over": "loan", "subject": f"JK{n}",
         "employee": str(n), "verdict": "hit", "severity": "warning", "audience": ["finance"],
         "opened_on": "2026-07-02", "facts": facts, "evidence": [seen] * 4} for n in range(rows)
    ]}, option=orjson.OPT_INDENT_2))


def loans(folder: Path) -> Table:
    frame = pl.scan_parquet(folder / "loans.parquet").sort("employee", "number").collect()
    return ledger("loans", (row for part in frame.iter_slices(SLICE) for row in part.iter_rows(named=True)), "zh_CN")


def findings(folder: Path) -> Table:
    night: Any = NightRecord(
        "c", "C", "r", DAY, "observe", "CNY", NOW, NOW, {"findings": Findings(folder / "findings.json")}, {}, {},
        (), (), (), (), (),
    )
    return findings_table(night, "zh_CN")


TABLES = {"loans": loans, "findings": findings}


def bare_rows(rows: int) -> Iterator[list[str]]:
    return ([f"cell {n} {c}" for c in range(COLUMNS)] for n in range(rows))


def bare(format: str, rows: int, path: Path) -> None:
    """The writer alone."""
    if format == "csv":
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows(bare_rows(rows))
    elif format == "json":
        with path.open("wb") as file:
            file.writelines(orjson.dumps(dict(enumerate(map(str, row))), option=orjson.OPT_NON_STR_KEYS)
                            for row in bare_rows(rows))
    else:
        with xlsxwriter.Workbook(str(path), {"constant_memory": True}) as book:
            sheet = book.add_worksheet()
            for at, row in enumerate(bare_rows(rows)):
                for column, cell in enumerate(row):
                    sheet.write_string(at, column, cell)


def ours(format: str, table: Table, path: Path) -> int:
    if format == "csv":
        return write_csv(table, path)
    return write_json_lines(table, path) if format == "json" else write_sheet(table, path, [], "zh_CN", NOW)


def measure(name: str, format: str, rows: int, folder: Path) -> None:
    started = time.perf_counter()
    bare(format, rows, folder / f"bare.{format}")
    between = time.perf_counter()
    written = ours(format, TABLES[name](folder), folder / f"out.{format}")
    spent, plain = time.perf_counter() - between, between - started
    assert written == rows
    print(f"{name} as {format}, {rows:,} rows: {spent:.1f} s = {spent / plain:.1f} x the bare writer; peak memory "
          f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB", flush=True)


def main(arguments: list[str]) -> None:
    rows = int(next((word for word in arguments if word.isdigit()), "100000"))
    steps: list[tuple[Callable[..., None], tuple[Any, ...]]]
    spawned = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        # The parent stays small: a child's peak begins at its parent's size.
        steps = [(made_up, (rows, folder))]
        steps += [(measure, (what, format, rows, folder)) for what in TABLES for format in ("csv", "json", "xlsx")]
        for step, given in steps:
            one = spawned.Process(target=step, args=given)
            one.start()
            one.join()
            if one.exitcode:
                sys.exit(one.exitcode)


if __name__ == "__main__":
    main(sys.argv[1:])
