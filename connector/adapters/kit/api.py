"""A JSON API that is only read: its credential, its calls within the vendor's limits, and what each refusal means.

Never here: a path, a field or a page of any product.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Self
from urllib.parse import parse_qsl, quote_plus, urlencode, urljoin, urlsplit

from pydantic import Field, SecretStr, model_validator

from connector.adapters.contract import Check, Setting
from connector.adapters.kit import json, retry
from connector.adapters.kit.form import HttpForm
from connector.adapters.kit.http import Channel, Request, Response
from connector.adapters.kit.limits import CallBudget, RateLimit
from connector.adapters.kit.network import Endpoint
from connector.adapters.kit.tokens import Token, TokenBox
from connector.errors import AuthError, ConfigError, ConnectorError, RetryableError, WireError

# How a request shows who asks → the options it needs.
_NEEDS = {
    "bearer": ("token",), "header": ("header", "token"), "basic": ("user", "password"),
    "oauth2": ("client_id", "client_secret", "token_path"),
}
_NONE = SecretStr("")


class ApiForm(HttpForm):
    """Where the API stands, how it knows us, and how often it may be asked."""

    base_url: str = Field(description="address of the API, https://host/prefix / 接口地址")
    auth: Literal["bearer", "header", "basic", "oauth2"] = Field(
        default="bearer", description="bearer, header, basic or oauth2 (client credentials) / 认证方式"
    )
    token: SecretStr = Field(default=_NONE, description="bearer, header: the key of the API / 接口令牌")
    header: str = Field(
        default="", pattern=r"^[A-Za-z0-9-]*$", description="header: its name, e.g. X-Api-Key / 请求头名称"
    )
    user: str = Field(default="", description="basic: user / 用户名")
    password: SecretStr = Field(default=_NONE, description="basic: password / 密码")
    client_id: str = Field(default="", description="oauth2: client id / 客户端 ID")
    client_secret: SecretStr = Field(default=_NONE, description="oauth2: client secret / 客户端密钥")
    token_path: str = Field(default="", description="oauth2: path of the token endpoint / 令牌接口路径")
    token_base_url: str = Field(default="", description="oauth2: its host, where it is another one / 令牌接口地址")
    scope: str = Field(default="", description="oauth2: scope, if the API wants one / 授权范围")
    calls_per_second: float = Field(default=5, gt=0, le=1000, description="the vendor's limit / 每秒调用上限")
    calls_per_day: int = Field(default=10_000, ge=1, description="share of the vendor's quota / 每日调用上限")
    timeout_s: float = Field(default=60, gt=0, le=600, description="longest wait for an answer, seconds / 超时（秒）")

    @model_validator(mode="after")
    def _has_a_credential(self) -> Self:
        given = {name: getattr(self, name) for name in _NEEDS[self.auth]}
        lacking = [n for n, v in given.items() if not (v.get_secret_value() if isinstance(v, SecretStr) else v)]
        if lacking:
            raise ValueError(f"`auth: {self.auth}` needs {', '.join(lacking)}")
        return self

    def endpoint(self, base_url: str) -> Endpoint:
        """Where a channel to one of its hosts goes."""
        return Endpoint(base_url, self.network, self.cidrs, self.ca_file, self.pins)


@dataclass(frozen=True)
class Answer:
    """One answer: its JSON, and the path and query of the next page where a Link header names one."""

    document: Any
    next_page: tuple[str, dict[str, str]] | None = None


class ApiSession:
    """Reads of one account. Thread-safe. A credential that was refused is not used again."""

    def __init__(self, form: ApiForm, setting: Setting) -> None:
        self._form, clock = form, setting.clock
        self._channel = Channel(form.endpoint(form.base_url), clock, timeout_s=form.timeout_s)
        other = form.token_base_url
        self._token_channel = (
            Channel(form.endpoint(other), clock, timeout_s=form.timeout_s) if other else self._channel
        )
        self._clock, self._repeats = clock, retry.Budget()
        self._rate = RateLimit(form.calls_per_second, clock)
        self._day = CallBudget(form.calls_per_day, 0, clock, setting.zone)
        self._box: TokenBox[str] = TokenBox(self._fetched, clock, "login", has_one_login=True)

    def get(self, path: str, query: Mapping[str, str]) -> Answer:
        """GET a path. AuthError (401), ConfigError (403, 404: a right or a path), RetryableError, WireError."""

        def once() -> Answer:
            return self._box.use(lambda credential: self._asked(path, query, credential))

        return retry.read(once, self._clock, self._repeats)

    def _asked(self, path: str, query: Mapping[str, str], credential: str) -> Answer:
        name = self._form.header if self._form.auth == "header" else "Authorization"
        headers = {"Accept": "application/json, application/scim+json", name: credential}
        response = self._sent(self._channel, Request("GET", path, query or None, headers))
        place = f"GET /{path.lstrip('/')}"
        _judge(response, place, is_final=self._form.auth != "oauth2")
        return Answer(json.parse(response.body, place), _next_page(response, self._channel.origin.url, path))

    def _sent(self, channel: Channel, request: Request) -> Response:
        self._day.take()
        self._rate.take()
        return channel.send(request)

    def _fetched(self) -> Token[str]:
        """The text of the credential's header; for oauth2 a token of the token endpoint (RFC 6749, 4.4)."""
        form = self._form
        match form.auth:
            case "bearer":
                return Token(f"Bearer {form.token.get_secret_value()}")
            case "header":
                return Token(form.token.get_secret_value())
            case "basic":
                return Token(_basic(form.user, form.password.get_secret_value()))
        place = f"POST /{form.token_path.lstrip('/')}"
        asked = {"grant_type": "client_credentials"} | ({"scope": form.scope} if form.scope else {})
        credential = _basic(quote_plus(form.client_id), quote_plus(form.client_secret.get_secret_value()))
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Authorization": credential}
        request = Request("POST", form.token_path, None, headers, urlencode(asked).encode())
        response = self._sent(self._token_channel, request)
        if response.status == 400:  # RFC 6749, 5.2: how an endpoint may refuse a client as well
            raise AuthError("found status 400, expected a token", place=place, mend=_MEND, is_final=True)
        _judge(response, place, is_final=True)
        found = json.parse(response.body, place)
        if not isinstance(found, dict) or not isinstance(found.get("access_token"), str):
            raise WireError("found no access_token", place=place)
        life = found.get("expires_in")
        return Token(f"Bearer {found['access_token']}", float(life) if isinstance(life, int | float) else None)

    def close(self) -> None:
        """Closes its channels."""
        self._channel.close()
        self._token_channel.close()


_MEND = "check the credential of the connection; it is not used again in this run"


def _basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def _judge(response: Response, place: str, *, is_final: bool) -> None:
    status = response.status
    if status == 401:
        raise AuthError("the credential was refused (401)", place=place, mend=_MEND, is_final=is_final)
    if status == 403:
        raise ConfigError("no right to read this (403)", place=place, mend="give the account the right to read it")
    if status == 404:
        raise ConfigError("nothing is there (404)", place=place, mend="check base_url and path of the connection")
    if status >= 400 or status == 204:
        raise WireError(f"found status {status}, expected an answer", place=place)


def _next_page(response: Response, origin: str, path: str) -> tuple[str, dict[str, str]] | None:
    """The target of `rel=next` (RFC 8288) as path and query. WireError when it leads to another origin."""
    for link in response.headers.get("link", "").split(","):
        target, *parameters = (part.strip() for part in link.split(";"))
        if not any(one.replace('"', "").lower() == "rel=next" for one in parameters):
            continue
        url = urlsplit(urljoin(f"{origin}/{path.lstrip('/')}", target.strip("<>")))
        prefix = urlsplit(origin)
        if (url.scheme, url.netloc) != (prefix.scheme, prefix.netloc) or not url.path.startswith(prefix.path):
            raise WireError("the next page lies at another origin", place=f"GET {path}")
        return url.path.removeprefix(prefix.path), dict(parse_qsl(url.query, keep_blank_values=True))
    return None


def staged(look: Callable[[], Check], texts: str) -> list[Check]:
    """reach, login, permission, fields, as one look at the first page of everything tells them; `look` gives the last.

    `texts`: where the mends are in the catalog: not_reached, bad_login, no_right, later.
    """
    passed = [Check(stage, True) for stage in ("reach", "login", "permission")]
    try:
        return [*passed, look()]
    except AuthError as error:
        return [*passed[:1], Check("login", False, str(error), f"{texts}.mend.bad_login")]
    except ConfigError as error:
        at = 2 if error.place.startswith(("GET /", "POST /")) else 0  # an answer said so; else it is address or trust
        mend = "no_right" if at else "not_reached"
        return [*passed[:at], Check(passed[at].stage, False, str(error), f"{texts}.mend.{mend}")]
    except ConnectorError as error:
        mend = "later" if isinstance(error, RetryableError) and error.retry_after_s else "not_reached"
        return [Check("reach", False, str(error), f"{texts}.mend.{mend}")]
