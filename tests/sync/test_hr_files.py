"""Nights of a company whose HR is a folder of spreadsheets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from connector.adapters import registry
from connector.adapters.contract import Setting
from connector.adapters.files.adapter import build
from connector.i18n.sentences import cause_text
from connector.mappings.table import load_mapping
from connector.model.runs import NightRecord
from connector.sync.connections import Connection
from connector.sync.linking import _absent
from connector.sync.nightly import run_night
from connector.sync.staging import accept_size
from tests.fakes import AS_OF, House, small_house

HEAD = "工号,姓名,员工状态\n"
Given = Callable[..., House]


@pytest.fixture
def given(tmp_path: Path) -> Given:
    """A house whose HR is the folder `hr` with these options."""
    (tmp_path / "hr").mkdir()

    def make(shrink_percent: int = 5, **options: object) -> House:
        house = small_house(tmp_path)
        company = house.desk.company
        setting = Setting("hr", company.currency, company.zone, house.clock)
        store = build({"folder": str(tmp_path / "hr"), **options}, setting)
        mapping = load_mapping(registry.mapping_text("files"), "files")
        files = Connection("hr", "hr", store, mapping, shrink_percent)
        others = tuple(c for c in company.connections if c.role != "hr")
        house.desk = replace(house.desk, company=replace(company, connections=(*others, files)))
        return house

    return make


def put(tmp_path: Path, *lines: str, count: int = 0, end: str = "\n") -> None:
    rows = [*lines, *(f"{n:03d},员工{n},在职" for n in range(1, count + 1))]
    (tmp_path / "hr" / "employees.csv").write_text(HEAD + "\n".join(rows) + end, encoding="utf-8")


def night(house: House) -> NightRecord:
    house.clock.sleep(1)
    return run_night(house.desk, AS_OF, "observe")


def employees(record: NightRecord) -> dict[str, object]:
    return next(s for s in record.proof["streams"] if s["stream"] == "employee")


def test_what_a_file_sets_aside_and_passes_over_is_in_the_proof_and_the_rest_is_used(given: Given, tmp_path) -> None:
    put(tmp_path, "900,孙七,在岗", "小计,,", count=3)
    record = night(given())
    proof = employees(record)
    assert (proof["staged"], proof["rejected"], proof["ignored"]) == (3, 1, {"summary": 1})
    assert proof["complete"]
    (reject,) = record.rejects
    said = [reject[name] for name in ("ref", "key", "field", "found")]
    assert said == ["employees.csv:2", "900", "员工状态", "在岗"]


def test_a_list_that_lost_more_than_the_limit_waits_until_a_person_says_that_it_is_true(given: Given, tmp_path) -> None:
    house = given()
    put(tmp_path, count=40)
    assert employees(night(house))["complete"]
    put(tmp_path, count=30)
    assert employees(night(house))["cause"] == "shrunk: 30 of 40"
    assert accept_size(house.desk, "hr", "employee", "Wang") == 30
    assert employees(night(house))["complete"]


@pytest.mark.parametrize(("left", "is_believed"), [(30, True), (29, False)])
def test_how_much_a_list_may_lose_is_said_by_its_connection(given: Given, tmp_path, left: int, is_believed) -> None:
    house = given(shrink_percent=25)
    put(tmp_path, count=40)
    night(house)
    put(tmp_path, count=left)
    assert employees(night(house))["complete"] is is_believed


@pytest.mark.parametrize(("rest", "cause"), [("904,", "最后一行不完整"), ('904,"孙', "引号从这里打开")])
def test_half_a_file_is_no_list_and_its_cause_says_why(given: Given, tmp_path, rest: str, cause: str) -> None:
    house = given()
    put(tmp_path, count=3)
    night(house)
    put(tmp_path, "001,员工1,在职", "002,员工2,在职", rest, end="")
    proof = employees(night(house))
    assert not proof["complete"]
    said = cause_text(proof["cause"], "zh_CN")
    assert cause in said and "employees.csv line 4" in said and "请等导出完成" in said


def test_a_stream_without_a_file_switches_its_rules_off_and_one_with_a_file_does_not(given: Given, tmp_path) -> None:
    put(tmp_path, count=3)
    (tmp_path / "hr" / "late.csv").write_text("工号,月份,迟到\n001,2026-06,3\n", encoding="utf-8")
    house = given(attendance="late.csv")
    record = night(house)
    streams = {s["stream"]: s["staged"] for s in record.proof["streams"]}
    assert streams["attendance_month"] == 1
    assert {"appraisal_month", "signal"} <= _absent(house.desk, {})
    assert "attendance_month" not in _absent(house.desk, {})
