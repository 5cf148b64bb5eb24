"""Events over a period: those that began in it, those that were spoken of in it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

from crawlers.store import read
from pipeline.access.model import Action
from pipeline.desk.desk import Desk, verb
from pipeline.events.model import LEVELS, Event, Flag, Level
from pipeline.events.reading import events, flags
from pipeline.query.times import SHANGHAI


@verb(Action.SEE_FLAGS)
def spoken_of(desk: Desk, /, first: date, last: date, topics: Sequence[str] = ()) -> list[Event]:
    """Events with posts from the day first to the day last: those of the highest flag first, then of most voices. topics: with
    any of them, empty for all."""
    since, until = _span(first, last)
    with read(desk.store) as connection:
        found = events(connection, since=since, until=until)
        raised = flags(connection)
    highest = _highest(raised)
    some = [one for one in found if not topics or set(one.topics) & set(topics)]
    return sorted(some, key=lambda one: (-highest.get(one.id, -1), -one.voices, -one.posts, one.id))


@verb(Action.SEE_FLAGS)
def levels(desk: Desk, /) -> dict[str, Level]:
    """The highest level of the flags of each event that has any."""
    with read(desk.store) as connection:
        raised = flags(connection)
    return {event_id: LEVELS[place] for event_id, place in _highest(raised).items()}


def _highest(raised: Sequence[Flag]) -> dict[str, int]:
    found: dict[str, int] = {}
    for one in raised:
        if one.event_id and one.verdict != "noise":
            found[one.event_id] = max(found.get(one.event_id, -1), LEVELS.index(one.level))
    return found


@verb(Action.SEE_FLAGS)
def begun(desk: Desk, /, first: date, last: date, topics: Sequence[str] = ()) -> list[Event]:
    """Of those, the ones whose first post is of these days."""
    since, _ = _span(first, last)
    return [one for one in spoken_of(desk, first, last, topics) if one.first_at >= since]


def _span(first: date, last: date) -> tuple[datetime, datetime]:
    return datetime.combine(first, time.min, SHANGHAI), datetime.combine(last + timedelta(days=1), time.min, SHANGHAI)
