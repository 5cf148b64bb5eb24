"""预警: what is worth a look and why, the verdicts; alerts that wait, and whom each reached (`?alert=`)."""

from __future__ import annotations

from datetime import timedelta

import streamlit as st

from dashboard import alert_parts, asking, filter_bar, flag_parts, parts
from dashboard.address import View, start_of
from dashboard.display import SHANGHAI, label
from dashboard.texts import LEVELS, t, word
from pipeline.desk import alerts as alert_desk
from pipeline.desk import flags as flag_desk
from pipeline.desk.flags import Sought
from pipeline.events.model import LEVELS as RISING

# Where no days are chosen.
_DAYS = 14
# A page of more is read by nobody.
_MOST = 60
_SEPARATOR = ","


def levels_chosen() -> tuple[str, ...]:
    """The levels of the address; what is none is passed over."""
    return tuple(one for one in st.query_params.get("level", "").split(_SEPARATOR) if one in RISING)


def choice(levels: tuple[str, ...]) -> tuple[tuple[str, ...], bool]:
    """Levels, none for all, and whether only flags that nobody has judged."""
    with st.container(horizontal=True, vertical_alignment="bottom", key="flag-choice"):
        picked = st.pills(
            t("fl_levels"),
            RISING[::-1],
            selection_mode="multi",
            default=list(levels),
            format_func=lambda one: word(LEVELS, one),
            key=f"flag-levels|{_SEPARATOR.join(levels)}",
        )
        fresh = st.toggle(t("flags_open"), st.query_params.get("open") == "1", key="flags-open")
    return tuple(one for one in RISING if one in picked), fresh


def sought(view: View, levels: tuple[str, ...], *, fresh: bool) -> Sought:
    """What the view asks for; without days the last two weeks."""
    first = view.first or (view.last or asking.now().astimezone(SHANGHAI).date()) - timedelta(days=_DAYS - 1)
    return Sought(
        since=start_of(first),
        until=start_of(view.last + timedelta(days=1)) if view.last else None,
        levels=levels,
        fresh=fresh,
        topics=view.topics,
        places=view.places,
        sources=view.sources,
    )


def flags_part(asked: Sought) -> None:
    """The flags, a row each."""
    some = flag_desk.listed(asking.desk(), asked)
    parts.heading(t("fl_count", n=len(some)))
    if not some:
        st.info(t("fl_none"))
    for flag in some[:_MOST]:
        flag_parts.flag_row(flag)
    if len(some) > _MOST:
        st.caption(t("flags_more", n=len(some) - _MOST))


def show() -> None:
    """The page."""
    if event_id := st.query_params.get("event", ""):  # links of older mails
        st.switch_page(parts.TOPICS, query_params={"event": event_id})
    if alert_id := st.query_params.get("alert", ""):
        # A link within the page changes what is shown but not the address bar, and the next run reads that: say it anew.
        st.query_params.from_dict({"alert": alert_id})
        alert_parts.one_alert(alert_id)
        return
    view, levels = filter_bar.current(), levels_chosen()
    chosen = filter_bar.bar(view)
    chosen_levels, fresh = choice(levels)
    own = {"level": _SEPARATOR.join(chosen_levels), "open": "1" if fresh else ""}
    if (chosen, chosen_levels) != (view, levels):
        filter_bar.go(chosen, **{key: value for key, value in own.items() if value})
    filter_bar.say(view, **own)
    if said := st.session_state.pop("judged", ""):
        st.success(label(said))
    asked = sought(view, levels, fresh=fresh)
    if not (view.first or view.last):
        st.caption(t("fl_days", n=_DAYS))
    raised = alert_desk.listed(asking.desk(), since=asked.since, until=asked.until)
    alert_parts.waiting_part(alert_parts.waiting(raised))
    flags_part(asked)
    alert_parts.told_part(raised)


show()
