"""Changing approvals: agree and refuse, comment, end, hand over, add signers, return, start.

Promises: only the assignee acts on a task, and only while it runs; a comment has no key, so that the same one
twice is two; what was accepted is written into the world's list of effects. The texts of refusals are
neutral: the product's own are not proven. Never here: a read.
"""

from __future__ import annotations

from typing import Any

from connector.adapters.dingtalk.sandbox.answers import Refusal, invalid
from connector.adapters.dingtalk.sandbox.book import Book
from connector.adapters.dingtalk.sandbox.calls import Call
from connector.adapters.dingtalk.sandbox.instance import Instance, Node, Task, node_of
from connector.adapters.dingtalk.sandbox.people import Directory
from connector.sandbox.world import World

_DONE = {"success": True, "result": True}


class Acting:
    """The operations that change approvals."""

    def __init__(self, world: World, book: Book, people: Directory) -> None:
        self._world = world
        self._book = book
        self._people = people

    def execute(self, call: Call) -> dict[str, Any]:
        """Agree to or refuse one task."""
        one = self._book.find(call.text("processInstanceId"))
        user, verdict, remark = self._verdict(call)
        task = one.turn(call.number("taskId"), user)
        self._decide(one, task, verdict, remark)
        return self._accept(call, one)

    def execute_many(self, call: Call) -> dict[str, Any]:
        """Agree to or refuse several tasks of one user: all of them, or none."""
        user, verdict, remark = self._verdict(call)
        turns: list[tuple[Instance, Task]] = []
        for named in call.objects("taskInfoList"):
            item = Call(call.op, {}, {}, named)
            one = self._book.find(item.text("processInstanceId"))
            turns.append((one, one.turn(item.number("taskId"), user)))
        if not turns or len({task.id for _, task in turns}) < len(turns):
            raise invalid("taskInfoList", "为空或有重复")
        for one, task in turns:
            self._decide(one, task, verdict, remark)
        self._world.record("dingtalk", call.op, ",".join(one.number for one, _ in turns), dict(call.body))
        return {"success": True, "result": {"result": True}}

    def comment(self, call: Call) -> dict[str, Any]:
        """A remark on an instance, running or not."""
        return self._comment(call, "processInstanceId", "commentUserId")

    def comment_old(self, call: Call) -> dict[str, Any]:
        """The same on the legacy host."""
        return self._comment(call.inner("request"), "process_instance_id", "comment_userid")

    def terminate(self, call: Call) -> dict[str, Any]:
        """End a running instance: as the system, or as its originator."""
        user = call.optional("operatingUserId")
        return self._terminate(call, "processInstanceId", user, call.value("isSystem"))

    def terminate_old(self, call: Call) -> dict[str, Any]:
        """The same on the legacy host."""
        inner = call.inner("request")
        user = inner.optional("operating_userid")
        return self._terminate(inner, "process_instance_id", user, inner.value("is_system"))

    def redirect(self, call: Call) -> dict[str, Any]:
        """Hand a task to another user."""
        number = call.number("taskId")
        one = self._book.by_task(number)
        task = one.turn(number, call.text("operateUserId"))
        to = self._people.present(call.text("toUserId")).userid
        one.hand_over(task, to, self._world.now(), call.optional("remark"))
        return self._accept(call, one)

    def append(self, call: Call) -> dict[str, Any]:
        """Ask further signers, before or after the own task."""
        one = self._book.find(call.text("processInstanceId"))
        task = one.turn(call.number("taskId"), call.text("operateUserId"))
        users = [self._people.present(user).userid for user in call.texts("appenderUserIds")]
        place = call.text("type").lower()
        if not users or place not in ("before", "after"):
            raise invalid("appenderUserIds/type", "不能为空，type 应为 before 或 after")
        one.add_signers(task, users, place == "before", self._world.now(), call.optional("remark"))
        one.is_touched = True
        return self._accept(call, one)

    def revert(self, call: Call) -> dict[str, Any]:
        """Return the instance to its originator; other targets are not known here."""
        one = self._book.find(call.text("processInstanceId"))
        task = one.turn(call.number("taskId"), call.text("operateUserId"))
        if call.text("targetActivityId") != "sid-startevent":
            raise Refusal("activityNotFound", "退回的目标节点不存在")
        one.send_back(task, self._world.now(), call.optional("remark"))
        return self._accept(call, one)

    def start(self, call: Call) -> dict[str, Any]:
        """Hand in a new instance. It has no key: asked twice, there are two."""
        originator = self._people.present(call.text("originatorUserId")).userid
        fields = call.objects("formComponentValues")
        if not fields or not all(isinstance(field.get("name"), str) for field in fields):
            raise Refusal("formConverterError", "表单组件为空或缺少名称")
        form = [
            {"id": f"TextField-{at:04X}", "name": field["name"], "componentType": "TextField",
             "value": str(field.get("value") or "")}
            for at, field in enumerate(fields)
        ]  # fmt: skip
        nodes = [self._node(at, one) for at, one in enumerate(call.objects("approvers"))]
        now = self._world.now()
        one = self._book.start(call.text("processCode"), originator, form, nodes, now)
        self._accept(call, one)
        return {"instanceId": one.id}

    def _node(self, at: int, approver: dict[str, Any]) -> Node:
        users = Call("", {}, {}, approver).texts("userIds")
        if not users:
            raise invalid("approvers", "缺少userIds")
        known = tuple(self._people.present(user).userid for user in users)
        base = node_of(f"审批人{at + 1}", *known)
        return Node(base.activity, base.name, base.users, str(approver.get("actionType")).upper() == "OR")

    def _verdict(self, call: Call) -> tuple[str, str, str]:
        verdict = call.text("result").lower()
        if verdict not in ("agree", "refuse"):
            raise invalid("result", "应为 agree 或 refuse")
        return call.text("actionerUserId"), verdict, call.optional("remark")

    def _decide(self, one: Instance, task: Task, verdict: str, remark: str) -> None:
        decide = one.agree if verdict == "agree" else one.refuse
        decide(task, self._world.now(), remark)

    def _comment(self, call: Call, instance: str, user: str) -> dict[str, Any]:
        one = self._book.find(call.text(instance))
        author = self._people.present(call.text(user)).userid
        one.comment(author, self._world.now(), call.text("text"))
        return self._accept(call, one)

    def _terminate(self, call: Call, instance: str, user: str, is_system: object) -> dict[str, Any]:
        one = self._book.find(call.text(instance))
        if is_system is not True and user != one.originator:
            raise Refusal("noPermission", "只有发起人可以撤销")
        if one.status not in ("NEW", "RUNNING"):
            raise Refusal("instanceNotRunning", "审批实例已结束")
        status = "TERMINATED" if is_system is True else "CANCELED"
        one.end(self._world.now(), status, user=user, remark=call.optional("remark"))
        one.is_touched = True
        return self._accept(call, one)

    def _accept(self, call: Call, one: Instance) -> dict[str, Any]:
        self._world.record("dingtalk", call.op, one.number, dict(call.body))
        return dict(_DONE)
