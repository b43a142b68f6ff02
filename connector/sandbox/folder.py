"""A company folder: company.toml and CSV files, read into rows of text.

Promises: a cell stays the text it was; what the books compute with is proved to be readable, and a mistake
names file, row and column. Never here: a guess at what a wrong cell may have meant.
"""

from __future__ import annotations

import csv
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from connector.errors import UsageError

Row = dict[str, str]

# The columns of every table, in the order of the files. A file may leave columns out (their cells are empty
# then) and may have more (they are kept).
COLUMNS: dict[str, tuple[str, ...]] = {
    "employees": (
        "number", "name", "mobile", "department", "position", "manager", "hired_on", "status", "last_day",
        "exit_requested_on", "monthly_salary", "currency", "kind",
    ),
    "loans": (
        "number", "employee", "kind", "purpose", "principal", "currency", "applied_on", "lent_on", "due_on",
        "trip_start", "trip_end", "approval",
    ),
    "repayments": ("number", "loan", "employee", "paid_on", "amount", "currency", "method"),
    "approvals": (
        "number", "kind", "employee", "loan", "step", "node", "approver", "decision", "opinion", "decided_at",
    ),
    "exits": ("number", "employee", "requested_on", "last_day", "kind", "status", "gate"),
    "appraisals": ("employee", "month", "target", "actual"),
    "attendance": ("employee", "month", "late_count", "closed"),
    "trips": ("number", "employee", "start", "end", "purpose"),
    "signals": ("employee", "kind", "at", "source"),
}  # fmt: skip

# What makes a row the same row. Signals are a log: each one is new.
KEYS: dict[str, tuple[str, ...]] = {
    **{table: ("number",) for table in ("employees", "loans", "repayments", "exits", "trips")},
    "approvals": ("number", "step"),
    "appraisals": ("employee", "month"),
    "attendance": ("employee", "month"),
    "signals": (),
}

# Columns that a file cannot do without.
NEEDED: dict[str, tuple[str, ...]] = {
    "employees": ("number", "name"),
    "loans": ("number", "employee", "principal", "lent_on"),
    "repayments": ("number", "loan", "paid_on", "amount"),
    "approvals": ("number", "decision"),
    "exits": ("number", "employee"),
    "appraisals": ("employee", "month"),
    "attendance": ("employee", "month"),
    "trips": ("number", "employee"),
    "signals": ("employee", "kind"),
}

# What the stand-ins' books and approvals compute with. HR's own cells stay as dirty as they came.
DATES: dict[str, tuple[str, ...]] = {
    "loans": ("applied_on", "lent_on", "due_on", "trip_start", "trip_end"),
    "repayments": ("paid_on",),
    "exits": ("requested_on", "last_day"),
}
AMOUNTS: dict[str, tuple[str, ...]] = {"loans": ("principal",), "repayments": ("amount",)}
INSTANTS: dict[str, tuple[str, ...]] = {"approvals": ("decided_at",)}

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_AMOUNT = re.compile(r"-?\d{1,13}(\.\d{1,2})?")


class FolderError(UsageError):
    """A company folder, or a row for it, cannot be used."""


@dataclass(frozen=True)
class Company:
    """What company.toml says."""

    name: str
    as_of: date
    currency: str = "CNY"
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("Asia/Shanghai"))
    approval_chain: list[list[str]] = field(default_factory=list)
    service_user: str = ""


def read_company(folder: Path, as_of: date | None = None) -> Company:
    """Read company.toml; `as_of` wins over the file's. FolderError says what is wrong with it."""
    path = folder / "company.toml"
    if not path.is_file():
        raise FolderError(f"{path} is missing: a company folder needs company.toml with name and as_of")
    try:
        said = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise FolderError(f"{path}: {error}") from error
    day = as_of or _day(said.get("as_of"), path)
    chain = said.get("approval_chain", [])
    if not isinstance(chain, list):
        raise FolderError(f"{path}: approval_chain is {chain!r}, expected a list of steps (lists of nodes)")
    return Company(
        name=str(said.get("name", folder.resolve().name)),
        as_of=day,
        currency=str(said.get("currency", "CNY")),
        zone=_zone(str(said.get("time_zone", "Asia/Shanghai")), path),
        approval_chain=[[step] if isinstance(step, str) else [str(node) for node in step] for step in chain],
        service_user=str(said.get("service_user", "")),
    )


def read_table(folder: Path, table: str) -> list[Row]:
    """The rows of one CSV file; [] when there is none. FolderError names file, row and column."""
    path = folder / f"{table}.csv"
    if not path.is_file():
        return []
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            return list(_rows(csv.reader(lines, strict=True), table, path))
    except (UnicodeDecodeError, csv.Error) as error:
        raise FolderError(f"{path}: {error}; expected CSV in UTF-8") from error


def check_row(table: str, row: Mapping[str, str], place: str) -> None:
    """Refuse a row whose dates or amounts the books could not compute with. `place` starts the message."""
    for columns, is_right, wanted in _CHECKS:
        for column in columns.get(table, ()):
            value = row.get(column, "")
            if value and not is_right(value):
                raise FolderError(f"{place}, column {column}: found {value!r}, expected {wanted}")


def _rows(lines: Iterator[list[str]], table: str, path: Path) -> Iterator[Row]:
    header = [name.strip() for name in next(lines, [])]
    missing = [column for column in NEEDED[table] if column not in header]
    if missing:
        found = ", ".join(header) or "nothing"
        raise FolderError(f"{path}, row 1: column {', '.join(missing)} is missing; found {found}")
    if len(set(header)) != len(header):
        raise FolderError(f"{path}, row 1: a column stands twice; found {', '.join(header)}")
    empty = dict.fromkeys(COLUMNS[table], "")
    for number, cells in enumerate(lines, start=2):
        if not cells:
            continue
        if len(cells) != len(header):
            found = f"found {len(cells)} cells, expected {len(header)} as in the header"
            raise FolderError(f"{path}, row {number}: {found}")
        row = {**empty, **dict(zip(header, cells, strict=True))}
        check_row(table, row, f"{path}, row {number}")
        yield row


def _day(value: object, path: Path) -> date:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    if isinstance(value, str) and _is_date(value):
        return date.fromisoformat(value)
    raise FolderError(f"{path}: as_of is {value!r}, expected a date like 2026-07-31")


def _zone(name: str, path: Path) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise FolderError(f"{path}: time_zone is {name!r}, expected one like Asia/Shanghai") from error


def _is_date(value: str) -> bool:
    if not _DATE.fullmatch(value):
        return False
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return True


def _is_instant(value: str) -> bool:
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return True


def _is_amount(value: str) -> bool:
    return _AMOUNT.fullmatch(value) is not None


_CHECKS = (
    (DATES, _is_date, "a date like 2026-07-31, or nothing"),
    (AMOUNTS, _is_amount, "an amount like 1234.50, or nothing"),
    (INSTANTS, _is_instant, "an instant like 2026-03-01T11:34:16+08:00, or nothing"),
)
