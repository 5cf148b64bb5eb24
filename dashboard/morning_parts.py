"""The parts of 今日 that tell what happened: flags, new events, cases that run out, and what is new to this person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import streamlit as st

from dashboard import case_parts, flag_parts, parts
from dashboard.display import excerpt, moment, number, shown
from dashboard.texts import LEVELS, t, word
from pipeline.desk.morning import Due
from pipeline.events.model import Event, Flag
from pipeline.events.wording import why
from pipeline.replies_view import Replies

_FLAGS, _EVENTS, _CASES = 4, 5, 5
_RISING = ("red", "orange", "yellow", "blue")


@dataclass(frozen=True, slots=True)
class News:
    """What the day holds for a person. since: the last look of the visit before, None for none; None: may not see it."""

    since: datetime | None
    flags: Sequence[Flag] | None
    events: Sequence[Event] | None
    replies: Replies | None
    due: Due | None

    def fresh(self, at: datetime) -> bool:
        """Whether something of that time is new to the person."""
        return self.since is not None and at > self.since


def since_line(news: News) -> None:
    """One line: what came since the person last looked."""
    if news.since is None:
        st.caption(t("first_look"))
        return
    counts = (
        ("since_look_flags", [one.flagged_at for one in news.flags or ()]),
        ("since_look_events", [one.first_at for one in news.events or ()]),
        ("since_look_replies", [one.replied_at for one in (news.replies.newest if news.replies else ())]),
    )
    said = [t(key, n=n) for key, times in counts if (n := sum(map(news.fresh, times)))]
    line = t("since_look", t=moment(news.since), w="，".join(said) or t("since_look_nothing"))
    st.html(f'<div class="qy-since" role="status">{shown(line)}</div>')


def mark(fresh: bool) -> str:
    """The mark of what is new to the person, HTML; "" for what is not."""
    return f' <span class="qy-tag qy-new">{shown(t("new_mark"))}</span>' if fresh else ""


def flags_part(news: News) -> None:
    """The flags of the day: how many of each level, then the highest with their reasons."""
    found = news.flags or ()
    parts.heading(t("flags_of_day"))
    if not found:
        st.caption(t("flags_of_day_none"))
    else:
        counts = [(level, sum(one.level == level for one in found)) for level in _RISING]
        st.html(" ".join(f"{level_sign(level)} {number(n)}" for level, n in counts if n))
    for flag in found[:_FLAGS]:
        _flag_row(flag, fresh=news.fresh(flag.flagged_at))
    if found:
        with st.container(key="link-row-flags-all"):
            st.page_link(parts.FLAGS, label=t("flags_all"), icon=":material/arrow_forward:")


def level_sign(level: str) -> str:
    """A level as shape and word, HTML."""
    return f'<span class="qy-level {shown(level)}">{shown(word(LEVELS, level))}</span>'


def _flag_row(flag: Flag, *, fresh: bool) -> None:
    left, right = st.columns([5, 2], vertical_alignment="center", gap="small")
    with left:
        st.html(
            f'<div class="qy-row"><div class="grow">{level_sign(flag.level)} <b>{shown(excerpt(flag.label, 40))}</b>{mark(fresh)}'
            f'<br><span class="qy-dim">{shown(excerpt(why(flag), 90))}</span></div></div>'
        )
    with right:
        if flag.event_id:
            parts.event_link(flag.event_id, key=f"today-{flag.id}")
        else:
            parts.posts_link(flag_parts.view_of_flag(flag), key=f"row-today-{flag.id}")


def events_part(news: News) -> None:
    """The events that began on the day, the most voices first."""
    parts.heading(t("events_of_day"))
    if not news.events:
        st.caption(t("events_of_day_none"))
    for event in (news.events or ())[:_EVENTS]:
        _event_row(event, fresh=news.fresh(event.first_at))


def _event_row(event: Event, *, fresh: bool) -> None:
    row = t("event_row", o=number(event.originals), c=number(event.posts - event.originals), v=number(event.voices))
    few = f' <span class="qy-tag">{shown(t("event_few"))}</span>' if event.voices < parts.FEW_VOICES else ""
    left, right = st.columns([7, 3], vertical_alignment="center", gap="small")
    with left:
        st.html(
            f'<div class="qy-row"><div class="grow">{shown(excerpt(event.title, 40))}{few}{mark(fresh)}<br>'
            f'<span class="qy-dim">{shown(row)}</span></div></div>'
        )
    with right:
        parts.event_link(event.id, key=f"new-{event.id}")


def cases_part(news: News, *, now: datetime) -> None:
    """Cases that are overdue or run out by tomorrow, the most urgent first."""
    parts.heading(t("cases_due"))
    due = news.due
    some = [*due.overdue, *due.soon] if due else []
    if not some:
        st.caption(t("cases_due_none"))
    for case in some[:_CASES]:
        st.html(case_parts.case_card(case, now=now))
        case_parts.case_link(case.number)
    with st.container(key="link-row-cases-all"):
        st.page_link(case_parts.CASES, label=t("cases_list"), icon=":material/arrow_forward:")


def cases_figure(due: Due) -> None:
    """How many cases wait for an answer and run out, as a figure beside the others."""
    over = len(due.overdue)
    parts.figure(
        t("cases_card"),
        number(over + len(due.soon)),
        where=t("cases_card_over", n=over) if over else t("cases_card_fine"),
        where_class="qy-above" if over else "qy-within",
        note=t("cases_card_note", n=len(due.soon)),
    )
