"""How each source is: judged from the reports of its runs, so that a crawl with nothing in it never looks like success."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Connection, Engine, select

from config.sources import Source
from config.text import tr
from crawlers.rows import from_ms
from crawlers.schema import run, source_state
from crawlers.store import read

Health = Literal["new", "fine", "late", "empty", "failing", "robots", "markup"]
# A source that was not read for three of its intervals is late: one may be missed, two may be chance.
_LATE_INTERVALS = 3
# Earlier runs looked at to know what a source usually gives.
_RUNS = 10


@dataclass(frozen=True, slots=True)
class RunReport:
    """A run as the store keeps it."""

    started: datetime
    finished: datetime | None
    outcome: str
    reason: str
    counts: Mapping[str, Any]

    def seen(self) -> int:
        """How much the run saw: pages unchanged, posts read, links found."""
        return sum(int(self.counts.get(name, 0)) for name in ("not_modified", "posts_read", "links_seen"))


@dataclass(frozen=True, slots=True)
class SourceHealth:
    """How a source is. reason: one sentence that says what to do; counts: of the last run that ended."""

    source: str
    health: Health
    reason: str
    last_run: datetime | None
    last_ok: datetime | None
    counts: Mapping[str, Any]


def source_health(engine: Engine, sources: Sequence[Source], now: datetime) -> list[SourceHealth]:
    """How each of `sources` is at `now`, in the order given."""
    with read(engine) as connection:
        return [_one(connection, source, now) for source in sources]


def _one(connection: Connection, source: Source, now: datetime) -> SourceHealth:
    asked = select(run).where(run.c.source == source.name).order_by(run.c.started_ms.desc(), run.c.id).limit(_RUNS)
    runs = [_report(dict(row)) for row in connection.execute(asked).mappings()]
    ok = connection.execute(select(source_state.c.last_ok_ms).where(source_state.c.source == source.name)).scalar()
    ended = [r for r in runs if r.finished is not None]
    health, reason = judge(ended, every=timedelta(seconds=source.every), now=now)
    return SourceHealth(
        source=source.name,
        health=health,
        reason=reason,
        last_run=runs[0].started if runs else None,
        last_ok=from_ms(ok),
        counts=ended[0].counts if ended else {},
    )


def _report(row: Mapping[str, Any]) -> RunReport:
    started = from_ms(row["started_ms"])
    assert started is not None  # the column is NOT NULL
    return RunReport(started, from_ms(row["finished_ms"]), row["outcome"], row["reason"], json.loads(row["counts"]))


def judge(ended: Sequence[RunReport], *, every: timedelta, now: datetime) -> tuple[Health, str]:
    """The health of a source and what to do, from its ended runs, newest first. Pure."""
    if not ended:
        return "new", tr("还没有采集过：运行 qingyu crawl", "never read: run qingyu crawl")
    last = ended[0]
    counts = last.counts
    if counts.get("robots_refused") and not last.seen():
        why = tr(
            "网站的 robots.txt 不允许采集：请尊重它，与网站方联系，或停用此来源",
            "the site's robots.txt refuses: respect it, ask the site, or disable this source",
        )
        return "robots", why
    if _markup(last):
        why = tr(
            "半数以上页面解析不了，网页多半改版了：用 qingyu sources check 查看并改选择器",
            "most pages cannot be parsed, the markup has probably changed: run qingyu sources check and mend the selectors",
        )
        return "markup", why
    if last.outcome == "failed":
        return "failing", tr("取不到页面：{r}", "pages cannot be read: {r}", r=last.reason)
    if not last.seen() and (any(earlier.seen() for earlier in ended[1:]) or len(ended) == 1):
        why = tr(
            "这次什么也没有取到：用 qingyu sources check 查看页面",
            "the last run found nothing: look at the page with qingyu sources check",
        )
        return "empty", why
    if last.finished is not None and now - last.finished > _LATE_INTERVALS * every:
        why = tr(
            "超过 {n} 个间隔没有采集：qingyu run 在运行吗？",
            "not read for {n} intervals: is qingyu run working?",
            n=_LATE_INTERVALS,
        )
        return "late", why
    return "fine", ""


def _markup(last: RunReport) -> bool:
    """Whether half or more of the pages that came were not what they should be, or gave no more than faults."""
    wrong, spoilt, parsed = (int(last.counts.get(name, 0)) for name in ("pages_wrong", "pages_spoilt", "pages_parsed"))
    return wrong + spoilt > 0 and 2 * (wrong + spoilt) >= parsed + wrong
