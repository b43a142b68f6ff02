from collections.abc import Callable
from typing import Any

import httpx
import orjson
import pytest

from connector.adapters.kingdee_cloud.session import Session
from connector.adapters.kingdee_cloud.wire import SAVE, Query, read_save, save_body
from connector.errors import AuthError, RejectedError, RetryableError, UnknownOutcome

QUERY = Query("BD_Empinfo", ("FID",))
Connect = Callable[..., Session]


def said(code: int, message: str) -> Callable[[httpx.Request], httpx.Response]:
    status = {"IsSuccess": False, "MsgCode": code, "Errors": [{"Message": message}]}
    body = orjson.dumps([[{"Result": {"ResponseStatus": status}}]])
    return lambda request: httpx.Response(200, content=body, headers={"Set-Cookie": "kdservice-sessionid=hollow"})


LOGINS = {"password": "ValidateUser", "login_by_app_secret": "LoginByAppSecret", "login_by_sign": "LoginBySign"}
LOST = said(1, "会话信息已丢失")


def save(session: Session) -> None:
    session.call(SAVE, save_body("BD_Empinfo", {"FID": 1}), lambda r: read_save(r, "here"), is_write=True)


def test_signed_calls_need_no_login(connect: Connect, kingdee: Any) -> None:
    connect().rows(QUERY)
    service, _, headers = kingdee.requests[0]
    assert service == "ExecuteBillQuery" and headers["X-Kd-Signature"] and "cookie" not in headers


def test_the_servers_session_is_sent_back(connect: Connect, kingdee: Any) -> None:
    session = connect()
    cookies = [("Set-Cookie", "kdservice-sessionid=s-1; path=/"), ("Set-Cookie", "ASP.NET_SessionId=a; HttpOnly")]
    kingdee.odd["ExecuteBillQuery"] = [lambda request: httpx.Response(200, content=b"[]", headers=cookies)]
    session.rows(QUERY)
    session.rows(QUERY)
    headers = kingdee.requests[1][2]
    assert headers["cookie"] == "kdservice-sessionid=s-1; ASP.NET_SessionId=a"
    assert headers["kdservice-sessionid"] == "s-1"


def test_a_signature_that_is_refused_without_an_old_session_is_not_tried_again(
    connect: Connect, kingdee: Any
) -> None:
    kingdee.odd["ExecuteBillQuery"] = [LOST] * 9
    session = connect()
    for _ in range(4):
        with pytest.raises(AuthError, match="会话信息已丢失"):
            session.rows(QUERY)
    assert len(kingdee.requests) == 1


def test_a_login_comes_before_the_first_call(connect: Connect, kingdee: Any) -> None:
    connect(auth="password").rows(QUERY)
    assert [name for name, _, _ in kingdee.requests] == ["ValidateUser", "ExecuteBillQuery"]
    assert kingdee.asked("ValidateUser") == [{"parameters": ["acct", "robot", "pa55", 2052]}]
    assert "X-Kd-Signature" not in kingdee.requests[1][2]


def test_a_lost_session_is_renewed_once_and_the_call_made_again(connect: Connect, kingdee: Any) -> None:
    kingdee.forms["BD_Empinfo"] = [{"FID": 7}]
    session = connect(auth="password")
    for _ in range(3):
        kingdee.odd["ExecuteBillQuery"] = [LOST]
        assert session.rows(QUERY)["FID"].to_list() == ["7"]
    assert len(kingdee.asked("ValidateUser")) == 4


@pytest.mark.parametrize(("auth", "service"), LOGINS.items())
def test_a_refused_login_is_tried_once_and_never_again(
    connect: Connect, kingdee: Any, auth: str, service: str
) -> None:
    refusal = httpx.Response(200, content=b'{"LoginResultType": 0, "Message": "wrong"}')
    kingdee.odd[service] = [lambda request: refusal] * 9
    session = connect(auth=auth)
    for _ in range(5):
        with pytest.raises(AuthError, match="wrong") as caught:
            session.rows(QUERY)
        assert not {"pa55", "s3cret"} & set(str(caught.value).split())
    assert len(kingdee.requests) == 1


def test_each_login_says_its_parameters_in_the_order_of_its_service(connect: Connect, kingdee: Any) -> None:
    who = ["acct", "robot", "204399_72epSbtEQMC92Vwt2d3LRa9LRqSc1tqJ"]
    connect(auth="login_by_app_secret").rows(QUERY)
    connect(auth="login_by_sign").rows(QUERY)
    assert kingdee.asked("LoginByAppSecret") == [{"parameters": [*who, "s3cret", 2052]}]
    (asked,) = kingdee.asked("LoginBySign")
    assert asked["parameters"][:4] == [*who, 1785470400] and len(asked["parameters"][4]) == 64
    assert all("X-Kd-Signature" not in headers for _, _, headers in kingdee.requests)


@pytest.mark.parametrize(
    ("said", "mend"),
    [
        ({"Message": "输入密码错误次数超限"}, "30 minutes"),
        ({"Message": "第三方应用：x 不允许用户u 登录"}, "list the user"),
        ({"MessageCode": "002005000003016"}, "clock"), ({"Message": "用户名或密码错误"}, "secret"),
    ],
)
def test_a_refused_login_says_how_to_mend_it(connect: Connect, kingdee: Any, said: Any, mend: str) -> None:
    body = orjson.dumps({"LoginResultType": 0, **said})
    kingdee.odd["LoginBySign"] = [lambda request: httpx.Response(200, content=body)]
    with pytest.raises(AuthError) as caught:
        connect(auth="login_by_sign").rows(QUERY)
    assert mend in caught.value.mend


def test_a_refused_account_is_an_auth_error_though_it_comes_as_500(connect: Connect, kingdee: Any) -> None:
    refusal = httpx.Response(500, content=b"Fail to verify thirty passport")
    kingdee.odd["ExecuteBillQuery"] = [lambda request: refusal] * 9
    with pytest.raises(AuthError):
        connect().rows(QUERY)
    assert len(kingdee.requests) == 1


def test_a_session_that_has_become_old_is_signed_for_once_more(connect: Connect, kingdee: Any) -> None:
    session = connect()
    kingdee.odd["ExecuteBillQuery"] = [
        lambda request: httpx.Response(200, content=b"[]", headers={"Set-Cookie": "kdservice-sessionid=s-1"}),
        LOST, LOST, LOST,
    ]
    session.rows(QUERY)
    with pytest.raises(AuthError):
        session.rows(QUERY)
    assert ["cookie" in headers for _, _, headers in kingdee.requests] == [False, True, False]


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize(("login", "service"), [("signature", "ExecuteBillQuery"), ("password", "ValidateUser")])
def test_a_refusal_before_the_product_is_met_once_and_never_again(
    connect: Connect, kingdee: Any, login: str, service: str, status: int
) -> None:
    kingdee.odd[service] = [lambda request: httpx.Response(status, content=b"<html>")] * 9
    session = connect(auth=login)
    for _ in range(3):
        with pytest.raises(AuthError, match="refused"):
            session.rows(QUERY)
    assert len(kingdee.requests) == 1


def test_an_edit_lock_is_waited_for(connect: Connect, kingdee: Any, clock: Any) -> None:
    kingdee.forms["BD_Empinfo"] = [{"FID": 1}]
    kingdee.odd["Save"] = [said(13, "冲突，请稍候再使用")] * 2
    save(connect())
    assert len(kingdee.asked("Save")) == 3 and clock.at > 0


def test_an_edit_lock_that_stays_is_left_to_the_next_run(connect: Connect, kingdee: Any) -> None:
    kingdee.odd["Save"] = [said(13, "冲突，请稍候再使用")] * 9
    with pytest.raises(RetryableError):
        save(connect())
    assert len(kingdee.asked("Save")) == 3


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (lambda request: httpx.Response(502), UnknownOutcome),
        (lambda request: httpx.Response(200, content=b"<html>"), UnknownOutcome),
        (said(11, "必填"), RejectedError),
    ],
)
def test_a_write_is_sent_once_when_its_outcome_is_unknown_or_refused(
    connect: Connect, kingdee: Any, answer: Any, error: type[Exception]
) -> None:
    kingdee.odd["Save"] = [answer]
    with pytest.raises(error):
        save(connect())
    assert len(kingdee.asked("Save")) == 1


def test_a_read_is_made_again_after_a_server_error(connect: Connect, kingdee: Any) -> None:
    kingdee.odd["ExecuteBillQuery"] = [lambda request: httpx.Response(503)]
    assert connect().rows(QUERY).height == 0
