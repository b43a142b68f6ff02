"""Calls to one organisation: token, rate, the day's budget and polite repeats around every one of them.

Nothing here knows what a call is for, except whether it may use the share of the day that is kept for exits.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, tzinfo
from typing import Any

from connector.adapters.contract import Clock
from connector.adapters.dingtalk import wire
from connector.adapters.dingtalk.connection import DingTalkForm
from connector.adapters.kit import retry
from connector.adapters.kit.http import Channel, Request, http_date
from connector.adapters.kit.limits import CallBudget, RateLimit
from connector.adapters.kit.tokens import Token, TokenBox

# Share of the day's calls that only exits and writes may use.
EXIT_SHARE = 0.1


def open_channels(form: DingTalkForm, clock: Clock) -> dict[wire.Host, Channel]:
    """One channel for each of the two hosts."""
    urls: dict[wire.Host, str] = {"api": form.base_url, "legacy": form.legacy_base_url}
    return {host: Channel(form.endpoint(url), clock) for host, url in urls.items()}


class Session:
    """Thread-safe. One token for each host (that one serves both is not proven)."""

    def __init__(
        self, form: DingTalkForm, clock: Clock, zone: tzinfo, channels: Mapping[wire.Host, Channel]
    ) -> None:
        self._form, self._clock, self._channels = form, clock, channels
        self._rate = RateLimit(form.calls_per_second, clock)
        reserve = int(form.calls_per_day * EXIT_SHARE)
        self._day = CallBudget(form.calls_per_day, reserve, clock, zone)
        self._repeats = retry.Budget()
        self._boxes: dict[wire.Host, TokenBox[str]] = {
            "api": TokenBox(lambda: self._fetch_token("api"), clock, "accessToken"),
            "legacy": TokenBox(lambda: self._fetch_token("legacy"), clock, "gettoken"),
        }
        self.server_time: tuple[datetime, datetime] | None = None  # (theirs, ours) at the last answer

    @property
    def calls_left(self) -> int:
        """Calls of today that need no share kept for exits."""
        return self._day.left

    def send(self, call: wire.Call, *, is_urgent: bool = False) -> dict[str, Any]:
        """The answer of a call. Errors as `wire.answer` and the channel say; a refused token is renewed."""
        box = self._boxes[call.host]
        once = retry.write if call.is_write else retry.read
        return once(
            lambda: box.use(lambda token: self._exchange(call, token, is_urgent or call.is_write)),
            self._clock,
            self._repeats,
        )

    def _exchange(self, call: wire.Call, token: str, is_urgent: bool) -> dict[str, Any]:
        self._day.take(is_urgent=is_urgent)
        self._rate.take()
        query, headers = wire.with_token(call, token)
        response = self._channels[call.host].send(
            Request(
                call.method,
                call.path,
                query=query or None,
                headers=headers,
                body=call.content,
                is_write=call.is_write,
            )
        )
        theirs = http_date(response.headers.get("date", ""))
        if theirs is not None:
            self.server_time = (theirs, self._clock.now())
        return wire.answer(call, response.status, response.body)

    def _fetch_token(self, host: wire.Host) -> Token[str]:
        call = wire.ask_token(self._form.app_key, self._form.app_secret.get_secret_value(), host)
        found = wire.token_of(call, self._exchange(call, "", True))
        return Token(found.value, found.expires_in_s)

    def close(self) -> None:
        """Closes both channels."""
        for channel in self._channels.values():
            channel.close()
