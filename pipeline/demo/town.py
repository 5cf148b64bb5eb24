"""The town as values: every post of its three sites, with the truth of what was planted.

`generate(seed, now)` is pure: the same arguments give the same town. It tells 60 days up to `now` and AHEAD_DAYS
more, so that a project of yesterday finds new posts today; what lies after a clock is hidden by the sites.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, timezone

from pipeline.demo.compose import Draft, Writer
from pipeline.demo.personal import KINDS, Personal
from pipeline.demo.phrases import read_sheets
from pipeline.demo.specials import add_reposts, add_specials, plant_personal
from pipeline.demo.stories import add_stories

CST = timezone(timedelta(hours=8))
DAYS = 60
AHEAD_DAYS = 14
# Messages and threads of an ordinary day; with replies and stories they give about 3,000 posts in 60 days.
MESSAGES_A_DAY, THREADS_A_DAY, ARTICLES_A_DAY = 12.8, 5.3, 3.4
_WEEKDAYS = (1.2, 1.1, 1.05, 1.0, 1.05, 0.8, 0.75)
_HOURS = (2, 1, 1, 0, 0, 1, 4, 9, 14, 15, 13, 11, 10, 9, 11, 12, 12, 11, 11, 14, 17, 16, 11, 6)
_OFFICE_HOURS = (0, 0, 0, 0, 0, 0, 0, 1, 6, 9, 8, 5, 1, 1, 4, 7, 8, 6, 2, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Answer:
    """The official reply to a message of the board."""

    unit: str
    at: datetime
    text: str


@dataclass(frozen=True, slots=True)
class TownPost:
    """One post with its truth. Times are aware (+08:00).

    id: `SITE:NUMBER`, the number is the site's own; kind: article, message, thread, reply; path: where it is shown;
    stance: complaint, request, question, suggestion, praise, or "" where none; story: a planted story or "";
    personal: what must be masked, exactly as it stands in `text`; lookalikes: sentences that must stay;
    trait: hostile, invisible, empty, long, members, sticky, locked, or ""; copy_of: id of the article reposted.
    """

    id: str
    site: str
    kind: str
    path: str
    title: str
    text: str
    author: str
    at: datetime
    theme: str
    stance: str
    category: str = ""
    story: str = ""
    trait: str = ""
    board: int = 0
    thread: str = ""
    quotes: str = ""
    edited_at: datetime | None = None
    views: int = 0
    likes: int = 0
    answer: Answer | None = None
    personal: tuple[Personal, ...] = ()
    lookalikes: tuple[str, ...] = ()
    copy_of: str = ""

    @property
    def number(self) -> int:
        """The site's own number of the post."""
        return int(self.id.partition(":")[2])


@dataclass(frozen=True)
class Town:
    """A generated town. posts: by time; anchor: the `now` it was made for."""

    seed: int
    anchor: datetime
    posts: tuple[TownPost, ...]
    by_id: dict[str, TownPost] = field(repr=False)

    def visible(self, now: datetime) -> list[TownPost]:
        """What has been published at `now`, by time."""
        return [post for post in self.posts if post.at <= now]

    def of_story(self, story: str) -> list[TownPost]:
        """The posts of a planted story, by time."""
        return [post for post in self.posts if post.story == story]


def generate(seed: int, now: datetime) -> Town:
    """The town whose last 60 days end at `now` (aware). Pure and deterministic."""
    anchor = now.astimezone(CST).replace(microsecond=0)
    rng = random.Random(f"{seed}/{anchor.isoformat()}")  # noqa: S311  no secret, a story
    writer = Writer(rng=rng, sheets=read_sheets())
    drafts: list[Draft] = []
    for day in _days(anchor):
        drafts += _ordinary_day(writer, day)
    drafts += add_stories(writer, anchor)
    drafts += add_reposts(writer, drafts, anchor)
    drafts += add_specials(writer, anchor)
    drafts = [draft for draft in drafts if draft.at <= anchor + timedelta(days=AHEAD_DAYS)]
    for draft in drafts:
        draft.at = draft.at.replace(microsecond=0)  # pages show seconds
    plant_personal(writer, drafts, KINDS)
    posts = tuple(_number(drafts))
    return Town(seed=seed, anchor=anchor, posts=posts, by_id={post.id: post for post in posts})


def _days(anchor: datetime) -> Iterator[date]:
    for back in range(DAYS - 1, -AHEAD_DAYS - 1, -1):
        yield (anchor - timedelta(days=back)).date()


def _ordinary_day(writer: Writer, day: date) -> list[Draft]:
    rng, busy = writer.rng, _WEEKDAYS[day.weekday()]
    drafts = [writer.message(_moment(day, _HOURS, rng)) for _ in range(_count(MESSAGES_A_DAY * busy, rng))]
    for _ in range(_count(THREADS_A_DAY * busy, rng)):
        drafts += writer.discussion(_moment(day, _HOURS, rng))
    office = 1.15 if day.weekday() < 5 else 0.5
    return drafts + [
        writer.article(_moment(day, _OFFICE_HOURS, rng)) for _ in range(_count(ARTICLES_A_DAY * office, rng))
    ]


def _count(mean: float, rng: random.Random) -> int:
    """A whole number near `mean`: the spread of a town's days is wider than rounding, narrower than Poisson's."""
    return max(0, round(rng.gauss(mean, mean**0.5 * 0.6)))


def _moment(day: date, hours: Sequence[int], rng: random.Random) -> datetime:
    hour = rng.choices(range(24), weights=hours)[0]
    return datetime.combine(day, time(hour, rng.randrange(60), rng.randrange(60)), tzinfo=CST)


def _number(drafts: list[Draft]) -> Iterator[TownPost]:
    """Gives each draft the number its site would have given it, in order of time."""
    ordered = sorted(drafts, key=lambda d: (d.at, d.kind == "reply", d.title, d.text))
    counters = {"news": 1000, "board": 26000, "forum": 88000}
    ids: dict[int, str] = {}
    threads = 4100
    paths: dict[int, str] = {}
    for draft in ordered:
        counters[draft.site] += 1
        number = counters[draft.site]
        ids[id(draft)] = f"{draft.site}:{number}"
        if draft.kind == "thread":
            threads += 1
            paths[id(draft)] = f"/thread-{threads}-1-1.html"
        else:
            root = draft.thread
            paths[id(draft)] = paths[id(root)] if root is not None else _path(draft, number)
        yield _freeze(draft, ids, paths[id(draft)])


def _path(draft: Draft, number: int) -> str:
    if draft.site == "news":
        return f"/news/{draft.at:%Y%m}/t{draft.at:%Y%m%d}_{number}.html"
    return f"/board/{number}.html"


def _freeze(draft: Draft, ids: dict[int, str], path: str) -> TownPost:
    def id_of(other: Draft | None) -> str:
        return ids.get(id(other), "") if other is not None else ""

    return TownPost(
        id=ids[id(draft)],
        site=draft.site,
        kind=draft.kind,
        path=path,
        title=draft.title,
        text=draft.text,
        author=draft.author,
        at=draft.at,
        theme=draft.theme,
        stance=draft.stance,
        category=draft.category,
        story=draft.story,
        trait=draft.trait,
        board=draft.board,
        thread=id_of(draft.thread),
        quotes=id_of(draft.quotes),
        edited_at=draft.edited_at,
        views=draft.views,
        likes=draft.likes,
        answer=Answer(*draft.answer) if draft.answer else None,
        personal=tuple(draft.personal),
        lookalikes=tuple(draft.lookalikes),
        copy_of=id_of(draft.copy_of),
    )
