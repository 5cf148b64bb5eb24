"""Every figure a brief may hold: from its origin to its value. The brief is made by these, and verified by the same.

Shares of negative posts are of those whose sentiment is sure; their interval is Wilson's of 95 % (Wilson 1927), which stays
within 0 … 1 and is honest for few posts.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from statistics import median

from config.errors import RecordError
from config.project import Project
from config.text import tr
from config.workdays import after_workdays
from crawlers.store import read
from pipeline.briefs.model import CaseLine, Origin, Value
from pipeline.briefs.periods import ENOUGH
from pipeline.briefs.showing import ENDS, cut, fit, moment
from pipeline.briefs.standing import SourceStanding, set_aside_between, source_standings
from pipeline.events.reading import flag_by_id, posts_of
from pipeline.query.layer import QueryLayer, Question, Split
from pipeline.query.times import SHANGHAI
from pipeline.replies_view import Waited, waited_between
from pipeline.sources_view import store_engine

_Z = 1.959964  # 95 %
# Ids in one query: it takes 200 conditions.
_IDS = 150
QUOTED = 160
SURE = "拿不准:否"
ANSWERED = "已答复:是"
Cases = Callable[[datetime], Sequence[CaseLine]]


class GoneError(RecordError):
    """What a figure was had from is no longer there (retention), so nothing can be said of it."""


@dataclass
class Ground:
    """What figures are had from. made_at: as of when everything is judged; later: when it is asked again
    (None: at once); cases: None where there is no list of cases; values once had are kept: one brief asks for the same posts
    many times."""

    project: Project
    layer: QueryLayer
    made_at: datetime
    cases: Cases | None = None
    later: datetime | None = None
    _kept: dict[Origin, Value] = field(default_factory=dict)
    _counted: dict[Question, tuple[float | None, ...]] = field(default_factory=dict)
    _replies: dict[tuple[Question, ...], list[Waited]] = field(default_factory=dict)
    _posts: dict[str, dict[str, object]] = field(default_factory=dict)
    _standings: list[SourceStanding] | None = None
    _cases: Sequence[CaseLine] | None = None

    @property
    def now(self) -> datetime:
        """When it is asked."""
        return self.later or self.made_at

    def value(self, origin: Origin) -> Value:
        """The value of a figure. Raises QueryError; RecordError: an unknown measure; GoneError: its ground is gone."""
        if origin not in self._kept:
            measure = MEASURES.get(origin.measure)
            if measure is None:
                raise RecordError(tr("没有这样的数字：{m}", "there is no such figure: {m}", m=origin.measure))
            self._kept[origin] = measure(self, origin)
        return self._kept[origin]

    def counted(self, q: Question) -> tuple[float | None, ...]:
        """Posts, those that are no copies, and voices behind `q`."""
        if q not in self._counted:
            self._counted[q] = self.layer.breakdown(q, Split(), ("count", "originals", "voices"))[0].figures
        return self._counted[q]

    def posts(self, ids: Sequence[str]) -> dict[str, dict[str, object]]:
        """Those of the posts that are in the index, by id."""
        missing = [one for one in dict.fromkeys(ids) if one not in self._posts]
        for start in range(0, len(missing), _IDS):
            chunk = missing[start : start + _IDS]
            found = self.layer.search(Question(query=ids_query(chunk)), sort="published", size=len(chunk))
            self._posts.update({str(hit.post["id"]): hit.post for hit in found.hits})
        return {one: self._posts[one] for one in ids if one in self._posts}

    def standings(self) -> list[SourceStanding]:
        """How the sources were at made_at."""
        if self._standings is None:
            self._standings = source_standings(store_engine(self.project), self.project.sources, self.made_at)
        return self._standings

    def case_lines(self) -> Sequence[CaseLine]:
        """Open cases at made_at. Raises GoneError where there is no list of cases."""
        if self.cases is None:
            raise GoneError(tr("没有清单", "there is no list of cases"))
        if self._cases is None:
            self._cases = list(self.cases(self.made_at))
        return self._cases

    def replies(self, origin: Origin) -> list[Waited]:
        """Official replies given in the time of the question, of the posts its query means; the last of ids: only of this
        unit, unless it is a number (of working days)."""
        if origin.questions not in self._replies:
            self._replies[origin.questions] = self._replied(origin.questions[0])
        unit = origin.ids[-1] if origin.ids and not origin.ids[-1].isdecimal() else None
        return [one for one in self._replies[origin.questions] if unit is None or one.unit == unit]

    def _replied(self, q: Question) -> list[Waited]:
        if q.since is None or q.until is None:
            return []
        # A brief made before its period was over knew only of the replies given till then.
        until = min(q.until, self.made_at)
        everything = replace(q, since=None, until=None)
        if everything == Question():
            return waited_between(store_engine(self.project), since=q.since, until=until)
        asked = Question(query=ANSWERED, also=(everything,))
        found = [_waited(post["official"], post["published"]) for post in self.layer.export(asked) if post["official"]]
        return [one for one in found if one is not None and q.since <= one.replied_at < until]


def _waited(official: dict[str, str | None], published: str | None) -> Waited | None:
    if not official["replied"]:
        return None
    at = datetime.fromisoformat(published) if published else None
    return Waited(official["unit"] or "", at, datetime.fromisoformat(official["replied"]))


def ids_query(ids: Sequence[str]) -> str:
    """A query that finds the posts of these ids (200 at most)."""
    return f"编号:({' OR '.join(ids)})"


def wilson(hits: int, of: int) -> tuple[float, float]:
    """The interval of 95 % of a share of `hits` among `of` (≥ 1), within 0 … 1."""
    share = hits / of
    middle = share + _Z * _Z / (2 * of)
    half = _Z * math.sqrt(share * (1 - share) / of + _Z * _Z / (4 * of * of))
    scale = 1 + _Z * _Z / of
    # At the ends rounding could leave the share itself outside.
    return max(0.0, min(share, (middle - half) / scale)), min(1.0, max(share, (middle + half) / scale))


def _count(ground: Ground, origin: Origin) -> Value:
    return ground.counted(origin.questions[0])[0]


def _originals(ground: Ground, origin: Origin) -> Value:
    return ground.counted(origin.questions[0])[1]


def _copies(ground: Ground, origin: Origin) -> Value:
    count, originals, _ = ground.counted(origin.questions[0])
    return int((count or 0) - (originals or 0))


def _voices(ground: Ground, origin: Origin) -> Value:
    return ground.counted(origin.questions[0])[2]


def _with(q: Question, query: str) -> Question:
    return Question(query=query, also=(q,))


def _sure(ground: Ground, origin: Origin) -> Value:
    return ground.counted(_with(origin.questions[0], SURE))[0]


def _unsure(ground: Ground, origin: Origin) -> Value:
    return int(_count(ground, origin) or 0) - int(_sure(ground, origin) or 0)


def _negative(ground: Ground, origin: Origin) -> Value:
    return ground.counted(Question(query=SURE, sentiments=("negative",), also=(origin.questions[0],)))[0]


def _two(ground: Ground, origin: Origin) -> tuple[int, int]:
    return int(_negative(ground, origin) or 0), int(_sure(ground, origin) or 0)


def _negative_share(ground: Ground, origin: Origin) -> Value:
    hits, of = _two(ground, origin)
    return hits / of if of else None


def _negative_low(ground: Ground, origin: Origin) -> Value:
    hits, of = _two(ground, origin)
    return wilson(hits, of)[0] if of else None


def _negative_high(ground: Ground, origin: Origin) -> Value:
    hits, of = _two(ground, origin)
    return wilson(hits, of)[1] if of else None


def _change(ground: Ground, origin: Origin) -> Value:
    """How much more the first question has than the second, as a share of the second."""
    now, then = (ground.counted(q)[0] or 0 for q in origin.questions)
    return (now - then) / then if then else None


def _usual_values(ground: Ground, origin: Origin) -> list[float]:
    values = [ground.counted(q)[0] or 0 for q in origin.questions]
    return values if len(values) >= ENOUGH else []


def _usual_median(ground: Ground, origin: Origin) -> Value:
    values = _usual_values(ground, origin)
    return float(median(values)) if values else None


def _usual_low(ground: Ground, origin: Origin) -> Value:
    return min(_usual_values(ground, origin), default=None)


def _usual_high(ground: Ground, origin: Origin) -> Value:
    return max(_usual_values(ground, origin), default=None)


def _answered(ground: Ground, origin: Origin) -> Value:
    """Those answered by the time the brief was made: replies go on coming after it."""
    asked = _with(origin.questions[0], ANSWERED)
    if ground.now == ground.made_at:
        return ground.counted(asked)[0]
    return sum(_answered_by(post["official"], ground.made_at) for post in ground.layer.export(asked))


def _answered_by(official: dict[str, str | None] | None, at: datetime) -> bool:
    if official is None:
        return False
    return official["replied"] is None or datetime.fromisoformat(official["replied"]) <= at


def day_counts(ground: Ground, q: Question) -> list[tuple[date, int]]:
    """Posts of each day of the question's time, days without any as zeros. Raises RecordError without both ends."""
    if q.since is None or q.until is None or q.until - q.since > timedelta(days=4000):
        raise RecordError(tr("缺少起止日期", "the first or last day is missing"))
    first = q.since.astimezone(SHANGHAI).date()
    last = (q.until - timedelta(seconds=1)).astimezone(SHANGHAI).date()
    return [(day.day, day.count) for day in ground.layer.by_day(q, since_day=first, until_day=last)]


def _days(ground: Ground, origin: Origin) -> Value:
    return " ".join(str(count) for _, count in day_counts(ground, origin.questions[0]))


def _replied(ground: Ground, origin: Origin) -> Value:
    return len(ground.replies(origin))


def on_time(waited: Waited, workdays: int) -> bool:
    """Whether a reply came by the end of the `workdays`-th working day after the message."""
    return waited.asked_at is not None and waited.replied_at < after_workdays(waited.asked_at, workdays)


def _dated(ground: Ground, origin: Origin) -> list[Waited]:
    return [one for one in ground.replies(origin) if one.asked_at is not None]


def _on_time(ground: Ground, origin: Origin) -> Value:
    """ids: within how many working days, then the unit where it is one's."""
    limit = int(origin.ids[0])
    return sum(on_time(one, limit) for one in _dated(ground, origin))


def _on_time_share(ground: Ground, origin: Origin) -> Value:
    dated = len(_dated(ground, origin))
    return int(_on_time(ground, origin) or 0) / dated if dated else None


def _median_days(ground: Ground, origin: Origin) -> Value:
    waits = [(one.replied_at - one.asked_at) / timedelta(days=1) for one in _dated(ground, origin) if one.asked_at]
    return float(median(waits)) if waits else None


def _flag_expected(ground: Ground, origin: Origin) -> Value:
    with read(store_engine(ground.project)) as connection:
        found = flag_by_id(connection, origin.ids[0])
    if found is None:
        raise GoneError(tr("这条预警已不在库里", "the flag is no longer in the store"))
    return found.expected


def _event_posts(ground: Ground, origin: Origin) -> Value:
    with read(store_engine(ground.project)) as connection:
        ids = sorted(posts_of(connection, origin.ids[0]))
    if not ids:
        raise GoneError(tr("这个事件已不在库里（重算后编号不同）", "the event is no longer in the store (made anew)"))
    chunks = [ids[start : start + _IDS] for start in range(0, len(ids), _IDS)]
    return sum(ground.layer.count(_with(origin.questions[0], ids_query(chunk))) for chunk in chunks)


def _post(ground: Ground, origin: Origin) -> dict[str, object]:
    found = ground.posts(origin.ids)
    if not found:
        raise GoneError(tr("这条帖文已不在库里", "the post is no longer in the store"))
    return found[origin.ids[0]]


def quoted(post: dict[str, object]) -> str:
    """The beginning of what a post says, its title where it has no text; …… where it breaks off within a sentence."""
    whole = fit(str(post["text"] or post["title"]))
    told = cut(whole, QUOTED)
    return told if told == whole or told[-1] in ENDS else told + "……"


def _quote(ground: Ground, origin: Origin) -> Value:
    return quoted(_post(ground, origin))


def _post_time(ground: Ground, origin: Origin) -> Value:
    published = _post(ground, origin)["published"]
    return moment(datetime.fromisoformat(str(published))) if published else None


def _sources(ground: Ground, origin: Origin) -> Value:
    """Declared sources that are switched on; ids: those in one of these conditions, "asked" for read in the time asked."""
    standings = [one for one in ground.standings() if one.enabled]
    if not origin.ids:
        return len(standings)
    if origin.ids == ("asked",):
        q = origin.questions[0]
        return sum(one.asked_between(q.since, q.until) for one in standings)
    return sum(one.health in origin.ids for one in standings)


def _set_aside(ground: Ground, origin: Origin) -> Value:
    q = origin.questions[0]
    if q.since is None or q.until is None:
        raise RecordError(tr("缺少起止日期", "the first or last day is missing"))
    return set_aside_between(store_engine(ground.project), q.since, q.until, ground.made_at)


def _cases_open(ground: Ground, origin: Origin) -> Value:
    return len(ground.case_lines())


def _cases_overdue(ground: Ground, origin: Origin) -> Value:
    return sum(one.overdue for one in ground.case_lines())


# Name → how it is had; what each is called stands in `pipeline.briefs.words`.
MEASURES: dict[str, Callable[[Ground, Origin], Value]] = {
    "count": _count,
    "originals": _originals,
    "copies": _copies,
    "voices": _voices,
    "sure": _sure,
    "unsure": _unsure,
    "negative": _negative,
    "negative_share": _negative_share,
    "negative_low": _negative_low,
    "negative_high": _negative_high,
    "change": _change,
    "usual_median": _usual_median,
    "usual_low": _usual_low,
    "usual_high": _usual_high,
    "answered": _answered,
    "days": _days,
    "replied": _replied,
    "on_time": _on_time,
    "on_time_share": _on_time_share,
    "median_days": _median_days,
    "flag_expected": _flag_expected,
    "event_posts": _event_posts,
    "quote": _quote,
    "post_time": _post_time,
    "sources": _sources,
    "set_aside": _set_aside,
    "cases_open": _cases_open,
    "cases_overdue": _cases_overdue,
}
