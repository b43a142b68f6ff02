"""The adapter against the stand-in on a real port, in good weather and in bad.

The stand-in was written from the vendor's protocol by other hands; where the two disagree, one of them misread it.
"""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from connector.adapters.contract import Setting, Since
from connector.adapters.dingtalk.adapter import DingTalk, build
from connector.adapters.dingtalk.sandbox import DingTalkStandIn
from connector.adapters.kit.clock import SystemClock
from connector.errors import RetryableError, WireError
from connector.model.plan import Action, digest
from connector.sandbox.server import Sandbox, start_sandbox
from connector.sandbox.world import load_world

ASKED = Since(date(2026, 7, 31))
AFTER = {"balance": {"CNY": 2800000}}
FILES = {
    "company.toml": 'name = "small"\nas_of = 2026-07-31\ncurrency = "CNY"\ntime_zone = "Asia/Shanghai"\n',
    "employees.csv": "number,name,status,last_day,exit_requested_on,monthly_salary,currency\n"
    "E1,张三,leaving,2026-08-14,2026-07-10,8000.00,CNY\n"
    "E2,李四,leaving,2026-08-20,2026-07-11,9000.00,CNY\n"
    "E3,王五,leaving,2026-08-21,2026-07-12,9000.00,CNY\n",
    "exits.csv": "number,employee,requested_on,last_day,kind,status,gate\n"
    "LZ1,E1,2026-07-10,2026-08-14,resignation,running,open\n"
    "LZ2,E2,2026-07-11,2026-08-20,resignation,running,not_reached\n"
    "LZ3,E3,2026-07-12,2026-08-21,resignation,running,passed\n",
    "loans.csv": "number,employee,kind,purpose,principal,currency,applied_on,lent_on,due_on,trip_start,trip_end,"
    "approval\nJK1,E1,travel,trip,28000.00,CNY,2026-05-01,2026-05-03,2026-06-30,,,SP1\n",
    "approvals.csv": "number,kind,employee,loan,step,node,approver,decision,opinion,decided_at\n"
    "SP1,loan,E1,JK1,0,employee,employee,submit,please,2026-05-01T09:00:00+08:00\n"
    "SP1,loan,E1,JK1,1,supervisor,supervisor,refuse,too much,2026-05-01T10:00:00+08:00\n"
    "SP1,loan,E1,JK1,2,employee,employee,submit,less,2026-05-02T09:00:00+08:00\n"
    "SP1,loan,E1,JK1,3,supervisor,supervisor,agree,fine,2026-05-02T10:00:00+08:00\n",
}


class Small:
    """A company of three on real ports, its adapter, and the knobs."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._said = sandbox.describe()
        options = {**self._said["dingtalk"], "network": "sandbox", "calls_per_second": 1000}
        setting = Setting("dingtalk", "CNY", ZoneInfo("Asia/Shanghai"), SystemClock())
        self._connect = lambda **changes: build(options | changes, setting)
        self.dingtalk: DingTalk = self._connect()
        self.refs: dict[str, str] = {}

    def reconnect(self, **changes: Any) -> None:
        """The same company with other options."""
        self.dingtalk.close()
        self.dingtalk = self._connect(**changes)

    def chaos(self, op: str, fault: str, **more: Any) -> None:
        self._post("/_chaos", [{"system": "dingtalk", "op": op, "fault": fault, **more}])

    def effects(self, op: str) -> list[dict[str, Any]]:
        with urllib.request.urlopen(self._said["control_url"] + "/_effects") as answer:
            found = json.load(answer)
        rows = found if isinstance(found, list) else found["effects"]
        return [row for row in rows if op in row["op"]]

    def _post(self, path: str, body: object) -> None:
        request = urllib.request.Request(self._said["control_url"] + path, json.dumps(body).encode(), method="POST")
        with urllib.request.urlopen(request) as answer:
            answer.read()

    def exits(self) -> dict[str, dict[str, Any]]:
        rows = [row for page in self.dingtalk.pull("exit", ASKED) for row in page.rows.iter_rows(named=True)]
        self.refs = {row["businessId"]: row["processInstanceId"] for row in rows}
        return {row["businessId"]: row for row in rows}

    def action(self, verb: Any = "put", kind: str = "exit_hold", number: str = "LZ1") -> Action:
        if not self.refs:
            self.exits()
        return Action(verb, "dingtalk", kind, self.refs[number], "E1", None, None if verb == "remove" else AFTER)

    def gate(self, number: str = "LZ1") -> str:
        return str(self.dingtalk.observe("exit_hold", [self.refs[number]])["gate"][0])


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Small]:
    for name, content in FILES.items():
        (tmp_path / name).write_text(content, encoding="utf-8")
    world = load_world(tmp_path)
    with start_sandbox(world, {"dingtalk": DingTalkStandIn(world, rate_limits=False)}) as sandbox:
        made = Small(sandbox)
        yield made
        made.dingtalk.close()


def test_check_passes_on_the_stand_in(small):
    assert [(c.stage, c.passed) for c in small.dingtalk.check()] == [
        (stage, True) for stage in ("reach", "login", "permission", "fields", "service_user", "clock")
    ]


def test_exits_show_employee_last_day_and_gate(small):
    found = small.exits()
    shown = {n: (r["employee"], r["created_on"], r["last_day"], r["state"], r["gate"]) for n, r in found.items()}
    assert shown == {
        "LZ1": ("E1", "2026-07-10", "2026-08-14", "running", "open"),
        "LZ2": ("E2", "2026-07-11", "2026-08-20", "running", "not_reached"),
        "LZ3": ("E3", "2026-07-12", "2026-08-21", "running", "passed"),
    }


def test_a_refusal_and_a_new_submission_read_as_one_approval_with_a_return(small):
    pages = list(small.dingtalk.pull("approval", ASKED))
    rows = [row for page in pages for row in page.rows.iter_rows(named=True) if row["decision"] != "other"]
    assert {(row["businessId"], row["loan"], row["employee"], row["state"]) for row in rows} == {
        ("SP1", "JK1", "E1", "completed")
    }
    assert [(row["decision"], row["opinion"]) for row in rows] == [
        ("submit", "please"), ("return", "too much"), ("submit", "less"), ("agree", "fine"),
    ]  # fmt: skip


def test_a_hold_is_put_read_back_and_released(small):
    held = small.action()
    assert small.dingtalk.push(held, "借款余额 28000.00 未结清").outcome == "landed"
    mark = small.dingtalk.observe("exit_hold", None).row(by_predicate=pl.col("ref") == held.ref, named=True)
    assert (mark["digest"], mark["gate"]) == (digest(AFTER), "open")
    assert small.dingtalk.push(small.action("remove"), "借款已结清").outcome == "landed"
    assert small.gate() == "passed"
    assert small.exits()["LZ1"]["gate_by_us"] == "true"


def test_a_todo_is_put_changed_and_ticked_under_one_key(small):
    put = small.action(kind="todo")
    for action in (put, small.action("replace", "todo"), small.action("remove", "todo")):
        assert small.dingtalk.push(action, "请结清借款").outcome == "landed"
    (row,) = small.dingtalk.observe("todo", [put.ref]).iter_rows(named=True)
    assert (row["digest"], row["is_ticked"]) == (None, True)  # our own tick takes the mark with it
    assert small.dingtalk.push(put, "请结清借款").outcome == "landed"
    (row,) = small.dingtalk.observe("todo", [put.ref]).iter_rows(named=True)
    assert (row["digest"], row["is_ticked"]) == (digest(AFTER), False)


def test_a_release_ends_the_exit_of_the_employee_it_was_planned_for_and_no_other(small):
    wrong = replace(small.action("remove"), employee="E2")
    receipt = small.dingtalk.push(wrong, "借款已结清")
    assert (receipt.outcome, receipt.detail) == ("refused", "dingtalk.refused.other_employee")
    assert small.gate() == "open" and small.effects("execute") == []


@pytest.mark.parametrize("number", ["LZ2", "LZ3"])
def test_a_release_at_a_gate_that_is_not_open_is_refused(small, number):
    assert small.dingtalk.push(small.action("remove", number=number), "x").outcome == "refused"
    assert small.effects("execute") == []


@pytest.mark.parametrize("op", ["instanceIds/query", "workflow/processInstances"])
@pytest.mark.parametrize(
    ("fault", "more", "kind"),
    [
        ("login_page", {}, WireError),
        ("truncate", {"args": {"clean": True}}, WireError),
        ("truncate", {}, RetryableError),
        ("timeout_before", {"args": {"seconds": 0}}, RetryableError),
        ("status", {"args": {"status": 503}}, RetryableError),
        ("error_200", {}, RetryableError),
    ],
)
def test_a_broken_read_never_ends_a_stream(small, monkeypatch, op, fault, more, kind):
    monkeypatch.setattr(SystemClock, "sleep", lambda self, seconds: None)
    small.chaos(op, fault, times=None, **more)
    ends = []
    with pytest.raises(kind):
        ends += [page.end for page in small.dingtalk.pull("exit", ASKED)]
    assert not any(ends)


def test_a_lost_session_is_renewed_without_a_word(small):
    small.exits()
    small.chaos("instanceIds/query", "lose_session")
    assert len(small.exits()) == 3


@pytest.mark.parametrize(
    ("fault", "args", "outcome", "landed"),
    [
        ("timeout_after", {"seconds": 0}, "unknown", 1),
        ("timeout_before", {"seconds": 0}, "unknown", 0),
        ("truncate", {"clean": True}, "unknown", 1),
        ("login_page", {}, "unknown", 0),
        ("status", {"status": 502}, "unknown", 0),
    ],
)
@pytest.mark.parametrize(("verb", "op"), [("put", "comments"), ("remove", "execute")])
def test_a_write_without_a_readable_answer_is_unknown_and_sent_once(small, verb, op, fault, args, outcome, landed):
    action = small.action(verb)
    small.chaos(op, fault, args=args)
    assert small.dingtalk.push(action, "text").outcome == outcome
    assert len(small.effects(op)) == landed


@pytest.mark.parametrize(("verb", "op"), [("put", "comments"), ("remove", "execute")])
def test_an_error_that_comes_with_status_200_is_never_taken_for_landed(small, verb, op):
    action = small.action(verb)
    small.chaos(op, "error_200")
    assert small.dingtalk.push(action, "text").outcome != "landed"
    assert small.effects(op) == []


def test_a_release_that_landed_unseen_is_found_done_and_not_done_twice(small):
    action = small.action("remove")
    small.chaos("execute", "timeout_after", args={"seconds": 0})
    outcomes = [small.dingtalk.push(action, "text").outcome for _ in range(2)]
    assert outcomes == ["unknown", "landed"]
    assert len(small.effects("execute")) == 1


def test_a_page_of_ids_that_comes_again_stops_the_listing(small):
    small.reconnect(page=1)
    small.chaos("instanceIds/query", "duplicate_page", form="PROC-EXIT", after=4)
    with pytest.raises(WireError, match=r"seen before|second time"):
        small.exits()
