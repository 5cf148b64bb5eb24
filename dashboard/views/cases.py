"""清单: the cases as a board, a list, a table, and in figures; the course of one (`?case=`)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime

import streamlit as st

from config.errors import QingyuError
from dashboard import asking, case_parts, parts
from dashboard.display import SHANGHAI, label, shown
from dashboard.texts import LEVELS, t, word
from pipeline.access.model import Action
from pipeline.cases.figures import GROUPINGS, By
from pipeline.cases.model import LISTED, OPEN, Case
from pipeline.desk import cases as desk
from pipeline.events.model import LEVELS as RISING

_MOST = 100
_SHOWS = ("list", "board", "table", "figures")
_WHICH = ("open", "overdue", "listed", "all")
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def one_case(number: str, *, now: datetime) -> None:
    """The case in the address."""
    st.query_params.from_dict({"case": number})
    st.page_link(case_parts.CASES, label=t("cases_back"), icon=":material/arrow_back:")
    case, changes, quoted = desk.one(asking.desk(), number)
    st.html(case_parts.case_card(case, now=now))
    if case.event_id and asking.may(Action.SEE_FLAGS):
        parts.event_link(case.event_id, key=f"case-{case.number}")
    if case.answer:
        parts.heading(t("case_answered"))
        st.html(f'<div class="qy-card qy-post"><div class="text">{shown(case.answer)}</div></div>')
    case_parts.steps(case, now=now)
    left, right = st.columns(2, gap="medium")
    with left:
        case_parts.course(changes)
    with right:
        case_parts.quotations(quoted)


def chosen(found: Sequence[Case], *, unit: str, which: str, level: str, now: datetime) -> list[Case]:
    """Those of the unit, kind and level; overdue ones first, then by deadline."""
    some = [
        case for case in found if _wanted(case, which, now) and unit in {"", case.unit} and level in {"", case.level}
    ]
    return sorted(some, key=lambda case: (not case.overdue(now), case.deadline_at, case.number))


def _wanted(case: Case, which: str, now: datetime) -> bool:
    fits = {"open": case.state in OPEN, "overdue": case.overdue(now), "listed": case.state in LISTED}
    return fits.get(which, True)


def _one_of(key: str, known: Sequence[str], usual: str) -> str:
    value = st.query_params.get(key, usual)
    return value if value in known else usual


def filters(found: Sequence[Case]) -> dict[str, str]:
    """What is shown, as the address has it; where the reader chose otherwise, the address first, then the page anew."""
    units = sorted({case.unit for case in found if case.unit})
    now = {
        "show": _one_of("show", _SHOWS, "list"),
        "which": _one_of("which", _WHICH, "open"),
        "unit": _one_of("unit", ["", *units], ""),
        "level": _one_of("level", ["", *RISING], ""),
        "by": _one_of("by", GROUPINGS, "unit"),
    }
    with st.container(horizontal=True, vertical_alignment="bottom", key="cases-bar"):
        picked = {
            "show": _pick("cases_show", _SHOWS, now["show"], lambda one: t(f"cases_show_{one}")),
            "which": now["which"],
            "unit": now["unit"],
            "level": now["level"],
            "by": now["by"],
        }
        if now["show"] == "figures":
            picked["by"] = _pick("cases_by", GROUPINGS, now["by"], lambda one: t(f"cases_by_{one or 'all'}"))
        else:
            picked["which"] = _pick("cases_which", _WHICH, now["which"], lambda one: t(f"cases_{one}"))
            picked["unit"] = _pick("case_unit", ["", *units], now["unit"], lambda one: one or t("all"), width=220)
            picked["level"] = _pick(
                "cases_level", ["", *RISING[::-1]], now["level"], lambda one: word(LEVELS, one) if one else t("all")
            )
    if picked != now:
        st.query_params.from_dict({key: value for key, value in picked.items() if value})
        st.rerun()
    return now


def _pick(key: str, options: Sequence[str], value: str, name: Callable[[str], str], *, width: int = 150) -> str:
    found = st.selectbox(
        t(key), list(options), list(options).index(value), format_func=name, key=f"{key}|{value}", width=width
    )
    return str(found)


def figures(by: By, today: date) -> None:
    """The figures of the year, or of the days chosen."""
    with st.container(horizontal=True, vertical_alignment="bottom", key="cases-days"):
        first = st.date_input(
            t("from"), value=today.replace(month=1, day=1), max_value=today, key="cases-first", width=160
        )
        last = st.date_input(t("to"), value=today, max_value=today, key="cases-last", width=160)
    if isinstance(first, date) and isinstance(last, date):
        case_parts.figures(min(first, last), max(first, last), by)


def ways(some: Sequence[Case]) -> None:
    """The list as a file, a filled-in list back, a case by hand."""
    with st.container(horizontal=True, vertical_alignment="center", key="cases-ways"):
        numbers = [case.number for case in some]
        sitting = asking.desk()
        st.download_button(
            t("cases_xlsx"),
            lambda: desk.sheet(sitting, numbers),
            f"qingdan-{asking.now():%Y%m%d}.xlsx",
            _XLSX,
            key="cases-xlsx",
            on_click="ignore",
            disabled=not some,
        )
        if asking.may(Action.WORK_CASES):
            with st.popover(t("cases_in"), width="content"):
                case_parts.take_in()
            with st.popover(t("case_by_hand"), width="content"):
                case_parts.by_hand()


def show() -> None:
    """The page."""
    now = asking.now()
    if number := st.query_params.get("case", ""):
        try:
            one_case(number, now=now)
        except QingyuError as error:
            parts.complain(error)
        return
    found = desk.listed(asking.desk())
    if said := st.session_state.pop("cases-said", ""):
        st.success(label(said))
    choice = filters(found)
    if choice["show"] == "figures":
        figures(choice["by"], now.astimezone(SHANGHAI).date())  # type: ignore[arg-type]
        return
    some = chosen(found, unit=choice["unit"], which=choice["which"], level=choice["level"], now=now)
    overdue = sum(case.overdue(now) for case in found)
    st.caption(t("cases_counts", n=sum(case.state in OPEN for case in found), o=overdue))
    ways(some)
    if not some:
        st.info(t("cases_none"))
        return
    if choice["show"] == "board":
        case_parts.board(some, now=now)
        return
    if choice["show"] == "table":
        case_parts.table(some, now=now)
        return
    for case in some[:_MOST]:
        left, right = st.columns([8, 1], vertical_alignment="center")
        with left:
            st.html(case_parts.case_card(case, now=now))
        with right:
            case_parts.case_link(case.number)
    if len(some) > _MOST:
        st.caption(t("more", n=len(some) - _MOST))


show()
