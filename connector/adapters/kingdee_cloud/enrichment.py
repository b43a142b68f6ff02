"""What HR knows of an employee, on finance's own record of him: status, hire date, last day, department, position, and
how many loans are open since when.

Only what the company named a field for is written or read. A salary has no field here and never gets one.
"""

from __future__ import annotations

from datetime import date

from connector.adapters.kingdee_cloud.connection import Enrichment
from connector.adapters.kingdee_cloud.marks import Row, plain
from connector.model.plan import Content

ENRICHMENT = "enrichment"
# Kingdee's "no date", and anything before it.
_NO_DATE = "1900-01-01"
# Keys whose field is a date; the others are texts, in which "none" and 0 differ.
DATES = frozenset({"hired_on", "last_day", "oldest_open_on"})


class EnrichmentShape:
    """The fields of a company's enrichment; its content has exactly the keys that are named."""

    kind = ENRICHMENT

    def __init__(self, form: Enrichment) -> None:
        self._named = form.named
        self._words = {str(code): word for code, word in form.status_words.items()}
        self._codes = {word: code for code, word in self._words.items()}

    @property
    def fields(self) -> tuple[str, ...]:
        return tuple(self._named.values())

    @property
    def where_any(self) -> str:
        nothing = {key: f">'{_NO_DATE}'" if key in DATES else "<>''" for key in self._named}
        return " or ".join(f"{field}{nothing[key]}" for key, field in self._named.items())

    def model(self, content: Content | None, text: str, day: date) -> dict[str, object]:
        values = content or {}
        return {field: self._written(key, values.get(key)) for key, field in self._named.items()}

    def content(self, row: Row) -> Content | None:
        found = {key: self._read(key, plain(row[field])) for key, field in self._named.items()}
        return found if any(value is not None for value in found.values()) else None

    def _written(self, key: str, value: object) -> str | None:
        if value is None:
            return None if key in DATES else ""
        return self._words.get(str(value), str(value)) if key == "status" else str(value)

    def _read(self, key: str, written: str) -> object:
        if key in DATES:
            return written[:10] if written[:10] > _NO_DATE else None
        if key == "status":
            return self._codes.get(written, written) or None
        return int(written) if key == "open_loans" and written.isdecimal() else written or None
