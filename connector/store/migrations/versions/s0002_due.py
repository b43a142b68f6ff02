"""What is due: one row per company, kind and business date."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "due",
        sa.Column("company", sa.Text, primary_key=True), sa.Column("kind", sa.Text, primary_key=True),
        sa.Column("business_date", sa.Date, primary_key=True), sa.Column("state", sa.Text, nullable=False),
        sa.Column("token", sa.Integer, nullable=False), sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("run", sa.Text, nullable=False), sa.Column("cause", sa.Text, nullable=False),
        sa.Column("due_at", sa.DateTime, nullable=True), sa.Column("retry_at", sa.DateTime, nullable=True),
        sa.Column("started_at", sa.DateTime, nullable=True), sa.Column("ended_at", sa.DateTime, nullable=True),
    )


def downgrade() -> None:
    op.drop_table("due")
