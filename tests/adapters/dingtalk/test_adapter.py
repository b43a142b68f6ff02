"""One organisation through the whole adapter, over hand-made answers in the network's place."""

from __future__ import annotations

from datetime import UTC, date, datetime
from importlib import resources

import polars as pl
import pytest

from connector.adapters.contract import Page, Since
from connector.adapters.dingtalk import adapter
from connector.errors import AuthError, ConfigError, RejectedError, RetryableError, UsageError, WireError
from connector.mappings.table import Context, load_mapping, map_rows
from connector.model.plan import Action, digest
from tests.adapters.dingtalk.conftest import OPTIONS, ZONE, record, task

AS_OF = date(2026, 7, 31)
ASKED = Since(AS_OF)
AFTER = {"reason": "loan", "balance": {"CNY": 2800000}}
REF = digest(AFTER)
DONE = {"status": "COMPLETED", "result": "AGREE", "finishTime": "2026-07-11T09:00Z"}
LOAN_FORM = [{"name": "工号", "value": "E1"}, {"name": "借款单号", "value": "JK1"}]


def pull(dingtalk, stream="exit", since=ASKED) -> list[Page]:
    return list(dingtalk.pull(stream, since))


def mapped(stream: str, pages: list[Page]) -> pl.DataFrame:
    text = (resources.files(adapter.__package__) / "mapping.yaml").read_text("utf-8")
    context = Context("dingtalk", datetime(2026, 7, 31, tzinfo=UTC), "CNY", ZONE)
    raw = pl.concat([page.rows for page in pages], how="diagonal")
    rows, bad = map_rows(load_mapping(text, "dingtalk")[stream], raw, context)
    assert bad == []
    return rows


def action(verb="put", kind="exit_hold", ref="i1") -> Action:
    return Action(verb, "dingtalk", kind, ref, "E1", None, None if verb == "remove" else AFTER)


def test_a_running_exit_arrives_with_employee_last_day_and_open_gate(connect, office):
    office.put("i1")
    pages = pull(connect())
    assert (pages[-1].end.how, pages[-1].end.expected) == ("vendor_end", 1)
    found = mapped("exit", pages).row(0, named=True)
    assert found | {"seen_at": None} == {
        "system": "dingtalk", "ref": "i1", "seen_at": None, "number": "LZ1", "employee": "E1",
        "requested_on": date(2026, 7, 10), "last_day": date(2026, 8, 14), "kind": None, "state": "running",
        "gate": "open", "gate_by_us": False, "strength": "hard",
    }  # fmt: skip


def test_exits_of_every_status_are_listed_and_closed_ones_not_read_again(connect, office):
    office.put("i1")
    office.put("i2", status="COMPLETED", result="agree", tasks=[task(**DONE)])
    office.put("i3", status="TERMINATED")
    pages = pull(connect(), since=Since(AS_OF, closed=frozenset({"i3"})))
    assert mapped("exit", pages).select("ref", "state", "gate", "gate_by_us").rows() == [
        ("i1", "running", "open", False),
        ("i2", "completed", "passed", True),
    ]
    assert pages[-1].end.expected == 2


def test_only_the_exits_asked_for_are_read_without_a_listing(connect, office):
    office.put("i1")
    office.put("i2", businessId="LZ2")
    dingtalk = connect()
    pull(dingtalk)
    office.calls.clear()
    pages = pull(dingtalk, since=Since(AS_OF, only=("LZ2",)))
    assert mapped("exit", pages)["ref"].to_list() == ["i2"]
    assert office.asked("/query") == []


def test_no_exit_at_all_is_a_proved_nothing(connect):
    (page,) = pull(connect())
    assert (page.rows.height, page.end.how, page.end.expected) == (0, "vendor_end", 0)


def test_an_exit_whose_details_are_refused_is_set_aside_and_counted(connect, office):
    office.put("i1")
    office.put("i2")
    del office.instances["i1"]
    office.of_code["PROC-EXIT"] = ["i2"]
    office.odd["/query"] = [(200, {"result": {"list": ["i1", "i2"]}})]
    pages = pull(connect())
    assert [(r.ref, r.reason) for r in pages[-1].rejects] == [("i1", "dingtalk.reject.unreadable_instance")]
    assert pages[-1].rows.height + len(pages[-1].rejects) == pages[-1].end.expected


def test_a_cut_answer_stops_the_stream_without_an_end(connect, office):
    office.put("i1")
    office.odd["/processInstances"] = [(200, b'{"success":true,"result":{"sta')]
    pages = connect().pull("exit", ASKED)
    with pytest.raises(WireError):
        list(pages)


def test_approval_steps_arrive_one_row_each_and_an_instance_without_any_still_once(connect, office):
    steps = [
        record("START_PROCESS_INSTANCE", "u1"),
        record("EXECUTE_TASK_NORMAL", at="2026-07-11T01:00Z", result="AGREE", showName="财务经理", remark="fine"),
    ]
    end = {"status": "COMPLETED", "result": "agree", "finishTime": "2026-07-11T01:00Z"}
    office.put("a1", "PROC-LOAN", businessId="SP1", formComponentValues=LOAN_FORM, operationRecords=steps, **end)
    office.put("a2", "PROC-LOAN", businessId="SP2", formComponentValues=LOAN_FORM, operationRecords=[], tasks=[])
    pages = pull(connect(), "approval")
    assert pages[-1].end.beyond_reach == "older_than_365_days"
    found = mapped("approval", pages)
    assert found.select("ref", "number", "loan", "employee", "state", "step", "node", "decision").rows() == [
        ("a1", "SP1", "JK1", "E1", "completed", 0, None, "submit"),
        ("a1", "SP1", "JK1", "E1", "completed", 1, "财务经理", "agree"),
        ("a2", "SP2", "JK1", "E1", "running", None, None, None),
    ]
    assert found["finished_at"][0] == datetime(2026, 7, 11, 1, tzinfo=UTC)
    assert found["opinion"].to_list() == [None, "fine", None]


PASSED = {"status": "COMPLETED", "result": "agree", "tasks": []}


@pytest.mark.parametrize(
    ("attached", "state"),
    [
        ({"bizAction": "REVOKE", **PASSED}, "withdrawn"),
        ({"bizAction": "REVOKE", "status": "RUNNING"}, "completed"),
        ({"bizAction": "REVOKE", "status": "COMPLETED", "result": "refuse"}, "completed"),
        ({"bizAction": "MODIFY", **PASSED}, "completed"),
    ],
)
def test_an_approval_that_another_one_revoked_has_not_passed_any_more(connect, office, attached, state):
    office.put("a1", "PROC-LOAN", attachedProcessInstanceIds=["a2"], **PASSED)
    office.put("a2", "PROC-LOAN", **attached)
    office.of_code["PROC-LOAN"] = ["a1"]
    assert mapped("approval", pull(connect(), "approval"))["state"].to_list() == [state]


def test_an_attached_approval_that_cannot_be_read_revokes_nothing(connect, office):
    office.put("a1", "PROC-LOAN", attachedProcessInstanceIds=["gone"], **PASSED)
    assert mapped("approval", pull(connect(), "approval"))["state"].to_list() == ["completed"]


def put_waiting(office, ref, user):
    handed_in = [record("START_PROCESS_INSTANCE", "u-e1")]
    office.put(ref, "PROC-LOAN", tasks=[task(1, user, activity="boss")], operationRecords=handed_in)


def test_an_approval_that_runs_says_whose_turn_it_is_and_which_employee_that_is(connect, office):
    office.users["boss"], office.numbers["boss"] = "union-boss", " E9 "
    put_waiting(office, "a1", "boss")
    found = mapped("approval", pull(connect(), "approval"))
    assert found.select("approver", "approver_employee", "decision", "decided_at").rows() == [
        ("u-e1", None, "submit", datetime(2026, 7, 10, 9, tzinfo=UTC)), ("boss", "E9", "waiting", None),
    ]


def test_each_user_who_decides_is_asked_for_once_and_nobody_else_is(connect, office):
    office.users["boss"] = "union-boss"
    for n in range(5):
        put_waiting(office, f"a{n}", "boss" if n else "gone")
    dingtalk = connect()
    for _ in range(2):
        found = mapped("approval", pull(dingtalk, "approval"))
    assert found["approver_employee"].null_count() == found.height
    assert sorted(body["userid"] for body in office.asked("/user/get")) == ["boss", "gone"]


def test_a_user_known_from_an_earlier_read_keeps_his_number_though_he_is_gone(connect, office):
    put_waiting(office, "a1", "boss")
    found = mapped("approval", pull(connect(), "approval", Since(AS_OF, numbers={"boss": "E9"})))
    assert found["approver_employee"].to_list() == [None, "E9"]
    assert office.asked("/user/get") == []


def test_other_form_field_names_are_a_setting(connect, office):
    office.put("i1", formComponentValues=[{"name": "Staff no.", "value": "E7"}])
    pages = pull(connect(form_fields={"employee": "Staff no."}))
    assert mapped("exit", pages)["employee"].to_list() == ["E7"]


def test_an_expired_token_is_fetched_once_again(connect, office):
    office.put("i1")
    office.odd["/query"] = [(401, {"code": "InvalidAuthentication", "message": "expired"})]
    assert pull(connect())[-1].rows.height == 1
    assert office.tokens == 2


def test_a_refused_credential_is_tried_no_more_than_twice(connect, office):
    office.odd["/accessToken"] = [(400, {"code": "invalidClientIdOrSecret", "message": "no"})] * 9
    dingtalk = connect()
    for _ in range(4):
        with pytest.raises(AuthError) as found:
            pull(dingtalk)
    assert len(office.asked("/accessToken")) == 2
    assert "canary-secret" not in str(found.value)


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize("end", ["accessToken", "/query"])
def test_a_refusal_without_the_vendors_words_is_met_once_and_never_again(connect, office, end, status):
    office.odd[end] = [(status, b"<html>refused</html>")] * 9
    office.put("i1")
    dingtalk = connect()
    for stream in ("exit", "approval", "exit"):
        with pytest.raises(AuthError, match=f"status {status}"):
            pull(dingtalk, stream)
    assert len(office.asked(end)) == 1


def test_too_many_calls_a_second_is_no_missing_right_and_is_repeated_after_a_second(connect, office, clock):
    office.put("i1")
    office.odd["/query"] = [(403, {"code": "Forbidden.AccessDenied.QpsLimitForApi", "message": "slow"})]
    before = clock.at
    assert pull(connect())[-1].rows.height == 1
    assert clock.at - before >= 1


def test_the_days_budget_keeps_a_share_for_exits(connect, office):
    for n in range(60):
        office.put(f"a{n}", "PROC-LOAN", formComponentValues=LOAN_FORM)
    office.put("i1")
    dingtalk = connect(calls_per_day=50)
    with pytest.raises(RetryableError, match="calls_per_day"):
        pull(dingtalk, "approval")
    assert dingtalk.observe("exit_hold", ["i1"])["gate"].to_list() == ["open"]


def test_the_secret_is_sent_in_no_other_call_than_the_tokens(connect, office):
    office.put("i1")
    pull(connect())
    others = [body for _, path, body in office.calls if not path.endswith(("/accessToken", "/gettoken"))]
    assert "canary-secret" not in repr(others)


def test_holds_are_observed_on_every_running_exit_from_fresh_details(connect, office):
    office.put("i1", operationRecords=[record("ADD_REMARK", "svc", remark=f"owes 〔ref {REF}〕")])
    office.put("i2", tasks=[task(2, "boss", activity="manager")])
    office.put("i3", status="TERMINATED")
    marks = connect().observe("exit_hold", None)
    assert marks.select("ref", "kind", "digest", "content", "gate").rows() == [
        ("i1", "exit_hold", REF, None, "open"),
        ("i2", "exit_hold", None, None, "not_reached"),
    ]


def test_a_hold_that_cannot_be_seen_is_not_shown_as_none(connect, office):
    with pytest.raises(RejectedError):
        connect().observe("exit_hold", ["gone"])


def test_a_put_hold_is_a_comment_of_the_service_user_that_reads_back_as_its_digest(connect, office):
    office.put("i1")
    dingtalk = connect()
    assert dingtalk.push(action(), "owes 28000.00").outcome == "landed"
    (comment,) = office.asked("/comments")
    assert comment == {"processInstanceId": "i1", "commentUserId": "svc", "text": f"owes 28000.00 〔ref {REF}〕"}
    office.instances["i1"]["operationRecords"] = [record("ADD_REMARK", "svc", remark=comment["text"])]
    assert dingtalk.observe("exit_hold", ["i1"])["digest"].to_list() == [REF]


@pytest.mark.parametrize(
    ("status", "odd", "outcome"),
    [
        (502, b"bad gateway", "unknown"),
        (200, b"<html>", "unknown"),
        (302, b"", "unknown"),
        (400, {"code": "noAuthority", "message": "may not"}, "refused"),
    ],
)
def test_a_write_is_sent_once_and_its_outcome_said_as_it_is(connect, office, status, odd, outcome):
    office.odd["/comments"] = [(status, odd)] * 5
    assert connect().push(action(), "text").outcome == outcome
    assert len(office.asked("/comments")) == 1


def test_a_release_agrees_to_the_one_task_of_ours(connect, office):
    office.put("i1", tasks=[task(70123456789), task(2, "boss", activity="manager")])
    assert connect().push(action("remove"), "settled, ref 5").outcome == "landed"
    assert office.asked("/execute") == [{
        "processInstanceId": "i1", "taskId": 70123456789, "actionerUserId": "svc", "result": "agree",
        "remark": "settled, ref 5",
    }]  # fmt: skip


@pytest.mark.parametrize(
    ("said", "outcome", "detail"),
    [
        ({"tasks": [task(**DONE)], "status": "COMPLETED", "result": "agree"}, "landed", "done_before"),
        ({"tasks": [task(2, "boss", activity="manager")]}, "refused", "gate_not_reached"),
        ({"tasks": [task(), task(2)]}, "refused", "gate_absent"),
        ({"tasks": [], "status": "COMPLETED", "result": "agree"}, "refused", "gate_passed"),
        ({"status": "TERMINATED"}, "refused", "gate_closed"),
    ],
)
def test_a_release_without_an_open_gate_acts_on_nothing(connect, office, said, outcome, detail):
    office.put("i1", **said)
    receipt = connect().push(action("remove"), "settled")
    assert (receipt.outcome, receipt.detail.rpartition(".")[2]) == (outcome, detail)
    assert office.asked("/execute") == []


def test_a_release_refused_because_it_was_done_meanwhile_has_landed(connect, office):
    office.put("i1")
    office.odd["/execute"] = [(400, {"code": "taskFinished", "message": "done"})]
    later = office.instances["i1"] | {"tasks": [task(**DONE)]}
    office.odd["/processInstances"] = [
        (200, {"success": True, "result": dict(office.instances["i1"])}),
        (200, {"success": True, "result": later}),
    ]
    assert connect().push(action("remove"), "settled").outcome == "landed"


def test_a_release_whose_answer_is_lost_is_unknown_and_not_sent_again(connect, office):
    office.put("i1")
    office.odd["/execute"] = [(504, b"")] * 5
    assert connect().push(action("remove"), "settled").outcome == "unknown"
    assert len(office.asked("/execute")) == 1


def test_a_todo_is_put_for_the_leaver_changed_ticked_and_put_again_under_one_key(connect, office):
    office.put("i1")
    dingtalk = connect()
    assert dingtalk.observe("todo", ["i1"]).is_empty()
    assert dingtalk.push(action(kind="todo"), "settle 28000.00").outcome == "landed"
    assert (office.todos["t1"]["sourceId"], office.todos["t1"]["executorIds"]) == ("connector-exit-i1", ["union-e1"])
    assert dingtalk.observe("todo", ["i1"]).select("ref", "digest", "is_ticked").rows() == [("i1", REF, False)]
    assert dingtalk.push(action("remove", "todo"), "").outcome == "landed"
    assert dingtalk.observe("todo", ["i1"])["is_ticked"].to_list() == [True]
    assert dingtalk.push(action("replace", "todo"), "settle 100.00").outcome == "landed"
    assert list(office.todos) == ["t1"]
    assert (office.todos["t1"]["done"], office.todos["t1"]["subject"]) == (False, "settle 100.00")


def test_ticking_a_todo_that_is_not_there_changes_nothing(connect, office):
    assert connect().push(action("remove", "todo"), "").outcome == "landed"
    assert office.todos == {}


def test_a_todo_for_somebody_who_left_the_organisation_is_refused(connect, office):
    office.put("i1", originatorUserId="gone")
    receipt = connect().push(action(kind="todo"), "text")
    assert (receipt.outcome, "60121" in receipt.detail) == ("refused", True)


def test_a_kind_it_does_not_know_is_refused_and_observed_as_nothing(connect):
    assert connect().push(action(kind="warning"), "x").outcome == "refused"
    assert connect().observe("warning", None).is_empty()


def test_check_passes_stage_by_stage(connect, office):
    office.put("i1")
    checks = connect().check()
    assert [c.stage for c in checks if c.passed] == ["reach", "login", "permission", "fields", "service_user", "clock"]
    assert "财务清算" in checks[3].found


@pytest.mark.parametrize(
    ("end", "status", "odd", "options", "stage"),
    [
        ("/accessToken", 400, {"code": "invalidClientIdOrSecret"}, {}, "login"),
        ("/query", 403, {"code": "Forbidden.AccessDenied.AccessTokenPermissionDenied"}, {}, "permission"),
        ("/query", 200, b"<html>portal</html>", {}, "reach"),
        ("", 0, None, {"process_codes": {"exit": "PROC-EXIT", "loan": "NONE"}}, "fields"),
        ("", 0, None, {"service_user": "nobody"}, "service_user"),
    ],
)
def test_check_stops_where_it_fails_and_says_how_to_mend_it(connect, office, end, status, odd, options, stage):
    if end:
        office.odd[end] = [(status, odd)] * 9
    last = connect(**options).check()[-1]
    assert (last.stage, last.passed, last.mend.startswith("dingtalk.mend.")) == (stage, False, True)


def test_check_names_a_clock_that_is_off(connect, office, clock):
    clock.at = 3600.0
    last = connect().check()[-1]
    assert (last.stage, last.passed, last.mend) == ("clock", False, "dingtalk.mend.clock")


@pytest.mark.parametrize("change", [{"app_key": ""}, {"colour": "red"}, {"network": "anywhere"}, {"page": 50}])
def test_a_wrong_option_is_named_without_showing_the_secret(change, connect):
    setting = connect()._setting
    with pytest.raises(ConfigError, match="connection dingtalk") as found:
        adapter.build(OPTIONS | change, setting)
    assert "canary-secret" not in str(found.value)


def test_a_stream_it_does_not_have_is_refused(connect):
    with pytest.raises(UsageError, match="loan"):
        pull(connect(), "loan")


def test_it_is_built_from_the_options_of_a_connection(connect):
    built = adapter.build(OPTIONS, connect()._setting)
    assert built.manifest.sink("exit_hold").landing_s == 60.0
    built.close()
