"""Accounts, their sessions, and failed attempts to sign in."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table

from crawlers.schema import metadata

account = Table(
    "account",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("shown", String(40), nullable=False),  # the person's name, as colleagues write it
    Column("hash", String(200), nullable=False),  # argon2id; "" for one who signs in at the identity provider only
    Column("roles", String(200), nullable=False),  # separated by spaces
    Column("active", Integer, nullable=False),
    Column("must_change", Integer, nullable=False),  # the password was given by somebody else
    Column("created_ms", BigInteger, nullable=False),
    Column("changed_ms", BigInteger, nullable=False),  # of password, roles, active: sessions from before have ended
)
session = Table(
    "session",
    metadata,
    Column("digest", String(64), primary_key=True),  # of the token, which only the browser has
    Column("account", String(40), nullable=False),
    Column("began_ms", BigInteger, nullable=False),
    Column("seen_ms", BigInteger, nullable=False),
    Index("session_account", "account"),
)
attempt = Table(
    "attempt",
    metadata,
    Column("name", String(40), primary_key=True),  # whether there is such an account or not
    Column("address", String(64), primary_key=True),  # digest of where from; "" for all of them
    Column("failures", Integer, nullable=False),
    Column("last_ms", BigInteger, nullable=False),
)
