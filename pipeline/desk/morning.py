"""What 今日 asks beside the figures: flags and events of the day, cases that run out, replies, how the sources are, and when
the person looked last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import Connection, select

from crawlers.store import insert_rows, read, take_turn, write
from pipeline.access.model import Action
from pipeline.cases.keeping import all_cases
from pipeline.cases.model import WAITING, Case
from pipeline.cases.tables import cases
from pipeline.desk.desk import Desk, verb
from pipeline.desk.tables import last_look
from pipeline.events.model import LEVELS, Event, Flag
from pipeline.events.reading import events, flags
from pipeline.query.times import SHANGHAI, milliseconds
from pipeline.replies_view import Replies, replies_between
from pipeline.sources_view import SourceView, days_crawled, health_of

# After so long without a look, the next one begins another visit: what came since then is new.
VISIT = timedelta(minutes=30)
# The row of the latest look is written anew at most so often: a page asks at each click.
_EACH = timedelta(minutes=1)
_REPLIES = 50


@dataclass(frozen=True, slots=True)
class Due:
    """Cases whose answer is awaited: overdue ones first, then those whose deadline is on the day or the next."""

    overdue: Sequence[Case]
    soon: Sequence[Case]


@verb(Action.SEE_FIGURES)
def coverage(desk: Desk, /, since: datetime) -> tuple[Sequence[SourceView], frozenset[date], datetime | None]:
    """How each source is; the days with a successful crawl since then; the end of the newest one."""
    return (health_of(desk.project, now=desk.now()), *days_crawled(desk.project, since=since))


@verb(Action.SEE_FLAGS)
def flagged(desk: Desk, /, day: date) -> list[Flag]:
    """The flags raised on a day, of an event only its highest; the highest level first, then the latest."""
    since, until = _span(day)
    with read(desk.store) as connection:
        found = flags(connection, since=since, until=until)
    found.sort(key=lambda one: (LEVELS.index(one.level), one.flagged_at), reverse=True)
    first: dict[str, Flag] = {}
    for one in found:
        first.setdefault(one.event_id or one.id, one)
    return list(first.values())


@verb(Action.SEE_FLAGS)
def begun(desk: Desk, /, day: date) -> list[Event]:
    """The events whose first post is of that day, the largest first."""
    since, until = _span(day)
    with read(desk.store) as connection:
        found = events(connection, since=since, until=until)
    return sorted((one for one in found if one.first_at >= since), key=lambda one: (-one.voices, one.id))


@verb(Action.SEE_CASES)
def due(desk: Desk, /, day: date) -> Due:
    """Cases that were overdue or ran out by the end of the day after `day`."""
    now, end = desk.now(), _span(day)[1] + timedelta(days=1)
    until = milliseconds(end)
    with read(desk.store) as connection:
        found = all_cases(connection, cases.c.state.in_(sorted(WAITING)), cases.c.deadline_ms < until)
    found.sort(key=lambda one: (one.deadline_at, one.number))
    return Due([one for one in found if one.overdue(now)], [one for one in found if not one.overdue(now)])


@verb(Action.READ_POSTS)
def replies(desk: Desk, /, day: date) -> Replies:
    """Official replies given on a day; reading them is audited in the person's name."""
    since, until = _span(day)
    return replies_between(desk.project, since=since, until=until, size=_REPLIES, who=desk.person.name)


@verb(Action.SEE_FIGURES)
def looked_before(desk: Desk, /, page: str) -> datetime | None:
    """When the person last looked at the page in an earlier visit, None for never; the present look is kept for the next."""
    now = desk.now()
    with read(desk.store) as connection:
        row = _look(connection, desk.person.name, page)
    if row is None or now - row[0] > _EACH:
        with write(desk.store) as connection:
            take_turn(connection, "last_look")
            row = _look(connection, desk.person.name, page)
            row = _kept(connection, desk.person.name, page, row, now)
    return row[1]


_Look = tuple[datetime, datetime | None]


def _look(connection: Connection, person: str, page: str) -> _Look | None:
    asked = select(last_look).where(last_look.c.person == person[:80], last_look.c.page == page)
    row = connection.execute(asked).first()
    return None if row is None else (_at(row.at_ms), _at(row.before_ms) if row.before_ms else None)


def _kept(connection: Connection, person: str, page: str, row: _Look | None, now: datetime) -> _Look:
    """The look as it stands after one now: a pause ends the visit before."""
    if row is None:
        one = {"person": person[:80], "page": page, "at_ms": milliseconds(now), "before_ms": 0}
        insert_rows(connection, last_look, [one])
        return now, None
    before = row[0] if now - row[0] > VISIT else row[1]
    mine = (last_look.c.person == person[:80], last_look.c.page == page)
    values = {"at_ms": milliseconds(now), "before_ms": milliseconds(before) if before else 0}
    connection.execute(last_look.update().where(*mine).values(values))
    return now, before


def _at(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)


def _span(day: date) -> tuple[datetime, datetime]:
    start = datetime.combine(day, time.min, SHANGHAI)
    return start, start + timedelta(days=1)
