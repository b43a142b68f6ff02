"""The HR store of the made-up company: SQLite tables with the names and columns of the folder's files about people.

Promises: it shows the world's rows as they stand, or of the employees what the chaos knobs say. Cells are text,
an empty one is NULL. Never here: a column that the folder does not have.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from connector.sandbox.faults import Rule
from connector.sandbox.folder import COLUMNS, Row
from connector.sandbox.world import World

# Tables of HR; all of them are there, even without rows.
TABLES = ("employees", "appraisals", "attendance", "signals")


def write_hr(world: World, path: Path, rules: Sequence[Rule] = ()) -> None:
    """Write the tables to the SQLite file, replacing what it held, in one transaction.

    `rules`, for the employees: cap_page shows the first `limit` rows only, drop_row leaves one out.
    """
    with closing(sqlite3.connect(path, isolation_level=None)) as base:
        base.execute("BEGIN IMMEDIATE")
        for table in TABLES:
            rows = world.rows(table)
            _write_table(base, table, _as_told(rows, rules) if table == "employees" else rows)
        base.execute("COMMIT")


def _write_table(base: sqlite3.Connection, table: str, rows: list[Row]) -> None:
    columns = list(dict.fromkeys([*COLUMNS[table], *(name for row in rows for name in row)]))
    names = ", ".join(_quoted(name) for name in columns)
    marks = ", ".join("?" for _ in columns)
    base.execute(f"DROP TABLE IF EXISTS {table}")
    base.execute(f"CREATE TABLE {table} ({', '.join(f'{_quoted(name)} TEXT' for name in columns)})")
    cells = ([row.get(name) or None for name in columns] for row in rows)
    base.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", cells)


def _as_told(rows: list[Row], rules: Sequence[Rule]) -> list[Row]:
    for rule in rules:
        if rule.fault == "cap_page":
            rows = rows[: int(rule.args.get("limit", 100))]
        elif rows:
            at = int(rule.args.get("row", 0)) % len(rows)
            rows = rows[:at] + rows[at + 1 :]
    return rows


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
