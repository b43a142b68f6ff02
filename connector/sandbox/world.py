"""A made-up company: the tables of a company folder, a clock of its own, and the writes that were accepted.

Promises: the cells are kept as the text they were; what is computed with (dates, amounts) is proved to be
readable when it enters. Thread-safe. Never here: a protocol, a port, or the real day.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from datetime import time as time_of_day
from pathlib import Path
from zoneinfo import ZoneInfo

from connector.sandbox.folder import (
    COLUMNS,
    KEYS,
    Company,
    FolderError,
    Row,
    check_row,
    read_company,
    read_table,
)

__all__ = ["FolderError", "Row", "World", "load_world"]

# The world wakes at noon, so that neither zone nor a short run moves it into another business day.
WAKES_AT = time_of_day(12, 0)
SERVICE_USER = "svc_finance"


class World:
    """A made-up company. Every stand-in of one sandbox looks at the same one.

    `version` grows with every change of a table; a stand-in that keeps a view keys it by `version` and
    `today()`. `lock` is an RLock: hold it to read several tables as one moment.
    """

    def __init__(self, company: Company, ticks: Callable[[], float] = time.monotonic) -> None:
        self.lock = threading.RLock()
        self.name = company.name
        self.as_of = company.as_of
        self.currency = company.currency
        self.zone: ZoneInfo = company.zone
        self.approval_chain: list[list[str]] = company.approval_chain
        self.service_user = company.service_user or SERVICE_USER
        self.version = 0
        self.effects: list[dict[str, object]] = []
        self._tables: dict[str, list[Row]] = {table: [] for table in COLUMNS}
        self._watchers: list[Callable[[set[str]], None]] = []
        self._touched: set[str] = set()
        self._depth = 0
        self._ticks = ticks
        self._woken = ticks()
        self._advanced = 0.0

    def rows(self, table: str) -> list[Row]:
        """The rows as they stand, in the order they came; a copy of the list, the rows are not to be changed.

        Tables: employees, loans, repayments, approvals, exits, appraisals, attendance, trips, signals. A file
        that the folder does not have is an empty list. Unknown table: FolderError.
        """
        with self.lock:
            return list(self._table(table))

    def put(self, table: str, row: Mapping[str, object]) -> None:
        """Write one row: merged into the first row of the same key, else appended.

        Keys: `number`; approvals `number` + `step`; appraisals and attendance `employee` + `month`; signals
        have none and are always appended. Cells that are not given keep their value, or are empty in a new row.
        A new approval row without a step comes after the last one. A cell that the books could not compute
        with raises FolderError and changes nothing.
        """
        given = {column: _text(value) for column, value in row.items()}
        with self.batch():
            rows = self._table(table)
            if table == "approvals" and not given.get("step"):
                given["step"] = str(sum(one["number"] == given.get("number") for one in rows))
            at = _place(rows, table, given)
            known = rows[at] if at is not None else dict.fromkeys(COLUMNS[table], "")
            merged = {**known, **given}
            check_row(table, merged, f"{table} {merged.get('number') or 'row'}")
            if at is None:
                rows.append(merged)
            else:
                rows[at] = merged
            self._touch(table)

    def delete(self, table: str, number: str) -> None:
        """Take away every row of this number; in a table without numbers, every row of this employee.

        A number that is not there is no error: the world is then as it was asked to be.
        """
        column = "number" if "number" in COLUMNS.get(table, ()) else "employee"
        with self.batch():
            rows = self._table(table)
            kept = [row for row in rows if row[column] != number]
            if len(kept) != len(rows):
                rows[:] = kept
                self._touch(table)

    def fill(self, table: str, rows: list[Row]) -> None:
        """Replace a whole table by rows that were already checked."""
        with self.batch():
            self._table(table)[:] = rows
            self._touch(table)

    @contextmanager
    def batch(self) -> Iterator[None]:
        """Several changes as one: nobody sees a half of them, and the watchers are told once."""
        with self.lock:
            self._depth += 1
            try:
                yield
            finally:
                self._depth -= 1
                if not self._depth and self._touched:
                    touched, self._touched = self._touched, set()
                    for watcher in self._watchers:
                        watcher(touched)

    def watch(self, watcher: Callable[[set[str]], None]) -> None:
        """Call `watcher` with the names of the changed tables after every change, under the lock."""
        with self.lock:
            self._watchers.append(watcher)

    def now(self) -> datetime:
        """The world's instant, aware, in the company's zone: as_of at noon, and ticking on from there."""
        with self.lock:
            passed = self._ticks() - self._woken + self._advanced
        start = datetime.combine(self.as_of, WAKES_AT, tzinfo=self.zone)
        return (start.astimezone(_UTC) + timedelta(seconds=passed)).astimezone(self.zone)

    def today(self) -> date:
        """The business date of `now()`."""
        return self.now().date()

    def advance(self, seconds: float) -> None:
        """Move the clock on, never back."""
        if seconds < 0:
            raise FolderError(f"the clock goes on only: advance_s is {seconds}, expected 0 or more")
        with self.lock:
            self._advanced += seconds

    def record(self, system: str, op: str, key: str, body: object) -> None:
        """Remember a write that a stand-in accepted."""
        with self.lock:
            n = len(self.effects) + 1
            at = self.now().isoformat(timespec="milliseconds")
            self.effects.append({"n": n, "at": at, "system": system, "op": op, "key": key, "body": body})

    def _touch(self, table: str) -> None:
        self._touched.add(table)
        self.version += 1

    def _table(self, table: str) -> list[Row]:
        if table not in self._tables:
            raise FolderError(f"there is no table {table!r}; known: {', '.join(COLUMNS)}")
        return self._tables[table]


def load_world(folder: Path, as_of: date | None = None) -> World:
    """The company of a folder: company.toml and the CSV files that are there.

    `as_of` wins over company.toml. A file that cannot be read as what it should be raises FolderError, naming
    file, row and column.
    """
    world = World(read_company(folder, as_of))
    for table in COLUMNS:
        world.fill(table, read_table(folder, table))
    world.version = 0
    return world


_UTC = ZoneInfo("UTC")


def _text(value: object) -> str:
    return "" if value is None else str(value)


def _place(rows: list[Row], table: str, given: Row) -> int | None:
    """Index of the first row with the key of `given`; None when there is none or the table has no key."""
    columns = KEYS[table]
    missing = [column for column in columns if not given.get(column)]
    if missing:
        raise FolderError(f"{table}: a row to put needs {' and '.join(missing)}")
    if not columns:
        return None
    wanted = [given[column] for column in columns]
    places = (at for at, row in enumerate(rows) if [row[column] for column in columns] == wanted)
    return next(places, None)
