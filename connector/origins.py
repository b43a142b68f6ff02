"""Where each setting comes from: the file and its line, the environment, or the program's own default.

Nothing secret is shown: of a secret only the reference (`env:`, `file:`), or that there is one.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel

from connector.adapters import guests
from connector.settings import load_settings
from connector.store.database import shown_url

# What stands in the place of a secret.
HIDDEN = "•••"
_SECRET_NAME = re.compile(r"password|secret|token|credential", re.IGNORECASE)
_PREFIX = "CONNECTOR_"

Keys = tuple[str, ...]


@dataclass(frozen=True)
class Origin:
    """One setting: its dotted name, its value as text that may be shown, and where that comes from."""

    name: str
    value: Any
    origin: str  # default | environment | file
    place: str  # the variable, or `file:line`; "" for a default


def origins(path: Path) -> list[Origin]:
    """Every setting in force, defaults of the connections' products included. ConfigError as when they are read."""
    settings = load_settings(path)
    lines = dict(_lines(yaml.compose(path.read_text("utf-8"), Loader=yaml.SafeLoader)))
    document = settings.model_dump(mode="json", exclude={"folder", "connections", "store"}) | {"store": settings.store}
    found = [_origin(keys, _shown_top(keys, value), path, lines) for keys, value in _leaves(document)]
    products = guests.admit(settings.adapters)
    for name, spec in settings.connections.items():
        product = products.get(str(spec.get("adapter", "")))
        form = product.form() if product else None
        for keys, value in _leaves(_with_defaults(spec, form)):
            shown = _shown(keys[-1], value, _is_secret(keys, form))
            found.append(_origin(("connections", name, *keys), shown, path, lines))
    return found


def _with_defaults(spec: Mapping[str, Any], form: type[BaseModel] | None) -> dict[str, Any]:
    """What stands in the file, and behind it what the product's form adds."""
    found = dict(spec)
    for name, field in (form.model_fields if form is not None else {}).items():
        if name not in found and not field.is_required():
            value = field.get_default(call_default_factory=True)
            found[name] = value.model_dump(mode="json") if isinstance(value, BaseModel) else value
    return found


def _is_secret(keys: Keys, form: type[BaseModel] | None) -> bool:
    field = form.model_fields.get(keys[0]) if form is not None else None
    return bool(_SECRET_NAME.search(keys[-1])) or (field is not None and "SecretStr" in repr(field.annotation))


def _shown(name: str, value: Any, is_secret: bool) -> Any:
    if not is_secret:
        return value if isinstance(value, bool | int | float | list | None) else str(value)
    text = "" if value is None else str(value)  # a form's own empty secret prints as nothing
    return text if text.startswith(("env:", "file:")) or not text else HIDDEN


def _shown_top(keys: Keys, value: Any) -> Any:
    if keys == ("store",) and value and not value.startswith(("env:", "file:")):
        return shown_url(value)
    return value


def _leaves(document: Mapping[str, Any], before: Keys = ()) -> Iterator[tuple[Keys, Any]]:
    for name, value in document.items():
        keys = (*before, str(name))
        if isinstance(value, Mapping) and value:
            yield from _leaves(value, keys)
        else:
            yield keys, value


def _lines(node: yaml.Node | None, before: Keys = ()) -> Iterator[tuple[Keys, int]]:
    """Keys of a YAML document → line of each, from 1."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            keys = (*before, str(key.value))
            yield keys, key.start_mark.line + 1
            yield from _lines(value, keys)


def _origin(keys: Keys, value: Any, path: Path, lines: Mapping[Keys, int]) -> Origin:
    name = ".".join(keys)
    variable = _variable(keys)
    if variable:
        return Origin(name, value, "environment", variable)
    if keys in lines:
        return Origin(name, value, "file", f"{path}:{lines[keys]}")
    return Origin(name, value, "default", "")


def _variable(keys: Keys) -> str:
    """The variable that sets a value: its own, or one of a parent that holds it as JSON; "" when there is none."""
    present = {name.upper(): name for name in os.environ}
    for depth in range(len(keys), 0, -1):
        name = present.get(_PREFIX + "__".join(keys[:depth]).upper())
        if name is not None and (depth == len(keys) or _holds(os.environ[name], keys[depth:])):
            return name
    return ""


def _holds(text: str, keys: Keys) -> bool:
    try:
        value = json.loads(text)
    except json.JSONDecodeError:
        return False
    for key in keys:
        if not isinstance(value, dict) or key not in value:
            return False
        value = value[key]
    return True
