import gzip
from typing import Any

import orjson
import pytest

from connector.adapters.kingdee_cloud.answers import parsed, refused
from connector.adapters.kit.http import Response
from connector.errors import (
    AuthError,
    ConfigError,
    RejectedError,
    RetryableError,
    UnknownOutcome,
    WireError,
)


def status(code: object, message: str, success: object = False) -> dict[str, Any]:
    return {
        "Result": {
            "ResponseStatus": {
                "ErrorCode": 500,
                "IsSuccess": success,
                "Errors": [{"FieldName": None, "Message": message, "DIndex": 0}],
                "MsgCode": code,
            }
        }
    }


LOST = status(1, "会话信息已丢失，请重新登录")
FORMS = {
    "two lists": [[LOST]],
    "padded": [[LOST, None, None]],
    "one list": [LOST],
    "bare": LOST,
    "on top": {"ResponseStatus": LOST["Result"]["ResponseStatus"]},
    "success as text": status(1, "会话信息已丢失", "false"),
    "report": {"Result": {"IsSuccess": False, "MsgCode": 1, "Errors": [{"Message": "会话信息已丢失"}]}},
}


def answer(body: object, code: int = 200) -> Response:
    return Response(code, {}, body if isinstance(body, bytes) else orjson.dumps(body))


@pytest.mark.parametrize("form", FORMS)
def test_a_lost_session_is_seen_in_every_form_it_comes_in(form: str) -> None:
    with pytest.raises(AuthError, match="会话信息已丢失"):
        parsed(answer(FORMS[form]), "here", is_write=False)


@pytest.mark.parametrize(
    "text", ["会话信息已丢失，请重新登录", "response_error:会话信息已丢失", "response_error:ctx == null"]
)
def test_a_lost_session_told_as_text_is_a_lost_session(text: str) -> None:
    with pytest.raises(AuthError, match="not logged in"):
        parsed(answer(text.encode()), "here", is_write=False)


@pytest.mark.parametrize(
    "fine", [[], [["0001", 1.0, None]], [[None]], {"Result": {"ResponseStatus": {"IsSuccess": "True"}}}, [[]]]
)
def test_an_answer_without_an_error_passes(fine: object) -> None:
    assert refused(fine, "here", is_write=False) is None


@pytest.mark.parametrize(
    ("code", "message", "on_read", "on_write"),
    [
        (1, "x", AuthError, AuthError),
        (2, "x", ConfigError, ConfigError),
        (4, "标识为“NO_SUCH_FORM”的业务对象不存在，或者被删除", ConfigError, ConfigError),
        (4, "GetRealExpress error", WireError, RejectedError),
        (6, "x", RetryableError, UnknownOutcome),
        (7, "x", ConfigError, ConfigError),
        (8, "data数据包中的参数FieldKeys的值不能为空", WireError, RejectedError),
        (9, "元数据中标识为F_PAEZ_X的字段不存在", ConfigError, ConfigError),
        (9, "x", ConfigError, RejectedError),
        (10, "x", WireError, RejectedError),
        (11, "“姓名”是必填项", WireError, RejectedError),
        (12, "x", WireError, RejectedError),
        (13, "业务操作-“员工-修改”冲突，请稍候再使用。", RetryableError, RetryableError),
        (14, "x", RetryableError, RetryableError),
        (15, "x", AuthError, AuthError),
        (0, "数据已被其他用户修改", RetryableError, RetryableError),
        (0, "您没有该功能的操作权限", ConfigError, ConfigError),
        (0, "x", WireError, RejectedError),
        ("", "x", WireError, RejectedError),
    ],
)
def test_message_codes_say_what_happens_next(
    code: object, message: str, on_read: type[Exception], on_write: type[Exception]
) -> None:
    assert type(refused([[status(code, message)]], "here", is_write=False)) is on_read
    assert type(refused(status(code, message), "here", is_write=True)) is on_write


def test_an_error_shows_the_other_sides_words_and_the_place() -> None:
    error = refused(status(11, "“姓名”是必填项"), "kingdee_cloud BD_Empinfo E1", is_write=True)
    assert str(error) == "kingdee_cloud BD_Empinfo E1: “姓名”是必填项 (MsgCode 11)"


@pytest.mark.parametrize(
    ("body", "code", "on_read", "on_write"),
    [
        (b"response_error:Object reference not set", 200, WireError, UnknownOutcome),
        (b"response_error: ctx == null", 200, AuthError, AuthError),
        (b"<html><title>Login</title></html>", 200, WireError, UnknownOutcome),
        (b"\r\n <!DOCTYPE html>", 200, WireError, UnknownOutcome),
        (b'[["0001", 1.0', 200, WireError, UnknownOutcome),
        (b"", 200, WireError, UnknownOutcome),
        (b"Fail to verify thirty passport", 500, AuthError, AuthError),
        (b"System.NullReferenceException", 500, RetryableError, UnknownOutcome),
        (b'{"errcode":4006,"description":"stale"}', 519, AuthError, AuthError),
        (b"", 401, AuthError, AuthError),
        (b"", 403, AuthError, AuthError),
        (b"", 404, ConfigError, ConfigError),
        (b"", 400, WireError, UnknownOutcome),
        (gzip.compress(b"[]"), 200, WireError, UnknownOutcome),
    ],
)
def test_what_is_not_json_is_named_and_never_read_as_no_rows(
    body: bytes, code: int, on_read: type[Exception], on_write: type[Exception]
) -> None:
    with pytest.raises(on_read) as read:
        parsed(answer(body, code), "here", is_write=False)
    with pytest.raises(on_write) as write:
        parsed(answer(body, code), "here", is_write=True)
    assert type(read.value) is on_read and type(write.value) is on_write


def test_a_guard_in_front_of_the_server_is_named() -> None:
    confirm = [{"actionname": "showConfirm", "params": [{"title": "", "msg": "请求参数存在可疑数据"}]}]
    with pytest.raises(RejectedError, match="可疑数据"):
        parsed(answer(confirm), "here", is_write=False)


@pytest.mark.parametrize("odd", [{"actionname": "x", "params": {}}, {"actionname": "x", "params": ["y"]}])
def test_a_guard_that_gives_no_reason_is_still_an_error(odd: object) -> None:
    assert isinstance(refused([odd], "here", is_write=False), RejectedError)


def test_a_refusal_without_readable_errors_is_still_a_refusal() -> None:
    odd = {"Result": {"ResponseStatus": {"IsSuccess": False, "Errors": "?"}}}
    assert isinstance(refused(odd, "here", is_write=True), RejectedError)
