"""The stand-in itself: which request is which operation, who may call, and the envelope of the answer.

Promises: both hosts on one port, told apart by the path; one request is answered as one moment of the world.
Never here: what an operation does.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote

from connector.adapters.dingtalk.sandbox.access import Credential, Meter, Tokens
from connector.adapters.dingtalk.sandbox.acting import Acting
from connector.adapters.dingtalk.sandbox.answers import Refusal, accept, fail_with_200, refuse
from connector.adapters.dingtalk.sandbox.book import Book
from connector.adapters.dingtalk.sandbox.calls import Call, read_body, read_query
from connector.adapters.dingtalk.sandbox.messages import Messages
from connector.adapters.dingtalk.sandbox.people import Directory
from connector.adapters.dingtalk.sandbox.personnel import Personnel
from connector.adapters.dingtalk.sandbox.sources import EXIT_CODE, LOAN_CODE
from connector.adapters.dingtalk.sandbox.todos import Todos
from connector.adapters.dingtalk.sandbox.workflow import Reading
from connector.sandbox.http import Request, Response
from connector.sandbox.world import World

Handler = Callable[[Call], dict[str, Any]]
_NEW_HOST = "/v1.0/"


class DingTalkStandIn:
    """DingTalk over a made-up company. Thread-safe. `wall` ticks in seconds, for tokens and calls a second.

    `calls` counts what was admitted: ISO day and month of the world's clock → calls.
    """

    def __init__(
        self, world: World, rate_limits: bool = True, wall: Callable[[], float] = time.monotonic
    ) -> None:
        self._world = world
        self._own = Credential.of(world.name)
        self._tokens = Tokens(self._own, wall)
        self._meter = Meter(rate_limits, wall)
        with world.lock:
            self._book = Book(world)
        self._routes = self._all_routes()

    @property
    def calls(self) -> Counter[str]:
        """Admitted calls by day and by month."""
        return self._meter.calls

    def describe(self) -> dict[str, object]:
        """What a client needs to log in and to know the templates."""
        return {
            "app_key": self._own.app_key, "app_secret": self._own.app_secret, "agent_id": self._own.agent_id,
            "service_user": self._world.service_user, "process_codes": {"exit": EXIT_CODE, "loan": LOAN_CODE},
        }  # fmt: skip

    def respond(self, request: Request) -> Response:
        """Answer one request."""
        is_legacy = not request.path.startswith(_NEW_HOST)
        with self._world.lock:
            try:
                return accept(self._answer(request, is_legacy), is_legacy)
            except Refusal as refusal:
                return refuse(refusal, is_legacy)

    def error_200(self, request: Request, args: Mapping[str, Any]) -> Response:
        """The product's own error in an answer of status 200; nothing is done."""
        return fail_with_200(not request.path.startswith(_NEW_HOST), dict(args))

    def lose_session(self, request: Request) -> Response:
        """Every token so far is forgotten, and this request is answered so."""
        with self._world.lock:
            self._tokens.forget_all()
        refusal = Refusal("InvalidAuthentication", "不合法的access_token", 401, 40014)
        return refuse(refusal, not request.path.startswith(_NEW_HOST))

    def _answer(self, request: Request, is_legacy: bool) -> dict[str, Any]:
        op, handler, places = self._route(request)
        query = read_query(request)
        if handler not in (self._give_token, self._give_corp_token, self._give_old_token):
            given = query.get("access_token", [""])[0] if is_legacy else self._header(request)
            self._tokens.check(given)
            self._meter.take(op, self._world.today())
        self._book.refresh()
        return handler(Call(op, places, query, read_body(request)))

    def _header(self, request: Request) -> str:
        return request.headers.get("x-acs-dingtalk-access-token") or ""

    def _route(self, request: Request) -> tuple[str, Handler, dict[str, str]]:
        parts = tuple(request.path.strip("/").split("/"))
        for (method, template), handler in self._routes.items():
            if method != request.method or len(template) != len(parts):
                continue
            if all(want == found or want[0] == "{" for want, found in zip(template, parts, strict=True)):
                places = {w[1:-1]: unquote(f) for w, f in zip(template, parts, strict=True) if w[0] == "{"}
                return "/".join(template).removeprefix(_NEW_HOST[1:]), handler, places
        raise Refusal("InvalidAction.NotFound", "接口不存在，请检查地址与方法", 404, 404)

    def _give_token(self, call: Call) -> dict[str, Any]:
        token, life = self._tokens.issue(call.value("appKey"), call.value("appSecret"))
        return {"accessToken": token, "expireIn": life}

    def _give_corp_token(self, call: Call) -> dict[str, Any]:
        if call.value("grant_type") != "client_credentials":
            raise Refusal("unsupportedGrantType", "grant_type应为client_credentials")
        token, life = self._tokens.issue(call.value("client_id"), call.value("client_secret"))
        return {"access_token": token, "expires_in": life}

    def _give_old_token(self, call: Call) -> dict[str, Any]:
        token, life = self._tokens.issue(call.value("appkey"), call.value("appsecret"))
        return {"access_token": token, "expires_in": life}

    def _all_routes(self) -> dict[tuple[str, tuple[str, ...]], Handler]:
        people = Directory(self._world)
        messages = Messages(self._world, people, self._own.agent_id)
        personnel = Personnel(self._world, people)
        named = {
            "POST v1.0/oauth2/accessToken": self._give_token,
            "POST v1.0/oauth2/{corpId}/token": self._give_corp_token,
            "GET gettoken": self._give_old_token,
            **_approval_routes(
                Reading(self._world, self._book, people), Acting(self._world, self._book, people)
            ),
            **_todo_routes(Todos(self._world, people)),
            **_personnel_routes(personnel),
            **_message_routes(messages),
        }
        split = ((name.split(" "), handler) for name, handler in named.items())
        return {(method, tuple(path.split("/"))): handler for (method, path), handler in split}


def _approval_routes(reading: Reading, acting: Acting) -> dict[str, Handler]:
    return {
        "POST v1.0/workflow/processes/instanceIds/query": reading.list_ids,
        "GET v1.0/workflow/processInstances": reading.detail,
        "GET v1.0/workflow/tasks/todoTasks": reading.todo_tasks,
        "GET v1.0/workflow/processes/todoTasks/numbers": reading.count_todo_tasks,
        "GET v1.0/workflow/processCentres/schemaNames/processCodes": reading.code_by_name,
        "POST v1.0/workflow/processInstances": acting.start,
        "POST v1.0/workflow/processInstances/execute": acting.execute,
        "POST v1.0/workflow/processInstances/batchExecute": acting.execute_many,
        "POST v1.0/workflow/processInstances/comments": acting.comment,
        "POST v1.0/workflow/processInstances/terminate": acting.terminate,
        "POST v1.0/workflow/tasks/redirect": acting.redirect,
        "POST v1.0/workflow/premium/tasks/append": acting.append,
        "POST v1.0/workflow/premium/tasks/revert": acting.revert,
        "POST topapi/process/instance/comment/add": acting.comment_old,
        "POST topapi/process/instance/terminate": acting.terminate_old,
    }


def _todo_routes(todos: Todos) -> dict[str, Handler]:
    tasks = "v1.0/todo/users/{unionId}/tasks"
    return {
        f"POST {tasks}": todos.create,
        f"PUT {tasks}/{{taskId}}": todos.change,
        f"GET {tasks}/{{taskId}}": todos.read,
        f"DELETE {tasks}/{{taskId}}": todos.delete,
        f"GET {tasks}/sources/{{sourceId}}": todos.find,
    }


def _personnel_routes(personnel: Personnel) -> dict[str, Handler]:
    return {
        "GET v1.0/hrm/employees/dismissions": personnel.dismissions,
        "GET v1.0/hrm/employees/dimissionInfos": personnel.leavers,
        "GET v1.0/hrm/dismission/record/get": personnel.dismissal_record,
        "POST v1.0/hrm/rosters/lists/query": personnel.roster,
        "POST v1.0/hrm/pendingDismission/start": personnel.start_dismissal,
        "POST v1.0/hrm/pendingDismission/revoke": personnel.revoke_dismissal,
        "GET v1.0/contact/empLeaveRecords": personnel.leave_records,
        "POST v1.0/attendance/columnValues/query": personnel.column_values_new,
        "POST topapi/smartwork/hrm/employee/queryonjob": personnel.on_job,
        "POST topapi/smartwork/hrm/employee/querydimission": personnel.dimissions,
        "POST topapi/smartwork/hrm/employee/listdimission": personnel.leavers_old,
        "POST topapi/smartwork/hrm/employee/v2/list": personnel.roster_old,
        "POST topapi/attendance/getattcolumns": personnel.columns,
        "POST topapi/attendance/getcolumnval": personnel.column_values,
        "POST attendance/list": personnel.clock_records,
    }


def _message_routes(messages: Messages) -> dict[str, Handler]:
    return {
        "POST topapi/v2/user/get": messages.read_user,
        "POST topapi/user/getbyunionid": messages.user_by_union,
        "POST topapi/v2/user/getbymobile": messages.user_by_mobile,
        "POST topapi/user/getbymobile": messages.user_by_mobile,
        "POST topapi/message/corpconversation/asyncsend_v2": messages.work_notice,
        "POST v1.0/robot/oToMessages/batchSend": messages.robot_to_users,
        "POST v1.0/robot/groupMessages/send": messages.robot_to_group,
        "POST v1.0/workflow/processCentres/instances": messages.start_in_centre,
        "POST v1.0/workflow/processCentres/tasks": messages.add_centre_tasks,
        "PUT v1.0/workflow/processCentres/tasks": messages.change_centre_tasks,
        "POST call_back/register_call_back": messages.register_callback,
        "GET call_back/get_call_back_failed_result": messages.failed_callbacks,
    }
