"""Times late, month by month, of everybody who is at work: one call a person and month, so each closed month is read
once, and only so many a day.

Who is to be known first comes first. A month that there were no calls for is delivered as not known. Never here: a
rule.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from connector.adapters.contract import End, Page, Reject, Since
from connector.adapters.dingtalk import listing
from connector.adapters.dingtalk import personnel_wire as wire
from connector.adapters.dingtalk.approvals import frame_of
from connector.adapters.dingtalk.instances import Row
from connector.adapters.dingtalk.personnel import Personnel
from connector.adapters.dingtalk.session import Session
from connector.errors import ConfigError, RejectedError, WireError

# The newest closed month and the three it is compared with.
MONTHS = 4
# Share of the day's calls that attendance may use: approvals and marks come first.
SHARE = 0.25
_COLUMNS = ("ref", "employee", "month", "late_count", "closed")


@dataclass(frozen=True)
class _Question:
    """One person's month."""

    user: str
    employee: str
    month: date

    @property
    def ref(self) -> str:
        return f"{self.user}:{self.month:%Y-%m}"


class Attendance:
    """The attendance report of one organisation; `column`: the name of its column of times late."""

    def __init__(self, session: Session, personnel: Personnel, column: str, calls_per_day: int) -> None:
        self._session, self._personnel, self._column = session, personnel, column
        self._most = int(calls_per_day * SHARE)

    def pages(self, since: Since) -> Iterator[Page]:
        """The stream `attendance_month`. ConfigError where the report has no such column."""
        people = self._personnel.at_work(since.as_of)
        due = [one for one in _questions(people, since) if one.ref not in since.closed]
        most = min(self._most, self._session.calls_left - 1)  # one for the columns
        asked = {one.ref: one for one in due[: max(0, most)]}
        counts, rejects = self._read(asked) if asked else ({}, ())
        set_aside = {reject.ref for reject in rejects}
        rows: list[Row] = [
            {"ref": one.ref, "employee": one.employee, "month": one.month.isoformat(), "closed": "true",
             "late_count": counts.get(one.ref)}
            for one in due if one.ref not in set_aside
        ]
        nameless = sum(not person["number"] for person in people)
        ignored = {"no_job_number": nameless} if nameless else {}
        yield Page(frame_of(rows, _COLUMNS), "", rejects, End("vendor_end"), ignored=ignored)

    def _read(self, asked: Mapping[str, _Question]) -> tuple[dict[str, str], tuple[Reject, ...]]:
        column = self._column_id()
        counts: dict[str, str] = {}
        rejects: list[Reject] = []

        def read(ref: str) -> dict[str, int]:
            one = asked[ref]
            call = wire.read_column(one.user, column, one.month, _last_of(one.month))
            try:
                return {ref: wire.total_of(self._session.send(call), column)}
            except WireError as error:
                raise RejectedError(error.message, place=error.place) from error

        for part in listing.read_details(read, list(asked)):
            for ref, found in part:
                if isinstance(found, RejectedError):
                    reason, key = "dingtalk.reject.unreadable_attendance", asked[ref].employee
                    rejects.append(Reject("attendance_month", ref, key, reason, found.message[:80]))
                else:
                    counts[ref] = str(found[ref])
        return counts, tuple(rejects)

    def _column_id(self) -> int:
        columns = wire.columns_of(self._session.send(wire.list_columns()))
        if self._column not in columns:
            raise ConfigError(
                f"found the attendance columns {', '.join(columns)[:200]}, expected {self._column!r} among them",
                place="late_column", mend="write the name of the column of times late as the report has it",
            )
        return columns[self._column]


def _questions(people: list[Row], since: Since) -> Iterator[_Question]:
    """Every closed month in question of everybody with a number: the preferred first, a person's months together."""
    first = set(since.first)
    months = [_month_before(since.as_of, back) for back in range(1, MONTHS + 1)]
    for person in sorted(people, key=lambda person: person["number"] not in first):
        user, number, hired_on = (str(person[name] or "") for name in ("userId", "number", "hired_on"))
        if not number or (since.only is not None and number not in since.only):
            continue
        yield from (_Question(user, number, month) for month in months if hired_on[:10] <= _last_of(month).isoformat())


def _month_before(day: date, back: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 - back, 12)
    return date(year, month + 1, 1)


def _last_of(month: date) -> date:
    return (month.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
