"""Errors whose words are the text catalog's: a code and facts, which a door says in its reader's language.

Beside them every such error carries its English words, for logs and for whoever meets it without a door. Never here:
which language is asked for.
"""

from __future__ import annotations

from typing import TypeVar

from connector.errors import ConnectorError
from connector.i18n import text

_Kind = TypeVar("_Kind", bound=ConnectorError)
# The language of an error's own words.
_OWN = "en"


def fault(kind: type[_Kind], code: str, place: str = "", /, **facts: object) -> _Kind:
    """The error of a code: `settings.no_file` has its words under `settings.fault.no_file` of the catalog and its mend
    under `settings.mend.no_file`; `facts` fill both. `kind` says what happens next."""
    area, _, name = code.partition(".")
    said, mend = f"{area}.fault.{name}", f"{area}.mend.{name}"
    error = kind(text(said, _OWN, **facts), place=place, mend=text(mend, _OWN, **facts))
    error.code, error.facts = said, facts
    return error


def words_of(error: ConnectorError, language: str) -> tuple[str, str]:
    """What was found and expected, and how to mend it; in English where the catalog does not know the error."""
    if not error.code:
        return error.message, error.mend
    mend = error.code.replace(".fault.", ".mend.")
    return text(error.code, language, **error.facts), text(mend, language, **error.facts)
