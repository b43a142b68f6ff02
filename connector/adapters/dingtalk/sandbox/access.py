"""Who may call and how often: the app's credential, tokens, calls a second, calls a day and month.

Promises: a token lives 7,200 s of wall clock; the same one is given out again while it has a while to live;
more than 20 calls a second of one operation are refused and not counted. Never here: a real credential; those
of the stand-in are made from the company's name.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from connector.adapters.dingtalk.sandbox.answers import Refusal

TOKEN_LIFE_S = 7200.0
# A token with less to live than this is not given out again, seconds.
_WORTH_GIVING_S = 600.0
# Calls a second of one operation in the standard edition.
CALLS_A_SECOND = 20


@dataclass(frozen=True)
class Credential:
    """What a client needs to log in. Made up, and the same for the same company."""

    app_key: str
    app_secret: str
    agent_id: int

    @classmethod
    def of(cls, company: str) -> Credential:
        """The credential of a company by its name."""
        seed = hashlib.sha512(f"made-up DingTalk app of {company}".encode()).hexdigest()
        return cls("ding" + seed[:16], seed[16:80], 1_000_000_000 + int(seed[80:88], 16) % 1_000_000_000)


class Tokens:
    """The access tokens of one app. One token serves both hosts. `wall` ticks in seconds."""

    def __init__(self, credential: Credential, wall: Callable[[], float]) -> None:
        self._own = credential
        self._wall = wall
        self._ends: dict[str, float] = {}
        self._newest = ""

    def issue(self, app_key: object, app_secret: object) -> tuple[str, int]:
        """(token, seconds it lives). Refusal for a wrong credential."""
        right = hmac.compare_digest(str(app_key).encode(), self._own.app_key.encode())
        if not right or not hmac.compare_digest(str(app_secret).encode(), self._own.app_secret.encode()):
            raise Refusal("invalidClientIdOrSecret", "无效的clientId或者clientSecret", errcode=40096)
        now = self._wall()
        if self._ends.get(self._newest, now) - now < _WORTH_GIVING_S:
            self._newest = secrets.token_hex(16)
            self._ends[self._newest] = now + TOKEN_LIFE_S
        return self._newest, int(self._ends[self._newest] - now)

    def check(self, token: str) -> None:
        """Refusal for a token that was never given out, or lives no more."""
        end = self._ends.get(token)
        if end is None:
            raise Refusal("InvalidAuthentication", "不合法的access_token", 401, 40014)
        if self._wall() >= end:
            raise Refusal("InvalidAuthentication", "access_token已过期", 401, 42001)

    def forget_all(self) -> None:
        """Every token so far is worth nothing any more."""
        self._ends.clear()


class Meter:
    """Counts the calls. `calls`: ISO day ("2026-07-31") and month ("2026-07") → calls that were admitted."""

    def __init__(self, has_limits: bool, wall: Callable[[], float]) -> None:
        self.calls: Counter[str] = Counter()
        self._has_limits = has_limits
        self._wall = wall
        self._recent: dict[str, deque[float]] = {}

    def take(self, op: str, today: date) -> None:
        """Count one call of an operation. Refusal when it is one too many within a second."""
        now = self._wall()
        recent = self._recent.setdefault(op, deque(maxlen=CALLS_A_SECOND))
        if self._has_limits and len(recent) == CALLS_A_SECOND and now - recent[0] < 1.0:
            code = "Forbidden.AccessDenied.QpsLimitForApi"
            raise Refusal(code, "钉钉开放平台接口调用超过限频", 403, 90018)
        recent.append(now)
        self.calls[today.isoformat()] += 1
        self.calls[f"{today:%Y-%m}"] += 1
