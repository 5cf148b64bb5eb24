"""Cases, their posts, every change of theirs, and the reminders given."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "cases",
        sa.Column("number", sa.String(length=32), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("serial", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("origin", sa.String(length=8), nullable=False),
        sa.Column("origin_id", sa.String(length=32), nullable=False, server_default=""),
        sa.Column("event_id", sa.String(length=32), nullable=False, server_default=""),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("listed", sa.Integer(), nullable=False),
        sa.Column("category", sa.String(length=16), nullable=False, server_default=""),
        sa.Column("place", sa.String(length=40), nullable=False, server_default=""),
        sa.Column("unit", sa.String(length=100), nullable=False, server_default=""),
        sa.Column("level", sa.String(length=8), nullable=False, server_default=""),
        sa.Column("clock", sa.String(length=40), nullable=False),
        sa.Column("measure", sa.String(length=8), nullable=False),
        sa.Column("opened_ms", sa.BigInteger(), nullable=False),
        sa.Column("started_ms", sa.BigInteger(), nullable=False),
        sa.Column("deadline_ms", sa.BigInteger(), nullable=False),
        sa.Column("answered_ms", sa.BigInteger(), nullable=True),
        sa.Column("finished_ms", sa.BigInteger(), nullable=True),
        sa.Column("ended_ms", sa.BigInteger(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=False, server_default=""),
        sa.Column("proposed", sa.String(length=10), nullable=False, server_default=""),
        sa.Column("proposed_ms", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )
    listed = sa.text("listed = 1 AND origin <> 'hand'")
    op.create_index("cases_serial", "cases", ["year", "serial"], unique=True)
    op.create_index(
        "cases_origin", "cases", ["origin", "origin_id"], unique=True, postgresql_where=listed, sqlite_where=listed
    )
    op.create_index("cases_opened", "cases", ["opened_ms"])
    op.create_index("cases_updated", "cases", ["updated_ms"])
    op.create_table(
        "case_post",
        sa.Column("number", sa.String(length=32), nullable=False),
        sa.Column("post_id", sa.String(length=32), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("reply", sa.String(length=32), nullable=False, server_default=""),
        sa.Column("reply_unit", sa.String(length=200), nullable=False, server_default=""),
        sa.Column("replied_ms", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("number", "post_id"),
    )
    op.create_index("case_post_post", "case_post", ["post_id"])
    op.create_table(
        "case_change",
        sa.Column("number", sa.String(length=32), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("who", sa.String(length=80), nullable=False),
        sa.Column("act", sa.String(length=10), nullable=False),
        sa.Column("was", sa.String(length=10), nullable=False, server_default=""),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("why", sa.Text(), nullable=False, server_default=""),
        sa.Column("record", sa.Text(), nullable=False, server_default="{}"),
        sa.PrimaryKeyConstraint("number", "version"),
    )
    op.create_index("case_change_at", "case_change", ["at_ms"])
    op.create_table(
        "case_reminder",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("number", sa.String(length=32), nullable=False, server_default=""),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
