"""What an alert shows: its reasons and figures, the curve, the first post and representatives, links. All text is cleaned.

What cannot be had now (the index is away, a post is gone) is left out and said: an alert is not held up for its picture.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from config.errors import QingyuError
from config.project import Project
from config.text import tr
from pipeline.alerts.chart import curve_png, curve_words
from pipeline.alerts.cleaning import line, quotation, web_link
from pipeline.alerts.links import search_link
from pipeline.alerts.model import Alert
from pipeline.query.layer import QueryLayer
from pipeline.query.model import Question
from pipeline.query.times import SHANGHAI

logger = logging.getLogger(__name__)
LEVEL_WORDS = {
    "blue": ("蓝色", "blue"),
    "yellow": ("黄色", "yellow"),
    "orange": ("橙色", "orange"),
    "red": ("红色", "red"),
}
LEVEL_COLOURS = {"blue": "#1d4ed8", "yellow": "#a16207", "orange": "#c2410c", "red": "#b91c1c"}
_TITLE, _REASON, _QUERY = 120, 300, 400


@dataclass(frozen=True, slots=True)
class Quoted:
    """A post as it is quoted. url: "" where it is no address to follow; host: where that leads."""

    title: str
    text: str
    source: str
    published: str
    url: str
    host: str


@dataclass(frozen=True, slots=True)
class Shown:
    """An alert as templates see it, everything plain text. level: the word; posts: the first is the earliest; curve: PNG,
    b"" for none; lacking: what could not be had."""

    id: str
    level: str
    colour: str
    title: str
    reason: Sequence[str]
    figures: Sequence[tuple[str, str]]
    query: str
    since: str
    until: str
    made_at: str
    posts: Sequence[Quoted] = ()
    curve: bytes = b""
    curve_words: str = ""
    search_url: str = ""
    lacking: Sequence[str] = field(default=())


def level_word(level: str) -> str:
    """橙色 for orange."""
    return tr(*LEVEL_WORDS[level])


def shown(project: Project, alert: Alert, *, posts: bool = True) -> Shown:
    """What an alert shows. posts: with the curve and the posts, which are asked of the query layer."""
    found, curve, words, lacking = _asked(project, alert) if posts else ((), b"", "", ())
    return Shown(
        id=alert.id,
        level=level_word(alert.level),
        colour=LEVEL_COLOURS[alert.level],
        title=line(alert.title, _TITLE),
        reason=[line(one, _REASON) for one in alert.reason],
        figures=[(line(name, 40), line(value, 80)) for name, value in alert.figures],
        query=line(alert.query, _QUERY),
        since=_local(alert.since),
        until=_local(alert.until),
        made_at=_local(alert.made_at),
        posts=found,
        curve=curve,
        curve_words=words,
        search_url=search_link(project.settings.dashboard.url, alert.query, alert.since, alert.until),
        lacking=lacking,
    )


def _asked(project: Project, alert: Alert) -> tuple[Sequence[Quoted], bytes, str, Sequence[str]]:
    lacking: list[str] = []
    quoted: Sequence[Quoted] = ()
    curve, words = b"", ""
    try:
        with QueryLayer.open(project, who="alerts") as layer:
            quoted = _quoted(project, layer, alert)
            if alert.query:
                curve, words = _curve(project, layer, alert)
    except (QingyuError, OSError) as error:
        logger.warning("alerts content lacking=%s", type(error).__name__)
        lacking.append(
            tr(
                "索引或数据库此刻用不了，曲线与原帖未附全",
                "the index cannot be asked now; curve and posts are left out",
            )
        )
    return quoted, curve, words, lacking


def _quoted(project: Project, layer: QueryLayer, alert: Alert) -> Sequence[Quoted]:
    most = project.settings.alerts.posts
    found = [view.post for one in alert.posts[:most] if (view := layer.post(one)) is not None]
    if not found and alert.query:
        asked = Question(query=alert.query, since=alert.since, until=alert.until)
        found = [hit.post for hit in layer.search(asked, sort="published", size=most).hits]
    titles = _source_titles(project)
    return [_quote(post, titles, project.settings.alerts.quote_chars) for post in found]


def _source_titles(project: Project) -> Mapping[str, str]:
    try:
        return {one.name: one.title or one.name for one in project.sources}
    except QingyuError:  # a faulty file of sources is told by `doctor`; here its name is enough
        return {}


def _quote(post: Mapping[str, Any], titles: Mapping[str, str], most: int) -> Quoted:
    url = web_link(post["url"])
    return Quoted(
        title=line(post["title"] or tr("（无标题）", "(no title)"), _TITLE),
        text=quotation(post["text"], most),
        source=line(titles.get(post["source"], post["source"]), 40),
        published=_local(_moment(post["published"])),
        url=url,
        host=line(urlsplit(url).hostname or "", 80) if url else "",
    )


def _moment(value: Any) -> datetime | None:
    return datetime.fromisoformat(value) if isinstance(value, str) and value else value or None


def _curve(project: Project, layer: QueryLayer, alert: Alert) -> tuple[bytes, str]:
    last = (alert.until - timedelta(microseconds=1)).astimezone(SHANGHAI).date()
    first = min(alert.since.astimezone(SHANGHAI).date(), last)
    begin = min(first, last - timedelta(days=project.settings.alerts.curve_days - 1))
    counted = layer.by_day(Question(query=alert.query), since_day=begin, until_day=last)
    days: list[tuple[date, int]] = [(one.day, one.count) for one in counted]
    words = curve_words(days, first) if any(n for _, n in days) else ""
    try:
        return curve_png(days, first), words
    except (ValueError, RuntimeError, ImportError) as error:  # the drawing is an ornament: the words say the same
        logger.warning("alerts chart failed=%s", type(error).__name__)
        return b"", words


def _local(at: datetime | None) -> str:
    return at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M") if at else tr("时间不详", "time unknown")


def now_local(at: datetime) -> str:
    """A time as alerts write it: of Asia/Shanghai, to the minute."""
    return _local(at.astimezone(UTC))
