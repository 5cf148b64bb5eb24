"""Alerts on 预警: those that wait for somebody, whom each reached and how, and one with all that is known of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import streamlit as st

from config.errors import QingyuError
from dashboard import asking, parts, plain_table
from dashboard.address import View
from dashboard.display import SHANGHAI, label, moment, shown
from dashboard.texts import LEVELS, TOLD, t, word
from dashboard.wording.rules import TRIED
from pipeline.access.model import Action
from pipeline.alerts.reading import Standing, Told
from pipeline.desk import alerts as verbs
from pipeline.desk.alerts import Opened

_MOST = 20
# The shape says the state without the colour.
_SIGNS = {"waiting": "◷", "held": "‖", "sending": "➤", "sent": "✔", "given_up": "✖"}


def waiting(found: Sequence[Standing]) -> list[Standing]:
    """Alerts that nobody has acknowledged, the newest first."""
    return [one for one in found if one.acknowledged_at is None]


def waiting_part(some: Sequence[Standing]) -> None:
    """Each with its state at its recipients and a button that acknowledges it; nothing where none waits."""
    if not some:
        return
    parts.heading(t("alerts_waiting", n=len(some)), help_=t("alerts_help"))
    for one in some[:_MOST]:
        left, right = st.columns([6, 2], vertical_alignment="center")
        with left:
            st.html(alert_card(one))
        with right, st.container(horizontal=True, vertical_alignment="center", key=f"link-row-waits-{one.id}"):
            _mine(one)
            _open_link(one)
    if len(some) > _MOST:
        st.caption(t("more", n=len(some) - _MOST))


def told_part(found: Sequence[Standing]) -> None:
    """The alerts of these days and whom they reached, folded: a line each, and the way to all that is known."""
    some = [one for one in found if one.acknowledged_at is not None]
    with st.expander(t("fl_told", n=len(found))):
        if not some:
            st.caption(t("fl_told_none"))
        for one in some[:_MOST]:
            left, right = st.columns([8, 1], vertical_alignment="center")
            with left:
                st.html(alert_card(one))
            with right:
                _open_link(one)
        if len(some) > _MOST:
            st.caption(t("more", n=len(some) - _MOST))


def alert_card(one: Standing) -> str:
    """An alert as HTML: level, title, who sees to it, and where it stands at each recipient."""
    told = [f"{one_told.person or one_told.group} {state_of(one_told)}" for one_told in one.told]
    mine = [t("alert_acked_by", w=one.acknowledged_by, t=moment(one.acknowledged_at))] if one.acknowledged_at else []
    where = " · ".join([t("flag_raised", t=moment(one.made_at)), *mine, *(told or [t("alert_nobody")])])
    return (
        f'<div class="qy-card"><span class="qy-level {shown(one.level)}">{shown(word(LEVELS, one.level))}</span> '
        f'<b>{shown(one.title)}</b><div class="qy-dim">{shown(where)}</div></div>'
    )


def state_of(told: Told) -> str:
    """Where it stands at a recipient, by shape and word."""
    return f"{_SIGNS.get(told.state, '')} {word(TOLD, told.state)}"


def one_alert(alert_id: str) -> None:
    """The alert in the address: what it says, why, whom it reached, every attempt."""
    st.page_link(parts.FLAGS, label=t("flags_back"), icon=":material/arrow_back:")
    found = verbs.opened(asking.desk(), alert_id)
    if found is None:
        st.warning(t("alert_gone"))
        return
    st.html(alert_card(found.standing))
    with st.container(horizontal=True, vertical_alignment="center", key="link-row-alert"):
        if found.standing.acknowledged_at is None:
            _mine(found.standing)
        parts.posts_link(_posts_of(found), key="row-alert-posts")
    _why(found)
    _deliveries(found)


def _why(found: Opened) -> None:
    parts.heading(t("alert_why"))
    lines = "".join(f"<li>{shown(one)}</li>" for one in found.alert.reason)
    figures = " · ".join(f"{shown(name)} {shown(value)}" for name, value in found.alert.figures)
    rule = shown(t("alert_rule", r=found.alert.rule, a=moment(found.alert.since), b=moment(found.alert.until)))
    st.html(f'<div class="qy-card"><ul>{lines}</ul><div>{figures}</div><div class="qy-dim">{rule}</div></div>')


def _deliveries(found: Opened) -> None:
    parts.heading(t("alert_deliveries"))
    if not found.standing.told:
        st.caption((found.standing.note and label(found.standing.note)) or t("alert_nobody"))
    else:
        heads = [t("alert_whom"), t("alert_where"), t("alert_state"), t("alert_when"), t("alert_remark")]
        plain_table.show(heads, [_told_row(one) for one in found.standing.told], name=t("alert_deliveries"))
    for group, (_, following) in found.groups.items():
        if following is not None:
            st.caption(t("alert_next", g=label(group), t=moment(following)))
    if found.attempts:
        heads = [t("alert_when"), t("alert_outcome"), t("alert_remark")]
        rows = [
            [moment(one.at), word(TRIED, one.outcome), " ".join(filter(None, [str(one.code or ""), one.note]))]
            for one in found.attempts
        ]
        plain_table.show(heads, rows, name=t("alert_attempts"))


def _told_row(one: Told) -> list[str]:
    person = f"{one.person or one.group}（{one.group}）" if one.person else one.group
    when = one.sent_at or one.until
    remark = [t("alert_escalated")] * one.escalated + [t("alert_tries", n=one.tries)] * (one.tries > 1) + [one.reason]
    return [person, one.address, state_of(one), moment(when), "；".join(filter(None, remark))]


def _posts_of(found: Opened) -> View:
    one = found.alert
    last = (one.until - timedelta(milliseconds=1)).astimezone(SHANGHAI).date()
    return View(query=one.query, first=one.since.astimezone(SHANGHAI).date(), last=last)


def _open_link(one: Standing) -> None:
    with st.container(key=f"link-row-alert-{one.id}", width="content"):
        st.page_link(
            parts.FLAGS, label=t("alert_open"), icon=":material/arrow_forward:", query_params={"alert": one.id}
        )


def _mine(one: Standing) -> None:
    if not asking.may(Action.ACKNOWLEDGE):
        return
    if st.button(t("alert_mine"), key=f"ack-{one.id}", help=t("alert_ack", l=label(one.title)), type="primary"):
        _acknowledge(one)


def _acknowledge(one: Standing) -> None:
    try:
        found = verbs.acknowledge(asking.desk(), one.id)
    except QingyuError as error:
        parts.complain(error)
        return
    st.session_state["judged"] = t("alert_acked", l=one.title, w=found.who)
    st.rerun()
