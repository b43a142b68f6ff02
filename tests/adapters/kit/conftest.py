"""Fixtures of the kit's tests: a clock that tests own, a loopback server that answers given bytes."""

import socket
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest


class FakeClock:
    """Stands still unless told; sleeping moves it on. `ticks` moves it by so much with every look."""

    def __init__(self, ticks: float = 0.0) -> None:
        self.slept: list[float] = []
        self._at, self._ticks = 0.0, ticks

    def now(self) -> datetime:
        return datetime(2026, 7, 31, 4, tzinfo=UTC) + timedelta(seconds=self.monotonic())

    def monotonic(self) -> float:
        self._at += self._ticks
        return self._at

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self._at += seconds


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def ticking_clock() -> FakeClock:
    return FakeClock(ticks=1.0)


class RawServer:
    """Sends `replies` in turn (the last one again and again) to whatever asks; keeps the requests."""

    def __init__(
        self, replies: list[bytes], wrap: Callable[[socket.socket], socket.socket] | None = None
    ) -> None:
        self.requests: list[bytes] = []
        self._replies, self._wrap = replies, wrap
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                plain, _ = self._listener.accept()
            except OSError:
                return
            try:
                with self._wrap(plain) if self._wrap else plain as peer:
                    self._answer(peer)
            except OSError:
                plain.close()

    def _answer(self, peer: socket.socket) -> None:
        peer.settimeout(5)
        asked = b""
        while b"\r\n\r\n" not in asked:
            more = peer.recv(65536)
            if not more:
                return
            asked += more
        self.requests.append(asked)
        reply = self._replies.pop(0) if len(self._replies) > 1 else self._replies[0]
        peer.sendall(reply)

    def stop(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(timeout=5)


@pytest.fixture
def serve() -> Iterator[Callable[..., RawServer]]:
    servers: list[RawServer] = []

    def start(*replies: bytes, wrap: Callable[[socket.socket], socket.socket] | None = None) -> RawServer:
        servers.append(RawServer(list(replies), wrap))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()
