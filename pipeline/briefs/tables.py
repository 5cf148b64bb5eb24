"""The table of briefs: which there are, under which 期号, where their files lie, and whether they were handed to the mails."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table, Text

from crawlers.schema import metadata

brief = Table(
    "brief",
    metadata,
    Column("id", String(32), primary_key=True),  # digest of kind, period and subject
    Column("kind", String(8), nullable=False),
    Column("subject", Text, nullable=False, default=""),
    Column("first_day", String(10), nullable=False),  # ISO, of Asia/Shanghai
    Column("last_day", String(10), nullable=False),
    Column("year", Integer, nullable=False),
    Column("number", Integer, nullable=False),  # 期号: 1, 2 … of its kind and year
    Column("state", String(8), nullable=False),  # making, made
    Column("claimed_ms", BigInteger, nullable=False),  # when the making began
    Column("made_ms", BigInteger),
    Column("record", Text, nullable=False, default="{}"),  # JSON: title, summary, files
    Column("due", Integer, nullable=False, default=0),  # 1: made by the schedule, so it is to be sent
    Column("handed_ms", BigInteger),  # when it was handed to the mails
    Index("brief_number", "kind", "year", "number", unique=True),
    Index("brief_last_day", "last_day"),
)
