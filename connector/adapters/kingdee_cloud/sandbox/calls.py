"""The request bodies that Kingdee's clients send, four shapes of them, brought to one.

Shapes (each seen in a client): A `{"formid", "data": {…}}`, B the same with `data` as JSON text, C
`{"parameters": […]}` in the order of the method's signature with text or objects inside (C′ with the old
client's hat around it), D form-urlencoded. Key names come in any case. Promises: one `Call`, or the error that
the server gives for a body it cannot read. Never here: what a call does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import orjson

from connector.adapters.kingdee_cloud.sandbox.answers import PlainAnswer
from connector.sandbox.http import Request

# Services whose parameters are not (form, data).
_SIGNATURES: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(
        (
            "executebillquery", "billquery", "querybusinessinfo", "querygroupinfo", "attachmentupload",
            "attachmentdownload", "switchorg", "sendmsg", "workflowaudit",
        ),
        ("data",),
    ),
    **dict.fromkeys(("excuteoperation", "executeoperation"), ("formid", "opnumber", "data")),
    "queryasyncresult": ("queryinfo",),
    "validateuser": ("acctid", "username", "password", "lcid"),
    "loginbyappsecret": ("acctid", "username", "appid", "appsecret", "lcid"),
    "loginbysign": ("acctid", "username", "appid", "timestamp", "sign", "lcid"),
}  # fmt: skip
_FORM_AND_DATA = ("formid", "data")


@dataclass(frozen=True)
class Call:
    """One call: the service in lower case, the form it names, its data and other fields with lower-case keys."""

    service: str
    form: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)
    fields: Mapping[str, Any] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """A field of the data as text, "" when it is not there."""
        value = self.data.get(name.lower())
        return "" if value is None else str(value)

    def number(self, name: str) -> int:
        """A field of the data as a number; clients send "0" for 0. Not readable = 0."""
        text = self.text(name).strip()
        return int(text) if text.removeprefix("-").isdecimal() else 0

    def flag(self, name: str) -> bool:
        """A field of the data as a boolean; clients send "true" for true."""
        return is_true(self.data.get(name.lower()))


def is_true(value: object) -> bool:
    """Kingdee's booleans: true, "true", "True", "1", 1."""
    return value is True or str(value).lower() in ("true", "1")


def read_call(service: str, request: Request) -> Call:
    """Request → Call. PlainAnswer for a body that the server cannot parse."""
    fields = _named(service.lower(), _body(request))
    data = _object(fields.pop("data", None))
    form = str(fields.get("formid") or data.get("formid") or "")
    return Call(service.lower(), form, data, fields)


def _body(request: Request) -> dict[str, Any]:
    kind = (request.headers.get("Content-Type") or "").lower()
    text = request.body.decode("utf-8-sig", "replace").strip()
    if not text:
        return {}
    if "urlencoded" in kind and not text.startswith("{"):
        return {name.lower(): value for name, value in parse_qsl(text, keep_blank_values=True)}
    said = _json(text)
    if isinstance(said, list):
        raise PlainAnswer(500, "Additional text found in JSON string after finishing deserializing object.")
    if not isinstance(said, dict):
        raise PlainAnswer(200, "response_error:{'Message':'请求数据不是有效的JSON对象'}")
    return _lowered(said)


def _named(service: str, body: dict[str, Any]) -> dict[str, Any]:
    """Parameters by position → by name."""
    if "parameters" not in body:
        return body
    given = body["parameters"]
    if isinstance(given, str):
        given = _json(given)
    if not isinstance(given, list):
        raise PlainAnswer(200, "response_error:{'Message':'parameters 不是数组'}")
    return dict(zip(_SIGNATURES.get(service, _FORM_AND_DATA), given, strict=False))


def _object(value: Any) -> dict[str, Any]:
    if isinstance(value, str) and value.strip():
        value = _json(value)
    return _lowered(value) if isinstance(value, dict) else {}


def _lowered(said: dict[str, Any]) -> dict[str, Any]:
    return {name.lower(): value for name, value in said.items()}


def _json(text: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise PlainAnswer(200, f"response_error:{{'Message':'JSON解析错误: {error}'}}") from error
