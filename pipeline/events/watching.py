"""The watch over the daily series: each day that is over is looked at once, and what moved is flagged in the store."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import Connection, func, select

from config.events import Events
from config.text import tr
from crawlers.rows import to_ms
from crawlers.schema import annotation, meta, post
from crawlers.schema import run as run_table
from crawlers.store import insert_rows, upsert
from pipeline.events.flagging import SHANGHAI, day_of, flag_id
from pipeline.events.levels import rule_met, sentence
from pipeline.events.model import Flag, Kind, Level
from pipeline.events.reading import flags as read_flags
from pipeline.events.rows import flag_row
from pipeline.events.series import DAYS, Moved, Said, Silence, moved, silent, soured
from pipeline.events.tables import event_post, flag

_CURSOR = "events_watched_day"
# At most so many days are made up for: what lies further back is history.
_MOST_DAYS = 35
# A series is not flagged again so soon.
_AGAIN = timedelta(days=28)
_AT = func.coalesce(post.c.published_ms, post.c.collected_ms).label("at_ms")
_QUERIES: dict[Kind, str] = {
    "topic": "topic:{s}",
    "sector": "sector:{s}",
    "place": "place:{s}",
    "phrase": 'keyphrase:"{s}"',
    "source": "source:{s}",
}


def watch(connection: Connection, rules: Events, *, now: datetime, name: Callable[[Kind, str], str]) -> int:
    """Look at the days that are over and were not looked at; returns how many flags were raised. name: of a series."""
    yesterday = day_of(to_ms(now) or 0) - timedelta(days=1)
    since = yesterday - timedelta(days=_MOST_DAYS - 1)
    seen = connection.execute(select(meta.c.value).where(meta.c.key == _CURSOR)).scalar()
    first = max(since, date.fromisoformat(seen) + timedelta(days=1)) if seen else since
    if first > yesterday:
        return 0
    said = _said(connection, first - timedelta(days=DAYS), yesterday)
    raised = 0
    for n in range((yesterday - first).days + 1):
        day = first + timedelta(days=n)
        raised += _raise(connection, _flags(connection, said, day, rules, name))
    upsert(connection, meta, [{"key": _CURSOR, "value": yesterday.isoformat()}], key="key")
    return raised


def _flags(
    connection: Connection, said: Sequence[Said], day: date, rules: Events, name: Callable[[Kind, str], str]
) -> list[Flag]:
    until = [one for one in said if day - timedelta(days=DAYS) < one.day <= day]
    rose = [*moved(until, day, false_share=rules.false_share), *soured(until, day, false_share=rules.false_share)]
    found = [_flag(one, day, rules, name) for one in rose]
    quiet = silent(until, day, lambda source, when: _collected(connection, source, when))
    return [*found, *(_silence(one, day, name) for one in quiet)]


def _flag(one: Moved, day: date, rules: Events, name: Callable[[Kind, str], str]) -> Flag:
    # Of a topic many speak on any day; what counts is how many more than usual.
    more = max(0, round(one.voices - one.expected))
    met = rule_met({3: more if one.days <= 3 else 0, 7: more, 14: more}, rules.levels)
    level: Level = met.level if met else "blue"
    rule = sentence(met, beyond=True) if met else tr("蓝：比往常多", "blue: more than usual")
    kind, series, query = one.kind, one.series, ""
    if kind == "sentiment":
        of, _, value = series.partition(":")
        query = f"{of}:{value} sentiment:negative"
        label = tr("{n}的负面", "negative on {n}", n=name("topic" if of == "topic" else "sector", value))
    else:
        label, query = name(kind, series), _QUERIES[kind].format(s=series.replace('"', ""))
    return Flag(
        id=flag_id(kind, series, day.isoformat()),
        kind=kind,
        series=series,
        label=label,
        query=query,
        since_day=day - timedelta(days=one.days - 1),
        until_day=day,
        count=one.count,
        expected=round(one.expected, 4),
        probability=one.probability,
        adjusted=one.adjusted,
        voices=one.voices,
        negative_share=one.negative_share,
        phrases=list(one.drivers),
        level=level,
        rule=rule,
        flagged_at=_end_of(day),
        event_id="",
        posts=list(one.posts),
        similar=[],
        duty="",
    )


def _silence(one: Silence, day: date, name: Callable[[Kind, str], str]) -> Flag:
    rule = (
        tr("采集正常，来源却少有新帖", "collected well, yet few new posts")
        if one.collected
        else tr("有的日子没有采集成功，不能说公众安静", "not collected on every day: not a silence of the public")
    )
    level: Level = "blue"
    return Flag(
        id=flag_id("source", one.source, day.isoformat()),
        kind="source",
        series=one.source,
        label=name("source", one.source),
        query=f"source:{one.source}",
        since_day=day - timedelta(days=6),
        until_day=day,
        count=one.count,
        expected=round(one.expected, 4),
        probability=one.probability,
        adjusted=one.probability,
        voices=0,
        negative_share=None,
        phrases=[],
        level=level,
        rule=rule,
        flagged_at=_end_of(day),
        event_id="",
        posts=[],
        similar=[],
        duty="",
    )


def _raise(connection: Connection, found: Sequence[Flag]) -> int:
    """Those that were not raised of late."""
    if not found:
        return 0
    day = found[0].flagged_at
    lately = {
        (one.kind, one.series) for one in read_flags(connection, since=day - _AGAIN, until=day + timedelta(days=1))
    }
    new = [one for one in found if (one.kind, one.series) not in lately]
    insert_rows(connection, flag, [flag_row(one) for one in new])
    return len(new)


def _said(connection: Connection, first: date, last: date) -> list[Said]:
    """Posts of those days that repeat no earlier one and are no official replies."""
    asked = (
        select(
            post.c.id, _AT, post.c.source, post.c.author, annotation.c.sentiment, annotation.c.unsure,
            annotation.c.topics, annotation.c.sectors, annotation.c.places, annotation.c.keyphrases,
            event_post.c.event_id,
        )
        .join(annotation, annotation.c.post_id == post.c.id)
        .outerjoin(event_post, event_post.c.post_id == post.c.id)
        .where(
            annotation.c.status == "indexed",
            annotation.c.duplicate_of == "",
            post.c.kind != "official_reply",
            _midnight(first) <= _AT,
            _midnight(last + timedelta(days=1)) > _AT,
        )
    )  # fmt: skip
    return [
        Said(
            id=row.id,
            day=day_of(row.at_ms),
            source=row.source,
            voice=row.author or f"@{row.source}",
            negative=None if row.unsure else row.sentiment == "negative",
            event=row.event_id or "",
            keys=tuple(
                [("topic", one) for one in row.topics.split()]
                + [("sector", one) for one in row.sectors.split()]
                + [("place", one) for one in _parts(row.places)]
                + [("phrase", one) for one in _parts(row.keyphrases)]
            ),
        )
        for row in connection.execute(asked)
    ]


def _parts(text: str) -> list[str]:
    return text.split("\x1f") if text else []


def _collected(connection: Connection, source: str, day: date) -> bool:
    between = (run_table.c.started_ms >= _midnight(day)) & (run_table.c.started_ms < _midnight(day + timedelta(days=1)))
    asked = select(run_table.c.id).where(run_table.c.source == source, between, run_table.c.outcome == "finished")
    return connection.execute(asked.limit(1)).first() is not None


def _midnight(day: date) -> int:
    return int(datetime.combine(day, time(), SHANGHAI).timestamp() * 1000)


def _end_of(day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(), SHANGHAI).astimezone(UTC)
