"""Figures in words: what a question asks, for the list of origins and for `qingyu brief verify`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from pipeline.briefs.model import Figure, Origin
from pipeline.query.model import Question
from pipeline.query.times import SHANGHAI

# What each of `pipeline.briefs.measures.MEASURES` is called.
NAMES = {
    "count": "条数",
    "originals": "不计转载的条数",
    "copies": "转载条数",
    "voices": "声音数",
    "sure": "情感有把握的条数",
    "unsure": "情感拿不准的条数",
    "negative": "负面条数（有把握的）",
    "negative_share": "负面占比",
    "negative_low": "负面占比区间下限",
    "negative_high": "负面占比区间上限",
    "change": "增减幅度",
    "usual_median": "往常的中位数",
    "usual_low": "往常的最小值",
    "usual_high": "往常的最大值",
    "answered": "已答复条数",
    "days": "每日条数",
    "replied": "答复件数",
    "on_time": "按时答复件数",
    "on_time_share": "按时率",
    "median_days": "答复用时中位数",
    "flag_expected": "预警时的往常条数",
    "event_posts": "事件的条数",
    "quote": "摘录",
    "post_time": "发布时间",
    "sources": "来源个数",
    "set_aside": "搁置件数",
    "cases_open": "在办事项",
    "cases_overdue": "超期事项",
}
_SOURCES = {(): "在用", ("late",): "采集迟了"}
_LIMITS = (
    ("sources", "来源"),
    ("topics", "话题"),
    ("regions", "地区"),
    ("kinds", "类型"),
    ("sentiments", "情感"),
    ("places", "地点"),
)


def question_words(q: Question) -> str:
    """`2026-11-22 · 话题:water · 查询 停水`; 全部 for no limit."""
    parts = [_span(q.since, q.until)] if q.since or q.until else []
    for name, word in _LIMITS:
        if values := getattr(q, name):
            parts.append(f"{word}:{'、'.join(values)}")
    if q.query:
        parts.append(f"查询 {q.query if len(q.query) < 90 else q.query[:88] + '…'}")
    if q.originals:
        parts.append("不含转载")
    parts += [question_words(one) for one in q.also if one != Question()]
    return " · ".join(part for part in parts if part) or "全部"


def _span(since: datetime | None, until: datetime | None) -> str:
    first = since.astimezone(SHANGHAI).date().isoformat() if since else ""
    last = (until - timedelta(seconds=1)).astimezone(SHANGHAI).date().isoformat() if until else ""
    return first if first == last else f"{first} 至 {last}"


def ground_words(origin: Origin) -> str:
    """What a figure is asked of: its questions, then the ids it is about."""
    asked = [question_words(q) for q in origin.questions]
    if len(asked) > 2:
        asked = [_periods_words(origin.questions)]
    if origin.measure == "sources":
        asked = [_SOURCES.get(origin.ids[:1], "采集有误")] if origin.ids[:1] != ("asked",) else [*asked, "采集过"]
        return "；".join(["来源", *asked])
    about = [_about(origin.measure, one) for one in origin.ids]
    return "；".join([*asked, *about]) or "全部"


def _periods_words(questions: Sequence[Question]) -> str:
    """The same question about several periods."""
    spans = [found for q in questions if (found := _outer(q)) is not None]
    rest = question_words(_timeless(questions[0]))
    words = f"{min(s for s, _ in spans)} 至 {max(u for _, u in spans)} 间 {len(questions)} 个时段" if spans else ""
    return " · ".join(part for part in (words, "" if rest == "全部" else rest) if part) or "全部"


def _outer(q: Question) -> tuple[str, str] | None:
    """First and last day a question with both ends means, as it is or by one it goes with."""
    if q.since and q.until:
        last = q.until - timedelta(seconds=1)
        return q.since.astimezone(SHANGHAI).date().isoformat(), last.astimezone(SHANGHAI).date().isoformat()
    return next((found for one in q.also if (found := _outer(one)) is not None), None)


def _timeless(q: Question) -> Question:
    return replace(q, since=None, until=None, also=tuple(_timeless(one) for one in q.also))


def _about(measure: str, one: str) -> str:
    if one.isdecimal() and measure.startswith("on_time"):
        return f"{one} 个工作日内"
    return f"编号 {one}" if len(one) > 20 else one


def measure_words(figure: Figure) -> str:
    """What a figure is called."""
    return NAMES.get(figure.origin.measure, figure.origin.measure)
