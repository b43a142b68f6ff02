"""Requests that two official SDKs were seen to send, sent to the stand-in: each gets its documented envelope.

Restated by hand: method, path, query text as it stood on the wire, and body. Names in angle brackets stand
where a recorded request named something of its own company; sent unchanged, such requests get the documented
error.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson
import pytest

from connector.sandbox.http import Headers, Request
from tests.dingtalk_client import Client, company

WORKFLOW, INSTANCES = "/v1.0/workflow", "/v1.0/workflow/processInstances"
LEGACY_HR = "/topapi/smartwork/hrm/employee"
# What stands for an id that the made-up company does not have.
FOREIGN = {
    "<exit>": "5b4d-inst", "<task>": 70123456789, "<svc>": "svc_gone", "<user>": "user01",
    "<other>": "user02", "<hr>": "hr01", "<chief>": "cfo01", "<union>": "unionIdFin",
    "<worker>": "unionIdEmp", "<todo>": "taskid1",
    "<centre>": "5b4d-inst", "<centre task>": 1, "<key>": "dingdemo", "<secret>": "sec", "<agent>": 123,
}  # fmt: skip


@dataclass(frozen=True)
class Sent:
    """One recorded request. `has` are names that the good answer carries."""

    method: str
    path: str
    has: tuple[str, ...] = ()
    query: str = ""
    body: Any = None
    names_something: bool = True


NEW = [
    Sent("POST", "/v1.0/oauth2/accessToken", ("accessToken", "expireIn"),
         body={"appKey": "<key>", "appSecret": "<secret>"}),
    Sent("POST", "/v1.0/oauth2/dingcorp/token", ("access_token", "expires_in"),
         body={"client_id": "<key>", "client_secret": "<secret>", "grant_type": "client_credentials"}),
    Sent("POST", f"{WORKFLOW}/processes/instanceIds/query", ("success", "result"), names_something=False, body={
        "endTime": 1767312000000, "maxResults": 20, "nextToken": 0, "processCode": "PROC-EXIT",
        "startTime": 1767225600000, "statuses": ["RUNNING", "COMPLETED"], "userIds": ["<user>"]}),
    Sent("GET", INSTANCES, ("success", "result"), "processInstanceId=<exit>"),
    Sent("POST", INSTANCES, ("instanceId",), body={
        "approvers": [{"actionType": "AND", "userIds": ["<hr>", "<chief>"]}], "ccList": ["<hr>"],
        "ccPosition": "START_FINISH", "deptId": 1, "microappAgentId": 123, "originatorUserId": "<user>",
        "processCode": "PROC-LOAN",
        "formComponentValues": [
            {"details": [], "name": "借款金额", "value": "12000.50"},
            {"details": [], "name": "出差日期", "value": '["2026-01-01","2026-01-05"]'}],
        "targetSelectActioners": [{"actionerKey": "manual_1918", "actionerUserIds": ["<hr>"]}]}),
    Sent("POST", f"{INSTANCES}/execute", ("success", "result"), body={
        "actionerUserId": "<svc>", "processInstanceId": "<exit>", "remark": "借款已结清", "result": "agree",
        "taskId": "<task>"}),
    Sent("POST", f"{INSTANCES}/execute", ("success", "result"), body={
        "actionerUserId": "<svc>", "processInstanceId": "<exit>", "remark": "借款未结清 12000.50",
        "result": "refuse", "taskId": "<task>"}),
    Sent("POST", f"{INSTANCES}/comments", ("success", "result"), body={
        "commentUserId": "<svc>", "processInstanceId": "<exit>", "text": "借款余额 12000.50 未结清"}),
    Sent("POST", f"{INSTANCES}/terminate", ("success", "result"), body={
        "isSystem": True, "operatingUserId": "<hr>", "processInstanceId": "<exit>", "remark": "员工撤回离职"}),
    Sent("POST", f"{WORKFLOW}/tasks/redirect", ("result",), body={
        "operateUserId": "<svc>", "remark": "转财务经理", "taskId": "<task>", "toUserId": "<chief>"}),
    Sent("POST", f"{WORKFLOW}/premium/tasks/append", ("result",), body={
        "activateType": "ONE_BY_ONE", "agreeAll": True, "appenderUserIds": ["<chief>"],
        "operateUserId": "<svc>", "processInstanceId": "<exit>", "remark": "加签", "taskId": "<task>",
        "type": "before"}),
    Sent("POST", f"{WORKFLOW}/premium/tasks/revert", ("result",), body={
        "operateUserId": "<svc>", "processInstanceId": "<exit>", "remark": "退回", "revertAction": "ORDER",
        "targetActivityId": "sid-startevent", "taskId": "<task>"}),
    Sent("GET", f"{WORKFLOW}/tasks/todoTasks", ("result",),
         "actionerUserId=<svc>&managerUserId=<hr>&maxResults=20&nextToken=0"),
    Sent("GET", f"{WORKFLOW}/processCentres/schemaNames/processCodes", ("result",),
         "name=%E7%A6%BB%E8%81%8C%E7%94%B3%E8%AF%B7", names_something=False),
    Sent("POST", f"{WORKFLOW}/processCentres/instances", ("result",), body={
        "formComponentValueList": [{"name": "借款余额", "value": "12000.50"}], "originatorUserId": "<user>",
        "processCode": "PROC-CLEAR", "title": "离职借款清算", "url": "http://127.0.0.1/c/1001"}),
    Sent("POST", f"{WORKFLOW}/processCentres/tasks", ("success", "result"), body={
        "activityId": "finance", "processInstanceId": "<centre>",
        "tasks": [{"url": "http://127.0.0.1/c/1001", "userId": "<chief>"}]}),
    Sent("PUT", f"{WORKFLOW}/processCentres/tasks", ("success",), body={
        "processInstanceId": "<centre>",
        "tasks": [{"result": "AGREE", "status": "COMPLETED", "taskId": "<centre task>"}]}),
    Sent("POST", "/v1.0/todo/users/<union>/tasks", ("id", "sourceId", "done"), "operatorId=<union>", {
        "creatorId": "<union>", "description": "离职清算",
        "detailUrl": {"appUrl": "http://127.0.0.1/a", "pcUrl": "http://127.0.0.1/p"}, "dueTime": 1767312000000,
        "executorIds": ["<worker>"], "isOnlyShowExecutor": True, "priority": 20, "sourceId": "loan-1001",
        "subject": "结清借款 12000.50"}),
    Sent("PUT", "/v1.0/todo/users/<union>/tasks/<todo>", ("result",), "operatorId=<union>", {"done": True}),
    Sent("GET", "/v1.0/hrm/employees/dismissions", ("userIdList", "hasMore"), "maxResults=50&nextToken=0",
         names_something=False),
    Sent("GET", "/v1.0/hrm/employees/dimissionInfos", ("result",),
         "userIdList=%5B%22<user>%22%2C%22<other>%22%5D"),
    Sent("GET", "/v1.0/hrm/dismission/record/get", ("success", "result"), "nextToken=0&size=50",
         names_something=False),
    Sent("POST", "/v1.0/hrm/rosters/lists/query", ("result",), body={
        "appAgentId": 123, "userIdList": ["<user>"],
        "fieldFilterList": ["sys00-name", "sys00-confirmJoinTime", "sys01-position", "sys02-sexType"]}),
    Sent("POST", "/v1.0/hrm/pendingDismission/revoke", ("success", "result"), body={"userId": "<user>"}),
    Sent("POST", "/v1.0/hrm/pendingDismission/start", ("success", "result"), body={
        "lastWorkDate": 1767312000000, "remark": "x", "userId": "<other>"}),
    Sent("GET", "/v1.0/contact/empLeaveRecords", ("records",), names_something=False, query=(
        "endTime=2026-01-31T00%3A00%3A00Z&maxResults=50&nextToken=0&startTime=2026-01-01T00%3A00%3A00Z")),
    Sent("POST", "/v1.0/robot/oToMessages/batchSend", ("processQueryKey", "invalidStaffIdList"),
         names_something=False, body={
        "msgKey": "sampleText", "msgParam": '{"content":"风险提醒"}', "robotCode": "dingdemo",
        "userIds": ["<chief>"]}),
    Sent("POST", "/v1.0/robot/groupMessages/send", ("processQueryKey",), names_something=False, body={
        "msgKey": "sampleMarkdown", "msgParam": '{"title":"风险提醒","text":"**张三**"}',
        "openConversationId": "cid1", "robotCode": "dingdemo"}),
    Sent("POST", "/v1.0/attendance/columnValues/query", ("result",), body={}, names_something=False),
]  # fmt: skip

OLD = [
    Sent("GET", "/gettoken", ("access_token", "expires_in"), "appkey=<key>&appsecret=<secret>"),
    Sent("POST", f"{LEGACY_HR}/queryonjob", ("result",), names_something=False,
         body={"status_list": "2,3,5,-1", "offset": 0, "size": 50}),
    Sent("POST", f"{LEGACY_HR}/querydimission", ("result",), body={"offset": 0, "size": 50},
         names_something=False),
    Sent("POST", f"{LEGACY_HR}/listdimission", ("result",), body={"userid_list": "<user>,<other>"}),
    Sent("POST", f"{LEGACY_HR}/v2/list", ("result",), body={
        "agentid": 123, "userid_list": "<user>", "field_filter_list": "sys00-name,sys00-confirmJoinTime"}),
    Sent("POST", "/topapi/attendance/getattcolumns", ("result",), body={}, names_something=False),
    Sent("POST", "/topapi/attendance/getcolumnval", ("result",), body={
        "userid": "<user>", "column_id_list": "1,2,3", "from_date": "2026-01-01 00:00:00",
        "to_date": "2026-01-31 23:59:59"}),
    Sent("POST", "/attendance/list", ("recordresult",), body={
        "workDateFrom": "2026-01-01 00:00:00", "workDateTo": "2026-01-07 00:00:00", "userIdList": ["<user>"],
        "offset": 0, "limit": 50}),
    Sent("POST", "/topapi/message/corpconversation/asyncsend_v2", ("task_id",), body={
        "agent_id": "<agent>", "userid_list": "<chief>",
        "msg": {"msgtype": "text", "text": {"content": "风险提醒"}}}),
    Sent("POST", "/topapi/process/instance/comment/add", ("result",), body={"request": {
        "process_instance_id": "<exit>", "text": "借款未结清", "comment_userid": "<svc>"}}),
    Sent("POST", "/topapi/process/instance/terminate", ("result",), body={"request": {
        "process_instance_id": "<exit>", "is_system": True, "remark": "x", "operating_userid": "<hr>"}}),
    Sent("POST", "/call_back/register_call_back", (), names_something=False, body={
        "call_back_tag": ["bpms_task_change", "bpms_instance_change", "user_leave_org"], "token": "tok",
        "aes_key": "0123456789abcdefghijklmnopqrstuvwxyzABCDEFG", "url": "http://127.0.0.1/cb"}),
    Sent("GET", "/call_back/get_call_back_failed_result", ("has_more", "failed_list"), names_something=False),
]  # fmt: skip


def name_of(sent: Sent) -> str:
    return f"{sent.method} {sent.path}"


def own_names(client: Client) -> dict[str, Any]:
    """What the recorded names are called in the made-up company; a to-do and a centre task are made first."""
    ref, union, worker = client.ref(), client.union("svc_finance"), client.union("uE1")
    todo = client.new("POST", f"/v1.0/todo/users/{union}/tasks", {"subject": "x", "executorIds": [worker]})[
        1
    ]["id"]
    started = {
        "processCode": "PROC-CLEAR",
        "originatorUserId": "uE1",
        "title": "x",
        "url": "http://127.0.0.1",
    }
    centre = client.new("POST", f"{WORKFLOW}/processCentres/instances", started)[1]["result"][
        "processInstanceId"
    ]
    tasks = {"processInstanceId": centre, "tasks": [{"userId": "uE2"}]}
    made = client.new("POST", f"{WORKFLOW}/processCentres/tasks", tasks)[1]["result"][0]["taskId"]
    return {
        "<exit>": ref, "<task>": client.task(ref)["taskId"], "<svc>": "svc_finance", "<user>": "uE1",
        "<other>": "uE2", "<hr>": "uE3", "<chief>": "uE2", "<union>": union,
        "<worker>": worker, "<todo>": todo, "<centre>": centre,
        "<centre task>": made, "<key>": client.own["app_key"], "<secret>": client.own["app_secret"],
        "<agent>": client.own["agent_id"],
    }  # fmt: skip


def named(value: Any, names: dict[str, Any]) -> Any:
    """A text, list or object with the names in place; a text that is a name takes its type too."""
    if isinstance(value, dict):
        return {key: named(inner, names) for key, inner in value.items()}
    if isinstance(value, list):
        return [named(inner, names) for inner in value]
    if not isinstance(value, str) or value in names:
        return names.get(value, value) if isinstance(value, str) else value
    for name, own in names.items():
        value = value.replace(name, str(own))
    return value


def ask(client: Client, sent: Sent, names: dict[str, Any]) -> tuple[int, Any]:
    headers = {"content-type": "application/json; charset=utf-8", "accept": "application/json"}
    query = named(sent.query, names)
    if sent.path.startswith("/v1.0/"):
        headers["x-acs-dingtalk-access-token"] = client.token
    elif sent.path != "/gettoken":
        query = "&".join(part for part in (f"access_token={client.token}", query) if part)
    body = b"" if sent.body is None else orjson.dumps(named(sent.body, names))
    request = Request(sent.method, named(sent.path, names), query, Headers(headers), body)
    answer = client.standin.respond(request)
    return answer.status, orjson.loads(answer.body)


def about_somebody(recorded: list[Sent]) -> list[Sent]:
    return [sent for sent in recorded if sent.names_something]


@pytest.mark.parametrize("sent", NEW, ids=name_of)
def test_a_request_of_the_new_sdk_gets_its_documented_answer(sent: Sent):
    client = Client(company())
    status, said = ask(client, sent, own_names(client))
    assert status == 200, said
    assert set(sent.has) <= set(said)
    assert "code" not in said and said.get("success", True) is True


@pytest.mark.parametrize("sent", OLD, ids=name_of)
def test_a_request_of_the_old_sdk_gets_its_documented_answer(sent: Sent):
    client = Client(company())
    status, said = ask(client, sent, own_names(client))
    assert (status, said["errcode"]) == (200, 0), said
    assert {"errmsg", "request_id", *sent.has} <= set(said)


@pytest.mark.parametrize("sent", about_somebody(NEW), ids=name_of)
def test_a_request_about_a_stranger_gets_the_new_hosts_error(sent: Sent):
    status, said = ask(Client(company()), sent, FOREIGN)
    assert 400 <= status < 500
    assert set(said) == {"code", "message", "requestid"} and said["code"]


@pytest.mark.parametrize("sent", about_somebody(OLD), ids=name_of)
def test_a_request_about_a_stranger_gets_the_legacy_hosts_error(sent: Sent):
    status, said = ask(Client(company()), sent, FOREIGN)
    assert (status, said["errcode"] != 0) == (200, True)
    assert {"errcode", "errmsg", "request_id"} <= set(said)


@pytest.mark.parametrize(("look", "keys"), [
    (lambda c: c.list_ids()[1]["result"], {"list"}),
    (lambda c: c.detail(c.ref("PROC-LOAN")), {
        "title", "businessId", "createTime", "finishTime", "originatorUserId", "originatorDeptId",
        "originatorDeptName", "approverUserIds", "ccUserIds", "status", "result", "bizAction", "bizData",
        "attachedProcessInstanceIds", "formComponentValues", "tasks", "operationRecords"}),
    (lambda c: c.detail(c.ref())["formComponentValues"][0], {"id", "name", "componentType", "value"}),
    (lambda c: c.detail(c.ref())["tasks"][0], {
        "taskId", "userId", "activityId", "status", "result", "createTime", "finishTime", "pcUrl", "mobileUrl",
        "processInstanceId", "taskGroupName"}),
    (lambda c: c.detail(c.ref())["operationRecords"][0], {
        "userId", "date", "type", "result", "remark", "showName", "activityId", "ccUserIds", "attachments",
        "images"}),
], ids=["list", "detail", "form", "task", "record"])  # fmt: skip
def test_an_answer_has_the_fields_of_the_official_model(look: Callable[[Client], Any], keys: set[str]):
    assert set(look(Client(company()))) == keys
