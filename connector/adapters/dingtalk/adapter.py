"""DingTalk as an OA: exit and loan approvals in, comments, clearance and to-dos out, as one service user."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from importlib import resources
from typing import Any

import polars as pl
from pydantic import ValidationError

from connector.adapters.contract import Check, Manifest, Page, Receipt, Setting, Since
from connector.adapters.dingtalk import instances, listing
from connector.adapters.dingtalk.approvals import Approvals
from connector.adapters.dingtalk.attendance import Attendance
from connector.adapters.dingtalk.connection import DingTalkForm
from connector.adapters.dingtalk.doctor import Doctor
from connector.adapters.dingtalk.instances import Gate, Raw
from connector.adapters.dingtalk.marks import Mark, Marks
from connector.adapters.dingtalk.personnel import Personnel
from connector.adapters.dingtalk.session import Session, open_channels
from connector.adapters.dingtalk.users import Users
from connector.adapters.kit.manifest import load_manifest
from connector.errors import ConfigError, RejectedError, UsageError
from connector.model.plan import Action
from connector.model.tables import schema

# Streams that are delivered only where the connection says so, and its word for it: they cost calls, or are another's.
_SWITCHED = {"employee": "roster", "attendance_month": "attendance"}


def _manifest(form: DingTalkForm) -> Manifest:
    whole = load_manifest(
        (resources.files(__package__) / "manifest.yaml").read_text("utf-8"), "dingtalk/manifest.yaml"
    )
    off = {stream for stream, option in _SWITCHED.items() if not getattr(form, option)}
    return replace(whole, streams=tuple(stream for stream in whole.streams if stream not in off))


def build(options: dict[str, Any], setting: Setting) -> DingTalk:
    """The adapter of one organisation. ConfigError names the option, never its value."""
    try:
        form = DingTalkForm.model_validate(options)
    except ValidationError as error:
        shown = "; ".join(
            f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors(include_input=False)
        )
        raise ConfigError(shown, place=f"connection {setting.connection}") from None
    session = Session(form, setting.clock, setting.zone, open_channels(form, setting.clock))
    return DingTalk(form, setting, session)


class DingTalk:
    """One organisation."""

    def __init__(self, form: DingTalkForm, setting: Setting, session: Session) -> None:
        self.manifest = _manifest(form)
        self._form, self._setting, self._session = form, setting, session
        self._gate = Gate(form.service_user, form.exit_activity, form.exit_node)
        users, zone = Users(session), setting.zone
        self._marks = Marks(session, users, self._gate, form.form_fields.employee, zone, setting.connection)
        self._approvals = Approvals(form, session, users, self._marks, setting.clock, zone)
        self._personnel = Personnel(session, int(form.agent_id) if form.agent_id.isdecimal() else 0, zone)
        self._attendance = Attendance(session, self._personnel, form.late_column, form.calls_per_day)

    def check(self) -> list[Check]:
        """reach, login, permission, fields (templates and node), service_user, clock."""
        return Doctor(self._form, self._session, self._marks, self._gate).examine(self._setting.clock.now())

    def pull(self, stream: str, since: Since) -> Iterator[Page]:
        """exit: one raw row an instance; approval: one an operation record (one empty step when it has none), and one
        for everybody whose turn it is; employee: one a person; attendance_month: one a person and closed month.

        Lists what was created within 365 days, in every status; `since.closed` is listed but not read again;
        `since.only` (ids, or numbers read before) is read without listing. Errors as the calls raise them.
        """
        if stream not in self.manifest.streams:
            raise UsageError(
                f"found the stream {stream!r}, expected one of {', '.join(self.manifest.streams)}"
            )
        if stream == "employee":
            return self._personnel.pages(since)
        if stream == "attendance_month":
            return self._attendance.pages(since)
        return self._approvals.pages(stream, since)

    def observe(self, kind: str, refs: Sequence[str] | None) -> pl.DataFrame:
        """Marks on approvals, from fresh details. `refs` are instance ids; None = every exit that runs, for a brief
        every loan approval that runs.

        RejectedError when one of them cannot be read: an approval that is not seen has no known mark.
        """
        marks: list[Mark] = []
        if kind == "brief":
            marks = self._briefs(refs)
        elif self.manifest.sink(kind) is not None:
            chosen = self._approvals.running("exit") if refs is None else refs
            marks = self._todos(chosen) if kind == "todo" else self._holds(chosen)
        return pl.DataFrame(marks, schema=schema("mark"), orient="row")

    def _holds(self, refs: Sequence[str]) -> list[Mark]:
        return [self._marks.hold_of(ref, found, self._setting.clock.now()) for ref, found in self._fresh(refs)]

    def _briefs(self, refs: Sequence[str] | None) -> list[Mark]:
        """Of applications; an application that ended since it was pulled has no place for one."""
        chosen = self._approvals.running("loan") if refs is None else refs
        return [
            self._marks.brief_of(ref, found, self._setting.clock.now())
            for ref, found in self._fresh(chosen, is_urgent=False)
            if refs is not None or instances.state_of(found) == "running"
        ]

    def _fresh(self, refs: Sequence[str], *, is_urgent: bool = True) -> Iterator[tuple[str, Raw]]:
        """Details as they are now."""
        read = partial(self._marks.read_instance, is_urgent=is_urgent)
        for part in listing.read_details(read, refs):
            for ref, found in part:
                if isinstance(found, RejectedError):
                    raise found
                yield ref, found

    def _todos(self, refs: Sequence[str]) -> list[Mark]:
        found = (self._marks.todo_of(ref, self._setting.clock.now()) for ref in refs)
        return [mark for mark in found if mark is not None]

    def push(self, action: Action, text: str) -> Receipt:
        """Comment, agree or to-do; see the kinds of the manifest. RetryableError when nothing was done."""
        return self._marks.push(action, text)

    def close(self) -> None:
        """Closes the connections."""
        self._session.close()
