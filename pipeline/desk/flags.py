"""预警: flags of the detection and what people say of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from crawlers.store import read
from pipeline.access.model import Action
from pipeline.desk.desk import Desk, verb
from pipeline.events.model import LEVELS, Event, Flag
from pipeline.events.reading import event_by_id, flags
from pipeline.events.verdicts import judge as judged
from pipeline.query.asked import midnight
from pipeline.query.model import Question

# Flags looked at for their posts; a narrower time shows the others.
_MOST = 400


@dataclass(frozen=True, slots=True)
class Sought:
    """Which flags. since, until: of their raising, aware, until exclusive; levels: any of them, empty for all; fresh: only
    those not judged; topics, places, sources: flags with a post that has any of each."""

    since: datetime
    until: datetime | None = None
    levels: tuple[str, ...] = ()
    fresh: bool = False
    topics: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()


@verb(Action.SEE_FLAGS)
def listed(desk: Desk, /, sought: Sought) -> list[Flag]:
    """The highest level first, then the latest; of an event only its highest flag, its page has the others."""
    with read(desk.store) as connection:
        found = flags(connection, since=sought.since, until=sought.until)
    some = [one for one in found if _wanted(one, sought)]
    some.sort(key=lambda one: (LEVELS.index(one.level), one.flagged_at), reverse=True)
    first: dict[str, Flag] = {}
    for one in some:
        first.setdefault(one.event_id or one.id, one)
    narrowed = sought.topics or sought.places or sought.sources
    return [one for one in list(first.values())[:_MOST] if not narrowed or _about(desk, one, sought)]


def _wanted(one: Flag, sought: Sought) -> bool:
    return not (sought.fresh and one.verdict) and (not sought.levels or one.level in sought.levels)


def _about(desk: Desk, one: Flag, sought: Sought) -> bool:
    """Whether it has a post within the limits; a source that fell silent has none, it is meant by its name."""
    if one.kind == "source" and not (sought.topics or sought.places):
        return one.series in sought.sources
    asked = Question(
        query=one.query,
        since=midnight(one.since_day),
        until=midnight(one.until_day, 1),
        topics=sought.topics,
        places=sought.places,
        sources=sought.sources,
    )
    return desk.layer.count(asked) > 0


@verb(Action.SEE_FLAGS)
def event(desk: Desk, /, event_id: str) -> tuple[Event, Sequence[Flag], Sequence[Event]] | None:
    """An event, its flags, and earlier events like it; None where there is none."""
    with read(desk.store) as connection:
        found = event_by_id(connection, event_id[:64])
        if found is None:
            return None
        raised = flags(connection, event_id=found.id)
        ids = list(dict.fromkeys(one for flag in raised for one in flag.similar))
        like = [one for i in ids if (one := event_by_id(connection, i)) is not None]
    return found, raised, list({one.id: one for one in like if one.id != found.id}.values())


@verb(Action.JUDGE_FLAGS, changes=True)
def judge(desk: Desk, /, flag_id: str, said: str) -> Flag:
    """Keep what the person says of a flag: true, noise, known. Raises ConfigError for an unknown flag or verdict."""
    return judged(desk.project, flag_id, said, who=desk.person.name, now=desk.now())
