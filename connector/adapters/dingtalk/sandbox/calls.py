"""One request read as a call: what stood in its path, query and body, and the refusals for what is wrong.

Promises: a body is JSON, or on the legacy host also a form; a list in the query may come repeated, joined by
commas, or as JSON text. Never here: an operation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, parse_qsl

import orjson

from connector.adapters.dingtalk.sandbox.answers import Refusal, invalid
from connector.sandbox.http import Request


@dataclass(frozen=True)
class Call:
    """`op` is the path's template below its host; `path` holds what stood in the template's places."""

    op: str
    path: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, list[str]] = field(default_factory=dict)
    body: Mapping[str, Any] = field(default_factory=dict)

    def value(self, name: str) -> Any:
        """A parameter as it came, from the body, else from the query; None when it is absent or null."""
        found = self.body.get(name)
        if found is None and name in self.query:
            found = self.query[name][0]
        return found

    def text(self, name: str) -> str:
        """A parameter that must be a text with something in it."""
        found = self.value(name)
        if not isinstance(found, str) or not found.strip():
            raise invalid(name, "不能为空")
        return found

    def optional(self, name: str) -> str:
        """A text, "" when absent."""
        found = self.value(name)
        if found is not None and not isinstance(found, str):
            raise invalid(name, "不是文本")
        return found or ""

    def number(self, name: str, otherwise: int | None = None) -> int:
        """A whole number, also as digits; `otherwise` when absent, None there = it must be given."""
        found = self.value(name)
        if found is None and otherwise is not None:
            return otherwise
        if isinstance(found, str) and found.isascii() and found.isdecimal():
            return int(found)
        if isinstance(found, bool) or not isinstance(found, int) or found < 0:
            raise invalid(name, "不是有效的整数")
        return found

    def texts(self, name: str) -> list[str]:
        """A list of texts, [] when absent."""
        found: Any = self.body.get(name)
        if found is None:
            given = self.query.get(name, [])
            found = given if len(given) > 1 else _listed(given[0]) if given else []
        if isinstance(found, str):
            found = _listed(found)
        if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
            raise invalid(name, "不是文本列表")
        return found

    def objects(self, name: str) -> list[dict[str, Any]]:
        """A list of objects, [] when absent."""
        found = self.value(name)
        if found is None:
            return []
        if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
            raise invalid(name, "不是对象列表")
        return found

    def inner(self, name: str) -> Call:
        """The call whose parameters stand inside an object of the body, as object or JSON text."""
        found = self.value(name)
        if isinstance(found, str):
            found = _parsed(found.encode())
        if not isinstance(found, dict):
            raise invalid(name, "不是对象")
        return Call(self.op, self.path, {}, found)


def read_query(request: Request) -> dict[str, list[str]]:
    """The query's parameters; a `+` is a blank."""
    return parse_qs(request.query, keep_blank_values=True)


def read_body(request: Request) -> dict[str, Any]:
    """The body as an object. Refusal when it is none."""
    if not request.body.strip():
        return {}
    if (request.headers.get("Content-Type") or "").startswith("application/x-www-form-urlencoded"):
        return dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))
    found = _parsed(request.body)
    if not isinstance(found, dict):
        raise Refusal("invalidParameter.body", "请求体不是JSON对象", errcode=40035)
    return found


def _parsed(text: bytes) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise Refusal("invalidParameter.body", "请求体不是有效的JSON", errcode=40035) from error


def _listed(text: str) -> list[Any]:
    if text.lstrip().startswith("["):
        found = _parsed(text.encode())
        return found if isinstance(found, list) else []
    return [part.strip() for part in text.split(",") if part.strip()]
