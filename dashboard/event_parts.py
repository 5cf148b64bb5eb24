"""An event: its counts, growth, course, posts verbatim, flags with their verdicts, what was like it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import streamlit as st

from dashboard import asking, case_parts, charts, flag_parts, parts
from dashboard.address import View
from dashboard.display import excerpt, moment, number, shown
from dashboard.texts import EVENT_STATES, LEVELS, t, word
from pipeline.access.model import Action
from pipeline.desk.topics import Happened, happened
from pipeline.events.model import Event, Flag
from pipeline.query.breaking import Split
from pipeline.query.model import Question

_POSTS = 3


def event_page(event: Event, flags: Sequence[Flag], similar: Sequence[Event]) -> None:
    """The whole page of one event."""
    parts.heading(event.title)
    facts(event)
    with st.container(horizontal=True, vertical_alignment="center"):
        parts.posts_link(View(query=f"event:{event.id}"), wording=t("event_all"), key="row-event-all")
        if asking.may(Action.WORK_CASES):
            case_parts.open_from("event", event.id)
    left, right = st.columns([3, 2], gap="medium")
    with left:
        growth(event)
        originals(event)
    with right:
        timeline(happened(asking.desk(), event, flags))
        parts.heading(t("event_flags"))
        for flag in flags:
            flag_parts.flag_row(flag, alone=True)
        if not flags:
            st.caption(t("ev_no_flags"))
        if similar:
            parts.heading(t("event_similar"))
            for one in similar:
                parts.event_link(one.id, key=f"similar-{one.id}", wording=f"{one.title} · {moment(one.first_at)[:10]}")


def facts(event: Event) -> None:
    """The counts and what it is about."""
    counts = t(
        "event_counts",
        o=number(event.originals),
        c=number(event.posts - event.originals),
        v=number(event.voices),
        n=parts.share(event.negative_share),
        a=number(event.answered),
    )
    span = t("event_span", s=word(EVENT_STATES, event.state), f=moment(event.first_at), l=moment(event.last_at))
    names = asking.topics(), asking.places()
    about = [names[0].get(one, one) for one in event.topics] + [names[1].get(one, one) for one in event.places]
    tags = "".join(f' <span class="qy-tag">{shown(one)}</span>' for one in about)
    duty = f"<br>{shown(t('flag_duty', u=event.duty))}" if event.duty else ""
    said = f"<br>{shown(t('flag_drivers', p='、'.join(event.phrases)))}" if event.phrases else ""
    few = f' <span class="qy-tag">{shown(t("event_few"))}</span>' if event.voices < parts.FEW_VOICES else ""
    st.html(
        f'<div class="qy-card">{shown(counts)}{few}<br><span class="qy-dim">{shown(span)}</span>{tags}'
        f'<span class="qy-dim">{duty}{said}</span></div>'
    )


def growth(event: Event) -> None:
    """Originals and copies by day, and how many in all up to each day."""
    parts.heading(t("ev_growth"))
    rows = asking.ask("breakdown", Question(query=f"event:{event.id}"), split=Split(("copy",), (2,), "day"))
    counts: dict[str, dict[str, int]] = {}
    for row in rows:
        counts.setdefault(row.keys[1], {})[row.keys[0]] = int(row.figures[0] or 0)
    if not counts:
        st.caption(t("ev_not_indexed"))
        return
    first, last = date.fromisoformat(min(counts)), date.fromisoformat(max(counts))
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    each = [(day, found.get("0", 0), found.get("1", 0)) for day in days for found in [counts.get(f"{day}", {})]]
    st.altair_chart(charts.growth(each), key=f"event-growth-{event.id}", alt=t("ev_growth"))
    st.caption(t("ev_growth_help"))


def timeline(found: Sequence[Happened]) -> None:
    """What happened, oldest first."""
    parts.heading(t("ev_course"))
    titles = asking.source_titles()
    lines = []
    for one in found:
        if one.what == "flag":
            said = (
                f'<span class="qy-level {shown(one.name)}">{shown(word(LEVELS, one.name))}</span> {shown(t("ev_flag"))}'
            )
        else:
            wording = t(f"ev_did_{one.what}", s=titles.get(one.name, one.name), n=one.count, u=one.text or "—")
            quoted = f" {shown(excerpt(one.text, 60))}" if one.what in {"first", "source", "copy"} else ""
            said = f"<b>{shown(wording)}</b>{quoted}"
        at = moment(one.at)[:10] if one.what == "peak" else moment(one.at)
        lines.append(f'<li><span class="qy-dim">{shown(at)}</span> {said}</li>')
    st.html(f'<ol class="qy-course">{"".join(lines)}</ol>')


def originals(event: Event) -> None:
    """Posts that say it best, verbatim."""
    parts.heading(t("event_posts"))
    ids = list(dict.fromkeys([event.first_post, *event.representatives]))[: _POSTS + 1]
    held = [found for one in ids if (found := asking.post(one)) is not None]
    for found in held:
        st.html(parts.post_card(found.post))
        parts.posts_link(View(post=found.post["id"]), wording=t("detail"), key=f"event-post-{found.post['id']}")
    if not held:
        st.caption(t("case_gone"))
