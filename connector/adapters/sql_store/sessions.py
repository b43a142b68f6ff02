"""How a session with each database begins: at the judged address, trusting whom the connection trusts.

What a session may do is asked of the database at its beginning. No query of a stream is known here.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from connector.adapters.kit import tls
from connector.adapters.sql_store.address import Target
from connector.errors import RetryableError

# Seconds to wait for a connection.
CONNECT_S = 15
# Names that a check shows of what an account could write.
_SHOWN = 3
_WRITABLE = f"""
    SELECT n.nspname || '.' || c.relname
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p') AND n.nspname <> 'information_schema' AND left(n.nspname, 3) <> 'pg_'
      AND has_table_privilege(c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE')
    ORDER BY 1 LIMIT {_SHOWN}"""
# `GRANT SELECT, SHOW VIEW ON `hr`.* TO …`; privileges that change nothing.
_GRANT = re.compile(r"^GRANT (?P<what>.+?) ON (?:TABLE |FUNCTION |PROCEDURE )?(?P<where>\S+) TO ")
_HARMLESS = {"USAGE", "SELECT", "SHOW VIEW", "SHOW DATABASES", "LOCK TABLES", "EXECUTE"}


def connect_options(target: Target, timeout_s: int, *, is_reader: bool = True) -> dict[str, Any]:
    """Keyword arguments of the driver. ConfigError for an unreadable CA file."""
    if target.product == "postgresql":
        return _postgresql(target, timeout_s, "on" if is_reader else "off")
    return _mysql(target, timeout_s)


def _postgresql(target: Target, timeout_s: int, read_only: str) -> dict[str, Any]:
    """libpq reads its environment and files for whatever is not said: place and trust are always said."""
    found: dict[str, Any] = {
        "connect_timeout": CONNECT_S, **target.options, "gssencmode": "disable",
        "options": f"-c default_transaction_read_only={read_only} -c statement_timeout={timeout_s * 1000}",
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


def prepared(timeout_s: int, is_reader: bool) -> Callable[[Any, Any], None]:
    """What every session with MariaDB or MySQL begins with; what does not fit is an error, never cut. MariaDB counts
    seconds, MySQL milliseconds; only one of the two knows each name."""
    statements = [
        f"SET SESSION TRANSACTION READ {'ONLY' if is_reader else 'WRITE'}",
        "SET SESSION sql_mode = CONCAT(@@sql_mode, ',PIPES_AS_CONCAT,STRICT_ALL_TABLES')",
        f"SET SESSION max_statement_time = {timeout_s}",
        f"SET SESSION max_execution_time = {timeout_s * 1000}",
    ]

    def prepare(connection: Any, _record: Any) -> None:
        with connection.cursor() as cursor:
            for statement in statements[:2]:
                cursor.execute(statement)
            is_mariadb = "mariadb" in str(getattr(connection, "server_version", "")).lower()
            cursor.execute(statements[2] if is_mariadb else statements[3])
        connection.commit()

    return prepare


def begin(connection: sa.Connection) -> None:
    """The transaction of a reading. MariaDB and MySQL take the snapshot now; the others do at the first statement."""
    if connection.dialect.name in {"mysql", "mariadb"}:
        connection.exec_driver_sql("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")


def writable(connection: sa.Connection) -> list[str]:
    """The first tables (PostgreSQL) or grants (MariaDB, MySQL) by which this account could change something."""
    match connection.dialect.name:
        case "postgresql":
            return [str(name) for (name,) in connection.exec_driver_sql(_WRITABLE)]
        case "mysql" | "mariadb":
            lines = [str(line) for (line,) in connection.exec_driver_sql("SHOW GRANTS")]
            return [found for line in lines if (found := _changing(line))][:_SHOWN]
        case _:
            return []  # a file of SQLite has no accounts; it is opened for reading


def _changing(grant: str) -> str:
    """`UPDATE, DELETE ON hr.*` of a line of SHOW GRANTS; "" when it only reads."""
    found = _GRANT.match(grant)
    if found is None:
        return ""
    kinds = [re.sub(r" ?\(.*?\)", "", kind).strip() for kind in re.split(r",(?![^(]*\))", found["what"])]
    changing = [kind for kind in kinds if kind.upper() not in _HARMLESS]
    return f"{', '.join(changing)} ON {found['where']}" if changing else ""
