"""The database itself: open, protect, migrate. SQLite in WAL with full sync, PostgreSQL with the same code."""

from __future__ import annotations

import os
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from connector.errors import ConfigError, StoreError
from connector.model.faults import fault

# The newest migration this code knows; the same id stands in `migrations/versions`.
SCHEMA = "0003"

# Where drivers take a password from, in a url's query.
PASSWORD_KEYS = frozenset({"password", "passwd", "pwd", "passfile", "sslpassword"})
# The lock under which one program at a time brings a PostgreSQL schema up to date; any number of our own will do.
_MIGRATING = 7_317_001


@dataclass(frozen=True)
class Store:
    """One company's view of the database."""

    engine: sa.Engine
    company: str


def open_store(url: str, company: str) -> Store:
    """An engine with the schema in place. A database newer than this code is refused."""
    try:
        parsed = sa.make_url(url)
    except (sa.exc.ArgumentError, ValueError):  # no url, or a port that is no number
        raise fault(ConfigError, "store.no_url", "store") from None
    if parsed.get_backend_name() == "sqlite" and parsed.database and parsed.database != ":memory:":
        file = Path(parsed.database)
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not file.exists():
            os.close(os.open(file, os.O_CREAT | os.O_WRONLY, 0o600))
    is_server = parsed.get_backend_name() != "sqlite"
    try:
        # An error of it names no person; a server may have been restarted in between.
        engine = sa.create_engine(parsed, hide_parameters=True, pool_pre_ping=is_server)
    except (sa.exc.NoSuchModuleError, ImportError) as error:
        raise fault(ConfigError, "store.no_driver", "store", cause=error) from error
    if not is_server:
        sa.event.listen(engine, "connect", _prepare_sqlite)
        sa.event.listen(engine, "begin", lambda conn: conn.exec_driver_sql("BEGIN IMMEDIATE"))
    sa.event.listen(engine, "handle_error", _told)
    try:
        _migrate_if_needed(engine)
    except Exception:
        engine.dispose()
        raise
    return Store(engine, company)


def _told(context: sa.engine.ExceptionContext) -> None:
    """What the database cannot do, as our error: a full disk, a lock that is not freed, a file that is none."""
    if context.is_pre_ping:  # a connection of the pool that died: another one is opened
        return
    if isinstance(context.sqlalchemy_exception, sa.exc.IntegrityError):
        said = getattr(getattr(context.original_exception, "diag", None), "message_primary", None)
        if said:  # a server's detail shows the row itself
            raise sa.exc.IntegrityError(context.statement, None, Exception(said)) from None
        return
    if isinstance(context.original_exception, sa.exc.SQLAlchemyError) or not isinstance(
        context.sqlalchemy_exception, sa.exc.OperationalError | sa.exc.DatabaseError
    ):
        return
    place = _without_password(context.engine.url) if context.engine is not None else "store"
    raise fault(StoreError, "store.failed", place, cause=context.original_exception) from context.original_exception


def shown_url(url: str) -> str:
    """A database url without its password."""
    try:
        return _without_password(sa.make_url(url))
    except (sa.exc.ArgumentError, ValueError):
        return "not readable"


def _without_password(url: sa.URL) -> str:
    hidden = {name: "***" for name in url.query if name.lower() in PASSWORD_KEYS}
    return url.update_query_dict(hidden).render_as_string(hide_password=True).replace("%2A%2A%2A", "***")


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # SQLAlchemy's own BEGIN below decides
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=10000", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def schema_version(engine: sa.Engine) -> str | None:
    """The migration a database stands at, None when it is empty."""
    with engine.connect() as conn:
        if not sa.inspect(conn).has_table("alembic_version"):
            return None
        version: str | None = conn.scalar(sa.text("SELECT version_num FROM alembic_version"))
        return version


def _migrate_if_needed(engine: sa.Engine) -> None:
    version = schema_version(engine)
    if version == SCHEMA:
        return
    if version is not None and version > SCHEMA:
        raise fault(StoreError, "store.newer", "store", found=version, known=SCHEMA)
    migrate(engine)


def migrate(engine: sa.Engine) -> None:
    """Bring the schema to `SCHEMA`, in one transaction."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(resources.files("connector.store") / "migrations"))
    with engine.begin() as conn:
        if conn.dialect.name == "postgresql":  # SQLite's transaction is alone from its beginning
            conn.execute(sa.select(sa.func.pg_advisory_xact_lock(_MIGRATING)))
        config.attributes["connection"] = conn
        command.upgrade(config, "head")
