"""SQL without a database: which texts may be sent, and how a value that comes back is written as text.

Text is exact: what the database holds as a decimal, a day or a flag can be read back from it. No socket, no
file and no statement is opened here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, time
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from typing import Any

import orjson

from connector.errors import ConfigError
from connector.model.values import exponent

# Words of statements that change something. Columns such as `updated_at` are other words.
_FORBIDDEN = re.compile(
    r"\b(insert|update|delete|merge|drop|alter|create|truncate|grant|revoke|into|call|attach|detach|pragma"
    r"|vacuum|copy)\b",
    re.IGNORECASE,
)
# Texts, quoted names and comments, whichever begins first.
_NO_CODE = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|`[^`]*`|--[^\n]*|/\*.*?\*/", re.DOTALL)
# How one family of databases writes "no date".
_ZERO_DATE = re.compile(r"^0000-00-00([ T]00:00:00(\.0+)?)?$")
_MEND = "one SELECT (or WITH … SELECT) that only reads, without `;`"


def read_only(query: str, place: str) -> str:
    """The query without a closing `;`. ConfigError unless it is one statement that reads.

    The database refuses writes as well (read-only transaction); this gate says so early and in words.
    """
    statement = query.strip().removesuffix(";").strip()
    if "/*!" in statement or "/*M!" in statement:
        raise ConfigError("found a comment that some databases execute (/*!)", place=place, mend=_MEND)
    bare = _NO_CODE.sub(" ", statement)
    stray = re.search(r"[;'\"`]|/\*", bare)
    if stray:
        raise ConfigError(f"found {stray.group()!r} inside the query", place=place, mend=_MEND)
    first = bare.split(None, 1)[0].upper() if bare.split() else ""
    if first not in {"SELECT", "WITH"}:
        raise ConfigError(f"found {first or 'nothing'!r} at the start", place=place, mend=_MEND)
    found = _FORBIDDEN.search(bare)
    if found:
        raise ConfigError(f"found the word `{found.group()}`", place=place, mend=_MEND)
    return statement


def fill_conditions(query: str, conditions: Mapping[str, str]) -> str:
    """`{name}` → the condition that stands for it."""
    for name, condition in conditions.items():
        query = query.replace("{" + name + "}", condition)
    return query


def text_of(value: Any) -> str | None:
    """A database value as exact text; None stays None.

    bool → true/false, Decimal and float without exponent (float by its shortest form), day → ISO,
    instant → ISO with its offset if it has one, JSON → compact JSON, bytes → UTF-8 or `0x…`.
    """
    match value:
        case None:
            return None
        case str():
            return None if _ZERO_DATE.match(value) else value
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case Decimal():
            return format(value, "f")
        case float():
            return format(Decimal(repr(value)), "f")
        case datetime() | date() | time():
            return value.isoformat()
        case bytes() | bytearray() | memoryview():
            return _text_of_bytes(bytes(value))
        case dict() | list():
            return orjson.dumps(value, default=str).decode()
        case _:
            return str(value)


def _text_of_bytes(value: bytes) -> str:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return "0x" + value.hex()


def monthly_salary(shown: str | None, unit: str, period: str, currency: str) -> str | None:
    """Pay as the store keeps it → decimal text of a month; what is no number stays as it is.

    A yearly pay is divided by 12 and rounded half even to the currency's minor unit.
    """
    if shown is None or (unit == "major" and period == "month"):
        return shown
    try:
        amount = Decimal(shown.strip())
    except InvalidOperation:
        return shown
    if not amount.is_finite():
        return shown
    digits = exponent(currency)
    if unit == "minor":
        amount = amount.scaleb(-digits)
    if period == "year":
        amount = (amount / 12).quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_EVEN)
    return format(amount, "f")
