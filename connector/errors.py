"""Every error of the product, grouped by what happens next.

    ConnectorError
    ├── UsageError        the caller asked for something that cannot be: exit code 2
    ├── StateError        what was asked for cannot be done as things stand: exit code 1
    ├── ConfigError       an admin mends a setting; the connection rests
    │   └── AuthError     an admin mends a credential; nothing is tried again with it
    ├── RetryableError    the same call may be made again (a read, or a write that surely did not land)
    ├── UnknownOutcome    a write may have landed: read back before anything else
    ├── RejectedError     the other side refused this one record; the rest goes on
    ├── WireError         the answer is not what the protocol says: the pull stops, marked incomplete
    ├── StoreError        our own store cannot be read or written: nothing is sent
    │   └── BusyError     another run of this company is at work: nothing is begun
    ├── RuleError         a rule book is wrong; names the line, the column and what is known
    └── BrakeError        more would change than may change without a named approval

An error says the place, what was found, what was expected and how to mend it. Nothing secret enters an error.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType


class ConnectorError(Exception):
    """Base of all. `place` names where (system, stream, file, row); `mend` says what a person can do.

    An error that the text catalog knows has a `code` (`files.fault.empty`, its mend beside it as `files.mend.empty`)
    and the `facts` that fill both: a door says it in the reader's language.
    """

    code: str = ""
    facts: Mapping[str, object] = MappingProxyType({})

    def __init__(self, message: str, *, place: str = "", mend: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.place = place
        self.mend = mend

    def __str__(self) -> str:
        parts = [f"{self.place}: {self.message}" if self.place else self.message]
        if self.mend:
            parts.append(f"→ {self.mend}")
        return " ".join(parts)

    @property
    def record(self) -> str:
        """One line to keep: the code with place and facts, else the kind of the error and its words."""
        if not self.code:
            return f"{type(self).__name__}: {self}"
        return f"{self.code}: {json.dumps({'place': self.place, **self.facts}, ensure_ascii=False, default=str)}"


class UsageError(ConnectorError):
    """The caller asked for something that cannot be."""


class StateError(ConnectorError):
    """What was asked for cannot be done as things stand; `mend` says what has to come first."""


class ConfigError(ConnectorError):
    """A setting is missing or wrong."""


class AuthError(ConfigError):
    """The other side does not accept the credential. Never tried again with the same credential.

    `is_final`: not even with a fresh token or session of it.
    """

    def __init__(self, message: str, *, place: str = "", mend: str = "", is_final: bool = False) -> None:
        super().__init__(message, place=place, mend=mend)
        self.is_final = is_final


class RetryableError(ConnectorError):
    """The call had no effect and may be made again, not before `retry_after_s` seconds."""

    def __init__(
        self, message: str, *, place: str = "", mend: str = "", retry_after_s: float | None = None
    ) -> None:
        super().__init__(message, place=place, mend=mend)
        self.retry_after_s = retry_after_s


class UnknownOutcome(ConnectorError):
    """A write went out and no readable answer came: it may have landed."""


class RejectedError(ConnectorError):
    """The other side refused this record for a reason of its business; trying again would not help."""


class WireError(ConnectorError):
    """The answer does not follow the protocol (wrong shape, cut short, too large, a repeated page)."""


class StoreError(ConnectorError):
    """Our own store cannot be read or written."""


class BusyError(StoreError):
    """Another run of this company holds the right to run."""


class RuleError(ConnectorError):
    """A rule book cannot be used."""


class BrakeError(ConnectorError):
    """A group of actions is over its limit and has no approval."""
