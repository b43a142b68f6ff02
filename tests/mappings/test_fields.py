"""What a mapping may say of a field beside where it comes from."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import polars as pl

from connector.mappings.table import BadRow, Context, load_mapping, map_rows

CONTEXT = Context("hr", datetime(2026, 7, 31, tzinfo=UTC), "CNY", ZoneInfo("Asia/Shanghai"))
APPRAISAL = """
streams:
  appraisal_month:
    ref: employee
    employee: {from: employee, called: [工号]}
    month: {from: month, as: month}
    target: {from: target, as: thousandths}
    is_closed: {from: closed, as: flag, yes: [是], no: [否]}
    goal: {from: goal, else: ""}
    cycle: {from: cycle, as: word, words: {季度: quarter}, else: month}
"""


def mapped(**cells: str | None) -> tuple[pl.DataFrame, list[BadRow]]:
    row = {"employee": "E1", "month": "2026-07", "target": "10", "closed": "是", **cells}
    return map_rows(load_mapping(APPRAISAL, "test")["appraisal_month"], pl.DataFrame([row]), CONTEXT)


def test_what_a_source_does_not_say_is_what_the_mapping_says_instead() -> None:
    rows, bad = mapped(cycle=None)
    assert bad == []
    assert rows.select("month", "target", "goal", "cycle").row(0) == (date(2026, 7, 1), 10_000, "", "month")


def test_a_word_that_is_not_known_is_not_taken_for_a_word_that_is_not_said() -> None:
    rows, (bad,) = mapped(cycle="半年")
    assert rows.height == 0
    assert (bad.field, bad.found, bad.expected) == ("cycle", "半年", "word")


def test_a_field_knows_the_names_that_a_file_may_give_it() -> None:
    field = next(f for f in load_mapping(APPRAISAL, "test")["appraisal_month"].fields if f.target == "employee")
    assert field.called == ("工号",)


def test_a_small_number_is_no_way_of_writing_no_date() -> None:
    text = "streams: {employee: {ref: number, number: number, hired_on: {from: hired_on, as: date}}}"
    rows = pl.DataFrame({"number": ["E1", "E2"], "hired_on": ["1234", "1899-12-30"]})
    good, bad = map_rows(load_mapping(text, "test")["employee"], rows, CONTEXT)
    assert (good["number"].to_list(), [b.found for b in bad]) == (["E2"], ["1234"])
