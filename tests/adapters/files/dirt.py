"""One dirty employee file, as CSV and as its Excel twin: thirty-odd faults, each with a name, where it is to be
reported and why, and the rows that are good all the same.

A fault is `mended` (the row is used, in the right form), `reported` (the row is set aside with place and reason) or
`ignored` (the line is no record).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from tests.adapters.files.papers import Cell

HEAD = ("工 号*", "姓名", "部门", "入职时间", "员工状态", "最后工作日", "月工资（元）", "直属上级")
COLUMNS = ("number", "name", "department", "hired_on", "status", "last_day", "monthly_salary", "manager")
ABOVE: tuple[tuple[Cell, ...], ...] = (
    ("某某公司员工花名册", "", "", "", "", "", "", ""), ("单位：元", "", "", "", "", "", "", ""), ("",) * 8,
)
# Row 1 is the title, so the header is row 4 and the first fault row 5.
FIRST_ROW = len(ABOVE) + 2


@dataclass(frozen=True)
class Fault:
    """`csv` and `xlsx`: the row as it stands in each; `reason` and `column`: how it is set aside, or `ignored`: as what
    it is counted, or `row`: number, department, status, hire date and salary in cents of the good row."""

    name: str
    csv: Sequence[Cell]
    xlsx: Sequence[Cell] = ()
    reason: str = ""
    column: str = ""
    ignored: str = ""
    row: tuple[str, str, str, date, int] | None = None


def person(
    number: Cell, hired: Cell = "2020-01-05", status: Cell = "在职", salary: Cell = "8000.00", **more: Cell
) -> list[Cell]:
    return [number, "张三", more.get("department", "销售部"), hired, status, more.get("last_day", ""), salary,
            more.get("manager", "")]


def good(number: str, hired: date = date(2020, 1, 5), status: str = "active", cents: int = 800_000,
         department: str = "销售部") -> tuple[str, str, str, date, int]:
    return number, department, status, hired, cents


FAULTS: tuple[Fault, ...] = (
    Fault("leading zeros are lost", person("1"), person(1.0), row=good("000001")),
    Fault("full-width digits", person("００００２"), row=good("000002")),
    Fault("number as a decimal", person("3.0"), person(3.0), row=good("000003")),
    Fault("number behind an apostrophe", person("'000004"), row=good("000004")),
    Fault("spaces nobody sees", person("\u3000000005\u200b\u00a0"), row=good("000005")),
    Fault("Chinese date", person("6", "2026年7月1日"), row=good("000006", date(2026, 7, 1))),
    Fault("date with dots", person("7", "2026.7.1"), row=good("000007", date(2026, 7, 1))),
    Fault("date with slashes", person("8", "2026/7/1"), row=good("000008", date(2026, 7, 1))),
    Fault("date without signs", person("9", "20260701"), person(9, 20260701), row=good("000009", date(2026, 7, 1))),
    Fault("date as a serial number", person("10", "46204"), person(10, 46204), row=good("000010", date(2026, 7, 1))),
    Fault("amount with thousands", person("11", salary="12,000.50"), person(11, salary=12000.5),
          row=good("000011", cents=1_200_050)),
    Fault("amount in ten thousands", person("12", salary="1.2万"), row=good("000012", cents=1_200_000)),
    Fault("amount with a currency sign", person("13", salary="￥9,000元"), row=good("000013", cents=900_000)),
    Fault("amount with a float's tail", person("14", salary="8000.30"), person(14, salary=8000.1 + 0.2),
          row=good("000014", cents=800_030)),
    Fault("status of a probationer", person("15", status=" 试用期 "), row=good("000015")),
    Fault("status of who left", person("16", status="已离职"), row=good("000016", status="left")),
    Fault("merged department", person("17", department=""), row=good("000017")),
    Fault("department over two lines", person("18", department="研发部\n后端组"),
          row=good("000018", department="研发部\n后端组")),
    Fault("a number that stands twice", person("1", status="离职"), row=good("000001", status="left")),
    Fault("unknown status", person("21", status="在岗"), reason="word", column="员工状态"),
    Fault("a month thirteen", person("22", "2026-13-01"), reason="date", column="入职时间"),
    Fault("a 30th of February", person("23", "2026-02-30"), reason="date", column="入职时间"),
    Fault("a date whose month nobody knows", person("24", "7/8/2026"), reason="date", column="入职时间"),
    Fault("a year of two digits", person("25", "26-7-1"), reason="date", column="入职时间"),
    Fault("a last day in words", person("26", last_day="月底"), reason="date", column="最后工作日"),
    Fault("a decimal comma", person("27", salary="8000,50"), reason="money", column="月工资（元）"),
    Fault("an amount in words", person("28", salary="八千"), reason="money", column="月工资（元）"),
    Fault("half a cent", person("29", salary="8000.005"), reason="money", column="月工资（元）"),
    Fault("no number", person(""), reason="missing", column="工 号*"),
    Fault("a number that lost its digits", person("1.23457E+11"), person(1.2345678901234567e17), "mangled", "工 号*"),
    Fault("a failed formula", person("32", status="#N/A"), person(32, status="=#N/A"), "error_cell", "员工状态"),
    Fault("a subtotal", ["小计", "", "", "", "", "", "24000", ""], ignored="summary"),
    Fault("a total", ["", "合 计：", "", "", "", "", "99,000", ""], ignored="summary"),
    Fault("a blank row", [""] * 8, ignored="blank"),
    Fault("a repeated header", list(HEAD), ignored="heading"),
    Fault("a repeated title", ["某某公司员工花名册", *[""] * 7], ignored="heading"),
)
# Faults that a text has and a workbook cannot have.
CSV_ONLY: tuple[Fault, ...] = (
    Fault("too many cells", [*person("41"), "more"], reason="too_many_cells"),
    Fault("too few cells", ["42", "张三"], reason="too_few_cells"),
)
LAST = Fault("none at all", person("19"), row=good("000019"))


def rows_of_csv() -> list[Sequence[Cell]]:
    return [*ABOVE, HEAD, *(fault.csv for fault in (*FAULTS, *CSV_ONLY, LAST))]


def rows_of_xlsx() -> list[Sequence[Cell]]:
    return [*ABOVE, HEAD, *(fault.xlsx or fault.csv for fault in (*FAULTS, LAST))]
