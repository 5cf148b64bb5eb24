"""The parts of 话题与事件: the topics of a period, and the page of one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import streamlit as st

from dashboard import asking, course, parts, trend_charts, trend_parts
from dashboard.address import View
from dashboard.charts import PICK
from dashboard.course import Known, Line, Period
from dashboard.display import excerpt, label, moment, number, shown
from dashboard.figures import FEW
from dashboard.morning_parts import level_sign
from dashboard.texts import EVENT_STATES, t, word
from dashboard.today_parts import words_row
from pipeline.access.model import Action
from pipeline.briefs.measures import wilson
from pipeline.desk import topics as topic_desk
from pipeline.desk.events import levels, spoken_of
from pipeline.events.model import Event
from pipeline.panels.naming import group_name
from pipeline.query.breaking import Split
from pipeline.query.model import Question

_EVENTS, _WORDS, _POSTS, _REPLIES, _BESIDE = 24, 18, 5, 3, 8
_LONG = 200


@dataclass(frozen=True, slots=True)
class Standing:
    """A topic in a period. before: its posts in the period before, None where nothing is known of it."""

    topic: str
    count: int
    negative_share: float | None
    voices: int
    before: int | None


def standings(view: View, period: Period, before: Known) -> list[Standing]:
    """The topics with posts in the period or the one before, most posts first."""
    split, figures = Split(("topic",), (_LONG,)), ("count", "negative_share", "voices")
    asked = view.question()
    rows = asking.ask("breakdown", period.question(asked), split=split, figures=figures)
    other = course.compared_period(period, "before")
    known = trend_parts.gaps_of(before, other) < other.days
    earlier = asking.ask("breakdown", other.question(asked), split=split, figures=("count",))
    counts = {row.keys[0]: int(row.figures[0] or 0) for row in earlier}
    now = {row.keys[0]: row.figures for row in rows}
    found = []
    for topic in dict.fromkeys([*now, *counts]):
        count, share, voices = now.get(topic, (0, None, 0))
        found.append(Standing(topic, int(count or 0), share, int(voices or 0), counts.get(topic, 0) if known else None))
    return sorted(found, key=lambda one: (-one.count, one.topic))


def topics_part(found: Sequence[Standing], view: View, period: Period) -> None:
    """A row for each topic: how many, how that changed, how it is felt."""
    parts.heading(t("tp_topics"), help_=t("tp_topics_help", a=period.first, b=period.last))
    if not found:
        st.info(t("tr_few"))
    names = asking.topics()
    for one in found:
        row = t("tp_row", n=number(one.count), v=number(one.voices))
        felt = share_said(one.negative_share, one.count)
        change = trend_parts.difference(one.count, one.before)
        few = f' <span class="qy-tag">{shown(t("few_posts"))}</span>' if one.count < FEW else ""
        left, right = st.columns([6, 2], vertical_alignment="center", gap="small")
        with left:
            st.html(
                f'<div class="qy-row"><div class="grow"><b>{shown(names.get(one.topic, one.topic))}</b>{few} '
                f'<span class="qy-dim">{shown(change)}</span><br>'
                f'<span class="qy-dim">{shown(row)} · {shown(felt)}</span></div></div>'
            )
        with right, st.container(key=f"link-row-topic-{one.topic}"):
            params = {**view.to_params(), "about": one.topic}
            st.page_link(parts.TOPICS, label=t("tp_open"), icon=":material/arrow_forward:", query_params=params)


def share_said(share: float | None, count: int) -> str:
    """A share of negative posts with its interval of 95 %; of few posts none."""
    if share is None or count < FEW:
        return t("tp_share_few")
    low, high = wilson(round(share * count), count)
    return t("tp_share", p=f"{share:.0%}", a=f"{low:.0%}", b=f"{high:.0%}")


def events_part(view: View, period: Period, states: Sequence[str], *, topics: Sequence[str] = ()) -> None:
    """The events that were spoken of in the period."""
    found = [
        one
        for one in spoken_of(asking.desk(), period.first, period.last, topics or view.topics)
        if (not states or one.state in states) and (not view.places or set(one.places) & set(view.places))
    ]
    parts.heading(t("tp_events", n=number(len(found))))
    if not found:
        st.caption(t("tp_events_none"))
    flagged = levels(asking.desk())
    for one in found[:_EVENTS]:
        _event_row(one, flagged.get(one.id, ""))
    if len(found) > _EVENTS:
        st.caption(t("tp_events_more", n=_EVENTS))


def _event_row(event: Event, level: str) -> None:
    counts = t("event_row", o=number(event.originals), c=number(event.posts - event.originals), v=number(event.voices))
    beside = [word(EVENT_STATES, event.state), t("tp_began", d=moment(event.first_at)[:10]), counts]
    beside += [asking.places().get(one, one) for one in event.places[:1]]
    few = f' <span class="qy-tag">{shown(t("event_few"))}</span>' if event.voices < parts.FEW_VOICES else ""
    left, right = st.columns([6, 2], vertical_alignment="center", gap="small")
    with left:
        st.html(
            f'<div class="qy-row"><div class="grow">{level_sign(level) if level else ""} <b>{shown(excerpt(event.title, 44))}</b>{few}<br>'
            f'<span class="qy-dim">{shown(" · ".join(beside))}</span></div></div>'
        )
    with right:
        parts.event_link(event.id, key=f"row-{event.id}")


def one_topic(topic: str, view: View, period: Period, known: Known) -> None:
    """The page of a topic."""
    name = asking.topics().get(topic, topic)
    parts.heading(name)
    within = replace(view, topics=(topic,), first=period.first, last=period.last)
    asked = within.question()
    (line,) = course.lines(asking.ask, asked, period, known)
    line = course.with_usual(asking.ask, asked, line, period, known)
    others = replace(asked, topics=(), also=(*asked.also, Question(query=f"NOT topic:{topic}")))
    words = [
        one
        for one in asking.ask("significant_words", asked, background=others, size=_WORDS * 2)
        if one.count >= min(3, max(2, line.total // 100 + 1))
    ][:_WORDS]
    _figures(within, line.total, period)
    left, right = st.columns([3, 2], gap="medium")
    with left:
        _curve(line, within, period)
        _representatives(asked, [one.word for one in words[:8]])
    with right:
        parts.heading(t("tp_words"), help_=t("tp_words_help"))
        words_row(words, within, key="topic-word")
        for field in ("place", "source", "sector"):
            _beside(within, field)
        _answers(within)
        if asking.may(Action.SEE_FLAGS):
            events_part(replace(view, topics=()), period, (), topics=(topic,))


def _figures(view: View, total: int, period: Period) -> None:
    asked = view.question()
    rows = asking.ask("breakdown", asked, split=Split(), figures=("count", "originals", "voices", "negative_share"))
    figures = rows[0].figures if rows else (0, 0, 0, None)
    other = course.compared_period(period, "before")
    before = asking.ask("count", other.question(replace(view, first=None, last=None).question()))
    count, originals, voices, share = figures
    columns = st.columns(3)
    with columns[0]:
        parts.figure(
            t("volume"),
            number(total),
            where=trend_parts.difference(total, before),
            note=t("tp_before", a=other.first, b=other.last, n=number(before)),
            more=t("tp_originals", n=number(originals or 0)),
        )
        parts.posts_link(view, key="topic-all")
    with columns[1]:
        parts.figure(t("negative_share"), parts.share(share), where=share_said(share, int(count or 0)))
        parts.posts_link(replace(view, sentiments=("negative",)), key="topic-negative")
    with columns[2]:
        parts.figure(t("voices"), number(voices or 0), note=t("voices_note"))


def _curve(line: Line, view: View, period: Period) -> None:
    parts.heading(t("tp_course"))
    marks, each, _ = trend_parts.marked(period, view)
    names: Mapping[str, str] = dict(course.holidays(period))
    picked = st.altair_chart(
        trend_charts.bars(line, marks=marks, holidays=names, height=220),
        on_select="rerun",
        selection_mode=[PICK],
        key=f"topic-bars|{period}|{hash(view)}",
        alt=t("tp_course"),
    )
    st.caption(t("tr_curve_help", u=t(f"tr_usual_{period.step}")))
    trend_parts.to_posts(picked, view, period)
    for mark, event in each:
        parts.event_link(event.id, key=f"tight-mark-{event.id}", wording=f"{mark} {excerpt(event.title, 40)}")
    parts.heading(t("tr_share_head"))
    chosen = st.altair_chart(
        trend_charts.shares(line, height=120),
        on_select="rerun",
        selection_mode=[PICK],
        key=f"topic-share|{period}|{hash(view)}",
        alt=t("tr_share_head"),
    )
    st.caption(t("tr_share_help", n=FEW))
    trend_parts.to_posts(chosen, replace(view, sentiments=("negative",)), period)


def _representatives(asked: Question, words: Sequence[str]) -> None:
    parts.heading(t("tp_posts"), help_=t("tp_posts_help"))
    found = topic_desk.representatives(asking.desk(), asked, words, _POSTS)
    if not found:
        st.caption(t("tp_posts_none"))
    for hit in found:
        st.html(parts.hit_card(hit))
        parts.posts_link(View(post=hit.post["id"]), wording=t("detail"), key=f"topic-post-{hit.post['id']}")


def _beside(view: View, field: str) -> None:
    found = asking.ask("by", view.question(), field=field, size=_BESIDE)
    if not found:
        return
    parts.heading(group_name(field))
    name = partial(trend_parts.value_name, field)
    for n, bucket in enumerate(found):
        wording = f"{label(name(bucket.key))} · {number(bucket.count)}"
        target = trend_parts.view_of_value(view, field, bucket.key)
        parts.posts_link(target, wording=wording, key=f"tight-topic-{field}-{n}")


def _answers(view: View) -> None:
    total, newest = topic_desk.answered(asking.desk(), view.question(), _REPLIES)
    parts.heading(t("tp_answers", n=number(total)))
    if not total:
        st.caption(t("tp_answers_none"))
    for hit in newest:
        title = shown(excerpt(hit.post.get("title") or "", 60)) or shown(t("untitled"))
        st.html(f'<div class="qy-row"><div class="grow">{title}{parts.official_block(hit.post, size=160)}</div></div>')
        parts.posts_link(View(post=hit.post["id"]), wording=t("detail"), key=f"tight-answer-{hit.post['id']}")
