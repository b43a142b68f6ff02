"""One approval instance: its tasks, its operation records, and how it moves when somebody acts.

Promises: an act is done by the task's own assignee while the task is RUNNING, or refused; every act leaves a
record; when no task is left ahead, the instance is COMPLETED. Never here: where an instance comes from, or
how it looks on the wire.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from connector.adapters.dingtalk.sandbox.answers import Refusal

# Task ids are numbers of eleven digits.
_FIRST_TASK, _TASKS = 10_000_000_000, 90_000_000_000
# verdict → result of the task, type and result of the record.
_SETTLED = {
    "AGREE": ("AGREE", "EXECUTE_TASK_NORMAL", "AGREE"),
    "REFUSE": ("REFUSE", "EXECUTE_TASK_NORMAL", "REFUSE"),
    "RETURN": ("REFUSE", "REDIRECT_PROCESS", "NONE"),
}


@dataclass(frozen=True)
class Node:
    """A place in the flow. `is_any`: one of the users is enough, else all must agree."""

    activity: str
    name: str
    users: tuple[str, ...]
    is_any: bool = False


def node_of(name: str, *users: str) -> Node:
    """A node by its name; the approver is `role:<name>` unless users are given."""
    activity = "sid-" + hashlib.sha256(name.encode()).hexdigest()[:12]
    return Node(activity, name, users or (f"role:{name}",))


@dataclass
class Task:
    """One user's turn at a node."""

    id: int
    node: Node
    user: str
    created: datetime
    status: str = "RUNNING"
    result: str = ""
    finished: datetime | None = None
    # The task that goes on when this one, added before it, is agreed.
    resumes: Task | None = None


@dataclass(frozen=True)
class Record:
    """One line of the history. `name` is the node's."""

    user: str
    at: datetime
    type: str
    result: str = "NONE"
    remark: str = ""
    name: str = ""
    activity: str = ""


@dataclass
class Instance:
    """An approval instance. `flow` is every node of it, `ahead` those that are still to come."""

    id: str
    number: str
    code: str
    originator: str
    created: datetime
    flow: tuple[Node, ...] = ()
    status: str = "RUNNING"
    result: str = ""
    finished: datetime | None = None
    form: list[dict[str, str]] = field(default_factory=list)
    tasks: list[Task] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)
    ahead: list[Node] = field(default_factory=list)
    is_touched: bool = False

    @property
    def approvers(self) -> list[str]:
        """Everybody who had a task, each once."""
        return list(dict.fromkeys(task.user for task in self.tasks))

    def note(self, record: Record) -> None:
        """Add a line to the history."""
        self.records.append(record)

    def start(self, at: datetime, node: Node, remark: str = "") -> None:
        """The originator hands it in, for the first time or again."""
        self.note(self._line(self.originator, at, "START_PROCESS_INSTANCE", node, remark=remark))

    def reach(self, node: Node, at: datetime, resumes: Task | None = None) -> None:
        """Open the node: a RUNNING task for each of its users."""
        for user in node.users:
            self.tasks.append(Task(self._task_id(), node, user, at, resumes=resumes))

    def move_on(self, at: datetime) -> None:
        """Open the next node, or end approved when there is none."""
        if self.ahead:
            self.reach(self.ahead.pop(0), at)
        else:
            self.end(at, "COMPLETED", "agree")

    def end(self, at: datetime, status: str, result: str = "", user: str = "", remark: str = "") -> None:
        """Nobody acts any more: what was still running is cancelled."""
        for task in self.tasks:
            if task.status in ("RUNNING", "PAUSED", "NEW"):
                task.status, task.finished = "CANCELED", at
        self.status, self.result, self.finished = status, result, at
        word = "FINISH_PROCESS_INSTANCE" if status == "COMPLETED" else "TERMINATE_PROCESS_INSTANCE"
        self.note(Record(user or self.originator, at, word, remark=remark, activity="sid-endevent"))

    def settle(self, node: Node, user: str, at: datetime, verdict: str, remark: str = "") -> None:
        """A task that is done the moment it is there: how the past is written down.

        verdict AGREE | REFUSE | RETURN.
        """
        since = self.records[-1].at if self.records else self.created
        result, word, said = _SETTLED[verdict]
        self.tasks.append(Task(self._task_id(), node, user, since, "COMPLETED", result, at))
        self.note(self._line(user, at, word, node, said, remark))

    def task(self, number: int) -> Task:
        """A task by its id. Refusal when it is none of this instance's."""
        for task in self.tasks:
            if task.id == number:
                return task
        raise Refusal("taskNotFound", "任务不存在或不属于该审批实例")

    def turn(self, number: int, user: str) -> Task:
        """The task that this user may act on now. Refusal when it is not his, or not RUNNING."""
        task = self.task(number)
        if task.user != user:
            raise Refusal("noPermission", "操作人不是该任务的处理人")
        if task.status != "RUNNING" or self.status != "RUNNING":
            raise Refusal("taskNotRunning", "任务已处理或已失效")
        return task

    def agree(self, task: Task, at: datetime, remark: str) -> None:
        """Agree to a task that runs, and move on when its node is through."""
        self._finish(task, at, "AGREE")
        start = task.node.activity == "sid-startevent"
        word = "START_PROCESS_INSTANCE" if start else "EXECUTE_TASK_NORMAL"
        self.note(self._line(task.user, at, word, task.node, "NONE" if start else "AGREE", remark))
        beside = [one for one in self.tasks if one.node is task.node and one.status == "RUNNING"]
        if beside and not task.node.is_any:
            return
        for one in beside:
            one.status, one.finished = "CANCELED", at
        if task.resumes is not None:
            task.resumes.status = "RUNNING"
        else:
            self.move_on(at)

    def refuse(self, task: Task, at: datetime, remark: str) -> None:
        """Refuse a task that runs: the instance ends refused."""
        self._finish(task, at, "REFUSE")
        self.note(self._line(task.user, at, "EXECUTE_TASK_NORMAL", task.node, "REFUSE", remark))
        self.end(at, "COMPLETED", "refuse", task.user)

    def comment(self, user: str, at: datetime, text: str) -> None:
        """A remark by anybody; it has no key, so that saying it twice leaves two."""
        self.note(Record(user, at, "ADD_REMARK", remark=text))

    def hand_over(self, task: Task, to: str, at: datetime, remark: str) -> None:
        """Give a task that runs to another user."""
        self._finish(task, at, "REDIRECTED")
        self.note(self._line(task.user, at, "REDIRECT_TASK", task.node, remark=remark))
        self.tasks.append(Task(self._task_id(), task.node, to, at, resumes=task.resumes))

    def add_signers(
        self, task: Task, users: Sequence[str], is_before: bool, at: datetime, remark: str
    ) -> None:
        """Ask others as well: before the task goes on, or after it."""
        node = Node(task.node.activity + "-add", task.node.name, tuple(users))
        word = "APPEND_TASK_BEFORE" if is_before else "APPEND_TASK_AFTER"
        self.note(self._line(task.user, at, word, task.node, remark=remark))
        if is_before:
            task.status = "PAUSED"
            self.reach(node, at, resumes=task)
        else:
            self.ahead.insert(0, node)

    def send_back(self, task: Task, at: datetime, remark: str) -> None:
        """Return it to the originator, from where the whole flow begins again."""
        self._finish(task, at, "REFUSE")
        for one in self.tasks:
            if one.status in ("RUNNING", "PAUSED"):
                one.status, one.finished = "CANCELED", at
        self.note(self._line(task.user, at, "REDIRECT_PROCESS", task.node, remark=remark))
        self.ahead = list(self.flow)
        self.reach(start_of(self.originator), at)

    def _finish(self, task: Task, at: datetime, result: str) -> None:
        task.status, task.result, task.finished = "COMPLETED", result, at
        self.is_touched = True

    def _line(
        self, user: str, at: datetime, word: str, node: Node, result: str = "NONE", remark: str = ""
    ) -> Record:
        return Record(user, at, word, result, remark, node.name, node.activity)

    def _task_id(self) -> int:
        seed = f"{self.id} task {len(self.tasks)}"
        return _FIRST_TASK + int(hashlib.sha256(seed.encode()).hexdigest()[:12], 16) % _TASKS


def start_of(originator: str, name: str = "发起人") -> Node:
    """The node where the originator hands in."""
    return Node("sid-startevent", name, (originator,))
