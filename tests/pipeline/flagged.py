"""Events and flags for tests of what reads them: rows as the events room leaves them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime

from sqlalchemy import Engine, insert

from crawlers.store import write
from pipeline.events.model import Event, Flag
from pipeline.events.rows import event_row, flag_row
from pipeline.events.tables import event, event_post, flag

AT = datetime(2019, 8, 1, 4, tzinfo=UTC)
EVENT = Event(
    "e" * 32, "丽发新城 搅拌站 噪音", "growing", AT, AT, 6, 6, 6, 0.8, 1, ("environment",), ("environment",), (), "县生态环境局",
    ("搅拌站", "噪音"), "", (), (),
)  # fmt: skip
FLAG = Flag(
    "f" * 32, "event", "e" * 32, "丽发新城 搅拌站 噪音", "搅拌站", date(2019, 7, 30), date(2019, 8, 1), 6, 0.13, 1e-9, 1e-7, 6, 0.8,
    ("搅拌站", "噪音"), "orange", "6 条由 6 个声音在 3 天内发出，往常 0.1 条", AT, "e" * 32, (), (), "县生态环境局",
)  # fmt: skip


def put_event(engine: Engine, made: Event, posts: Sequence[str]) -> None:
    """The event and its posts into the store."""
    with write(engine) as connection:
        connection.execute(insert(event).values(event_row(made, {})))
        if posts:
            connection.execute(insert(event_post), [{"post_id": one, "event_id": made.id} for one in posts])


def put_flag(engine: Engine, made: Flag) -> None:
    """The flag into the store."""
    with write(engine) as connection:
        connection.execute(insert(flag).values(flag_row(made)))


__all__ = ["AT", "EVENT", "FLAG", "put_event", "put_flag", "replace"]
