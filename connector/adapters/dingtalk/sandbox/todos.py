"""To-dos: put, change, find, take away.

Promises: `sourceId` is the key: the same one again gives the to-do that is there, unchanged; who neither made
it nor has to do it, does not see it. Never here: an approval's own tasks.
"""

from __future__ import annotations

import hashlib
from typing import Any

from connector.adapters.dingtalk.sandbox.answers import Refusal, invalid
from connector.adapters.dingtalk.sandbox.calls import Call
from connector.adapters.dingtalk.sandbox.people import Directory
from connector.sandbox.world import World

Todo = dict[str, Any]


class Todos:
    """The to-dos of one organisation, by id. A to-do is the object that the answers show."""

    def __init__(self, world: World, people: Directory) -> None:
        self._world = world
        self._people = people
        self._todos: dict[str, Todo] = {}

    def create(self, call: Call) -> Todo:
        """Put a to-do on its executors' lists."""
        owner = self._people.by_union(call.path["unionId"]).union
        subject, source = call.text("subject"), call.optional("sourceId")
        executors = [self._people.by_union(union).union for union in call.texts("executorIds")]
        known = self._by_source(source) if source else None
        if known is not None:
            return known
        seed = f"{self._world.name} todo {len(self._todos)}"
        number = "task" + hashlib.sha256(seed.encode()).hexdigest()[:28]
        now = self._now()
        made: Todo = {
            "id": number, "subject": subject, "description": call.optional("description"), "sourceId": source,
            "source": "isv", "bizTag": "isv", "creatorId": call.optional("creatorId") or owner,
            "modifierId": owner, "executorIds": executors or [owner],
            "participantIds": call.texts("participantIds"), "detailUrl": call.value("detailUrl") or {},
            "dueTime": call.number("dueTime", 0), "priority": call.number("priority", 10),
            "isOnlyShowExecutor": call.value("isOnlyShowExecutor") is True, "done": False, "startTime": now,
            "finishTime": 0, "createdTime": now, "modifiedTime": now, "requestId": number[4:20],
        }  # fmt: skip
        self._todos[number] = made
        self._world.record("dingtalk", call.op, source or number, dict(call.body))
        return made

    def change(self, call: Call) -> Todo:
        """Change what is given: subject, description, dueTime, executorIds, participantIds, done."""
        todo = self._mine(call)
        fresh: Todo = {name: call.text(name) for name in ("subject",) if name in call.body}
        fresh |= {name: call.optional(name) for name in ("description",) if name in call.body}
        for name in ("executorIds", "participantIds"):
            if name in call.body:
                fresh[name] = [self._people.by_union(union).union for union in call.texts(name)]
        if "dueTime" in call.body:
            fresh["dueTime"] = call.number("dueTime")
        done = call.body.get("done", todo["done"])
        if not isinstance(done, bool):
            raise invalid("done", "不是布尔值")
        finished = (todo["finishTime"] or self._now()) if done else 0
        todo.update(fresh, done=done, finishTime=finished, modifiedTime=self._now())
        self._world.record("dingtalk", call.op, todo["sourceId"] or todo["id"], dict(call.body))
        return {"result": True}

    def read(self, call: Call) -> Todo:
        """A to-do by its id."""
        return self._mine(call)

    def find(self, call: Call) -> Todo:
        """A to-do by our own key."""
        union = self._people.by_union(call.path["unionId"]).union
        todo = self._by_source(call.path["sourceId"])
        if todo is None or not _sees(todo, union):
            raise _absent()
        return todo

    def delete(self, call: Call) -> Todo:
        """Take a to-do away; its key may be used again."""
        todo = self._mine(call)
        todo |= {"isDeleted": True}
        self._world.record("dingtalk", call.op, todo["sourceId"] or todo["id"], dict(call.body))
        return {"result": True}

    def _mine(self, call: Call) -> Todo:
        union = self._people.by_union(call.path["unionId"]).union
        todo = self._todos.get(call.path["taskId"])
        if todo is None or "isDeleted" in todo or not _sees(todo, union):
            raise _absent()
        return todo

    def _by_source(self, source: str) -> Todo | None:
        there = (todo for todo in self._todos.values() if "isDeleted" not in todo)
        return next((todo for todo in there if todo["sourceId"] == source), None)

    def _now(self) -> int:
        return int(self._world.now().timestamp() * 1000)


def _sees(todo: Todo, union: str) -> bool:
    return union in (todo["creatorId"], todo["modifierId"], *todo["executorIds"], *todo["participantIds"])


def _absent() -> Refusal:
    return Refusal("todoTaskNotFound", "待办任务不存在", 404)
