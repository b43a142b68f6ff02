"""Users of the directory, notices and robot messages, our own tasks in the process centre, callbacks.

Promises: a message to somebody who is not there is accepted and named as such; a callback is registered once.
Never here: the sending of anything to anybody.
"""

from __future__ import annotations

import hashlib
import uuid
from datetime import datetime, time
from typing import Any

from connector.adapters.dingtalk.sandbox.answers import Refusal, invalid
from connector.adapters.dingtalk.sandbox.calls import Call
from connector.adapters.dingtalk.sandbox.people import Directory, User
from connector.adapters.dingtalk.sandbox.sources import read_day, user_of
from connector.adapters.dingtalk.sandbox.workflow import department_id
from connector.sandbox.world import World

# Length of the key that events are encrypted with.
_KEY_LENGTH = 43
Shown = dict[str, Any]


class Messages:
    """The operations on users, messages, our own centre tasks and callbacks."""

    def __init__(self, world: World, people: Directory, agent_id: int) -> None:
        self._world = world
        self._people = people
        self._agent_id = agent_id
        self._centre: dict[str, dict[int, str]] = {}  # instance → task id → user
        self._callback: dict[str, Any] = {}

    def read_user(self, call: Call) -> Shown:
        """A user by userid."""
        return {"result": self._user(self._people.present(call.text("userid")))}

    def user_by_union(self, call: Call) -> Shown:
        """The userid that belongs to a unionId."""
        return {"result": {"userid": self._people.by_union(call.text("unionid")).userid, "contact_type": 0}}

    def user_by_mobile(self, call: Call) -> Shown:
        """The userid that belongs to a mobile number."""
        return {"result": {"userid": self._people.by_mobile(call.text("mobile")).userid}}

    def work_notice(self, call: Call) -> Shown:
        """A notice of our app to some users."""
        if call.number("agent_id") != self._agent_id:
            raise Refusal("invalidAgentId", "不合法的agentid", errcode=40056)
        users = call.texts("userid_list")
        if not isinstance(call.value("msg"), dict | str) or not users:
            raise invalid("msg/userid_list", "不能为空")
        self._record(call, ",".join(users))
        return {"task_id": len(self._world.effects) + 1_000_000}

    def robot_to_users(self, call: Call) -> Shown:
        """A robot's message to some users; those who are not there are named."""
        users = call.texts("userIds")
        if not users:
            raise invalid("userIds", "不能为空")
        self._message(call, ",".join(users))
        absent = [user for user in users if not self._is_there(user)]
        return {
            "processQueryKey": _key(), "invalidStaffIdList": absent, "flowControlledStaffIdList": [],
            "filteredStaffIdList": [],
        }  # fmt: skip

    def robot_to_group(self, call: Call) -> Shown:
        """A robot's message to a group."""
        self._message(call, call.text("openConversationId"))
        return {"processQueryKey": _key()}

    def start_in_centre(self, call: Call) -> Shown:
        """An instance of our own that the product shows among the approvals."""
        code, user = call.text("processCode"), self._people.present(call.text("originatorUserId"))
        title, url = call.text("title"), call.text("url")
        digest = hashlib.sha256(f"{code} {len(self._centre)} {title} {url}".encode()).hexdigest()
        ref = f"centre-{digest[:24]}"
        self._centre[ref] = {}
        self._record(call, user.number or user.userid)
        return {"result": {"processInstanceId": ref}}

    def add_centre_tasks(self, call: Call) -> Shown:
        """Tasks of our own on such an instance."""
        ref = call.text("processInstanceId")
        tasks = self._of_centre(ref)
        users = [self._people.present(str(one.get("userId") or "")).userid for one in call.objects("tasks")]
        if not users:
            raise invalid("tasks", "不能为空")
        made = []
        for user in users:
            number = 2_000_000_000 + sum(map(len, self._centre.values()))
            tasks[number] = user
            made.append({"taskId": number, "userId": user})
        self._record(call, ref)
        return {"success": True, "result": made}

    def change_centre_tasks(self, call: Call) -> Shown:
        """The status and result of such tasks."""
        ref = call.text("processInstanceId")
        tasks = self._of_centre(ref)
        numbers = [Call("", {}, {}, one).number("taskId") for one in call.objects("tasks")]
        if not numbers or any(number not in tasks for number in numbers):
            raise Refusal("taskNotFound", "任务不存在")
        self._record(call, ref)
        return {"success": True}

    def register_callback(self, call: Call) -> Shown:
        """Where events should be sent; a second registration is refused."""
        if len(call.text("aes_key")) != _KEY_LENGTH:
            raise Refusal("invalidAesKey", f"aes_key长度应为{_KEY_LENGTH}", errcode=400052)
        if self._callback:
            raise Refusal("callbackExists", "回调地址已经存在", errcode=71006)
        tags = call.texts("call_back_tag")
        self._callback = {"call_back_tag": tags, "url": call.text("url"), "token": call.text("token")}
        self._world.record("dingtalk", call.op, self._callback["url"], {"call_back_tag": tags})
        return {}

    def failed_callbacks(self, call: Call) -> Shown:
        """Events that nobody took; none is ever sent here."""
        return {"has_more": False, "failed_list": []}

    def _user(self, user: User) -> Shown:
        department, manager = user.cell("department"), user.cell("manager")
        hired = read_day(user.cell("hired_on"))
        shown: Shown = {
            "userid": user.userid, "unionid": user.union, "name": user.name, "job_number": user.number,
            "mobile": user.cell("mobile"), "title": user.cell("position"), "active": True, "admin": False,
            "boss": False, "senior": False, "hide_mobile": False, "dept_id_list": [department_id(department)],
            "manager_userid": user_of(manager) if manager else "",
        }  # fmt: skip
        if hired is not None:
            joined = datetime.combine(hired, time(), self._world.zone)
            shown["hired_date"] = int(joined.timestamp() * 1000)
        return shown

    def _message(self, call: Call, key: str) -> None:
        for name in ("robotCode", "msgKey", "msgParam"):
            call.text(name)
        self._record(call, key)

    def _is_there(self, user: str) -> bool:
        try:
            self._people.present(user)
        except Refusal:
            return False
        return True

    def _of_centre(self, ref: str) -> dict[int, str]:
        if ref not in self._centre:
            raise Refusal("invalidProcessInstanceId", "审批实例不存在")
        return self._centre[ref]

    def _record(self, call: Call, key: str) -> None:
        self._world.record("dingtalk", call.op, key, dict(call.body))


def _key() -> str:
    return uuid.uuid4().hex
