"""Where a connection may go: one origin, checked by address, so that a name cannot be bent to another one.

Pure but for the resolver, which is handed in. No request, no credential and no answer ever enters this room.
"""

from __future__ import annotations

import ipaddress
import re
import socket
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

from connector.errors import ConfigError, RetryableError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolver = Callable[[str, int], list[str]]

# Doors to a cloud machine's own secrets; none of them is a business system, whatever a connection lists.
_METADATA = frozenset(
    ipaddress.ip_address(text)
    for text in ("169.254.169.254", "100.100.100.200", "168.63.129.16", "192.0.0.192", "fd00:ec2::254")
)
# Schemes and the ports that are theirs. The databases' own say nothing about TLS; whoever opens them decides that.
_PORTS = {"https": 443, "http": 80, "postgresql": 5432, "mysql": 3306}
_WEB = ("http", "https")
# What a name in DNS is made of; a comma, for one, makes two hosts of one in some drivers.
_NAME = re.compile(r"^[a-z0-9_.-]+$")
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_RETIRED = (ipaddress.ip_network("fec0::/10"), ipaddress.ip_network("192.88.99.0/24"))
_COMPATIBLE = ipaddress.ip_network("::/96")


class Network(StrEnum):
    """Where the other side stands: the internet, listed private ranges, or this machine (a stand-in)."""

    PUBLIC = "public"
    PRIVATE_CIDR = "private_cidr"
    SANDBOX = "sandbox"


@dataclass(frozen=True)
class Endpoint:
    """One origin as an admin wrote it. `cidrs` are for `private_cidr`; `ca_file` replaces the public CAs.

    `pins`: `sha256:` and hash of each public key the server may show; none = any key of a trusted authority.
    `option` is the setting that errors name.
    """

    base_url: str
    network: Network = Network.PUBLIC
    cidrs: tuple[str, ...] = ()
    ca_file: str | None = None
    pins: tuple[str, ...] = ()
    option: str = "base_url"


@dataclass(frozen=True)
class Origin:
    """Scheme, host, port and path prefix (without a slash at its end) of an endpoint."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def url(self) -> str:
        """`https://host:port/prefix`, the port only when it is not the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        own = _PORTS[self.scheme] == self.port
        return f"{self.scheme}://{host}{'' if own else f':{self.port}'}{self.path}"


def system_resolver(host: str, port: int) -> list[str]:
    """Addresses of a name, in the system's order. RetryableError when the name cannot be resolved now."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise RetryableError("the name cannot be resolved", place=host, mend="check the name and DNS") from error
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def parse_origin(endpoint: Endpoint, schemes: tuple[str, ...] = _WEB) -> Origin:
    """Split and judge a base URL. ConfigError for anything but a plain origin the network allows."""
    url = endpoint.base_url
    if any(ord(letter) <= 32 or letter in "\\\x7f" for letter in url):
        raise _bad_url(endpoint, "found blanks, backslashes or control characters")
    try:
        parts = urlsplit(url)
        port = parts.port
        host = _plain_host(parts.hostname or "")
    except ValueError as error:
        raise _bad_url(endpoint, "not readable as a URL") from error
    if parts.username is not None or parts.password is not None or "@" in parts.netloc:
        raise _bad_url(endpoint, "found a user or an `@` before the host")
    if port == 0:
        raise _bad_url(endpoint, "found port 0")
    if parts.query or parts.fragment or not host or parts.scheme not in schemes:
        raise _bad_url(endpoint, f"expected {schemes[-1]}://host[:port][/path] and nothing more")
    if parts.scheme == "http" and endpoint.network is Network.PUBLIC:
        raise _bad_url(endpoint, "found http, expected https", "use https, or `network: private_cidr`")
    if parts.scheme == "http" and endpoint.pins:
        raise _bad_url(endpoint, "found pins on http, where no server shows a key", "use https, or remove `pins`")
    _networks(endpoint)
    return Origin(parts.scheme, host, port or _PORTS[parts.scheme], parts.path.rstrip("/"))


def _bad_url(endpoint: Endpoint, message: str, mend: str = "") -> ConfigError:
    shown = endpoint.base_url.rpartition("@")[2][:80]
    mend = mend or f"mend {endpoint.option} of the connection"
    return ConfigError(message, place=f"{endpoint.option} {shown!r}", mend=mend)


def _plain_host(host: str) -> str:
    """ASCII host. ValueError for the odd ways to write an address (decimal, octal, hex, short, zone)."""
    if ":" in host:
        if "%" in host:
            raise ValueError("an address with a zone means another machine on every machine")
        return str(ipaddress.IPv6Address(host))
    ascii_host = host.encode("idna").decode("ascii").lower().rstrip(".")
    last = ascii_host.rpartition(".")[2]
    if last.isdigit() or last.startswith("0x"):
        return str(ipaddress.IPv4Address(ascii_host))
    if ascii_host and not _NAME.match(ascii_host):
        raise ValueError("a name has letters, digits, dots and hyphens")
    return ascii_host


def _networks(endpoint: Endpoint) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    try:
        networks = [ipaddress.ip_network(text) for text in endpoint.cidrs]
    except ValueError as error:
        found = f"not a range of addresses: {error}"
        raise ConfigError(found, place="cidrs", mend="write it as 10.1.0.0/16") from error
    for network in networks:
        if network.is_global or network.prefixlen == 0:
            mend = "name private ranges only; a public server is `network: public`"
            raise ConfigError(f"{network} reaches into the public network", place="cidrs", mend=mend)
    if endpoint.network is Network.PRIVATE_CIDR and not networks:
        mend = "list the range the server is in"
        raise ConfigError("found no range, expected at least one", place="cidrs", mend=mend)
    return networks


def _inside(address: Address) -> Iterable[Address]:
    """The address itself and every IPv4 address written into an IPv6 one."""
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        yield address.ipv4_mapped  # nothing but another way to write it
        return
    yield address
    if isinstance(address, ipaddress.IPv6Address):
        if address.sixtofour:
            yield address.sixtofour
        if address.teredo:
            yield address.teredo[1]
        if address in _NAT64 or (address in _COMPATIBLE and int(address) > 1):
            yield ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)


def is_allowed(endpoint: Endpoint, text: str) -> bool:
    """Whether a connection to this address may be opened under the endpoint's network."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    if endpoint.network is Network.SANDBOX:
        return address.is_loopback
    faces = list(_inside(address))
    if any(map(_is_never_a_server, faces)):
        return False
    if endpoint.network is Network.PUBLIC:
        return all(face.is_global and not face.is_reserved and not _is_retired(face) for face in faces)
    if faces != [address]:  # a private range must be named in its own family
        return False
    return any(_covers(network, address) for network in _networks(endpoint))


def _is_retired(face: Address) -> bool:
    """Ranges that once led to somebody's own network: site-local, and relays to 6to4."""
    return any(face in network for network in _RETIRED if network.version == face.version)


def _is_never_a_server(face: Address) -> bool:
    return face in _METADATA or face.is_multicast or face.is_unspecified or face.is_link_local


def _covers(network: ipaddress.IPv4Network | ipaddress.IPv6Network, address: Address) -> bool:
    """A listed range covers loopback only if it lies in it: `0.0.0.0/0` does not open this machine."""
    return address in network and (not address.is_loopback or network.is_loopback)


class Guard:
    """Resolves an origin once, judges every address, and keeps to the judged ones. Thread-safe."""

    def __init__(
        self, endpoint: Endpoint, resolver: Resolver = system_resolver, schemes: tuple[str, ...] = _WEB
    ) -> None:
        self.origin = parse_origin(endpoint, schemes)
        self._endpoint = endpoint
        self._resolver = resolver
        self._addresses: list[str] = []
        self._lock = threading.Lock()

    def address(self) -> str:
        """The address to connect to. ConfigError when any address of the name is not allowed."""
        return self.addresses()[0]

    def addresses(self) -> list[str]:
        """Every judged address that is left, in the order to try them. ConfigError as above."""
        with self._lock:
            if not self._addresses:
                self._addresses = self._judged()
            return list(self._addresses)

    def failed(self, address: str) -> None:
        """Nobody answered there: the next address, or a fresh look, judged again, when none is left."""
        with self._lock:
            if self._addresses and self._addresses[0] == address:
                self._addresses = self._addresses[1:]

    def _judged(self) -> list[str]:
        host, port = self.origin.host, self.origin.port
        found = self._resolver(host, port)
        if not found:
            mend = f"check {self._endpoint.option} and DNS"
            raise RetryableError("the name has no address", place=host, mend=mend)
        for text in found:
            if not is_allowed(self._endpoint, text):
                raise ConfigError(
                    f"found address {text}, which `network: {self._endpoint.network.value}` does not allow",
                    place=f"{self._endpoint.option} {host!r}",
                    mend="for a server in your own network use `network: private_cidr` and list its `cidrs`",
                )
        return found
