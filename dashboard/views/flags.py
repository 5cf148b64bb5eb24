"""预警: what is worth a look and why, the verdicts, and the event behind a flag (`?event=`)."""

from __future__ import annotations

from datetime import timedelta

import streamlit as st

from crawlers.store import opened, read
from dashboard import alert_parts, asking, case_parts, flag_parts, parts
from dashboard.display import label
from dashboard.texts import LEVELS, t, word
from pipeline.alerts.reading import standings
from pipeline.events.model import LEVELS as RISING
from pipeline.events.model import Event, Flag
from pipeline.events.reading import event_by_id, flags

_DAYS = (7, 14, 30, 90)
# A page of more is read by nobody.
_MOST = 60


def one_event(event_id: str) -> None:
    """The event in the address."""
    st.page_link(parts.FLAGS, label=t("flags_back"), icon=":material/arrow_back:")
    with opened(asking.project()) as store, read(store) as connection:
        event = event_by_id(connection, event_id[:64])
        raised = flags(connection, event_id=event.id) if event else []
        ids = list(dict.fromkeys(one for flag in raised for one in flag.similar))
        similar = [one for i in ids if (one := event_by_id(connection, i)) is not None]
    if event is None:
        st.warning(t("event_gone"))
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        who = st.text_input(t("who"), max_chars=80, key="who")
        case_parts.open_from("event", event.id, who=who, now=asking.now())
    flag_parts.event_page(event, raised, _others(event, similar))


def _others(event: Event, similar: list[Event]) -> list[Event]:
    return list({one.id: one for one in similar if one.id != event.id}.values())


def choice() -> tuple[int, str, bool, str]:
    """Days back, least level, whether only those not judged, and who is asking."""
    first, second, third, fourth = st.columns([2, 2, 2, 3], vertical_alignment="bottom")
    with first:
        days = st.selectbox(t("flags_days"), _DAYS, 1, format_func=lambda n: t("flags_days_n", n=n), key="flags-days")
    with second:
        least = st.selectbox(t("flags_least"), RISING, 0, format_func=lambda one: word(LEVELS, one), key="flags-least")
    with third:
        fresh = st.toggle(t("flags_open"), key="flags-open")
    with fourth:
        who = st.text_input(t("who"), max_chars=80, key="who")
    return days, least, fresh, who


def listed(found: list[Flag], *, fresh: bool) -> list[Flag]:
    """The highest level first, then the latest; of an event only its highest flag, its page has the others."""
    some = [one for one in found if not (fresh and one.verdict)]
    some.sort(key=lambda one: (RISING.index(one.level), one.flagged_at), reverse=True)
    first: dict[str, Flag] = {}
    for one in some:
        first.setdefault(one.event_id or one.id, one)
    return list(first.values())


def show() -> None:
    """The page."""
    if event_id := st.query_params.get("event", ""):
        one_event(event_id)
        return
    now = asking.now()
    days, least, fresh, who = choice()
    if said := st.session_state.pop("judged", ""):
        st.success(label(said))
    with opened(asking.project()) as store, read(store) as connection:
        found = flags(connection, since=now - timedelta(days=days), at_least=least)  # type: ignore[arg-type]
        alerts = alert_parts.waiting(standings(connection), since=now - timedelta(days=days))
    alert_parts.waiting_part(alerts, who=who, now=now)
    if alerts:
        parts.heading(t("flags"))
    some = listed(found, fresh=fresh)
    if not some:
        st.info(t("flags_none"))
    for flag in some[:_MOST]:
        flag_parts.flag_row(flag, who=who, now=now)
    if len(some) > _MOST:
        st.caption(t("flags_more", n=len(some) - _MOST))


show()
