"""Whom a connection trusts: authorities, the oldest protocol that is spoken, and the keys a server may show.

Verification cannot be switched off here. No address, no request and no credential ever enters this room.
"""

from __future__ import annotations

import hashlib
import re
import ssl

import certifi

from connector.adapters.kit.network import Endpoint
from connector.errors import ConfigError

# SHA-256 of the key's DER form (SubjectPublicKeyInfo), as `openssl … | openssl dgst -sha256` prints it.
_PIN = re.compile(r"^sha256:[0-9a-f]{64}$")


def authorities(ca_file: str | None) -> str:
    """Path of the PEM file to trust: the connection's own, which replaces the public authorities, else those."""
    return ca_file or certifi.where()


def context(ca_file: str | None) -> ssl.SSLContext:
    """Chain, host name and dates are verified, TLS 1.2 or newer. ConfigError for an unreadable CA file."""
    try:
        found = ssl.create_default_context(cafile=authorities(ca_file))
    except (OSError, ssl.SSLError) as error:
        raise ConfigError("the CA file cannot be read as PEM", place=f"ca_file {ca_file}") from error
    found.minimum_version = ssl.TLSVersion.TLSv1_2
    return found


def normal_pin(text: str) -> str:
    """A pin as it is compared: lower case, without the colons some tools print. ValueError for anything else."""
    kind, _, digits = text.strip().lower().partition(":")
    pin = f"{kind}:{digits.replace(':', '')}"
    if not _PIN.match(pin):
        raise ValueError(f"found {text[:80]!r}, expected sha256: and the 64 hexadecimal digits of the key's hash")
    return pin


def pin_of(certificate: bytes) -> str:
    """DER certificate → pin of the key in it. ConfigError when the key is of a kind nobody can read."""
    # Only a connection with pins loads the library.
    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    try:
        key = x509.load_der_x509_certificate(certificate).public_key()
    except (ValueError, UnsupportedAlgorithm) as error:
        raise ConfigError(f"the key in the server's certificate cannot be read: {error}", place="pins") from error
    der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return f"sha256:{hashlib.sha256(der).hexdigest()}"


def check_pins(endpoint: Endpoint, peer: ssl.SSLObject | ssl.SSLSocket, host: str) -> None:
    """The server of a finished handshake shows one of the endpoint's keys, if it names any; else ConfigError."""
    if not endpoint.pins:
        return
    found = pin_of(peer.getpeercert(True) or b"")
    if found not in endpoint.pins:
        raise ConfigError(
            f"the server shows the key {found}, expected {' or '.join(endpoint.pins)}",
            place=f"pins of {host!r}",
            mend="ask whoever runs the server whether its key was changed; only then put the new one beside the old",
        )
