"""What several machines at one store need: keys of copies beside annotations that wait for the index, and who is at work."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("annotation", sa.Column("copy_keys", sa.LargeBinary(), nullable=True))
    waiting = sa.text("status = 'annotated'")
    op.create_index(
        "annotation_waiting", "annotation", ["landed_seq"], postgresql_where=waiting, sqlite_where=waiting
    )  # fmt: skip
    op.create_table(
        "worker",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("machine", sa.String(length=80), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("model", sa.String(length=40), nullable=False),
        sa.Column("started_ms", sa.BigInteger(), nullable=False),
        sa.Column("seen_ms", sa.BigInteger(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False, server_default=""),
        sa.PrimaryKeyConstraint("id"),
    )
