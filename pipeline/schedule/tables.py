"""The table of the schedule: of each periodic job what is due, who is at it, and how its last run ended."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Float, Integer, String, Table, Text

from crawlers.schema import metadata

job = Table(
    "job",
    metadata,
    Column("name", String(120), primary_key=True),
    Column("plan", String(120), nullable=False),  # when, in words; another one is planned anew
    Column("due_ms", BigInteger, nullable=False),  # what is to be done next, or is being done
    Column("planned_ms", BigInteger, nullable=False),  # the clock when that was worked out
    Column("last_due_ms", BigInteger),  # the due time that was done last
    Column("started_ms", BigInteger),
    Column("ended_ms", BigInteger),
    Column("outcome", String(8), nullable=False, server_default="new"),  # of the last run that ended: new, ok, failed
    Column("said", Text, nullable=False, server_default=""),  # what that did, or what went wrong
    Column("runs", BigInteger, nullable=False, server_default="0"),
    Column("failures", BigInteger, nullable=False, server_default="0"),
    Column("errors_in_a_row", Integer, nullable=False, server_default="0"),
    Column("seconds", Float, nullable=False, server_default="0"),
    Column("seconds_total", Float, nullable=False, server_default="0"),
    Column(
        "holder", String(160), nullable=False, server_default=""
    ),  # who is at it: machine and process, "" for nobody
    Column("deadline_ms", BigInteger),  # it is given up when nothing was heard of the holder until then
    Column("turn", BigInteger, nullable=False, server_default="0"),  # number of the run: only the newest may end it
)
