"""What language understanding adds: intent, appeal, sectors, places, copies, and labels that people set right."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    for name, kind, empty in (
        ("unsure", sa.Integer(), "0"),
        ("intent", sa.String(length=12), ""),
        ("appeal", sa.Integer(), "0"),
        ("sectors", sa.Text(), ""),
        ("places", sa.Text(), ""),
        ("duty", sa.Text(), ""),
        ("copy_cluster", sa.String(length=32), ""),
    ):
        op.add_column("annotation", sa.Column(name, kind, nullable=False, server_default=empty))
    op.create_index("annotation_copy_cluster", "annotation", ["copy_cluster"], unique=False)
    op.create_table(
        "copy_cluster",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("seen", sa.BigInteger(), nullable=False),
        sa.Column("original", sa.String(length=32), nullable=False),
        sa.Column("published_ms", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "correction",
        sa.Column("id", _SERIAL, autoincrement=True, nullable=False),
        sa.Column("post_id", sa.String(length=32), nullable=False),
        sa.Column("field", sa.String(length=12), nullable=False),
        sa.Column("value", sa.String(length=24), nullable=False),
        sa.Column("said", sa.String(length=24), nullable=False),
        sa.Column("model", sa.String(length=40), nullable=False),
        sa.Column("who", sa.String(length=80), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("correction_post", "correction", ["post_id"], unique=False)
