"""The tables, all of them. Instants are UTC; documents are canonical JSON text; every row carries its company."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Dialect

metadata = sa.MetaData()


class Instant(sa.types.TypeDecorator[datetime]):
    """An aware UTC datetime, kept without its zone (SQLite has none to keep)."""

    impl = sa.DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        return None if value is None else value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        return None if value is None else value.replace(tzinfo=UTC)


class Words(sa.types.TypeDecorator[str]):
    """Text of any length as it came, but for NUL, which PostgreSQL cannot keep: it is shown as ␀."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> Any:
        return value.replace("\0", "␀") if value else value


def _key(name: str) -> sa.Column[str]:
    return sa.Column(name, Words, primary_key=True)


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, Words, nullable=False, default="")


def _maybe(name: str) -> sa.Column[str]:
    return sa.Column(name, Words, nullable=True)


def _minor(name: str) -> sa.Column[int]:
    """Money in minor units."""
    return sa.Column(name, sa.BigInteger, nullable=False)


def _instant(name: str) -> sa.Column[datetime]:
    return sa.Column(name, Instant, nullable=True)


run = sa.Table(
    "run", metadata, _key("company"), _key("id"), _text("kind"), sa.Column("business_date", sa.Date, nullable=False),
    _text("mode"), _text("state"), _text("rule_book"), _text("document"), _instant("started_at"), _instant("ended_at"),
    sa.Index("run_by_date", "company", "business_date"),
)
lease = sa.Table(
    "lease", metadata, _key("company"), sa.Column("token", sa.Integer, nullable=False), _text("holder"),
    _instant("expires_at"),
)
due = sa.Table(
    "due", metadata, _key("company"), _key("kind"), sa.Column("business_date", sa.Date, primary_key=True),
    _text("state"), sa.Column("token", sa.Integer, nullable=False, default=0),
    sa.Column("attempts", sa.Integer, nullable=False, default=0), _text("run"), _text("cause"), _instant("due_at"),
    _instant("retry_at"), _instant("started_at"), _instant("ended_at"),
)
snapshot = sa.Table(
    "snapshot", metadata, _key("company"), _key("run"), _key("system"), _key("stream"),
    sa.Column("staged", sa.Integer, nullable=False), sa.Column("rejected", sa.Integer, nullable=False),
    sa.Column("complete", sa.Boolean, nullable=False), _text("cause"), _text("first_key"), _text("last_key"),
    _text("sha256"), _text("path"), _instant("seen_at"),
)
link = sa.Table(
    "link", metadata, sa.Column("id", sa.Integer, primary_key=True, autoincrement=True), _text("company"),
    _text("system"), _text("number"), _text("person"), _text("rule"), _text("evidence"), _text("why"), _text("by"),
    _instant("at"), _text("ended_by"), _text("ended_why"), _instant("ended_at"),
    # Any number of links that have ended, one that lives.
    sa.Index(
        "link_living", "company", "system", "number", unique=True, sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    ),
)
opening_loan = sa.Table(
    "opening_loan", metadata, _key("company"), _key("number"), _text("employee"), _maybe("kind"), _maybe("purpose"),
    _minor("principal"), _minor("balance"), _text("currency"), sa.Column("lent_on", sa.Date, nullable=False),
    sa.Column("due_on", sa.Date, nullable=True), _maybe("approval"), _text("by"), _instant("at"),
)
opening_repayment = sa.Table(
    "opening_repayment", metadata, _key("company"), _key("number"), _text("loan"), _text("employee"),
    sa.Column("paid_on", sa.Date, nullable=False), _minor("amount"), _text("currency"), _maybe("method"), _text("by"),
    _instant("at"),
)
finding = sa.Table(
    "finding", metadata, _key("company"), _key("key"), _text("rule"),
    _text("over"), _text("subject"), _text("employee"), _text("verdict"), _text("facts"),
    sa.Column("opened_on", sa.Date, nullable=False), sa.Column("closed_on", sa.Date, nullable=True),
    sa.Index("finding_open", "company", "closed_on"),
)
outbox = sa.Table(
    "outbox", metadata, sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    _text("company"), _text("run"), _text("plan"), _text("target"), _text("kind"),
    _text("ref"), _text("verb"), _text("employee"), _text("before"), _text("after"), _text("because"),
    _text("state"), sa.Column("fence", sa.Integer, nullable=False, default=0),
    sa.Column("business_date", sa.Date, nullable=False), _text("detail"), _instant("planned_at"), _instant("sent_at"),
    _instant("ended_at"), sa.Index("outbox_state", "company", "state"),
)
exit_case = sa.Table(
    "exit_case", metadata, _key("company"), _key("system"), _key("ref"), _text("number"), _text("employee"),
    _text("state"), sa.Column("opened_on", sa.Date, nullable=True), sa.Column("ever_owed", sa.Boolean, nullable=False),
    _text("confirmed_by"), _instant("confirmed_at"), _text("confirmed_fingerprint"), _text("fingerprint"),
)
approval = sa.Table(
    "approval", metadata, _key("company"), _key("hash"), _text("by"), _instant("at"), _instant("expires_at"),
)
reject = sa.Table(
    "reject", metadata, sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    _text("company"), _text("run"), _text("system"), _text("stream"), _text("ref"),
    _text("key"), _text("reason"), _text("field"), _text("found"), _text("expected"),
    sa.Index("reject_run", "company"),
)
audit = sa.Table(
    "audit", metadata, sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    _text("company"), _instant("at"), _text("who"), _text("what"), _text("facts"),
)
setting = sa.Table("setting", metadata, _key("company"), _key("name"), _text("value"))
