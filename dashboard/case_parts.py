"""The parts of 清单: a case in the list, its course, and what a person does with it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from functools import partial
from urllib.parse import quote

import streamlit as st

from config.errors import QingyuError
from config.text import tr
from dashboard import asking, charts, parts, plain_table
from dashboard.display import SHANGHAI, excerpt, label, link, moment, number, shown
from dashboard.texts import LEVELS, t, word
from pipeline.access.model import Action
from pipeline.cases.clocks import left, shown_deadline
from pipeline.cases.figures import By, Group
from pipeline.cases.model import ACTS, WAITING, Case, Change, Origin, State, state_name
from pipeline.cases.moves import MOVES
from pipeline.cases.naming import SECTORS
from pipeline.cases.quoting import Quotation
from pipeline.desk import cases as desk
from pipeline.desk.cases import Seen

CASES = "views/cases.py"
BOARD: tuple[State, ...] = ("pending", "assigned", "working", "answered", "finished")
_BOARD_MOST = 12


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


def steps(case: Case, *, now: datetime) -> None:
    """What this person may do with the case where it stands, each with its reason."""
    works, closes = asking.may(Action.WORK_CASES), asking.may(Action.CLOSE_CASES)
    onward = [after for before, after in MOVES if before == case.state]
    mine = [to for to in onward if (closes if (case.state, to) in desk.CLOSING else works)]
    if not (works or mine):
        st.caption(t("case_only_read"))
        return
    parts.heading(t("case_do"))
    why = st.text_input(t("case_why"), max_chars=500, key=f"why-{case.version}")
    seen = Seen(case.number, case.version, why)
    answer = ""
    if works and "answered" in mine:
        answer = st.text_area(t("case_answer"), max_chars=2_000, height=80, key=f"answer-{case.version}")
    with st.container(horizontal=True, key="case-moves"):
        if works and case.proposed:
            if st.button(t("case_accept", s=state_name(case.proposed)), key="case-accept", type="primary"):
                _do(lambda: desk.accept(asking.desk(), seen))
            if st.button(t("case_dismiss"), key="case-dismiss"):
                _do(lambda: desk.dismiss(asking.desk(), seen))
        for to in mine:
            if st.button(label(tr(*_move_words(case, to))), key=f"case-to-{to}"):
                _do(partial(_move, seen, case, to, answer))
        if works and st.button(t("case_note"), key="case-note"):
            _do(lambda: desk.note(asking.desk(), seen))
    if works and case.state in WAITING:
        _assignment(case, seen, now)


def _move_words(case: Case, to: State) -> tuple[str, str]:
    move = MOVES[(case.state, to)]
    return move.zh, move.en


def _move(seen: Seen, case: Case, to: State, answer: str) -> object:
    if (case.state, to) in desk.CLOSING:
        return desk.close(asking.desk(), seen, to)
    return desk.move(asking.desk(), seen, to, answer if to == "answered" else "")


def _assignment(case: Case, seen: Seen, now: datetime) -> None:
    units = desk.units(asking.desk())
    at = units.index(case.unit) if case.unit in units else None
    with st.container(horizontal=True, vertical_alignment="bottom", key="case-assignment"):
        unit = st.selectbox(
            t("case_unit"), units, at, key=f"unit-{case.version}", width=260, placeholder=t("case_no_unit")
        )
        if st.button(t("case_assign"), key="case-assign", disabled=not unit):
            _do(lambda: desk.assign(asking.desk(), seen, str(unit)))
        last = case.deadline_at.astimezone(SHANGHAI) - timedelta(microseconds=1)
        today = now.astimezone(SHANGHAI).date()
        to = st.date_input(
            t("case_deadline"), value=max(last.date(), today), min_value=today, key=f"due-{case.version}", width=170
        )
        if st.button(t("case_extend"), key="case-extend") and isinstance(to, date):
            _do(lambda: desk.extend(asking.desk(), seen, to))


def _do(act: Callable[[], object]) -> None:
    try:
        act()
    except QingyuError as error:
        parts.complain(error)
        return
    st.rerun()


def open_from(origin: Origin, origin_id: str) -> None:
    """A button that puts an event, a flag or a post on the list, and leads to the case."""
    if not st.button(t("case_make"), key=f"case-make-{origin_id}"):
        return
    try:
        opened = desk.open_from(asking.desk(), origin, origin_id)
    except QingyuError as error:
        parts.complain(error)
        return
    st.success(label(t("case_made", n=opened.case.number) if opened.new else t("case_there", n=opened.case.number)))
    case_link(opened.case.number)


def board(found: Sequence[Case], *, now: datetime) -> None:
    """A column for each state, the most urgent first; a case leads to its page."""
    columns = st.columns(len(BOARD), gap="small")
    for state, column in zip(BOARD, columns, strict=True):
        some = [case for case in found if case.state == state]
        with column:
            parts.heading(f"{state_name(state)} · {len(some)}")
            for case in some[:_BOARD_MOST]:
                st.html(small_card(case, now=now))
                case_link(case.number)
            if not some:
                st.caption(t("cases_column_none"))
            if len(some) > _BOARD_MOST:
                st.caption(t("more", n=len(some) - _BOARD_MOST))


def small_card(case: Case, *, now: datetime) -> str:
    """A case as HTML, small enough for a column."""
    over = case.overdue(now)
    level = (
        f'<span class="qy-level {shown(case.level)}">{shown(word(LEVELS, case.level))}</span> ' if case.level else ""
    )
    time = f'<span class="{"qy-above" if over else "qy-dim"}">{"✖ " if over else ""}{shown(left(case, now))}</span>'
    tag = f' <span class="qy-tag">{shown(t("case_reply_found"))}</span>' if case.proposed else ""
    return (
        f'<div class="qy-card">{level}<b>{shown(excerpt(case.title, 34))}</b>{tag}<br>'
        f'<span class="qy-dim">{shown(case.unit or t("case_no_unit"))}</span><br>{time}</div>'
    )


def table(found: Sequence[Case], *, now: datetime) -> None:
    """All in a table; the number leads to the case."""
    sectors, places = SECTORS, asking.places()
    rows = [
        [
            case.number,
            excerpt(case.title, 60),
            case.unit or "—",
            state_name(case.state),
            word(LEVELS, case.level) if case.level else "—",
            tr(*sectors[case.category]) if case.category in sectors else "—",
            places.get(case.place, case.place) or "—",
            shown_deadline(case.deadline_at),
            ("✖ " if case.overdue(now) else "") + left(case, now),
        ]
        for case in found
    ]
    heads = [
        t(f"cases_col_{n}") for n in ("number", "title", "unit", "state", "level", "category", "place", "due", "left")
    ]
    links = [f"/cases?case={quote(case.number, safe='')}" for case in found]
    plain_table.show(heads, rows, name=t("cases_table", n=number(len(rows))), links=links)


def figures(first: date, last: date, by: By) -> None:
    """How the cases of a time were dealt with."""
    months = desk.counted(asking.desk(), first, last, "month")
    if any(group.received or group.handled for group in months):
        st.altair_chart(charts.case_months(months), alt=t("cases_months"), key=f"case-months-{first}-{last}")
        st.caption(t("cases_months_help"))
    groups = months if by == "month" else desk.counted(asking.desk(), first, last, by)
    rows = [_figures_row(group, by) for group in groups]
    heads = [t(f"cases_by_{by or 'all'}")] + [
        t(f"cases_fig_{n}") for n in ("received", "handled", "on_time", "finished", "overdue", "hours", "workdays")
    ]
    if not rows:
        st.info(t("cases_fig_none"))
        return
    plain_table.show(heads, rows, name=t("cases_fig", a=first, b=last), right=(1, 2, 3, 4, 5))
    st.caption(t("cases_fig_help"))


def _figures_row(group: Group, by: By) -> list[str]:
    names = {"category": {k: tr(*v) for k, v in SECTORS.items()}, "place": asking.places()}
    key = names.get(by, {}).get(group.key, group.key) or t("cases_key_none" if by else "all")
    if by == "level" and group.key:
        key = word(LEVELS, group.key)
    share = group.on_time_share
    on_time = "—" if share is None else f"{len(group.on_time)}（{share:.0%}）"
    spreads = [
        "—" if one is None else t("cases_spread", m=f"{one.median:.1f}", p=f"{one.p90:.1f}", n=len(one.cases))
        for one in (group.hours, group.workdays)
    ]
    counts = [len(group.received), len(group.handled), on_time, len(group.finished), len(group.overdue)]
    return [key, *(str(one) for one in counts), *spreads]


def take_in() -> None:
    """A filled-in list of a unit: what it would change is shown before it is taken in."""
    given = st.file_uploader(t("cases_upload"), type=["xlsx"], key="cases-upload", max_upload_size=1)
    if given is None:
        return
    data = given.getvalue()
    try:
        found = desk.preview(asking.desk(), data)
    except QingyuError as error:
        parts.complain(error)
        return
    st.caption(t("cases_in_counts", c=len(found.changes), u=found.unchanged, r=len(found.refused)))
    for name, some in (("cases_in_refused", found.refused), ("cases_in_changes", found.changes)):
        if some:
            rows = [[str(one.row), one.number, one.said] for one in some]
            plain_table.show([t("cases_in_row"), t("cases_col_number"), t("cases_in_said")], rows, name=t(name))
    if found.refused:
        st.warning(t("cases_in_fix"))
    elif found.changes and st.button(t("cases_in_take"), key="cases-take-in", type="primary"):
        _take_in(data)


def _take_in(data: bytes) -> None:
    try:
        done = desk.take_in(asking.desk(), data)
    except QingyuError as error:
        parts.complain(error)
        return
    st.session_state["cases-said"] = t("cases_in_done" if done.written else "cases_in_fix", c=len(done.changes))
    st.session_state.pop("cases-upload", None)
    st.rerun()


def by_hand() -> None:
    """A case in somebody's own words."""
    with st.form("case-by-hand", clear_on_submit=True, border=False):
        title = st.text_input(t("case_title"), max_chars=100)
        unit = st.selectbox(t("case_unit"), desk.units(asking.desk()), None, placeholder=t("case_no_unit"))
        if not st.form_submit_button(t("case_by_hand")):
            return
    try:
        opened = desk.open_by_hand(asking.desk(), title, unit or "")
    except QingyuError as error:
        parts.complain(error)
        return
    st.success(label(t("case_made", n=opened.case.number)))
    case_link(opened.case.number)
