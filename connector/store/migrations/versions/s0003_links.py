"""Links with their evidence, that end and are kept: one that lives for each number, any number that have ended."""

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


def upgrade() -> None:
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


def downgrade() -> None:
    """Back to links that cannot end: those that live are kept."""
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
