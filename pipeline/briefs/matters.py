"""二、重点事件: what was flagged and why, what is said (verbatim), and the other events that moved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from crawlers.store import read
from pipeline.briefs.asking import Asker
from pipeline.briefs.model import Block, Cell, Heading, Link, Paragraph, Piece, Quotation, Section, Table
from pipeline.briefs.numerals import numeral
from pipeline.briefs.periods import Period, day_told
from pipeline.briefs.showing import close, cut, fit, named
from pipeline.events.model import LEVELS, Event, Flag
from pipeline.events.reading import event_by_id, events, flags
from pipeline.query.model import Question
from pipeline.query.times import SHANGHAI
from pipeline.sources_view import store_engine

_LEVELS = {"blue": "蓝色", "yellow": "黄色", "orange": "橙色", "red": "红色"}
_STATES = {"growing": "仍有新帖", "fading": "趋于平息", "over": "已平息"}
_VERDICTS = {"true": "研判属实", "known": "已知事项"}
_OTHERS, _QUOTES, _TITLE = 10, 2, 60
# Two quotations that begin with the same so many characters are one.
_SAME = 40
# Flags of a source are about the collecting, not about the public: 数据说明 tells of sources.
_NOT_MATTERS = ("source",)


@dataclass(frozen=True, slots=True)
class Matter:
    """A flag with the event it belongs to, where there is one. others: further flags of the same event in the period."""

    flag: Flag
    event: Event | None
    others: int


def matters(asker: Asker, *, size: int, source_titles: Mapping[str, str]) -> Section:
    """The section. size: how many matters are told at length."""
    found, noise = _matters(asker)
    blocks: list[Block] = [Heading(1, "二、重点事件")]
    if not found:
        blocks.append(Paragraph(("本期没有预警的事件。",)))
    for n, matter in enumerate(found[:size], 1):
        blocks += _matter(asker, matter, n, source_titles)
    if left := found[size:]:
        blocks.append(Paragraph((f"另有预警{len(left)}项：" + "；".join(_name(one) for one in left) + "。",)))
    if noise:
        blocks.append(Paragraph((f"另有{noise}项预警经研判为误报，未列入。",), small=True))
    return Section("matters", [*blocks, *_others(asker, found, min(len(found), size) + 1)])


def _matters(asker: Asker) -> tuple[list[Matter], int]:
    """Flags of the period, one an event, gravest first; and how many were judged to be noise."""
    period = asker.period
    with read(store_engine(asker.ground.project)) as connection:
        raised = [f for f in flags(connection, since=period.since, until=period.until) if f.kind not in _NOT_MATTERS]
        told = [f for f in raised if f.verdict != "noise" and _concerns(asker, f)]
        known = {f.event_id: event_by_id(connection, f.event_id) for f in told if f.event_id}
    groups: dict[str, list[Flag]] = {}
    for one in sorted(told, key=lambda f: (-LEVELS.index(f.level), -f.count, f.id)):
        event = known.get(one.event_id)
        groups.setdefault(event.id if event else one.id, []).append(one)
    found = [Matter(group[0], known.get(group[0].event_id), len(group) - 1) for group in groups.values()]
    return found, sum(f.verdict == "noise" for f in raised)


def _concerns(asker: Asker, flag: Flag) -> bool:
    """Whether a flag has posts among those the brief is about; a brief about everything is about all flags."""
    if asker.base == Question():
        return True
    return bool(asker.ground.counted(Question(query=flag.query, also=(_window(flag).asked(asker.base),)))[0])


def _window(flag: Flag) -> Period:
    return Period("topic", flag.since_day, flag.until_day)


def _name(matter: Matter) -> str:
    name = matter.event.title if matter.event else matter.flag.label
    return cut(named(name), _TITLE) or "（无题）"


def _matter(asker: Asker, matter: Matter, n: int, source_titles: Mapping[str, str]) -> list[Block]:
    flag, ground = matter.flag, asker.ground
    asked = Question(query=flag.query, since=_window(flag).since, until=_window(flag).until)
    posts = ground.posts([*flag.posts, *([matter.event.first_post] if matter.event else [])])
    verdict = f"，{_VERDICTS[flag.verdict]}" if flag.verdict in _VERDICTS else ""
    blocks: list[Block] = [
        Heading(2, f"（{numeral(n)}）{_name(matter)}（{_LEVELS[flag.level]}{verdict}）"),
        Paragraph(_figures(asker, flag, asked), lead="数量。"),
        Paragraph(_why(matter), lead="为何预警。"),
    ]
    first = matter.event.first_post if matter.event else next(iter(flag.posts), "")
    if first in posts:
        blocks.append(Paragraph(_first(asker, first, posts[first], source_titles), lead="最早一帖。"))
    blocks.append(Paragraph(_answers(asker, flag, asked), lead="答复。"))
    shown = _distinct([posts[one] for one in flag.posts if one in posts])[:_QUOTES]
    return [*blocks, *(_quotation(asker, post, source_titles) for post in shown)]


def _distinct(posts: Sequence[dict[str, object]]) -> list[dict[str, object]]:
    """Those of the posts that do not say again what an earlier one says: a copy, or the same beginning."""
    found: dict[object, dict[str, object]] = {}
    openings: set[str] = set()
    for post in posts:
        opening = fit(str(post["text"] or post["title"]))[:_SAME]
        if opening not in openings:
            found.setdefault(post["copies"] or post["id"], post)
        openings.add(opening)
    return list(found.values())


def _figures(asker: Asker, flag: Flag, asked: Question) -> Cell:
    count, originals = asker.figure("count", asked), asker.figure("originals", asked)
    expected = asker.figure("flag_expected", ids=(flag.id,))
    copies = asker.figure("copies", asked)
    passed_on: Cell = ("，不计转载", originals, "条，转载", copies, "条") if copies.value else ("，没有转载",)
    mood: Cell = ()
    if asker.figure("sure", asked).value:
        mood = (
            "情感判断有把握的",
            asker.figure("sure", asked),
            "条中，负面占",
            asker.figure("negative_share", asked),
            "。",
        )
    return (
        f"{_window(flag).told_short()}共", count, "条", asker.few(count.value), *passed_on, "，来自",
        asker.figure("voices", asked), "个声音；往常同样长的时间有", expected, "条。", *mood,
    )  # fmt: skip


def _why(matter: Matter) -> Cell:
    parts = [close(fit(matter.flag.rule)).rstrip("。") or "达到预警级别"]
    if matter.flag.phrases:
        parts.append(f"突出的说法：{'、'.join(named(one) for one in list(matter.flag.phrases)[:6])}")
    if matter.others:
        parts.append(f"本期同一事件另有{matter.others}次预警")
    if matter.event:
        parts.append(f"目前{_STATES[matter.event.state]}")
    return ("。".join(parts) + "。",)


def _first(asker: Asker, post_id: str, post: dict[str, object], titles: Mapping[str, str]) -> Cell:
    at = asker.figure("post_time", ids=(post_id,))
    title = cut(fit(str(post["title"])), _TITLE)
    return (at, f"，{_source(post, titles)}", f"，《{title}》" if title else "", *_link(post), "。")


def _source(post: dict[str, object], titles: Mapping[str, str]) -> str:
    return fit(titles.get(str(post["source"]), str(post["source"])))


def _link(post: dict[str, object]) -> tuple[Piece, ...]:
    """The way to the original, where it is a page of the web."""
    url = str(post["url"])
    return ("（", Link("原帖", url), "）") if url.startswith(("http://", "https://")) else ()


def _answers(asker: Asker, flag: Flag, asked: Question) -> Cell:
    said: Cell = ("已有官方答复", asker.figure("answered", asked), "条。")
    return (*said, f"这类事项通常由{fit(flag.duty)}答复。") if flag.duty else said


def _quotation(asker: Asker, post: dict[str, object], titles: Mapping[str, str]) -> Quotation:
    text = asker.figure("quote", ids=(str(post["id"]),))
    at = asker.figure("post_time", ids=(str(post["id"]),))
    return Quotation(text, ("——", _source(post, titles), "，", at, *_link(post)))


def _others(asker: Asker, told: Sequence[Matter], n: int) -> list[Block]:
    """A table of further events with posts in the period, as the n-th part of the section."""
    if asker.base != Question():
        return []
    period, ids = asker.period, {one.event.id for one in told if one.event}
    with read(store_engine(asker.ground.project)) as connection:
        found = [one for one in events(connection, since=period.since, until=period.until) if one.id not in ids]
    if not found:
        return []
    counted = [(one, asker.figure("event_posts", asker.asked, ids=(one.id,))) for one in found[: _OTHERS * 4]]
    rows = [
        ((named(one.title)[:_TITLE],), (count,), (_day(one.first_at, asker),), (_STATES[one.state],))
        for one, count in sorted(counted, key=lambda pair: -float(pair[1].value or 0))
        if count.value
    ]
    head: list[Block] = [Heading(2, f"（{numeral(n)}）其他在动的事件")] if rows else []
    table = Table("", ("事件", "本期条数", "最早", "现状"), (0.46, 0.16, 0.22, 0.16), rows[:_OTHERS], right=(1,))
    return [*head, table] if rows else []


def _day(at: datetime, asker: Asker) -> str:
    day = at.astimezone(SHANGHAI).date()
    return day_told(day) if day.year != asker.period.last_day.year else f"{day.month}月{day.day}日"
