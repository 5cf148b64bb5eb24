"""今日: what is talked about, against the usual for this weekday."""

from __future__ import annotations

from datetime import date, timedelta

import streamlit as st

from config.text import tr
from dashboard import asking, charts, parts, today_parts
from dashboard.address import View
from dashboard.display import SHANGHAI, label, moment, number
from dashboard.figures import ENOUGH, Usual, standing
from dashboard.outlook import CURVE_DAYS, Outlook, look
from dashboard.texts import WEEKDAYS, t
from pipeline.sources_view import days_crawled, health_of


def chosen_day(today: date) -> date:
    """The day in the address (`?day=`), else today; choosing another writes it there."""
    try:
        wanted = date.fromisoformat(st.query_params.get("day", ""))
    except ValueError:
        wanted = today
    day = st.date_input(t("day"), value=min(wanted, today), max_value=today, format="YYYY-MM-DD", key=f"day-{wanted}")
    if isinstance(day, date) and day != wanted:
        st.query_params["day"] = day.isoformat()
        st.rerun()
    return min(wanted, today)


def against(value: float | None, expected: Usual | None, day: date, *, percent: bool) -> dict[str, str]:
    """How a figure stands and what is usual, in words; too little data is said as such."""
    if expected is None or value is None:
        return {"where": t("too_little"), "note": t("too_little_why", n=ENOUGH)}
    place = standing(value, expected)
    low, mid, high = ((f"{v:.0%}" if percent else number(v)) for v in (expected.low, expected.median, expected.high))
    note = t("usual_for", n=expected.n, w=tr(*WEEKDAYS[day.weekday()]), m=mid, a=low, b=high)
    return {"where": t(place), "where_class": f"qy-{place}", "note": note}


def figures(outlook: Outlook, replies: int) -> None:
    """The four figures of the day, each with a way to its posts."""
    whole = t("partial", t=moment(outlook.cut)[11:]) if outlook.cut else t("whole_day")
    columns = st.columns(4)
    with columns[0]:
        parts.figure(
            f"{t('volume')} · {whole}",
            number(outlook.count),
            **against(outlook.count, outlook.usual_count, outlook.day, percent=False),
        )
        parts.posts_link(outlook.view(), key="volume")
    with columns[1]:
        compared = against(outlook.negative_share, outlook.usual_share, outlook.day, percent=True)
        parts.figure(t("negative_share"), parts.share(outlook.negative_share), **compared)
        parts.posts_link(View(first=outlook.day, last=outlook.day, sentiments=("negative",)), key="negative")
    with columns[2]:
        since = t("since_yesterday", n=number(outlook.count), p=parts.count(outlook.day_before))
        parts.figure(t("voices"), number(outlook.voices), where=since, note=t("voices_note"))
        parts.posts_link(outlook.view(), key="voices")
    with columns[3]:
        parts.figure(t("official_replies"), number(replies), where=t("replied_on", d=outlook.day))


def curve(outlook: Outlook) -> None:
    """The last four weeks; a click on a day leads to its posts."""
    parts.heading(t("curve", n=CURVE_DAYS))
    picked = st.altair_chart(
        charts.day_curve(outlook.points, partial=outlook.day if outlook.cut else None),
        on_select="rerun",
        selection_mode=[charts.PICK],
        key=f"curve-{outlook.day}",
        alt=t("curve_help"),
    )
    st.caption(t("curve_help"))
    if day := today_parts.picked_day(picked):
        st.switch_page(parts.SEARCH, query_params=View(first=day, last=day).to_params())


def unknown_day(outlook: Outlook) -> None:
    """Say that nothing is known of the day, and lead to the newest that is known."""
    st.warning(label(t("no_data_day", d=outlook.day)), icon=":material/help:")
    if outlook.latest and outlook.latest != outlook.day:
        wording = t("go_latest", d=outlook.latest)
        st.page_link(
            parts.TODAY,
            label=wording,
            query_params={"day": outlook.latest.isoformat()},
            icon=":material/arrow_forward:",
        )


def show() -> None:
    """The page."""
    project, now = asking.project(), asking.now()
    today = now.astimezone(SHANGHAI).date()
    left, right = st.columns([1, 6], vertical_alignment="bottom")
    with left:
        day = chosen_day(today)
    with right:
        today_parts.sources_strip(health_of(project, now=now), now=now)
    crawled, last_ok = days_crawled(project, since=now - timedelta(days=400))
    outlook = look(day, ask=asking.ask, crawled=crawled, last_ok=last_ok)
    if outlook.observed:
        replies = today_parts.replies_of(day)
        figures(outlook, replies.total)
    else:
        unknown_day(outlook)
    left, right = st.columns([3, 2])
    with left:
        curve(outlook)
    if not outlook.observed:
        return
    with right:
        today_parts.rising_part(outlook)
    left, middle, right = st.columns(3)
    with left:
        today_parts.threads_part(outlook)
    with middle:
        today_parts.words_part(outlook)
    with right:
        today_parts.replies_part(replies)


show()
