"""`qingyu backtest RULES`: what rules would have told, how much of it was right, how early, and what stricter ones would have done."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from statistics import median
from typing import Any

import numpy as np
from sqlalchemy import Connection, Engine, select

from config.project import Project
from config.rules import AnyKind, ChangeRule, EventRule, SourceSilentRule
from crawlers.schema import post, run
from crawlers.store import opened, read
from pipeline.events.backtest import Listed, matter_of
from pipeline.events.model import Flag
from pipeline.events.reading import events, flags, posts_of
from pipeline.query.asked import midnight
from pipeline.query.layer import QueryLayer, Question
from pipeline.query.moments import Whole
from pipeline.query.times import SHANGHAI, milliseconds
from pipeline.rules.asking import Asker, moment, query_of, split_by
from pipeline.rules.changed import changes, matching
from pipeline.rules.flagged import matches
from pipeline.rules.memory import identity
from pipeline.rules.replay import Period, Replay, Told, known_at, told_singly
from pipeline.rules.silent import watched
from pipeline.rules.stricter import looser, stricter
from pipeline.rules.windows import Found

_DAY_MS = 86_400_000
# The peak of what an alert is about is looked for so many days before and after it.
_BEFORE, _AFTER = 7, 14
# Posts of a firing that are held against what people said.
_POSTS = 2_000


@dataclass(frozen=True, slots=True)
class Firing:
    """An alert of the replay. posts: how many it is about; matter: the listed one, or the event judged true, that most of
    them are about, "" for none; lead_h: hours from it to the day with most posts of the same query and key: 0 on that day,
    negative behind it."""

    at: datetime
    key: str
    since: datetime
    until: datetime
    posts: int
    query: str
    matter: str
    peak_day: date | None
    lead_h: float | None


@dataclass(frozen=True, slots=True)
class Variant:
    """What a stricter or looser rule would have done. change: what is other; hits: alerts about a matter; matters: distinct ones."""

    change: str
    alerts: int
    alerts_a_week: float
    hits: int
    matters: int


@dataclass(slots=True)
class Outcome:
    """What a rule would have done. weeks: length of the replay."""

    rule: str
    weeks: float
    firings: list[Firing]
    stricter: list[Variant] = field(default_factory=list)
    looser: list[Variant] = field(default_factory=list)

    def figures(self) -> dict[str, Any]:
        """As JSON shows them."""
        hits = [one for one in self.firings if one.matter]
        leads = [one.lead_h for one in self.firings if one.lead_h is not None]
        return {
            "rule": self.rule,
            "weeks": round(self.weeks, 1),
            "alerts": len(self.firings),
            "alerts_a_week": round(len(self.firings) / self.weeks, 3),
            "hits": len(hits),
            "matters": sorted({one.matter for one in hits}),
            "median_lead_h": round(median(leads), 1) if leads else None,
        }


@dataclass(frozen=True, slots=True)
class Manner:
    """How a replay is done. looser: with looser rules beside it; tell: told how many replays are done, and of how many."""

    looser: bool = False
    tell: Callable[[int, int], None] = lambda done, of: None


def backtest(
    project: Project,
    rules: Sequence[AnyKind],
    *,
    since: datetime,
    until: datetime,
    now: datetime,
    listed: Sequence[Listed] = (),
    manner: Manner = Manner(),
) -> list[Outcome]:
    """The replay of each rule, switched on or not, between since and until (exclusive), with stricter ones beside it."""
    with opened(project) as store, QueryLayer.open(project, who="rules", now=lambda: now) as layer:
        with read(store) as connection:
            judged = [*listed, *_true(connection)]
        past = _Past(project, store, layer, (since, min(until, now)), judged)
        return [past.outcome(rule, manner) for rule in rules]


def _true(connection: Connection) -> list[Listed]:
    """Events, and posts of flags without one, that an analyst judged to be true."""
    found: dict[str, set[str]] = {}
    for one in flags(connection):
        if one.verdict == "true":
            ids = posts_of(connection, one.event_id) if one.event_id else one.posts
            found.setdefault(one.label, set()).update(ids)
    return [Listed(label, frozenset(ids)) for label, ids in found.items()]


class _Past:
    """A project's past between two times. judged: what people said was so."""

    def __init__(
        self,
        project: Project,
        store: Engine,
        layer: QueryLayer,
        between: tuple[datetime, datetime],
        judged: Sequence[Listed],
    ) -> None:
        self._project, self._store, self._layer, self._judged = project, store, layer, judged
        began = layer.began()
        since_ms, until_ms = (milliseconds(one) for one in between)
        self._period = Period(since_ms, until_ms, until_ms if began is None else began)
        self._weeks = max((until_ms - since_ms) / _DAY_MS / 7, 1 / 7)
        self._days: dict[str, Mapping[date, int]] = {}
        self._raised: dict[str, Flag] = {}

    def outcome(self, rule: AnyKind, manner: Manner) -> Outcome:
        """What `rule` and others like it would have done."""
        strict, loose = stricter(rule), looser(rule) if manner.looser else []
        manner.tell(0, 1 + len(strict) + len(loose))
        firings = [self._firing(rule, told) for told in self._told(rule)]
        variants: list[Variant] = []
        for said, made in [*strict, *loose]:
            manner.tell(1 + len(variants), 1 + len(strict) + len(loose))
            variants.append(self._variant(said, made))
        return Outcome(rule.name, self._weeks, firings, variants[: len(strict)], variants[len(strict) :])

    def _variant(self, said: str, rule: AnyKind) -> Variant:
        told = self._told(rule)
        matters = [name for one in told if (name := self._matter(rule, one))]
        return Variant(said, len(told), round(len(told) / self._weeks, 3), len(matters), len(set(matters)))

    def _told(self, rule: AnyKind) -> list[Told]:
        if isinstance(rule, EventRule):
            return self._flags(rule)
        if isinstance(rule, ChangeRule):
            return self._changes(rule)
        if isinstance(rule, SourceSilentRule):
            return self._silences(rule)
        return self._of_posts(rule)

    def _of_posts(self, rule: AnyKind) -> list[Told]:
        start = self._period.since_ms - round((rule.reach_s + rule.late) * 1000)
        asker = Asker(self._layer, self._events)
        asker.need(rule, start, self._period.until_ms, ("collected_ms",))
        replay = Replay(rule, self._period)
        imported = self._imported(start)
        told: list[Told] = []
        for key, posts in asker.posts(rule, lambda keys: np.ones(len(keys), dtype=np.bool_)):
            collected = asker.column(rule, "collected_ms", posts.keys).astype(np.int64)
            told += replay.run(key, posts, known_at(posts, collected, imported))
            self._days.setdefault(self._query(rule, key), _counts(posts.at))
        return sorted(told, key=lambda one: (one.at_ms, one.key))

    def _events(self, since_ms: int, until_ms: int) -> Sequence[str]:
        with read(self._store) as connection:
            return [one.id for one in events(connection, since=moment(since_ms), until=moment(until_ms))]

    def _imported(self, start_ms: int) -> Whole:
        """Keys of posts of imported files."""
        names = tuple(one.name for one in self._project.sources if one.kind == "import")
        if not names:
            return np.zeros(0, dtype=np.int64)
        asked = Question(sources=names, since=moment(start_ms), until=moment(self._period.until_ms))
        return self._layer.moments(asked).keys

    def _flags(self, rule: EventRule) -> list[Told]:
        """Flags are kept as they were raised, with the time they were, or would have been, raised."""
        since, until = moment(self._period.since_ms), moment(self._period.until_ms)
        with read(self._store) as connection:
            raised = flags(connection, since=since, until=until, at_least=rule.level)
        self._raised = {one.id: one for one in raised}
        some = [one for one in raised if (not rule.flags or one.kind in rule.flags) and matches(self._layer, rule, one)]
        return told_singly(rule, [_of_flag(rule, one) for one in some])

    def _changes(self, rule: ChangeRule) -> list[Told]:
        with read(self._store) as connection:
            some = [one for one in changes(connection, self._period.since_ms, self._period.until_ms) if one.fits(rule)]
            some = matching(connection, self._layer, rule, some) if some else []
        subjects = [
            (
                one.source if rule.query_key else "",
                Found(one.published_ms, one.published_ms + 1, one.subject, 1, 1.0),
                one.at_ms,
            )
            for one in some
        ]
        return told_singly(rule, subjects)

    def _silences(self, rule: SourceSilentRule) -> list[Told]:
        window = round(rule.window * 1000)
        subjects = []
        with read(self._store) as connection:
            for source in watched(rule, self._project.sources):
                alive = _alive(connection, source.name, rule.of)
                for last, following in zip(alive, [*alive[1:], self._period.until_ms], strict=True):
                    at = last + window
                    if following - last > window and self._period.since_ms <= at < self._period.until_ms:
                        subjects.append((source.name, Found(last, at, identity(source.name, str(last)), 0, 0.0), at))
        return told_singly(rule, subjects)

    def _query(self, rule: AnyKind, key: str) -> str:
        if isinstance(rule, SourceSilentRule):
            return f"source:{key}"
        return query_of(rule.query, rule.language, None if isinstance(rule, EventRule) else split_by(rule), key)

    def _firing(self, rule: AnyKind, told: Told) -> Firing:
        flag = self._flag(rule, told)
        query = flag.query if flag else self._query(rule, told.key)
        peak, lead = self._peak(query, told.at_ms)
        return Firing(
            at=moment(told.at_ms),
            key=told.key,
            since=moment(told.found.since_ms),
            until=moment(told.found.until_ms),
            posts=told.found.count,
            query=query,
            matter=self._matter(rule, told),
            peak_day=peak,
            lead_h=lead,
        )

    def _flag(self, rule: AnyKind, told: Told) -> Flag | None:
        return self._raised.get(told.found.anchor) if isinstance(rule, EventRule) else None

    def _matter(self, rule: AnyKind, told: Told) -> str:
        """What people said most of its posts are about."""
        flag = self._flag(rule, told)
        if isinstance(rule, SourceSilentRule) or not self._judged or not told.found.count:
            return ""
        if flag is not None:
            with read(self._store) as connection:
                ids = posts_of(connection, flag.event_id) if flag.event_id else list(flag.posts)
            return (matter_of(ids, self._judged) if ids else "") or (flag.label if flag.verdict == "true" else "")
        since, until = moment(told.found.since_ms), moment(told.found.until_ms)
        ids = self._layer.earliest(Question(self._query(rule, told.key), since=since, until=until), _POSTS)
        return matter_of(ids, self._judged) if ids else ""

    def _peak(self, query: str, at_ms: int) -> tuple[date | None, float | None]:
        day = moment(at_ms).astimezone(SHANGHAI).date()
        first, last = day - timedelta(days=_BEFORE), day + timedelta(days=_AFTER)
        counts = self._counts_of(query, first, last)
        near = {one: count for one, count in counts.items() if first <= one <= last and count}
        if not near:
            return None, None
        peak = max(near, key=lambda one: (near[one], -one.toordinal()))
        return peak, lead_h(at_ms, peak)

    def _counts_of(self, query: str, first: date, last: date) -> Mapping[date, int]:
        if query in self._days:
            return self._days[query]
        return {one.day: one.count for one in self._layer.by_day(Question(query), since_day=first, until_day=last)}


def lead_h(at_ms: int, peak: date) -> float:
    """Hours from an instant to a day: 0 within it, negative behind its end."""
    start, end = milliseconds(midnight(peak)), milliseconds(midnight(peak, 1))
    if start <= at_ms < end:
        return 0.0
    return round(((start if at_ms < start else end) - at_ms) / 3_600_000, 1)


def _counts(at: Whole) -> Mapping[date, int]:
    """Posts by day of Asia/Shanghai."""
    days, counts = np.unique((at + 8 * 3_600_000) // _DAY_MS, return_counts=True)
    epoch = datetime(1970, 1, 1, tzinfo=UTC).date()
    return {epoch + timedelta(days=int(d)): int(n) for d, n in zip(days, counts, strict=True)}


def _of_flag(rule: EventRule, one: Flag) -> tuple[str, Found, int]:
    since, until = milliseconds(midnight(one.since_day)), milliseconds(midnight(one.until_day, 1))
    key = (one.event_id or one.series) if rule.query_key else ""
    return key, Found(since, until, one.id, one.count, float(one.count)), milliseconds(one.flagged_at)


def _alive(connection: Connection, source: str, of: str) -> list[int]:
    """When a source was read with success, or gave a new post, rising."""
    runs = select(run.c.finished_ms).where(
        run.c.source == source, run.c.outcome == "finished", run.c.finished_ms.isnot(None)
    )
    posts = select(post.c.collected_ms).where(post.c.source == source)
    asked = {"runs": runs, "posts": posts, "both": posts}[of]
    return sorted({int(at) for at in connection.execute(asked).scalars()})
