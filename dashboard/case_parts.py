"""The parts of 清单: a case in the list, its course, and what a person does with it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

import streamlit as st

from config.errors import QingyuError
from dashboard import asking, parts
from dashboard.display import label, link, moment, shown
from dashboard.texts import LEVELS, t, word
from pipeline.cases.acting import Assignment, accept, assign, move, note
from pipeline.cases.clocks import left, shown_deadline
from pipeline.cases.model import ACTS, Case, Change, Doing, Origin, state_name
from pipeline.cases.moves import MOVES
from pipeline.cases.opening import Asked, open_case, units_of
from pipeline.cases.quoting import Quotation

CASES = "views/cases.py"


def case_card(case: Case, *, now: datetime) -> str:
    """A case as HTML: its number, what it is about, who deals with it, and how much time is left."""
    over = case.overdue(now)
    level = (
        f'<span class="qy-level {shown(case.level)}">{shown(word(LEVELS, case.level))}</span> ' if case.level else ""
    )
    time = f'<b class="{"qy-above" if over else ""}">{"✖ " if over else ""}{shown(left(case, now))}</b>'
    unit = case.unit or t("case_no_unit")
    tag = t("case_proposed", s=state_name(case.proposed)) if case.proposed else ""
    proposed = f' <span class="qy-tag">{shown(tag)}</span>' if tag else ""
    return (
        f'<div class="qy-card"><div class="qy-row"><div class="grow">{level}<b>{shown(case.title)}</b>'
        f"{proposed}<br>"
        f'<span class="qy-dim">{shown(case.number)} · {shown(unit)} · {shown(state_name(case.state))}</span></div>'
        f'<div>{time}<br><span class="qy-dim">{shown(t("case_due", d=shown_deadline(case.deadline_at)))}</span></div>'
        f"</div></div>"
    )


def case_link(number: str) -> None:
    """A link to the case."""
    with st.container(key=f"link-row-case-{number}"):
        st.page_link(CASES, label=t("case_open"), icon=":material/arrow_forward:", query_params={"case": number})


def course(changes: Sequence[Change]) -> None:
    """Every step: who, when, what, why."""
    parts.heading(t("case_course"))
    rows = "".join(
        f'<div class="qy-row"><span class="qy-dim">{shown(moment(one.at))}</span>'
        f"<div class='grow'>{shown(t('case_step', w=one.who, a=_act(one), s=state_name(one.state)))}"
        f"{'<br>' + shown(_said(one)) if _said(one) else ''}</div></div>"
        for one in changes
    )
    st.html(f'<div class="qy-card">{rows}</div>')


def _act(change: Change) -> str:
    return word(dict(ACTS), change.act)


def _said(change: Change) -> str:
    said = [change.why, str(change.record.get("text") or ""), str(change.record.get("answer") or "")]
    return "；".join(parts.cut(one, 400) for one in said if one)


def quotations(found: Sequence[Quotation]) -> None:
    """What its posts say, verbatim; or that they are no longer held."""
    parts.heading(t("case_posts"))
    if not found:
        st.caption(t("case_no_posts"))
    for one in found:
        if not one.held:
            st.caption(t("case_gone"))
            continue
        reply = f" · {t('case_replied', u=one.reply_unit or '—')}" if one.replied_at else ""
        st.html(
            f'<div class="qy-card qy-post"><div class="title">{shown(one.title)}</div>'
            f'<div class="qy-dim">{shown(moment(one.published))}{shown(reply)}</div>'
            f'<div class="text">{shown(one.text)}</div><div class="qy-dim">{link(one.url, t("original"))}</div></div>'
        )


def steps(case: Case, *, who: str, now: datetime) -> None:
    """The moves that are allowed from where it stands, each with its reason."""
    onward = [after for before, after in MOVES if before == case.state]
    why = st.text_input(t("case_why"), max_chars=500, key=f"why-{case.version}")
    doing = Doing(who=who.strip(), now=now, why=why, version=case.version)
    project = asking.project()
    with st.container(horizontal=True):
        if case.proposed and st.button(t("case_accept", s=state_name(case.proposed)), key="case-accept"):
            _do(lambda: accept(project, case.number, doing), who)
        for to in onward:
            if st.button(label(state_name(to)), key=f"case-to-{to}"):
                _do(lambda to=to: move(project, case.number, to, doing), who)  # type: ignore[misc]
        if st.button(t("case_note"), key="case-note"):
            _do(lambda: note(project, case.number, why, doing), who)
    if case.state in ("pending", "assigned", "working"):
        left_, right = st.columns([3, 1], vertical_alignment="bottom")
        units = units_of(project)
        at = units.index(case.unit) if case.unit in units else None
        with left_:
            unit = st.selectbox(t("case_unit"), units, at, key=f"unit-{case.version}")
        with right:
            if st.button(t("case_assign"), key="case-assign") and unit:
                _do(lambda: assign(project, case.number, Assignment(unit=unit), doing), who)


def _do(act: Callable[[], object], who: str) -> None:
    if not who.strip():
        st.warning(t("who_missing"))
        return
    try:
        act()
    except QingyuError as error:
        parts.complain(error)
        return
    st.rerun()


def open_from(origin: Origin, origin_id: str, *, who: str, now: datetime) -> None:
    """A button that puts an event on the list, and leads to the case."""
    if not st.button(t("case_make"), key=f"case-make-{origin_id}"):
        return
    if not who.strip():
        st.warning(t("who_missing"))
        return
    try:
        opened = open_case(asking.project(), Asked(origin, origin_id), Doing(who=who.strip(), now=now))
    except QingyuError as error:
        parts.complain(error)
        return
    st.success(label(t("case_made", n=opened.case.number) if opened.new else t("case_there", n=opened.case.number)))
    case_link(opened.case.number)
