"""A made-up company of a few people, and a plain client of the DingTalk stand-in without a socket."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import orjson

from connector.adapters.dingtalk.sandbox import DingTalkStandIn
from connector.sandbox.folder import Company
from connector.sandbox.http import Headers, Request
from connector.sandbox.world import World

AS_OF = date(2026, 7, 31)
CHAIN = ("部门经理", "财务经理", "人事经理")
IDS = "/v1.0/workflow/processes/instanceIds/query"
INSTANCES = "/v1.0/workflow/processInstances"


class Ticks:
    """Seconds that pass only when told to."""

    def __init__(self) -> None:
        self.at = 1000.0

    def __call__(self) -> float:
        return self.at


def company(*, chain: tuple[str, ...] = CHAIN) -> World:
    """Three employees and one who left; an exit with an open gate; a loan approval that came back once."""
    world = World(Company("试验公司", AS_OF, approval_chain=[[node] for node in chain]), Ticks())
    for number, name, status in (
        ("E1", "张三", "leaving"), ("E2", "李四", "active"), ("E3", "王五", "active"), ("E4", "赵六", "left"),
    ):  # fmt: skip
        world.put("employees", {
            "number": number, "name": name, "department": "销售部", "position": "销售代表", "status": status,
            "mobile": f"1390000000{number[1]}", "hired_on": "2020-01-06", "manager": "E3",
            "last_day": {"leaving": "2026-08-14", "left": "2026-07-15"}.get(status, ""),
        })  # fmt: skip
    put_exit(world)
    world.put("loans", {
        "number": "JK1", "employee": "E2", "kind": "travel", "purpose": "赴成都", "principal": "1200.50",
        "currency": "CNY", "applied_on": "2026-07-01", "lent_on": "2026-07-06", "due_on": "2026-09-01",
        "trip_start": "2026-07-08", "trip_end": "2026-07-10", "approval": "SP1",
    })  # fmt: skip
    put_steps(world, "submit 员工", "refuse 部门经理", "submit 员工", *(f"agree {node}" for node in CHAIN))
    return world


def put_exit(world: World, number: str = "LZ1", employee: str = "E1", **cells: str) -> None:
    """An exit, running and at its gate unless the cells say otherwise."""
    row = {"requested_on": "2026-07-10", "last_day": "2026-08-14", "kind": "resignation", "status": "running"}
    world.put("exits", {"number": number, "employee": employee, **row, **cells})


def put_steps(
    world: World, *steps: str, number: str = "SP1", loan: str = "JK1", day: str = "2026-07-03"
) -> None:
    """Approval steps written `decision node opinion`, an hour apart."""
    world.delete("approvals", number)
    for at, step in enumerate(steps):
        decision, node, opinion = (*step.split(" "), "")[:3]
        world.put("approvals", {
            "number": number, "kind": "loan", "employee": "E2", "loan": loan, "step": str(at), "node": node,
            "approver": node, "decision": decision, "opinion": opinion,
            "decided_at": f"{day}T{9 + at:02}:30:15+08:00",
        })  # fmt: skip


class Client:
    """Speaks to a stand-in as an app would: a status and the JSON of every answer."""

    def __init__(self, world: World, *, rate_limits: bool = False) -> None:
        self.world = world
        self.wall = Ticks()
        self.standin = DingTalkStandIn(world, rate_limits, self.wall)
        self.own: dict[str, Any] = self.standin.describe()
        self.token = self.log_in()

    def log_in(self) -> str:
        given = {"appKey": self.own["app_key"], "appSecret": self.own["app_secret"]}
        token: str = self.new("POST", "/v1.0/oauth2/accessToken", given, token="")[1]["accessToken"]
        return token

    def new(
        self,
        method: str,
        path: str,
        body: Any = None,
        query: dict[str, Any] | None = None,
        token: str | None = None,
    ) -> tuple[int, Any]:
        """A call to the new host."""
        headers = {"x-acs-dingtalk-access-token": self.token if token is None else token}
        return self._send(method, path, urlencode(query or {}), headers, body)

    def old(self, path: str, body: Any = None, method: str = "POST", token: str | None = None) -> Any:
        """A call to the legacy host, which always answers with status 200."""
        query = urlencode({"access_token": self.token if token is None else token})
        status, said = self._send(method, path, query, {}, body)
        assert status == 200
        return said

    def _send(
        self, method: str, path: str, query: str, headers: dict[str, str], body: Any
    ) -> tuple[int, Any]:
        given = Headers({"Content-Type": "application/json; charset=utf-8", **headers})
        sent = b"" if body is None else orjson.dumps(body)
        answer = self.standin.respond(Request(method, path, query, given, sent))
        return answer.status, orjson.loads(answer.body)

    def list_ids(self, code: str = "PROC-EXIT", **more: Any) -> tuple[int, Any]:
        """The first page of the last 100 days."""
        start = self.world.now() - timedelta(days=100)
        body = {"processCode": code, "startTime": ms(start), "nextToken": 0, "maxResults": 20}
        return self.new("POST", IDS, body | more)

    def ref(self, code: str = "PROC-EXIT", at: int = 0) -> str:
        """Id of an instance by its place in the list."""
        ref: str = self.list_ids(code)[1]["result"]["list"][at]
        return ref

    def detail(self, ref: str) -> Any:
        status, said = self.new("GET", INSTANCES, query={"processInstanceId": ref})
        assert (status, said["success"]) == (200, True)
        return said["result"]

    def task(self, ref: str) -> Any:
        """The one task that runs."""
        (task,) = [one for one in self.detail(ref)["tasks"] if one["status"] == "RUNNING"]
        return task

    def execute(
        self, ref: str, *, user: str = "svc_finance", result: str = "agree", task: int = 0
    ) -> tuple[int, Any]:
        body = {"processInstanceId": ref, "actionerUserId": user, "result": result, "remark": "已结清"}
        return self.new("POST", f"{INSTANCES}/execute", body | {"taskId": task or self.task(ref)["taskId"]})

    def comment(self, ref: str, text: str) -> tuple[int, Any]:
        body = {"processInstanceId": ref, "commentUserId": "svc_finance", "text": text}
        return self.new("POST", f"{INSTANCES}/comments", body)

    def remarks(self, ref: str) -> list[str]:
        return [one["remark"] for one in self.detail(ref)["operationRecords"] if one["type"] == "ADD_REMARK"]

    def union(self, userid: str) -> str:
        union: str = self.old("/topapi/v2/user/get", {"userid": userid})["result"]["unionid"]
        return union


def ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)
