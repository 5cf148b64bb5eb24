"""Changes of configuration files on the dashboard: who, when, why, and the whole file before and after."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0017"

_SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "setting_change",
        sa.Column("id", _SERIAL, autoincrement=True, nullable=False),
        sa.Column("file", sa.String(length=60), nullable=False),
        sa.Column("who", sa.String(length=80), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("before", sa.Text(), nullable=False),
        sa.Column("after", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("setting_change_file", "setting_change", ["file"])
