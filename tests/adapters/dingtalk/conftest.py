"""A handful of hand-made answers in the network's place, and a clock that stands still."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest

from connector.adapters.contract import Setting
from connector.adapters.dingtalk.adapter import DingTalk
from connector.adapters.dingtalk.connection import DingTalkForm
from connector.adapters.dingtalk.session import Session
from connector.adapters.kit.http import Channel, Endpoint, Network, transport

ZONE = ZoneInfo("Asia/Shanghai")
OPTIONS: dict[str, Any] = {
    "base_url": "http://127.0.0.1:1", "legacy_base_url": "http://127.0.0.1:2", "network": "sandbox",
    "app_key": "key", "app_secret": "canary-secret", "service_user": "svc",
    "process_codes": {"exit": "PROC-EXIT", "loan": "PROC-LOAN"}, "calls_per_second": 60,
}  # fmt: skip


class FakeClock:
    """Stands still; sleeping moves it on."""

    def __init__(self) -> None:
        self.at = 0.0

    def now(self) -> datetime:
        return datetime(2026, 7, 31, 4, tzinfo=UTC) + timedelta(seconds=self.at)

    def monotonic(self) -> float:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.at += seconds


def task(number: int = 1, user: str = "svc", status: str = "RUNNING", activity: str = "clearance", **more: Any) -> Any:
    return {"taskId": number, "userId": user, "status": status, "activityId": activity, **more}


def record(kind: str, user: str = "boss", at: str = "2026-07-10T09:00Z", **more: Any) -> dict[str, Any]:
    return {"type": kind, "userId": user, "date": at, "result": "NONE", **more}


def instance(status: str = "RUNNING", **more: Any) -> dict[str, Any]:
    base = {
        "title": "exit of E1", "businessId": "LZ1", "status": status, "bizAction": "NONE",
        "createTime": "2026-07-09T17:30Z", "originatorUserId": "u-e1",
        "formComponentValues": [
            {"name": "工号", "componentType": "TextField", "value": "E1"},
            {"name": "最后工作日", "componentType": "DDDateField", "value": "2026-08-14"},
        ],
        "tasks": [task()], "operationRecords": [record("START_PROCESS_INSTANCE", "u-e1")],
    }  # fmt: skip
    return base | more


class Office:
    """What one organisation answers. `odd` answers first: path end → answers still to give before the usual one."""

    def __init__(self) -> None:
        self.instances: dict[str, dict[str, Any]] = {}
        self.of_code: dict[str, list[str]] = {"PROC-EXIT": [], "PROC-LOAN": []}
        self.users = {"svc": "union-svc", "u-e1": "union-e1"}
        self.numbers: dict[str, str] = {}  # userid → employee number
        self.todos: dict[str, dict[str, Any]] = {}
        self.odd: dict[str, list[tuple[int, Any]]] = {}
        self.calls: list[tuple[str, str, Any]] = []
        self.headers: list[httpx.Headers] = []
        self.tokens = 0

    def put(self, ref: str, code: str = "PROC-EXIT", **more: Any) -> None:
        self.instances[ref] = instance(**more)
        self.of_code[code].append(ref)

    def asked(self, end: str) -> list[Any]:
        return [body for method, path, body in self.calls if path.endswith(end)]

    def __call__(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        body = json.loads(request.content) if request.content else dict(request.url.params)
        self.calls.append((request.method, path, body))
        self.headers.append(request.headers)
        for end, answers in self.odd.items():
            if path.endswith(end) and answers:
                status, odd = answers.pop(0)
                content = odd if isinstance(odd, bytes) else json.dumps(odd).encode()
                return httpx.Response(status, content=content)
        status, found = self.usual(request.method, path, body)
        return httpx.Response(status, json=found, headers={"date": "Fri, 31 Jul 2026 04:00:00 GMT"})

    def usual(self, method: str, path: str, body: Any) -> tuple[int, Any]:
        last = path.rsplit("/", 1)[-1]
        match method, last:
            case "POST", "accessToken":
                self.tokens += 1
                return 200, {"accessToken": f"token-{self.tokens}", "expireIn": 7200}
            case "GET", "gettoken":
                return 200, {"errcode": 0, "access_token": "old-token", "expires_in": 7200}
            case "POST", "query":
                return self.listed(body)
            case "GET", "processInstances":
                found = self.instances.get(body["processInstanceId"])
                if found is None:
                    return 400, {"code": "notFound", "message": ""}
                return 200, {"success": True, "result": found}
            case "POST", "comments" | "execute":
                return 200, {"success": True, "result": True}
            case "POST", "get":
                union = self.users.get(body["userid"])
                if union is None:
                    return 200, {"errcode": 60121, "errmsg": "no"}
                number = self.numbers.get(body["userid"], "")
                return 200, {"errcode": 0, "result": {"unionid": union, "job_number": number}}
        return self.todo(method, path, body)

    def listed(self, body: Any) -> tuple[int, Any]:
        """Everything was created on 9 July 2026; pages by `maxResults`, the cursor counts."""
        ids = self.of_code.get(body["processCode"])
        if ids is None:
            return 400, {"code": "processCodeError", "message": "no such template"}
        created = datetime(2026, 7, 9, 17, 30, tzinfo=UTC).timestamp() * 1000
        inside = body["startTime"] <= created <= body.get("endTime", created)
        asked = body.get("statuses")
        chosen = [i for i in ids if inside and (not asked or self.instances[i]["status"] in asked)]
        start, size = body["nextToken"], body["maxResults"]
        result: dict[str, Any] = {"list": chosen[start : start + size]}
        if start + size < len(chosen):
            result["nextToken"] = start + size
        return 200, {"success": True, "result": result}

    def todo(self, method: str, path: str, body: Any) -> tuple[int, Any]:
        last = path.rsplit("/", 1)[-1]
        if method == "GET":
            found = next((t for t in self.todos.values() if t["sourceId"] == last), None)
            return (200, found) if found else (404, {"code": "taskNotFound", "message": "none"})
        if method == "POST":
            self.todos["t1"] = {"id": "t1", "done": False, **body}
            return 200, self.todos["t1"]
        self.todos[last] |= body
        return 200, {"result": True}


@pytest.fixture
def office() -> Office:
    return Office()


@pytest.fixture
def connect(office: Office, clock: FakeClock) -> Callable[..., DingTalk]:
    """The adapter over the office's answers."""

    def make(**options: Any) -> DingTalk:
        form = DingTalkForm.model_validate(OPTIONS | options)
        channels = {
            host: Channel(Endpoint(url, Network.SANDBOX), clock, transport=transport(office))
            for host, url in (("api", form.base_url), ("legacy", form.legacy_base_url))
        }
        setting = Setting("dingtalk", "CNY", ZONE, clock)
        return DingTalk(form, setting, Session(form, clock, ZONE, channels))

    return make


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()
