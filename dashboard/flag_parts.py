"""The parts of 预警: a flag with its reason and the verdict, and the event it is about."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from config.errors import QingyuError
from dashboard import asking, charts, parts
from dashboard.address import View
from dashboard.display import label, moment, number, shown
from dashboard.texts import EVENT_STATES, FLAG_KINDS, LEVELS, VERDICTS, t, word
from pipeline.access.model import Action
from pipeline.desk.flags import judge
from pipeline.events.model import Event, Flag
from pipeline.events.verdicts import SAID
from pipeline.events.wording import why

_POSTS = 3


def flag_card(flag: Flag) -> str:
    """A flag as HTML: its level by shape and word, what it is about, why, and what is known beside."""
    beside = [t("flag_raised", t=moment(flag.flagged_at)), word(FLAG_KINDS, flag.kind)]
    if flag.negative_share is not None:
        beside.append(t("flag_negative", p=parts.share(flag.negative_share)))
    if flag.duty:
        beside.append(t("flag_duty", u=flag.duty))
    phrases = [one for one in flag.phrases if one not in flag.label]
    drivers = t("flag_drivers", p="、".join(phrases)) if phrases else ""
    verdict = f' <span class="qy-tag">{shown(t("flag_judged", v=word(VERDICTS, flag.verdict)))}</span>'
    return (
        f'<div class="qy-card"><span class="qy-level {shown(flag.level)}">{shown(word(LEVELS, flag.level))}</span> '
        f"<b>{shown(flag.label)}</b>{verdict if flag.verdict else ''}<br>{shown(why(flag))}"
        f'<div class="qy-dim">{shown(" · ".join(beside))}{"<br>" + shown(drivers) if drivers else ""}</div></div>'
    )


def view_of_flag(flag: Flag) -> View:
    """Its posts in 检索."""
    return View(query=flag.query, first=flag.since_day, last=flag.until_day)


def flag_row(flag: Flag) -> None:
    """A flag, its ways on, and the verdict of whoever reads it."""
    st.html(flag_card(flag))
    with st.container(horizontal=True, vertical_alignment="center", key=f"link-flag-{flag.id}"):
        parts.posts_link(view_of_flag(flag), key=f"row-flag-{flag.id}")
        if flag.event_id:
            event_link(flag.event_id, key=flag.id)
        for said in SAID if asking.may(Action.JUDGE_FLAGS) else ():
            if st.button(word(VERDICTS, said), key=f"judge-{flag.id}-{said}", help=t("judge", l=label(flag.label))):
                _judge(flag, said)


def _judge(flag: Flag, said: str) -> None:
    try:
        judge(asking.desk(), flag.id, said)
    except QingyuError as error:
        parts.complain(error)
        return
    st.session_state["judged"] = t("judged_now", l=flag.label, v=word(VERDICTS, said))
    st.rerun()


def event_link(event_id: str, *, key: str, wording: str = "") -> None:
    """A link to the event on this page."""
    with st.container(key=f"link-row-event-{key}", width="content"):
        st.page_link(
            parts.FLAGS,
            label=label(wording) or t("event_open"),
            icon=":material/arrow_forward:",
            query_params={"event": event_id},
        )


def event_page(event: Event, flags: Sequence[Flag], similar: Sequence[Event]) -> None:
    """The course of an event: counts, curve, posts verbatim, flags, what was like it."""
    parts.heading(event.title)
    share = parts.share(event.negative_share)
    counts = t(
        "event_counts",
        o=number(event.originals),
        c=number(event.posts - event.originals),
        v=number(event.voices),
        n=share,
        a=number(event.answered),
    )
    span = t("event_span", s=word(EVENT_STATES, event.state), f=moment(event.first_at), l=moment(event.last_at))
    duty = f"<br>{shown(t('flag_duty', u=event.duty))}" if event.duty else ""
    said = f"<br>{shown(t('flag_drivers', p='、'.join(event.phrases)))}" if event.phrases else ""
    st.html(
        f'<div class="qy-card">{shown(counts)}<br><span class="qy-dim">{shown(span)}</span>'
        f'<span class="qy-dim">{duty}{said}</span></div>'
    )
    parts.posts_link(View(query=f"event:{event.id}"), wording=t("event_all"), key="row-event-all")
    if event.curve:
        parts.heading(t("event_curve"))
        st.altair_chart(charts.event_curve(event.curve), key=f"event-curve-{event.id}", alt=t("event_curve"))
    left, right = st.columns(2, gap="medium")
    with left:
        parts.heading(t("event_posts"))
        for post_id in event.representatives[:_POSTS]:
            if (found := asking.post(post_id)) is not None:
                st.html(parts.post_card(found.post))
    with right:
        parts.heading(t("event_flags"))
        for flag in flags:
            st.html(flag_card(flag))
        if similar:
            parts.heading(t("event_similar"))
            for one in similar:
                event_link(one.id, key=f"similar-{one.id}", wording=f"{one.title} · {moment(one.first_at)[:10]}")
