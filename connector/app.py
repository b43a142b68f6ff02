"""The composition root: settings become a desk with its company, its store, its clock and its adapters."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from importlib import resources
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import SecretStr

from connector.adapters import guests, registry
from connector.adapters.contract import Clock, Setting
from connector.adapters.kit.clock import SystemClock
from connector.engine.local import Log
from connector.engine.schedule import Schedule
from connector.errors import ConfigError
from connector.logs import open_log
from connector.mappings.table import load_mapping
from connector.model.faults import fault
from connector.origins import Origin, origins
from connector.rules.book import RuleBook, load_book
from connector.settings import Settings, load_settings, read_settings, resolve_secret, schedule_of
from connector.store.database import Store, open_store, shown_url
from connector.sync.connections import SHRINK_PERCENT, Company, Connection, Desk, Progress


def store_url(settings: Settings) -> str:
    """Where the store is; may hold a password, so never shown as it is."""
    if not settings.store:
        return f"sqlite:///{settings.data_dir / 'connector.db'}"
    return resolve_secret(settings.store, "store", settings, is_url=True)


def rule_book(settings: Settings) -> RuleBook:
    """The company's rule book, or the one that comes with the program."""
    return book_at(settings.rules)


def book_at(path: Path | None) -> RuleBook:
    """A file is the whole book; the files of a folder are sheets over the book that comes with the program."""
    default = (resources.files("connector.rules") / "default.yaml").read_text("utf-8")
    if path is None:
        return load_book(default, "default rules")
    if path.is_dir():
        return load_book(default, "default rules", [(str(one), _text_of(one)) for one in sorted(path.glob("*.yaml"))])
    return load_book(_text_of(path), str(path))


def _text_of(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        shown = getattr(error, "strerror", None) or "it is not UTF-8"
        raise fault(ConfigError, "book.unreadable", str(path), cause=shown) from error


def build_connections(settings: Settings, clock: Clock) -> tuple[Connection, ...]:
    """Every connection of the file with its adapter and mappings."""
    company, products = settings.company, guests.admit(settings.adapters)
    found = []
    for name, spec in settings.connections.items():
        options = dict(spec)
        adapter_name = str(options.pop("adapter", ""))
        shrink_percent = _percent(options.pop("shrink_percent", SHRINK_PERCENT), f"connections.{name}.shrink_percent")
        if adapter_name not in products:
            known = ", ".join(sorted(products))
            raise fault(ConfigError, "connections.no_adapter", f"connections.{name}", found=adapter_name, known=known)
        options = _with_secrets(products[adapter_name], options, f"connections.{name}", settings)
        overlay = _overlay(adapter_name, settings.mappings)
        setting = Setting(name, company.currency, ZoneInfo(company.time_zone), clock, overlay)
        adapter = registry.build(adapter_name, options, setting, products)
        mapping = load_mapping(products[adapter_name].mapping_text(), f"{adapter_name}/mapping.yaml", overlay)
        found.append(Connection(name, adapter.manifest.roles[0], adapter, mapping, shrink_percent))
    _refuse_rivals(found)
    return tuple(found)


def _refuse_rivals(connections: list[Connection]) -> None:
    """One stream comes from one connection: two would overwrite each other without a word."""
    first: dict[str, str] = {}
    for connection in connections:
        for stream in connection.adapter.manifest.streams:
            if stream in first:
                rivals = {"first": first[stream], "second": connection.name, "stream": stream}
                raise fault(ConfigError, "connections.rivals", "connections", **rivals)
            first[stream] = connection.name


def _percent(found: object, place: str) -> int:
    if isinstance(found, int) and not isinstance(found, bool) and 0 <= found <= 100:
        return found
    raise ConfigError(f"found {found!r}, expected a whole number from 0 to 100", place=place)


def _overlay(adapter_name: str, overlays: Path | None) -> str:
    """The company's own mapping of a product, or ""."""
    place = overlays / f"{adapter_name}.yaml" if overlays is not None else None
    return place.read_text("utf-8") if place is not None and place.exists() else ""


def _with_secrets(
    product: registry.Product, options: Mapping[str, Any], place: str, settings: Settings
) -> dict[str, Any]:
    fields = product.form().model_fields
    resolved = dict(options)
    for name, field in fields.items():
        value = resolved.get(name)
        if "SecretStr" in repr(field.annotation) and isinstance(value, str) and value:
            resolved[name] = SecretStr(resolve_secret(value, f"{place}.{name}", settings, name.endswith("url")))
    return resolved


@contextmanager
def open_desk(
    settings: Settings, clock: Clock | None = None, progress: Progress = lambda stage, rows: None
) -> Iterator[Desk]:
    """A desk at which use cases run; connections and the store are closed at the end."""
    os.umask(0o077)  # whatever a run writes is its owner's alone
    clock = clock or SystemClock()
    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    with ExitStack() as stack:
        store = open_store(store_url(settings), settings.company.code)
        stack.callback(store.engine.dispose)
        connections = build_connections(settings, clock)
        for connection in connections:
            stack.callback(connection.adapter.close)
        company = Company(
            settings.company.code, settings.company.title or settings.company.code, settings.company.currency,
            ZoneInfo(settings.company.time_zone), connections, rule_book(settings), settings.company.language,
            tuple(tuple(step) for step in settings.company.approval_chain), settings.company.payout_prefix,
            settings.company.confirm == "always",
        )
        yield Desk(company, store, clock, settings.data_dir, progress, settings.today)


class House:
    """What the doors may ask of the top floor; they hold it without importing it."""

    @contextmanager
    def desk(
        self, config: Path, progress: Progress = lambda stage, rows: None, clock: Clock | None = None
    ) -> Iterator[Desk]:
        """The desk of a configuration file."""
        with open_desk(load_settings(config), clock, progress) as desk:
            yield desk

    @contextmanager
    def desk_of(
        self, document: Mapping[str, Any], folder: Path, progress: Progress = lambda stage, rows: None,
        clock: Clock | None = None,
    ) -> Iterator[Desk]:
        """The desk of settings given as a document; relative paths are relative to `folder`."""
        with open_desk(read_settings(dict(document), folder / "settings"), clock, progress) as desk:
            yield desk

    @contextmanager
    def store(self, config: Path) -> Iterator[Store]:
        """The store alone: no rule, no connection and no secret of theirs is read."""
        settings = load_settings(config)
        opened = open_store(store_url(settings), settings.company.code)
        try:
            yield opened
        finally:
            opened.engine.dispose()

    def schedule(self, config: Path) -> Schedule:
        """When the nights of a configuration are due."""
        return schedule_of(load_settings(config))

    @contextmanager
    def log(self, config: Path) -> Iterator[Log]:
        """Where long work says what it does."""
        settings = load_settings(config)
        with open_log(settings.log.file, settings.company.code) as say:
            yield say

    def origins(self, config: Path) -> list[Origin]:
        """Every setting in force, and where it comes from."""
        return origins(config)

    def book(self, config: Path) -> RuleBook:
        """The rule book of a configuration."""
        return rule_book(load_settings(config))

    def book_at(self, path: Path | None) -> RuleBook:
        """A rule book, or a folder of sheets over the program's own; None is that one alone."""
        return book_at(path)

    def products(self, config: Path | None) -> tuple[Mapping[str, registry.Product], tuple[str, ...]]:
        """Every adapter that a configuration admits, and the names of those it uses; without one the house's own."""
        if config is None:
            return registry.PRODUCTS, ()
        settings = load_settings(config)
        used = dict.fromkeys(str(spec.get("adapter", "")) for spec in settings.connections.values())
        return guests.admit(settings.adapters), tuple(used)

    def check(self, config: Path) -> list[str]:
        """Read everything that a run would read, connect to nothing; returns what was found, one line a thing."""
        settings = load_settings(config)
        book = rule_book(settings)
        connections = build_connections(settings, SystemClock())
        for connection in connections:
            connection.adapter.close()
        schedule, zone = schedule_of(settings), ZoneInfo(settings.company.time_zone)
        lines = [f"company {settings.company.code}: {settings.company.currency}, {settings.company.time_zone}"]
        lines += [f"connection {c.name}: {c.adapter.manifest.adapter} ({c.role})" for c in connections]
        following = (slot.due_at.astimezone(zone) for slot in schedule.after(SystemClock().now()))
        times = ", ".join(f"{at:%Y-%m-%d %H:%M}" for at in following)
        return [
            *lines, f"rule book {book.version}: {len(book.rules)} rules", f"store {shown_url(store_url(settings))}",
            f"nightly `{schedule.nightly}`: {times} ({zone.key})",
        ]
