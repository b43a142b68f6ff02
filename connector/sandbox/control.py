"""The control server: how a person or a test turns the knobs of a sandbox and changes its world.

POST /_chaos    list of rules, replaces those before; GET shows them with their counts
POST /_world    list of {"table", "put": {row}} or {"table", "delete": number}; all of them or none
GET  /_world/T  the rows of table T          GET /_effects  every write that was accepted
POST /_clock    {"advance_s": seconds}; GET tells the time
POST /_switches {"kingdee": {"has_gateway": true}}: how a server is set up; GET shows what there is

Promises: a wrong word is answered with 400 and what is known. Never here: anything a product would answer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeGuard

import orjson

from connector.errors import UsageError
from connector.sandbox.delivery import Front
from connector.sandbox.faults import Chaos
from connector.sandbox.folder import COLUMNS, check_row
from connector.sandbox.http import Request, Response
from connector.sandbox.world import World

# A century, seconds: further a calendar need not go.
_FURTHEST = 100 * 366 * 24 * 3600
# What is told of a write.
_EFFECT = ("n", "at", "op", "key", "body")
_JSON = [("Content-Type", "application/json; charset=utf-8")]


class Control:
    """Answers the control requests of one sandbox. `on_chaos` is called after the rules changed."""

    def __init__(
        self, world: World, chaos: Chaos, fronts: Sequence[Front], on_chaos: Callable[[], None]
    ) -> None:
        self._world = world
        self._chaos = chaos
        self._fronts = fronts
        self._on_chaos = on_chaos

    def respond(self, request: Request) -> Response:
        """Answer one control request: 200 with JSON, 400 when it is wrong, 404 for another address."""
        try:
            said = self._answer(request.method, request.path.rstrip("/"), request.body)
        except UsageError as error:
            return _json({"error": str(error)}, 400)
        return _json(said) if said is not None else _json({"error": f"no such address; {__doc__}"}, 404)

    def _answer(self, method: str, path: str, body: bytes) -> object:
        if method == "GET" and path.startswith("/_world/"):
            return self._world.rows(path.removeprefix("/_world/"))
        for front in self._fronts:
            front.settle()
        match method, path:
            case "POST", "/_chaos":
                armed = self._chaos.arm(_parsed(body))
                self._on_chaos()
                return {"armed": armed}
            case "GET", "/_chaos":
                return self._chaos.describe()
            case "POST", "/_world":
                return {"changed": self._change(_parsed(body)), "version": self._world.version}
            case "GET", "/_effects":
                with self._world.lock:
                    return [{name: one[name] for name in _EFFECT} for one in self._world.effects]
            case "POST", "/_clock":
                return self._advance(_parsed(body))
            case "GET", "/_clock":
                return self._time()
            case "POST", "/_switches":
                return self._turn(_parsed(body))
            case "GET", "/_switches":
                return self._switches()
        return None

    def _switches(self) -> dict[str, dict[str, object]]:
        """System → switch → how it stands, for the stand-ins that have any."""
        owners = [(front.system, front.standin) for front in self._fronts]
        return {system: standin.switches.describe() for system, standin in owners if _has_switches(standin)}

    def _turn(self, said: object) -> object:
        for front in self._fronts:
            asked = said.get(front.system) if isinstance(said, dict) else None
            if isinstance(asked, dict) and _has_switches(front.standin):
                front.standin.switches.turn(asked)
                return self._switches()
        raise UsageError(f"expected switches of one system, found {said!r}; known: {self._switches()}")

    def _change(self, changes: object) -> int:
        if not isinstance(changes, list):
            raise UsageError("expected a list of changes of the world")
        for at, change in enumerate(changes):
            _check_change(change, f"change {at}")
        with self._world.batch():
            before = {change["table"]: self._world.rows(change["table"]) for change in changes}
            try:
                for change in changes:
                    self._apply(change)
            except UsageError:
                for table, rows in before.items():
                    self._world.fill(table, rows)
                raise
        return len(changes)

    def _apply(self, change: dict[str, Any]) -> None:
        if "put" in change:
            self._world.put(change["table"], change["put"])
        else:
            self._world.delete(change["table"], str(change["delete"]))

    def _advance(self, said: object) -> object:
        seconds = said.get("advance_s") if isinstance(said, dict) else None
        if isinstance(seconds, bool) or not isinstance(seconds, int | float):
            raise UsageError(f'expected {{"advance_s": seconds}}, found {said!r}')
        if not 0 <= seconds <= _FURTHEST:
            raise UsageError(f"the clock goes on only: advance_s is {seconds}, expected 0 to {_FURTHEST}")
        self._world.advance(seconds)
        for front in self._fronts:
            front.settle()
        return self._time()

    def _time(self) -> object:
        now = self._world.now()
        return {"now": now.isoformat(timespec="milliseconds"), "today": now.date().isoformat()}


class Switchable(Protocol):
    """A stand-in whose set-up can be changed: `describe` shows it, `turn` checks and changes it."""

    switches: Any


def _has_switches(standin: object) -> TypeGuard[Switchable]:
    return hasattr(standin, "switches")


def _check_change(change: object, place: str) -> None:
    if not isinstance(change, dict) or change.get("table") not in COLUMNS:
        raise UsageError(f"{place}: found {change!r}, expected a table of {', '.join(COLUMNS)}")
    if set(change) not in ({"table", "put"}, {"table", "delete"}):
        raise UsageError(f"{place}: found {', '.join(change)}; expected table and put, or table and delete")
    row = change.get("put")
    if "put" in change:
        if not isinstance(row, dict):
            raise UsageError(f"{place}: put is {row!r}, expected a row as an object")
        given = {str(column): "" if cell is None else str(cell) for column, cell in row.items()}
        check_row(change["table"], given, f"{place}, table {change['table']}")


def _parsed(body: bytes) -> object:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise UsageError(f"the body is no JSON: {error}") from error


def _json(said: object, status: int = 200) -> Response:
    return Response(status, _JSON, orjson.dumps(said))
