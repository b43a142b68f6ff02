"""What the DingTalk stand-in lists, and how an instance looks."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.dingtalk_client import CHAIN, Client, company, ms, put_exit, put_steps


@pytest.fixture
def client() -> Client:
    return Client(company())


def fields(detail: Any) -> dict[str, str]:
    return {one["name"]: one["value"] for one in detail["formComponentValues"]}


def lines(detail: Any) -> list[tuple[str, str, str]]:
    return [(one["type"], one["result"], one["showName"]) for one in detail["operationRecords"]]


@pytest.mark.parametrize(("days_back", "length", "accepted"), [
    (100, 120, True), (130, 121, False), (364, 100, True), (366, 100, False), (119, None, True), (121, None, False),
])  # fmt: skip
def test_a_window_spans_at_most_120_days_and_begins_at_most_365_days_ago(
    client: Client, days_back: int, length: int | None, accepted: bool
):
    start = client.world.now() - timedelta(days=days_back)
    end = {} if length is None else {"endTime": ms(start + timedelta(days=length))}
    status, _ = client.list_ids(startTime=ms(start), **end)
    assert status == (200 if accepted else 400)


@pytest.mark.parametrize("wrong", [
    {"maxResults": 21}, {"maxResults": 0}, {"nextToken": "x"}, {"nextToken": None}, {"processCode": "PROC-NONE"},
    {"startTime": None}, {"statuses": ["DONE"]}, {"endTime": 1}, {"processCode": ""}, {"startTime": True},
])  # fmt: skip
def test_a_listing_with_a_wrong_parameter_is_refused(client: Client, wrong: dict[str, Any]):
    status, said = client.list_ids(**wrong)
    assert status == 400
    assert set(said) == {"code", "message", "requestid"}


def test_a_walk_brings_every_id_once_and_ends_without_a_token(client: Client):
    for n in range(2, 48):
        put_exit(client.world, f"LZ{n}", "E2")
    found, at, sizes = [], 0, []
    while at is not None:
        result = client.list_ids(nextToken=at)[1]["result"]
        found += result["list"]
        sizes.append(len(result["list"]))
        at = result.get("nextToken")
    assert len(set(found)) == len(found) == 47
    assert sizes == [20, 20, 7]


def test_the_list_can_be_narrowed_by_status_and_by_originator(client: Client):
    put_exit(client.world, "LZ2", "E2", status="refused")
    assert client.list_ids(statuses=["COMPLETED"])[1]["result"]["list"] == [client.ref(at=1)]
    assert client.list_ids(userIds=["uE1"])[1]["result"]["list"] == [client.ref(at=0)]


def test_a_window_shows_what_was_created_inside_of_it(client: Client):
    created = client.world.now().replace(month=7, day=10, hour=9, minute=0)
    inside = {"startTime": ms(created), "endTime": ms(created)}
    assert len(client.list_ids(**inside)[1]["result"]["list"]) == 1
    before = {"startTime": ms(created - timedelta(days=5)), "endTime": ms(created - timedelta(seconds=1))}
    assert client.list_ids(**before)[1]["result"] == {"list": []}


def test_an_instance_of_tomorrow_is_not_there_yet(client: Client):
    put_exit(client.world, "LZ2", "E2", requested_on="2026-08-01")
    assert len(client.list_ids()[1]["result"]["list"]) == 1
    client.world.advance(24 * 3600)
    assert len(client.list_ids()[1]["result"]["list"]) == 2


def test_an_exit_shows_form_times_and_one_task_of_the_service_user(client: Client):
    detail = client.detail(client.ref())
    assert detail["title"] == "张三提交的离职申请"
    assert (detail["businessId"], detail["status"], detail["originatorUserId"]) == ("LZ1", "RUNNING", "uE1")
    assert "result" not in detail and "finishTime" not in detail
    assert detail["createTime"] == "2026-07-10T01:00Z"  # nine o'clock in Shanghai
    assert fields(detail) == {
        "工号": "E1",
        "姓名": "张三",
        "最后工作日": "2026-08-14",
        "离职类型": "resignation",
    }
    task = client.task(client.ref())
    assert (task["userId"], task["activityId"], task["taskGroupName"]) == (
        "svc_finance",
        "clearance",
        "财务清算",
    )
    assert isinstance(task["taskId"], int)


@pytest.mark.parametrize(("gate", "status", "result", "running"), [
    ("", "RUNNING", None, [("svc_finance", "财务清算")]),
    ("not_reached", "RUNNING", None, [("role:部门经理", "部门经理")]),
    ("absent", "RUNNING", None, [("role:人事经理", "人事经理")]),
    ("passed", "RUNNING", None, [("role:人事经理", "人事经理")]),
])  # fmt: skip
def test_the_gate_stands_where_the_folder_says(
    client: Client, gate: str, status: str, result: str | None, running: list[tuple[str, str]]
):
    put_exit(client.world, "LZ2", "E2", gate=gate)
    detail = client.detail(client.ref(at=1))
    assert (detail["status"], detail.get("result")) == (status, result)
    assert [(t["userId"], t["taskGroupName"]) for t in detail["tasks"] if t["status"] == "RUNNING"] == running


def test_a_gate_that_somebody_else_passed_is_agreed_by_him_and_not_by_the_service_user(client: Client):
    put_exit(client.world, "LZ2", "E2", gate="passed")
    tasks = client.detail(client.ref(at=1))["tasks"]
    at_gate = [(t["userId"], t["result"]) for t in tasks if t["activityId"] == "clearance"]
    assert at_gate == [("role:财务经理", "AGREE")]


@pytest.mark.parametrize(("said", "status", "result"), [
    ("completed", "COMPLETED", "agree"), ("refused", "COMPLETED", "refuse"), ("withdrawn", "CANCELED", None),
    ("terminated", "TERMINATED", None),
])  # fmt: skip
def test_an_exit_that_has_ended_shows_how(client: Client, said: str, status: str, result: str | None):
    put_exit(client.world, status=said)
    detail = client.detail(client.ref())
    assert (detail["status"], detail.get("result")) == (status, result)
    assert not any(task["status"] == "RUNNING" for task in detail["tasks"])
    assert detail["finishTime"]


def test_a_loan_approval_that_came_back_is_one_instance_with_a_return(client: Client):
    detail = client.detail(client.ref("PROC-LOAN"))
    assert lines(detail) == [
        ("START_PROCESS_INSTANCE", "NONE", "员工"), ("REDIRECT_PROCESS", "NONE", "部门经理"),
        ("START_PROCESS_INSTANCE", "NONE", "员工"), *(("EXECUTE_TASK_NORMAL", "AGREE", node) for node in CHAIN),
        ("FINISH_PROCESS_INSTANCE", "NONE", ""),
    ]  # fmt: skip
    assert (detail["status"], detail["result"], detail["businessId"]) == ("COMPLETED", "agree", "SP1")
    assert detail["approverUserIds"] == [f"role:{node}" for node in CHAIN]


def test_a_loan_approval_carries_the_loan_and_the_trip_as_a_range(client: Client):
    shown = fields(client.detail(client.ref("PROC-LOAN")))
    assert (shown["借款单号"], shown["工号"], shown["金额"], shown["用途"]) == (
        "JK1",
        "E2",
        "1200.50",
        "赴成都",
    )
    assert shown["出差日期"] == '["2026-07-08","2026-07-10"]'


@pytest.mark.parametrize(("steps", "is_paid", "status", "result"), [
    (["submit 员工", "agree 部门经理"], True, "COMPLETED", "agree"),
    (["submit 员工", "agree 部门经理"], False, "RUNNING", None),
    (["submit 员工", "agree 部门经理 FINAL_APPROVED"], False, "COMPLETED", "agree"),
    (["submit 员工", "agree 部门经理 FINALLY"], False, "RUNNING", None),
    (["submit 员工", "agree 部门经理 FINAL_APPROVED", "refuse 财务经理"], False, "COMPLETED", "refuse"),
    (["submit 员工", "refuse 部门经理"], True, "COMPLETED", "refuse"),
    (["submit 员工", "refuse 部门经理", "submit 员工"], True, "RUNNING", None),
    (["save 员工"], False, "RUNNING", None),
    (["agree 部门经理"], True, "COMPLETED", "agree"),
])  # fmt: skip
def test_the_status_of_a_loan_approval_follows_its_last_decision(
    client: Client, steps: list[str], is_paid: bool, status: str, result: str | None
):
    client.world.put("loans", {"number": "JK1", "lent_on": "2026-07-06" if is_paid else ""})
    put_steps(client.world, *steps)
    detail = client.detail(client.ref("PROC-LOAN"))
    assert (detail["status"], detail.get("result")) == (status, result)
    assert lines(detail)[0][0] == "START_PROCESS_INSTANCE"


def test_a_loan_approval_that_runs_waits_at_the_next_node_of_the_chain(client: Client):
    client.world.put("loans", {"number": "JK1", "lent_on": ""})
    put_steps(client.world, "submit 员工", "agree 部门经理")
    assert client.task(client.ref("PROC-LOAN"))["userId"] == "role:财务经理"


def test_a_step_of_tomorrow_has_not_happened_yet(client: Client):
    client.world.put("loans", {"number": "JK1", "lent_on": ""})
    put_steps(client.world, "submit 员工", "refuse 部门经理")
    client.world.put("approvals", {"number": "SP1", "step": "1", "decided_at": "2026-08-01T09:00:00+08:00"})
    assert client.detail(client.ref("PROC-LOAN"))["status"] == "RUNNING"
    client.world.advance(24 * 3600)
    assert client.detail(client.ref("PROC-LOAN"))["result"] == "refuse"


def test_ids_stay_the_same_over_a_new_stand_in_and_a_changed_world(client: Client):
    before, task = client.ref(), client.task(client.ref())["taskId"]
    client.world.put("employees", {"number": "E1", "name": "张三丰"})
    again = Client(client.world)
    assert (again.ref(), again.task(again.ref())["taskId"]) == (before, task)
    assert again.detail(before)["title"] == "张三丰提交的离职申请"


def test_an_unknown_instance_is_refused_and_so_is_one_whose_row_is_gone(client: Client):
    ref = client.ref()
    client.world.delete("exits", "LZ1")
    for asked in (ref, "no-such-id"):
        status, said = client.new(
            "GET", "/v1.0/workflow/processInstances", query={"processInstanceId": asked}
        )
        assert (status, said["code"]) == (400, "invalidProcessInstanceId")
