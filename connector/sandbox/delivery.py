"""How an answer is delivered: whole, broken, late or never, as the chaos knobs say.

Promises: what a fault does to the request (applied, not applied, applied later) is what its rule says. Never
here: a socket, or the protocol of a product beyond the shape of its plainest error.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import orjson

from connector.sandbox.faults import Chaos, Rule
from connector.sandbox.http import Request, Response, StandIn
from connector.sandbox.world import World

# Longer than the 30 s that clients usually wait, seconds.
SILENCE_S = 35.0
# A write that arrives after its client gave up, seconds.
LATE_S = 3.0
CAP_ROWS = 100

LOGIN_PAGE = "<!DOCTYPE html><html><head><title>登录</title></head><body><form action='login'></form></body></html>"
_JSON = [("Content-Type", "application/json; charset=utf-8")]
_HTML = [("Content-Type", "text/html; charset=utf-8")]


@dataclass(frozen=True)
class Delivery:
    """What the host does: wait `silent_s`, then send `response`; None closes the connection without a word.

    `cut_at`: after so many bytes of the body the connection is closed, though the length promised more.
    """

    response: Response | None
    silent_s: float = 0.0
    cut_at: int | None = None


class Front:
    """One stand-in with the knobs in front of it."""

    def __init__(self, system: str, standin: StandIn, world: World, chaos: Chaos) -> None:
        self.system = system
        self.standin = standin
        self._world = world
        self._chaos = chaos
        self._late: list[tuple[datetime, Request]] = []
        self._lock = threading.Lock()
        self._faults: dict[str, Callable[[Rule, Request], Delivery]] = {
            "timeout_before": self._timeout_before,
            "timeout_after": self._timeout_after,
            "status": _status,
            "error_200": self._error_200,
            "truncate": self._truncate,
            "duplicate_page": lambda rule, request: Delivery(rule.page_before(request)),
            "drop_row": self._drop_row,
            "cap_page": self._cap_page,
            "login_page": lambda rule, request: Delivery(_page(rule.args.get("body", LOGIN_PAGE))),
            "lose_session": self._lose_session,
            "late_land": self._late_land,
        }

    def deliver(self, request: Request) -> Delivery:
        """Answer one request, or do to it what the first due rule says."""
        self.settle()
        rule = self._chaos.take(self.system, request)
        if rule is not None:
            return self._faults[rule.fault](rule, request)
        answer = self.standin.respond(request)
        self._chaos.remember(self.system, request, answer)
        return Delivery(answer)

    def settle(self) -> None:
        """Apply the late writes whose time has come."""
        now = self._world.now()
        with self._lock:
            due = [request for at, request in self._late if at <= now]
            self._late = [(at, request) for at, request in self._late if at > now]
        for request in due:
            self.standin.respond(request)

    def _timeout_before(self, rule: Rule, request: Request) -> Delivery:
        return Delivery(None, silent_s=rule.seconds(SILENCE_S))

    def _timeout_after(self, rule: Rule, request: Request) -> Delivery:
        self.standin.respond(request)
        return Delivery(None, silent_s=rule.seconds(SILENCE_S))

    def _error_200(self, rule: Rule, request: Request) -> Delivery:
        if "body" in rule.args:
            return Delivery(Response(200, _JSON, _bytes(rule.args["body"])))
        own = getattr(self.standin, "error_200", None)
        if own is not None:
            return Delivery(own(request, dict(rule.args)))
        said = {"errcode": rule.args.get("errcode", -1), "errmsg": rule.args.get("message", "系统繁忙")}
        return Delivery(Response(200, _JSON, orjson.dumps(said)))

    def _truncate(self, rule: Rule, request: Request) -> Delivery:
        answer = self.standin.respond(request)
        at = int(rule.args.get("at_byte", len(answer.body) // 2))
        if rule.args.get("clean"):
            return Delivery(replace(answer, body=answer.body[:at]))
        return Delivery(answer, cut_at=at)

    def _drop_row(self, rule: Rule, request: Request) -> Delivery:
        def drop(rows: list[Any]) -> list[Any]:
            at = int(rule.args.get("row", 0))
            return rows[:at] + rows[at:][1:] if -len(rows) <= at < len(rows) else rows

        return Delivery(_with_rows(self.standin.respond(request), drop))

    def _cap_page(self, rule: Rule, request: Request) -> Delivery:
        limit = int(rule.args.get("limit", CAP_ROWS))
        return Delivery(_with_rows(self.standin.respond(request), lambda rows: rows[:limit]))

    def _lose_session(self, rule: Rule, request: Request) -> Delivery:
        own = getattr(self.standin, "lose_session", None)
        if own is not None:
            return Delivery(own(request))
        said = {"code": "InvalidAuthentication", "message": "不合法的access_token"}
        return Delivery(Response(401, _JSON, orjson.dumps(said)))

    def _late_land(self, rule: Rule, request: Request) -> Delivery:
        seconds = rule.seconds(LATE_S)
        with self._lock:
            self._late.append((self._world.now() + timedelta(seconds=seconds), request))
        # Nobody may come by again: the wall clock settles it too, a moment after the world's.
        timer = threading.Timer(seconds + 0.01, self.settle)
        timer.daemon = True
        timer.start()
        return Delivery(None)


def _status(rule: Rule, request: Request) -> Delivery:
    status = int(rule.args.get("status", 500))
    headers = [(str(name), str(value)) for name, value in dict(rule.args.get("headers") or {}).items()]
    body = _bytes(rule.args.get("body", f"status {status}"))
    return Delivery(Response(status, headers, body))


def _page(body: object) -> Response:
    return Response(200, _HTML, _bytes(body))


def _bytes(body: object) -> bytes:
    return body.encode() if isinstance(body, str) else orjson.dumps(body)


def _with_rows(answer: Response, change: Callable[[list[Any]], list[Any]]) -> Response:
    """The answer with its longest list changed; as it is when there is none."""
    try:
        said = orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        return answer
    if isinstance(said, list):
        return replace(answer, body=orjson.dumps(change(said)))
    found = _longest(said)
    if found is None:
        return answer
    holder, key = found
    holder[key] = change(holder[key])
    return replace(answer, body=orjson.dumps(said))


def _longest(said: Any) -> tuple[dict[str, Any], str] | None:
    """The place of the longest list inside an object; lists inside lists are rows, not pages."""
    places: list[tuple[dict[str, Any], str]] = []
    open_ends = [said] if isinstance(said, dict) else []
    while open_ends:
        one = open_ends.pop()
        for key, value in one.items():
            if isinstance(value, dict):
                open_ends.append(value)
            elif isinstance(value, list):
                places.append((one, key))
    return max(places, key=lambda place: len(place[0][place[1]]), default=None)
