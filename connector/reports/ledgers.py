"""Lists for export as tables: loans, employees, exits, runs. Columns and words only; no medium.

A salary, an identity or phone number has no column here, and a column that may hold one is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal

from connector.i18n.sentences import MONEY_FACTS, word
from connector.model.values import decimal_text
from connector.reports.cells import Cell, is_secret, typed
from connector.reports.tables import Table, new_table

Row = Mapping[str, object]

# List → its columns, in order. Amounts stand beside their currency.
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "loans": (
        "number", "employee", "name", "department", "status", "kind", "principal", "balance", "currency", "lent_on",
        "due_on", "system", "ref", "seen_at",
    ),
    "employees": (
        "number", "name", "department", "position", "manager", "hired_on", "status", "last_day", "exit_requested_on",
        "system", "ref", "seen_at",
    ),
    "exits": (
        "number", "employee", "name", "department", "state", "opened_on", "last_day", "gate", "ever_owed",
        "confirmed_by", "confirmed_at", "system", "ref",
    ),
    "runs": (
        "run", "as_of", "mode", "state", "started_at", "ended_at", "seconds", "actions", "held", "troubles",
    ),
}
# Columns whose values are codes: list → column → group of words.
_WORDS: Mapping[str, Mapping[str, str]] = {
    "loans": {"status": "status", "system": "system"}, "employees": {"status": "status", "system": "system"},
    "exits": {"state": "case_state", "gate": "gate", "system": "system"},
    "runs": {"mode": "mode", "state": "run_state"},
}


def ledger(code: str, rows: Iterable[Row], language: str) -> Table:
    """A list as a table. `rows`: column → value; amounts in minor units beside a `currency`. Read once, row by row."""
    keys = COLUMNS[code]
    assert not any(is_secret(key) for key in keys)
    return new_table(code, keys, _cells(code, rows, language), language)


def _cells(code: str, rows: Iterable[Row], language: str) -> Iterator[tuple[Cell, ...]]:
    keys, words = COLUMNS[code], _WORDS[code]
    for row in rows:
        yield tuple(_cell(key, row, words.get(key), language) for key in keys)


def _cell(key: str, row: Row, group: str | None, language: str) -> Cell:
    value = row.get(key)
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return word("truth", "yes" if value else "no", language)
    if group is not None:
        return word(group, str(value), language)
    if key in MONEY_FACTS and isinstance(value, int):
        return Decimal(decimal_text(value, str(row["currency"])))
    if isinstance(value, int | Decimal | date):
        return value
    return typed(key, value)
