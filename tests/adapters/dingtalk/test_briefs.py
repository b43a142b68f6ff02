"""What approvers read beside a running application: one comment of ours, the newest counts, nothing twice."""

from __future__ import annotations

from datetime import date

import pytest

from connector.adapters.contract import Since
from connector.errors import RetryableError
from connector.model.plan import Action, digest
from tests.adapters.dingtalk.conftest import record, task

CONTENT = {"open_loans": 1, "asked": "6000.00", "currency": "CNY"}
LATER = CONTENT | {"open_loans": 2}
FORM = [{"name": "工号", "value": "E1"}]


def apply_for(office, ref="a1", **more):
    said = {"formComponentValues": FORM, "tasks": [task(1, "boss", activity="boss")], "operationRecords": []} | more
    office.put(ref, "PROC-LOAN", **said)


def brief(content=CONTENT, ref="a1", employee="E1", verb="put"):
    return Action(verb, "dingtalk", "brief", ref, employee, None, content)


def said_so_far(office, *contents):
    """Our comments stand in the order given, among those of others."""
    records = [record("ADD_REMARK", "boss", at="2026-07-12T09:00Z", remark="I see 〔ref 00000000〕")]
    records += [
        record("ADD_REMARK", "svc", at=f"2026-07-11T09:{at:02}Z", remark=f"text 〔ref {digest(content)}〕")
        for at, content in enumerate(contents)
    ]
    office.instances["a1"]["operationRecords"] = records


def test_a_brief_is_a_comment_that_reads_back_as_the_digest_of_its_content(connect, office):
    apply_for(office)
    dingtalk = connect()
    assert dingtalk.observe("brief", ["a1"])["digest"].to_list() == [None]
    assert dingtalk.push(brief(), "one open loan").outcome == "landed"
    (comment,) = office.asked("/comments")
    assert comment["text"] == f"one open loan 〔ref {digest(CONTENT)}〕"
    office.instances["a1"]["operationRecords"] = [record("ADD_REMARK", "svc", remark=comment["text"])]
    assert dingtalk.observe("brief", ["a1"])["digest"].to_list() == [digest(CONTENT)]


def test_the_newest_brief_counts_and_the_same_one_is_not_written_again(connect, office):
    apply_for(office)
    said_so_far(office, CONTENT, LATER)
    dingtalk = connect()
    assert dingtalk.observe("brief", None).select("ref", "kind", "digest").rows() == [("a1", "brief", digest(LATER))]
    assert dingtalk.push(brief(LATER), "text").detail == "dingtalk.landed.done_before"
    assert office.asked("/comments") == []
    assert dingtalk.push(brief(CONTENT, verb="replace"), "text").outcome == "landed"
    assert len(office.asked("/comments")) == 1


@pytest.mark.parametrize(
    ("said", "detail"),
    [
        ({"status": "COMPLETED", "result": "agree"}, "dingtalk.refused.not_running"),
        ({"status": "CANCELED"}, "dingtalk.refused.not_running"),
        ({"formComponentValues": [{"name": "工号", "value": "E2"}]}, "dingtalk.refused.other_employee"),
    ],
)
def test_nothing_is_written_on_an_application_that_ended_or_is_somebody_elses(connect, office, said, detail):
    apply_for(office, **said)
    assert connect().push(brief(), "text").detail == detail
    assert office.asked("/comments") == []


def test_a_form_without_an_employee_number_takes_the_brief_of_whom_the_plan_names(connect, office):
    apply_for(office, formComponentValues=[])
    assert connect().push(brief(), "text").outcome == "landed"


def test_a_brief_is_never_taken_back(connect, office):
    apply_for(office)
    assert connect().push(brief(None, verb="remove"), "").outcome == "landed"
    assert office.calls == []


def test_after_a_pull_the_running_applications_are_not_listed_a_second_time(connect, office):
    apply_for(office)
    apply_for(office, "a2", status="COMPLETED", result="agree")
    dingtalk = connect()
    list(dingtalk.pull("approval", Since(date(2026, 7, 31))))
    office.calls.clear()
    assert dingtalk.observe("brief", None)["ref"].to_list() == ["a1"]
    assert [path.rsplit("/", 1)[-1] for _, path, _ in office.calls] == ["processInstances"]


def test_without_a_pull_the_running_applications_are_listed_and_exits_are_not_among_them(connect, office):
    apply_for(office)
    office.put("i1")
    assert connect().observe("brief", None)["ref"].to_list() == ["a1"]


def test_an_application_that_ended_since_the_pull_has_no_place_for_a_brief(connect, office):
    apply_for(office)
    dingtalk = connect()
    list(dingtalk.pull("approval", Since(date(2026, 7, 31))))
    office.instances["a1"]["status"] = "CANCELED"
    assert dingtalk.observe("brief", None).is_empty()


def test_briefs_leave_the_calls_that_are_kept_for_exits_alone(connect, office):
    apply_for(office)
    dingtalk = connect(calls_per_day=50)
    with pytest.raises(RetryableError, match="calls_per_day"):
        for _ in range(50):
            dingtalk.observe("brief", ["a1"])
    office.put("i1")
    assert dingtalk.observe("exit_hold", ["i1"])["gate"].to_list() == ["open"]
