"""The query of a stream: the admin's own, or a profile's with its conditions filled in. No database here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import yaml

from connector.adapters.sql_store import wire
from connector.errors import ConfigError


@dataclass(frozen=True)
class Profile:
    """Ready-made queries, and conditions that depend on columns the database may lack."""

    name: str
    queries: Mapping[str, str]
    conditions: Mapping[str, Mapping[str, str]]


@cache
def load_profile(name: str) -> Profile:
    """A profile of this package by name."""
    file = resources.files(__package__) / "profiles" / f"{name}.yaml"
    document: dict[str, Any] = yaml.safe_load(file.read_text("utf-8"))
    return Profile(name, document["queries"], document.get("conditions", {}))


def streams_of(own: Mapping[str, str], profile: str | None) -> frozenset[str]:
    """Streams that have a query."""
    return frozenset(own) | frozenset(load_profile(profile).queries if profile else ())


def query_of(
    stream: str, own: Mapping[str, str], profile: str | None, has_column: Callable[[str, str], bool]
) -> str:
    """The statement to send for a stream. `has_column(table, column)` is asked for a profile only."""
    place = f"queries.{stream}"
    if stream in own:
        return wire.read_only(own[stream], place)
    ready = load_profile(profile) if profile else None
    if ready is None or stream not in ready.queries:
        raise ConfigError("found no query", place=place, mend=f"add `queries: {{{stream}: SELECT ...}}`")
    filled = {
        name: rule["then"] if has_column(*rule["column"].split(".")) else rule["otherwise"]
        for name, rule in ready.conditions.items()
    }
    return wire.read_only(wire.fill_conditions(ready.queries[stream], filled), place)
