"""A panel and a stretch of time in, figures out: the same for the dashboard, the command line and the tests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Protocol

from config.dashboards import (
    AnyPanel,
    BarPanel,
    Chart,
    Dashboard,
    HeatmapPanel,
    LinePanel,
    SavedSearchPanel,
    WordListPanel,
)
from config.errors import QueryError
from config.text import tr
from pipeline.query.breaking import Interval, Row, Split, told
from pipeline.query.layer import QueryLayer
from pipeline.query.model import Question
from pipeline.query.times import SHANGHAI

# Values fetched where not the most frequent ones are wanted.
_MANY = 1000
# More points than a line of this many pixels could show.
_MOST_POINTS = 2_000


class Ask(Protocol):
    """`ask(verb, question, **options)` is the answer of the query layer's verb."""

    def __call__(self, verb: str, question: Question, /, **options: Any) -> Any: ...


def asking(layer: QueryLayer) -> Ask:
    """How to ask `layer`."""

    def ask(verb: str, question: Question, /, **options: Any) -> Any:
        return getattr(layer, verb)(question, **options)

    return ask


@dataclass(frozen=True, slots=True)
class Period:
    """Whole days of Asia/Shanghai, both included."""

    first: date
    last: date

    @property
    def since(self) -> datetime:
        """The first instant."""
        return datetime.combine(self.first, time(), SHANGHAI)

    @property
    def until(self) -> datetime:
        """The first instant behind it."""
        return datetime.combine(self.last + timedelta(days=1), time(), SHANGHAI)


@dataclass(frozen=True, slots=True)
class Filled:
    """A panel with its figures. question: what its posts answer; rows: the panel's groups, their keys in the order of `by`,
    then time; of a saved search one row with the number of posts."""

    panel: AnyPanel
    question: Question
    rows: tuple[Row, ...]


def last_days(dashboard: Dashboard, today: date) -> Period:
    """The days a dashboard shows unless others are chosen."""
    return Period(today - timedelta(days=dashboard.days - 1), today)


def question_of(panel: AnyPanel, dashboard: Dashboard, period: Period, extra: Question | None = None) -> Question:
    """What a panel asks: its query within the dashboard's, the days, and an extra question's limits."""
    also = [Question(query=dashboard.query, language=dashboard.language)] if dashboard.query.strip() else []
    also += [extra] if extra is not None and extra != Question() else []
    return Question(
        query=panel.query, language=panel.language, since=period.since, until=period.until, also=tuple(also)
    )


def fill(panel: AnyPanel, asked: Question, ask: Ask) -> Filled:
    """The panel's figures for a question of `question_of`. Raises QueryError for a faulty query."""
    if isinstance(panel, SavedSearchPanel):
        return Filled(panel, asked, (Row((), (ask("count", asked),)),))
    if not isinstance(panel, Chart):
        return Filled(panel, asked, ())
    if isinstance(panel, WordListPanel) and panel.rank == "significant":
        words = ask("significant_words", asked, size=panel.sizes[0])
        return Filled(panel, asked, tuple(Row((w.word,), (w.count,)) for w in words))
    rows = _ordered(panel, asked, ask)
    if isinstance(panel, LinePanel | BarPanel) and panel.interval:
        rows = dense(rows, panel, moments(asked, panel.interval))
    return Filled(panel, asked, tuple(rows))


def _ordered(panel: Chart, asked: Question, ask: Ask) -> list[Row]:
    """The rows in the panel's order, as many values of each field as it shows."""
    split = Split(tuple(panel.by), panel.sizes, panel.interval)
    if isinstance(panel, HeatmapPanel) and len(panel.by) > 1:
        return _crossed(panel, asked, ask)
    if panel.order == "count" or not panel.by:
        return list(ask("breakdown", asked, split=split, figures=panel.figures))
    outer = Split(split.fields[:1], (_MANY,))
    found: list[Row] = ask("breakdown", asked, split=outer, figures=panel.figures)
    if panel.order == "key":
        found.sort(key=lambda row: row.keys)
    else:
        found.sort(key=lambda row: (row.figures[0] is None, -(row.figures[0] or 0), row.keys))
    place = {row.keys[0]: n for n, row in enumerate(found[: panel.sizes[0]])}
    every = Split(split.fields, (_MANY, *split.sizes[1:]), split.interval)
    rows: list[Row] = ask("breakdown", asked, split=every, figures=panel.figures)
    return sorted((row for row in rows if row.keys[0] in place), key=lambda row: place[row.keys[0]])


def _crossed(panel: HeatmapPanel, asked: Question, ask: Ask) -> list[Row]:
    """The crossings of the values that are most frequent on the whole: the same columns in every row."""
    found = []
    for field, size in zip(panel.by, panel.sizes, strict=True):
        rows: list[Row] = ask("breakdown", asked, split=Split((field,), (size,)), figures=("count",))
        values = [row.keys[0] for row in rows]
        found.append({value: n for n, value in enumerate(sorted(values) if panel.order == "key" else values)})
    lines, columns = found
    cells: list[Row] = ask("breakdown", asked, split=Split(tuple(panel.by), (_MANY, _MANY)), figures=panel.figures)
    shown = [row for row in cells if row.keys[0] in lines and row.keys[1] in columns]
    return sorted(shown, key=lambda row: (lines[row.keys[0]], columns[row.keys[1]]))


def moments(asked: Question, interval: Interval) -> list[str]:
    """The beginnings of all hours, days, weeks or months of the question's time, as rows name them."""
    if asked.since is None or asked.until is None:
        return []
    at = asked.since.astimezone(SHANGHAI)
    if interval == "week":
        at -= timedelta(days=at.weekday())
    elif interval == "month":
        at = at.replace(day=1)
    step = {"hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(days=7)}.get(interval)
    found = []
    while at < asked.until:
        found.append(told(at, interval))
        if len(found) > _MOST_POINTS:
            message = tr(
                "这段时间分得太细：最多 {n} 个点，请缩短日期或换更长的 interval",
                "too fine for this long a time: {n} points at most; choose fewer days or a longer interval",
                n=_MOST_POINTS,
            )
            raise QueryError(message, query="", position=0)
        at = at + step if step else (at + timedelta(days=31)).replace(day=1)
    return found


def dense(rows: Sequence[Row], panel: Chart, times: Sequence[str]) -> list[Row]:
    """The rows with zeros at the times that have no posts, for each value of the field."""
    held = {row.keys: row for row in rows}
    values = list(dict.fromkeys(row.keys[:-1] for row in rows)) or ([()] if not panel.by else [])
    empty = tuple(0 if figure in ("count", "originals", "voices") else None for figure in panel.figures)
    return [held.get((*value, at)) or Row((*value, at), empty) for value in values for at in times]
