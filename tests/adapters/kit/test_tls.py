"""TLS towards a vendor: whom a channel trusts, and that nothing is sent to anybody else."""

import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pydantic import ValidationError

from connector.adapters.contract import Setting
from connector.adapters.kit.clock import SystemClock
from connector.adapters.kit.form import HttpForm
from connector.adapters.kit.http import Channel, Endpoint, Network, Request
from connector.adapters.kit.tls import pin_of
from connector.adapters.registry import build
from connector.errors import ConfigError

Serve = Callable[..., Any]
READ = Request("GET", "/rows", headers={"Authorization": "canary"})
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n[]"
OTHER_PIN = "sha256:" + "0" * 64


@pytest.fixture
def authority(tmp_path: Path) -> tuple[trustme.CA, str]:
    ca = trustme.CA()
    ca.cert_pem.write_to_path(str(tmp_path / "ca.crt"))
    return ca, str(tmp_path / "ca.crt")


def speaking(leaf: trustme.LeafCert, newest: ssl.TLSVersion | None = None) -> Callable[..., Any]:
    """A wrap for the raw server: TLS with this certificate, up to this version."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    leaf.configure_cert(context)
    if newest is not None:
        context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
        context.maximum_version = newest
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
    return lambda plain: context.wrap_socket(plain, server_side=True)


def secure(server: Any, clock: Any, ca_file: str | None, *pins: str) -> Channel:
    url = f"https://erp.corp:{server.port}"
    endpoint = Endpoint(url, Network.PRIVATE_CIDR, ("127.0.0.0/8",), ca_file, pins)
    return Channel(endpoint, clock, timeout_s=5, resolver=lambda host, port: ["127.0.0.1"])


def refused(serve: Serve, clock: Any, wrap: Callable[..., Any], ca_file: str | None, *pins: str) -> str:
    """What the refusal says; nothing of the request has reached the server."""
    server = serve(ANSWER, wrap=wrap)
    with pytest.raises(ConfigError) as found:
        secure(server, clock, ca_file, *pins).send(READ)
    assert server.requests == []
    return str(found.value)


def self_signed(folder: Path) -> trustme.LeafCert:
    """A certificate for the right name and dates that nobody but its own key signed."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(1)).not_valid_after(now + timedelta(1))
    names = x509.SubjectAlternativeName([x509.DNSName("erp.corp")])
    signed = builder.add_extension(names, critical=True).sign(key, hashes.SHA256())
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return trustme.LeafCert(pem, signed.public_bytes(Encoding.PEM), [])


def test_a_private_ca_file_is_trusted_for_its_connection(serve: Serve, clock: Any, authority: Any) -> None:
    server = serve(ANSWER, wrap=speaking(authority[0].issue_cert("erp.corp")))
    assert secure(server, clock, authority[1]).send(READ).body == b"[]"


def test_a_certificate_for_another_name_is_refused(serve: Serve, clock: Any, authority: Any) -> None:
    leaf = authority[0].issue_cert("other.corp")
    assert "certificate" in refused(serve, clock, speaking(leaf), authority[1])


def test_an_expired_certificate_is_refused(serve: Serve, clock: Any, authority: Any) -> None:
    yesterday = datetime.now(UTC) - timedelta(1)
    leaf = authority[0].issue_cert("erp.corp", not_before=yesterday - timedelta(90), not_after=yesterday)
    assert "expired" in refused(serve, clock, speaking(leaf), authority[1])


def test_a_certificate_that_is_not_valid_yet_is_refused(serve: Serve, clock: Any, authority: Any) -> None:
    leaf = authority[0].issue_cert("erp.corp", not_before=datetime.now(UTC) + timedelta(1))
    assert "not yet valid" in refused(serve, clock, speaking(leaf), authority[1])


def test_a_certificate_that_signed_itself_is_refused(serve: Serve, clock: Any, tmp_path: Path) -> None:
    assert "self-signed" in refused(serve, clock, speaking(self_signed(tmp_path)), None)


def test_a_certificate_of_an_unknown_authority_is_refused(serve: Serve, clock: Any, authority: Any) -> None:
    assert "ca_file" in refused(serve, clock, speaking(authority[0].issue_cert("erp.corp")), None)


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated:DeprecationWarning")
def test_a_server_that_only_speaks_tls_1_1_is_refused(serve: Serve, clock: Any, authority: Any) -> None:
    wrap = speaking(authority[0].issue_cert("erp.corp"), ssl.TLSVersion.TLSv1_1)
    assert "TLS >= 1.2" in refused(serve, clock, wrap, authority[1])


def test_an_unreadable_ca_file_is_named(clock: Any, tmp_path: Path) -> None:
    (tmp_path / "bad.crt").write_text("nothing")
    with pytest.raises(ConfigError, match=r"bad\.crt"):
        Channel(Endpoint("https://erp.example.com", ca_file=str(tmp_path / "bad.crt")), clock)


def pin(leaf: trustme.LeafCert) -> str:
    return pin_of(x509.load_pem_x509_certificate(leaf.cert_chain_pems[0].bytes()).public_bytes(Encoding.DER))


def test_a_server_with_one_of_the_pinned_keys_is_spoken_to(serve: Serve, clock: Any, authority: Any) -> None:
    leaf = authority[0].issue_cert("erp.corp")
    server = serve(ANSWER, wrap=speaking(leaf))
    assert secure(server, clock, authority[1], OTHER_PIN, pin(leaf)).send(READ).body == b"[]"


def test_a_server_with_another_key_gets_nothing_and_both_keys_are_named(
    serve: Serve, clock: Any, authority: Any
) -> None:
    leaf = authority[0].issue_cert("erp.corp")
    said = refused(serve, clock, speaking(leaf), authority[1], OTHER_PIN)
    assert pin(leaf) in said and OTHER_PIN in said and "pins of 'erp.corp'" in said and "ask whoever" in said


def test_every_new_connection_is_held_to_the_pins(serve: Serve, clock: Any, authority: Any) -> None:
    good, bad = (speaking(authority[0].issue_cert("erp.corp")) for _ in range(2))
    leaf = authority[0].issue_cert("erp.corp")
    turns = iter([speaking(leaf), good, bad])
    server = serve(ANSWER, wrap=lambda plain: next(turns)(plain))
    door = secure(server, clock, authority[1], pin(leaf))
    assert door.send(READ).body == b"[]"
    with pytest.raises(ConfigError, match="pins"):
        door.send(READ)
    assert len(server.requests) == 1


def test_a_pinned_key_does_not_stand_for_a_trusted_authority(serve: Serve, clock: Any, tmp_path: Path) -> None:
    leaf = self_signed(tmp_path)
    assert "self-signed" in refused(serve, clock, speaking(leaf), None, pin(leaf))


def test_a_renewed_certificate_with_the_same_key_keeps_its_pin(tmp_path: Path) -> None:
    key, name, now = ec.generate_private_key(ec.SECP256R1()), x509.Name([]), datetime.now(UTC)
    pins = set()
    for _ in range(2):
        builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        builder = builder.not_valid_before(now).not_valid_after(now + timedelta(1))
        pins.add(pin_of(builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)))
    assert len(pins) == 1


def test_pins_on_http_are_refused() -> None:
    endpoint = Endpoint("http://erp.corp", Network.PRIVATE_CIDR, ("10.0.0.0/8",), None, (OTHER_PIN,))
    with pytest.raises(ConfigError, match="https"):
        Channel(endpoint, clock=None)  # type: ignore[arg-type]


@pytest.mark.parametrize("text", [f"SHA256:{'AB:' * 31}AB", f" sha256:{'ab' * 32}"])
def test_a_pin_is_read_as_tools_print_it(text: str) -> None:
    assert HttpForm(pins=(text,)).pins == ("sha256:" + "ab" * 32,)


@pytest.mark.parametrize("text", ["", "ab" * 32, "sha1:" + "ab" * 20, "sha256:" + "ab" * 31, "sha256:" + "zz" * 32])
def test_anything_else_is_no_pin(text: str) -> None:
    with pytest.raises(ValidationError, match="sha256: and the 64"):
        HttpForm(pins=(text,))


CREDENTIALS: dict[str, dict[str, Any]] = {
    "kingdee_cloud": {"acct_id": "a", "username": "u", "app_id": "1_2", "app_secret": "canary"},
    "dingtalk": {
        "app_key": "k", "app_secret": "canary", "service_user": "s", "process_codes": {"exit": "E", "loan": "L"},
    },
}  # fmt: skip


@pytest.mark.parametrize("product", CREDENTIALS)
def test_the_pins_of_a_connection_hold_for_every_host_it_calls(
    serve: Serve, authority: Any, product: str
) -> None:
    server = serve(ANSWER, wrap=speaking(authority[0].issue_cert("127.0.0.1")))
    url = f"https://127.0.0.1:{server.port}/"
    urls = {"base_url": url} | ({"legacy_base_url": url} if product == "dingtalk" else {})
    place = {"network": "private_cidr", "cidrs": ["127.0.0.0/8"], "ca_file": authority[1], "pins": [OTHER_PIN]}
    setting = Setting("c", "CNY", ZoneInfo("Asia/Shanghai"), SystemClock())
    adapter = build(product, CREDENTIALS[product] | urls | place, setting)
    (stage,) = adapter.check()
    adapter.close()
    assert (stage.stage, stage.passed, server.requests) == ("reach", False, [])
    assert "pins" in stage.found and OTHER_PIN in stage.found
