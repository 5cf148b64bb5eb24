"""What a desk remembers of a person: when each page was looked at."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, String, Table

from crawlers.schema import metadata

last_look = Table(
    "last_look",
    metadata,
    Column("person", String(80), primary_key=True),
    Column("page", String(20), primary_key=True),
    Column("at_ms", BigInteger, nullable=False),  # of the latest look
    Column("before_ms", BigInteger, nullable=False),  # of the last look of the visit before; 0: there was none
)
