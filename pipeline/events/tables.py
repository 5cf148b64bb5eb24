"""Tables of events and flags. What stands in `event` can be made anew from the posts; flags and verdicts are kept as they were."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table, Text

from crawlers.schema import metadata

event = Table(
    "event",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("state", String(12), nullable=False),
    Column("first_ms", BigInteger, nullable=False),
    Column("last_ms", BigInteger, nullable=False),
    Column("merged_into", String(32), nullable=False, default=""),
    Column("record", Text, nullable=False),  # the rest of pipeline.events.model.Event as JSON
    Index("event_last", "last_ms"),
)

event_post = Table(
    "event_post",
    metadata,
    Column("post_id", String(32), primary_key=True),
    Column("event_id", String(32), nullable=False),
    Index("event_post_event", "event_id"),
)

event_seen = Table(  # posts that were decided on, in that order, so that a restart stands where it stopped
    "event_seen",
    metadata,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("post_id", String(32), nullable=False, unique=True),
)

flag = Table(
    "flag",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("kind", String(12), nullable=False),
    Column("level", String(8), nullable=False),
    Column("event_id", String(32), nullable=False, default=""),
    Column("flagged_ms", BigInteger, nullable=False),
    Column("record", Text, nullable=False),  # the rest of pipeline.events.model.Flag as JSON
    Index("flag_flagged", "flagged_ms"),
    Index("flag_event", "event_id"),
)

verdict = Table(  # what analysts said of flags; append-only, the newest of a flag holds
    "verdict",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("flag_id", String(32), nullable=False),
    Column("verdict", String(8), nullable=False),  # true, noise, known
    Column("who", String(80), nullable=False),
    Column("why", Text, nullable=False, default=""),
    Column("at_ms", BigInteger, nullable=False),
    Index("verdict_flag", "flag_id"),
)
