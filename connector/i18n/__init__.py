"""Text for people: catalogs in zh_CN (source) and en, looked up by code. No decision is made here.

`text(code, language, **facts)` fills `{named}` places; a fact that is missing shows as `?`, never as an error. A
guest's texts are added under its own name and change none of the house's.
"""

from __future__ import annotations

from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any

import yaml

LANGUAGES = ("zh_CN", "en")
_guests: dict[str, Traversable] = {}


@cache
def catalog(language: str) -> dict[str, str]:
    """All texts of a language, flat: `rule.loan.overdue.title` → text; each product's own texts come with it."""
    found: dict[str, str] = {}
    folder = resources.files(__package__) / language
    for file in sorted(folder.iterdir(), key=lambda f: f.name):
        if file.name.endswith(".yaml"):
            _flatten(yaml.safe_load(file.read_text("utf-8")) or {}, "", found)
    for product in sorted(resources.files("connector").joinpath("adapters").iterdir(), key=lambda f: f.name):
        own = product / "texts" / f"{language}.yaml"
        if own.is_file():
            _flatten(yaml.safe_load(own.read_text("utf-8")) or {}, "", found)
    for name, guest in _guests.items():
        theirs: dict[str, str] = {}
        file = guest / "texts" / f"{language}.yaml"
        _flatten(yaml.safe_load(file.read_text("utf-8")) if file.is_file() else {}, "", theirs)
        found |= {code: words for code, words in theirs.items() if code.startswith(f"{name}.")} | found
    return found


def adopt_texts(name: str, folder: Traversable) -> None:
    """The texts of an adapter of another author, `texts/LANGUAGE.yaml` in its folder: those under its own name."""
    _guests[name] = folder
    catalog.cache_clear()


@cache
def section(name: str, language: str) -> dict[str, str]:
    """The texts of one file alone: for what must be quick."""
    found: dict[str, str] = {}
    file = resources.files(__package__) / language / f"{name}.yaml"
    _flatten(yaml.safe_load(file.read_text("utf-8")) or {}, "", found)
    return found


def _flatten(node: dict[str, Any] | None, prefix: str, into: dict[str, str]) -> None:
    for key, value in (node or {}).items():
        name = f"{prefix}{key}"
        if isinstance(value, dict):
            _flatten(value, f"{name}.", into)
        else:
            into[name] = str(value)


class _Lenient(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "?"


def text(code: str, language: str, **facts: Any) -> str:
    """The text of a code with its facts filled in; an unknown code shows itself."""
    pattern = catalog(language).get(code)
    if pattern is None:
        return code
    return pattern.format_map(_Lenient(facts))


def language_of(asked: str) -> str:
    """`zh`, `zh-CN`, `en_US`, ... → a language we have; anything else is English."""
    return "zh_CN" if asked.lower().replace("-", "_").startswith("zh") else "en"
