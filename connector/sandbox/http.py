"""One request and one answer of HTTP as plain values: what a stand-in is a function between.

Promises: nothing but what stood on the wire; header names in any case. Never here: a socket.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import unquote


class Headers(dict[str, str]):
    """Header values by name in any case; a header that came twice is joined by a comma."""

    def __init__(self, pairs: Iterable[tuple[str, str]] | Mapping[str, str] = ()) -> None:
        super().__init__()
        for name, value in pairs.items() if isinstance(pairs, Mapping) else pairs:
            known = self.get(name)
            self[name] = value if known is None else f"{known}, {value}"

    def __setitem__(self, name: str, value: str) -> None:
        super().__setitem__(name.lower(), value)

    def __getitem__(self, name: str) -> str:
        return super().__getitem__(name.lower())

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and super().__contains__(name.lower())

    def get(self, name: str, default: str | None = None) -> str | None:  # type: ignore[override]
        """The value of a header, or `default`."""
        return super().get(name.lower(), default)


@dataclass(frozen=True)
class Request:
    """One request. `path` is as it stood on the wire (still percent-encoded), without the query text."""

    method: str
    path: str
    query: str = ""
    headers: Headers = field(default_factory=Headers)
    body: bytes = b""

    @property
    def cookies(self) -> dict[str, str]:
        """The cookies by name."""
        pairs = (part.partition("=") for part in (self.headers.get("Cookie") or "").split(";"))
        return {name.strip(): unquote(value.strip()) for name, sign, value in pairs if sign}


@dataclass(frozen=True)
class Response:
    """One answer. Content-Length is added by the host."""

    status: int = 200
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""


class StandIn(Protocol):
    """A product as a function. It may also offer what the chaos knobs ask for (see `faults`):
    `error_200(request, args) -> Response` and `lose_session(request) -> Response`."""

    def respond(self, request: Request) -> Response:
        """Answer one request; called by several threads at a time."""
        ...

    def describe(self) -> dict[str, object]:
        """What a client needs to log in, without addresses."""
        ...
