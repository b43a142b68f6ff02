"""DingTalk's protocol without a socket: values in, a call out; an answer in, values or an error out.

Two hosts speak it: the new one tells errors by a text `code` (its status is not to be trusted), the legacy
one by a number `errcode` inside an answer of status 200. What an approval means is not decided here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import quote

import orjson

from connector.adapters.kit import json
from connector.errors import (
    AuthError,
    ConfigError,
    ConnectorError,
    RejectedError,
    RetryableError,
    UnknownOutcome,
    WireError,
)

Host = Literal["api", "legacy"]

# A window of creation times may span 120 days and begin 365 days ago; one walk ends at 10,000 ids.
WINDOW_DAYS, REACH_DAYS, WALK_LIMIT = 120, 365, 10_000
# Seconds to wait after "too many calls a second", and after an address was shut out for too many calls.
_QPS_WAIT_S, _PUNISHED_S = 1.0, 300.0
_TOKEN_CODES = {"InvalidAuthentication"}
_LEGACY_TOKEN = {33001, 40001, 40014, 42001}
_LEGACY_BUSY = {-1, 90002, 90018, 90019}
_LEGACY_RIGHTS = {50004, 60011, 60020}
# Statuses of a refusal. One without a word of the vendor's comes from a gateway: a fresh token changes nothing.
_REFUSED = {401, 403}
_MEND_KEYS = "check app_key and app_secret of the connection"
# Codes of trouble on their side, whatever the status: says nothing about the record, nor whether a write was done.
_THEIR_TROUBLE = re.compile(r"system|internal|unavailable|busy|time_?out|unknown", re.IGNORECASE)
_NOT_FOUND = re.compile(r"not[ _.]?(found|exist)|inexist", re.IGNORECASE)
_RIGHTS = (
    "grant the app the permission for this interface in the developer console, and list this server's address"
)


@dataclass(frozen=True)
class Call:
    """One request. `op` is its name in errors; the sender adds the token where `needs_token`.

    What is asked and sent may be a credential, and does not print.
    """

    op: str
    method: str
    path: str
    host: Host = "api"
    query: Mapping[str, str] | None = field(default=None, repr=False)
    body: Mapping[str, Any] | None = field(default=None, repr=False)
    is_write: bool = False
    needs_token: bool = True

    @property
    def content(self) -> bytes:
        return b"" if self.body is None else orjson.dumps(self.body)


@dataclass(frozen=True)
class Token:
    """An access token and how long it lives, seconds."""

    value: str = field(repr=False)
    expires_in_s: float


@dataclass(frozen=True)
class Todo:
    """Our to-do as it stands over there."""

    id: str
    subject: str
    description: str
    is_done: bool


def ask_token(app_key: str, app_secret: str, host: Host) -> Call:
    """A token for one host; the new host's is sent as a header, the legacy host's in the query."""
    if host == "legacy":
        query = {"appkey": app_key, "appsecret": app_secret}
        return Call("gettoken", "GET", "/gettoken", "legacy", query=query, needs_token=False)
    body = {"appKey": app_key, "appSecret": app_secret}
    return Call("accessToken", "POST", "/v1.0/oauth2/accessToken", body=body, needs_token=False)


def with_token(call: Call, token: str) -> tuple[dict[str, str], dict[str, str]]:
    """(query, headers) of a call once it carries a token."""
    query, headers = dict(call.query or {}), {"Accept": "application/json"}
    if call.body is not None:
        headers["Content-Type"] = "application/json; charset=utf-8"
    if call.needs_token and call.host == "legacy":
        query["access_token"] = token
    elif call.needs_token:
        headers["x-acs-dingtalk-access-token"] = token
    return query, headers


def list_ids(
    process_code: str,
    start_ms: int,
    end_ms: int | None,
    cursor: str,
    size: int,
    statuses: Sequence[str] = (),
) -> Call:
    """Ids of instances created in a window (milliseconds); no end = up to now. The first cursor is 0."""
    body: dict[str, Any] = {
        "processCode": process_code,
        "startTime": start_ms,
        "nextToken": int(cursor) if cursor.isdigit() else cursor,
        "maxResults": size,
    }
    if end_ms is not None:
        body["endTime"] = end_ms
    if statuses:
        body["statuses"] = list(statuses)
    return Call("list ids", "POST", "/v1.0/workflow/processes/instanceIds/query", body=body)


def read_instance(instance: str) -> Call:
    query = {"processInstanceId": instance}
    return Call("instance", "GET", "/v1.0/workflow/processInstances", query=query)


def add_comment(instance: str, user: str, text: str) -> Call:
    body = {"processInstanceId": instance, "commentUserId": user, "text": text}
    return Call("comment", "POST", "/v1.0/workflow/processInstances/comments", body=body, is_write=True)


def agree(instance: str, task: int, user: str, remark: str) -> Call:
    body = {
        "processInstanceId": instance,
        "taskId": task,
        "actionerUserId": user,
        "result": "agree",
        "remark": remark,
    }
    return Call("agree", "POST", "/v1.0/workflow/processInstances/execute", body=body, is_write=True)


def read_user(user: str) -> Call:
    return Call("user", "POST", "/topapi/v2/user/get", "legacy", body={"userid": user})


def find_todo(union: str, source: str) -> Call:
    path = f"/v1.0/todo/users/{quote(union, safe='')}/tasks/sources/{quote(source, safe='')}"
    return Call("find todo", "GET", path)


def create_todo(union: str, source: str, executor: str, subject: str, description: str) -> Call:
    """`sourceId` is our key: the vendor keeps one to-do per key."""
    body = {
        "sourceId": source,
        "subject": subject,
        "description": description,
        "creatorId": union,
        "executorIds": [executor],
        "isOnlyShowExecutor": True,
        "priority": 20,
    }
    path = f"/v1.0/todo/users/{quote(union, safe='')}/tasks"
    return Call("create todo", "POST", path, query={"operatorId": union}, body=body, is_write=True)


def change_todo(union: str, todo: str, change: Mapping[str, Any]) -> Call:
    """`change`: any of subject, description, executorIds, done."""
    path = f"/v1.0/todo/users/{quote(union, safe='')}/tasks/{quote(todo, safe='')}"
    return Call("change todo", "PUT", path, query={"operatorId": union}, body=dict(change), is_write=True)


def answer(call: Call, status: int, body: bytes) -> dict[str, Any]:
    """The JSON object of a good answer, else the error by what happens next.

    AuthError: the token (or for a token call the credential) is refused, finally so by an answer that is not the
    vendor's. RetryableError: too many calls, no
    effect. RejectedError: this record. ConfigError: a right is missing. WireError (after a write
    UnknownOutcome): not readable.
    """
    try:
        found = json.parse(body, call.op)
    except WireError as error:
        raise _unreadable(call, status, error.message) from error
    if not isinstance(found, dict):
        raise _unreadable(call, status, f"found a {type(found).__name__}, expected an object")
    if "punish" in found:
        raise RetryableError(
            "this address made too many calls and is shut out",
            place=call.op,
            retry_after_s=_PUNISHED_S,
            mend="lower calls_per_second",
        )
    if call.host == "legacy":
        return _legacy(call, status, found)
    code = found.get("code")
    if status >= 400 or (isinstance(code, str) and code and found.get("success") is not True):
        raise _refusal(call, status, str(code or ""), str(found.get("message") or ""))
    if found.get("success") is False:
        raise RejectedError("answered success: false", place=call.op)
    if found.get("errcode") not in (None, 0) or (call.is_write and not _says_yes(found)):
        raise _unreadable(call, status, "found neither success nor a code of this host")
    return found


def _says_yes(found: Mapping[str, Any]) -> bool:
    """An answer to a write that is neither an error nor a yes is believed to be neither."""
    return found.get("result") is not False and (
        found.get("success") is True or bool(found.get("result")) or bool(found.get("id"))
    )


def _refusal(call: Call, status: int, code: str, message: str) -> ConnectorError:
    shown = f"{code or status} {message}".strip()[:200]
    if code in _TOKEN_CODES or (status in _REFUSED and not code):
        return AuthError(shown, place=call.op, mend=_MEND_KEYS)
    if "QpsLimit" in code:
        return RetryableError(shown, place=call.op, retry_after_s=_QPS_WAIT_S)
    if not call.needs_token:
        return AuthError(shown, place=call.op, mend=_MEND_KEYS)
    if status >= 500 or _THEIR_TROUBLE.search(code):
        kind = UnknownOutcome if call.is_write else RetryableError
        return kind(shown, place=call.op)
    if code.startswith("Forbidden"):
        return ConfigError(shown, place=call.op, mend=_RIGHTS)
    return RejectedError(shown, place=call.op)


def _legacy(call: Call, status: int, found: dict[str, Any]) -> dict[str, Any]:
    code = found.get("errcode")
    if not isinstance(code, int):
        raise _unreadable(call, status, "found no errcode")
    if code == 0:
        return found
    shown = f"{code} {found.get('sub_code') or ''} {found.get('sub_msg') or found.get('errmsg') or ''}"[:200]
    if code in _LEGACY_BUSY:
        raise RetryableError(shown, place=call.op, retry_after_s=_QPS_WAIT_S)
    if code in _LEGACY_TOKEN or not call.needs_token:
        raise AuthError(shown, place=call.op, mend=_MEND_KEYS)
    if code in _LEGACY_RIGHTS or (code == 88 and str(found.get("sub_code")) in {"60011", "60020"}):
        raise ConfigError(shown, place=call.op, mend=_RIGHTS)
    raise RejectedError(shown, place=call.op)


def _unreadable(call: Call, status: int, message: str) -> ConnectorError:
    message = f"status {status}, {message}"
    if status in _REFUSED:
        return AuthError(message, place=call.op, mend=_MEND_KEYS, is_final=True)
    if call.is_write:
        return UnknownOutcome(f"sent, but the answer is not readable: {message}", place=call.op)
    return WireError(message, place=call.op)


def is_not_found(error: RejectedError) -> bool:
    """Whether a refusal says that the thing asked for does not exist."""
    return error.message.startswith("404") or bool(_NOT_FOUND.search(error.message))


def token_of(call: Call, found: Mapping[str, Any]) -> Token:
    """`accessToken`/`expireIn` (new) or `access_token`/`expires_in` (legacy). WireError without one."""
    value = found.get("access_token" if call.host == "legacy" else "accessToken")
    life = found.get("expires_in" if call.host == "legacy" else "expireIn")
    if not isinstance(value, str) or not value:
        raise WireError("found no token in the answer", place=call.op)
    return Token(value, float(life) if isinstance(life, int | float) and life > 0 else 7200.0)


def ids_of(found: Mapping[str, Any]) -> tuple[list[str], str | None]:
    """(ids, next cursor); an absent, null or empty cursor is the end."""
    result = found.get("result")
    ids = result.get("list") if isinstance(result, dict) else None
    if not isinstance(result, dict) or (ids is not None and not isinstance(ids, list)):
        raise WireError("found no list of ids", place="list ids")
    cursor = result.get("nextToken")
    if cursor is not None and not isinstance(cursor, int | str):
        raise WireError("found a nextToken that is neither number nor text", place="list ids")
    if ids is None and cursor not in (None, ""):
        raise WireError("found a nextToken without a list", place="list ids")
    return [str(one) for one in ids or []], None if cursor in (None, "") else str(cursor)


def instance_of(ref: str, found: Mapping[str, Any]) -> dict[str, Any]:
    """The instance as delivered. WireError when it has no status, or when its tasks belong to another one."""
    result = found.get("result")
    if not isinstance(result, dict) or not isinstance(result.get("status"), str):
        raise WireError("found no instance with a status", place="instance")
    tasks = result.get("tasks")
    for task in tasks if isinstance(tasks, list) else ():
        owner = task.get("processInstanceId") if isinstance(task, dict) else None
        if owner not in (None, "", ref):
            raise WireError(f"found the detail of {owner}, expected that of {ref}", place="instance")
    return result


def user_of(found: Mapping[str, Any]) -> dict[str, Any]:
    """The user as delivered. WireError when he has no unionid."""
    result = found.get("result")
    if not isinstance(result, dict) or not result.get("unionid"):
        raise WireError("found no unionid", place="user")
    return result


def job_number_of(user: Mapping[str, Any]) -> str | None:
    """The employee number that the organisation keeps of a user, None where it keeps none."""
    found = user.get("job_number")
    return found.strip() or None if isinstance(found, str) else None


def todo_of(found: Mapping[str, Any]) -> Todo | None:
    """The to-do, or None when the answer carries none. `done` absent counts as not ticked."""
    if "id" not in found and isinstance(found.get("result"), dict):
        found = found["result"]
    if not found.get("id"):
        return None
    return Todo(
        str(found["id"]),
        str(found.get("subject") or ""),
        str(found.get("description") or ""),
        found.get("done") is True,
    )
