import pytest

from connector.adapters.kit.network import Endpoint, Guard, Network, is_allowed, parse_origin
from connector.errors import ConfigError, RetryableError

PUBLIC = Endpoint("https://erp.example.com/k3cloud/")
PRIVATE = Endpoint("https://erp.corp/k3cloud/", Network.PRIVATE_CIDR, ("10.1.0.0/16", "fd12::/16"))
SANDBOX = Endpoint("http://127.0.0.1:9000", Network.SANDBOX)

NEVER_PUBLIC = [
    "127.0.0.1", "10.1.2.3", "192.168.1.1", "172.16.0.1", "169.254.169.254", "0.0.0.0", "100.64.0.1",
    "100.100.100.200", "168.63.129.16", "224.0.0.1", "240.0.0.1", "255.255.255.255", "::1", "::", "fe80::1",
    "fd00:ec2::254", "fc00::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.1.2.3", "::ffff:169.254.169.254",
    "2002:7f00:1::", "64:ff9b::7f00:1", "::7f00:1", "not-an-address", "198.18.0.1",
]  # fmt: skip


@pytest.mark.parametrize("address", NEVER_PUBLIC)
def test_a_public_connection_never_reaches_an_inner_address(address: str) -> None:
    assert not is_allowed(PUBLIC, address)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8"])
def test_a_public_connection_reaches_public_addresses(address: str) -> None:
    assert is_allowed(PUBLIC, address)


@pytest.mark.parametrize("address", ["10.1.255.1", "fd12::7"])
def test_a_private_connection_reaches_its_listed_ranges(address: str) -> None:
    assert is_allowed(PRIVATE, address)


@pytest.mark.parametrize("address", ["10.2.0.1", "8.8.8.8", "127.0.0.1", "::ffff:10.1.2.3", "fe80::1"])
def test_a_private_connection_reaches_nothing_else(address: str) -> None:
    assert not is_allowed(PRIVATE, address)


@pytest.mark.parametrize("wide", ["0.0.0.0/0", "::/0", "8.8.8.0/24", "2001:4860::/32"])
def test_a_range_that_reaches_into_the_public_network_is_refused(wide: str) -> None:
    endpoint = Endpoint("http://erp.corp/", Network.PRIVATE_CIDR, (wide,))
    with pytest.raises(ConfigError, match="public network"):
        parse_origin(endpoint)


@pytest.mark.parametrize("address", ["fec0::1", "192.88.99.1"])
def test_a_retired_range_is_not_the_public_network(address: str) -> None:
    assert not is_allowed(Endpoint("https://erp.example.com/", Network.PUBLIC), address)


def test_loopback_can_be_listed_on_purpose() -> None:
    assert is_allowed(Endpoint("http://erp.corp/", Network.PRIVATE_CIDR, ("127.0.0.0/8",)), "127.0.0.1")


@pytest.mark.parametrize("address", ["10.1.2.3", "8.8.8.8", "0.0.0.0"])
def test_a_sandbox_connection_stays_on_this_machine(address: str) -> None:
    assert not is_allowed(SANDBOX, address)


@pytest.mark.parametrize(
    "url",
    [
        "http://erp.example.com/", "ftp://erp.example.com/", "https://user:pw@erp.example.com/",
        "https://erp.example.com@evil.example/", "https://erp.example.com/?a=1", "https://erp.example.com/#x",
        "https://2130706433/", "https://0x7f000001/", "https://0177.0.0.1/", "https://127.1/", "https:///x",
        "https://erp.example.com:99999/", "https://erp\\@evil.example/", "https://erp.example.com/\r\nHost: x",
        "https://[fe80::1%25eth0]/", "https://erp..example.com/", "https://a,b/", "",
    ],
)  # fmt: skip
def test_an_odd_base_url_is_refused(url: str) -> None:
    with pytest.raises(ConfigError):
        parse_origin(Endpoint(url))


def test_a_secret_in_a_base_url_is_not_repeated() -> None:
    with pytest.raises(ConfigError) as caught:
        parse_origin(Endpoint("https://user:s3cret@erp.example.com/"))
    assert "s3cret" not in str(caught.value)


def test_a_chinese_host_is_written_in_ascii() -> None:
    assert (
        parse_origin(Endpoint("https://例子.example/k3cloud/")).url == "https://xn--fsqu00a.example/k3cloud"
    )


def test_http_needs_a_private_range_or_the_sandbox() -> None:
    assert parse_origin(Endpoint("http://erp.corp:8080", Network.PRIVATE_CIDR, ("10.0.0.0/8",))).port == 8080
    with pytest.raises(ConfigError, match="at least one"):
        parse_origin(Endpoint("http://erp.corp:8080", Network.PRIVATE_CIDR))
    with pytest.raises(ConfigError, match="range of addresses"):
        parse_origin(Endpoint("http://erp.corp", Network.PRIVATE_CIDR, ("10.0.0.1/8",)))


def test_one_inner_address_among_public_ones_refuses_the_name() -> None:
    guard = Guard(PUBLIC, lambda host, port: ["8.8.8.8", "169.254.169.254"])
    with pytest.raises(ConfigError, match=r"169\.254\.169\.254.*private_cidr"):
        guard.address()


def test_a_name_that_is_bent_after_the_check_changes_nothing() -> None:
    answers = [["8.8.8.8"], ["127.0.0.1"]]
    guard = Guard(PUBLIC, lambda host, port: answers.pop(0))
    assert [guard.address(), guard.address()] == ["8.8.8.8", "8.8.8.8"]


def test_after_all_addresses_failed_the_name_is_resolved_and_judged_again() -> None:
    answers = [["8.8.8.8", "8.8.4.4"], ["127.0.0.1"]]
    guard = Guard(PUBLIC, lambda host, port: answers.pop(0))
    guard.failed(guard.address())
    assert guard.address() == "8.8.4.4"
    guard.failed("8.8.4.4")
    with pytest.raises(ConfigError):
        guard.address()


def test_a_name_without_addresses_may_be_tried_again() -> None:
    with pytest.raises(RetryableError):
        Guard(PUBLIC, lambda host, port: []).address()
