"""Figures broken down by fields and time: what is asked of the engine, and its answer as rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any, Literal, get_args

from config.errors import QueryError
from config.text import tr
from pipeline.query.times import SHANGHAI, milliseconds

# Fields that figures may be broken down by. Authors are not among them, and never will be.
BREAKDOWNS = (
    "source",
    "topic",
    "region",
    "kind",
    "category",
    "sentiment",
    "official_unit",
    "intent",
    "sector",
    "place",
    "duty",
)
# More that posts may be grouped by in panels: words, threads, yes and no.
GROUPINGS = (*BREAKDOWNS, "keyphrase", "words", "thread", "answered", "appeal", "unsure", "copy")
Figure = Literal["count", "originals", "voices", "mean_score", "negative_share"]
FIGURES: tuple[Figure, ...] = get_args(Figure)
Interval = Literal["hour", "day", "week", "month"]
_AGGREGATED = {
    "originals": ("copies", {"sum": {"field": "copy"}}),
    "voices": ("voices", {"cardinality": {"field": "voice"}}),
    "mean_score": ("score", {"avg": {"field": "score"}}),
    "negative_share": ("negative", {"avg": {"field": "negative"}}),
}
# Days begin at midnight in Shanghai; 1970 began on a Thursday, the first Monday was four days later.
_FIXED = {"hour": ("1h", "0h"), "day": ("1d", "-8h"), "week": ("7d", "88h")}
# How many values each segment of the index hands in: beyond it, counts of rare values could be too low.
PER_SEGMENT = 20_000
# Months are asked for one by one.
_MOST_MONTHS = 240


@dataclass(frozen=True, slots=True)
class Split:
    """What to break down by. fields: of GROUPINGS, the outer first; sizes: values of each; interval: then by time."""

    fields: tuple[str, ...] = ()
    sizes: tuple[int, ...] = ()
    interval: Interval | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """The figures of one group. keys: its values in the order of the fields, then the beginning of its hour, day, week or
    month in Asia/Shanghai, in ISO form; figures: those asked for, None where nothing was scored."""

    keys: tuple[str, ...]
    figures: tuple[float | None, ...]


def metrics(figures: Sequence[Figure]) -> dict[str, Any]:
    """The aggregations that `figures` need. Raises QueryError for an unknown one."""
    for figure in figures:
        if figure not in FIGURES:
            message = tr("没有数字 {f}；可用：{k}", "there is no figure {f}; known: {k}", f=figure, k=" ".join(FIGURES))
            raise QueryError(message, query=figure, position=0)
    return dict(_AGGREGATED[figure] for figure in figures if figure in _AGGREGATED)


def read_figures(bucket: dict[str, Any], count: int, figures: Sequence[Figure]) -> tuple[float | None, ...]:
    """The figures of a bucket of `count` posts."""
    return tuple(_figure(bucket, count, figure) for figure in figures)


def _figure(bucket: dict[str, Any], count: int, figure: Figure) -> float | None:
    if figure == "count":
        return count
    value = bucket[_AGGREGATED[figure][0]]["value"]
    if figure == "originals":
        return count - round(value or 0)
    if figure == "voices":
        return int(value)
    return None if value is None or not count else float(value)


def terms(field: str, size: int) -> dict[str, Any]:
    """The `size` values of `field` with most posts, counted exactly."""
    return {"field": field, "size": size, "segment_size": max(size, PER_SEGMENT)}


def nested(split: Split, figures: Sequence[Figure], since: datetime | None, until: datetime | None) -> dict[str, Any]:
    """The aggregations of `split`. Raises QueryError: a field that is none to group by, months without both ends."""
    inner = metrics(figures)
    if split.interval == "month":
        inner = {"of": {"range": {"field": "published_ms", "ranges": months(since, until)}, "aggs": inner}}
    elif split.interval:
        interval, offset = _FIXED[split.interval]
        histogram = {"field": "published", "fixed_interval": interval, "offset": offset, "min_doc_count": 1}
        inner = {"of": {"date_histogram": histogram, "aggs": inner}}
    for field, size in reversed(list(zip(split.fields, split.sizes, strict=True))):
        if field not in GROUPINGS:
            known = " ".join(GROUPINGS)
            message = tr("不能按 {f} 分组；可用：{k}", "cannot break down by {f}; known: {k}", f=field, k=known)
            raise QueryError(message, query=field, position=0)
        inner = {"of": {"terms": terms(field, size), "aggs": inner}}
    return inner


def rows(found: dict[str, Any], split: Split, figures: Sequence[Figure], keys: tuple[str, ...] = ()) -> Iterator[Row]:
    """The rows of the engine's answer to `nested`, groups without posts left out."""
    for bucket in found["of"]["buckets"]:
        if not bucket["doc_count"] or ("from" in bucket) != (
            "to" in bucket
        ):  # beside the months, all that lies outside
            continue
        if len(keys) < len(split.fields):
            deeper = (*keys, value_of(bucket["key"]))
            if len(deeper) < len(split.fields) or split.interval:
                yield from rows(bucket, split, figures, deeper)
                continue
        else:
            deeper = (*keys, _moment(bucket, split.interval))
        yield Row(deeper, read_figures(bucket, bucket["doc_count"], figures))


def value_of(key: Any) -> str:
    """The value of a group as text: numbers whole."""
    return str(int(key)) if isinstance(key, int | float) else str(key)


def _moment(bucket: dict[str, Any], interval: Interval | None) -> str:
    ms = bucket["from"] if "from" in bucket else bucket["key"]
    return told(datetime.fromtimestamp(ms / 1000, SHANGHAI), interval)


def told(moment: datetime, interval: Interval | None) -> str:
    """The beginning of an hour as 2026-11-01T05:00, of a day, week or month as 2026-11-01."""
    return moment.strftime("%Y-%m-%dT%H:%M") if interval == "hour" else moment.date().isoformat()


def months(since: datetime | None, until: datetime | None) -> list[dict[str, int]]:
    """The months between as ranges of milliseconds. Raises QueryError where an end is open or they are too many."""
    if since is None or until is None:
        message = tr("按月统计需要起止日期", "figures by month need a first and a last day")
        raise QueryError(message, query="", position=0)
    starts = [since.astimezone(SHANGHAI).replace(day=1, hour=0, minute=0, second=0, microsecond=0)]
    while starts[-1] < until:
        if len(starts) > _MOST_MONTHS:
            message = tr("按月统计最多 {n} 个月", "figures by month: {n} months at most", n=_MOST_MONTHS)
            raise QueryError(message, query="", position=0)
        starts.append((starts[-1] + timedelta(days=31)).replace(day=1))
    stamps = [milliseconds(start.astimezone(UTC)) for start in starts]
    return [{"from": low, "to": high} for low, high in pairwise(stamps)]
