"""What the DingTalk stand-in lets be done: who may act, what stays, what a changed world overrides."""

from __future__ import annotations

import json

import pytest

from connector.sandbox.http import Request
from tests.dingtalk_client import INSTANCES, Client, company, put_exit

APPEND, REVERT = "/v1.0/workflow/premium/tasks/append", "/v1.0/workflow/premium/tasks/revert"


@pytest.fixture
def client() -> Client:
    return Client(company())


def ops(client: Client) -> list[tuple[object, object]]:
    return [(effect["op"], effect["key"]) for effect in client.world.effects]


def test_agreeing_at_the_last_node_completes_the_exit(client: Client):
    ref = client.ref()
    assert client.execute(ref) == (200, {"success": True, "result": True})
    detail = client.detail(ref)
    assert (detail["status"], detail["result"]) == ("COMPLETED", "agree")
    last = detail["tasks"][-1]
    assert (last["userId"], last["status"], last["result"]) == ("svc_finance", "COMPLETED", "AGREE")
    assert [one["type"] for one in detail["operationRecords"]][-2:] == [
        "EXECUTE_TASK_NORMAL", "FINISH_PROCESS_INSTANCE",
    ]  # fmt: skip
    assert detail["operationRecords"][-2]["remark"] == "已结清"


def test_refusing_ends_the_exit_refused(client: Client):
    ref = client.ref()
    client.execute(ref, result="refuse")
    assert (client.detail(ref)["status"], client.detail(ref)["result"]) == ("COMPLETED", "refuse")


def test_only_the_assignee_may_act_and_only_once(client: Client):
    ref = client.ref()
    task = client.task(ref)["taskId"]
    assert client.execute(ref, user="uE2")[1]["code"] == "noPermission"
    assert client.execute(ref, task=task)[0] == 200
    assert client.execute(ref, task=task)[1]["code"] == "taskNotRunning"
    assert len(client.world.effects) == 1


def test_a_task_of_another_instance_or_of_none_is_refused(client: Client):
    put_exit(client.world, "LZ2", "E2")
    other = client.task(client.ref(at=1))["taskId"]
    for task in (other, 12345):
        assert client.execute(client.ref(), task=task)[1]["code"] == "taskNotFound"
    assert client.execute(client.ref(), result="maybe")[1]["code"] == "invalidParameter"


def test_the_manager_opens_the_gate_by_agreeing_before_it(client: Client):
    put_exit(client.world, gate="not_reached")
    ref = client.ref()
    client.execute(ref, user="role:部门经理")
    assert client.task(ref)["userId"] == "svc_finance"


def test_several_tasks_are_agreed_together_or_not_at_all(client: Client):
    put_exit(client.world, "LZ2", "E2")
    tasks = [
        {"processInstanceId": client.ref(at=n), "taskId": client.task(client.ref(at=n))["taskId"]}
        for n in (0, 1)
    ]
    body = {"actionerUserId": "svc_finance", "result": "agree", "taskInfoList": [*tasks, tasks[0]]}
    assert client.new("POST", f"{INSTANCES}/batchExecute", body)[0] == 400
    assert client.detail(client.ref())["status"] == "RUNNING"
    assert client.new("POST", f"{INSTANCES}/batchExecute", body | {"taskInfoList": tasks})[0] == 200
    assert {client.detail(client.ref(at=n))["status"] for n in (0, 1)} == {"COMPLETED"}


def test_a_comment_stands_last_and_the_same_one_twice_is_two(client: Client):
    ref = client.ref()
    assert client.comment(ref, "尚欠借款") == (200, {"success": True, "result": True})
    client.comment(ref, "尚欠借款")
    last = client.detail(ref)["operationRecords"][-1]
    assert (last["userId"], last["date"], last["remark"]) == ("svc_finance", "2026-07-31T04:00Z", "尚欠借款")
    assert client.remarks(ref) == ["尚欠借款", "尚欠借款"]
    assert ops(client) == [("workflow/processInstances/comments", "LZ1")] * 2


def test_a_comment_needs_a_known_user_and_a_text(client: Client):
    ref = client.ref()
    path = f"{INSTANCES}/comments"
    assert client.new("POST", path, {"processInstanceId": ref, "commentUserId": "x", "text": "y"})[0] == 400
    assert client.new("POST", path, {"processInstanceId": ref, "commentUserId": "uE2", "text": " "})[0] == 400
    assert (
        client.new("POST", path, {"processInstanceId": "none", "commentUserId": "uE2", "text": "y"})[0] == 400
    )
    assert client.world.effects == []


def test_what_clients_wrote_outlives_changes_elsewhere_in_the_world(client: Client):
    ref = client.ref()
    client.comment(ref, "尚欠借款")
    client.execute(ref)
    client.world.put("employees", {"number": "E1", "status": "left"})
    put_exit(client.world, last_day="2026-08-20")
    detail = client.detail(ref)
    assert (detail["status"], detail["tasks"][-1]["userId"]) == ("COMPLETED", "svc_finance")
    assert {"name": "最后工作日", "value": "2026-08-20"}.items() <= detail["formComponentValues"][2].items()
    assert client.remarks(ref) == ["尚欠借款"]


def test_a_row_that_says_completed_agrees_with_our_own_agreement(client: Client):
    ref = client.ref()
    client.execute(ref)
    put_exit(client.world, status="completed")
    assert client.detail(ref)["tasks"][-1]["userId"] == "svc_finance"


def test_a_row_that_says_completed_while_we_waited_was_somebody_else(client: Client):
    ref = client.ref()
    client.comment(ref, "尚欠借款")
    put_exit(client.world, status="completed")
    assert client.detail(ref)["status"] == "COMPLETED"
    assert client.detail(ref)["tasks"][-1]["userId"] == "role:财务经理"
    assert client.remarks(ref) == ["尚欠借款"]


def test_a_row_that_says_something_new_wins_over_our_agreement(client: Client):
    ref = client.ref()
    client.execute(ref)
    put_exit(client.world, status="withdrawn")
    assert client.detail(ref)["status"] == "CANCELED"


def test_a_row_that_goes_there_and_back_opens_the_gate_anew(client: Client):
    ref = client.ref()
    client.execute(ref)
    put_exit(client.world, gate="not_reached")
    put_exit(client.world, gate="")
    assert client.task(ref)["userId"] == "svc_finance"


def test_the_originator_withdraws_the_system_terminates_and_nobody_else_does(client: Client):
    put_exit(client.world, "LZ2", "E2")
    first, second, path = client.ref(), client.ref(at=1), f"{INSTANCES}/terminate"
    body = {"processInstanceId": first, "isSystem": False, "operatingUserId": "uE2", "remark": "x"}
    assert client.new("POST", path, body)[1]["code"] == "noPermission"
    assert client.new("POST", path, body | {"operatingUserId": "uE1"})[0] == 200
    assert client.new("POST", path, body | {"processInstanceId": second, "isSystem": True})[0] == 200
    assert [client.detail(ref)["status"] for ref in (first, second)] == ["CANCELED", "TERMINATED"]
    assert client.detail(first)["tasks"][-1]["status"] == "CANCELED"
    assert client.new("POST", path, body | {"operatingUserId": "uE1"})[1]["code"] == "instanceNotRunning"


def test_a_task_that_is_handed_over_is_no_longer_the_service_users(client: Client):
    ref = client.ref()
    body = {
        "taskId": client.task(ref)["taskId"],
        "operateUserId": "svc_finance",
        "toUserId": "uE3",
        "remark": "x",
    }
    assert client.new("POST", "/v1.0/workflow/tasks/redirect", body)[0] == 200
    tasks = client.detail(ref)["tasks"][-2:]
    assert [(task["userId"], task["status"], task.get("result")) for task in tasks] == [
        ("svc_finance", "COMPLETED", "REDIRECTED"), ("uE3", "RUNNING", None),
    ]  # fmt: skip
    assert tasks[1]["activityId"] == "clearance"


def test_a_signer_added_before_pauses_the_task_until_he_agrees(client: Client):
    ref = client.ref()
    own = client.task(ref)["taskId"]
    body = {
        "processInstanceId": ref,
        "taskId": own,
        "operateUserId": "svc_finance",
        "appenderUserIds": ["uE3"],
    }
    assert client.new("POST", APPEND, body | {"type": "before", "remark": "加签"})[0] == 200
    assert client.execute(ref, task=own)[1]["code"] == "taskNotRunning"
    client.execute(ref, user="uE3")
    assert client.task(ref)["taskId"] == own


def test_a_signer_added_after_comes_before_the_end(client: Client):
    ref = client.ref()
    body = {"processInstanceId": ref, "taskId": client.task(ref)["taskId"], "operateUserId": "svc_finance"}
    assert client.new("POST", APPEND, body | {"appenderUserIds": ["uE3"], "type": "after"})[0] == 200
    client.execute(ref)
    assert client.task(ref)["userId"] == "uE3"
    client.execute(ref, user="uE3")
    assert client.detail(ref)["result"] == "agree"


def test_a_returned_exit_begins_again_at_its_originator(client: Client):
    ref = client.ref()
    body = {"processInstanceId": ref, "taskId": client.task(ref)["taskId"], "operateUserId": "svc_finance"}
    assert client.new("POST", REVERT, body | {"targetActivityId": "no-such-node"})[0] == 400
    assert (
        client.new("POST", REVERT, body | {"targetActivityId": "sid-startevent", "remark": "退回"})[0] == 200
    )
    assert [client.execute(ref, user=user)[0] for user in ("uE1", "role:部门经理")] == [200, 200]
    assert client.task(ref)["userId"] == "svc_finance"
    types = [one["type"] for one in client.detail(ref)["operationRecords"]]
    assert types[-3:] == ["REDIRECT_PROCESS", "START_PROCESS_INSTANCE", "EXECUTE_TASK_NORMAL"]


def test_an_approval_that_a_client_starts_is_listed_and_runs_through_its_approvers(client: Client):
    approvers = [{"actionType": word, "userIds": ["uE1", "uE3"]} for word in ("AND", "OR")]
    body = {
        "originatorUserId": "uE2", "processCode": "PROC-LOAN", "deptId": 1, "approvers": approvers,
        "formComponentValues": [{"name": "借款金额", "value": "12.50"}],
    }  # fmt: skip
    ref = client.new("POST", INSTANCES, body)[1]["instanceId"]
    assert ref in client.list_ids("PROC-LOAN")[1]["result"]["list"]

    def turn(user: str) -> int:
        tasks = client.detail(ref)["tasks"]
        return next(t["taskId"] for t in tasks if (t["userId"], t["status"]) == (user, "RUNNING"))

    for user in ("uE1", "uE3", "uE3"):
        assert client.detail(ref)["status"] == "RUNNING"
        assert client.execute(ref, user=user, task=turn(user))[0] == 200
    assert client.detail(ref)["result"] == "agree"
    assert client.new("POST", INSTANCES, body | {"processCode": "PROC-NONE"})[1]["code"] == "processCodeError"


def test_the_running_tasks_of_the_service_user_are_listed_and_counted(client: Client):
    put_exit(client.world, "LZ2", "E2")
    query = {"actionerUserId": "svc_finance", "managerUserId": "uE3", "maxResults": 1, "nextToken": 0}
    result = client.new("GET", "/v1.0/workflow/tasks/todoTasks", query=query)[1]["result"]
    assert (result["hasMore"], [one["businessId"] for one in result["list"]]) == (True, ["LZ1"])
    path = "/v1.0/workflow/processes/todoTasks/numbers"
    assert client.new("GET", path, query={"userId": "svc_finance"})[1]["result"] == 2


def test_who_is_called_back_is_no_longer_on_the_way_out(client: Client):
    path, body = "/v1.0/hrm/pendingDismission/revoke", {"userId": "uE1"}
    assert client.new("POST", path, body) == (200, {"success": True, "result": True})
    assert client.new("POST", path, body)[0] == 400
    on_job = client.old(
        "/topapi/smartwork/hrm/employee/queryonjob", {"status_list": "5", "offset": 0, "size": 50}
    )
    assert on_job["result"]["data_list"] == []


def test_the_products_own_error_comes_with_status_200_in_each_hosts_envelope(client: Client):
    new = client.standin.error_200(Request("GET", INSTANCES), {"message": "忙"})
    old = client.standin.error_200(Request("POST", "/topapi/v2/user/get"), {"errcode": 90002})
    assert (new.status, json.loads(new.body)["success"]) == (200, False)
    assert (old.status, json.loads(old.body)["errcode"]) == (200, 90002)
