"""Reading approvals: ids by template and window, details, the tasks of a person, templates by name.

Facts as the protocol's document states them: a window of creation times spans at most 120 days and begins at
most 365 days ago; at most 20 ids a page and 10,000 a walk; times of a detail are texts in UTC to the minute;
results are lower case on an instance, upper case on tasks and records. Never here: a change.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from connector.adapters.dingtalk.sandbox.answers import Refusal, invalid
from connector.adapters.dingtalk.sandbox.book import TEMPLATES, Book
from connector.adapters.dingtalk.sandbox.calls import Call
from connector.adapters.dingtalk.sandbox.instance import Instance, Record, Task
from connector.adapters.dingtalk.sandbox.people import Directory
from connector.sandbox.world import World

PAGE, WALK = 20, 10_000
WINDOW, REACH = timedelta(days=120), timedelta(days=365)
STATUSES = frozenset({"NEW", "RUNNING", "TERMINATED", "COMPLETED", "CANCELED"})


class Reading:
    """The operations that read approvals."""

    def __init__(self, world: World, book: Book, people: Directory) -> None:
        self._world = world
        self._book = book
        self._people = people

    def list_ids(self, call: Call) -> dict[str, Any]:
        """Ids of a template created in a window, oldest first; `nextToken` counts, absent at the end."""
        code = call.text("processCode")
        start, end = self._window(call)
        at, size = call.number("nextToken"), call.number("maxResults")
        if not 1 <= size <= PAGE:
            raise invalid("maxResults", f"应在1到{PAGE}之间")
        statuses, users = set(call.texts("statuses")), set(call.texts("userIds"))
        if statuses - STATUSES:
            raise invalid("statuses", "含有未知的状态")
        ids = [
            one.id
            for one in self._book.chosen(code)
            if start <= one.created
            and (end is None or one.created <= end)
            and (not statuses or one.status in statuses)
            and (not users or one.originator in users)
        ][:WALK]
        result: dict[str, Any] = {"list": ids[at : at + size]}
        if at + size < len(ids):
            result["nextToken"] = at + size
        return {"success": True, "result": result}

    def detail(self, call: Call) -> dict[str, Any]:
        """One instance with its form, tasks and operation records."""
        found = self._book.find(call.text("processInstanceId"))
        return {"success": True, "result": self._shown(found)}

    def todo_tasks(self, call: Call) -> dict[str, Any]:
        """The RUNNING tasks of a person."""
        user = self._people.present(call.text("actionerUserId")).userid
        at, size = call.number("nextToken", 0), call.number("maxResults", PAGE)
        if not 1 <= size <= PAGE:
            raise invalid("maxResults", f"应在1到{PAGE}之间")
        found = [
            self._todo(one, task)
            for one in self._book.everything()
            for task in one.tasks
            if task.user == user and task.status == "RUNNING"
        ]
        return {"result": {"hasMore": at + size < len(found), "list": found[at : at + size]}}

    def count_todo_tasks(self, call: Call) -> dict[str, Any]:
        """How many tasks run for a person."""
        user = self._people.present(call.text("userId")).userid
        tasks = (task for one in self._book.everything() for task in one.tasks)
        return {"result": sum(task.user == user and task.status == "RUNNING" for task in tasks)}

    def code_by_name(self, call: Call) -> dict[str, Any]:
        """The process code of a template's name."""
        code = TEMPLATES.get(call.text("name"))
        if code is None:
            raise Refusal("processCodeError", "流程模板不存在")
        return {"result": {"processCode": code, "gmtModified": stamp(self._world.now() - REACH)}}

    def _window(self, call: Call) -> tuple[datetime, datetime | None]:
        now = self._world.now()
        start = _from_ms("startTime", call.number("startTime"))
        end = None
        if call.value("endTime") is not None:
            end = _from_ms("endTime", call.number("endTime"))
        if end is not None and end < start:
            raise invalid("endTime", "早于startTime")
        if start < now - REACH:
            raise invalid("startTime", "距今不能超过365天")
        if (end or now) - start > WINDOW:
            raise invalid("startTime", "与endTime的间隔不能超过120天")
        return start, end

    def _todo(self, one: Instance, task: Task) -> dict[str, Any]:
        return {
            "businessId": one.number, "canRedirect": True, "createTime": int(task.created.timestamp() * 1000),
            "processCode": one.code, "processInstanceId": one.id, "taskId": task.id,
            "title": self._book.title(one), "userId": task.user,
        }  # fmt: skip

    def _shown(self, one: Instance) -> dict[str, Any]:
        department = self._book.department(one.originator)
        return _without_nothing({
            "title": self._book.title(one), "businessId": one.number, "createTime": stamp(one.created),
            "finishTime": stamp(one.finished), "originatorUserId": one.originator,
            "originatorDeptId": str(department_id(department)), "originatorDeptName": department,
            "approverUserIds": one.approvers, "ccUserIds": [], "status": one.status,
            "result": one.result or None,
            "bizAction": "NONE", "bizData": "", "attachedProcessInstanceIds": [],
            "formComponentValues": one.form, "tasks": [_task(one, task) for task in one.tasks],
            "operationRecords": [_record(record) for record in one.records],
        })  # fmt: skip


def department_id(name: str) -> int:
    """A stable number for a department's name; 1 = the whole organisation."""
    return 100_000_000 + int(hashlib.sha256(name.encode()).hexdigest()[:7], 16) if name else 1


def stamp(at: datetime | None) -> str | None:
    """An instant as the details write it: UTC, to the minute."""
    return None if at is None else at.astimezone(UTC).strftime("%Y-%m-%dT%H:%MZ")


def _from_ms(name: str, number: int) -> datetime:
    try:
        return datetime.fromtimestamp(number / 1000, UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise invalid(name, "不是毫秒时间戳") from error


def _task(one: Instance, task: Task) -> dict[str, Any]:
    place = f"?procInstId={one.id}&taskId={task.id}"
    return _without_nothing({
        "taskId": task.id, "userId": task.user, "activityId": task.node.activity, "status": task.status,
        "result": task.result or None, "createTime": stamp(task.created), "finishTime": stamp(task.finished),
        "pcUrl": "aflow.dingtalk.com" + place, "mobileUrl": "aflow.dingtalk.com" + place,
        "processInstanceId": one.id, "taskGroupName": task.node.name,
    })  # fmt: skip


def _record(record: Record) -> dict[str, Any]:
    return {
        "userId": record.user, "date": stamp(record.at), "type": record.type, "result": record.result,
        "remark": record.remark, "showName": record.name, "activityId": record.activity, "ccUserIds": [],
        "attachments": [], "images": [],
    }  # fmt: skip


def _without_nothing(said: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in said.items() if value is not None}
