"""The first schema, as it was: a later step changes it, never this one."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def _key(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, primary_key=True)


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text, nullable=False) for name in names]


def _instants(*names: str) -> list[sa.Column[object]]:
    return [sa.Column(name, sa.DateTime, nullable=True) for name in names]


def _counts(*names: str) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.Integer, nullable=False) for name in names]


def _day(name: str, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.Date, nullable=nullable)


def _flag(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean, nullable=False)


def _numbered() -> list[sa.Column[object]]:
    return [
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("company", sa.Text, nullable=False),
    ]


def upgrade() -> None:
    _what_nights_leave()
    _what_is_known()
    _what_people_decide()


def _what_nights_leave() -> None:
    op.create_table(
        "run", _key("company"), _key("id"), *_texts("kind"), _day("business_date"),
        *_texts("mode", "state", "rule_book", "document"), *_instants("started_at", "ended_at"),
    )
    op.create_index("run_by_date", "run", ["company", "business_date"])
    op.create_table("lease", _key("company"), *_counts("token"), *_texts("holder"), *_instants("expires_at"))
    op.create_table(
        "snapshot", _key("company"), _key("run"), _key("system"), _key("stream"), *_counts("staged", "rejected"),
        _flag("complete"), *_texts("cause", "first_key", "last_key", "sha256", "path"), *_instants("seen_at"),
    )
    op.create_table(
        "reject", *_numbered(),
        *_texts("run", "system", "stream", "ref", "key", "reason", "field", "found", "expected"),
    )
    op.create_index("reject_run", "reject", ["company"])


def _what_is_known() -> None:
    op.create_table(
        "link", _key("company"), _key("system"), _key("number"), *_texts("person", "rule", "by"), *_instants("at"),
    )
    op.create_table(
        "finding", _key("company"), _key("key"),
        *_texts("rule", "over", "subject", "employee", "verdict", "facts"), _day("opened_on"),
        _day("closed_on", nullable=True),
    )
    op.create_index("finding_open", "finding", ["company", "closed_on"])
    op.create_table(
        "outbox", *_numbered(),
        *_texts("run", "plan", "target", "kind", "ref", "verb", "employee", "before", "after", "because"),
        sa.Column("state", sa.Text, nullable=False), *_counts("fence"), _day("business_date"), *_texts("detail"),
        *_instants("planned_at", "sent_at", "ended_at"),
    )
    op.create_index("outbox_state", "outbox", ["company", "state"])
    op.create_table(
        "exit_case", _key("company"), _key("system"), _key("ref"), *_texts("number", "employee", "state"),
        _day("opened_on", nullable=True), _flag("ever_owed"), *_texts("confirmed_by"), *_instants("confirmed_at"),
        *_texts("confirmed_fingerprint", "fingerprint"),
    )


def _what_people_decide() -> None:
    op.create_table("approval", _key("company"), _key("hash"), *_texts("by"), *_instants("at", "expires_at"))
    op.create_table("audit", *_numbered(), *_instants("at"), *_texts("who", "what", "facts"))
    op.create_table("setting", _key("company"), _key("name"), *_texts("value"))


def downgrade() -> None:
    for name in (
        "setting", "audit", "approval", "exit_case", "outbox", "finding", "link", "reject", "snapshot", "lease", "run"
    ):
        op.drop_table(name)
