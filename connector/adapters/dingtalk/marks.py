"""What stands on exits and to-dos, and how it is changed: the comment, the clearance task, the to-do.

A write whose outcome is not known is said to be unknown; nothing is sent a second time from here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from connector.adapters.contract import Receipt
from connector.adapters.dingtalk import instances, wire
from connector.adapters.dingtalk.instances import Gate
from connector.adapters.dingtalk.session import Session
from connector.adapters.dingtalk.users import Users
from connector.errors import RejectedError, UnknownOutcome
from connector.model.plan import Action, digest

# Longest subject of a to-do; the whole sentence stands in its description.
_SUBJECT = 100
Mark = dict[str, Any]


def source_of(ref: str) -> str:
    """Our own key of the to-do that belongs to an exit."""
    return f"connector-exit-{ref}"


class Marks:
    """Reads and writes the marks of one organisation as its service user."""

    def __init__(
        self, session: Session, users: Users, gate: Gate, employee_field: str, zone: ZoneInfo, system: str
    ) -> None:
        self._users = users
        self._session, self._gate, self._zone, self._system = session, gate, zone, system
        self._employee_field = employee_field
        self._originators: dict[str, str] = {}

    def read_instance(self, ref: str, *, is_urgent: bool = True) -> dict[str, Any]:
        """A fresh detail. RejectedError when it cannot be read."""
        instance = wire.instance_of(ref, self._session.send(wire.read_instance(ref), is_urgent=is_urgent))
        self._originators[ref] = str(instance.get("originatorUserId") or "")
        return instance

    def hold_of(self, ref: str, instance: Mapping[str, Any], seen_at: datetime) -> Mark:
        """The exit's gate and the digest of our newest comment."""
        gate = instances.gate_of(instance, self._gate, self._zone)
        found = instances.mark_of(instance, self._gate.user, self._zone)
        return self._mark("exit_hold", ref, seen_at) | {"digest": found, "gate": gate.state, "gate_by_us": gate.by_us}

    def brief_of(self, ref: str, instance: Mapping[str, Any], seen_at: datetime) -> Mark:
        """The digest of our newest comment on an application."""
        found = instances.mark_of(instance, self._gate.user, self._zone)
        return self._mark("brief", ref, seen_at) | {"digest": found}

    def todo_of(self, ref: str, seen_at: datetime) -> Mark | None:
        """Our to-do for an exit, or None when there is none."""
        todo = self._find_todo(ref)
        if todo is None:
            return None
        found = {"digest": instances.digest_in(todo.description), "is_ticked": todo.is_done}
        return self._mark("todo", ref, seen_at) | found

    def _mark(self, kind: str, ref: str, seen_at: datetime) -> Mark:
        return {"system": self._system, "ref": ref, "seen_at": seen_at, "kind": kind}

    def push(self, action: Action, text: str) -> Receipt:
        """One write. landed, refused with why, or unknown: then only a look tells."""
        steps: dict[tuple[str, bool], Callable[[Action, str], Receipt]] = {
            ("exit_hold", False): self._comment,
            ("exit_hold", True): self._release,
            ("todo", False): self._put_todo,
            ("todo", True): self._tick_todo,
            ("brief", False): self._brief,
            ("brief", True): self._leave_brief,
        }
        step = steps.get((action.kind, action.verb == "remove"))
        if step is None:
            return Receipt("refused", "dingtalk.refused.no_such_mark")
        try:
            return step(action, text)
        except UnknownOutcome as error:
            return Receipt("unknown", str(error))
        except RejectedError as error:
            return Receipt("refused", str(error))

    def _comment(self, action: Action, text: str) -> Receipt:
        sentence = instances.marked(text, digest(action.after or {}))
        self._session.send(wire.add_comment(action.ref, self._gate.user, sentence))
        return Receipt("landed")

    def _brief(self, action: Action, text: str) -> Receipt:
        """A comment on this very employee's running application, unless the newest one of ours says the same."""
        instance = self.read_instance(action.ref, is_urgent=False)
        if instances.state_of(instance) != "running":
            return Receipt("refused", "dingtalk.refused.not_running")
        if instances.form_value(instance, self._employee_field) not in ("", action.employee):
            return Receipt("refused", "dingtalk.refused.other_employee")
        if instances.mark_of(instance, self._gate.user, self._zone) == digest(action.after or {}):
            return Receipt("landed", "dingtalk.landed.done_before")
        return self._comment(action, text)

    def _leave_brief(self, action: Action, text: str) -> Receipt:
        """A comment cannot be taken back; what it said was true when it was said."""
        return Receipt("landed", "dingtalk.landed.comment_stays")

    def _release(self, action: Action, text: str) -> Receipt:
        """Ends our RUNNING task on this very employee's exit by agreeing. Done before, or meanwhile, is landed too."""
        instance = self.read_instance(action.ref)
        if instances.form_value(instance, self._employee_field) != action.employee:
            return Receipt("refused", "dingtalk.refused.other_employee")
        view = instances.gate_of(instance, self._gate, self._zone)
        if view.by_us:
            return Receipt("landed", "dingtalk.landed.done_before")
        if view.task is None:
            return Receipt("refused", f"dingtalk.refused.gate_{view.state}")
        try:
            self._session.send(wire.agree(action.ref, view.task, self._gate.user, text))
        except RejectedError as error:
            after = instances.gate_of(self.read_instance(action.ref), self._gate, self._zone)
            return Receipt("landed" if after.by_us else "refused", str(error))
        return Receipt("landed")

    def _put_todo(self, action: Action, text: str) -> Receipt:
        if action.ref not in self._originators:
            self.read_instance(action.ref)
        ours, leaver = self._users.union(self._gate.user), self._users.union(self._originators[action.ref])
        subject, description = text[:_SUBJECT], instances.marked(text, digest(action.after or {}))
        standing = self._find_todo(action.ref)
        if standing is None:
            call = wire.create_todo(ours, source_of(action.ref), leaver, subject, description)
        else:
            change = {"subject": subject, "description": description, "executorIds": [leaver], "done": False}
            call = wire.change_todo(ours, standing.id, change)
        self._session.send(call)
        return Receipt("landed")

    def _tick_todo(self, action: Action, text: str) -> Receipt:
        """Ticked, and without our mark: a tick of ours must not be taken for a person's."""
        standing = self._find_todo(action.ref)
        if standing is None or (standing.is_done and instances.digest_in(standing.description) is None):
            return Receipt("landed", "dingtalk.landed.done_before")
        change = {"done": True, "description": text}
        self._session.send(wire.change_todo(self._users.union(self._gate.user), standing.id, change))
        return Receipt("landed")

    def _find_todo(self, ref: str) -> wire.Todo | None:
        try:
            call = wire.find_todo(self._users.union(self._gate.user), source_of(ref))
            return wire.todo_of(self._session.send(call, is_urgent=True))
        except RejectedError as error:
            if wire.is_not_found(error):
                return None
            raise
