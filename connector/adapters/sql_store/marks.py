"""Warnings in our own table of an HR database: how they stand there, and how one is put, changed and removed.

Only this table is written, by an account of its own. Nothing is decided here, and no query of a stream is run.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date
from typing import Any

import polars as pl
import sqlalchemy as sa
from sqlalchemy.dialects import mysql, postgresql, sqlite
from sqlalchemy.exc import DBAPIError

from connector.adapters.contract import Check, Setting
from connector.adapters.sql_store import sessions
from connector.adapters.sql_store.database import explain
from connector.adapters.sql_store.ddl import MARKS
from connector.errors import AuthError, ConfigError, ConnectorError, UnknownOutcome
from connector.model.plan import Content, canonical, digest
from connector.model.tables import schema

WARNING = "warning"
# Numbers in one IN list; every database takes so many.
_AT_ONCE = 500
_KEY = ("employee_number", "kind")
_MISSING = "make the table with the SQL that `connector config writeback-ddl` prints"


class Warnings:
    """The table in one database. Thread-safe."""

    def __init__(self, engine: sa.Engine, setting: Setting) -> None:
        self._engine, self._setting, self._place = engine, setting, f"connection {setting.connection} {MARKS.name}"

    def observed(self, refs: Sequence[str] | None) -> pl.DataFrame:
        """Table `mark`: a row for each employee number (these, or all) with a warning. Errors as a reading's."""
        found: list[dict[str, object]] = []
        try:
            with self._engine.connect() as connection:
                for part in _parts(refs):
                    found += [self._mark(row) for row in connection.execute(part)]
        except DBAPIError as error:
            raise self._explained(error) from error
        return pl.DataFrame(found, schema=schema("mark"))

    def _mark(self, row: sa.Row[Any]) -> dict[str, object]:
        """A row that somebody emptied is a mark without codes: it differs from every wanted one and is put right."""
        codes = sorted(code for code in str(row.codes).split(",") if code)
        content = {"codes": codes if str(row.text).strip() else [], "level": str(row.level)}
        return {
            "system": self._setting.connection, "ref": row.employee_number, "seen_at": self._setting.clock.now(),
            "kind": WARNING, "digest": digest(content), "content": canonical(content).decode(),
        }

    def write(self, number: str, content: Content | None, text: str, day: date) -> None:
        """One row is put, replaced or (`content` None) removed. Errors surely before it landed, but UnknownOutcome."""
        statement = self._removed(number) if content is None else self._put(number, content, text, day)
        try:
            with self._engine.connect() as connection:
                connection.execute(statement)
                self._commit(connection)
        except DBAPIError as error:
            raise self._explained(error) from error

    def _commit(self, connection: sa.Connection) -> None:
        try:
            connection.commit()
        except DBAPIError as error:
            found = "the connection broke off while the row was committed"
            raise UnknownOutcome(found, place=self._place, mend="read back before anything else") from error

    def _removed(self, number: str) -> sa.Delete:
        return sa.delete(MARKS).where(MARKS.c.employee_number == number, MARKS.c.kind == WARNING)

    def _put(self, number: str, content: Content, text: str, day: date) -> sa.Insert:
        codes = content.get("codes")
        row = {
            "employee_number": number, "kind": WARNING, "level": str(content.get("level") or ""), "text": text,
            "codes": ",".join(sorted(map(str, codes))) if isinstance(codes, (list, tuple)) else "",
            "as_of": day, "written_at": self._setting.clock.now().astimezone(UTC).replace(tzinfo=None),
        }
        changed = {name: value for name, value in row.items() if name not in _KEY}
        match self._engine.dialect.name:
            case "postgresql":
                return postgresql.insert(MARKS).values(row).on_conflict_do_update(index_elements=_KEY, set_=changed)
            case "sqlite":
                return sqlite.insert(MARKS).values(row).on_conflict_do_update(index_elements=_KEY, set_=changed)
            case _:
                return mysql.insert(MARKS).values(row).on_duplicate_key_update(changed)

    def check(self) -> Check:
        """Whether the table can be read, and what else this account could write."""
        try:
            self.observed(())
            with self._engine.connect() as connection:
                others = [name for name in sessions.writable(connection) if MARKS.name not in name]
        except ConnectorError as error:
            return Check("writeback", False, str(error), f"sql_store.mend.{_mend(error)}")
        except DBAPIError as error:
            return Check("writeback", False, str(self._explained(error)), "sql_store.mend.not_reached")
        return Check("writeback", True, ", ".join(others), "sql_store.mend.may_write_more" if others else "")

    def close(self) -> None:
        self._engine.dispose()

    def _explained(self, error: DBAPIError) -> ConnectorError:
        found = explain(error, self._place)
        if type(found) is ConfigError and found.place == self._place:
            return ConfigError(found.message, place=self._place, mend=_MISSING)
        return found


def _mend(error: ConnectorError) -> str:
    if isinstance(error, AuthError):
        return "bad_login"
    return "no_marks_table" if isinstance(error, ConfigError) else "not_reached"


def _parts(refs: Sequence[str] | None) -> Iterable[sa.Select[Any]]:
    """Everything that can stand, or these numbers in lists that a database takes; at least one statement."""
    every = sa.select(MARKS).where(MARKS.c.kind == WARNING)
    if refs is None:
        return [every]
    starts = range(0, max(len(refs), 1), _AT_ONCE)
    return [every.where(MARKS.c.employee_number.in_(list(refs[at : at + _AT_ONCE]))) for at in starts]
