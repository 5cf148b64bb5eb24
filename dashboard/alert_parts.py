"""The alerts that wait for somebody, on 预警: what was told to whom, and the acknowledgement."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import streamlit as st

from config.errors import QingyuError
from dashboard import asking, parts
from dashboard.display import label, moment, shown
from dashboard.texts import LEVELS, TOLD, t, word
from pipeline.alerts.escalation import acknowledge
from pipeline.alerts.reading import Standing

_MOST = 20


def waiting(found: Sequence[Standing], *, since: datetime) -> list[Standing]:
    """Alerts since then that nobody has acknowledged, the newest first."""
    return [one for one in found if one.kind == "alert" and one.acknowledged_at is None and one.made_at >= since]


def waiting_part(some: Sequence[Standing], *, who: str, now: datetime) -> None:
    """Each with its state at its recipients and a button that acknowledges it; nothing where none waits."""
    if not some:
        return
    parts.heading(t("alerts_waiting", n=len(some)), help_=t("alerts_help"))
    for one in some[:_MOST]:
        left, right = st.columns([8, 1], vertical_alignment="center")
        with left:
            st.html(alert_card(one))
        with right:
            if st.button(t("alert_mine"), key=f"ack-{one.id}", help=t("alert_ack", l=label(one.title))):
                _acknowledge(one, who=who, now=now)
    if len(some) > _MOST:
        st.caption(t("more", n=len(some) - _MOST))


def alert_card(one: Standing) -> str:
    """An alert as HTML: level, title, and where it stands at each recipient."""
    told = [f"{told.person or told.group} {word(TOLD, told.state)}" for told in one.told]
    where = " · ".join([t("flag_raised", t=moment(one.made_at)), *(told or [t("alert_nobody")])])
    return (
        f'<div class="qy-card"><span class="qy-level {shown(one.level)}">{shown(word(LEVELS, one.level))}</span> '
        f'<b>{shown(one.title)}</b><div class="qy-dim">{shown(where)}</div></div>'
    )


def _acknowledge(one: Standing, *, who: str, now: datetime) -> None:
    if not who.strip():
        st.warning(t("who_missing"))
        return
    try:
        found = acknowledge(asking.project(), one.id, who=who, now=now)
    except QingyuError as error:
        parts.complain(error)
        return
    st.session_state["judged"] = t("alert_acked", l=one.title, w=found.who)
    st.rerun()
