"""Accounts of the dashboard; the audit takes new rows, and gives up only those past their retention."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0013"


def upgrade() -> None:
    op.create_table(
        "account",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("shown", sa.String(length=40), nullable=False),
        sa.Column("hash", sa.String(length=200), nullable=False),
        sa.Column("roles", sa.String(length=200), nullable=False),
        sa.Column("active", sa.Integer(), nullable=False),
        sa.Column("must_change", sa.Integer(), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("changed_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "session",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("account", sa.String(length=40), nullable=False),
        sa.Column("began_ms", sa.BigInteger(), nullable=False),
        sa.Column("seen_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("digest"),
    )
    op.create_index("session_account", "session", ["account"])
    op.create_table(
        "attempt",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("last_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", "address"),
    )
    # The row of `meta` is there only while a purge is at work, with the time before which rows may go.
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "CREATE TRIGGER audit_kept BEFORE DELETE ON audit"
            " WHEN OLD.at_ms >= COALESCE((SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'audit_before'), 0)"
            " BEGIN SELECT RAISE(ABORT, 'audit rows are kept'); END"
        )
        op.execute(
            "CREATE TRIGGER audit_unchanged BEFORE UPDATE ON audit"
            " BEGIN SELECT RAISE(ABORT, 'audit rows are kept'); END"
        )
        return
    op.execute(
        "CREATE FUNCTION audit_kept() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " IF TG_OP = 'DELETE' AND OLD.at_ms <"
        " COALESCE((SELECT value::bigint FROM meta WHERE key = 'audit_before'), 0) THEN RETURN OLD; END IF;"
        " RAISE EXCEPTION 'audit rows are kept'; END $$"
    )
    op.execute("CREATE TRIGGER audit_kept BEFORE DELETE OR UPDATE ON audit FOR EACH ROW EXECUTE FUNCTION audit_kept()")
