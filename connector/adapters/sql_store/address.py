"""Where a database URL leads: judged as written, before anything is opened.

A URL says product, user, database and host; place and trust are settings of the connection, and no option of a URL
overrides them. No connection is opened and no statement is known here.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError

from connector.adapters.kit.form import NetworkForm
from connector.adapters.kit.network import Endpoint, Guard, Network, Resolver, system_resolver
from connector.errors import ConfigError

# Product → the one driver whose way to connect is known here.
_DRIVERS = {"postgresql": "postgresql+psycopg", "mysql": "mysql+pymysql", "mariadb": "mariadb+pymysql"}
# Product → options of a URL that change neither where it leads nor whom it trusts; the first one is the socket.
_OPTIONS = {
    "postgresql": ("host", "sslcert", "sslkey", "application_name"),
    "mysql": ("unix_socket",),
}
# Variables by which libpq would be led elsewhere where no address is given.
_LEADING_AWAY = ("PGHOSTADDR", "PGSERVICE")
_EXAMPLE = "e.g. postgresql+psycopg://reader:…@host:5432/hr"


@dataclass(frozen=True)
class Target:
    """A judged URL. `guard` is None for a file and for a socket of this machine; `socket` is "" but for the latter."""

    url: sa.URL  # without options
    option: str  # the setting it stands in
    options: dict[str, str]
    guard: Guard | None = None
    socket: str = ""
    is_verified: bool = False  # TLS with a verified certificate, or no connection
    ca_file: str | None = None

    @property
    def product(self) -> str:
        """sqlite, postgresql or mysql (which MariaDB is called, too)."""
        return _product(self.url)


def judge(text: str, form: NetworkForm, option: str, resolver: Resolver = system_resolver) -> Target:
    """A URL as an admin wrote it → where it may lead. ConfigError names the part that cannot stand.

    The name is not resolved yet. A server on the internet is spoken to with verified TLS only.
    """
    url = _read(text, option)
    if _product(url) == "sqlite":
        return Target(url.set(query={}), option, {})
    options = _passed_on(url, option)
    socket = options.pop(_OPTIONS[_product(url)][0], "")
    bare = url.set(query={}, drivername=_DRIVERS[url.get_backend_name()])
    if socket:
        _judge_socket(url, socket, option)
        return Target(bare, option, options, socket=socket)
    is_verified = form.network is Network.PUBLIC or form.ca_file is not None
    guard = Guard(_endpoint(url, form, option), resolver, (_product(url),))
    return Target(bare, option, options, guard, is_verified=is_verified, ca_file=form.ca_file)


def _read(text: str, option: str) -> sa.URL:
    try:
        url = sa.make_url(text)
    except (ArgumentError, ValueError) as error:
        raise ConfigError("the database URL cannot be read", place=option, mend=_EXAMPLE) from error
    backend = url.get_backend_name()
    if backend == "sqlite" and (not url.database or url.database == ":memory:"):
        raise ConfigError("found no file in the SQLite URL", place=option, mend="sqlite:////full/path/hr.sqlite")
    if backend != "sqlite" and (backend not in _DRIVERS or url.drivername not in {backend, _DRIVERS[backend]}):
        known = ", ".join(["sqlite", *_DRIVERS.values()])
        raise ConfigError(f"found `{url.drivername}`, expected one of {known}", place=option, mend=_EXAMPLE)
    return url


def _product(url: sa.URL) -> str:
    backend = url.get_backend_name()
    return "mysql" if backend == "mariadb" else backend


def _passed_on(url: sa.URL, option: str) -> dict[str, str]:
    allowed = _OPTIONS[_product(url)]
    for name, value in url.query.items():
        if name not in allowed or not isinstance(value, str):
            raise ConfigError(
                f"found `{name}` in the URL, expected at most {', '.join(allowed)}, each once", place=option,
                mend="remove it; place and trust are the settings network, cidrs and ca_file",
            )
    return {name: str(value) for name, value in url.query.items()}


def _judge_socket(url: sa.URL, socket: str, option: str) -> None:
    if url.host or not socket.startswith("/"):
        found = "a host beside it" if url.host else repr(socket[:80])
        mend = "name either a host or the full path of a socket"
        raise ConfigError(f"a socket of this machine: found {found}", place=option, mend=mend)
    set_anyway = [name for name in _LEADING_AWAY if os.environ.get(name)]
    if _product(url) == "postgresql" and set_anyway:
        mend = "unset it; the URL alone says where the database is"
        raise ConfigError(f"the environment sets {' and '.join(set_anyway)}", place=option, mend=mend)


def _endpoint(url: sa.URL, form: NetworkForm, option: str) -> Endpoint:
    if not url.host:
        raise ConfigError("found no host in the database URL", place=option, mend=_EXAMPLE)
    host = f"[{url.host}]" if ":" in url.host else url.host
    if "@" in host:
        mend = "an `@` in a password is written %40"
        raise ConfigError("found more than one `@` in the database URL", place=option, mend=mend)
    base_url = f"{_product(url)}://{host}{'' if url.port is None else f':{url.port}'}"
    return Endpoint(base_url, form.network, form.cidrs, form.ca_file, option=option)
