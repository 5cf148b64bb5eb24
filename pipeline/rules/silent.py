"""Rules of kind `source_silent`: sources that were not read with success, or gave no new post, for too long."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from config.rules import SourceSilentRule
from config.sources import SourceConfig
from config.text import tr
from crawlers.schema import post, run, source_state
from pipeline.alerts.model import Alert
from pipeline.query.times import milliseconds
from pipeline.rules.asking import moment
from pipeline.rules.firing import Candidate
from pipeline.rules.raising import Raising, delivery_of
from pipeline.rules.saying import clean, span
from pipeline.rules.windows import Found


@dataclass(frozen=True, slots=True)
class Life:
    """When a source was last read with success, last gave a new post, and was first heard of; ms, None for never."""

    read_ms: int | None
    post_ms: int | None
    began_ms: int | None


def lives(connection: Connection, names: Sequence[str]) -> dict[str, Life]:
    """The life of each source."""

    def newest(statement: object) -> Mapping[str, int]:
        return {name: int(at) for name, at in connection.execute(statement) if at is not None}  # type: ignore[call-overload]

    some = list(names)
    read_at = newest(select(source_state.c.source, source_state.c.last_ok_ms).where(source_state.c.source.in_(some)))
    landed = select(post.c.source, func.max(post.c.collected_ms)).where(post.c.source.in_(some)).group_by(post.c.source)
    began = select(run.c.source, func.min(run.c.started_ms)).where(run.c.source.in_(some)).group_by(run.c.source)
    post_at, began_at = newest(landed), newest(began)
    return {one: Life(read_at.get(one), post_at.get(one), began_at.get(one)) for one in some}


def watched(rule: SourceSilentRule, sources: Sequence[SourceConfig]) -> list[SourceConfig]:
    """The sources the rule is about: those named, else all that are on and are read by themselves."""
    if rule.sources:
        return [one for one in sources if one.name in rule.sources]
    return [one for one in sources if one.enabled and one.kind != "import"]


def silent(
    connection: Connection, rule: SourceSilentRule, sources: Sequence[SourceConfig], raising: Raising, *, now: datetime
) -> Iterator[Candidate]:
    """What `rule` has to tell: a candidate for each source that is silent."""
    some = watched(rule, sources)
    found = lives(connection, [one.name for one in some])
    for source in some:
        life = found[source.name]
        if since := silence(rule, life, milliseconds(now)):
            yield _candidate(rule, source, life, since, raising)


def silence(rule: SourceSilentRule, life: Life, now_ms: int) -> tuple[str, int] | None:
    """What a source lacks ("runs" or "posts") and since when (ms); None where it is alive, or was never read at all."""
    if life.began_ms is None and life.post_ms is None:
        return None
    for what, last in (("runs", life.read_ms), ("posts", life.post_ms)):
        since = last if last is not None else life.began_ms
        if rule.of in (what, "both") and since is not None and now_ms - since > rule.window * 1000:
            return what, since
    return None


def _candidate(
    rule: SourceSilentRule, source: SourceConfig, life: Life, since: tuple[str, int], raising: Raising
) -> Candidate:
    what, since_ms = since
    now_ms = milliseconds(raising.now)
    # Told once in each stretch of `realert` while it lasts.
    stretch = (now_ms - since_ms) // max(1, round((rule.realert_s or rule.window) * 1000))
    name = clean(source.title or source.name, 60)
    long = span((now_ms - since_ms) // 60_000 * 60)
    if what == "runs":
        said = tr("{s}已有{t}没有采集成功", "{s} was not read with success for {t}", s=name, t=long)
        why = tr("采集没有成功，不能说公众安静", "it was not read, which says nothing of the public")
    else:
        said = tr("{s}已有{t}没有新帖", "{s} gave no new post for {t}", s=name, t=long)
        why = tr("采集正常，来源没有新帖", "it was read with success and had no new post")
        if life.read_ms is None or now_ms - life.read_ms > rule.window * 1000:
            why = tr("采集也没有成功，不能说公众安静", "it was not read either, which says nothing of the public")

    def make(alert_id: str, found: Found) -> Alert:
        return Alert(
            id=alert_id,
            rule=rule.name,
            key=source.name,
            level=rule.level,
            title=tr("{r}：{s}", "{r}: {s}", r=clean(rule.told, 100), s=said),
            reason=[said, why],
            figures=[(tr("没有动静", "silent"), long)],
            query=f"source:{source.name}",
            since=moment(since_ms),
            until=raising.now,
            posts=[],
            topics=[],
            places=[],
            made_at=raising.now,
            delivery=delivery_of(rule),
        )

    found = Found(since_ms, now_ms, f"{what}{since_ms:x}-{stretch}", 0, float(now_ms - since_ms))
    return Candidate(rule, source.name, found, make)
