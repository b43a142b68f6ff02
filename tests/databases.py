"""Real database servers for tests: an empty database of its own for each asker, dropped when he is done.

A server that is named by its variable must answer; one that is not named is looked for on this machine, and its tests
are skipped with the reason when nobody answers there.
"""

from __future__ import annotations

import getpass
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import pytest
import sqlalchemy as sa
from sqlalchemy.pool import NullPool

# Product → its variable, and where it is looked for without it.
PLACES = {
    "postgresql": ("CONNECTOR_TEST_POSTGRES", f"postgresql+psycopg://{getpass.getuser()}@127.0.0.1:5432/test"),
    "mariadb": ("CONNECTOR_TEST_MARIADB", "mariadb+pymysql://root@127.0.0.1:3306/test"),
}
# Seconds to wait for a server that is only looked for.
LOOK_S = 2


@cache
def server(product: str) -> sa.URL | str:
    """The server's URL, or why there is none."""
    variable, usual = PLACES[product]
    if named := os.environ.get(variable):
        return sa.make_url(named)
    url = sa.make_url(usual)
    engine = sa.create_engine(url, poolclass=NullPool, connect_args={"connect_timeout": LOOK_S})
    try:
        engine.connect().close()
    except sa.exc.OperationalError:
        return f"no {product} answers at {url.host}:{url.port}; {variable} names another one"
    return url


@contextmanager
def scratch_database(product: str) -> Iterator[sa.URL]:
    """URL of an empty database whose owner may do everything in it. Skips the test where there is no server."""
    found = server(product)
    if isinstance(found, str):
        pytest.skip(f"needs a real server: {found}")
    name = f"connector_test_{secrets.token_hex(6)}"
    admin = sa.create_engine(found, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        letters = "ENCODING 'UTF8' TEMPLATE template0" if product == "postgresql" else "CHARACTER SET utf8mb4"
        connection.exec_driver_sql(f"CREATE DATABASE {name} {letters}")
    try:
        yield found.set(database=name)
    finally:
        force = " WITH (FORCE)" if product == "postgresql" else ""
        with admin.connect() as connection:
            connection.exec_driver_sql(f"DROP DATABASE {name}{force}")


def execute(url: sa.URL, script: str) -> None:
    """Statements divided by semicolons, each as it stands."""
    engine = sa.create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect().execution_options(no_parameters=True) as connection:
        for statement in filter(None, map(str.strip, script.split(";"))):
            connection.exec_driver_sql(statement)


def drop_user(url: sa.URL, name: str) -> None:
    """An account with whatever it was granted in this database."""
    is_postgres = url.get_backend_name() == "postgresql"
    execute(url, f"DROP OWNED BY {name}; DROP USER {name}" if is_postgres else f"DROP USER '{name}'@'%'")


@contextmanager
def reader(url: sa.URL) -> Iterator[sa.URL]:
    """URL of an account that may only SELECT in this database; gone afterwards."""
    name, secret = f"reader_{secrets.token_hex(6)}", secrets.token_hex(16)
    if url.get_backend_name() == "postgresql":
        execute(url, f"CREATE USER {name} PASSWORD '{secret}'; GRANT pg_read_all_data TO {name}")
    else:
        execute(url, f"CREATE USER {name}@'%' IDENTIFIED BY '{secret}'; GRANT SELECT ON {url.database}.* TO {name}@'%'")
    try:
        yield url.set(username=name, password=secret)
    finally:
        drop_user(url, name)
