"""One read-only transaction on a foreign database, streamed. Nothing is written, whatever a query says.

Guarded three times: the text of a query is looked at first, the session refuses writes (SQLite files are opened
with `mode=ro`), and so does the transaction, which sees one state of the database from its first to its last row.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, NoSuchModuleError
from sqlalchemy.pool import NullPool

from connector.adapters.sql_store import sessions
from connector.adapters.sql_store.address import Target
from connector.errors import AuthError, ConfigError, ConnectorError, RetryableError, WireError

# Seconds to wait for a lock that a writer of a SQLite file holds.
_LOCK_S = 30
_READER = "an account with SELECT rights on the tables of the query is enough"
# SQLSTATE classes of PostgreSQL and error numbers of MariaDB/MySQL, by what an admin has to do.
_LOGIN = {"28000", "28P01", "1045", "1044", "1698"}
_PERMISSION = {"42501", "1142", "1143"}
_QUERY = {"42P01", "42703", "42601", "3D000", "1146", "1054", "1064", "1049"}
_BUSY = {"57014", "55P03", "40001", "40P01", "53300", "57P03", "1205", "1213", "1040", "1969", "3024"}
# How libpq and Python name a handshake that failed: certificate, name, protocol, or no TLS at all.
_UNTRUSTED = re.compile(
    r"certificate verif|server certificate for|does not match host name|not support SSL|SSL is required"
    r"|\[SSL: (?!UNEXPECTED)|SSL error: (?!unexpected|SSL_ERROR_SYSCALL)", re.IGNORECASE,
)
# A refused connection of PostgreSQL carries no code, only words.
_NO_ACCOUNT = re.compile(
    r"authentication failed|no pg_hba\.conf entry|role .* does not exist|access denied for user", re.IGNORECASE
)
_NO_DATABASE = re.compile(r"FATAL: +database .* does not exist")
_TRUST = "the server needs TLS >= 1.2 and a certificate for its name; put your own authority's into ca_file"
_AWAY = {"08001", "08006", "2002", "2003", "2005"}


def open_engine(target: Target, timeout_s: int, *, is_reader: bool = True) -> sa.Engine:
    """Judged URL → engine whose sessions only read, but for our own table. ConfigError when the driver or the CA file
    is not there."""
    if target.product == "sqlite":
        return _sqlite(target.url, is_reader=is_reader)
    options = sessions.connect_options(target, timeout_s, is_reader=is_reader)
    try:
        engine = sa.create_engine(target.url, poolclass=NullPool, hide_parameters=True, connect_args=options)
    except (NoSuchModuleError, ModuleNotFoundError) as error:
        mend = "install what requirements.lock names; run.py does it"
        raise ConfigError(f"no driver for {target.url.drivername}: {error}", place=target.option, mend=mend) from error
    sessions.listen(engine, target)
    if target.product == "mysql":
        sa.event.listen(engine, "connect", sessions.prepared(timeout_s, is_reader))
    return engine


def _sqlite(url: sa.URL, *, is_reader: bool) -> sa.Engine:
    """A file that is there already; a session is one transaction."""
    address = f"file:{quote(url.database or '')}?mode={'ro' if is_reader else 'rw'}"

    def connect() -> sqlite3.Connection:
        found = sqlite3.connect(
            address, uri=True, timeout=_LOCK_S, isolation_level=None, check_same_thread=False
        )
        found.execute(f"PRAGMA query_only = {'ON' if is_reader else 'OFF'}")
        found.execute("BEGIN" if is_reader else "BEGIN IMMEDIATE")
        return found

    return sa.create_engine("sqlite://", creator=connect, poolclass=NullPool, hide_parameters=True)


def reading_options(dialect: str) -> dict[str, Any]:
    """What SQLAlchemy is told of a transaction that only reads, sees one state and is streamed."""
    options: dict[str, Any] = {"stream_results": True, "no_parameters": True}
    if dialect != "sqlite":
        options["isolation_level"] = "REPEATABLE READ"
    return options | ({"postgresql_readonly": True} if dialect == "postgresql" else {})


@contextmanager
def reading(engine: sa.Engine, place: str) -> Iterator[sa.Connection]:
    """One consistent read-only transaction; every error of the database becomes one of ours."""
    try:
        with engine.connect() as connection:
            connection.execution_options(**reading_options(engine.dialect.name))
            sessions.begin(connection)
            yield connection
    except DBAPIError as error:
        raise explain(error, place) from error
    except ModuleNotFoundError as error:
        raise ConfigError(f"no driver: {error}", place=place, mend="install the database's driver") from error


def explain(error: DBAPIError, place: str) -> ConnectorError:
    """A driver's error by what happens next. The driver's first line is kept; no statement, no password."""
    origin = error.orig
    shown = next(iter(str(origin).strip().splitlines()), type(origin).__name__)[:200]
    arguments = getattr(origin, "args", ()) or ("",)
    codes = {str(getattr(origin, "sqlstate", None)), str(arguments[0])}
    lower = shown.lower()
    if _UNTRUSTED.search(shown):
        return ConfigError(shown, place="ca_file", mend=_TRUST)
    if codes & _LOGIN or _NO_ACCOUNT.search(shown):
        return AuthError(shown, place=place, mend="check user and password of the database URL")
    if codes & _PERMISSION or "permission denied" in lower:
        return ConfigError(shown, place=place, mend=_READER)
    if _NO_DATABASE.search(shown):
        return ConfigError(shown, place="url", mend="check the name of the database in the URL")
    if codes & _QUERY or any(hint in lower for hint in ("no such table", "no such column", "syntax error")):
        return ConfigError(shown, place=place, mend="compare the query with the tables of the database")
    if "unable to open database file" in lower or "file is not a database" in lower:
        return ConfigError(
            shown, place=place, mend="check the path in the URL and the right to read the file"
        )
    if codes & _BUSY or "locked" in lower:
        return RetryableError(
            shown, place=place, mend="the database is busy or away; the next run tries again"
        )
    if codes & _AWAY or "connection failed" in lower or "failed to resolve" in lower or "is bad" in lower:
        return RetryableError(shown, place=place, mend="check host and port of the database URL")
    return WireError(shown, place=place, mend="the reading stopped; it counts as incomplete")


def has_column(connection: sa.Connection, table: str, column: str) -> bool:
    """Whether the database shows this column to our account."""
    inspector = sa.inspect(connection)
    return inspector.has_table(table) and column in {c["name"] for c in inspector.get_columns(table)}


def stream(connection: sa.Connection, query: str, size: int) -> Iterator[tuple[list[str], Sequence[Any]]]:
    """(column names, up to `size` rows) until the cursor is exhausted; an empty result is one empty part."""
    with connection.execution_options(max_row_buffer=size).exec_driver_sql(query) as result:
        names = list(result.keys())
        seen = False
        for rows in result.partitions(size):
            seen = True
            yield names, rows
        if not seen:
            yield names, []


def columns(connection: sa.Connection, query: str) -> list[str]:
    """Column names of a query, found without reading its rows."""
    with connection.exec_driver_sql(f"SELECT * FROM (\n{query}\n) AS shown WHERE 1 = 0") as result:
        return list(result.keys())
