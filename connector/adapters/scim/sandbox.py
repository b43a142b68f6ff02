"""A SCIM 2.0 directory as a function from request to answer, from RFC 7643 and 7644, unkind where they let it be.

Promises: it gives fewer users than asked for, writes attribute names as it likes, and leaves empty ones out. Never
here: the wire, the adapter or the kit.
"""

from __future__ import annotations

from urllib.parse import parse_qs

import orjson

from connector.sandbox.folder import Row
from connector.sandbox.http import Request, Response
from connector.sandbox.world import World

_SCIM = [("Content-Type", "application/scim+json")]
_ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
TOKEN = "canary-scim-token"
# Users in one answer, whatever is asked for.
_CAP = 7


class ScimStandIn:
    """The world's employees under /scim/v2/Users."""

    def __init__(self, world: World) -> None:
        self._world = world

    def describe(self) -> dict[str, object]:
        """A bearer token."""
        return {"auth": "bearer", "token": TOKEN}

    def respond(self, request: Request) -> Response:
        """Answer one request."""
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return _error(401, "the token is not known")
        if request.path == "/forbidden/Users":
            return _error(403, "no right")
        if request.method != "GET" or request.path != "/scim/v2/Users":
            return _error(404, "no such resource")
        asked = {name.lower(): values[0] for name, values in parse_qs(request.query).items()}
        start = max(int(asked.get("startindex", "1")), 1)
        with self._world.lock:
            rows = self._world.rows("employees")
        ids = {row["number"]: f"u-{at:04d}" for at, row in enumerate(rows)}
        page = rows[start - 1 :][: min(int(asked.get("count", str(_CAP))), _CAP)]
        said = {
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"], "totalResults": len(rows),
            "startIndex": start, "itemsPerPage": len(page), "Resources": [_user(row, ids) for row in page],
        }
        return Response(200, list(_SCIM), orjson.dumps(said if page else {**said, "Resources": None}))


def _user(row: Row, ids: dict[str, str]) -> dict[str, object]:
    extension = {"employeeNumber": row["number"], "Department": row.get("department") or None}
    if manager := ids.get(row.get("manager") or ""):
        extension["manager"] = {"value": manager}  # type: ignore[assignment]
    return {
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User", _ENTERPRISE], "id": ids[row["number"]],
        "userName": f"{row['number']}@example.com", "DisplayName": row.get("name"),
        "active": row.get("status") != "left", "title": row.get("position"), _ENTERPRISE: extension,
        "phoneNumbers": [{"type": "work", "value": "1"}, {"type": "mobile", "value": row.get("mobile")}],
    }


def _error(status: int, detail: str) -> Response:
    said = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"], "status": str(status), "detail": detail}
    return Response(status, list(_SCIM), orjson.dumps(said))
