"""Many rows at once, by the fastest way the database's driver has. One row alone is written where it belongs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from connector.errors import StoreError

# Rows from which COPY is worth its set-up.
_COPY_FROM = 50


def insert_rows(conn: sa.Connection, table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Every row, each with the same columns; all or none within the transaction at hand."""
    if conn.dialect.name == "postgresql" and len(rows) >= _COPY_FROM:
        _copy(conn, table, rows)
    elif rows:
        conn.execute(table.insert(), list(rows))


def _copy(conn: sa.Connection, table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """PostgreSQL's COPY; what SQLAlchemy would do to a value or fill in for a missing one is done here."""
    columns = [column for column in table.columns if column.name in rows[0] or column.default is not None]
    kept = [column.type.dialect_impl(conn.dialect).bind_processor(conn.dialect) for column in columns]
    given = [getattr(column.default, "arg", None) for column in columns]
    plan = list(zip([column.name for column in columns], kept, given, strict=True))
    names = ", ".join(conn.dialect.identifier_preparer.quote(column.name) for column in columns)
    cursor = conn.connection.cursor()
    try:
        with cursor.copy(f"COPY {table.name} ({names}) FROM STDIN") as copy:
            for row in rows:
                values = ((row.get(name, default), keep) for name, keep, default in plan)
                copy.write_row([keep(value) if keep else value for value, keep in values])
    except conn.dialect.loaded_dbapi.Error as error:  # past SQLAlchemy, which would have said it in our words
        mend = "check the server and its disk; nothing is sent without the store"
        raise StoreError(str(error).splitlines()[0], place=f"store {table.name}", mend=mend) from error
    finally:
        cursor.close()


def put_row(conn: sa.Connection, table: sa.Table, row: Mapping[str, Any]) -> None:
    """Insert a row, or replace the one with its key, in one statement that two writers may send at once."""
    insert = postgresql.insert(table) if conn.dialect.name == "postgresql" else sqlite.insert(table)
    keys = [column.name for column in table.primary_key]
    changed = {name: value for name, value in row.items() if name not in keys}
    conn.execute(insert.values(dict(row)).on_conflict_do_update(index_elements=keys, set_=changed))


def add_row(conn: sa.Connection, table: sa.Table, row: Mapping[str, Any]) -> None:
    """Insert a row unless one with its key is there, in one statement that two writers may send at once."""
    insert = postgresql.insert(table) if conn.dialect.name == "postgresql" else sqlite.insert(table)
    conn.execute(insert.values(dict(row)).on_conflict_do_nothing())
