"""检索: query, facets, results, trend, words, kept questions, files. What is shown stands in the address."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from config.errors import QueryError
from dashboard import (
    asking,
    course,
    filter_bar,
    parts,
    post_parts,
    question_parts,
    search_parts,
    trend_charts,
    trend_parts,
)
from dashboard.address import View, view_of
from dashboard.charts import PICK
from dashboard.display import SHANGHAI, number
from dashboard.texts import t
from pipeline.access.model import Action
from pipeline.query.breaking import Split

PAGE = 20
# The trend where the view has no beginning.
TREND_DAYS = 90


def current() -> View:
    """The view the address describes; where it says nothing, with the filters of the page before."""
    if set(st.query_params) <= {"asked"}:
        return filter_bar.current()
    return view_of({key: st.query_params.get_all(key) for key in st.query_params})


def go(view: View) -> None:
    """Show another view: its address first, then the page anew."""
    filter_bar.go(view)


def trend(view: View) -> None:
    """Posts by hour, day, week or month; a click narrows to that step, a stretch drawn over the whole to that time."""
    today = asking.now().astimezone(SHANGHAI).date()
    period = course.period_of(view, today, days=TREND_DAYS)
    known = trend_parts.known_of(period)
    (line,) = course.lines(asking.ask, view.question(), period, known)
    parts.heading(t("trend"))
    picked = st.altair_chart(
        trend_charts.bars(line, marks={}, holidays={}, height=150),
        on_select="rerun",
        selection_mode=[PICK],
        key=f"trend-{hash(view)}",
        alt=t("trend"),
    )
    gaps = trend_parts.gaps_of(known, period)
    cut = t("trend_cut", n=period.days) if view.first is None else ""
    st.caption(t("trend_note") + cut + (t("unknown_days") if gaps else ""))
    rows = picked.selection.get(PICK) if picked else None
    narrowed = course.narrowed_to(view, str(rows[0].get("at", "")), period) if rows else None
    if narrowed is not None and narrowed != view:
        go(narrowed)
    asked = replace(view, first=None, last=None).question()
    found = asking.ask("breakdown", asked, split=Split(interval="week"), figures=("count",))
    weeks = course.every_week({row.keys[-1]: int(row.figures[0] or 0) for row in found})
    if drawn := trend_parts.overview_part(weeks, period):
        go(replace(view, first=drawn[0], last=min(drawn[1], today), after="", post=""))


def results(view: View) -> None:
    """The page of results and the way to the next."""
    found = asking.search(view.question(), sort=view.sort, size=PAGE, after=view.after)
    if not found.hits:
        st.info(t("nothing"))
        return
    for n, hit in enumerate(found.hits):
        st.html(parts.hit_card(hit))
        parts.posts_link(replace(view, post=hit.post["id"]), wording=t("detail"), key=f"hit-{n}")
    with st.container(horizontal=True):
        if view.after:
            parts.posts_link(replace(view, after=""), wording=t("first_page"), key="first")
        if found.after:
            parts.posts_link(replace(view, after=found.after), wording=t("next"), key="next")


def beside(view: View, total: int) -> None:
    """Right of the results: facets, words, files."""
    asked = view.question()
    search_parts.facets(view, asking.ask("facets", asked, fields=search_parts.FACETS))
    search_parts.words(view, asked)
    if asking.may(Action.EXPORT_POSTS):
        search_parts.export(asked, total)


def show() -> None:
    """The page."""
    if asked := st.query_params.get("asked", ""):
        question_parts.open_kept(asked)
        return
    view = current()
    # A link within the page changes the view but not the address bar: say the address anew, so that it can be passed on.
    filter_bar.say(view)
    if view.post:
        post_parts.detail(view)
        return
    chosen = search_parts.form(view)
    if chosen != view:
        go(chosen)
    question_parts.kept_part(view)
    lifted = search_parts.limits(view)
    if lifted is not None:
        go(lifted)
    try:
        total = asking.ask("count", view.question())
        voices = asking.ask("voices", view.question())
    except QueryError as error:
        parts.complain(error)
        return
    left, right = st.columns([5, 2], gap="medium")
    with left:
        st.html(f'<div class="qy-h" id="total">{t("total_voices", n=number(total), v=number(voices))}</div>')
        question_parts.since_opened(view)
        trend(view)
        results(view)
    with right:
        beside(view, total)


show()
