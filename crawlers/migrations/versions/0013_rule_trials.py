"""Rules on the dashboard: back-tests that were made, what people say of firings, why and by whom a rule is silenced."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0011"

_SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "rule_trial",
        sa.Column("digest", sa.String(length=32), nullable=False),
        sa.Column("rule", sa.String(length=60), nullable=False),
        sa.Column("who", sa.String(length=80), nullable=False),
        sa.Column("since_ms", sa.BigInteger(), nullable=False),
        sa.Column("until_ms", sa.BigInteger(), nullable=False),
        sa.Column("made_ms", sa.BigInteger(), nullable=False),
        sa.Column("record", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("digest"),
    )
    op.create_table(
        "rule_verdict",
        sa.Column("id", _SERIAL, autoincrement=True, nullable=False),
        sa.Column("firing_id", sa.String(length=32), nullable=False),
        sa.Column("verdict", sa.String(length=8), nullable=False),
        sa.Column("who", sa.String(length=80), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("rule_verdict_firing", "rule_verdict", ["firing_id"])
    op.add_column("rule_mark", sa.Column("silenced_why", sa.Text(), nullable=False, server_default=""))
    op.add_column("rule_mark", sa.Column("silenced_by", sa.String(length=80), nullable=False, server_default=""))
