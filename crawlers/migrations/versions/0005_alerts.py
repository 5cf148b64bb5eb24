"""The outbox of alerts and letters."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "alert",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False, server_default=""),
        sa.Column("level", sa.String(length=8), nullable=False, server_default=""),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False, server_default=""),
        sa.Column("made_ms", sa.BigInteger(), nullable=False),
        sa.Column("ack_ms", sa.BigInteger(), nullable=True),
        sa.Column("ack_who", sa.Text(), nullable=False, server_default=""),
        sa.Column("record", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("alert_state", "alert", ["state"])
    op.create_index("alert_made", "alert", ["made_ms"])
    op.create_table(
        "alert_attachment",
        sa.Column("alert_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("alert_id", "number"),
    )
    op.create_table(
        "alert_group",
        sa.Column("alert_id", sa.Text(), nullable=False),
        sa.Column("group_name", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("next_ms", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("alert_id", "group_name"),
    )
    op.create_index("alert_group_next", "alert_group", ["next_ms"])
    op.create_table(
        "alert_item",
        sa.Column("alert_id", sa.Text(), nullable=False),
        sa.Column("recipient_id", sa.String(length=32), nullable=False),
        sa.Column("group_name", sa.String(length=40), nullable=False),
        sa.Column("person", sa.String(length=40), nullable=False),
        sa.Column("channel", sa.String(length=10), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("escalated", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("digest", sa.Text(), nullable=False, server_default=""),
        sa.Column("held", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("release_ms", sa.BigInteger(), nullable=False),
        sa.Column("parcel_id", sa.String(length=32), nullable=False, server_default=""),
        sa.PrimaryKeyConstraint("alert_id", "recipient_id"),
    )
    op.create_index("alert_item_parcel", "alert_item", ["parcel_id", "release_ms"])
    op.create_table(
        "alert_parcel",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("recipient_id", sa.String(length=32), nullable=False),
        sa.Column("group_name", sa.String(length=40), nullable=False),
        sa.Column("person", sa.String(length=40), nullable=False),
        sa.Column("channel", sa.String(length=10), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("marked", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("due_ms", sa.BigInteger(), nullable=False),
        sa.Column("lease_ms", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("lease_by", sa.String(length=32), nullable=False, server_default=""),
        sa.Column("tries", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("made_ms", sa.BigInteger(), nullable=False),
        sa.Column("sent_ms", sa.BigInteger(), nullable=True),
        sa.Column("unknown_ms", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False, server_default=""),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("alert_parcel_due", "alert_parcel", ["state", "due_ms"])
    op.create_table(
        "alert_attempt",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("parcel_id", sa.String(length=32), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("outcome", sa.String(length=10), nullable=False),
        sa.Column("code", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("note", sa.Text(), nullable=False, server_default=""),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("alert_attempt_parcel", "alert_attempt", ["parcel_id"])
