"""The closed list of products. A name in a configuration picks a row here and is never imported itself.

A product's own libraries are loaded when it is asked for. Nothing of a product is known here but its name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import resources
from typing import Any, Protocol

from pydantic import BaseModel

from connector.adapters.contract import Adapter, Manifest, Setting
from connector.adapters.kit.manifest import load_manifest
from connector.errors import ConfigError


class Build(Protocol):
    """Options of a connection and what the adapter is told of its company → the adapter."""

    def __call__(self, options: dict[str, Any], setting: Setting) -> Adapter: ...


def _kingdee_cloud() -> tuple[Build, type[BaseModel]]:
    from connector.adapters.kingdee_cloud import adapter, connection

    return adapter.build, connection.KingdeeForm


def _dingtalk() -> tuple[Build, type[BaseModel]]:
    from connector.adapters.dingtalk import adapter, connection

    return adapter.build, connection.DingTalkForm


def _files() -> tuple[Build, type[BaseModel]]:
    from connector.adapters.files import adapter, connection

    return adapter.build, connection.FilesForm


def _sql_store() -> tuple[Build, type[BaseModel]]:
    from connector.adapters.sql_store import adapter, connection

    return adapter.build, connection.SqlForm


_PRODUCTS: Mapping[str, Callable[[], tuple[Build, type[BaseModel]]]] = {
    "kingdee_cloud": _kingdee_cloud, "dingtalk": _dingtalk, "files": _files, "sql_store": _sql_store,
}

NAMES = tuple(_PRODUCTS)


def build(adapter: str, options: dict[str, Any], setting: Setting) -> Adapter:
    """The adapter of one connection. ConfigError names an unknown product, or the option that is wrong."""
    make, _ = _product(adapter)()
    return make(options, setting)


def forms() -> dict[str, type[BaseModel]]:
    """Product → the form of its connection."""
    return {name: product()[1] for name, product in _PRODUCTS.items()}


def manifest(adapter: str) -> Manifest:
    """What a product can do. Loads none of its libraries."""
    return load_manifest(_text(adapter, "manifest.yaml"), f"{adapter} manifest")


def mapping_text(adapter: str) -> str:
    """The product's own mapping, YAML; a company's overlay is put over it."""
    return _text(adapter, "mapping.yaml")


def _product(adapter: str) -> Callable[[], tuple[Build, type[BaseModel]]]:
    if adapter not in _PRODUCTS:
        raise ConfigError(
            f"found adapter {adapter[:40]!r}, expected one of {', '.join(NAMES)}", place="connection",
            mend="correct `adapter` of the connection",
        )
    return _PRODUCTS[adapter]


def _text(adapter: str, name: str) -> str:
    _product(adapter)
    return (resources.files("connector.adapters") / adapter / name).read_text("utf-8")
