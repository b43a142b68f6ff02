"""Products of other authors: admitted by the names of their packages, loaded through what those packages declare.

Promises: no name of a configuration is ever imported; a package that is not on the admin's list stays unloaded,
whatever it declares; a guest takes no name and no text of the house. Never here: a network, or an installer.
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Mapping, Sequence
from importlib import resources
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

from connector.adapters.registry import PRODUCTS, Parts, Product
from connector.errors import ConfigError
from connector.i18n import adopt_texts
from connector.model.faults import fault

# What a package declares its adapters under, in its pyproject.toml: name = "package:parts".
GROUP = "connector.adapters"


def admit(packages: Sequence[str]) -> Mapping[str, Product]:
    """The house's own products and those of the named packages. ConfigError for a package that is not installed or
    declares none, for a name that is taken, and for code that cannot be loaded."""
    found = dict(PRODUCTS)
    for package in packages:
        declared = [one for one in entry_points(group=GROUP) if one.dist and _plain(one.dist.name) == _plain(package)]
        if not declared:
            raise fault(ConfigError, "guests.none_declared", "adapters", package=package, group=GROUP)
        for entry in declared:
            if entry.name in found:
                raise fault(ConfigError, "guests.name_taken", "adapters", package=package, name=entry.name)
            found[entry.name] = _product(entry)
    return found


def product_in(folder: Path) -> Product:
    """The adapter that is being written in a folder, uninstalled: what its pyproject.toml declares. Its code is run,
    because somebody named the folder. ConfigError as above."""
    place = folder / "pyproject.toml"
    try:
        document = tomllib.loads(place.read_text("utf-8"))
        declared = document["project"]["entry-points"][GROUP]
        ((name, value),) = declared.items()
    except (OSError, tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as error:
        raise fault(ConfigError, "guests.no_project", str(place), group=GROUP) from error
    if str(folder.resolve()) not in sys.path:
        sys.path.insert(0, str(folder.resolve()))
    if name in PRODUCTS:
        raise fault(ConfigError, "guests.name_taken", str(place), package=folder.name, name=name)
    return _product(EntryPoint(name, str(value), GROUP))


def _product(entry: EntryPoint) -> Product:
    adopt_texts(entry.name, resources.files(_loaded_package(entry)))

    def load() -> Parts:
        found = entry.load()()
        if not isinstance(found, Parts):
            raise fault(ConfigError, "guests.no_parts", entry.value, found=type(found).__name__)
        return found

    return Product(entry.name, entry.module, load)


def _loaded_package(entry: EntryPoint) -> str:
    """Name of the package after its code was loaded."""
    try:
        entry.load()
    except (ImportError, AttributeError, SyntaxError) as error:
        cause = f"{type(error).__name__}: {error}"
        raise fault(ConfigError, "guests.not_loadable", entry.value, cause=cause) from error
    return entry.module


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
