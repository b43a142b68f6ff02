"""An HR system with a JSON API as a function from request to answer, paged in five ways, over a made-up company.

Promises: it asks for its credential before anything else, caps its pages, and knows nothing of who reads it. Never
here: the wire, the adapter or the kit.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from urllib.parse import parse_qs

import orjson

from connector.sandbox.folder import Row
from connector.sandbox.http import Request, Response
from connector.sandbox.world import World

_JSON = [("Content-Type", "application/json")]
TOKEN, USER, PASSWORD = "canary-rest-token", "robot", "canary-rest-password"
# Rows that the server gives at most, whatever is asked for.
_CAP = 10
Rows = list[dict[str, object]]


class RestStandIn:
    """Lists under /v1/STYLE/employees and /v1/STYLE/attendance, STYLE one of page, offset, cursor, link, none.

    Knows a bearer token, an X-Api-Key, a basic login and, from POST /oauth/token, a token by client credentials.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._styles: dict[str, Callable[[Rows, dict[str, str], str], Response]] = {
            "page": _by_page, "offset": _by_offset, "cursor": _by_cursor, "link": _by_link, "none": _whole,
        }

    def describe(self) -> dict[str, object]:
        """A bearer token; the other credentials are USER and PASSWORD."""
        return {"auth": "bearer", "token": TOKEN}

    def respond(self, request: Request) -> Response:
        """Answer one request."""
        shown = request.headers.get("Authorization") or request.headers.get("X-Api-Key") or ""
        basic = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        if request.path == "/oauth/token":
            said = {"access_token": TOKEN, "token_type": "Bearer", "expires_in": 3600}
            return _said(said) if shown == basic else _said({"error": "invalid_client"}, 401)
        if shown not in (f"Bearer {TOKEN}", TOKEN, basic):
            return _said({"error": "who are you?"}, 401)
        parts = request.path.strip("/").split("/")
        if len(parts) != 3 or parts[1] not in self._styles or parts[2] not in ("employees", "attendance"):
            code = 403 if parts[-1] == "payroll" else 404
            return _said({"error": "nothing here"}, code)
        with self._world.lock:
            rows = [_told(row, at) for at, row in enumerate(self._world.rows(parts[2]))]
        asked = {name: values[0] for name, values in parse_qs(request.query).items()}
        return self._styles[parts[1]](rows, asked, request.path)


def _told(row: Row, at: int) -> dict[str, object]:
    """A row as this product tells it: its key is a number, and the unit an object."""
    return {"id": 7000 + at, **{name: value or None for name, value in row.items()}, "unit": {"name": f"unit {at % 3}"}}


def _size(asked: dict[str, str]) -> int:
    return min(int(asked.get("per_page", _CAP)), _CAP)


def _by_page(rows: Rows, asked: dict[str, str], path: str) -> Response:
    size = _size(asked)
    start = (int(asked.get("page", "1")) - 1) * size
    return _said({"data": {"items": rows[start : start + size], "total": len(rows)}})


def _by_offset(rows: Rows, asked: dict[str, str], path: str) -> Response:
    start = int(asked.get("offset", "0"))
    return _said({"data": {"items": rows[start : start + _size(asked)], "total": str(len(rows))}})


def _by_cursor(rows: Rows, asked: dict[str, str], path: str) -> Response:
    start = int(asked.get("cursor", "c0")[1:])
    after = start + _size(asked)
    following = f"c{after}" if after < len(rows) else None
    return _said({"data": {"items": rows[start:after]}, "meta": {"next": following}})


def _by_link(rows: Rows, asked: dict[str, str], path: str) -> Response:
    start = int(asked.get("from", "0"))
    after = start + _size(asked)
    answer = _said(rows[start:after])
    if after < len(rows):
        answer.headers.append(("Link", f'<{path}?from={after}>; rel="next", <{path}>; rel="first"'))
    return answer


def _whole(rows: Rows, asked: dict[str, str], path: str) -> Response:
    return _said(rows)


def _said(document: object, status: int = 200) -> Response:
    return Response(status, list(_JSON), orjson.dumps(document))
