"""What HR and attendance are asked over the wire, and what their answers hold: values in, a call out; an answer in,
values or an error out.

Never here: a salary. The product has no field of its own for one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from connector.adapters.dingtalk.wire import Call
from connector.errors import WireError

# People a page of the HR lists, and people a question about details; the vendor's limits are 50 and 100.
PAGE = 50
# HR's words for who is there: 2 on probation, 3 regular, 5 about to leave, -1 none.
AT_WORK, LEAVING = "2,3,5,-1", "5"
NUMBER, NAME, DEPARTMENT, POSITION, HIRED = (
    "sys00-jobNumber", "sys00-name", "sys00-mainDept", "sys01-position", "sys00-confirmJoinTime",
)
_DAY_ENDS = "23:59:59"


def list_on_job(statuses: str, offset: str) -> Call:
    """userids of those who are there, by status."""
    body = {"status_list": statuses, "offset": int(offset), "size": PAGE}
    return Call("people at work", "POST", "/topapi/smartwork/hrm/employee/queryonjob", "legacy", body=body)


def on_job_of(found: Mapping[str, Any]) -> tuple[list[str], str | None]:
    """(userids, next cursor); an absent or null cursor is the end."""
    result = found.get("result")
    return _page("people at work", result if isinstance(result, dict) else {}, "data_list", "next_cursor")


def list_left(cursor: str) -> Call:
    """userids of those who left."""
    query = {"nextToken": cursor, "maxResults": str(PAGE)}
    return Call("people who left", "GET", "/v1.0/hrm/employees/dismissions", query=query)


def left_of(found: Mapping[str, Any]) -> tuple[list[str], str | None]:
    """(userids, next cursor); the end where the vendor says that no more follow."""
    users, cursor = _page("people who left", found, "userIdList", "nextToken")
    return users, cursor if found.get("hasMore") else None


def read_leavers(users: Sequence[str]) -> Call:
    """Last days of people who leave or left."""
    query = {"userIdList": orjson.dumps(list(users)).decode()}
    return Call("leavers", "GET", "/v1.0/hrm/employees/dimissionInfos", query=query)


def last_days_of(found: Mapping[str, Any], zone: ZoneInfo) -> dict[str, date]:
    """userid → last working day, where one is known."""
    days = {}
    for one in _objects("leavers", found.get("result")):
        moment = one.get("lastWorkDay")
        if isinstance(moment, int) and not isinstance(moment, bool) and moment > 0:
            days[str(one.get("userId"))] = datetime.fromtimestamp(moment / 1000, zone).date()
    return days


def read_roster(agent: int, users: Sequence[str]) -> Call:
    """Roster fields of some people."""
    fields = [NUMBER, NAME, DEPARTMENT, POSITION, HIRED]
    body = {"appAgentId": agent, "userIdList": list(users), "fieldFilterList": fields}
    return Call("roster", "POST", "/v1.0/hrm/rosters/lists/query", body=body)


def roster_of(found: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """userid → field code → what people read there."""
    return {
        str(one.get("userId")): {
            str(field.get("fieldCode")): _shown(field) for field in _objects("roster", one.get("fieldDataList"))
        }
        for one in _objects("roster", found.get("result"))
    }


def list_columns() -> Call:
    """The columns of the attendance report; their ids differ from company to company."""
    return Call("attendance columns", "POST", "/topapi/attendance/getattcolumns", "legacy", body={})


def columns_of(found: Mapping[str, Any]) -> dict[str, int]:
    """Name of a column → its id."""
    result = found.get("result")
    columns = _objects("attendance columns", result.get("columns") if isinstance(result, dict) else None)
    return {str(one.get("name")): int(one["id"]) for one in columns if str(one.get("id") or "").isdecimal()}


def read_column(user: str, column: int, first: date, last: date) -> Call:
    """One person's values of one column, day by day; at most 31 days."""
    body = {
        "userid": user, "column_id_list": str(column), "from_date": f"{first} 00:00:00",
        "to_date": f"{last} {_DAY_ENDS}",
    }
    return Call("attendance", "POST", "/topapi/attendance/getcolumnval", "legacy", body=body)


def total_of(found: Mapping[str, Any], column: int) -> int:
    """The days' values added up; a day without one counts nothing. WireError for what is no count."""
    result = found.get("result")
    columns = _objects("attendance", result.get("column_vals") if isinstance(result, dict) else None)
    mine = [one for one in columns if str((one.get("column_vo") or {}).get("id")) == str(column)]
    if len(mine) != 1:
        raise WireError(f"found {len(mine)} columns {column}, expected one", place="attendance")
    total = 0.0
    for day in _objects("attendance", mine[0].get("column_vals")):
        shown = str(day.get("value") or "0").strip()
        try:
            total += float(shown)
        except ValueError:
            raise WireError(f"found the value {shown[:20]!r}, expected a count", place="attendance") from None
    if not total.is_integer() or total < 0:
        raise WireError(f"found {total} in all, expected a whole number", place="attendance")
    return int(total)


def _page(op: str, holder: Mapping[str, Any], rows: str, cursor: str) -> tuple[list[str], str | None]:
    users, following = holder.get(rows), holder.get(cursor)
    if not isinstance(users, list) or (following is not None and not isinstance(following, int | str)):
        raise WireError("found no list of people", place=op)
    return [str(one) for one in users], None if following in (None, "") else str(following)


def _objects(op: str, found: Any) -> list[dict[str, Any]]:
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise WireError("found no list of objects", place=op)
    return found


def _shown(field: Mapping[str, Any]) -> str:
    values = _objects("roster", field.get("fieldValueList") or [])
    first = values[0] if values else {}
    return str(first.get("label") or first.get("value") or "").strip()
