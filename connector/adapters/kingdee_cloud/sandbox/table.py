"""The records of one form in memory: rows of plain JSON values, found by key, by value or by range.

Promises: rows stand in the order of their primary key; a change of a cell is seen by the next question. Never
here: where a record came from.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from connector.adapters.kingdee_cloud.sandbox.forms import NO_REFERENCE, Field, Form

Cells = list[Any]
# A record as it is made: cell by field key; a reference is the tuple of its values; "entry" a list of the same.
Record = Mapping[str, Any]


class Unknown(Exception):
    """A field that the form does not have."""


def normal(text: object) -> str:
    """Text as the database compares it: case and trailing spaces do not count."""
    return str(text).casefold().rstrip(" ")


class View:
    """Rows under one list of columns: the heads, or the heads times their entries."""

    def __init__(self, rows: list[Cells], sorted_columns: Sequence[int]) -> None:
        self.rows = rows
        self.sorted_columns = tuple(sorted_columns)
        self._found: dict[int, dict[object, list[Cells]]] = {}
        self._keys: dict[int, list[int]] = {}

    def with_values(self, column: int, values: Iterable[object]) -> list[Cells]:
        """The rows whose cell, as the database compares it, is one of `values`; in the order of the key."""
        index = self._found.get(column)
        if index is None:
            index = self._found[column] = {}
            for row in self.rows:
                if row[column] is not None:
                    index.setdefault(_comparable(row[column]), []).append(row)
        found = [row for value in set(values) for row in index.get(value, ())]
        last = self.sorted_columns[-1]
        return sorted(found, key=lambda row: row[last])

    def between(self, column: int, above: float | None, up_to: float | None) -> list[Cells]:
        """The rows with above < cell <= up_to; `column` is one of `sorted_columns`."""
        keys = self._keys.get(column)
        if keys is None:
            keys = self._keys[column] = [row[column] for row in self.rows]
        start = 0 if above is None else bisect_right(keys, above)
        end = len(keys) if up_to is None else bisect_right(keys, up_to)
        return self.rows[start:end]

    def forget(self, columns: Iterable[int]) -> None:
        """Drop what was noted about columns that have changed."""
        for column in columns:
            self._found.pop(column, None)


class Table:
    """The records of one form."""

    def __init__(self, form: Form, records: Iterable[Record]) -> None:
        self.form = form
        self.columns, self.types = _columns(form.head)
        self.entry_columns, entry_types = _columns(
            (Field(form.key, "id", ""), Field(form.entry_key, "id", ""), *form.entry_fields) if form.entry else ()
        )
        # The entry's columns follow the head's in a joined row; the first repeats the key and is left out.
        width = len(self.types)
        self.entry_columns = {key: width + at - 1 for key, at in self.entry_columns.items() if at}
        self.types += entry_types[1:]
        self._entries: dict[int, list[Cells]] = {}
        rows = sorted((self._cells(record) for record in records), key=lambda cells: cells[0])
        self._by_key = {row[0]: row for row in rows}
        self.heads = View(rows, (0,))
        self._joined: View | None = None

    @property
    def joined(self) -> View:
        """Every head once per entry row."""
        if self._joined is None:
            rows = [head + entry for head in self.heads.rows for entry in self._entries.get(head[0], ())]
            self._joined = View(rows, (0, len(self.columns)))
        return self._joined

    def place(self, key: str) -> int:
        """The column of a field key in any case; entry columns come after the head's. Unknown otherwise."""
        at = self.columns.get(key.upper(), self.entry_columns.get(key.upper()))
        if at is None:
            raise Unknown(key)
        return at

    def is_of_entry(self, column: int) -> bool:
        """Whether a column multiplies the head."""
        return column >= len(self.columns)

    def find(self, key: int) -> Cells | None:
        """The head row of this primary key."""
        return self._by_key.get(key)

    def find_number(self, number: str) -> Cells | None:
        """The first head row of this code."""
        found = self.heads.with_values(self.place(self.form.number), [normal(number)])
        return found[0] if found else None

    def entries_of(self, key: int) -> list[Cells]:
        """The entry rows of a head: entry key, then the fields."""
        return self._entries.get(key, [])

    def write(self, key: int, cells: Mapping[str, Any]) -> None:
        """Change cells of a head row, by field key."""
        row = self._by_key[key]
        places = [self.columns[name.upper()] for name in cells]
        for place, value in zip(places, cells.values(), strict=True):
            row[place] = value
        self.heads.forget(places)
        self._joined = None

    def add(self, record: Record) -> None:
        """A new record; its key is higher than all before."""
        row = self._cells(record)
        self._by_key[row[0]] = row
        self.heads = View([*self.heads.rows, row], (0,))
        self._joined = None

    def remove(self, key: int) -> None:
        """Take a record away."""
        self._by_key.pop(key)
        self.heads = View([row for row in self.heads.rows if row[0] != key], (0,))
        self._joined = None

    def _cells(self, record: Record) -> Cells:
        cells = _values(self.form.head, record)
        if self.form.entry:
            # Far apart, and in the order of the heads: entry keys grow with the key of their head.
            first = cells[0] * 10
            rows = record.get("entry", ({},))
            self._entries[cells[0]] = [
                [first + at, *_values(self.form.entry_fields, row)] for at, row in enumerate(rows)
            ]
        return cells


def _comparable(value: object) -> object:
    return normal(value) if isinstance(value, str) else value


def _columns(fields: Iterable[Field]) -> tuple[dict[str, int], list[str]]:
    """Field keys in capitals → place, and the type of every place."""
    keys: list[str] = []
    types: list[str] = []
    for field in fields:
        for at, key in enumerate(field.columns):
            keys.append(key.upper())
            is_reference = len(field.columns) > 1
            types.append(field.type if not is_reference else "text" if at else "id")
    return {key: at for at, key in enumerate(keys)}, types


def _values(fields: Iterable[Field], record: Record) -> Cells:
    cells: Cells = []
    for field in fields:
        nothing = NO_REFERENCE.get(field.type)
        value = record.get(field.key)
        if nothing is None:
            cells.append(" " if value is None and field.type == "text" else value)
        else:
            cells.extend(nothing if value is None else value)
    return cells
