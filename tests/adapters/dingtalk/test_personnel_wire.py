"""What HR and attendance are asked, as the official client asks it, and what their answers are taken for."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest

from connector.adapters.contract import Since
from connector.adapters.dingtalk import personnel_wire as wire
from connector.adapters.dingtalk.attendance import Attendance
from connector.adapters.dingtalk.personnel import Personnel
from connector.adapters.dingtalk.wire import Call
from connector.errors import WireError
from tests.adapters.dingtalk.conftest import ZONE

AS_OF = date(2026, 7, 31)


def body_of(call: Call) -> Any:
    return json.loads(call.content)


def test_lists_and_details_are_asked_for_as_the_official_client_does() -> None:
    on_job = wire.list_on_job(wire.AT_WORK, "0")
    assert (on_job.host, on_job.path) == ("legacy", "/topapi/smartwork/hrm/employee/queryonjob")
    assert body_of(on_job) == {"status_list": "2,3,5,-1", "offset": 0, "size": 50}
    assert wire.list_left("0").query == {"nextToken": "0", "maxResults": "50"}
    assert wire.read_leavers(["user01", "user02"]).query == {"userIdList": '["user01","user02"]'}
    assert body_of(wire.read_roster(123, ["user01"]))["appAgentId"] == 123


def test_a_month_of_attendance_is_asked_for_from_its_first_second_to_its_last() -> None:
    call = wire.read_column("user01", 7, date(2026, 1, 1), date(2026, 1, 31))
    assert (call.host, call.path) == ("legacy", "/topapi/attendance/getcolumnval")
    assert body_of(call) == {
        "userid": "user01", "column_id_list": "7", "from_date": "2026-01-01 00:00:00", "to_date": "2026-01-31 23:59:59",
    }  # fmt: skip


def values(*days: Any, column: int = 7) -> dict[str, Any]:
    told = [{"date": "2026-01-01 00:00:00", "value": day} for day in days]
    return {"result": {"column_vals": [{"column_vo": {"id": column}, "column_vals": told}]}}


@pytest.mark.parametrize(("days", "total"), [((), 0), (("1", "0", "2"), 3), (("1.0", "", None), 1), ((2,), 2)])
def test_the_times_late_of_a_month_are_those_of_its_days(days, total) -> None:
    assert wire.total_of(values(*days), 7) == total


@pytest.mark.parametrize("found", [
    values("迟到"), values("0.5"), values("-1"), values("1", column=8), {"result": None},
    {"result": {"column_vals": 1}},
])
def test_what_is_no_count_is_not_taken_for_one(found) -> None:
    with pytest.raises(WireError):
        wire.total_of(found, 7)


@pytest.mark.parametrize(("found", "expected"), [
    ({"userIdList": ["a"], "nextToken": 50, "hasMore": True}, (["a"], "50")),
    ({"userIdList": ["a"], "nextToken": 50, "hasMore": False}, (["a"], None)),
    ({"userIdList": [], "hasMore": False}, ([], None)),
])
def test_the_list_of_who_left_ends_where_the_vendor_says_so(found, expected) -> None:
    assert wire.left_of(found) == expected


@pytest.mark.parametrize("found", [{}, {"result": None}, {"result": {"data_list": "u1"}}])
def test_an_answer_without_people_is_no_company_without_people(found) -> None:
    with pytest.raises(WireError):
        wire.on_job_of(found)


class Answers:
    """A session that answers by the name of the call."""

    calls_left = 100

    def __init__(self, **answers: Any) -> None:
        self._answers = answers

    def send(self, call: Call, *, is_urgent: bool = False) -> Any:
        return self._answers[call.op.replace(" ", "_")]


def line(user: str, number: str) -> dict[str, Any]:
    value = [{"label": number, "value": number}]
    return {"userId": user, "fieldDataList": [{"fieldCode": wire.NUMBER, "fieldValueList": value}]}


def answers(*lines: dict[str, Any], **more: Any) -> Any:
    people = {"result": {"data_list": ["u1", "u2"]}}
    left: dict[str, Any] = {"userIdList": [], "hasMore": False}
    more |= {"people_at_work": people, "people_who_left": left, "leavers": {"result": []}}
    return Answers(roster={"result": list(lines)}, **more)


def test_whoever_is_listed_without_a_line_in_the_roster_is_set_aside() -> None:
    (page,) = Personnel(answers(line("u1", "E1")), 1, ZONE).pages(Since(AS_OF))
    assert [(one.ref, one.reason) for one in page.rejects] == [("u2", "dingtalk.reject.not_in_roster")]
    assert page.rows["number"].to_list() == ["E1"]


def test_an_unreadable_month_is_set_aside_under_the_number_of_its_person_and_a_nameless_user_counted() -> None:
    columns = {"result": {"columns": [{"id": 7, "name": "迟到次数"}]}}
    session = answers(line("u1", "E1"), line("u2", ""), attendance=values("?"), attendance_columns=columns)
    (page,) = Attendance(session, Personnel(session, 1, ZONE), "迟到次数", 100).pages(Since(AS_OF))
    assert {(one.key, one.reason) for one in page.rejects} == {("E1", "dingtalk.reject.unreadable_attendance")}
    assert (page.rows.height, page.ignored) == (0, {"no_job_number": 1})


def test_who_stands_in_both_lists_is_there() -> None:
    session = answers(line("u1", "E1"), line("u2", "E2"))
    session._answers["people_who_left"] = {"userIdList": ["u1"], "hasMore": False}
    session._answers["people_at_work"] = {"result": {"data_list": ["u1"]}}
    (page,) = Personnel(session, 1, ZONE).pages(Since(AS_OF))
    assert page.rows.select("number", "status").rows() == [("E1", "leaving")]
