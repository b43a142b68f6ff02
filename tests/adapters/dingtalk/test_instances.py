"""What an approval says: its state, its gate, our mark on it, its steps. One table of cases each."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from connector.adapters.dingtalk import instances
from connector.adapters.dingtalk.instances import Gate
from connector.errors import WireError
from tests.adapters.dingtalk.conftest import ZONE, instance, record, task

GATE = Gate("svc", "clearance", "财务清算")
DONE = {"status": "COMPLETED", "result": "AGREE", "finishTime": "2026-07-11T09:00Z"}
RETURN = record("REDIRECT_PROCESS", at="2026-07-12T09:00Z")


@pytest.mark.parametrize(
    ("status", "result", "state"),
    [
        ("NEW", None, "running"),
        ("RUNNING", None, "running"),
        ("COMPLETED", "agree", "completed"),
        ("COMPLETED", "refuse", "refused"),
        ("COMPLETED", None, "running"),
        ("COMPLETED", "AGREE", "running"),
        ("TERMINATED", None, "withdrawn"),
        ("CANCELED", "agree", "withdrawn"),
        ("SOMETHING_NEW", "agree", "running"),
    ],
)
def test_only_completed_and_agreed_is_completed(status, result, state):
    assert instances.state_of({"status": status, "result": result}) == state


@pytest.mark.parametrize(
    ("said", "gate", "by_us"),
    [
        ({}, "open", False),
        ({"tasks": [task(), task(2, "boss", activity="manager")]}, "open", False),
        ({"tasks": [task(activity="a9", taskGroupName="财务清算")]}, "open", False),
        ({"tasks": [task(), task(2)]}, "absent", False),  # twice ours: which one ends it?
        ({"tasks": [task(user="boss")]}, "absent", False),  # the node is in other hands
        ({"tasks": [task(activity="manager")]}, "not_reached", False),  # ours, but another node
        ({"tasks": [task(2, "boss", activity="manager")]}, "not_reached", False),
        ({"tasks": [task(2, "boss", "PAUSED", "manager")]}, "not_reached", False),
        ({"tasks": [], "status": "NEW"}, "not_reached", False),
        ({"tasks": []}, "absent", False),
        ({"tasks": None}, "absent", False),
        ({"tasks": [task(2, "boss", "COMPLETED", "manager", result="AGREE")]}, "absent", False),
        ({"tasks": [task(status="CANCELED"), task(2, "boss", activity="manager")]}, "absent", False),
        ({"tasks": [task(status="COMPLETED", result="REDIRECTED"), task(2, "boss", activity="hr")]}, "absent", False),
        ({"tasks": [task(**DONE), task(2, "boss", activity="hr")]}, "passed", True),
        ({"tasks": [task(user="boss", **DONE), task(2, "hr", activity="hr")]}, "passed", False),
        ({"tasks": [task(**DONE), task(2, "boss", activity="hr")], "operationRecords": [RETURN]}, "not_reached", False),
        ({"tasks": [task(**DONE), task(2)], "operationRecords": [RETURN]}, "open", False),
        ({"status": "COMPLETED", "result": "agree", "tasks": [task(**DONE)]}, "passed", True),
        ({"status": "COMPLETED", "result": "agree", "tasks": [task(user="boss", **DONE)]}, "passed", False),
        ({"status": "COMPLETED", "result": "agree", "tasks": []}, "passed", False),
        ({"status": "COMPLETED", "result": "refuse"}, "closed", False),
        ({"status": "TERMINATED"}, "closed", False),
        ({"status": "COMPLETED", "result": None, "tasks": []}, "absent", False),
    ],
)
def test_where_the_gate_stands(said, gate, by_us):
    view = instances.gate_of(instance(**said), GATE, ZONE)
    assert (view.state, view.by_us) == (gate, by_us)


def test_an_agreement_that_only_the_records_show_has_passed_the_gate():
    agreed = record("EXECUTE_TASK_NORMAL", result="AGREE", showName="财务清算")
    view = instances.gate_of(instance(tasks=[task(2, "hr", activity="hr")], operationRecords=[agreed]), GATE, ZONE)
    assert (view.state, view.by_us) == ("passed", False)


def test_an_open_gate_names_the_task_that_ends_it():
    assert instances.gate_of(instance(tasks=[task(70123456789)]), GATE, ZONE).task == 70123456789


@pytest.mark.parametrize("tasks", ["text", [1], [task(number="x")]])
def test_tasks_that_are_no_tasks_are_not_believed(tasks):
    with pytest.raises(WireError):
        instances.gate_of(instance(tasks=tasks), GATE, ZONE)


def remark(text: str, user: str = "svc", at: str = "2026-07-10T09:00Z") -> dict[str, object]:
    return record("ADD_REMARK", user, at, remark=text)


@pytest.mark.parametrize(
    ("records", "digest"),
    [
        ([], None),
        ([remark("owes 5 〔ref 0123abcd〕")], "0123abcd"),
        ([remark("owes 5 〔ref 0123abcd〕 \n")], "0123abcd"),
        ([remark("x 〔ref 0123abcd〕"), remark("a word without a mark", at="2026-07-11T09:00Z")], "0123abcd"),
        ([remark("new 〔ref aaaaaaaa〕", at="2026-07-12 09:00"), remark("old 〔ref bbbbbbbb〕")], "aaaaaaaa"),
        ([remark("one 〔ref aaaaaaaa〕"), remark("two, same minute 〔ref bbbbbbbb〕")], "bbbbbbbb"),
        ([remark("x 〔ref 0123abcd〕", user="somebody")], None),
        ([record("EXECUTE_TASK_NORMAL", "svc", remark="x 〔ref 0123abcd〕")], None),
        ([remark("〔ref 0123abcd〕 and more")], None),
        ([remark("x 〔ref 0123ABCD〕")], None),
    ],
)
def test_our_mark_is_the_newest_comment_of_ours_that_ends_with_a_reference(records, digest):
    assert instances.mark_of(instance(operationRecords=records), "svc", ZONE) == digest


@pytest.mark.parametrize(
    ("delivered", "utc"),
    [
        ("2026-07-10T09:00Z", "2026-07-10T09:00:00Z"),
        ("2026-07-10T09:00:30.123Z", "2026-07-10T09:00:30Z"),
        ("2026-07-10T17:00+08:00", "2026-07-10T09:00:00Z"),
        ("2026-07-10T17:00:00+0800", "2026-07-10T09:00:00Z"),
        ("2026-07-10 17:00:00", "2026-07-10T09:00:00Z"),
        ("2026-07-10T04:00-05:00", "2026-07-10T09:00:00Z"),
        (1783674000000, "2026-07-10T09:00:00Z"),
        ("2026-13-10T09:00Z", "2026-13-10T09:00Z"),
        ("yesterday", "yesterday"),
        (None, None),
        ("", None),
    ],
)
def test_times_are_read_leniently_and_the_unreadable_stays_as_it_is(delivered, utc):
    assert instances.time_text(delivered, ZONE) == utc


def test_the_day_of_an_exit_is_the_companys_day():
    assert instances.columns_of("i1", instance(), ZONE)["created_on"] == "2026-07-10"
    assert instances.columns_of("i1", instance(), ZoneInfo("UTC"))["created_on"] == "2026-07-09"


def test_form_fields_become_columns_and_a_range_of_days_two_more():
    fields = [
        {"name": "出差时间", "value": '["2026-06-16","2026-06-24",9]'},
        {"name": "名单", "value": '["a","b"]'},
        {"name": "金额", "value": "28000.00"},
        {"name": "odd", "value": "[not json"},
        {"name": "empty", "value": "null"},
    ]
    row = instances.columns_of("i1", instance(formComponentValues=fields), ZONE)
    assert (row["form.出差时间.start"], row["form.出差时间.end"]) == ("2026-06-16", "2026-06-24")
    assert (row["form.名单"], row["form.金额"], row["form.odd"], row["form.empty"]) == (
        '["a","b"]', "28000.00", "[not json", None,
    )  # fmt: skip
    assert "form.名单.start" not in row


def test_steps_come_in_time_order_with_decision_and_opinion():
    records = [
        record("EXECUTE_TASK_NORMAL", at="2026-07-11T09:00Z", result="AGREE", showName="部门经理", remark="ok"),
        record("START_PROCESS_INSTANCE", "u1", "2026-07-10T09:00Z"),
    ]
    first, second = instances.steps_of(instance(operationRecords=records), ZONE)
    assert (first["step"], first["decision"], first["approver"]) == ("0", "submit", "u1")
    assert second == {
        "step": "1", "node": "部门经理", "approver": "boss", "decision": "agree", "opinion": "ok",
        "decided_at": "2026-07-11T09:00:00Z",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("said", "approvers"),
    [
        ({"tasks": [task(1, "boss"), task(2, "deputy"), task(3, "later", "NEW"), task(4, "held", "PAUSED")]},
         ["boss", "deputy"]),
        ({"tasks": [task(1, "boss", **DONE)]}, []),
        ({"tasks": [task(1, "boss")], "status": "COMPLETED", "result": "agree"}, []),
        ({"tasks": None}, []),
    ],
)
def test_whoever_has_a_running_task_of_a_running_approval_is_waited_for(said, approvers):
    turns = instances.waiting_of(instance(**said))
    assert [turn["approver"] for turn in turns] == approvers
    assert {(turn["decision"], turn["step"], turn["decided_at"]) for turn in turns} <= {("waiting", None, None)}


@pytest.mark.parametrize(
    ("kind", "result", "decision"),
    [
        ("START_PROCESS_INSTANCE", "NONE", "submit"),
        ("EXECUTE_TASK_NORMAL", "AGREE", "agree"),
        ("EXECUTE_TASK_AGENT", "REFUSE", "refuse"),
        ("REDIRECT_PROCESS", "NONE", "return"),
        ("ADD_REMARK", "NONE", "comment"),
        ("PROCESS_CC", "NONE", "other"),
        ("TERMINATE_PROCESS_INSTANCE", None, "other"),
        ("SOMETHING_NEW", "AGREE", "agree"),
    ],
)
def test_a_records_decision(kind, result, decision):
    assert instances.decision_of({"type": kind, "result": result}) == decision


def test_an_instance_without_records_still_gives_one_row():
    (step,) = instances.steps_of(instance(operationRecords=[]), ZONE)
    assert set(step.values()) == {None}
