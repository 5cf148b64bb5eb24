"""Why a figure may come out otherwise than it once did though nobody altered it: what went since, and what was read anew."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, or_, select

from config.text import tr
from crawlers.rows import to_ms
from crawlers.schema import annotation, post
from crawlers.store import read
from pipeline.briefs.measures import Ground
from pipeline.briefs.model import Figure, Origin
from pipeline.query.model import Question
from pipeline.sources_view import store_engine

_OF_POSTS = ("quote", "post_time")
# What stands in the settings or is found anew by other rooms: no post need have changed.
_OF_OTHERS = {
    "sources": ("来源的声明在成稿后可能有增减", "sources may have been added or taken away since"),
    "event_posts": ("事件所含的帖文在成稿后有增减", "the event has other posts since"),
    "cases_open": ("清单在成稿后有补记", "cases were entered later"),
    "cases_overdue": ("清单在成稿后有补记", "cases were entered later"),
}


def purged(origin: Origin, ground: Ground) -> str:
    """Why the ground of a figure may be gone in part or whole: it reaches back behind the retention. "" where it does not."""
    kept = ground.project.settings.retention
    days = {"sources": kept.runs_days, "set_aside": kept.set_aside_days}.get(origin.measure, kept.posts_days)
    edge = ground.now - timedelta(days=days)
    earliest = min((since for since, _ in _spans(origin)), default=ground.made_at)
    if earliest >= edge:
        return ""
    return tr(
        "{d} 天的保留期限已过，当时的材料已清理",
        "past the retention of {d} days: what it was had from was removed",
        d=days,
    )


def changed(figure: Figure, now: object, ground: Ground) -> str:
    """Why a figure may be another: posts were edited, answered, set right or read anew since. "" where that cannot be why."""
    origin = figure.origin
    others = "event_posts" if any(map(_of_an_event, origin.questions)) else origin.measure
    if others in _OF_OTHERS:
        return tr(*_OF_OTHERS[others])
    count = _read_anew(origin, ground)
    # One post that changed moves a count by one at most.
    if figure.form == "count" and isinstance(now, int | float) and isinstance(figure.value, int | float):
        count = count if abs(now - figure.value) <= count else 0
    if not count:
        return ""
    return tr(
        "成稿后有 {n} 条帖文被修改、答复、更正或重新判读",
        "{n} posts were edited, answered, set right or read anew since",
        n=count,
    )


def _of_an_event(q: Question) -> bool:
    return "event:" in q.query or any(map(_of_an_event, q.also))


def _read_anew(origin: Origin, ground: Ground) -> int:
    """How many of the posts a figure is about were read by the models again after the brief was made."""
    asked = (
        select(func.count())
        .select_from(post.join(annotation, annotation.c.post_id == post.c.id))
        .where(annotation.c.annotated_ms > to_ms(ground.made_at), _about(origin))
    )
    with read(store_engine(ground.project)) as connection:
        return int(connection.execute(asked).scalar_one())


def _about(origin: Origin) -> ColumnElement[bool]:
    if origin.measure in _OF_POSTS:
        return post.c.id.in_(origin.ids)
    at = func.coalesce(post.c.published_ms, post.c.collected_ms)
    answered = post.c.official_replied_ms
    within = [
        (column >= to_ms(since)) & (column < to_ms(until))
        for since, until in _spans(origin)
        for column in (at, answered)
    ]
    return or_(*within) if within else at.is_not(None)


def _spans(origin: Origin) -> list[tuple[datetime, datetime]]:
    return [span for q in origin.questions for span in _times(q)]


def _times(q: Question) -> Iterator[tuple[datetime, datetime]]:
    if q.since is not None and q.until is not None:
        yield q.since, q.until
    for one in q.also:
        yield from _times(one)
