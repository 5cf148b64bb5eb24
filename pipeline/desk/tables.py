"""What a desk remembers of a person: when each page was looked at, which questions are kept."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table, Text

from crawlers.schema import metadata

last_look = Table(
    "last_look",
    metadata,
    Column("person", String(80), primary_key=True),
    Column("page", String(20), primary_key=True),
    Column("at_ms", BigInteger, nullable=False),  # of the latest look
    Column("before_ms", BigInteger, nullable=False),  # of the last look of the visit before; 0: there was none
)
question = Table(
    "question",
    metadata,
    Column("id", BigInteger().with_variant(Integer(), "sqlite"), primary_key=True, autoincrement=True),
    Column("owner", String(80), nullable=False),
    Column("title", String(60), nullable=False),
    Column("view", Text, nullable=False),  # parameters of the address, JSON
    Column("shared", Integer, nullable=False),
    Column("made_ms", BigInteger, nullable=False),
    Index("question_owner", "owner", "title", unique=True),
)
question_opened = Table(
    "question_opened",
    metadata,
    Column("question_id", BigInteger, primary_key=True, autoincrement=False),
    Column("person", String(80), primary_key=True),
    Column("at_ms", BigInteger, nullable=False),
)
setting_change = Table(
    "setting_change",
    metadata,
    Column("id", BigInteger().with_variant(Integer(), "sqlite"), primary_key=True, autoincrement=True),
    Column("file", String(60), nullable=False),
    Column("who", String(80), nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("why", Text, nullable=False),
    Column("before", Text, nullable=False),
    Column("after", Text, nullable=False),
    Index("setting_change_file", "file"),
)
