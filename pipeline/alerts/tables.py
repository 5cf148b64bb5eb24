"""Tables of the outbox: what is to be told, to whom, in which parcel, and what the servers said.

    alert ──< alert_item (one recipient of it) >── alert_parcel (one mail or message) ──< alert_attempt

A parcel holds several items where they were held back together: a digest, or what quiet hours held.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, String, Table, Text

from crawlers.schema import metadata

_Serial = BigInteger().with_variant(Integer, "sqlite")

alert = Table(  # alerts and letters, each once, as they were handed over
    "alert",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", String(8), nullable=False),  # alert, letter
    Column("state", String(8), nullable=False),  # new, open (a group is unknown), told, nobody
    Column("rule", Text, nullable=False, default=""),
    Column("level", String(8), nullable=False, default=""),
    Column("title", Text, nullable=False),
    Column("note", Text, nullable=False, default=""),  # why nobody is told, or which group is unknown
    Column("made_ms", BigInteger, nullable=False),
    Column("ack_ms", BigInteger),
    Column("ack_who", Text, nullable=False, default=""),
    Column("record", Text, nullable=False),  # the whole of it as JSON
    Index("alert_state", "state"),
    Index("alert_made", "made_ms"),
)

alert_attachment = Table(
    "alert_attachment",
    metadata,
    Column("alert_id", Text, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("name", Text, nullable=False),
    Column("media_type", Text, nullable=False),
    Column("content", LargeBinary, nullable=False),
)

alert_group = Table(  # what became of an alert in each of its groups
    "alert_group",
    metadata,
    Column("alert_id", Text, primary_key=True),
    Column("group_name", String(40), primary_key=True),
    Column("state", String(8), nullable=False),  # told, filtered
    Column("next_ms", BigInteger),  # when the next person is told; none: nobody more
    Index("alert_group_next", "next_ms"),
)

alert_item = Table(  # an alert for a recipient; once for a mailbox, however many groups it is in
    "alert_item",
    metadata,
    Column("alert_id", Text, primary_key=True),
    Column("recipient_id", String(32), primary_key=True),
    Column("group_name", String(40), nullable=False),
    Column("person", String(40), nullable=False),
    Column("channel", String(10), nullable=False),  # mail, wecom, dingding, feishu, webhook
    Column("address", Text, nullable=False),  # of mail; else the name of the variable
    Column("escalated", Integer, nullable=False, default=0),  # 1: since nobody before acknowledged
    Column("digest", Text, nullable=False, default=""),
    Column("held", Integer, nullable=False, default=0),  # 1: for a digest or quiet hours
    Column("release_ms", BigInteger, nullable=False),
    Column("parcel_id", String(32), nullable=False, default=""),  # "" while held
    Index("alert_item_parcel", "parcel_id", "release_ms"),
)

alert_parcel = Table(
    "alert_parcel",
    metadata,
    Column("id", String(32), primary_key=True),  # of its alerts and recipient, so the Message-ID is the same for ever
    Column("recipient_id", String(32), nullable=False),
    Column("group_name", String(40), nullable=False),
    Column("person", String(40), nullable=False),
    Column("channel", String(10), nullable=False),
    Column("address", Text, nullable=False),
    Column("state", String(8), nullable=False),  # waiting, sending, sent, given_up
    Column("marked", Integer, nullable=False, default=0),  # 1: the end of the mail may have been said
    Column("due_ms", BigInteger, nullable=False),
    Column("lease_ms", BigInteger, nullable=False, default=0),
    Column("lease_by", String(32), nullable=False, default=""),
    Column("tries", Integer, nullable=False, default=0),
    Column("made_ms", BigInteger, nullable=False),
    Column("sent_ms", BigInteger),
    Column("unknown_ms", BigInteger),  # when an outcome was unknown first
    Column("reason", Text, nullable=False, default=""),
    Index("alert_parcel_due", "state", "due_ms"),
)

alert_attempt = Table(  # append-only
    "alert_attempt",
    metadata,
    Column("id", _Serial, primary_key=True, autoincrement=True),
    Column("parcel_id", String(32), nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("outcome", String(10), nullable=False),  # sent, put_off, unknown, given_up, asked, lost
    Column("code", Integer, nullable=False, default=0),  # of SMTP, 0 where none was said
    Column("note", Text, nullable=False, default=""),
    Index("alert_attempt_parcel", "parcel_id"),
)
