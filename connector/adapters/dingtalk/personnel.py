"""People as HR keeps them in the OA: who is there, who leaves, who left, each with number, place and days.

A person who stands in both lists is there: he came back, or leaves while we read. Never here: what anybody earns.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from connector.adapters.contract import End, Page, Reject, Since
from connector.adapters.dingtalk import personnel_wire as wire
from connector.adapters.dingtalk.approvals import frame_of
from connector.adapters.dingtalk.instances import Row
from connector.adapters.dingtalk.session import Session
from connector.adapters.dingtalk.wire import Call
from connector.adapters.kit.paging import token_pages

Ask = Callable[[str], Call]
Read = Callable[[Mapping[str, Any]], tuple[list[str], str | None]]

_COLUMNS = ("userId", "number", "name", "department", "position", "hired_on", "status", "last_day")
_FIELDS = {
    "number": wire.NUMBER, "name": wire.NAME, "department": wire.DEPARTMENT, "position": wire.POSITION,
    "hired_on": wire.HIRED,
}


class Personnel:
    """The people of one organisation."""

    def __init__(self, session: Session, agent: int, zone: ZoneInfo) -> None:
        self._session, self._agent, self._zone = session, agent, zone
        self._read_for: date | None = None
        self._at_work: list[Row] = []

    def pages(self, since: Since) -> Iterator[Page]:
        """The stream `employee`, as one page: everybody, those who left too. `since.only`: these numbers."""
        at_work = self._statuses()
        left = [user for user in self._walk(wire.list_left, wire.left_of) if user not in at_work]
        statuses = at_work | dict.fromkeys(left, "left")
        rows = self._rows(statuses)
        self._read_for, self._at_work = since.as_of, [row for row in rows if row["status"] != "left"]
        days = self._last_days([user for user, status in statuses.items() if status != "active"])
        rows = [row | {"last_day": days.get(str(row["userId"]))} for row in rows]
        if since.only is not None:
            rows = [row for row in rows if row["number"] in since.only]
        yield Page(frame_of(rows, _COLUMNS), "", self._unread(statuses, rows, since), End("vendor_end"))

    def at_work(self, as_of: date) -> list[Row]:
        """Rows of everybody who is there, leaving or not; asked for once where the night has read them already."""
        if self._read_for != as_of:
            self._at_work = self._rows(self._statuses())
            self._read_for = as_of
        return self._at_work

    def _statuses(self) -> dict[str, str]:
        """userid → active | leaving: everybody first, so that nobody whose status changes meanwhile is missed."""
        found = dict.fromkeys(self._on_job(wire.AT_WORK), "active")
        return found | dict.fromkeys(self._on_job(wire.LEAVING), "leaving")

    def _on_job(self, statuses: str) -> list[str]:
        return self._walk(lambda cursor: wire.list_on_job(statuses, cursor), wire.on_job_of)

    def _walk(self, ask: Ask, read: Read) -> list[str]:
        pages = token_pages(lambda cursor: read(self._session.send(ask(cursor or "0"))), place="people")
        return list(dict.fromkeys(user for page in pages for user in page))

    def _rows(self, statuses: dict[str, str]) -> list[Row]:
        found: dict[str, dict[str, str]] = {}
        for part in _parts(list(statuses)):
            found |= wire.roster_of(self._session.send(wire.read_roster(self._agent, part)))
        return [_row(user, status, found[user]) for user, status in statuses.items() if user in found]

    def _last_days(self, users: list[str]) -> dict[str, str]:
        days: dict[str, date] = {}
        for part in _parts(users):
            days |= wire.last_days_of(self._session.send(wire.read_leavers(part)), self._zone)
        return {user: day.isoformat() for user, day in days.items()}

    def _unread(self, statuses: dict[str, str], rows: list[Row], since: Since) -> tuple[Reject, ...]:
        """Who is listed and has no line in the roster."""
        if since.only is not None:
            return ()
        seen = {row["userId"] for row in rows}
        missing = [user for user in statuses if user not in seen]
        return tuple(Reject("employee", user, "", "dingtalk.reject.not_in_roster", "") for user in missing)


def _row(user: str, status: str, said: Mapping[str, str]) -> Row:
    return {"userId": user, "status": status, **{name: said.get(code) or None for name, code in _FIELDS.items()}}


def _parts(users: Sequence[str]) -> list[Sequence[str]]:
    return [users[at : at + wire.PAGE] for at in range(0, len(users), wire.PAGE)]
