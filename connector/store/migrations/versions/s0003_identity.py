"""Links with their evidence, that end and are kept: one that lives for each number, any number that have ended.
And loans and repayments of the time before."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_KEPT = "company, system, number, person, rule, by, at"
_LIVING = sa.text("ended_at IS NULL")


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text, nullable=False) for name in names]


def _instants(*names: str) -> list[sa.Column[object]]:
    return [sa.Column(name, sa.DateTime, nullable=True) for name in names]


def _keys(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text, primary_key=True) for name in names]


def upgrade() -> None:
    _links_that_end()
    _the_time_before()


def _links_that_end() -> None:
    op.rename_table("link", "link_before")
    op.create_table(
        "link", sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        *_texts("company", "system", "number", "person", "rule", "evidence", "why", "by"), *_instants("at"),
        *_texts("ended_by", "ended_why"), *_instants("ended_at"),
    )
    columns = _quoted(_KEPT)
    op.execute(
        f"INSERT INTO link ({columns}, evidence, why, ended_by, ended_why) "
        f"SELECT {columns}, '', '', '', '' FROM link_before"
    )
    op.drop_table("link_before")
    op.create_index(
        "link_living", "link", ["company", "system", "number"], unique=True, sqlite_where=_LIVING,
        postgresql_where=_LIVING,
    )


def _the_time_before() -> None:
    words, money, day = sa.Text, sa.BigInteger, sa.Date
    op.create_table(
        "opening_loan", *_keys("company", "number"), *_texts("employee"), sa.Column("kind", words, nullable=True),
        sa.Column("purpose", words, nullable=True), sa.Column("principal", money, nullable=False),
        sa.Column("balance", money, nullable=False), *_texts("currency"), sa.Column("lent_on", day, nullable=False),
        sa.Column("due_on", day, nullable=True), sa.Column("approval", words, nullable=True), *_texts("by"),
        *_instants("at"),
    )
    op.create_table(
        "opening_repayment", *_keys("company", "number"), *_texts("loan", "employee"),
        sa.Column("paid_on", day, nullable=False), sa.Column("amount", money, nullable=False), *_texts("currency"),
        sa.Column("method", words, nullable=True), *_texts("by"), *_instants("at"),
    )


def downgrade() -> None:
    """Back to links that cannot end: those that live are kept."""
    op.drop_table("opening_repayment")
    op.drop_table("opening_loan")
    op.drop_index("link_living", "link")
    op.rename_table("link", "link_after")
    op.create_table(
        "link", *(sa.Column(name, sa.Text, primary_key=True) for name in ("company", "system", "number")),
        *_texts("person", "rule", "by"), *_instants("at"),
    )
    columns = _quoted(_KEPT)
    op.execute(f"INSERT INTO link ({columns}) SELECT {columns} FROM link_after WHERE ended_at IS NULL")
    op.drop_table("link_after")


def _quoted(names: str) -> str:
    """Some of them are words of SQL."""
    return ", ".join(f'"{name}"' for name in names.split(", "))
