"""What the product's HR and attendance say of the folder's people: lists of who is there and who left, roster
fields, leavers' details, counts of late days.

Promises: simple answers, and true ones; a cell that is empty stays empty. Never here: a salary; the product
has no field for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, TypeVar

from connector.adapters.dingtalk.sandbox.answers import Refusal, invalid
from connector.adapters.dingtalk.sandbox.calls import Call
from connector.adapters.dingtalk.sandbox.people import Directory, User
from connector.adapters.dingtalk.sandbox.sources import read_day
from connector.adapters.dingtalk.sandbox.workflow import department_id
from connector.sandbox.world import World

T = TypeVar("T")

# People a page of the HR lists.
PAGE = 50
# HR's words for a status: 2 on probation, 3 regular, 5 about to leave, -1 none.
_WORDS = {"active": "3", "leaving": "5"}
# Attendance columns: id → (name, column of attendance.csv).
COLUMNS = {1: ("迟到次数", "late_count")}
# One question about attendance spans at most so many days.
_LONGEST = timedelta(days=31)
# Field of a leaver on the new host → on the legacy host.
_OLD_NAMES = {
    "userId": "userid", "name": "name", "lastWorkDay": "last_work_day", "status": "status",
    "preStatus": "pre_status", "mainDeptId": "main_dept_id", "mainDeptName": "main_dept_name",
}  # fmt: skip
# Roster field → its name, its group, the column of employees.csv.
_FIELDS: dict[str, tuple[str, str, str]] = {
    "sys00-name": ("姓名", "sys00", "name"),
    "sys00-mobile": ("手机号", "sys00", "mobile"),
    "sys00-jobNumber": ("工号", "sys00", "number"),
    "sys00-mainDept": ("主部门", "sys00", "department"),
    "sys00-confirmJoinTime": ("入职时间", "sys00", "hired_on"),
    "sys01-position": ("职位", "sys01", "position"),
    "sys00-reportManager": ("直属主管", "sys00", "manager"),
}


class Personnel:
    """The operations of HR and attendance."""

    def __init__(self, world: World, people: Directory) -> None:
        self._world = world
        self._people = people
        self._leaving: set[str] = set()  # users that clients have put on the way out
        self._staying: set[str] = set()  # users that clients have called back

    def on_job(self, call: Call) -> dict[str, Any]:
        """userids of those who work here, by status."""
        asked = set(call.texts("status_list")) or {"2", "3", "5", "-1"}
        users = [user for user in self._people.everybody() if self._word(user) in asked]
        return self._old_page(call, [user.userid for user in users])

    def dimissions(self, call: Call) -> dict[str, Any]:
        """userids of those who left, legacy host."""
        return self._old_page(call, [user.userid for user in self._left()])

    def dismissions(self, call: Call) -> dict[str, Any]:
        """userids of those who left, new host."""
        part, following = _page(call, [user.userid for user in self._left()], "nextToken", "maxResults")
        more = {} if following is None else {"nextToken": following}
        return {"userIdList": part, "hasMore": following is not None, **more}

    def leavers(self, call: Call) -> dict[str, Any]:
        """Last day and status of leavers: 1 on the way out, 2 gone."""
        users = [self._people.known(userid) for userid in call.texts("userIdList")]
        return {"result": [self._leaver(user) for user in users if self._word(user) not in ("3", "-1")]}

    def leavers_old(self, call: Call) -> dict[str, Any]:
        """The same on the legacy host."""
        users = [self._people.known(userid) for userid in call.texts("userid_list")]
        gone = [self._leaver(user) for user in users if self._word(user) not in ("3", "-1")]
        rows = [{_OLD_NAMES[k]: v for k, v in one.items() if k in _OLD_NAMES} for one in gone]
        return {"success": True, "result": rows}

    def dismissal_record(self, call: Call) -> dict[str, Any]:
        """Those who left and their last day."""
        part, following = _page(call, self._left(), "nextToken", "size")
        rows = [{"staffId": user.userid, "lastWorkDay": self._ms(user.cell("last_day"))} for user in part]
        more = {} if following is None else {"nextCursor": following}
        return {"success": True, "result": {"list": rows, "hasMore": following is not None, **more}}

    def start_dismissal(self, call: Call) -> dict[str, Any]:
        """Put a person on the way out, as HR knows it; no approval comes of it."""
        user = self._people.present(call.text("userId"))
        call.number("lastWorkDate")
        self._leaving.add(user.userid)
        self._staying.discard(user.userid)
        return self._accept(call, user)

    def revoke_dismissal(self, call: Call) -> dict[str, Any]:
        """Call a person back who is on the way out."""
        user = self._people.present(call.text("userId"))
        if self._word(user) != "5":
            raise Refusal("employeeNotPendingDismission", "该员工不在待离职状态")
        self._leaving.discard(user.userid)
        self._staying.add(user.userid)
        return self._accept(call, user)

    def leave_records(self, call: Call) -> dict[str, Any]:
        """The directory's log of who left, within instants written in ISO."""
        start = _instant(call.text("startTime"))
        end = _instant(call.text("endTime")) if call.value("endTime") else self._world.now()
        rows: list[dict[str, Any]] = []
        for user in self._left():
            left_at = self._evening(user.cell("last_day"))
            if left_at is not None and start <= left_at <= end:
                rows.append({
                    "userId": user.userid, "name": user.name, "mobile": user.cell("mobile"),
                    "stateCode": "86", "leaveTime": left_at.isoformat(timespec="seconds"), "leaveReason": "",
                })  # fmt: skip
        part, following = _page(call, rows, "nextToken", "maxResults")
        return {"records": part} | ({} if following is None else {"nextToken": str(following)})

    def roster(self, call: Call) -> dict[str, Any]:
        """Roster fields of some people."""
        users = [self._people.known(userid) for userid in call.texts("userIdList")]
        asked = call.texts("fieldFilterList") or list(_FIELDS)
        rows = []
        for user in users:
            fields = [
                {"fieldCode": code, "fieldName": name, "groupId": group,
                 "fieldValueList": [{"itemIndex": 0, "label": user.cell(column), "value": user.cell(column)}]}
                for code, name, group, column in _fields(asked)
            ]  # fmt: skip
            rows.append({"userId": user.userid, "unionId": user.union, "fieldDataList": fields})
        return {"result": rows}

    def roster_old(self, call: Call) -> dict[str, Any]:
        """The same on the legacy host."""
        users = [self._people.known(userid) for userid in call.texts("userid_list")]
        asked = call.texts("field_filter_list") or list(_FIELDS)
        rows = []
        for user in users:
            fields = [
                {"field_code": code, "field_name": name, "group_id": group,
                 "field_value_list": [
                     {"item_index": 0, "label": user.cell(column), "value": user.cell(column)}]}
                for code, name, group, column in _fields(asked)
            ]  # fmt: skip
            rows.append({"userid": user.userid, "field_data_list": fields})
        return {"success": True, "result": rows}

    def columns(self, call: Call) -> dict[str, Any]:
        """The columns of the attendance report; their ids differ from company to company."""
        rows = [{"id": number, "name": name, "type": 0, "status": 0} for number, (name, _) in COLUMNS.items()]
        return {"success": True, "result": {"columns": rows}}

    def column_values(self, call: Call) -> dict[str, Any]:
        """One user's values by day, legacy host."""
        days = _span(call.text("from_date"), call.text("to_date"))
        user = self._people.known(call.text("userid"))
        asked = [int(one) for one in call.texts("column_id_list") if one.isdecimal()]
        rows = [
            {"column_vo": {"id": number}, "column_vals": self._values(user, number, days)}
            for number in asked
            if number in COLUMNS
        ]
        return {"success": True, "result": {"column_vals": rows}}

    def column_values_new(self, call: Call) -> dict[str, Any]:
        """The new host's twin, whose official model sends nothing: nothing asked, nothing told."""
        return {"result": []}

    def clock_records(self, call: Call) -> dict[str, Any]:
        """Raw clock records. The folder has none."""
        for userid in call.texts("userIdList"):
            self._people.known(userid)
        return {"recordresult": [], "hasMore": False}

    def _values(self, user: User, number: int, days: Sequence[date]) -> list[dict[str, str]]:
        """A month's count, told by day: one on each of the first days, what is left on the month's last."""
        counts = {
            row["month"]: int(row[COLUMNS[number][1]])
            for row in self._world.rows("attendance")
            if row["employee"] == user.number and row[COLUMNS[number][1]].isdecimal()
        }
        return [
            {"date": f"{day} 00:00:00", "value": _share(counts.get(f"{day:%Y-%m}", 0), day)} for day in days
        ]

    def _left(self) -> list[User]:
        return [user for user in self._people.everybody() if user.status == "left"]

    def _word(self, user: User) -> str:
        if user.status == "left":
            return "gone"
        if user.userid in self._leaving:
            return "5"
        return "3" if user.userid in self._staying else _WORDS[user.status]

    def _leaver(self, user: User) -> dict[str, Any]:
        department = user.cell("department")
        return {
            "userId": user.userid, "name": user.name, "lastWorkDay": self._ms(user.cell("last_day")),
            "status": 2 if user.status == "left" else 1, "preStatus": 3, "handoverUserId": "",
            "voluntaryReason": [], "passiveReason": [], "reasonMemo": "", "mainDeptName": department,
            "mainDeptId": department_id(department), "deptList": [],
        }  # fmt: skip

    def _ms(self, text: str) -> int | None:
        day = read_day(text)
        return (
            None if day is None else int(datetime.combine(day, time(), self._world.zone).timestamp() * 1000)
        )

    def _evening(self, text: str) -> datetime | None:
        day = read_day(text)
        return None if day is None else datetime.combine(day, time(18, 0), self._world.zone)

    def _old_page(self, call: Call, users: list[str]) -> dict[str, Any]:
        part, following = _page(call, users, "offset", "size")
        more = {} if following is None else {"next_cursor": following}
        return {"success": True, "result": {"data_list": part, **more}}

    def _accept(self, call: Call, user: User) -> dict[str, Any]:
        self._world.record("dingtalk", call.op, user.number, dict(call.body))
        return {"success": True, "result": True}


def _fields(asked: Sequence[str]) -> list[tuple[str, str, str, str]]:
    return [(code, *_FIELDS[code]) for code in asked if code in _FIELDS]


def _page(call: Call, rows: list[T], place: str, size: str) -> tuple[list[T], int | None]:
    at, limit = call.number(place, 0), call.number(size, PAGE)
    if not 1 <= limit <= PAGE:
        raise invalid(size, f"应在1到{PAGE}之间")
    return rows[at : at + limit], at + limit if at + limit < len(rows) else None


def _instant(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise invalid("startTime/endTime", "不是ISO时间") from error
    if found.tzinfo is None:
        raise invalid("startTime/endTime", "缺少时区")
    return found


def _span(start: str, end: str) -> list[date]:
    try:
        first, last = datetime.fromisoformat(start), datetime.fromisoformat(end)
    except ValueError as error:
        raise invalid("from_date/to_date", "应为 yyyy-MM-dd HH:mm:ss") from error
    if last < first or last - first > _LONGEST:
        raise invalid("from_date/to_date", "间隔不能超过31天")
    return [first.date() + timedelta(days=n) for n in range((last.date() - first.date()).days + 1)]


def _share(count: int, day: date) -> str:
    """The part of a month's count that falls on a day."""
    length = ((day.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)).day
    if day.day == length:
        return str(max(0, count - length + 1))
    return "1" if day.day <= count else "0"
