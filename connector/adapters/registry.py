"""The closed list of products. A name in a configuration picks a row here and is never imported itself.

A product's own libraries are loaded when it is asked for. Nothing of a product is known here but its name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any, Protocol

import yaml
from pydantic import BaseModel

from connector.adapters.contract import Adapter, Manifest, Setting
from connector.adapters.kit.manifest import load_manifest
from connector.adapters.subject import Subject
from connector.errors import ConfigError


class Build(Protocol):
    """Options of a connection and what the adapter is told of its company → the adapter."""

    def __call__(self, options: dict[str, Any], setting: Setting) -> Adapter: ...


@dataclass(frozen=True)
class Parts:
    """What a product's code gives."""

    build: Build
    form: type[BaseModel]
    subject: Subject


@dataclass(frozen=True)
class Product:
    """One product: its name, the package that is its folder, and how its code is loaded when it is asked for."""

    name: str
    package: str
    load: Callable[[], Parts]

    def build(self, options: dict[str, Any], setting: Setting) -> Adapter:
        """The adapter of one connection. ConfigError names the option that is wrong."""
        return self.load().build(options, setting)

    def form(self) -> type[BaseModel]:
        """The form of its connection."""
        return self.load().form

    def subject(self) -> Subject:
        """How it is put to the test."""
        return self.load().subject

    def manifest(self) -> Manifest:
        """What the product can do. Loads none of its libraries."""
        return load_manifest(self.read("manifest.yaml"), f"{self.name} manifest")

    def mapping_text(self) -> str:
        """The product's own mapping, YAML; a company's overlay is put over it."""
        return self.read("mapping.yaml")

    def texts(self, language: str) -> dict[str, str]:
        """Its texts in a language, flat: code → words."""
        return dict(_flat(yaml.safe_load(self.read(f"texts/{language}.yaml")) or {}))

    def read(self, name: str) -> str:
        """A file of its folder. ConfigError when it is not there."""
        try:
            return resources.files(self.package).joinpath(name).read_text("utf-8")
        except FileNotFoundError as error:
            raise ConfigError(f"{name} is not there", place=f"{self.name} {name}", mend="add the file") from error


def _flat(node: dict[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for key, value in node.items():
        name = f"{prefix}{key}"
        found += _flat(value, f"{name}.") if isinstance(value, dict) else [(name, str(value))]
    return found


def _kingdee_cloud() -> Parts:
    from connector.adapters.kingdee_cloud import adapter, conformance, connection

    return Parts(adapter.build, connection.KingdeeForm, conformance.subject)


def _dingtalk() -> Parts:
    from connector.adapters.dingtalk import adapter, conformance, connection

    return Parts(adapter.build, connection.DingTalkForm, conformance.subject)


def _files() -> Parts:
    from connector.adapters.files import adapter, conformance, connection

    return Parts(adapter.build, connection.FilesForm, conformance.subject)


def _sql_store() -> Parts:
    from connector.adapters.sql_store import adapter, conformance, connection

    return Parts(adapter.build, connection.SqlForm, conformance.subject)


def _rest_hr() -> Parts:
    from connector.adapters.rest_hr import adapter, conformance, connection

    return Parts(adapter.build, connection.RestForm, conformance.subject)


def _scim() -> Parts:
    from connector.adapters.scim import adapter, conformance, connection

    return Parts(adapter.build, connection.ScimForm, conformance.subject)


_LOADED: Mapping[str, Callable[[], Parts]] = {
    "kingdee_cloud": _kingdee_cloud, "dingtalk": _dingtalk, "files": _files, "sql_store": _sql_store,
    "rest_hr": _rest_hr, "scim": _scim,
}
PRODUCTS: Mapping[str, Product] = {
    name: Product(name, f"connector.adapters.{name}", load) for name, load in _LOADED.items()
}
NAMES = tuple(PRODUCTS)


def build(
    adapter: str, options: dict[str, Any], setting: Setting, known: Mapping[str, Product] = PRODUCTS
) -> Adapter:
    """The adapter of one connection. ConfigError names an unknown product, or the option that is wrong."""
    return product(adapter, known).build(options, setting)


def forms() -> dict[str, type[BaseModel]]:
    """Product → the form of its connection."""
    return {name: one.form() for name, one in PRODUCTS.items()}


def manifest(adapter: str) -> Manifest:
    """What a product can do. Loads none of its libraries."""
    return product(adapter).manifest()


def mapping_text(adapter: str) -> str:
    """The product's own mapping, YAML; a company's overlay is put over it."""
    return product(adapter).mapping_text()


def product(adapter: str, known: Mapping[str, Product] = PRODUCTS) -> Product:
    """The row of a name. ConfigError says which there are."""
    if adapter not in known:
        raise ConfigError(
            f"found adapter {adapter[:40]!r}, expected one of {', '.join(known)}", place="connection",
            mend="correct `adapter` of the connection",
        )
    return known[adapter]
