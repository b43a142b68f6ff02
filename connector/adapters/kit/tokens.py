"""One credential's token or session for all threads: renewed early, given up after two refusals or a final one.

The value is opaque. A credential that the other side refused twice in a row is not used again by this
instance, so that a wrong password never locks an account.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from connector.adapters.contract import Clock
from connector.errors import AuthError

V = TypeVar("V")
R = TypeVar("R")

TRIES = 2  # of one credential in a row, then never again
EARLY_S = 300.0  # renew this long before the end, or after half the life if that is shorter


@dataclass(frozen=True)
class Token(Generic[V]):
    """`expires_in_s` None = until it is refused."""

    value: V = field(repr=False)
    expires_in_s: float | None = None


class TokenBox(Generic[V]):
    """`fetch` asks the other side for a fresh token and raises AuthError when it refuses the credential.

    `has_one_login`: the first refusal of `fetch` is final. A refused token is another thing: it may only be old.
    """

    def __init__(
        self, fetch: Callable[[], Token[V]], clock: Clock, place: str = "", *, has_one_login: bool = False
    ) -> None:
        self._fetch, self._clock, self._place = fetch, clock, place
        self._weight = TRIES if has_one_login else 1  # of one refused login
        self._lock = threading.Lock()
        self._held: Token[V] | None = None
        self._renew_at = float("inf")
        self._refusals = 0
        self._refusal: AuthError | None = None

    def get(self) -> V:
        """The token, fetched if there is none or it nears its end. AuthError once it is given up."""
        with self._lock:
            self._check()
            if self._held is None or self._clock.monotonic() >= self._renew_at:
                self._held = self._fetched()
            return self._held.value

    def drop(self, value: V, error: AuthError | None = None) -> None:
        """The other side refused this token. Only the token still held counts: late echoes change nothing."""
        with self._lock:
            if self._held is not None and self._held.value == value:
                self._held = None
                self._count(error)

    def give_up(self, error: AuthError) -> None:
        """The other side refused the credential itself, not a token that may be old: it is not used again."""
        with self._lock:
            self._count(error, TRIES)

    def confirm(self, value: V) -> None:
        """The token was accepted: earlier refusals are forgotten, unless it is already given up."""
        with self._lock:
            if self._held is not None and self._held.value == value and self._refusals < TRIES:
                self._refusals = 0

    def use(self, call: Callable[[V], R]) -> R:
        """`call(token)`; on AuthError once more with a fresh token, unless that refusal is final; the second in a
        row is."""
        value = self.get()
        try:
            result = call(value)
        except AuthError as error:
            self.drop(value, error)
            value = self.get()
            try:
                result = call(value)
            except AuthError as again:
                self.drop(value, again)
                raise
        self.confirm(value)
        return result

    def _check(self) -> None:
        if self._refusals >= TRIES:
            known = self._refusal
            raise AuthError(
                known.message if known else "the credential was refused",
                place=(known.place if known else "") or self._place,
                mend=(known.mend if known else "") or "mend the credential of the connection",
            )

    def _fetched(self) -> Token[V]:
        try:
            token = self._fetch()
        except AuthError as error:
            self._held = None
            self._count(error, self._weight)
            raise
        life = token.expires_in_s
        use_s = float("inf") if life is None else max(life - EARLY_S, life / 2)
        self._renew_at = self._clock.monotonic() + use_s
        return token

    def _count(self, error: AuthError | None, weight: int = 1) -> None:
        self._refusals += TRIES if error is not None and error.is_final else weight
        self._refusal = error or self._refusal
