"""What arrived, how far each rule has looked, what it raised, and how long it is silent."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "rule_arrival",
        sa.Column(
            "number",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            primary_key=True,
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("post_id", sa.String(length=32), nullable=False),
        sa.Column("sort_key", sa.BigInteger(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.UniqueConstraint("post_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("rule_arrival_at", "rule_arrival", ["at_ms"])
    op.create_table(
        "rule_mark",
        sa.Column("rule", sa.String(length=60), nullable=False),
        sa.Column("arrived", sa.BigInteger(), nullable=False),
        sa.Column("evaluated_ms", sa.BigInteger(), nullable=False),
        sa.Column("silenced_ms", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("version", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("fault", sa.Text(), nullable=False, server_default=""),
        sa.PrimaryKeyConstraint("rule"),
    )
    op.create_table(
        "rule_state",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("rule", sa.String(length=60), nullable=False),
        sa.Column("key", sa.Text(), nullable=False, server_default=""),
        sa.Column("fired_ms", sa.BigInteger(), nullable=False),
        sa.Column("until_ms", sa.BigInteger(), nullable=False),
        sa.Column("exponent", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("held", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("held_since_ms", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("held_until_ms", sa.BigInteger(), nullable=False, server_default="0"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("rule_state_rule", "rule_state", ["rule"])
    op.create_table(
        "rule_seen",
        sa.Column("rule", sa.String(length=60), nullable=False),
        sa.Column("subject", sa.String(length=48), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("rule", "subject"),
    )
    op.create_index("rule_seen_at", "rule_seen", ["at_ms"])
    op.create_table(
        "rule_firing",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("rule", sa.String(length=60), nullable=False),
        sa.Column("key", sa.Text(), nullable=False, server_default=""),
        sa.Column("level", sa.String(length=8), nullable=False),
        sa.Column("since_ms", sa.BigInteger(), nullable=False),
        sa.Column("until_ms", sa.BigInteger(), nullable=False),
        sa.Column("fired_ms", sa.BigInteger(), nullable=False),
        sa.Column("posts", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("rule_firing_rule", "rule_firing", ["rule", "fired_ms"])
    op.create_index("rule_firing_fired", "rule_firing", ["fired_ms"])
