"""Which requests ask for pages of one list: alike in all but the place that they ask from.

Promises: another operation, form, filter, order or choice of fields is another list. Never here: an answer.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl

import orjson

from connector.sandbox.http import Request

# Names of a place in a list and of a page's size, small letters.
_PLACES = frozenset({
    "startrow", "limit", "toprowcount", "nexttoken", "maxresults", "cursor", "size", "offset", "page", "startindex",
    "count",
})  # fmt: skip
# The key that a page begins after or ends before, within a filter: `FID > 1042 and FID <= 2000`.
_BOUND = re.compile(r"([<>]=?)\s*\d+")


def list_of(request: Request) -> str:
    """The same text for all pages of one list."""
    query = sorted(pair for pair in parse_qsl(request.query) if pair[0].lower() not in _PLACES)
    body = _without_place(request.body.decode("utf-8", "replace"))
    return orjson.dumps([request.method, request.path.lower(), query, body], option=orjson.OPT_SORT_KEYS).decode()


def _without_place(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_place(inner) for name, inner in value.items() if name.lower() not in _PLACES}
    if isinstance(value, list):
        return [_without_place(inner) for inner in value]
    if isinstance(value, str):
        packed = _unpacked(value)
        return _BOUND.sub(r"\1 _", value) if packed is None else _without_place(packed)
    return value


def _unpacked(text: str) -> Any:
    """JSON within a text, as some clients send it; None when it is none."""
    if text.lstrip()[:1] not in ("{", "["):
        return None
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
