"""The HR store of the made-up company: one SQLite table `employees` with the columns of employees.csv.

Promises: it shows the world's employees as they stand, or as the chaos knobs say it answers. Cells are text,
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


def write_hr(world: World, path: Path, rules: Sequence[Rule] = ()) -> None:
    """Write the employees to the SQLite file, replacing what it held, in one transaction.

    `rules`: cap_page shows the first `limit` rows only, drop_row leaves one out.
    """
    rows = _as_told(world.rows("employees"), rules)
    columns = list(dict.fromkeys([*COLUMNS["employees"], *(name for row in rows for name in row)]))
    names = ", ".join(_quoted(name) for name in columns)
    marks = ", ".join("?" for _ in columns)
    with closing(sqlite3.connect(path, isolation_level=None)) as base:
        base.execute("BEGIN IMMEDIATE")
        base.execute("DROP TABLE IF EXISTS employees")
        base.execute(f"CREATE TABLE employees ({', '.join(f'{_quoted(name)} TEXT' for name in columns)})")
        cells = ([row.get(name) or None for name in columns] for row in rows)
        base.executemany(f"INSERT INTO employees ({names}) VALUES ({marks})", cells)
        base.execute("COMMIT")


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
