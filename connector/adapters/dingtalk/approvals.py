"""Approvals as raw rows: which there are, their details page by page, and which of them run.

Never here: a mark, or anything written.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

import polars as pl

from connector.adapters.contract import Clock, End, Page, Reject, Since
from connector.adapters.dingtalk import instances, listing
from connector.adapters.dingtalk.connection import DingTalkForm
from connector.adapters.dingtalk.instances import Gate, Row, attached_to, revokes
from connector.adapters.dingtalk.marks import Marks
from connector.adapters.dingtalk.session import Session
from connector.adapters.dingtalk.users import Users
from connector.errors import RejectedError

# Columns every raw frame has, even when no row of the page does.
_COLUMNS = ("processInstanceId", "businessId", "employee", "state")
# Steps that somebody decides, or is to.
_DECIDED = frozenset({"agree", "refuse", "return", instances.WAITING})
Template = Literal["exit", "loan"]


class Approvals:
    """Those of one organisation. Ids of instances are their refs; the human number is `businessId`."""

    def __init__(
        self, form: DingTalkForm, session: Session, users: Users, marks: Marks, clock: Clock, zone: ZoneInfo
    ) -> None:
        self._form, self._session, self._users, self._marks = form, session, users, marks
        self._clock, self._zone = clock, zone
        self._gate = Gate(form.service_user, form.exit_activity, form.exit_node)
        self._numbers: dict[str, str] = {}  # businessId → id, of what this adapter has read
        self._moments: list[datetime] = []  # the first is the one that the vendor took, once it was asked
        self._running: dict[str, None] | None = None  # loan approvals that ran when they were pulled; None: not pulled

    def pages(self, stream: str, since: Since) -> Iterator[Page]:
        """The stream `exit` or `approval`."""
        self._users.learn(since.numbers)
        self._moments = listing.moments(since.as_of, self._clock.now(), self._zone)
        refs = self._refs(stream, since)
        beyond = "older_than_365_days" if stream == "approval" else ""
        end = End("vendor_end", len(refs) if stream == "exit" else None, beyond)
        if stream == "approval":
            self._running = {}
        parts = listing.read_details(
            lambda ref: self._marks.read_instance(ref, is_urgent=stream == "exit"), refs
        )
        held: Page | None = None
        for part in parts:
            if held is not None:
                yield held
            held = self._page(stream, part)
        last = held or Page(frame_of([], _COLUMNS), "")
        yield Page(last.rows, last.cursor, last.rejects, end)

    def running(self, template: Template) -> list[str]:
        """Ids of those that run: of loans as they were pulled, if they were; else listed now."""
        if template == "loan" and self._running is not None:
            return list(self._running)
        return self._list(self._code(template), ("NEW", "RUNNING"))

    def _code(self, template: Template) -> str:
        codes = self._form.process_codes
        return codes.exit if template == "exit" else codes.loan

    def _refs(self, stream: str, since: Since) -> list[str]:
        if since.only is not None:
            return list(dict.fromkeys(self._numbers.get(one, one) for one in since.only))
        code = self._code("exit" if stream == "exit" else "loan")
        return [ref for ref in self._list(code) if ref not in since.closed]

    def _list(self, code: str, statuses: Sequence[str] = ()) -> list[str]:
        """Ids of a template's last year; a year that begins too early for the vendor's clock is begun later."""
        self._moments = self._moments or [self._clock.now()]
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
        return Page(frame_of(rows, _COLUMNS), part[-1][0] if part else "", tuple(rejects))

    def _row(self, ref: str, instance: dict[str, Any]) -> Row:
        row = instances.columns_of(ref, instance, self._zone)
        for column, field in self._form.form_fields.model_dump().items():
            row[column] = row.get(f"form.{field}")
        if number := row["businessId"]:
            self._numbers[number] = ref
        return row

    def _exit_rows(self, ref: str, instance: dict[str, Any]) -> list[Row]:
        view = instances.gate_of(instance, self._gate, self._zone)
        return [self._row(ref, instance) | {"gate": view.state, "gate_by_us": str(view.by_us).lower()}]

    def _approval_rows(self, ref: str, instance: dict[str, Any]) -> list[Row]:
        row = self._row(ref, instance)
        if row["state"] == "completed" and self._is_revoked(instance):
            row["state"] = "withdrawn"
        if row["state"] == "running" and self._running is not None:
            self._running[ref] = None
        steps = instances.steps_of(instance, self._zone) + instances.waiting_of(instance)
        return [row | step | {"approver_employee": self._decider(step)} for step in steps]

    def _is_revoked(self, instance: dict[str, Any]) -> bool:
        """Whether what had passed was revoked by an instance of its own. One that cannot be read revokes nothing."""
        read = listing.read_details(lambda ref: self._marks.read_instance(ref, is_urgent=False), attached_to(instance))
        return any(revokes(found) for part in read for _, found in part if not isinstance(found, RejectedError))

    def _decider(self, step: Row) -> str | None:
        """Employee number of whoever decides a step: few users do; who only hands in or comments is not asked for."""
        user = step["approver"]
        return self._users.number(user) if user and step["decision"] in _DECIDED else None


def frame_of(rows: Sequence[Row], columns: Sequence[str]) -> pl.DataFrame:
    """Text columns: those named, then the union of all rows' fields."""
    names = dict.fromkeys(columns) | dict.fromkeys(name for row in rows for name in row)
    return pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String), orient="row")
