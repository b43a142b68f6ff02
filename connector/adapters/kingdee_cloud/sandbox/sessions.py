"""Who may call: sessions, the two signatures of a request, and the logins.

Promises (as live-tested on one deployment): a session that is known is served without a look at credentials; an
unknown one makes the server check the signatures, and a right one gets a new session without noticing; a wrong
one gets MsgCode 1 and a session id that is worth nothing. Signatures are computed here from the protocol's
text. Never here: a real credential; those of the stand-in are made from the company's name.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import orjson

from connector.adapters.kingdee_cloud.sandbox.answers import CONTEXT_LOST, SESSION_LOST, PlainAnswer, Refusal
from connector.adapters.kingdee_cloud.sandbox.calls import Call
from connector.adapters.kingdee_cloud.sandbox.switches import Switches
from connector.sandbox.http import Request

# The vendor's constant that turns the second part of an app id into the client's secret.
_MASK = b"0054f397c6234378b09ca7d3e5debce7"
# A session that nobody used for so long is forgotten, seconds (30 to 90 minutes were seen).
IDLE_S = 3600.0
# A client that never sends its cookie opens one with every request; the eldest goes.
MOST_SESSIONS = 5000
# After so many wrong passwords the user is shut out for so long, seconds.
WRONG_LOGINS, LOCKED_S = 5, 1800.0
# A signed login older or younger than this is refused, seconds: the window of the vendor's gateway.
STALE_S = 300.0
LANGUAGES = ("2052", "1033", "3076")
COOKIE = "kdservice-sessionid"


@dataclass(frozen=True)
class Credentials:
    """What a client needs. Made up, and the same for the same company."""

    acct_id: str
    username: str
    password: str
    app_id: str
    app_secret: str
    lcid: int = 2052
    org_num: int = 100

    @classmethod
    def of(cls, company: str) -> Credentials:
        """Credentials from a company's name."""
        seed = hashlib.sha512(f"made-up Kingdee account of {company}".encode()).hexdigest()
        key = base64.b64encode(bytes.fromhex(seed[:48])).decode()
        client = str(200_000 + int(seed[:6], 16) % 100_000)
        return cls(seed[-14:], "connector", seed[48:64], f"{client}_{key}", seed[64:96])


class Sessions:
    """The sessions of one server. `wall` ticks in seconds, `epoch` tells the unix time of the server's clock."""

    def __init__(
        self, credentials: Credentials, has_limits: bool, wall: Callable[[], float] = time.monotonic,
        epoch: Callable[[], float] = time.time, switches: Switches | None = None,
    ) -> None:
        self._own = credentials
        self._has_limits = has_limits
        self._wall, self._epoch = wall, epoch
        self._switches = switches or Switches()
        self._live: dict[str, float] = {}
        self._wrong = 0
        self._locked_until = 0.0
        self._lock = threading.Lock()

    def admit(self, request: Request) -> str:
        """The session that a data call runs in. Refusal or PlainAnswer when it may not run."""
        if self._switches.has_gateway:
            self._pass_gateway(request)
        given = request.headers.get(COOKIE) or request.cookies.get(COOKIE) or ""
        if given and self._touch(given):
            return given
        self._check_signatures(request)
        return self._open()

    def login(self, call: Call) -> tuple[dict[str, Any], str]:
        """Answer of ValidateUser, LoginByAppSecret or LoginBySign, and the session; "" when it failed."""
        own, fields = self._own, call.fields
        if self._wall() < self._locked_until:
            return _login_answer(0, "输入密码错误次数超限，用户已被锁定，请30分钟后再试"), ""
        if str(fields.get("acctid")) != own.acct_id:
            return _login_answer(0, "数据中心不存在或" + SESSION_LOST), ""
        if call.service != "validateuser" and not self._switches.is_app_enabled:
            said = f"第三方应用：{own.app_id} 不允许用户{own.username} 登录，请联系系统管理员添加！"
            return _login_answer(0, said), ""
        if not self._knows(call) or str(fields.get("lcid") or own.lcid) not in LANGUAGES:
            self._count_wrong()
            return _login_answer(0, "用户名或密码错误", _WRONG_SIGN if call.service == "loginbysign" else ""), ""
        self._wrong = 0
        session = self._open()
        return _login_answer(1, None) | {"KDSVCSessionId": session, "Context": self._context(session)}, session

    def forget(self, request: Request) -> bool:
        """Logout: whether there was a session to end."""
        with self._lock:
            given = request.headers.get(COOKIE) or request.cookies.get(COOKIE) or ""
            return self._live.pop(given, None) is not None

    def forget_all(self) -> None:
        """What a restart of the server does."""
        with self._lock:
            self._live.clear()

    def _open(self) -> str:
        session = str(uuid.uuid4())
        with self._lock:
            self._live[session] = self._wall()
            if len(self._live) > MOST_SESSIONS:
                self._live.pop(next(iter(self._live)))
        return session

    def _touch(self, session: str) -> bool:
        with self._lock:
            now = self._wall()
            if now - self._live.get(session, now - IDLE_S) >= IDLE_S:
                self._live.pop(session, None)
                return False
            self._live[session] = now
            return True

    def _check_signatures(self, request: Request) -> None:
        own, headers = self._own, request.headers
        if not headers.get("X-Kd-Appdata"):
            raise Refusal(CONTEXT_LOST, SESSION_LOST)
        if not self._switches.is_app_enabled:
            raise Refusal(CONTEXT_LOST, SESSION_LOST)
        plain = _decoded(headers.get("X-Kd-Appdata") or "")
        parts = plain.split(",")
        if parts[0] != own.acct_id:
            raise PlainAnswer(500, "Fail to verify thirty passport")
        app_id = headers.get("X-Kd-Appkey") or ""
        right = (
            len(parts) == 4
            and parts[1] == own.username
            and parts[2] in LANGUAGES
            and app_id == own.app_id
            and same(headers.get("X-Kd-Signature"), sign(own.app_secret, app_id + plain))
            and (not self._switches.checks_client or self._is_client(request))
        )
        if not right:
            raise Refusal(CONTEXT_LOST, SESSION_LOST)

    def _is_client(self, request: Request) -> bool:
        """Whether the X-Api-* headers are those of the application's client."""
        own, headers = self._own, request.headers
        asked = f"{request.path}?{request.query}" if request.query else request.path
        return headers.get("X-Api-ClientID") == own.app_id.split("_")[0] and same(
            headers.get("X-Api-Signature"), sign(client_secret(own.app_id), text_to_sign(asked, request))
        )

    def _pass_gateway(self, request: Request) -> None:
        """The vendor's gateway: status 519 for a call without a client, or of another time than now."""
        if not request.headers.get("X-Api-ClientID"):
            raise PlainAnswer(519, _gateway_says(4002, "appid is empty", "应用ID为空"))
        stamp = request.headers.get("x-api-timestamp") or ""
        # Seconds, or milliseconds as the vendor's Java SDK sends them.
        seconds = int(stamp) / (1000 if len(stamp) > 10 else 1) if stamp.isdecimal() else 0.0
        if abs(seconds - self._epoch()) > STALE_S:
            raise PlainAnswer(519, _gateway_says(4006, "timestamp is out of range", "时间戳超出允许范围"))

    def _knows(self, call: Call) -> bool:
        own, fields = self._own, {name: str(value) for name, value in call.fields.items()}
        if fields.get("username") != own.username:
            return False
        if call.service == "loginbyappsecret":
            return fields.get("appid") == own.app_id and same(fields.get("appsecret"), own.app_secret)
        if call.service == "loginbysign":
            stamp = fields.get("timestamp", "")
            is_fresh = stamp.isdecimal() and abs(int(stamp) - self._epoch()) <= STALE_S
            joined = "".join(sorted((own.acct_id, own.username, own.app_id, own.app_secret, stamp)))
            right = hashlib.new("sha1" if self._switches.is_old else "sha256", joined.encode()).hexdigest()
            return is_fresh and fields.get("appid") == own.app_id and same(fields.get("sign"), right)
        return same(fields.get("password"), own.password)

    def _count_wrong(self) -> None:
        self._wrong += 1
        if self._has_limits and self._wrong >= WRONG_LOGINS:
            self._wrong, self._locked_until = 0, self._wall() + LOCKED_S

    def _context(self, session: str) -> dict[str, Any]:
        own = self._own
        organisation = {"ID": 1, "AcctOrgType": "1", "Name": "总公司", "FunctionIds": [101, 104]}
        return {
            "UserLocale": "zh-CN", "LogLocale": "zh-CN", "DBid": own.acct_id, "DatabaseType": 3,
            "SessionId": session, "UserName": own.username, "UserId": 100_008, "CustomName": "",
            "DisplayVersion": "8.2.0", "DataCenterName": "demo", "IsDeployAsPublicCloud": False,
            "CurrentOrganizationInfo": organisation,
        }  # fmt: skip


_WRONG_SIGN = "002005000003016"


def cookies_of(session: str) -> list[str]:
    """The two cookies that every answer of a session sets; a failed one gets an id that is worth nothing."""
    session = session or str(uuid.uuid4())
    short = hashlib.sha256(session.encode()).hexdigest()[:24]
    return [
        f"ASP.NET_SessionId={short}; path=/; HttpOnly; SameSite=Lax",
        f"{COOKIE}={session}; path=/; HttpOnly",
    ]


def sign(key: str, message: str) -> str:
    """Kingdee's signature: base64 of the lower-case hex text of HMAC-SHA256."""
    digest = hmac.new(key.encode(), message.encode(), hashlib.sha256).hexdigest()
    return base64.b64encode(digest.encode()).decode()


def client_secret(app_id: str) -> str:
    """The client's secret: the 24 bytes behind the app id's second part, each mixed with the vendor's constant."""
    _, _, part = app_id.partition("_")
    if app_id.count("_") != 1 or len(part) != 32:
        return ""
    mixed = bytes(one ^ mask for one, mask in zip(base64.b64decode(part), _MASK, strict=False))
    return base64.b64encode(mixed).decode()


def text_to_sign(asked: str, request: Request) -> str:
    """What X-Api-Signature signs: method, path with every slash as %2F, an empty line, nonce, timestamp."""
    nonce, stamp = request.headers.get("x-api-nonce") or "", request.headers.get("x-api-timestamp") or ""
    return f"POST\n{quote(asked, safe='')}\n\nx-api-nonce:{nonce}\nx-api-timestamp:{stamp}\n"


def same(given: str | None, right: str) -> bool:
    """Whether two secrets are the same, in a time that tells nothing."""
    return hmac.compare_digest((given or "").encode(), right.encode())


def _decoded(value: str) -> str:
    try:
        return base64.b64decode(value, validate=True).decode()
    except ValueError:
        return ""


def _gateway_says(code: int, text: str, chinese: str) -> str:
    return orjson.dumps({"errcode": code, "description": text, "description_cn": chinese}).decode()


def _login_answer(result: int, message: str | None, code: str = "") -> dict[str, Any]:
    return {
        "Message": message, "MessageCode": code or ("CheckPasswordPolicy" if result == 1 else ""),
        "LoginResultType": result, "Context": None, "KDSVCSessionId": "", "FormId": None,
        "RedirectFormParam": None, "FormInputObject": None, "ErrorStackTrace": None, "Lcid": 0,
        "AccessToken": None, "CustomParam": {}, "KdAccessResult": None, "IsSuccessByAPI": result == 1,
    }  # fmt: skip
