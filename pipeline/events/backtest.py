"""The past lived through again, post by post, knowing only what was known then; what was flagged is held against matters
that a person has listed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from config.errors import ConfigError
from config.events import Events
from config.project import Project
from config.text import tr
from config.yamlfile import read_yaml
from crawlers.record import post_id
from crawlers.store import opened, read
from nlp.keyphrases import read_stop_words
from pipeline.events import posts as store_posts
from pipeline.events.describing import phrases_of
from pipeline.events.detect import tongue_of
from pipeline.events.heard import DAY_MS, Heard
from pipeline.events.matters import Matters, Raised

# A matter is concentrated when so many posts of so many voices come in so many days.
POSTS, VOICES, DAYS = 5, 4, 14
# A flag is right when at least this share of its posts are of one listed matter.
_RIGHT = 0.6


@dataclass(frozen=True, slots=True)
class Listed:
    """A matter that a person has read out of the posts. posts: ids."""

    name: str
    posts: frozenset[str]


@dataclass(frozen=True, slots=True)
class Alarm:
    """A flag of the replay. posts: ids of the event's posts then; first: it is the first of its event; matter: the listed
    one it is about, "" for none."""

    at: datetime
    raised: Raised
    title: str
    posts: Sequence[str]
    first: bool
    matter: str


@dataclass(frozen=True, slots=True)
class Judged:
    """How a concentrated matter was found. fifth: when its fifth post of 14 days came; flagged: its first flag, None for
    none; posts_then: its posts that had come by then; in_time: flagged by the fifth post."""

    name: str
    posts: int
    voices: int
    fifth: datetime
    flagged: datetime | None
    posts_then: int
    in_time: bool


@dataclass(slots=True)
class Outcome:
    """Figures of a replay. weeks: its length; false: first flags about none of the listed matters."""

    heard: int
    weeks: float
    alarms: list[Alarm]
    matters: list[Judged] = field(default_factory=list)

    @property
    def firsts(self) -> list[Alarm]:
        """The first flag of each event."""
        return [one for one in self.alarms if one.first]

    @property
    def false(self) -> list[Alarm]:
        """First flags that are about none of the listed matters."""
        return [one for one in self.firsts if not one.matter]

    def figures(self) -> dict[str, Any]:
        """As JSON shows them."""
        found = [one for one in self.matters if one.flagged]
        return {
            "posts": self.heard,
            "weeks": round(self.weeks, 1),
            "flags": len(self.alarms),
            "events": len(self.firsts),
            "false": len(self.false),
            "false_a_week": round(len(self.false) / self.weeks, 3) if self.weeks else None,
            "matters": len(self.matters),
            "found": len(found),
            "in_time": sum(one.in_time for one in self.matters),
            "share_in_time": round(sum(one.in_time for one in self.matters) / len(self.matters), 3)
            if self.matters
            else None,
        }


def replay(
    posts: Sequence[Heard], rules: Events, stop: frozenset[str], listed: Sequence[Listed] = (), *, since: datetime
) -> Outcome:
    """Live through `posts`, which are in the order of publication; flags before `since` only serve as history."""
    matters, alarms, seen = Matters(rules), [], set()
    tongue = tongue_of(matters, stop)
    by_id = {post.id: post for post in posts}
    for post in posts:
        for raised in matters.hear(post):
            members = [by_id[one] for one in matters.gatherings[raised.event_id].posts]
            at = _at(post.published_ms)
            if at >= since:
                title = " ".join(phrases_of(members, tongue)[:3])
                ids = [one.id for one in members]
                first = raised.event_id not in seen
                alarms.append(Alarm(at, raised, title, ids, first, matter_of(ids, listed)))
            seen.add(raised.event_id)
    weeks = (posts[-1].published_ms - int(since.timestamp() * 1000)) / DAY_MS / 7 if posts else 0.0
    outcome = Outcome(len(posts), max(weeks, 1 / 7), alarms)
    outcome.matters = [one for some in listed if (one := judged(some, by_id, alarms, since)) is not None]
    return outcome


def matter_of(ids: Sequence[str], listed: Sequence[Listed]) -> str:
    """Name of the listed matter that most of the posts are about, "" for none."""
    for one in listed:
        if sum(post in one.posts for post in ids) >= _RIGHT * len(ids):
            return one.name
    return ""


def judged(listed: Listed, by_id: Mapping[str, Heard], alarms: Sequence[Alarm], since: datetime) -> Judged | None:
    """How the matter was found; None where it was never concentrated."""
    posts = sorted((by_id[p] for p in listed.posts if p in by_id), key=lambda p: (p.published_ms, p.id))
    posts = [p for p in posts if p.published_ms >= since.timestamp() * 1000]
    fifth = concentrated_at(posts)
    if fifth is None:
        return None
    flagged = min((one.at for one in alarms if one.matter == listed.name), default=None)
    return Judged(
        name=listed.name,
        posts=len(posts),
        voices=len({p.voice for p in posts}),
        fifth=_at(fifth),
        flagged=flagged,
        posts_then=sum(_at(p.published_ms) <= flagged for p in posts) if flagged else 0,
        in_time=flagged is not None and flagged <= _at(fifth),
    )


def concentrated_at(posts: Sequence[Heard]) -> int | None:
    """When the fifth post came of the first 14 days that have five posts by four voices; None where none have."""
    for n, start in enumerate(posts):
        window = [p for p in posts[n:] if p.published_ms - start.published_ms <= DAYS * DAY_MS]
        if len(window) >= POSTS and len({p.voice for p in window}) >= VOICES:
            return window[POSTS - 1].published_ms
    return None


def backtest(project: Project, *, since: datetime, until: datetime, listed: Sequence[Listed] = ()) -> Outcome:
    """The replay of the posts of `project` that were published between since and until (exclusive)."""
    with opened(project) as store, read(store) as connection:
        posts = store_posts.published(connection, since - timedelta(days=project.settings.events.history_days), until)
    stop = read_stop_words(project.file(project.settings.nlp.stop_words))
    return replay(posts, project.settings.events, stop, listed, since=since)


def read_listed(path: Path, source: str) -> list[Listed]:
    """Matters from a YAML file: `NAME: [id, …]`, ids as the source names its posts. Raises ConfigError."""
    data = read_yaml(path).data
    if not isinstance(data, dict) or not all(isinstance(ids, list) for ids in data.values()):
        raise ConfigError(tr("{f}：应为“事情: [帖子编号, …]”", "{f}: must be “matter: [id of post, …]”", f=path))
    return [Listed(str(name), frozenset(post_id(source, str(one), "") for one in ids)) for name, ids in data.items()]


def _at(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)
