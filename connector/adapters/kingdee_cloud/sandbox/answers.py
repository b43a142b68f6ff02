"""The shapes of Kingdee's answers: success, refusal, and the things that are no JSON at all.

Promises: a business error is status 200 with `ResponseStatus`, its ErrorCode 500 and a MsgCode. Never here:
why something is refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from connector.sandbox.http import Response

# MsgCode of a refusal, as the vendor lists them.
CONTEXT_LOST, NO_RIGHT, NO_OPERATION, EXCEPTION, NO_FORM = 1, 2, 3, 4, 5
BAD_PARAMETER, FIELD_MISSING, NOT_FOUND, NOT_VALID, NOT_OPERABLE = 8, 9, 10, 11, 12

SESSION_LOST = "会话信息已丢失，请重新登录"
_JSON = [("Content-Type", "application/json; charset=utf-8")]
_TEXT = [("Content-Type", "text/plain; charset=utf-8")]
LOGIN_PAGE = (
    "<!DOCTYPE html><html><head><title>金蝶云星空 - 登录</title></head>"
    "<body><form id='login' action='html5/index.aspx'></form></body></html>"
)


@dataclass(frozen=True)
class Fault:
    """One line of `Errors`. `at` is the place in a batch."""

    message: str
    field: str | None = None
    at: int = 0


class Refusal(Exception):
    """A business error: status 200, IsSuccess false."""

    def __init__(self, msg_code: int, message: str, *more: Fault) -> None:
        super().__init__(message)
        self.msg_code = msg_code
        self.faults: tuple[Fault, ...] = more or (Fault(message),)


class PlainAnswer(Exception):
    """An answer that is no JSON."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.text = text


def failure(refusal: Refusal) -> dict[str, Any]:
    """The bare object of a refusal."""
    return {"Result": {"ResponseStatus": status_of(refusal.faults, (), refusal.msg_code)}}


def status_of(
    faults: Sequence[Fault], entities: Sequence[dict[str, Any]], msg_code: int = 0
) -> dict[str, Any]:
    """ResponseStatus of a write: failed when there is any fault, the entities that succeeded beside it."""
    said: dict[str, Any] = {"ErrorCode": 500} if faults else {}
    return said | {
        "IsSuccess": not faults,
        "Errors": [{"FieldName": f.field, "Message": f.message, "DIndex": f.at} for f in faults],
        "SuccessEntitys": list(entities),
        "SuccessMessages": [],
        "MsgCode": msg_code,
    }


def entity(key: int, number: str, at: int = 0) -> dict[str, Any]:
    """One item of SuccessEntitys."""
    return {"Id": key, "Number": number, "DIndex": at}


def json_answer(said: object, cookies: Sequence[str] = ()) -> Response:
    """Status 200 with compact JSON and the session's cookies."""
    return Response(200, [*_JSON, *(("Set-Cookie", cookie) for cookie in cookies)], orjson.dumps(said))


def text_answer(status: int, text: str) -> Response:
    """An answer that is no JSON: a refused account, an exception of the server, a page for people."""
    headers = [("Content-Type", "text/html; charset=utf-8")] if text.startswith("<") else _TEXT
    return Response(status, headers, text.encode())
