"""Stand-ins for the doors of two database servers: they speak as far as the password, refuse it, and keep it."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator

import pytest
import trustme

Hear = Callable[[bytes], None]
Talk = Callable[[socket.socket, Hear], None]


class Door:
    """Lets every caller talk, one after the other; `heard` is what came after the greeting, in clear."""

    def __init__(self, talk: Talk) -> None:
        self.heard: list[bytes] = []
        self._talk, self._listener = talk, socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                peer, _ = self._listener.accept()
            except OSError:
                return
            try:
                with peer:
                    peer.settimeout(5)
                    self._talk(peer, self._hear)
            except OSError:  # the caller hung up, as he should on a bad certificate
                continue

    def _hear(self, said: bytes) -> None:
        if said:
            self.heard.append(said)

    def stop(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(timeout=5)


def postgresql(tls: ssl.SSLContext | None) -> Talk:
    """PostgreSQL protocol 3.0: asked for TLS, says S or N; refuses whoever starts a session."""

    def talk(peer: socket.socket, hear: Hear) -> None:
        peer.recv(8)
        peer.sendall(b"S" if tls else b"N")
        with tls.wrap_socket(peer, server_side=True) if tls else peer.dup() as line:
            hear(line.recv(4096))
            fields = b"SFATAL\0C28P01\0Mpassword authentication failed\0\0"
            line.sendall(b"E" + (len(fields) + 4).to_bytes(4, "big") + fields)

    return talk


def mysql(tls: ssl.SSLContext | None) -> Talk:
    """MySQL protocol 10: greets, with or without the TLS flag; refuses whoever logs in."""
    flags = 1 | 8 | 512 | 32768 | 1 << 19 | (2048 if tls else 0)
    low, high = flags.to_bytes(4, "little")[:2], flags.to_bytes(4, "little")[2:]
    greeting = b"\x0a11.4.2-MariaDB\0" + b"\1\0\0\0" + b"s" * 8 + b"\0" + low + b"\x2d\2\0" + high + b"\x15"
    greeting += bytes(10) + b"s" * 12 + b"\0mysql_native_password\0"
    refusal = b"\xff" + (1045).to_bytes(2, "little") + b"#28000Access denied for user 'reader'"

    def packet(number: int, payload: bytes) -> bytes:
        return len(payload).to_bytes(3, "little") + bytes([number]) + payload

    def talk(peer: socket.socket, hear: Hear) -> None:
        peer.sendall(packet(0, greeting))
        if tls:
            peer.recv(36)
        with tls.wrap_socket(peer, server_side=True) if tls else peer.dup() as line:
            hear(line.recv(4096))
            line.sendall(packet(3 if tls else 2, refusal))

    return talk


DOORS = {"postgresql": postgresql, "mysql": mysql}


@pytest.fixture(params=DOORS)
def product(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def open_door(product: str) -> Iterator[Callable[[trustme.LeafCert | None], Door]]:
    doors: list[Door] = []

    def start(leaf: trustme.LeafCert | None) -> Door:
        context = None
        if leaf is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            leaf.configure_cert(context)
        doors.append(Door(DOORS[product](context)))
        return doors[-1]

    yield start
    for door in doors:
        door.stop()
