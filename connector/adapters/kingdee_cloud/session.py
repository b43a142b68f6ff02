"""One account's calls: the credential is put on, sessions are renewed, refusals counted, repeats limited.

What a body says and what an answer means is decided elsewhere; no row and no mark is looked at here.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

import polars as pl

from connector.adapters.contract import Clock
from connector.adapters.kingdee_cloud import sign, wire
from connector.adapters.kingdee_cloud.answers import JUDGED
from connector.adapters.kingdee_cloud.connection import KingdeeForm
from connector.adapters.kit import retry
from connector.adapters.kit.http import Channel, Request, Response
from connector.adapters.kit.tokens import Token, TokenBox
from connector.errors import AuthError

T = TypeVar("T")


class Jar:
    """Cookies of one session over there. Threads may share it."""

    def __init__(self, cookies: dict[str, str] | None = None) -> None:
        self._cookies = dict(cookies or {})
        self._lock = threading.Lock()

    def keep(self, response: Response) -> None:
        with self._lock:
            self._cookies |= response.cookies

    def headers(self) -> dict[str, str]:
        """The session as cookie and as header: some versions read one, some the other."""
        with self._lock:
            if not self._cookies:
                return {}
            found = {"Cookie": "; ".join(f"{name}={value}" for name, value in self._cookies.items())}
            if session := self._cookies.get(wire.SESSION):
                found[wire.SESSION] = session
            return found


class Session:
    """Signed or logged-in calls over one channel. Begins with an empty jar. Thread-safe."""

    def __init__(self, form: KingdeeForm, channel: Channel, clock: Clock) -> None:
        self._form, self._channel, self._clock = form, channel, clock
        self._budget = retry.Budget()
        # A refused login is not tried again: five of them lock the user, and other programs may be using him.
        self._box: TokenBox[Jar] = TokenBox(self._begun, clock, "kingdee_cloud login", has_one_login=True)
        secret = form.app_secret.get_secret_value()
        self._credential = sign.Credential(
            form.acct_id, form.username, form.app_id, secret, form.lcid, form.org_num
        )

    def call(self, service: str, body: bytes, read: Callable[[Response], T], *, is_write: bool = False) -> T:
        """POST a body, read the answer. A lost session is renewed once; a refused credential is final at once.
        What may be made again is made again within the budget; an unknown outcome is raised."""
        again = retry.write if is_write else retry.read

        def served(jar: Jar) -> T:
            is_fresh = not jar.headers()
            try:
                return read(self._sent(service, body, jar, is_write=is_write))
            except AuthError as error:
                if is_fresh:  # no session was named that could be old: the signature was looked at
                    self._box.give_up(error)
                raise

        return again(lambda: self._box.use(served), self._clock, self._budget)

    def rows(self, query: wire.Query) -> pl.DataFrame:
        """Rows of one query, all columns text."""
        return self.call(wire.QUERY, wire.query_body(query), lambda response: wire.read_rows(response, query))

    def _sent(self, service: str, body: bytes, jar: Jar, *, is_write: bool) -> Response:
        headers = {"Content-Type": "application/json", **jar.headers()}
        if self._form.auth == "signature":
            path = f"{self._channel.origin.path}/{service}"
            headers |= sign.headers(self._credential, path, self._clock.now())
        request = Request("POST", service, None, headers, body, is_write, JUDGED)
        response = self._channel.send(request)
        jar.keep(response)
        return response

    def _begun(self) -> Token[Jar]:
        """An empty jar for signed calls (the server opens a session by itself), else a login."""
        if self._form.auth == "signature":
            return Token(Jar())
        service, body = self._login()
        request = Request("POST", service, None, {"Content-Type": "application/json"}, body, judged=JUDGED)
        place = f"kingdee_cloud {service.split('.')[-3]}"
        return Token(Jar(wire.read_login(self._channel.send(request), place)))

    def _login(self) -> tuple[str, bytes]:
        """Service and body of the login that the connection asks for."""
        own, password = self._credential, self._form.password.get_secret_value()
        if self._form.auth == "password":
            return wire.VALIDATE_USER, wire.login_body(own.acct_id, own.username, password, own.lcid)
        who = (own.acct_id, own.username, own.app_id)
        if self._form.auth == "login_by_app_secret":
            return wire.LOGIN_BY_APP_SECRET, wire.login_body(*who, own.app_secret, own.lcid)
        stamp = int(self._clock.now().timestamp())
        signed = sign.login_sign(own, stamp, self._form.sign_hash)
        return wire.LOGIN_BY_SIGN, wire.login_body(*who, stamp, signed, own.lcid)
