"""What an answer means. Kingdee says almost everything with status 200: rows, errors in lists, text, HTML.

Bytes in, parsed JSON or one classified error out. An error carries the other side's own words, shortened.
"""

from __future__ import annotations

from typing import Any

from connector.adapters.kit import json
from connector.adapters.kit.http import Response
from connector.errors import (
    AuthError,
    ConfigError,
    ConnectorError,
    RejectedError,
    RetryableError,
    UnknownOutcome,
    WireError,
)

# Statuses with a body worth reading: a refused account (500 as text), the vendor's gateway (519 as JSON).
JUDGED = frozenset({500, 519})
# Statuses that the product itself never gives: somebody before it refuses, and a fresh session changes nothing.
_REFUSED = frozenset({401, 403})

_SESSION_LOST = "会话信息已丢失"
_NOT_LOGGED_IN = "ctx == null"
_BAD_ACCOUNT = "Fail to verify"
_BUSY = ("请稍候再", "请稍后再", "已被其他用户修改")
_NO_RIGHT = ("您没有", "没有该功能的操作权限", "无权限")
_NO_SUCH_FORM = "业务对象不存在"
_NO_SUCH_FIELD = "的字段不存在"
# The gateway's code for a time stamp too far from its own clock.
_STALE = 4006
_MEND_CLOCK = "set this machine's clock right, best by NTP"
_MEND_LOGIN = "check acct_id, username and the secret; the user must be on the application's list"


def parsed(response: Response, place: str, *, is_write: bool) -> Any:
    """The JSON of an answer that is not an error. Raises what the answer means; for a write the unreadable is
    UnknownOutcome."""
    try:
        _judge_text(response, place, is_write=is_write)
        answer = json.parse(response.body, place)
    except WireError as error:
        if is_write:
            raise UnknownOutcome(f"sent, but {error.message}", place=place, mend=error.mend) from None
        raise
    refusal = refused(answer, place, is_write=is_write)
    if refusal is not None:
        raise refusal
    return answer


def _judge_text(response: Response, place: str, *, is_write: bool) -> None:
    """Everything that is not JSON, or JSON with another status than 200."""
    start = response.body[:400].lstrip().decode("utf-8", "replace")
    if _BAD_ACCOUNT in start or response.status in _REFUSED:
        is_final = response.status in _REFUSED
        raise AuthError("the account or the signature is refused", place=place, mend=_MEND_LOGIN, is_final=is_final)
    if response.status == 519:
        mend = _MEND_CLOCK if f'"errcode":{_STALE}' in start.replace(" ", "") else _MEND_LOGIN
        raise AuthError(f"the gateway refuses the call: {start[:160]}", place=place, mend=mend)
    if response.status == 500:
        if is_write:
            raise UnknownOutcome("sent, answered with status 500", place=place)
        raise RetryableError("answered with status 500", place=place)
    if response.status == 404:
        mend = "base_url is the root of the site, it ends with /k3cloud/"
        raise ConfigError("no such service (404)", place=place, mend=mend)
    if response.status not in (200, 206):
        raise WireError(f"answered with status {response.status}", place=place)
    is_text = start[:1] not in ("[", "{", '"')
    if is_text and (_NOT_LOGGED_IN in start or _SESSION_LOST in start):
        raise AuthError("not logged in", place=place, mend=_MEND_LOGIN)
    if start.startswith("response_error:"):
        raise WireError(f"the server failed: {start[15:175]}", place=place)
    if start.startswith("<"):
        mend = "check base_url: a login page answers there"
        raise WireError("found an HTML page, expected JSON", place=place, mend=mend)


def refused(answer: Any, place: str, *, is_write: bool) -> ConnectorError | None:
    """The error an answer holds, however deep in lists, or None."""
    node = answer
    while isinstance(node, list) and node:
        node = node[0]
    if not isinstance(node, dict):
        return None
    if "actionname" in node:
        return RejectedError(f"the request was stopped by a guard: {_action(node)}", place=place)
    status = response_status(node)
    if status is None:
        result = node.get("Result")
        if isinstance(result, dict) and "IsSuccess" in result:
            status = result
    if status is None or is_true(status.get("IsSuccess")):
        return None
    return _classified(status, place, is_write=is_write)


def response_status(node: dict[str, Any]) -> dict[str, Any] | None:
    """`Result.ResponseStatus`, or `ResponseStatus` on top."""
    result = node.get("Result")
    found = result.get("ResponseStatus") if isinstance(result, dict) else None
    found = found if isinstance(found, dict) else node.get("ResponseStatus")
    return found if isinstance(found, dict) else None


def is_true(value: object) -> bool:
    """`true`, `"true"`, `"True"`, `1`, `"1"`: the vendor writes all of them."""
    return str(value).strip().lower() in ("true", "1")


def _action(node: dict[str, Any]) -> str:
    params = node.get("params")
    first = params[0] if isinstance(params, list) and params else {}
    return str(first.get("msg", ""))[:200] if isinstance(first, dict) else ""


def _message(status: dict[str, Any]) -> str:
    errors = status.get("Errors")
    texts = [
        str(error.get("Message") or error.get("Dsc") or "")
        for error in (errors if isinstance(errors, list) else [])
        if isinstance(error, dict)
    ]
    return "; ".join(text for text in texts if text)[:300] or "refused without a reason"


def _classified(status: dict[str, Any], place: str, *, is_write: bool) -> ConnectorError:
    """MsgCode (vendor's list 0–15) and, where the code is too broad, the words of the message."""
    code, message = str(status.get("MsgCode", "")), _message(status)
    said = f"{message} (MsgCode {code})"
    if code == "1" or _SESSION_LOST in message or _NOT_LOGGED_IN in message:
        return AuthError(said, place=place, mend=_MEND_LOGIN)
    if code == "15":
        return AuthError(said, place=place, mend="use an integration user, not an administrator")
    if code in ("13", "14") or any(words in message for words in _BUSY):
        return RetryableError(said, place=place)
    if code == "2" or any(words in message for words in _NO_RIGHT):
        return ConfigError(said, place=place, mend="give the integration user the right to this form")
    if code == "7":
        return ConfigError(said, place=place, mend="renew the licence of the product")
    if _NO_SUCH_FORM in message:
        return ConfigError(said, place=place, mend="check the form's name and that its module is installed")
    if _NO_SUCH_FIELD in message or (code == "9" and not is_write):
        mend = "check the field in the mapping, or create it in the BOS designer"
        return ConfigError(said, place=place, mend=mend)
    if code == "6":
        return UnknownOutcome(said, place=place) if is_write else RetryableError(said, place=place)
    return RejectedError(said, place=place) if is_write else WireError(said, place=place)
