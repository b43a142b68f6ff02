"""What can be wrong with a whole file, as errors with place, what was found, what was expected and the mend.

The words are the catalog's (`files.fault.*`, `files.mend.*`). A single row's trouble is no error and not made here.
"""

from __future__ import annotations

from typing import TypeVar

from connector.errors import ConnectorError
from connector.i18n import text

_Kind = TypeVar("_Kind", bound=ConnectorError)
# The words that an error carries beside its code, for logs and for who meets it without a door.
_LANGUAGE = "en"


def fault(kind: type[_Kind], code: str, place: str, **facts: object) -> _Kind:
    """The error of a code: `kind` says what happens next, `facts` fill the text."""
    error = kind(
        text(f"files.fault.{code}", _LANGUAGE, **facts), place=place,
        mend=text(f"files.mend.{code}", _LANGUAGE, **facts),
    )
    error.code, error.facts = f"files.fault.{code}", facts
    return error


def mend_of(error: ConnectorError) -> str:
    """The code of an error's mend in the catalog."""
    return error.code.replace(".fault.", ".mend.")
