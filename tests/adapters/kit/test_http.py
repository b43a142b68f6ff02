import gzip
import socket
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from connector.adapters.kit.http import Channel, Endpoint, Limits, Network, Request, transport
from connector.errors import ConfigError, RetryableError, UnknownOutcome, UsageError, WireError

Serve = Callable[..., Any]
READ = Request("GET", "/rows")
WRITE = Request("POST", "/save", body=b"{}", is_write=True)


def reply(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    head = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


def channel(server: Any, clock: Any, limits: Limits | None = None, **options: Any) -> Channel:
    endpoint = Endpoint(f"http://127.0.0.1:{server.port}/base/", Network.SANDBOX)
    return Channel(endpoint, clock, limits, **{"timeout_s": 5.0, **options})


def faked(clock: Any, answer: Callable[[httpx.Request], httpx.Response]) -> Channel:
    return Channel(Endpoint("https://erp.example.com/base"), clock, transport=transport(answer))


def test_a_request_goes_to_the_path_under_the_base_url(serve: Serve, clock: Any) -> None:
    server = serve(reply(b"[]", "X-Odd: yes", "Set-Cookie: sid=abc; path=/; HttpOnly", "Set-Cookie: b=2"))
    found = channel(server, clock).send(Request("POST", "x.kdsvc", {"q": "1 2"}, {"X-Sig": "s"}, b"{}"))
    head = server.requests[0].decode()
    assert head.startswith("POST /base/x.kdsvc?q=1") and "X-Sig: s" in head
    assert f"Host: 127.0.0.1:{server.port}" in head
    assert (found.status, found.body, found.headers["x-odd"]) == (200, b"[]", "yes")
    assert found.cookies == {"sid": "abc", "b": "2"}


def test_cookies_are_not_sent_back_by_themselves(serve: Serve, clock: Any) -> None:
    server = serve(reply(b"[]", "Set-Cookie: sid=abc"))
    door = channel(server, clock)
    door.send(READ)
    door.send(READ)
    assert b"cookie" not in server.requests[1].lower()


def test_proxy_settings_of_the_environment_are_ignored(
    serve: Serve, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve(reply(b"[]"))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    assert channel(server, clock).send(READ).body == b"[]"


@pytest.mark.parametrize(
    "path", ["//evil.example/x", "/a/../../b", "/x?y=1", "/x#y", "/x\\y", "/x\r\nHost: y"]
)
def test_a_request_cannot_leave_its_origin_by_its_path(path: str, clock: Any) -> None:
    with pytest.raises(UsageError):
        faked(clock, lambda request: httpx.Response(200)).send(Request("GET", path))


def test_a_full_url_as_a_path_stays_a_path(clock: Any) -> None:
    door = faked(clock, lambda request: httpx.Response(200, text=request.url.host))
    assert door.send(Request("GET", "https:/evil.example/x")).body == b"erp.example.com"


def test_a_request_cannot_name_another_host_by_a_header(clock: Any) -> None:
    with pytest.raises(UsageError):
        faked(clock, lambda request: httpx.Response(200)).send(Request("GET", "/x", headers={"hOsT": "evil"}))


@pytest.mark.parametrize(("request_", "error"), [(READ, WireError), (WRITE, UnknownOutcome)])
def test_a_redirect_is_not_followed(
    serve: Serve, clock: Any, request_: Request, error: type[Exception]
) -> None:
    target = serve(reply(b"[]"))
    server = serve(reply(b"", f"Location: http://127.0.0.1:{target.port}/", status="302 Found"))
    with pytest.raises(error, match="302"):
        channel(server, clock).send(request_)
    assert target.requests == []


def test_a_bent_name_is_connected_at_the_checked_address_only(serve: Serve, clock: Any) -> None:
    server = serve(reply(b"[]"))
    answers = [["127.0.0.1"], ["10.0.0.1"]]
    endpoint = Endpoint(f"http://erp.corp:{server.port}", Network.PRIVATE_CIDR, ("127.0.0.0/8",))
    door = Channel(endpoint, clock, resolver=lambda host, port: answers.pop(0))
    assert door.send(READ).body == b"[]" and door.send(READ).body == b"[]"
    assert f"Host: erp.corp:{server.port}".encode() in server.requests[1]


def test_an_inner_address_is_refused_before_anything_is_sent(serve: Serve, clock: Any) -> None:
    server = serve(reply(b"[]"))
    endpoint = Endpoint(f"https://erp.example.com:{server.port}")
    with pytest.raises(ConfigError, match=r"127\.0\.0\.1"):
        Channel(endpoint, clock, resolver=lambda host, port: ["127.0.0.1"]).send(WRITE)
    assert server.requests == []


def test_a_gzip_answer_is_unpacked(serve: Serve, clock: Any) -> None:
    body = gzip.compress(b"[1,2,3]")
    assert channel(serve(reply(body, "Content-Encoding: gzip")), clock).send(READ).body == b"[1,2,3]"


def bomb(mib: int) -> bytes:
    return reply(gzip.compress(b" " * (mib * 1024 * 1024)), "Content-Encoding: gzip")


def test_a_gzip_bomb_is_refused_by_its_ratio(serve: Serve, clock: Any) -> None:
    with pytest.raises(WireError, match="200 times"):
        channel(serve(bomb(16)), clock).send(READ)


def test_a_large_answer_is_refused_by_its_size(serve: Serve, clock: Any) -> None:
    limits = Limits(body_bytes=1000)
    with pytest.raises(WireError, match="larger than 1000"):
        channel(serve(reply(b" " * 1001)), clock, limits).send(READ)
    with pytest.raises(WireError, match="larger than 1000"):
        channel(serve(reply(gzip.compress(b" " * 1001), "Content-Encoding: gzip")), clock, limits).send(READ)


@pytest.mark.parametrize("cut", [lambda b: b[:-4], lambda b: b + b"xx", lambda b: b"no gzip"])
def test_a_broken_gzip_answer_is_refused(serve: Serve, clock: Any, cut: Callable[[bytes], bytes]) -> None:
    server = serve(reply(cut(gzip.compress(b"[1]")), "Content-Encoding: gzip"))
    with pytest.raises(WireError, match=r"compressed|gzip"):
        channel(server, clock).send(READ)


def test_an_encoding_nobody_asked_for_is_refused(serve: Serve, clock: Any) -> None:
    with pytest.raises(WireError, match="'br'"):
        channel(serve(reply(b"x", "Content-Encoding: br")), clock).send(READ)


def test_oversized_headers_are_refused(serve: Serve, clock: Any) -> None:
    with pytest.raises(WireError, match="bytes of headers"):
        channel(serve(reply(b"[]", f"X-Fat: {'x' * 70_000}")), clock).send(READ)


@pytest.mark.parametrize(("request_", "error"), [(READ, WireError), (WRITE, UnknownOutcome)])
def test_a_slow_drip_ends_at_the_deadline(
    serve: Serve, ticking_clock: Any, request_: Request, error: type[Exception]
) -> None:
    # every look at the clock costs a second: the answer is still coming when its three seconds are over
    endless = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * 100_000
    with pytest.raises(error, match="longer than 3 s"):
        channel(serve(endless), ticking_clock, Limits(answer_s=3)).send(request_)


def test_headers_that_drip_end_at_the_deadline_too(serve: Serve, ticking_clock: Any) -> None:
    with pytest.raises(WireError, match="longer than 1 s"):
        channel(serve(reply(b"[]")), ticking_clock, Limits(answer_s=1)).send(READ)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def test_a_write_that_found_no_server_surely_did_nothing(clock: Any) -> None:
    door = Channel(Endpoint(f"http://127.0.0.1:{free_port()}", Network.SANDBOX), clock, timeout_s=5)
    with pytest.raises(RetryableError, match="no connection"):
        door.send(WRITE)


@pytest.mark.parametrize(
    "answer", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n[]", b"garbage\r\n\r\n"]
)
def test_a_broken_answer_is_read_again_but_a_write_is_looked_up(
    serve: Serve, clock: Any, answer: bytes
) -> None:
    server = serve(answer)
    with pytest.raises(RetryableError):
        channel(server, clock).send(READ)
    with pytest.raises(UnknownOutcome):
        channel(server, clock).send(WRITE)


@pytest.mark.parametrize(
    "failure", [httpx.ReadTimeout, httpx.WriteTimeout, httpx.ReadError, httpx.WriteError]
)
def test_a_timeout_after_sending_leaves_a_write_unknown(
    clock: Any, failure: type[httpx.TransportError]
) -> None:
    def fail(request: httpx.Request) -> httpx.Response:
        raise failure("s3cret")

    with pytest.raises(UnknownOutcome) as caught:
        faked(clock, fail).send(WRITE)
    assert "s3cret" not in str(caught.value)
    with pytest.raises(RetryableError):
        faked(clock, fail).send(READ)


@pytest.mark.parametrize("failure", [httpx.ConnectTimeout, httpx.ConnectError, httpx.PoolTimeout])
def test_a_timeout_before_sending_lets_a_write_be_repeated(
    clock: Any, failure: type[httpx.TransportError]
) -> None:
    def fail(request: httpx.Request) -> httpx.Response:
        raise failure("no")

    with pytest.raises(RetryableError):
        faked(clock, fail).send(WRITE)


@pytest.mark.parametrize(
    ("status", "request_", "error"),
    [(429, READ, RetryableError), (429, WRITE, RetryableError), (503, READ, RetryableError),
     (500, READ, RetryableError), (500, WRITE, UnknownOutcome), (503, WRITE, UnknownOutcome)],
)  # fmt: skip
def test_statuses_say_what_happens_next(
    clock: Any, status: int, request_: Request, error: type[Exception]
) -> None:
    with pytest.raises(error, match=str(status)):
        faked(clock, lambda request: httpx.Response(status)).send(request_)


@pytest.mark.parametrize("status", [401, 403, 404, 200, 204])
def test_other_statuses_are_the_callers_to_judge(clock: Any, status: int) -> None:
    assert faked(clock, lambda request: httpx.Response(status)).send(WRITE).status == status


def test_a_caller_may_judge_a_server_error_himself(clock: Any) -> None:
    door = faked(clock, lambda request: httpx.Response(500, content=b"Fail to verify"))
    assert door.send(Request("POST", "/x", judged=frozenset({500}))).body == b"Fail to verify"


@pytest.mark.parametrize(
    ("text", "seconds"), [("7", 7.0), ("Fri, 31 Jul 2026 04:00:30 GMT", 30.0), ("soon", None), ("-1", None)]
)
def test_retry_after_is_read_as_seconds_or_as_a_date(clock: Any, text: str, seconds: float | None) -> None:
    with pytest.raises(RetryableError) as caught:
        faked(clock, lambda request: httpx.Response(429, headers={"Retry-After": text})).send(READ)
    assert caught.value.retry_after_s == seconds
