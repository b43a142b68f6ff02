"""The protocol without a socket: what is sent, and what an answer means."""

from __future__ import annotations

import json

import pytest

from connector.adapters.dingtalk import wire
from connector.errors import AuthError, ConfigError, RejectedError, RetryableError, UnknownOutcome, WireError

READ, WRITE = wire.read_instance("i1"), wire.add_comment("i1", "svc", "text")
LEGACY = wire.read_user("u1")


def test_requests_have_the_form_the_official_sdk_sends():
    listing = wire.list_ids("PROC-EXIT", 1767225600000, 1767312000000, "0", 20, ("RUNNING", "COMPLETED"))
    assert json.loads(listing.content) == {
        "endTime": 1767312000000, "maxResults": 20, "nextToken": 0, "processCode": "PROC-EXIT",
        "startTime": 1767225600000, "statuses": ["RUNNING", "COMPLETED"],
    }  # fmt: skip
    assert json.loads(wire.agree("5b4d-inst", 70123456789, "svc_finance", "借款已结清").content) == {
        "actionerUserId": "svc_finance", "processInstanceId": "5b4d-inst", "remark": "借款已结清",
        "result": "agree", "taskId": 70123456789,
    }  # fmt: skip
    assert json.loads(wire.add_comment("5b4d-inst", "svc_finance", "借款余额").content) == {
        "commentUserId": "svc_finance", "processInstanceId": "5b4d-inst", "text": "借款余额",
    }  # fmt: skip


def test_a_window_without_an_end_names_none_and_a_textual_cursor_stays_text():
    body = json.loads(wire.list_ids("P", 1, None, "abc", 20).content)
    assert body == {"processCode": "P", "startTime": 1, "nextToken": "abc", "maxResults": 20}


def test_todos_are_put_under_our_own_key_in_the_name_of_the_service_user():
    call = wire.create_todo("union/1", "connector-exit-i1", "union-e1", "结清借款", "text")
    assert (call.method, call.path, call.query) == (
        "POST", "/v1.0/todo/users/union%2F1/tasks", {"operatorId": "union/1"},
    )  # fmt: skip
    body = json.loads(call.content)
    assert (body["sourceId"], body["executorIds"], body["creatorId"]) == ("connector-exit-i1", ["union-e1"], "union/1")


def test_each_host_gets_its_token_where_it_looks_for_it():
    assert wire.with_token(READ, "t")[1]["x-acs-dingtalk-access-token"] == "t"
    query, headers = wire.with_token(LEGACY, "t")
    assert query == {"access_token": "t"}
    assert "x-acs-dingtalk-access-token" not in headers


@pytest.mark.parametrize(
    ("call", "status", "body", "kind"),
    [
        (READ, 401, {"code": "InvalidAuthentication", "message": "x"}, AuthError),
        (READ, 400, {"code": "InvalidAuthentication", "message": "x"}, AuthError),
        (READ, 200, {"code": "InvalidAuthentication", "message": "x"}, AuthError),
        (READ, 403, {"code": "Forbidden.AccessDenied.QpsLimitForApi", "message": "x"}, RetryableError),
        (WRITE, 403, {"code": "Forbidden.AccessDenied.QpsLimitForAppkeyAndApi"}, RetryableError),
        (READ, 403, {"code": "Forbidden.AccessDenied.AccessTokenPermissionDenied"}, ConfigError),
        (WRITE, 400, {"code": "notAssignee", "message": "x"}, RejectedError),
        (WRITE, 500, {"code": "ServiceUnavailable"}, UnknownOutcome),
        (READ, 500, {"code": "ServiceUnavailable"}, RetryableError),
        (READ, 200, {"success": False, "code": "systemError", "message": "busy"}, RetryableError),
        (WRITE, 200, {"success": False, "code": "systemError", "message": "busy"}, UnknownOutcome),
        (READ, 200, {"success": False, "result": None}, RejectedError),
        (READ, 200, {"status": 1111, "wait": 5, "source": "x5", "punish": "deny"}, RetryableError),
        (READ, 200, {"errcode": -1, "errmsg": "busy"}, WireError),
        (WRITE, 200, {"errcode": -1, "errmsg": "busy"}, UnknownOutcome),
        (WRITE, 200, {}, UnknownOutcome),
        (WRITE, 200, {"success": True, "result": False}, UnknownOutcome),
        (READ, 200, [1], WireError),
        (WRITE, 200, [1], UnknownOutcome),
        (LEGACY, 200, {"errcode": 42001, "errmsg": "expired"}, AuthError),
        (LEGACY, 200, {"errcode": 90018, "errmsg": "slow"}, RetryableError),
        (LEGACY, 200, {"errcode": 88, "sub_code": "60011", "sub_msg": "no right"}, ConfigError),
        (LEGACY, 200, {"errcode": 60121, "errmsg": "no such user"}, RejectedError),
        (LEGACY, 200, {"result": {}}, WireError),
        (wire.ask_token("k", "s", "api"), 400, {"code": "invalidClientIdOrSecret"}, AuthError),
        (wire.ask_token("k", "s", "legacy"), 200, {"errcode": 40089, "errmsg": "bad"}, AuthError),
    ],
)
def test_an_answer_is_judged_by_its_code_not_by_its_status(call, status, body, kind):
    with pytest.raises(kind) as found:
        wire.answer(call, status, json.dumps(body).encode())
    assert type(found.value) is kind


@pytest.mark.parametrize("body", [{"success": True, "result": True}, {"result": True}, {"success": True}, {"id": "t1"}])
def test_a_write_has_landed_only_when_the_answer_says_so(body):
    assert wire.answer(WRITE, 200, json.dumps(body).encode()) == body


def test_too_many_calls_a_second_says_when_to_come_again():
    with pytest.raises(RetryableError) as found:
        wire.answer(READ, 403, b'{"code":"Forbidden.AccessDenied.QpsLimitForApi"}')
    assert found.value.retry_after_s == 1.0


@pytest.mark.parametrize(("call", "kind"), [(READ, WireError), (WRITE, UnknownOutcome)])
def test_an_unreadable_answer_to_a_write_may_have_landed(call, kind):
    with pytest.raises(kind):
        wire.answer(call, 200, b"<html>login</html>")


@pytest.mark.parametrize("shown", [
    wire.ask_token("key", "canary", "api"), wire.ask_token("key", "canary", "legacy"), wire.Token("canary", 7200.0),
])
def test_what_carries_a_credential_does_not_print_it(shown):
    assert "canary" not in repr(shown)


@pytest.mark.parametrize("call", [READ, WRITE, LEGACY, *(wire.ask_token("k", "s", host) for host in ("api", "legacy"))])
@pytest.mark.parametrize("body", [b"", b"<html>no</html>", b"[]", b"Forbidden"])
@pytest.mark.parametrize("status", [401, 403])
def test_a_refusal_that_is_not_the_vendors_word_is_final(call, body, status):
    with pytest.raises(AuthError, match=f"status {status}") as caught:
        wire.answer(call, status, body)
    assert caught.value.is_final


def test_a_refused_token_may_be_renewed():
    with pytest.raises(AuthError) as caught:
        wire.answer(READ, 401, b'{"code":"InvalidAuthentication"}')
    assert not caught.value.is_final


@pytest.mark.parametrize("end", [{}, {"nextToken": None}, {"nextToken": ""}])
def test_the_end_of_a_list_is_an_absent_null_or_empty_cursor(end):
    assert wire.ids_of({"result": {"list": ["a"], **end}}) == (["a"], None)


@pytest.mark.parametrize("result", [None, "x", {"list": "x"}, {"list": [], "nextToken": {}}, {"nextToken": 3}])
def test_an_answer_without_a_list_is_not_an_empty_list(result):
    with pytest.raises(WireError):
        wire.ids_of({"result": result})


def test_an_empty_result_object_is_an_empty_list():
    assert wire.ids_of({"result": {}}) == ([], None)


@pytest.mark.parametrize(
    ("message", "is_gone"), [("404 x", True), ("taskNotFound", True), ("task not exist", True), ("invalidUser", False)]
)
def test_not_found_is_told_from_other_refusals(message, is_gone):
    assert wire.is_not_found(RejectedError(message)) is is_gone
