"""Single values made fit to be shown: cleaned text, typed numbers and dates, masks. Pure; knows no medium.

A salary, a bank or identity number is never shown, whatever the caller delivers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from connector.i18n import text
from connector.i18n.foreign import clean
from connector.i18n.sentences import MONEY_FACTS

Cell = str | int | Decimal | date | datetime | bool | None

# What a spreadsheet takes for the start of a formula, full-width forms included.
_FORMULA_START = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_SECRET = re.compile(
    r"salary|wage|basic_?pay|id_?(card|number)|passport|mobile|phone|bank|password|token|secret"
    r"|工资|薪|身份证|手机|银行",
    re.IGNORECASE,
)
# What a worksheet cell holds, characters.
_CELL_LIMIT = 32_000


def safe_text(value: object) -> str:
    """Cleaned text that no spreadsheet takes for a formula, not even after it was saved as CSV.

    A text that starts like a formula gets an apostrophe in front. It stays visible: a cell style would
    do in a workbook, but is lost in CSV.
    """
    cleaned = clean(value)[:_CELL_LIMIT]
    return f"'{cleaned}" if cleaned.startswith(_FORMULA_START) else cleaned


def is_secret(field: str) -> bool:
    """Whether values of this field may not be shown (salaries, identity, bank and phone numbers)."""
    return bool(_SECRET.search(field)) and field != "salary_band"


def shown(field: str, value: object, language: str) -> object:
    """The value, or the word *confidential* in its place."""
    if value is not None and (is_secret(field) or value == "confidential"):
        return text("say.confidential", language)
    return value


def typed(name: str, value: object) -> Cell:
    """A JSON value as what it is: `balance` → Decimal, `due_on` → date, `seen_at` → datetime; else text.

    What does not read as its type stays text: nothing is dropped.
    """
    if value is None or isinstance(value, (bool, int, Decimal, date)):
        return value
    shown_as = str(value)
    try:
        if name in MONEY_FACTS:
            return _finite(Decimal(shown_as))
        if name.endswith("_on") or name in {"last_day", "trip_start", "trip_end"}:
            return date.fromisoformat(shown_as)
        if name.endswith("_at"):
            return instant(shown_as)
    except (InvalidOperation, ValueError):
        return shown_as
    return shown_as


def _finite(number: Decimal) -> Decimal:
    if not number.is_finite():
        raise ValueError("not a number")
    return number


def instant(value: str) -> datetime:
    """ISO text with an offset → UTC instant. ValueError without one."""
    found = datetime.fromisoformat(value)
    if found.tzinfo is None:
        raise ValueError(f"{value} has no offset")
    return found.astimezone(UTC)


def flat(value: object, language: str) -> object:
    """A list as joined text, a mapping as `name value` pairs; anything else as it is."""
    if isinstance(value, Mapping):
        return text("say.join", language).join(f"{name} {item}" for name, item in value.items())
    if isinstance(value, (list, tuple)):
        return text("say.join", language).join(str(item) for item in value)
    return value


def masked_reject(reject: Mapping[str, Any], language: str) -> dict[str, Any]:
    """A reject without its payload; what was found in a confidential field is masked."""
    kept = {name: value for name, value in reject.items() if name != "payload"}
    if "found" in kept and is_secret(str(reject.get("field") or reject.get("reason") or "")):
        kept["found"] = text("say.confidential", language)
    return kept
