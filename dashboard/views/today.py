"""今日: what moved since yesterday, against the usual for this weekday, and whether it can be trusted. The day stands in the
address (`?day=`), beside the filters that all pages share."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import streamlit as st

from config.text import tr
from dashboard import asking, charts, filter_bar, morning_parts, parts, today_parts
from dashboard.address import ALL, View, day_of
from dashboard.display import SHANGHAI, label, moment, number
from dashboard.figures import ENOUGH, FEW, Usual, standing
from dashboard.morning_parts import News
from dashboard.outlook import CURVE_DAYS, Outlook, look
from dashboard.texts import WEEKDAYS, t
from pipeline.access.model import Action
from pipeline.desk import morning

_PAST = timedelta(days=400)


def chosen_day(day: date, today: date) -> date:
    """The day the reader chose now: by the field, or one day on or back."""
    with st.container(horizontal=True, vertical_alignment="bottom", key="day-bar", width="content"):
        earlier = st.button("◀", key="day-earlier", help=t("day_earlier"))
        picked = st.date_input(t("day"), value=day, max_value=today, format="YYYY-MM-DD", key=f"day-{day}", width=150)
        later = st.button("▶", key="day-later", help=t("day_later"), disabled=day >= today)
    if earlier or later:
        return day + timedelta(days=1 if later else -1)
    return picked if isinstance(picked, date) else day


def against(value: float | None, expected: Usual | None, day: date, *, percent: bool) -> dict[str, str]:
    """How a figure stands and what is usual, in words; too little data is said as such."""
    if expected is None or value is None:
        return {"where": t("too_little"), "note": t("too_little_why", n=ENOUGH)}
    place = standing(value, expected)
    low, mid, high = ((f"{v:.0%}" if percent else number(v)) for v in (expected.low, expected.median, expected.high))
    note = t("usual_for", n=expected.n, w=tr(*WEEKDAYS[day.weekday()]), m=mid, a=low, b=high)
    return {"where": t(place), "where_class": f"qy-{place}", "note": note}


def figures(outlook: Outlook, news: News) -> None:
    """The figures of the day, each with a way to its posts for those who may read them."""
    whole = t("until", t=moment(outlook.cut)[11:]) if outlook.cut else t("whole_day")
    columns = iter(st.columns(3 + (news.replies is not None) + (news.due is not None)))
    with next(columns):
        parts.figure(
            f"{t('volume')} · {whole}",
            number(outlook.count),
            more=t("same_hour") if outlook.cut else "",
            **against(outlook.count, outlook.usual_count, outlook.day, percent=False),
        )
        posts_link(outlook.view(), key="volume")
    with next(columns):
        compared = against(outlook.negative_share, outlook.usual_share, outlook.day, percent=True)
        parts.figure(t("negative_share"), parts.share(outlook.negative_share), more=interval(outlook), **compared)
        posts_link(replace(outlook.view(), sentiments=("negative",)), key="negative")
    with next(columns):
        since = t("since_yesterday", n=number(outlook.count), p=parts.count(outlook.day_before))
        parts.figure(t("voices"), number(outlook.voices), where=since, note=t("voices_note"))
        posts_link(outlook.view(), key="voices")
    if news.replies is not None:
        with next(columns):
            parts.figure(t("official_replies"), number(news.replies.total), where=t("replied_on", d=outlook.day))
    if news.due is not None:
        with next(columns):
            morning_parts.cases_figure(news.due)


def interval(outlook: Outlook) -> str:
    """How sure the share is: its interval, of how many posts, how many of them are unsure; "" where there is none."""
    if outlook.share_interval is None:
        return ""
    low, high = outlook.share_interval
    said = t("share_interval", a=f"{low:.0%}", b=f"{high:.0%}", n=number(outlook.count), u=number(outlook.unsure))
    return said + (f" · {t('few_posts')}" if outlook.count < FEW else "")


def posts_link(view: View, *, key: str) -> None:
    """A way to the posts, where they may be read."""
    if asking.may(Action.READ_POSTS):
        parts.posts_link(view, key=key)


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
    if (day := today_parts.picked_day(picked)) and asking.may(Action.READ_POSTS):
        view = replace(outlook.narrowed, first=day, last=day)
        st.switch_page(parts.SEARCH, query_params=view.to_params())


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


def news_of(day: date) -> News:
    """What happened on the day, as far as the person may see it."""
    desk = asking.desk()
    flagged = desk.may(Action.SEE_FLAGS)
    return News(
        since=morning.looked_before(desk, "today"),
        flags=morning.flagged(desk, day) if flagged else None,
        events=morning.begun(desk, day) if flagged else None,
        replies=morning.replies(desk, day) if desk.may(Action.READ_POSTS) else None,
        due=morning.due(desk, day) if desk.may(Action.SEE_CASES) else None,
    )


def below(outlook: Outlook, news: News, *, now: datetime) -> None:
    """Beneath the first screen: what is talked about, by whom it was answered, what is due."""
    columns = iter(st.columns(3))
    if news.events is not None:
        with next(columns):
            morning_parts.events_part(news)
            if news.due is not None:
                morning_parts.cases_part(news, now=now)
    if asking.may(Action.READ_POSTS):
        with next(columns):
            today_parts.threads_part(outlook)
            today_parts.words_part(outlook)
        with next(columns):
            today_parts.replies_part(news.replies)


def show() -> None:
    """The page."""
    now = asking.now()
    today = now.astimezone(SHANGHAI).date()
    view = filter_bar.current()
    day = day_of(st.query_params.get("day", ""), today)
    with st.container(horizontal=True, vertical_alignment="bottom", key="today-bar"):
        picked = chosen_day(day, today)
        narrowed = filter_bar.bar(view, period=False)
        sources, crawled, last_ok = morning.coverage(asking.desk(), since=now - _PAST)
        today_parts.sources_strip(sources, now=now)
    if (picked, narrowed) != (day, view):
        filter_bar.go(narrowed, **({"day": picked.isoformat()} if picked != today else {}))
    outlook = look(day, ask=asking.ask, crawled=crawled, last_ok=last_ok, narrowed=view)
    news = news_of(day)
    if outlook.observed:
        morning_parts.since_line(news)
        figures(outlook, news)
        if outlook.narrowed != ALL:
            st.caption(t("not_narrowed"))
    else:
        unknown_day(outlook)
    left, right = st.columns([3, 2])
    with left:
        curve(outlook)
        if outlook.observed:
            today_parts.rising_part(outlook)
    with right:
        if news.flags is not None:
            morning_parts.flags_part(news)
    if outlook.observed:
        below(outlook, news, now=now)


show()
