"""The two envelopes of DingTalk's answers: the new host's and the legacy host's.

Promises: new host = 2xx with the plain body, else `{"code", "message", "requestid"}`; legacy host = always
200 with `errcode`, `errmsg`, `request_id`. Never here: what an operation does.
"""

from __future__ import annotations

import uuid
from typing import Any

import orjson

from connector.sandbox.http import Response

_JSON = [("Content-Type", "application/json;charset=UTF-8")]
# The legacy host's code for an error that stands in sub_code and sub_msg.
WRAPPED = 88


class Refusal(Exception):
    """DingTalk says no. `code` and `status` are the new host's words for it, `errcode` the legacy host's."""

    def __init__(self, code: str, message: str, status: int = 400, errcode: int = WRAPPED) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status
        self.errcode = errcode


def invalid(name: str, why: str) -> Refusal:
    """A parameter that is missing or wrong."""
    return Refusal("invalidParameter", f"参数 {name} {why}", errcode=40035)


def accept(said: dict[str, Any], is_legacy: bool) -> Response:
    """A good answer."""
    if is_legacy:
        said = {"errcode": 0, "errmsg": "ok", **said, "request_id": _request_id()}
    return Response(200, _JSON, orjson.dumps(said))


def refuse(refusal: Refusal, is_legacy: bool) -> Response:
    """The answer that says no."""
    if not is_legacy:
        said: dict[str, Any] = {"code": refusal.code, "message": refusal.message, "requestid": _request_id()}
        return Response(refusal.status, _JSON, orjson.dumps(said))
    said = {"errcode": refusal.errcode, "errmsg": refusal.message, "request_id": _request_id()}
    if refusal.errcode == WRAPPED:
        said |= {"errmsg": "业务错误", "sub_code": refusal.code, "sub_msg": refusal.message}
    return Response(200, _JSON, orjson.dumps(said))


def fail_with_200(is_legacy: bool, args: dict[str, Any]) -> Response:
    """An error that comes with status 200. `args`: `body` whole, or `errcode`, `msg_code` and `message`."""
    if "body" in args:
        body = args["body"]
        return Response(200, _JSON, body.encode() if isinstance(body, str) else orjson.dumps(body))
    message = str(args.get("message", "系统繁忙"))
    if is_legacy:
        said: dict[str, Any] = {"errcode": int(args.get("errcode", -1)), "errmsg": message}
        return Response(200, _JSON, orjson.dumps(said | {"request_id": _request_id()}))
    code = str(args.get("msg_code", args.get("errcode", "systemError")))
    said = {"success": False, "code": code, "message": message, "requestid": _request_id()}
    return Response(200, _JSON, orjson.dumps(said))


def _request_id() -> str:
    return str(uuid.uuid4()).upper()
