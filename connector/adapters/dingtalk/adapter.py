"""DingTalk as an OA: exit and loan approvals in, comments, clearance and to-dos out, as one service user."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from importlib import resources
from typing import Any

import polars as pl
from pydantic import ValidationError

from connector.adapters.contract import Check, End, Page, Receipt, Reject, Setting, Since
from connector.adapters.dingtalk import instances, listing
from connector.adapters.dingtalk.connection import DingTalkForm
from connector.adapters.dingtalk.doctor import Doctor
from connector.adapters.dingtalk.instances import Gate, Row
from connector.adapters.dingtalk.marks import Mark, Marks
from connector.adapters.dingtalk.session import Session, open_channels
from connector.adapters.dingtalk.users import Users
from connector.adapters.kit.manifest import load_manifest
from connector.errors import ConfigError, RejectedError, UsageError
from connector.model.plan import Action
from connector.model.tables import schema

# Columns every raw frame has, even when no row of the page does.
_COLUMNS = ("processInstanceId", "businessId", "employee", "state")
# Steps that somebody decides, or is to.
_DECIDED = frozenset({"agree", "refuse", "return", instances.WAITING})


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
    """One organisation. Ids of instances are its refs; the human number is `businessId`."""

    manifest = load_manifest(
        (resources.files(__package__) / "manifest.yaml").read_text("utf-8"), "dingtalk/manifest.yaml"
    )

    def __init__(self, form: DingTalkForm, setting: Setting, session: Session) -> None:
        self._form, self._setting, self._session = form, setting, session
        self._gate = Gate(form.service_user, form.exit_activity, form.exit_node)
        self._users = Users(session)
        self._marks = Marks(
            session, self._users, self._gate, form.form_fields.employee, setting.zone, setting.connection
        )
        self._numbers: dict[str, str] = {}  # businessId → id, of what this adapter has read
        self._moments: list[datetime] = []  # the first is the one that the vendor took, once it was asked

    def check(self) -> list[Check]:
        """reach, login, permission, fields (templates and node), service_user, clock."""
        return Doctor(self._form, self._session, self._marks, self._gate).examine(self._setting.clock.now())

    def pull(self, stream: str, since: Since) -> Iterator[Page]:
        """exit: one raw row an instance; approval: one an operation record (one empty step when it has none), and one
        for everybody whose turn it is.

        Lists what was created within 365 days, in every status; `since.closed` is listed but not read again;
        `since.only` (ids, or numbers read before) is read without listing. Errors as the calls raise them.
        """
        if stream not in self.manifest.streams:
            raise UsageError(
                f"found the stream {stream!r}, expected one of {', '.join(self.manifest.streams)}"
            )
        self._users.learn(since.numbers)
        self._moments = listing.moments(since.as_of, self._setting.clock.now(), self._setting.zone)
        refs = self._refs(stream, since)
        beyond = "older_than_365_days" if stream == "approval" else ""
        end = End("vendor_end", len(refs) if stream == "exit" else None, beyond)
        parts = listing.read_details(
            lambda ref: self._marks.read_instance(ref, is_urgent=stream == "exit"), refs
        )
        held: Page | None = None
        for part in parts:
            if held is not None:
                yield held
            held = self._page(stream, part)
        last = held or Page(_frame([]), "")
        yield Page(last.rows, last.cursor, last.rejects, end)

    def _refs(self, stream: str, since: Since) -> list[str]:
        if since.only is not None:
            return list(dict.fromkeys(self._numbers.get(one, one) for one in since.only))
        code = self._form.process_codes.exit if stream == "exit" else self._form.process_codes.loan
        return [ref for ref in self._list(code) if ref not in since.closed]

    def _list(self, code: str, statuses: Sequence[str] = ()) -> list[str]:
        """Ids of a template's last year; a year that begins too early for the vendor's clock is begun later."""
        self._moments = self._moments or [self._setting.clock.now()]
        while True:
            try:
                return listing.list_ids(self._session, code, self._moments[0], self._form.page, statuses)
            except RejectedError:
                if len(self._moments) == 1:
                    raise
                self._moments.pop(0)

    def _page(self, stream: str, part: list[tuple[str, dict[str, Any] | RejectedError]]) -> Page:
        rows: list[Row] = []
        rejects: list[Reject] = []
        for ref, found in part:
            if isinstance(found, RejectedError):
                reason = "dingtalk.reject.unreadable_instance"
                rejects.append(Reject(stream, ref, "", reason, found.message[:80]))
                continue
            rows += self._exit_rows(ref, found) if stream == "exit" else self._approval_rows(ref, found)
        return Page(_frame(rows), part[-1][0] if part else "", tuple(rejects))

    def _row(self, ref: str, instance: dict[str, Any]) -> Row:
        row = instances.columns_of(ref, instance, self._setting.zone)
        for column, field in self._form.form_fields.model_dump().items():
            row[column] = row.get(f"form.{field}")
        if number := row["businessId"]:
            self._numbers[number] = ref
        return row

    def _exit_rows(self, ref: str, instance: dict[str, Any]) -> list[Row]:
        view = instances.gate_of(instance, self._gate, self._setting.zone)
        return [self._row(ref, instance) | {"gate": view.state, "gate_by_us": str(view.by_us).lower()}]

    def _approval_rows(self, ref: str, instance: dict[str, Any]) -> list[Row]:
        row = self._row(ref, instance)
        steps = instances.steps_of(instance, self._setting.zone) + instances.waiting_of(instance)
        return [row | step | {"approver_employee": self._decider(step)} for step in steps]

    def _decider(self, step: Row) -> str | None:
        """Employee number of whoever decides a step: few users do; who only hands in or comments is not asked for."""
        user = step["approver"]
        return self._users.number(user) if user and step["decision"] in _DECIDED else None

    def observe(self, kind: str, refs: Sequence[str] | None) -> pl.DataFrame:
        """Marks on exits, from fresh details. `refs` are instance ids; None = every running exit.

        RejectedError when one of them cannot be read: an exit that is not seen has no known mark.
        """
        if self.manifest.sink(kind) is None:
            return pl.DataFrame(schema=schema("mark"))
        chosen = list(refs) if refs is not None else self._running()
        marks = self._todos(chosen) if kind == "todo" else self._holds(chosen)
        return pl.DataFrame(marks, schema=schema("mark"), orient="row")

    def _running(self) -> list[str]:
        return self._list(self._form.process_codes.exit, ("NEW", "RUNNING"))

    def _holds(self, refs: list[str]) -> list[Mark]:
        marks: list[Mark] = []
        for part in listing.read_details(self._marks.read_instance, refs):
            for ref, found in part:
                if isinstance(found, RejectedError):
                    raise found
                marks.append(self._marks.hold_of(ref, found, self._setting.clock.now()))
        return marks

    def _todos(self, refs: list[str]) -> list[Mark]:
        found = (self._marks.todo_of(ref, self._setting.clock.now()) for ref in refs)
        return [mark for mark in found if mark is not None]

    def push(self, action: Action, text: str) -> Receipt:
        """Comment, agree or to-do; see the kinds of the manifest. RetryableError when nothing was done."""
        return self._marks.push(action, text)

    def close(self) -> None:
        """Closes the connections."""
        self._session.close()


def _frame(rows: list[Row]) -> pl.DataFrame:
    """Text columns: the union of all rows' fields."""
    names = dict.fromkeys(_COLUMNS) | dict.fromkeys(name for row in rows for name in row)
    return pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String), orient="row")
