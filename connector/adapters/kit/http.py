"""The one door to the network: a channel to ONE origin that checks where it goes and how much it lets in.

A request names a path, never a host. No redirect is followed, no cookie is kept, no proxy or certificate
setting is taken from the environment, and certificates are always verified, pins before a request is written.
What a failure means for the caller (made again, or looked up first) is decided here, because only here it is
known how far a request got.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.cookies import CookieError, SimpleCookie
from typing import Any, cast

import httpcore
import httpx

from connector.adapters.contract import Clock
from connector.adapters.kit import tls
from connector.adapters.kit.body import Deadline, Limits, TooMuchError, bounded
from connector.adapters.kit.network import Endpoint, Guard, Network, Origin, Resolver, system_resolver
from connector.errors import (
    ConfigError,
    ConnectorError,
    RetryableError,
    UnknownOutcome,
    UsageError,
    WireError,
)

__all__ = ["Channel", "Endpoint", "Limits", "Network", "Origin", "Request", "Resolver", "Response"]

@dataclass(frozen=True)
class Request:
    """`path` is joined to the endpoint's path. `judged`: 5xx statuses the caller reads itself."""

    method: str
    path: str
    query: Mapping[str, str] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    is_write: bool = False
    judged: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Response:
    """Header names in lower case; `cookies` are what this answer sets, by name."""

    status: int
    headers: dict[str, str]
    body: bytes
    cookies: dict[str, str] = field(default_factory=dict)


# The synchronous client runs a request in the caller's thread: the deadline travels with it to the socket.
_deadline: ContextVar[Deadline | None] = ContextVar("deadline", default=None)


_HEADERS = {"Accept-Encoding": "gzip", "Accept": "*/*", "User-Agent": "connector"}


class Channel:
    """Connections to one origin. Thread-safe; `transport` replaces the network in tests."""

    def __init__(
        self, endpoint: Endpoint, clock: Clock, limits: Limits | None = None, *, timeout_s: float = 60.0,
        resolver: Resolver | None = None, transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._guard = Guard(endpoint, resolver or system_resolver)
        self._clock, self._limits, self._timeout_s = clock, limits or Limits(), timeout_s
        self._transport = transport or _Sockets(endpoint, self._guard, self._limits.connections)

    @property
    def origin(self) -> Origin:
        """Scheme, host, port and path prefix every request goes to."""
        return self._guard.origin

    def send(self, request: Request) -> Response:
        """Send one request, read its whole answer.

        Reads: RetryableError for timeouts, broken connections, 429 and 5xx; WireError beyond a limit.
        Writes: RetryableError only when it surely did nothing (no connection, 429), else UnknownOutcome.
        ConfigError for a refused address or certificate. 401, 403 and other 4xx are returned to be judged.
        """
        raw = self._raw(request)
        token = _deadline.set(Deadline(self._clock, self._limits.answer_s))
        try:
            response = self._exchange(raw)
        except (*_BROKEN, TooMuchError) as error:
            raise self._trouble(error, request) from error
        finally:
            _deadline.reset(token)
        return self._judge(response, request)

    def close(self) -> None:
        self._transport.close()

    def _raw(self, request: Request) -> httpx.Request:
        path = request.path if request.path.startswith("/") else f"/{request.path}"
        odd = path.startswith("//") or ".." in path.split("/") or set(path) & set("\\?#")
        if odd or not path.isprintable():
            raise UsageError(f"a request names a plain path, found {path[:80]!r}")
        headers = _HEADERS | dict(request.headers)
        if any(name.lower() in ("host", "proxy-authorization") for name in headers):
            raise UsageError("a request cannot name another host")
        url = httpx.URL(self.origin.url + path)
        if request.query:
            url = url.copy_merge_params(dict(request.query))
        timeout = dict.fromkeys(("connect", "read", "write", "pool"), self._timeout_s)
        return httpx.Request(
            request.method, url, headers=headers, content=request.body, extensions={"timeout": timeout}
        )

    def _exchange(self, raw: httpx.Request) -> Response:
        answer = self._transport.handle_request(raw)
        try:
            size = sum(len(name) + len(value) + 4 for name, value in answer.headers.raw)
            if size > self._limits.header_bytes:
                most = self._limits.header_bytes
                raise TooMuchError(f"found {size} bytes of headers, expected at most {most}")
            encoding = answer.headers.get("content-encoding", "")
            chunks = cast(httpx.SyncByteStream, answer.stream)
            body = b"".join(bounded(chunks, encoding, self._limits, _deadline.get()))
        finally:
            answer.close()
        headers = {name.lower(): value for name, value in answer.headers.items()}
        return Response(answer.status_code, headers, body, _cookies(answer.headers.get_list("set-cookie")))

    def _trouble(self, error: Exception, request: Request) -> ConnectorError:
        place = f"{request.method} {self.origin.host}{self.origin.path}/{request.path.lstrip('/')}"
        if isinstance(error, (httpx.LocalProtocolError, httpcore.LocalProtocolError)):
            return ConfigError("the request cannot be written as HTTP", place=place)
        if isinstance(error, _NOT_SENT):
            return _not_connected(error, place)
        cause = _CAUSES.get(type(error).__name__, "the connection broke off")
        what = str(error) if isinstance(error, TooMuchError) else cause
        if request.is_write:
            return UnknownOutcome(f"sent, but {what}", place=place, mend="read back before anything else")
        if isinstance(error, TooMuchError):
            return WireError(what, place=place)
        return RetryableError(what, place=place)

    def _judge(self, response: Response, request: Request) -> Response:
        status, place = response.status, f"{request.method} {self.origin.host}/{request.path.lstrip('/')}"
        if status == 429:
            wait_s = self._retry_after(response)
            raise RetryableError("too many calls (429)", place=place, retry_after_s=wait_s)
        if status >= 500 and status not in request.judged:
            if request.is_write:
                raise UnknownOutcome(f"sent, answered with status {status}", place=place)
            raise RetryableError(
                f"answered with status {status}", place=place, retry_after_s=self._retry_after(response)
            )
        if 300 <= status < 400 or status < 200:
            mend = "redirects are not followed; set base_url to the final address"
            if request.is_write:
                raise UnknownOutcome(f"sent, answered with status {status}", place=place, mend=mend)
            raise WireError(f"answered with status {status}, expected an answer", place=place, mend=mend)
        return response

    def _retry_after(self, response: Response) -> float | None:
        """Seconds; the header holds seconds or an HTTP date (RFC 9110, 10.2.3). Unreadable is none."""
        text = response.headers.get("retry-after", "").strip()
        if text.isascii() and text.isdigit() and len(text) < 10:
            return float(text)
        return max(0.0, (at - self._clock.now()).total_seconds()) if (at := http_date(text)) else None


_BROKEN = (
    httpx.TransportError, httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError,
    httpcore.UnsupportedProtocol,
)
_NOT_SENT = (
    httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol,
    httpcore.ConnectError, httpcore.ConnectTimeout, httpcore.PoolTimeout, httpcore.UnsupportedProtocol,
)
_ENDED = (ssl.SSLEOFError, ssl.SSLZeroReturnError)
_CAUSES = {
    "ReadTimeout": "no answer came in time", "WriteTimeout": "sending took too long",
    "RemoteProtocolError": "the answer is not readable as HTTP or was cut short",
}


def http_date(text: str) -> datetime | None:
    """`Sun, 06 Nov 1994 08:49:37 GMT` → UTC instant; anything else → None."""
    try:
        found = parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


def _not_connected(error: Exception, place: str) -> ConnectorError:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return ConfigError(
                f"the certificate is not accepted: {cause.verify_message or cause.reason}", place=place,
                mend="put the certificate of your own CA into ca_file; verification cannot be switched off",
            )
        if isinstance(cause, ssl.SSLError) and not isinstance(cause, _ENDED):
            mend = "update the server's TLS"
            return ConfigError(f"no TLS >= 1.2 connection: {cause.reason}", place=place, mend=mend)
        cause = cause.__cause__ or cause.__context__
    return RetryableError("no connection", place=place, mend="check that the server runs; check base_url")


def _cookies(lines: Iterable[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in lines:
        try:
            found |= {name: morsel.value for name, morsel in SimpleCookie(line).items()}
        except CookieError:
            continue  # a cookie that no client could read is no cookie
    return found


class _Sockets(httpx.BaseTransport):
    """HTTP/1.1 over pooled connections to the judged address."""

    def __init__(self, endpoint: Endpoint, guard: Guard, connections: int) -> None:
        self._pool = httpcore.ConnectionPool(
            ssl_context=tls.context(endpoint.ca_file), max_connections=connections,
            max_keepalive_connections=connections, keepalive_expiry=30.0, http1=True, http2=False, retries=0,
            network_backend=_Backend(endpoint, guard),
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        answer = self._pool.handle_request(httpcore.Request(
            method=request.method,
            url=httpcore.URL(
                scheme=request.url.raw_scheme, host=request.url.raw_host, port=request.url.port,
                target=request.url.raw_path,
            ),
            headers=request.headers.raw, content=request.content, extensions=request.extensions,
        ))
        return httpx.Response(answer.status, headers=answer.headers, stream=_Body(answer))

    def close(self) -> None:
        self._pool.close()


class _Body(httpx.SyncByteStream):
    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    def __iter__(self) -> Iterator[bytes]:
        return self._answer.iter_stream()

    def close(self) -> None:
        self._answer.close()


class _Backend(httpcore.NetworkBackend):
    """Opens the judged address instead of the name; the name stays in TLS and in the Host header."""

    def __init__(self, endpoint: Endpoint, guard: Guard) -> None:
        self._endpoint, self._guard, self._plain = endpoint, guard, httpcore.SyncBackend()

    def connect_tcp(
        self, host: str, port: int, timeout: float | None = None, local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        address = self._guard.address()
        try:
            plain = self._plain.connect_tcp(address, port, timeout, local_address, socket_options)
            return _Stream(plain, self._endpoint)
        except (httpcore.ConnectError, httpcore.ConnectTimeout):
            self._guard.failed(address)
            raise


class _Stream(httpcore.NetworkStream):
    """A socket whose reads end at the deadline of the answer in hand, headers included."""

    def __init__(self, plain: httpcore.NetworkStream, endpoint: Endpoint) -> None:
        self._plain, self._endpoint = plain, endpoint

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        deadline = _deadline.get()
        if deadline is not None:
            left = deadline.left()
            timeout = left if timeout is None else min(timeout, left)
        return self._plain.read(max_bytes, timeout)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._plain.write(buffer, timeout)

    def close(self) -> None:
        self._plain.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        """The handshake, then the pins: nothing of a request is written before both hold."""
        safe = self._plain.start_tls(ssl_context, server_hostname, timeout)
        try:
            tls.check_pins(self._endpoint, safe.get_extra_info("ssl_object"), server_hostname or "")
        except ConfigError:
            safe.close()
            raise
        return _Stream(safe, self._endpoint)

    def get_extra_info(self, info: str) -> Any:
        return self._plain.get_extra_info(info)


Transport = Callable[[httpx.Request], httpx.Response]


def transport(answer: Transport) -> httpx.BaseTransport:
    """A function from request to response in the network's place (for stand-ins and tests)."""
    return httpx.MockTransport(answer)
