"""面板: a dashboard of `config/dashboards`, over the days chosen. Which one, the days and the query stand in the address."""

from __future__ import annotations

from datetime import date
from functools import partial

import streamlit as st

from config.dashboards import Dashboard
from config.errors import QueryError
from dashboard import asking, panel_parts, parts
from dashboard.display import SHANGHAI, shown, visible
from dashboard.texts import t
from pipeline.panels.filling import Period, last_days, question_of
from pipeline.query.layer import Question


def chosen(found: dict[str, Dashboard]) -> str:
    """The dashboard in the address (`?name=`), else the first; choosing another writes it there."""
    wanted = st.query_params.get("name", "")
    if wanted and wanted not in found:
        st.warning(t("dashboard_unknown", n=visible(wanted)[:60]))
    names = list(found)
    current = wanted if wanted in found else "overview" if "overview" in found else names[0]
    name = st.selectbox(
        t("dashboard"),
        names,
        names.index(current),
        format_func=partial(_title, found),
        key=f"dashboard|{wanted}",
    )
    if name != current:
        st.query_params["name"] = name
        for key in ("from", "to"):
            st.query_params.pop(key, None)
        st.rerun()
    return name


def _title(found: dict[str, Dashboard], name: str) -> str:
    return visible(found[name].title)


def _day(key: str, usual: date) -> date:
    """The day in the address (`?from=`, `?to=`), else the usual; choosing another writes it there."""
    try:
        wanted = date.fromisoformat(st.query_params.get(key, ""))
    except ValueError:
        wanted = usual
    day = st.date_input(t(key), value=wanted, format="YYYY-MM-DD", key=f"dashboards-{key}|{wanted}")
    if isinstance(day, date) and day != wanted:
        st.query_params[key] = day.isoformat()
        st.rerun()
    return wanted


def narrowed() -> Question:
    """The query in the address (`?q=`); typing another writes it there."""
    wanted = st.query_params.get("q", "")[:2000]
    query = st.text_input(
        t("narrow"), value=wanted, placeholder=t("query_hint"), max_chars=2000, key=f"dashboards-q|{wanted}"
    )
    if (query or "").strip() != wanted:
        st.query_params["q"] = (query or "").strip()
        st.rerun()
    return Question(query=wanted)


def show() -> None:
    """The page."""
    found = asking.dashboards()
    if st.query_params.get("name", "") not in {"", *found}:  # perhaps it was imported just now
        asking.dashboards.clear()
        found = asking.dashboards()
    if not found:
        st.info(t("dashboards_none"))
        return
    today = asking.now().astimezone(SHANGHAI).date()
    columns = st.columns([3, 5, 2, 2], vertical_alignment="bottom")
    with columns[0]:
        name = chosen(found)
    dashboard = found[name]
    with columns[1]:
        extra = narrowed()
    with columns[2]:
        first = _day("from", last_days(dashboard, today).first)
    with columns[3]:
        last = _day("to", today)
    period = Period(min(first, last), max(first, last))
    if dashboard.description:
        st.html(f'<div class="qy-dim">{shown(dashboard.description)}</div>')
    try:
        asking.ask("count", extra)
    except QueryError as error:  # told once, not in every panel
        parts.complain(error)
        return
    panels(dashboard, period, extra, name)


def panels(dashboard: Dashboard, period: Period, extra: Question, name: str) -> None:
    """The dashboard's panels, line by line; what is missing at the end of a line stays empty."""
    n = 0
    for line in panel_parts.lines(dashboard.panels):
        rest = 12 - sum(panel.width for panel in line)
        columns = st.columns([*(panel.width for panel in line), *([rest] if rest else [])], gap="medium")
        for panel, column in zip(line, columns, strict=False):
            with column:
                asked = question_of(panel, dashboard, period, extra if extra.query else None)
                panel_parts.show_panel(panel, asked, f"{name}-{n}")
            n += 1


show()
