"""Chaos knobs: which request goes wrong, and how. A list of rules, written by people or tests as JSON.

A rule is {"system", "op", "form", "fault", "after", "times", "args"}:
  system  kingdee | dingtalk | hr; absent or "*" = any of the two that speak HTTP
  op      the operation in any case, absent or "*" = all. A Kingdee service is compared whole (Save is not
          BatchSave); elsewhere a part of the path does (`instanceIds/query`, `gettoken`)
  form    FormId or process code that the request names, absent or "*" = all
  fault   one of FAULTS
  after   matching requests that pass first, 0 when absent
  times   how often it then happens; 1 when absent; null, 0 or less = for ever
  args    what FAULTS lists for the fault

Every rule counts every request that it matches; the first rule that is due wins. Promises: the same requests
in the same order meet the same faults; an unknown word is refused with what is known. Never here: a socket.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

import orjson

from connector.errors import UsageError
from connector.sandbox.http import Request, Response
from connector.sandbox.pages import list_of

# fault → the args it takes.
FAULTS: dict[str, frozenset[str]] = {
    "timeout_before": frozenset({"seconds"}),  # not applied; silence, then the connection is closed
    "timeout_after": frozenset({"seconds"}),  # applied; silence, then the connection is closed
    "status": frozenset({"status", "headers", "body"}),  # not applied
    "error_200": frozenset({"body", "msg_code", "message", "errcode"}),  # not applied; the product's own error
    "truncate": frozenset({"at_byte", "clean"}),  # applied; clean: the length says it is whole
    "duplicate_page": frozenset(),  # the page before of the same list again
    "drop_row": frozenset({"row"}),  # one row of the list missing; row counts from 0, negative from the end
    "cap_page": frozenset({"limit"}),  # the list ends after `limit` rows
    "login_page": frozenset({"body"}),  # not applied; status 200 with a page for people
    "lose_session": frozenset(),  # not applied; every session or token so far is forgotten
    "late_land": frozenset({"seconds"}),  # no answer; applied when `seconds` of wall or world time have passed
}
# The HR store is read through SQL: only what its table shows can go wrong. `times` means nothing there.
HR_FAULTS = frozenset({"cap_page", "drop_row"})
SYSTEMS = ("kingdee", "dingtalk", "hr")
_KEYS = frozenset({"system", "op", "form", "fault", "after", "times", "args"})
_NUMBERS = frozenset({"seconds", "status", "at_byte", "row", "limit", "msg_code", "errcode"})
_SERVICE = re.compile(r"\.(\w+)\.common\.kdsvc$", re.IGNORECASE)
_FORM_KEYS = frozenset({"formid", "processcode", "process_code"})
# A form id stands near the top of a body: in data, or in a parameter.
_DEEPEST = 4


class FaultError(UsageError):
    """A chaos list cannot be used."""


@dataclass
class Rule:
    """One knob and how often it was met."""

    fault: str
    system: str = "*"
    op: str = "*"
    form: str = "*"
    after: int = 0
    times: int = 1
    args: Mapping[str, Any] = field(default_factory=dict)
    seen: int = 0
    fired: int = 0
    pages: dict[str, Response] = field(default_factory=dict)  # list → its newest page

    def is_due(self, request: Request) -> bool:
        """Whether the request that was just counted is one of those that go wrong."""
        if self.fault == "duplicate_page" and self.page_before(request) is None:
            return False
        return self.seen > self.after and (self.times <= 0 or self.fired < self.times)

    def page_before(self, request: Request) -> Response | None:
        """The last page of the list that a request asks for, None when there was none yet."""
        return self.pages.get(list_of(request))

    def seconds(self, otherwise: float) -> float:
        """args.seconds, or `otherwise`."""
        return float(self.args.get("seconds", otherwise))


class Chaos:
    """The rules that are armed. Thread-safe."""

    def __init__(self, rules: Sequence[Mapping[str, Any]] = ()) -> None:
        self._lock = threading.Lock()
        self._rules = read_rules(list(rules))

    def arm(self, rules: object) -> int:
        """Replace all rules by this list; [] clears. FaultError changes nothing. Returns how many are armed."""
        fresh = read_rules(rules)
        with self._lock:
            self._rules = fresh
        return len(fresh)

    def take(self, system: str, request: Request) -> Rule | None:
        """Count a request, and say what goes wrong with it."""
        with self._lock:
            met = [rule for rule in self._rules if matches(rule, system, request)]
            for rule in met:
                rule.seen += 1
            due = next((rule for rule in met if rule.is_due(request)), None)
            if due is not None:
                due.fired += 1
            return due

    def remember(self, system: str, request: Request, answer: Response) -> None:
        """Keep an answer for the rules that repeat a page."""
        with self._lock:
            for rule in self._rules:
                if rule.fault == "duplicate_page" and matches(rule, system, request):
                    rule.pages[list_of(request)] = answer

    def hr_rules(self) -> list[Rule]:
        """The rules for the HR store, which stand until they are cleared."""
        with self._lock:
            return [rule for rule in self._rules if rule.system == "hr"]

    def describe(self) -> list[dict[str, object]]:
        """The rules with their counts."""
        with self._lock:
            return [
                {
                    "system": r.system, "op": r.op, "form": r.form, "fault": r.fault, "after": r.after,
                    "times": r.times, "args": dict(r.args), "seen": r.seen, "fired": r.fired,
                }
                for r in self._rules
            ]  # fmt: skip


def read_rules(rules: object) -> list[Rule]:
    """JSON → rules. FaultError names the rule and what is known."""
    if not isinstance(rules, list):
        raise FaultError(f"a chaos list is a JSON list of rules, found {type(rules).__name__}")
    return [_rule(rule, f"rule {at}") for at, rule in enumerate(rules)]


def _rule(rule: object, place: str) -> Rule:
    if not isinstance(rule, dict):
        raise FaultError(f"{place}: expected an object, found {rule!r}")
    _refuse_unknown(set(rule) - _KEYS, "key", _KEYS, place)
    fault, system = rule.get("fault"), rule.get("system") or "*"
    _refuse_unknown({fault} - set(FAULTS), "fault", FAULTS, place)
    _refuse_unknown({system} - {*SYSTEMS, "*"}, "system", SYSTEMS, place)
    if system == "hr":
        _refuse_unknown({fault} - HR_FAULTS, "fault of the HR store", HR_FAULTS, place)
    args = rule.get("args") or {}
    if not isinstance(args, dict):
        raise FaultError(f"{place}: args is {args!r}, expected an object")
    _refuse_unknown(set(args) - FAULTS[str(fault)], f"arg of {fault}", FAULTS[str(fault)], place)
    for name in _NUMBERS & set(args):
        _number(args[name], f"{place}: args.{name}")
    return Rule(
        fault=str(fault),
        system=str(system),
        op=str(rule.get("op") or "*"),
        form=str(rule.get("form") or "*"),
        after=int(_number(rule.get("after") or 0, f"{place}: after")),
        times=int(_number(rule.get("times", 1) or 0, f"{place}: times")),
        args=args,
    )


def _refuse_unknown(found: set[Any], what: str, known: Any, place: str) -> None:
    if found:
        names = ", ".join(sorted(map(str, found)))
        raise FaultError(f"{place}: unknown {what} {names}; known: {', '.join(sorted(known)) or 'none'}")


def _number(value: object, place: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise FaultError(f"{place} is {value!r}, expected a number")
    return value


def matches(rule: Rule, system: str, request: Request) -> bool:
    """Whether a rule speaks of this request."""
    if rule.system not in (system, "*") or not _is_op(rule.op, request.path):
        return False
    return rule.form == "*" or rule.form.lower() in (form.lower() for form in forms_of(request))


def _is_op(op: str, path: str) -> bool:
    service = _SERVICE.search(path)
    if op == "*":
        return True
    return op.lower() == service[1].lower() if service else op.lower() in path.lower()


def forms_of(request: Request) -> set[str]:
    """Every form id or process code that a request names, in its query or body, whatever the body's shape."""
    text = request.body.decode("utf-8", "replace")
    asked = parse_qs(request.query)
    found = {value for name in asked if name.lower() in _FORM_KEYS for value in asked[name]}
    if (request.headers.get("Content-Type") or "").startswith("application/x-www-form-urlencoded"):
        return found | set(_forms({name: values[0] for name, values in parse_qs(text).items()}, _DEEPEST))
    return found | set(_forms(_json(text), _DEEPEST))


def _forms(value: object, deeper: int) -> Iterator[str]:
    if not deeper:
        return
    if isinstance(value, str):
        value = _json(value)
    if isinstance(value, dict):
        for name, inner in value.items():
            if name.lower() in _FORM_KEYS and isinstance(inner, str):
                yield inner
            elif name.lower() == "parameters":
                yield from _forms_by_position(inner, deeper - 1)
            elif name.lower() == "data":
                yield from _forms(inner, deeper - 1)


def _forms_by_position(value: object, deeper: int) -> Iterator[str]:
    parameters = _json(value) if isinstance(value, str) else value
    for at, one in enumerate(parameters if isinstance(parameters, list) else []):
        if at == 0 and isinstance(one, str) and not one.lstrip().startswith("{"):
            yield one
        else:
            yield from _forms(one, deeper)


def _json(text: str) -> Any:
    if text.lstrip()[:1] not in ("{", "["):
        return None
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
