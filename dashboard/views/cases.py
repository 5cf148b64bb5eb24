"""清单: the cases, those that run out of time first, and the course of one (`?case=`)."""

from __future__ import annotations

from datetime import datetime

import streamlit as st

from config.errors import QingyuError
from crawlers.store import opened, read
from dashboard import asking, case_parts, parts
from dashboard.texts import t
from pipeline.cases.keeping import all_cases, case_numbered, changes_of
from pipeline.cases.model import LISTED, OPEN, Case
from pipeline.cases.quoting import quotations

_MOST = 100


def one_case(number: str, *, who: str, now: datetime) -> None:
    """The case in the address."""
    st.page_link(case_parts.CASES, label=t("cases_back"), icon=":material/arrow_back:")
    with opened(asking.project()) as store, read(store) as connection:
        case = case_numbered(connection, number[:40])
        changes = changes_of(connection, case.number)
    st.html(case_parts.case_card(case, now=now))
    case_parts.steps(case, who=who, now=now)
    left, right = st.columns(2, gap="medium")
    with left:
        case_parts.course(changes)
    with right:
        case_parts.quotations(quotations(asking.project(), case, who="dashboard"))


def chosen(found: list[Case], *, unit: str | None, which: str, now: datetime) -> list[Case]:
    """Those of the unit and kind; overdue ones first, then by deadline."""
    some = [case for case in found if _wanted(case, which, now) and unit in (None, case.unit)]
    return sorted(some, key=lambda case: (not case.overdue(now), case.deadline_at, case.number))


def _wanted(case: Case, which: str, now: datetime) -> bool:
    fits = {"open": case.state in OPEN, "overdue": case.overdue(now), "listed": case.state in LISTED}
    return fits.get(which, True)


def show() -> None:
    """The page."""
    now = asking.now()
    first, second, third = st.columns([3, 3, 3], vertical_alignment="bottom")
    with third:
        who = st.text_input(t("who"), max_chars=80, key="who")
    if number := st.query_params.get("case", ""):
        try:
            one_case(number, who=who, now=now)
        except QingyuError as error:
            parts.complain(error)
        return
    with opened(asking.project()) as store, read(store) as connection:
        found = all_cases(connection)
    with first:
        kinds = ["open", "overdue", "listed", "all"]
        which = st.selectbox(t("cases_which"), kinds, 0, format_func=lambda one: t(f"cases_{one}"), key="cases-which")
    with second:
        units = sorted({case.unit for case in found if case.unit})
        unit = st.selectbox(t("case_unit"), units, None, placeholder=t("all"), key="cases-unit")
    some = chosen(found, unit=unit, which=which, now=now)
    overdue = sum(case.overdue(now) for case in found)
    st.caption(t("cases_counts", n=sum(case.state in OPEN for case in found), o=overdue))
    if not some:
        st.info(t("cases_none"))
    for case in some[:_MOST]:
        left, right = st.columns([8, 1], vertical_alignment="center")
        with left:
            st.html(case_parts.case_card(case, now=now))
        with right:
            case_parts.case_link(case.number)
    if len(some) > _MOST:
        st.caption(t("more", n=len(some) - _MOST))


show()
