"""话题与事件: what is spoken of in a period; a topic (`?about=`); an event (`?event=`)."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from dashboard import asking, course, event_parts, filter_bar, parts, topic_parts, trend_parts
from dashboard.display import SHANGHAI
from dashboard.texts import EVENT_STATES, t, word
from pipeline.access.model import Action
from pipeline.desk import flags as flag_desk

# Where no period is chosen.
_DAYS = 30
_SEPARATOR = ","


def one_event(event_id: str) -> None:
    """The event in the address."""
    # A link within the page changes what is shown but not the address bar, and the next run reads that: say it anew.
    st.query_params.from_dict({"event": event_id})
    st.page_link(parts.TOPICS, label=t("tp_back"), icon=":material/arrow_back:")
    found = flag_desk.event(asking.desk(), event_id)
    if found is None:
        st.warning(t("event_gone"))
        return
    event_parts.event_page(*found)


def states_chosen() -> tuple[str, ...]:
    """The states of the address."""
    return tuple(one for one in st.query_params.get("state", "").split(_SEPARATOR) if one in EVENT_STATES)


def show() -> None:
    """The page."""
    if event_id := st.query_params.get("event", ""):
        one_event(event_id)
        return
    today = asking.now().astimezone(SHANGHAI).date()
    about = st.query_params.get("about", "")
    view, states = filter_bar.current(), states_chosen()
    chosen = filter_bar.bar(view)
    own = {"about": about, "state": _SEPARATOR.join(states)}
    if chosen != view:
        filter_bar.go(chosen, **{key: value for key, value in own.items() if value})
    view = replace(view, query="", after="", post="")
    period = course.period_of(view, today, days=_DAYS)
    filter_bar.say(view, **own)
    if not (view.first or view.last):
        st.caption(t("tr_default", n=_DAYS))
    if about:
        st.page_link(
            parts.TOPICS, label=t("tp_back"), icon=":material/arrow_back:", query_params=replace(view).to_params()
        )
        if about not in asking.topics():
            st.warning(t("tp_unknown"))
            return
        topic_parts.one_topic(about, view, period, trend_parts.known_of(period))
        return
    left, right = st.columns(2, gap="medium")
    before = trend_parts.known_of(course.compared_period(period, "before"))
    with left:
        topic_parts.topics_part(topic_parts.standings(view, period, before), view, period)
    if asking.may(Action.SEE_FLAGS):
        with right:
            picked = st.pills(
                t("tp_states"),
                list(EVENT_STATES),
                selection_mode="multi",
                default=list(states),
                format_func=lambda one: word(EVENT_STATES, one),
                key=f"topic-states|{_SEPARATOR.join(states)}",
            )
            if tuple(one for one in EVENT_STATES if one in picked) != states:
                filter_bar.go(view, state=_SEPARATOR.join(picked))
            topic_parts.events_part(view, period, states)


show()
