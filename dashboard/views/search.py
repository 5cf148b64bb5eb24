"""检索: query, filters, results, trend, export. What is shown stands in the address."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import streamlit as st

from config.errors import QueryError
from dashboard import asking, charts, parts, search_parts, today_parts
from dashboard.address import View, start_of, view_of
from dashboard.display import SHANGHAI, number
from dashboard.outlook import coverage_of, unknown_days
from dashboard.texts import t
from pipeline.query.layer import Question
from pipeline.sources_view import days_crawled

PAGE = 20
# The trend shows at most this many days; wider bars than lines are needed to be clicked.
TREND_DAYS = 90


def current() -> View:
    """The view the address describes."""
    return view_of({key: st.query_params.get_all(key) for key in st.query_params})


def go(view: View) -> None:
    """Show another view: its address first, then the page anew."""
    st.query_params.from_dict(view.to_params())
    st.rerun()


def trend(view: View) -> None:
    """Posts by day; a click narrows to that day."""
    today = asking.now().astimezone(SHANGHAI).date()
    last = min(view.last, today) if view.last else today
    first = max(view.first or last - timedelta(days=TREND_DAYS - 1), last - timedelta(days=TREND_DAYS - 1))
    if first >= last:
        return
    days = asking.ask("by_day", view.question(), since_day=first, until_day=last)
    parts.heading(t("trend"))
    everything = asking.ask("by_day", Question(), since_day=first, until_day=last)
    crawled, last_ok = days_crawled(asking.project(), since=start_of(first))
    unknown = unknown_days(everything, coverage_of(everything, crawled=crawled, last_ok=last_ok))
    key = f"trend-{hash(view)}"
    picked = st.altair_chart(
        charts.trend_bars(days, unknown=unknown),
        on_select="rerun",
        selection_mode=[charts.PICK],
        key=key,
        alt=t("trend"),
    )
    cut = view.first is None or view.first < first
    st.caption(
        t("trend_note")
        + (t("trend_cut", n=(last - first).days + 1) if cut else "")
        + (t("unknown_days") if unknown else "")
    )
    if day := today_parts.picked_day(picked):
        go(view.narrowed(day))


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
    """Right of the results: topics, sources, words that stand out, export."""
    asked = view.question()
    search_parts.breakdown(view, "topic", asking.ask("by", asked, field="topic", size=8), asking.topics())
    search_parts.breakdown(view, "source", asking.ask("by", asked, field="source", size=8), asking.source_titles())
    if asked != Question():
        parts.heading(t("stand_out"))
        today_parts.words_row(asking.ask("significant_words", asked, size=12), view, key="stand")
    search_parts.export(asked, total)


def show() -> None:
    """The page."""
    view = current()
    # A link within the page changes the view but not the address bar: say the address anew, so that it can be passed on.
    st.query_params.from_dict(view.to_params())
    if view.post:
        search_parts.detail(view)
        return
    chosen = search_parts.form(view)
    if chosen != view:
        go(chosen)
    try:
        total = asking.ask("count", view.question())
        voices = asking.ask("voices", view.question())
    except QueryError as error:
        parts.complain(error)
        return
    left, right = st.columns([5, 2], gap="medium")
    with left:
        st.html(f'<div class="qy-h" id="total">{t("total_voices", n=number(total), v=number(voices))}</div>')
        trend(view)
        results(view)
    with right:
        beside(view, total)


show()
