"""The stand-in itself: which service a request calls, who may call it, and the shape of the answer.

Promises: the answers of one moment fit each other, because the world is held while one is made. A refusal of
ExecuteBillQuery is as a rule a list in a list, of anything else a bare object. Never here: the rules of one service.
"""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import partial
from itertools import count
from typing import Any

from connector.adapters.kingdee_cloud.sandbox import answers
from connector.adapters.kingdee_cloud.sandbox.answers import PlainAnswer, Refusal, json_answer, text_answer
from connector.adapters.kingdee_cloud.sandbox.calls import Call, read_call
from connector.adapters.kingdee_cloud.sandbox.query import field_keys, owner_of, run_query
from connector.adapters.kingdee_cloud.sandbox.report import report
from connector.adapters.kingdee_cloud.sandbox.sessions import Credentials, Sessions, cookies_of
from connector.adapters.kingdee_cloud.sandbox.switches import Switches
from connector.adapters.kingdee_cloud.sandbox.tenant import Tenant
from connector.adapters.kingdee_cloud.sandbox.views import business_info, view
from connector.adapters.kingdee_cloud.sandbox.writes import Writer, find_row
from connector.sandbox.http import Request, Response
from connector.sandbox.world import World

_PATH = re.compile(r"^/k3cloud/(?:[\w.]+\.)?(\w+)\.(\w+)(?:,[\w.]+)?\.common\.kdsvc$", re.IGNORECASE)
_LOGINS = ("validateuser", "loginbyappsecret", "loginbysign")
_LISTS = ("executebillquery",)


class KingdeeStandIn:
    """Kingdee Cloud as a function over a made-up company.

    `rate_limits`: after five wrong logins the user is shut out for 30 minutes. `wall` ticks in seconds for the
    age of sessions. `switches` is the set-up of the server.
    """

    def __init__(
        self, world: World, rate_limits: bool = True, wall: Callable[[], float] = time.monotonic
    ) -> None:
        self.switches = Switches()
        self._world = world
        self._own = Credentials.of(world.name)
        self._sessions = Sessions(self._own, rate_limits, wall, switches=self.switches)
        self._tenant = Tenant(world)
        self._writer = Writer(self._tenant)
        # Fixed, so that the same questions meet the same disorder.
        self._shuffle = random.Random(0)
        self._tasks: dict[str, tuple[int, Any]] = {}
        self._task_ids = count(1)
        self._services: dict[str, Callable[[Call], Any]] = {
            "executebillquery": self._query,
            "billquery": self._bill_query,
            "view": self._view,
            "querybusinessinfo": self._business_info,
            "getsysreportdata": lambda call: report(self._tenant.records, call, self._world.today()),
            "save": self._writer.save,
            "draft": self._writer.save,
            "batchsave": self._writer.batch_save,
            **{
                name.lower(): partial(self._writer.operate, operation=name, op=name)
                for name in ("Submit", "Audit", "UnAudit", "Delete", "Forbid", "Enable")
            },
            "excuteoperation": lambda call: self._operate(call, "ExcuteOperation"),
            "executeoperation": lambda call: self._operate(call, "ExecuteOperation"),
            "switchorg": lambda call: {"Result": {"ResponseStatus": answers.status_of((), ())}},
        }

    def describe(self) -> dict[str, object]:
        """Made-up credentials: acct_id, username, password, app_id, app_secret, lcid, org_num."""
        return asdict(self._own)

    def respond(self, request: Request) -> Response:
        """Answer one request; the status is 200 for nearly everything."""
        path = _PATH.match(request.path)
        if path is None or request.method != "POST":
            return text_answer(200, answers.LOGIN_PAGE)
        group, service = path[1].lower(), path[2].lower()
        try:
            if service == "getdatacenterlist":
                return json_answer(self._data_centers())
            if group == "authservice":
                return self._authenticate(service, request)
            return self._serve(service, request)
        except PlainAnswer as plain:
            return text_answer(plain.status, plain.text)
        except (ArithmeticError, LookupError, TypeError, ValueError) as error:  # the product, too, says it in this way
            return text_answer(200, f"response_error:{{'Message':'{type(error).__name__}'}}")

    def error_200(self, request: Request, args: Mapping[str, Any]) -> Response:
        """A refusal of this request for the chaos knobs: args msg_code (default 4), message."""
        refusal = Refusal(int(args.get("msg_code", answers.EXCEPTION)), str(args.get("message", "服务器内部错误")))
        path = _PATH.match(request.path)
        return json_answer(self._refused(path[2].lower() if path else "", refusal))

    def lose_session(self, request: Request) -> Response:
        """Forget every session, and say so to this request."""
        self._sessions.forget_all()
        refusal = Refusal(answers.CONTEXT_LOST, answers.SESSION_LOST)
        path = _PATH.match(request.path)
        return json_answer(self._refused(path[2].lower() if path else "", refusal), cookies_of(""))

    def _authenticate(self, service: str, request: Request) -> Response:
        if service == "logout":
            return json_answer(self._sessions.forget(request))
        if service not in _LOGINS:
            raise PlainAnswer(200, f"response_error:{{'Message':'找不到服务 {service}'}}")
        said, session = self._sessions.login(read_call(service, request))
        return json_answer(said, cookies_of(session))

    def _serve(self, service: str, request: Request) -> Response:
        try:
            session = self._sessions.admit(request)
        except Refusal as refusal:
            return json_answer(self._refused(service, refusal), cookies_of(""))
        call = read_call(service, request)
        with self._world.lock:
            try:
                said = self._run(call)
            except Refusal as refusal:
                said = self._refused(service, refusal)
        return json_answer(said, cookies_of(session))

    def _run(self, call: Call) -> Any:
        if call.service == "queryasyncresult":
            return self._task(call)
        serve = self._services.get(call.service)
        if serve is None:
            raise PlainAnswer(200, f"response_error:{{'Message':'找不到服务 {call.service}'}}")
        if "beginmethod" in call.fields:
            return self._begin(serve, call)
        return serve(call)

    def _query(self, call: Call) -> list[list[Any]]:
        return run_query(self._tenant.table(call.form), call, self._world.now(), self._shuffle, self.switches)

    def _bill_query(self, call: Call) -> list[dict[str, Any]]:
        keys = field_keys(call)
        return [dict(zip(keys, row, strict=True)) for row in self._query(call)]

    def _view(self, call: Call) -> dict[str, Any]:
        table = self._tenant.table(call.form)
        row, owner = find_row(table, call), owner_of(table)
        if owner is not None and row[owner] in self.switches.hides:
            raise Refusal(answers.NOT_FOUND, f"内码为{row[0]}的数据不存在，或者被删除")
        found = view(table, row)
        return {"Result": {"ResponseStatus": None, "Result": found}}

    def _business_info(self, call: Call) -> dict[str, Any]:
        form = self._tenant.table(call.form).form
        status = answers.status_of((), ())
        return {"Result": {"ResponseStatus": status, "NeedReturnData": business_info(form)}}

    def _operate(self, call: Call, op: str) -> dict[str, Any]:
        return self._writer.operate(call, str(call.fields.get("opnumber") or ""), op)

    def _begin(self, serve: Callable[[Call], Any], call: Call) -> dict[str, Any]:
        """The first answer of an asynchronous call: the work is done, the client learns of it by asking."""
        try:
            said = serve(call)
        except Refusal as refusal:
            said = self._refused(call.service, refusal)
        task = f"task-{next(self._task_ids)}"
        self._tasks[task] = (0, said)
        return {"Status": 0, "TaskId": task, "Result": None}

    def _task(self, call: Call) -> dict[str, Any]:
        asked = read_call("", Request("POST", "", body=str(call.fields.get("queryinfo") or "{}").encode()))
        task = str(asked.fields.get("taskid") or "")
        if task not in self._tasks:
            raise Refusal(answers.NOT_FOUND, f"任务{task}不存在")
        times, said = self._tasks[task]
        self._tasks[task] = (times + 1, said)
        if times == 0:
            return {"Status": 1, "TaskId": task, "Result": None}
        return {"Status": 2, "TaskId": task, "Result": said}

    def _data_centers(self) -> list[dict[str, Any]]:
        return [{
            "Id": self._own.acct_id, "Number": "01", "Name": self._world.name, "Version": "8.2",
            "GDCID": "", "AuthenticationMethods": [],
        }]  # fmt: skip

    def _refused(self, service: str, refusal: Refusal) -> Any:
        """A refusal in the shape of its service; a list is refused in the shape that this server has."""
        said = answers.failure(refusal)
        if service not in _LISTS:
            return said
        shapes: dict[str, Any] = {"nested": [[said]], "padded": [[said, None, None]], "listed": [said], "bare": said}
        return shapes[self.switches.refusals]
