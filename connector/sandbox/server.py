"""Stand-ins on real ports of this machine: HTTP/1.1 with connections that are kept, chaos in front of them.

Promises: listens on 127.0.0.1 only; what stood on the wire reaches a stand-in unchanged; `close` ends every
thread it started. Never here: what a product answers.
"""

from __future__ import annotations

import shutil
import socket
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from connector.errors import UsageError
from connector.sandbox.control import Control
from connector.sandbox.delivery import Delivery, Front
from connector.sandbox.faults import Chaos
from connector.sandbox.hr import TABLES as HR_TABLES
from connector.sandbox.hr import write_hr
from connector.sandbox.http import Headers, Request, Response, StandIn
from connector.sandbox.world import World

HOST = "127.0.0.1"
# Bytes of a request body that are taken: attachments come in parts of some megabytes.
LARGEST_BODY = 64 * 1024 * 1024
# system → its addresses: key of the description, path below the port.
ADDRESSES: dict[str, tuple[tuple[str, str], ...]] = {
    "kingdee": (("base_url", "/k3cloud/"),),
    "dingtalk": (("base_url", ""), ("legacy_base_url", "")),
}


class Sandbox:
    """Stand-ins that listen, a control server, and the HR file. Also a context manager."""

    def __init__(self, world: World, standins: Mapping[str, StandIn], chaos: Chaos, hr_url: str) -> None:
        self.world = world
        self.chaos = chaos
        self.fronts = [Front(name, standin, world, chaos) for name, standin in standins.items()]
        self._closing = threading.Event()
        self._ports: list[_Port] = []
        self._hr_file = None if hr_url else Path(tempfile.mkdtemp(prefix="connector-hr-"), "hr.sqlite")
        self.hr_url = hr_url if self._hr_file is None else f"sqlite:///{self._hr_file.as_posix()}"
        self._write_hr()
        world.watch(lambda tables: self._write_hr() if tables & set(HR_TABLES) else None)

    def listen(self, port_base: int) -> None:
        """Open the ports: the stand-ins in their order, then the control server."""
        control = Control(self.world, self.chaos, self.fronts, self._write_hr)
        answers: list[Callable[[Request], Delivery]] = [front.deliver for front in self.fronts]
        answers.append(lambda request: Delivery(control.respond(request)))
        try:
            for at, answer in enumerate(answers):
                self._ports.append(_Port(port_base + at if port_base else 0, answer, self._closing))
        except OSError as error:
            self.close()
            wanted = f"ports {port_base} to {port_base + len(answers) - 1} of {HOST}"
            raise UsageError(f"{wanted} are not all free: {error}", mend="choose another --port-base") from error

    def describe(self) -> dict[str, Any]:
        """Addresses and made-up credentials of everything, as JSON."""
        said: dict[str, Any] = {}
        for front, port in zip(self.fronts, self._ports, strict=False):
            addresses = ADDRESSES.get(front.system, (("base_url", ""),))
            said[front.system] = {key: port.url + path for key, path in addresses} | front.standin.describe()
        return {**said, "hr": {"url": self.hr_url}, "control_url": self._ports[-1].url}

    def close(self) -> None:
        """Stop listening, end the waiting answers, remove the HR file."""
        self._closing.set()
        for port in self._ports:
            port.close()
        if self._hr_file is not None:
            shutil.rmtree(self._hr_file.parent, ignore_errors=True)

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def _write_hr(self) -> None:
        if self._hr_file is not None and not self._closing.is_set():
            with self.world.lock:
                write_hr(self.world, self._hr_file, self.chaos.hr_rules())


def start_sandbox(
    world: World,
    standins: Mapping[str, StandIn],
    port_base: int = 0,
    chaos: Sequence[Mapping[str, Any]] = (),
    hr_url: str = "",
) -> Sandbox:
    """Put stand-ins (by system: kingdee, dingtalk) on ports and return when they listen.

    `port_base` 0 takes free ports, else port_base, +1, … and the control server last. `chaos` is the list of
    rules of `faults`. `hr_url` names an HR store of the caller's, which is then never written to. UsageError
    when a port is taken or a rule is wrong.
    """
    sandbox = Sandbox(world, standins, Chaos(chaos), hr_url)
    sandbox.listen(port_base)
    return sandbox


class _Port:
    """One listening port and its thread."""

    def __init__(self, number: int, answer: Callable[[Request], Delivery], closing: threading.Event) -> None:
        self._server = _Server((HOST, number), _Conversation)
        self._server.answer, self._server.closing = answer, closing
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()
        self.url = f"http://{HOST}:{self._server.server_address[1]}"

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    # A port that was used a moment ago may be used again, but two servers never share one.
    allow_reuse_address = True
    request_queue_size = 128
    answer: Callable[[Request], Delivery]
    closing: threading.Event

    def __init__(self, address: tuple[str, int], conversation: type[BaseHTTPRequestHandler]) -> None:
        self._open: set[socket.socket] = set()
        super().__init__(address, conversation)

    def server_bind(self) -> None:
        """As the base class, without asking a name server for this machine's name."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = HOST, self.server_address[1]

    def get_request(self) -> tuple[socket.socket, Any]:
        """Remember the connection, so that closing the server ends it."""
        connection, address = super().get_request()
        self._open.add(connection)
        return connection, address

    def shutdown_request(self, request: Any) -> None:
        """Forget the connection."""
        self._open.discard(request)
        super().shutdown_request(request)

    def server_close(self) -> None:
        """Close the listening socket and every connection that is still kept."""
        for connection in list(self._open):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                self._open.discard(connection)
        super().server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no news; anything else is shown as the base class does."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class _Conversation(BaseHTTPRequestHandler):
    """One connection: requests in, deliveries out."""

    protocol_version = "HTTP/1.1"
    server_version, sys_version = "Stand-in", ""
    disable_nagle_algorithm = True
    wbufsize = -1
    server: _Server

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: a request may carry a secret."""

    def do_POST(self) -> None:
        """Any method: read the body, let it be answered, send the answer."""
        body = self._body()
        if body is None:
            return
        path, _, query = self.path.partition("?")
        headers = Headers(self.headers.items())
        delivery = self.server.answer(Request(self.command, path, query, headers, body))
        if delivery.silent_s:
            self.server.closing.wait(delivery.silent_s)
        if delivery.response is None:
            self.close_connection = True
        else:
            self._send(delivery.response, delivery.cut_at)

    do_GET = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = do_POST

    def _body(self) -> bytes | None:
        if "chunked" in (self.headers.get("Transfer-Encoding") or "").lower():
            return self._chunks()
        length = self.headers.get("Content-Length") or "0"
        if not length.isdecimal() or int(length) > LARGEST_BODY:
            self._refuse("the length of the body is not readable or too large")
            return None
        body = self.rfile.read(int(length))
        if len(body) < int(length):
            self.close_connection = True
            return None
        return body

    def _chunks(self) -> bytes | None:
        parts: list[bytes] = []
        while True:
            size = self.rfile.readline(100).split(b";")[0].strip()
            try:
                length = int(size, 16)
            except ValueError:
                length = -1
            if length < 0 or length + sum(map(len, parts)) > LARGEST_BODY:
                self._refuse("the body's chunks are not readable or too large")
                return None
            if length == 0:
                break
            parts.append(self.rfile.read(length))
            self.rfile.readline(3)
        while self.rfile.readline(65_536).strip():
            continue
        return b"".join(parts)

    def _refuse(self, why: str) -> None:
        self.close_connection = True
        self._send(Response(400, [("Content-Type", "text/plain; charset=utf-8")], why.encode()), None)

    def _send(self, answer: Response, cut_at: int | None) -> None:
        self.send_response(answer.status)
        given = {name.lower() for name, _ in answer.headers}
        for name, value in answer.headers:
            self.send_header(name, value)
        if "content-length" not in given:
            self.send_header("Content-Length", str(len(answer.body)))
        if cut_at is not None or self.close_connection:
            self.close_connection = True
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body[:cut_at])
        self.wfile.flush()
