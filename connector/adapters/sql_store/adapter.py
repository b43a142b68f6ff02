"""An HR database as a source: a named query becomes pages of text rows, read in one read-only transaction.

As a sink, where a second account is given for it: one table of ours, and nothing else over there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from importlib import resources
from typing import Any

import polars as pl
import sqlalchemy as sa
from pydantic import ValidationError

from connector.adapters.contract import Check, End, Page, Receipt, Setting, Since
from connector.adapters.kit.manifest import load_manifest
from connector.adapters.kit.network import Resolver, system_resolver
from connector.adapters.sql_store import database, queries, sessions, wire
from connector.adapters.sql_store.address import judge
from connector.adapters.sql_store.connection import TOLD_BY, SqlForm
from connector.adapters.sql_store.marks import WARNING, Warnings
from connector.errors import AuthError, ConfigError, ConnectorError, UnknownOutcome, UsageError
from connector.model.plan import Action
from connector.model.tables import empty

# Rows a page: a few hundred kilobytes, so that the next stage works while this one reads.
PAGE_ROWS = 5000
# Raw column with the row's key: the query's own `ref`, else the number (and the row where a number repeats).
REF = "#ref"


def build(options: dict[str, Any], setting: Setting) -> SqlStore:
    """The adapter of one HR database. ConfigError names the option that is missing or wrong."""
    try:
        form = SqlForm.model_validate(options)
    except ValidationError as error:
        raise ConfigError(_shown(error), place=f"connection {setting.connection}") from None
    return SqlStore(form, setting)


def _shown(error: ValidationError) -> str:
    return "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors(include_input=False))


class SqlStore:
    """Reads employees, and where there is a query for them their months and signals; writes warnings where
    `writeback_url` leads."""

    def __init__(self, form: SqlForm, setting: Setting, resolver: Resolver = system_resolver) -> None:
        self._form, self._resolver, self._place = form, resolver, f"connection {setting.connection}"
        self._currency = form.currency or setting.currency
        text = (resources.files(__package__) / "manifest.yaml").read_text("utf-8")
        manifest = load_manifest(text, "sql_store/manifest.yaml")
        self.manifest = manifest if form.writeback_url else replace(manifest, sinks=())
        self._setting = setting
        self._opened: sa.Engine | None = None
        self._table: Warnings | None = None
        self._as_of: date | None = None  # business date of what was pulled last: a warning rests on that day's books
        delivered = queries.streams_of(form.queries, form.profile)
        self.manifest = replace(self.manifest, streams=tuple(s for s in self.manifest.streams if s in delivered))

    def check(self) -> list[Check]:
        """reach, login, permission (queries run; what the account could write), fields (each names its person), and
        writeback where it is wanted."""
        try:
            with database.reading(self._engine(), self._place) as connection:
                found = {s: database.columns(connection, self._query(s, connection)) for s in self.manifest.streams}
                writable = sessions.writable(connection)
        except AuthError as error:
            return [Check("reach", True), Check("login", False, str(error), "sql_store.mend.bad_login")]
        except ConfigError as error:
            return self._refused(error)
        except ConnectorError as error:
            return [Check("reach", False, str(error), "sql_store.mend.not_reached")]
        advice = "sql_store.mend.may_write" if writable else ""
        passed = [Check("reach", True), Check("login", True), Check("permission", True, ", ".join(writable), advice)]
        nameless = [stream for stream, columns in found.items() if TOLD_BY[stream][0] not in columns]
        shown = "; ".join(", ".join(found[stream]) for stream in nameless or found)
        fields = Check("fields", not nameless, shown, "sql_store.mend.missing_columns" if nameless else "")
        return [*passed, fields, *self._check_writeback()] if fields.passed else [*passed, fields]

    def _check_writeback(self) -> list[Check]:
        try:
            table = self._warnings()
        except ConfigError as error:
            return [Check("writeback", False, str(error), "sql_store.mend.bad_url")]
        return [table.check()] if table else []

    def _refused(self, error: ConfigError) -> list[Check]:
        if error.place == self._place or error.place.startswith("queries."):
            passed = [Check("reach", True), Check("login", True)]
            return [*passed, Check("permission", False, str(error), "sql_store.mend.bad_query")]
        mend = "bad_network" if error.place.startswith(("url '", "cidrs", "ca_file")) else "bad_url"
        return [Check("reach", False, str(error), f"sql_store.mend.{mend}")]

    def pull(self, stream: str, since: Since) -> Iterator[Page]:
        """Pages of text rows with the query's column names and `#ref`, all from one transaction.

        AuthError, ConfigError (query, rights), RetryableError (busy or away), WireError (broken off).
        """
        self._as_of = since.as_of
        if stream not in self.manifest.streams:
            raise UsageError(
                f"found the stream {stream!r}, expected one of {', '.join(self.manifest.streams)}"
            )
        with database.reading(self._engine(), self._place) as connection:
            yield from self._pages(connection, self._query(stream, connection), TOLD_BY[stream], since)

    def _pages(
        self, connection: sa.Connection, query: str, told_by: tuple[str, ...], since: Since
    ) -> Iterator[Page]:
        key = told_by[0]
        seen: set[str] = set()
        count = done = 0
        held: Page | None = None
        for names, rows in database.stream(connection, query, PAGE_ROWS):
            if key not in names:
                raise ConfigError(
                    f"found the columns {', '.join(names)}, expected one called `{key}`",
                    place=self._place,
                    mend=f"name the columns of the query as ours: SELECT code AS {key}, ...",
                )
            frame = self._frame(names, rows, told_by, done, seen)
            done += len(rows)
            if since.only is not None:
                frame = frame.filter(pl.col(key).str.strip_chars().is_in(list(since.only)))
            if held is not None and held.rows.height:
                yield held
            held, count = Page(frame, str(done)), count + frame.height
        if held is not None:
            yield Page(held.rows, held.cursor, end=End("cursor_exhausted", count))

    def _frame(
        self, names: list[str], rows: Sequence[Any], told_by: tuple[str, ...], done: int, seen: set[str]
    ) -> pl.DataFrame:
        columns = {
            name: pl.Series(name, [wire.text_of(row[at]) for row in rows], dtype=pl.String)
            for at, name in enumerate(names)
        }
        known = columns.get("currency", pl.Series("currency", [None] * len(rows), dtype=pl.String))
        columns["currency"] = known.fill_null(self._currency)
        if "monthly_salary" in columns:
            columns["monthly_salary"] = pl.Series(
                "monthly_salary",
                [
                    wire.monthly_salary(
                        pay, self._form.salary_unit, self._form.salary_period, code
                    )
                    for pay, code in zip(columns["monthly_salary"], columns["currency"], strict=True)
                ],
                dtype=pl.String,
            )
        frame = pl.DataFrame(columns)
        named = [pl.col("ref")] if "ref" in columns else [pl.col(name) for name in told_by if name in columns]
        keys = frame.select(pl.concat_str(named, separator=" ", ignore_nulls=True)).to_series().to_list()
        return frame.with_columns(pl.Series(REF, _refs(keys, done, seen), dtype=pl.String))

    def _query(self, stream: str, connection: sa.Connection) -> str:
        return queries.query_of(
            stream,
            self._form.queries,
            self._form.profile,
            lambda table, column: database.has_column(connection, table, column),
        )

    def _engine(self) -> sa.Engine:
        if self._opened is None:
            target = judge(self._form.url.get_secret_value(), self._form, "url", self._resolver)
            self._opened = database.open_engine(target, self._form.timeout_s)
        return self._opened

    def _warnings(self) -> Warnings | None:
        """The table of ours, None where nothing is to be written."""
        if self._table is None and self._form.writeback_url is not None:
            url = self._form.writeback_url.get_secret_value()
            target = judge(url, self._form, "writeback_url", self._resolver)
            engine = database.open_engine(target, self._form.timeout_s, is_reader=False)
            self._table = Warnings(engine, self._setting)
        return self._table

    def observe(self, kind: str, refs: Sequence[str] | None) -> pl.DataFrame:
        """Warnings as they stand; `refs` are employee numbers. None stand where nothing is written."""
        table = self._warnings()
        return table.observed(refs) if table and kind == WARNING else empty("mark")

    def push(self, action: Action, text: str) -> Receipt:
        """Put, replace or remove one warning. What is landed is known only when it is read back."""
        table = self._warnings()
        if table is None:
            return Receipt("refused", "sql_store.reject.read_only")
        if action.kind != WARNING:
            raise UsageError(f"found kind {action.kind!r}, expected {WARNING}", place=self._place)
        day = self._as_of or self._setting.clock.now().astimezone(self._setting.zone).date()
        try:
            table.write(action.ref, None if action.verb == "remove" else action.after, text, day)
        except UnknownOutcome as error:
            return Receipt("unknown", error.message)
        return Receipt("landed")

    def close(self) -> None:
        """Gives the engines up; connections live no longer than a reading or a write."""
        if self._opened is not None:
            self._opened.dispose()
        if self._table is not None:
            self._table.close()
        self._opened = self._table = None


def _refs(keys: list[str | None], done: int, seen: set[str]) -> list[str]:
    """The key of each row, made single by the row's place where it is empty or repeats."""
    refs = []
    for row, key in enumerate(keys, done + 1):
        found = (key or "").strip()
        refs.append(f"{found}#{row}" if not found or found in seen else found)
        seen.add(found)
    return refs
