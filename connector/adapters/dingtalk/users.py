"""Users of one organisation, each asked for once: what a to-do needs of him, and which employee he is.

Who is gone from the directory is nobody any more, and is not asked for again. Never here: what a user decides.
"""

from __future__ import annotations

from collections.abc import Mapping

from connector.adapters.dingtalk import wire
from connector.adapters.dingtalk.session import Session
from connector.errors import RejectedError


class Users:
    """The directory as far as it was needed."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._unions: dict[str, str] = {}
        self._numbers: dict[str, str | None] = {}

    def union(self, user: str) -> str:
        """unionId of a userid. RejectedError when the user is gone."""
        if user not in self._unions:
            if not user:
                raise RejectedError("the exit names no originator", place="user")
            found = wire.user_of(self._session.send(wire.read_user(user), is_urgent=True))
            self._unions[user] = str(found["unionid"])
            self._numbers[user] = wire.job_number_of(found)
        return self._unions[user]

    def learn(self, numbers: Mapping[str, str]) -> None:
        """userid → employee number, as an earlier read told it: not asked for, and still true of who has gone since."""
        self._numbers |= numbers

    def number(self, user: str) -> str | None:
        """Employee number of a userid; None when he has none, or is gone."""
        if user not in self._numbers:
            try:
                found = self._session.send(wire.read_user(user)).get("result")
            except RejectedError:
                found = None
            self._numbers[user] = wire.job_number_of(found) if isinstance(found, dict) else None
        return self._numbers[user]
