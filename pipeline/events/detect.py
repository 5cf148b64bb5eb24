"""The detection as a stage: posts that stand in the index → events and flags in the store.

What was decided is written in one transaction with the posts it was decided on; a stop at any instant repeats the rest and
changes nothing. A flag stands as it was raised.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, Engine, delete, func, insert, select, update

from config.project import Project
from config.text import tr
from crawlers.rows import to_ms
from crawlers.schema import post as post_table
from crawlers.store import insert_rows, opened, take_turn, upsert, write
from nlp.keyphrases import read_stop_words
from nlp.normalise import normalise
from pipeline.events import posts as store_posts
from pipeline.events.describing import Tongue, described
from pipeline.events.flagging import flag_of_burst
from pipeline.events.heard import DAY_MS, Heard
from pipeline.events.matters import LONGEST, QUIET_DAYS, Gathering, Matters, Raised
from pipeline.events.model import Event, Flag
from pipeline.events.naming import namer
from pipeline.events.reading import events as read_events
from pipeline.events.rows import event_row, flag_row
from pipeline.events.tables import event, event_post, event_seen, flag
from pipeline.events.watching import watch

logger = logging.getLogger(__name__)
# Posts decided in one transaction.
_BATCH = 2_000
# Posts of events that are kept at hand.
_AT_HAND = 20_000
# A flag on posts older than this belongs to the past it is found in: history that is imported raises no alarm of today.
_LATE = timedelta(days=2)


@dataclass(slots=True)
class DetectReport:
    """heard: posts decided on; events: begun or changed; flags: raised."""

    heard: int = 0
    events: int = 0
    flags: int = 0

    def sentence(self) -> str:
        """What was done, "" for nothing."""
        if not (self.heard or self.flags):
            return ""
        return tr(
            "看过 {n} 条，事件变动 {e} 个，预警 {f} 个",
            "{n} posts, {e} events changed, {f} flags",
            n=self.heard,
            e=self.events,
            f=self.flags,
        )


class Detection:
    """The detection of a project with its memory, which a long-running process keeps: to read it back from the store takes
    about a third of a millisecond for each post of the history."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self._detector: Detector | None = None

    def run(self, *, now: datetime, progress: Callable[[int], None] = lambda done: None) -> DetectReport:
        """Decide on all posts that wait. now: aware. Two processes take turns; the second finds nothing left to do."""
        report = DetectReport()
        try:
            with opened(self.project) as store:
                while self._hear_some(store, report, now):
                    progress(report.heard)
                with write(store) as connection:
                    take_turn(connection, "events")
                    settle(connection, now)
                    name = namer(self.project)
                    report.flags += watch(connection, self.project.settings.events, now=now, name=name)
        except BaseException:
            self._detector = None  # it may know what was not written
            raise
        logger.info("detect heard=%s events=%s flags=%s", report.heard, report.events, report.flags)
        return report

    def _hear_some(self, store: Engine, report: DetectReport, now: datetime) -> bool:
        with write(store) as connection:
            take_turn(connection, "events")
            some = store_posts.waiting(connection, _BATCH)
            if not some:
                return False
            if self._detector is None or not self._detector.current(connection):
                self._detector = Detector.restored(self.project, connection, before_ms=some[0].published_ms)
            changed, raised = self._detector.hear(connection, some, now)
        report.heard += len(some)
        report.events += changed
        report.flags += raised
        return True


def detect(project: Project, *, now: datetime, progress: Callable[[int], None] = lambda done: None) -> DetectReport:
    """Decide once on all posts that wait; see `Detection`."""
    return Detection(project).run(now=now, progress=progress)


class Detector:
    """The memory of the detection beside the store it belongs to."""

    def __init__(self, project: Project) -> None:
        self.matters = Matters(project.settings.events)
        self.members: dict[str, dict[str, Heard]] = {}
        self.past: list[Event] = []
        self._number = 0
        stop = read_stop_words(project.file(project.settings.nlp.stop_words))
        self.tongue = tongue_of(self.matters, stop)

    @classmethod
    def restored(cls, project: Project, connection: Connection, *, before_ms: int) -> Detector:
        """As it was after the last post that was decided on."""
        self = cls(project)
        since = before_ms - (project.settings.events.history_days + 2 * LONGEST) * DAY_MS
        tested = before_ms - 2 * LONGEST * DAY_MS
        owned = store_posts.owned(connection)
        numbers = {}
        for post in store_posts.decided(connection, since):
            number = self.matters.know(post, tested=post.published_ms >= tested)
            if post.id in owned:
                numbers[post.id] = number
        for row in connection.execute(select(event).order_by(event.c.first_ms)):
            memory = json.loads(row.record)["memory"]
            gathering = Gathering(row.id, last_ms=row.last_ms, level=memory["level"], flagged_ms=memory["flagged_ms"])
            self.matters.gatherings[row.id] = gathering
            if row.merged_into:
                self.matters.merged[row.id] = row.merged_into
        for post_id, number in numbers.items():
            self.matters.belongs(number, owned[post_id])
        self.past = read_events(connection)
        self._number = _last_number(connection)
        return self

    def current(self, connection: Connection) -> bool:
        """Whether nobody decided on posts since."""
        return _last_number(connection) == self._number

    def hear(self, connection: Connection, some: Sequence[Heard], now: datetime) -> tuple[int, int]:
        """Decide and write; returns the number of events that changed and of flags raised."""
        touched: set[str] = set()
        flags: list[tuple[Raised, Heard]] = []
        for post in some:
            for raised in self.matters.hear(post):
                flags.append((raised, post))
            event_id = self.matters.event_of.get(post.id)
            if event_id is not None:
                touched.add(self.matters.now_called(event_id))
            touched.update(self.matters.just_merged)
            self.matters.just_merged.clear()
        self._gather(connection, touched, {post.id: post for post in some})
        made = [self._write_event(connection, event_id, now) for event_id in sorted(touched)]
        known = {one.id: one for one in made}
        self.past = [one for one in self.past if one.id not in known] + [one for one in made if not one.merged_into]
        rows = [self._flag(raised, post, known, now) for raised, post in flags]
        _write_flags(connection, rows)
        connection.execute(insert(event_seen), [{"post_id": post.id} for post in some])
        self._number = _last_number(connection)
        return len(made), len(rows)

    def _gather(self, connection: Connection, touched: set[str], new: Mapping[str, Heard]) -> None:
        """The posts of the events that changed: those at hand, the others from the store."""
        if sum(map(len, self.members.values())) > _AT_HAND:
            self.members.clear()
        for event_id in touched:
            wanted = [p for p in self.matters.gatherings[event_id].posts if p not in self.members.get(event_id, {})]
            held = self.members.setdefault(event_id, {})
            held.update({p: new[p] for p in wanted if p in new})
            held.update(store_posts.by_id(connection, [p for p in wanted if p not in new]))

    def _write_event(self, connection: Connection, event_id: str, now: datetime) -> Event:
        into = self.matters.merged.get(event_id, "")
        posts = list(self.members[event_id].values())
        made = described(event_id, posts, now=max(now, _latest(posts)), tongue=self.tongue, merged_into=into)
        gathering = self.matters.gatherings[event_id]
        memory = {"level": gathering.level, "flagged_ms": gathering.flagged_ms}
        upsert(connection, event, [event_row(made, memory)])
        if not into:
            upsert(
                connection,
                event_post,
                [{"post_id": p.id, "event_id": event_id} for p in posts],
                key="post_id",
            )
        return made

    def _flag(self, raised: Raised, post: Heard, known: Mapping[str, Event], now: datetime) -> Flag:
        event_id = self.matters.now_called(raised.event_id)
        at = _latest([post])
        made = replace(raised, event_id=event_id)
        members = list(self.members[event_id].values())
        return flag_of_burst(
            made,
            known[event_id],
            members,
            self.past,
            flagged_at=now if now - at <= _LATE else at,
            until_ms=post.published_ms,
        )


def tongue_of(matters: Matters, stop: frozenset[str]) -> Tongue:
    """What is known of words from the posts so far and the list of stop words."""
    # Of names of places, what kind of place it is.
    kinds = frozenset("省市县区镇乡村路街")

    def content(token: str) -> bool:
        return len(token) > 1 and token not in stop and not token.isdigit() and any(map(str.isalpha, token))

    return Tongue(matters.similar.rarity, content, lambda token: normalise(token) in stop or token in kinds)


def settle(connection: Connection, now: datetime) -> None:
    """Events grow old, and forget posts that retention has removed; an event without posts goes with its flags' link kept."""
    now_ms = to_ms(now) or 0
    for state, since, until in (
        ("over", 0, now_ms - QUIET_DAYS * DAY_MS),
        ("fading", now_ms - QUIET_DAYS * DAY_MS, now_ms - 7 * DAY_MS),
    ):
        connection.execute(
            update(event)
            .where(event.c.last_ms >= since, event.c.last_ms < until, event.c.state != state)
            .values(state=state)
        )
    gone = ~select(post_table.c.id).where(post_table.c.id == event_post.c.post_id).exists()
    connection.execute(delete(event_post).where(gone))
    lost = ~select(post_table.c.id).where(post_table.c.id == event_seen.c.post_id).exists()
    connection.execute(delete(event_seen).where(lost))


def _write_flags(connection: Connection, flags: Sequence[Flag]) -> None:
    """Those that are not there yet: a flag stands as it was raised."""
    ids = [one.id for one in flags]
    there = set(connection.execute(select(flag.c.id).where(flag.c.id.in_(ids))).scalars())
    insert_rows(connection, flag, [flag_row(one) for one in {f.id: f for f in flags}.values() if one.id not in there])


def _last_number(connection: Connection) -> int:
    return int(connection.execute(select(func.max(event_seen.c.number))).scalar() or 0)


def _latest(posts: Sequence[Heard]) -> datetime:
    return datetime.fromtimestamp(max(p.published_ms for p in posts) / 1000, UTC)
