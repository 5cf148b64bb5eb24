"""Tables of cases. `case_change` is the record and only grows; the other two can be made anew from it."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table, Text, text

from crawlers.schema import metadata

# Of a case that is on the list; only one may have come from the same flag, event or post.
_LISTED = text("listed = 1 AND origin <> 'hand'")

cases = Table(
    "cases",
    metadata,
    Column("number", String(32), primary_key=True),  # 2026-清单-0031
    Column("year", Integer, nullable=False),
    Column("serial", Integer, nullable=False),  # within the year, from 1 without gaps
    Column("title", Text, nullable=False),
    Column("origin", String(8), nullable=False),  # flag, event, post, hand
    Column("origin_id", String(32), nullable=False, default=""),
    Column("event_id", String(32), nullable=False, default=""),  # of the event it came from, if through a flag
    Column("state", String(10), nullable=False),
    Column("listed", Integer, nullable=False),  # 0: struck off or declined
    Column("category", String(16), nullable=False, default=""),
    Column("place", String(40), nullable=False, default=""),
    Column("unit", String(100), nullable=False, default=""),
    Column("level", String(8), nullable=False, default=""),
    Column("clock", String(40), nullable=False),
    Column("measure", String(8), nullable=False),  # hours, workdays: what the clock counts in
    Column("opened_ms", BigInteger, nullable=False),
    Column("started_ms", BigInteger, nullable=False),  # the clock: of the opening, or of the last reopening
    Column("deadline_ms", BigInteger, nullable=False),
    Column("answered_ms", BigInteger),  # when the answer that stands was given
    Column("finished_ms", BigInteger),
    Column("ended_ms", BigInteger),  # struck off or declined
    Column("answer", Text, nullable=False, default=""),  # what the unit says was done
    Column("proposed", String(10), nullable=False, default=""),  # a state a found reply suggests; a person decides
    Column("proposed_ms", BigInteger),  # the time of that reply
    Column("version", Integer, nullable=False),  # how many changes it has seen
    Column("updated_ms", BigInteger, nullable=False),
    Index("cases_serial", "year", "serial", unique=True),
    Index("cases_origin", "origin", "origin_id", unique=True, postgresql_where=_LISTED, sqlite_where=_LISTED),
    Index("cases_opened", "opened_ms"),
    Index("cases_updated", "updated_ms"),
)

case_post = Table(
    "case_post",
    metadata,
    Column("number", String(32), primary_key=True),
    Column("post_id", String(32), primary_key=True),
    Column("rank", Integer, nullable=False),  # the order they were linked in
    Column(
        "reply", String(32), nullable=False, default=""
    ),  # digest of the official reply that was linked, "" for none
    Column("reply_unit", String(200), nullable=False, default=""),
    Column("replied_ms", BigInteger),
    Index("case_post_post", "post_id"),
)

case_change = Table(
    "case_change",
    metadata,
    Column("number", String(32), primary_key=True),
    Column("version", Integer, primary_key=True),  # 1 is the opening
    Column("at_ms", BigInteger, nullable=False),
    Column("who", String(80), nullable=False),
    Column("act", String(10), nullable=False),  # opened, moved, assigned, extended, noted, answered, replied
    Column("was", String(10), nullable=False, default=""),  # the state before, "" for the opening
    Column("state", String(10), nullable=False),  # the state after
    Column("why", Text, nullable=False, default=""),
    Column("record", Text, nullable=False, default="{}"),  # JSON: what else it changed, field → new value
    Index("case_change_at", "at_ms"),
)

case_reminder = Table(  # what was said to whom it concerns, so that it is said once
    "case_reminder",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("number", String(32), nullable=False, default=""),  # "" for the list of overdue cases
    Column("kind", String(8), nullable=False),  # before, due, overdue
    Column("at_ms", BigInteger, nullable=False),
)
