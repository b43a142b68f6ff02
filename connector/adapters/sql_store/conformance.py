"""This adapter's subject: itself over a database file, and how that is troubled. Cases are written elsewhere."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from connector.adapters.contract import Adapter, Setting
from connector.adapters.sql_store.adapter import build
from connector.adapters.sql_store.ddl import writeback_ddl
from connector.adapters.subject import Marked, Trial
from connector.sandbox.hosted import built_in
from connector.sandbox.hr import write_hr
from connector.sandbox.world import load_world

_QUERIES = {
    "employee": "SELECT number, name, status, hired_on, monthly_salary, currency FROM employees ORDER BY number",
    "attendance_month": "SELECT employee, month, late_count FROM attendance",
}
# A query that breaks after it has begun: the sum of the last row does not fit.
_BREAKS = "SELECT employee, month, abs(-9223372036854775807 - (rowid > 1)) AS late_count FROM attendance"


@contextmanager
def subject(setting: Setting) -> Iterator[Trial]:
    """SQLite: a server's login and its loss are tried where there is a server."""
    with tempfile.TemporaryDirectory(prefix="connector-trial-") as name:
        base, marks = Path(name, "hr.sqlite"), Path(name, "marks.sqlite")
        built_in(Path(name, "company"))
        write_hr(load_world(Path(name, "company")), base)
        with closing(sqlite3.connect(marks)) as ours:
            ours.executescript(writeback_ddl("sqlite"))
        breaking: dict[str, str] = {}

        def connect(**changes: Any) -> Adapter:
            urls = {"url": f"sqlite:///{base}", "writeback_url": f"sqlite:///{marks}"}
            return build({**urls, "queries": {**_QUERIES, **breaking}, **changes}, setting)

        yield Trial(
            connect=connect,
            broken={
                "reach": lambda: connect(url="oracle://reader@127.0.0.1/hr"),
                "permission": lambda: connect(queries={"employee": "SELECT number FROM not_there"}),
                "fields": lambda: connect(queries={"employee": "SELECT name FROM employees"}),
                "writeback": lambda: connect(writeback_url=f"sqlite:///{base}"),
            },
            troubles={"cut_off": lambda: breaking.update(dict.fromkeys(_QUERIES, _BREAKS))},
            marks=lambda adapter: (_MARK,),
        )


_MARK = Marked(
    "warning", "1001", "1001", {"codes": ["signal.resume_updated"], "level": "warning"},
    {"codes": ["performance.two_misses"], "level": "critical"},
)
