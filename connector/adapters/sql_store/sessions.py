"""How a session with each database begins: at the judged address, trusting whom the connection trusts.

What a session may do is asked of the database at its beginning. No query of a stream is known here.
"""

from __future__ import annotations

import socket
from typing import Any

import sqlalchemy as sa

from connector.adapters.kit import tls
from connector.adapters.sql_store.address import Target
from connector.errors import RetryableError

# Seconds to wait for a connection.
CONNECT_S = 15


def connect_options(target: Target, timeout_s: int) -> dict[str, Any]:
    """Keyword arguments of the driver for a session that only reads. ConfigError for an unreadable CA file."""
    if target.product == "postgresql":
        return _postgresql(target, timeout_s)
    return _mysql(target, timeout_s)


def _postgresql(target: Target, timeout_s: int) -> dict[str, Any]:
    """libpq reads its environment and files for whatever is not said: place and trust are always said."""
    found: dict[str, Any] = {
        "connect_timeout": CONNECT_S, **target.options, "gssencmode": "disable",
        "options": f"-c default_transaction_read_only=on -c statement_timeout={timeout_s * 1000}",
    }
    if target.is_verified:
        tls.context(target.ca_file)  # says now, in words, when the file is no authority
        trusted = {"sslrootcert": tls.authorities(target.ca_file), "ssl_min_protocol_version": "TLSv1.2"}
        return found | {"sslmode": "verify-full"} | trusted
    if target.socket:
        return found | {"sslmode": "disable", "host": target.socket}
    return found | {"sslmode": "prefer"}


def _mysql(target: Target, timeout_s: int) -> dict[str, Any]:
    """A TLS context that is given is required: the driver refuses a server that offers none."""
    found: dict[str, Any] = {"charset": "utf8mb4", "read_timeout": timeout_s + CONNECT_S}
    if target.socket:
        return found | {"unix_socket": target.socket, "connect_timeout": CONNECT_S}
    return found | {"ssl": tls.context(target.ca_file)} if target.is_verified else found


def listen(engine: sa.Engine, target: Target) -> None:
    """Let the engine's connections go to the judged addresses; the name stays for the certificate only."""

    def connect(dialect: Any, _record: Any, arguments: list[Any], options: dict[str, Any]) -> Any:
        if target.guard is None:
            return None
        host, port, addresses = target.guard.origin.host, target.guard.origin.port, target.guard.addresses()
        try:
            if target.product == "postgresql":
                places = {"host": ",".join([host] * len(addresses)), "hostaddr": ",".join(addresses)}
                return dialect.connect(*arguments, **options | places | {"port": port})
            opened = _opened(host, port, addresses)
            connection = dialect.connect(*arguments, **options | {"host": host, "port": port}, defer_connect=True)
            connection.connect(sock=opened)
            return connection
        except (dialect.loaded_dbapi.OperationalError, RetryableError):
            for address in addresses:
                target.guard.failed(address)
            raise

    sa.event.listen(engine, "do_connect", connect)


def _opened(host: str, port: int, addresses: list[str]) -> socket.socket:
    """A connection to the first judged address that answers."""
    for address in addresses:
        try:
            found = socket.create_connection((address, port), CONNECT_S)
        except OSError:
            continue
        found.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        return found
    raise RetryableError("no connection", place=f"{host}:{port}", mend="check host and port of the database URL")
