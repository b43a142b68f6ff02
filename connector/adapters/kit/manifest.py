"""A product's manifest: from YAML text to what the engine asks for. Unknown keys are refused."""

from __future__ import annotations

from typing import Any

import yaml

from connector.adapters.contract import Manifest, SinkKind
from connector.errors import ConfigError

_KEYS = {"adapter", "title", "roles", "streams", "sinks", "closes", "proves_end_by", "strength"}
_REQUIRED = {"adapter", "title", "roles", "streams"}
_ROLES = {"finance", "oa", "hr"}


def load_manifest(text: str, place: str) -> Manifest:
    """YAML text → Manifest. ConfigError names the place, the key, what was found and what was expected."""
    try:
        found = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ConfigError(f"not readable as YAML: {error}", place=place) from error
    if not isinstance(found, dict) or set(found) - _KEYS or not set(found) >= _REQUIRED:
        raise ConfigError(f"expected the keys {', '.join(sorted(_KEYS))}", place=place)
    if set(found["roles"]) - _ROLES:
        raise ConfigError(f"found roles {found['roles']}, expected {', '.join(sorted(_ROLES))}", place=place)
    return Manifest(
        adapter=str(found["adapter"]),
        title={str(language): str(name) for language, name in found["title"].items()},
        roles=tuple(found["roles"]),
        streams=tuple(found["streams"]),
        sinks=tuple(_sink(sink, place) for sink in found.get("sinks", [])),
        closes=tuple(found.get("closes", [])),
        proves_end_by=str(found.get("proves_end_by", "empty_page")),
        strength=str(found.get("strength", "none")),
    )


def _sink(found: dict[str, Any], place: str) -> SinkKind:
    if found.get("write") not in ("upsert", "append"):
        what = f"found write {found.get('write')!r}, expected upsert or append"
        raise ConfigError(what, place=f"{place} sinks")
    landing_s, stays = float(found.get("landing_s", 0.0)), bool(found.get("stays", False))
    return SinkKind(str(found["kind"]), found["write"], landing_s, stays=stays)
