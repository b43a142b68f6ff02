"""A new adapter as a folder: every part of one, for an API that was made up. Its author makes it his own.

Promises: nothing that is there is overwritten; a name that cannot be a package is refused. Never here: what an adapter
has to promise.
"""

from __future__ import annotations

import keyword
import re
import sys
from importlib import resources
from pathlib import Path

from connector.adapters.registry import NAMES
from connector.errors import StateError, UsageError
from connector.model.faults import fault

_NAME = re.compile(r"[a-z][a-z0-9_]{1,40}")
# Where the parts stand in the program. Each is written under its own name without the ending.
_PARTS, _ENDING = "seedling_parts", ".tmpl"
# Parts that belong beside the package, not into it.
_BESIDE = {"pyproject.toml", "README.md"}


def plant(name: str, folder: Path) -> list[Path]:
    """Write the adapter's folder; paths below it, in order. UsageError for a name that cannot be one, StateError for a
    folder that is there."""
    if not _NAME.fullmatch(name) or keyword.iskeyword(name) or name in sys.stdlib_module_names or name == "connector":
        raise fault(UsageError, "adapter.bad_name", "NAME", found=name)
    if name in NAMES:
        raise fault(UsageError, "adapter.taken", "NAME", found=name)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise fault(StateError, "adapter.in_the_way", str(folder))
    written = []
    parts = resources.files("connector.cli") / _PARTS
    for part in sorted(parts.iterdir(), key=lambda one: one.name):
        if not part.name.endswith(_ENDING):
            continue
        own = part.name.removesuffix(_ENDING).replace("texts-", "texts/")
        path = Path(own) if own in _BESIDE else Path(name, own)
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(_named(part.read_text("utf-8"), name), "utf-8")
        written.append(path)
    return written


def _named(text: str, name: str) -> str:
    """`NAME_` is the adapter's name, `Name_` its class."""
    return text.replace("NAME_", name).replace("Name_", "".join(word.capitalize() for word in name.split("_")))
