"""The back-test of a rule: how often it would have fired, on which days, about what, and what others like it would have done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import altair as alt
import pandas as pd
import streamlit as st

from config.errors import QingyuError
from config.rules import AnyKind
from dashboard import asking, long_work, parts, plain_table
from dashboard.address import View
from dashboard.charts import CALM, UNKNOWN, axis_days
from dashboard.display import SHANGHAI, moment, number, shown
from dashboard.rule_values import written
from dashboard.texts import LEVELS, t, word
from dashboard.wording.rules import FIELDS, UNITS
from pipeline.access.model import Action
from pipeline.desk import rules as verbs
from pipeline.desk.rules import MOST_WEEKS, Past
from pipeline.query.model import Question
from pipeline.rules.backtest import Firing, Variant
from pipeline.rules.trials import Trial, digest_of

_WORK = "back-test"
_WEEKS = 8
_EXAMPLES, _ROWS = 3, 40
# More a week than a person reads.
_TOO_MANY = 14


def part(rule: AnyKind, values: Mapping[str, Any]) -> Trial | None:
    """The back-test of what stands in the form: the button, its progress, and its result; returns the result."""
    parts.heading(t("rt_title"), help_=t("rt_help"))
    name = digest_of(rule)
    if asking.may(Action.DRAFT_RULES):
        _start(name, values)
    if long_work.going(_WORK, name):
        long_work.shown(_WORK, name, waiting=t("rt_going"))
        return None
    long_work.shown(_WORK, name, waiting=t("rt_going"))  # the complaint where it failed
    found = verbs.last_trial(asking.desk(), rule)
    if found is None:
        st.info(t("rt_none"))
        return None
    _result(found)
    return found


def _start(name: str, values: Mapping[str, Any]) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom", key="rule-trial"):
        weeks = st.number_input(t("rt_weeks"), 1, MOST_WEEKS, _WEEKS, key="rt-weeks", width=140)
        today = asking.now().astimezone(SHANGHAI).date()
        last = st.date_input(t("rt_last"), _newest(today), format="YYYY-MM-DD", key="rt-last", width=160)
        busy = long_work.going(_WORK, name)
        if not st.button(t("rt_start"), key="rt-start", disabled=busy, icon=":material/history:"):
            return
    if not isinstance(last, date):
        return
    try:
        work = verbs.back_test(asking.desk(), dict(values), Past(int(weeks), last))
    except QingyuError as error:
        parts.complain(error)
        return
    long_work.start(_WORK, name, call=lambda one: work(one.tell))
    st.rerun()


@st.cache_data(show_spinner=False, ttl=600)
def _newest(today: date) -> date:
    """The newest day with posts within a year, today where there is none: the past to look at ends there."""
    days = asking.ask("by_day", Question(), since_day=today - timedelta(days=365), until_day=today)
    return max((one.day for one in days if one.count), default=today)


def _result(found: Trial) -> None:
    last = (found.until - timedelta(milliseconds=1)).astimezone(SHANGHAI).date()
    first = found.since.astimezone(SHANGHAI).date()
    said = t("rt_result", a=first, b=last, w=found.weeks, n=number(found.alerts), p=found.a_week)
    hits = t("rt_hits", h=found.hits) if found.hits else t("rt_no_hits")
    made = t("rt_made", w=found.who, t=moment(found.made_at))
    st.html(
        f'<div class="qy-card" id="rt-result"><b>{shown(said)}</b><br>{shown(hits)}<div class="qy-dim">{shown(made)}</div></div>'
    )
    if found.alerts > _TOO_MANY * found.weeks:
        st.warning(t("rt_often"), icon=":material/notifications_active:")
    if not found.alerts:
        st.info(t("rt_never"))
    began = verbs.crawling_since(asking.desk())
    if began is not None and began > found.since:
        st.caption(t("rt_began", d=moment(began)[:10]))
    weeks = _by_week(found, first, last)
    st.altair_chart(_chart(weeks), alt=t("rt_chart", n=found.alerts, w=len(weeks)), key=f"rt-chart-{found.digest}")
    if (weeks["known"] == 0).any():
        st.caption(t("rt_gap"))
    _variants(found)
    _examples(found.firings)


def _by_week(found: Trial, first: date, last: date) -> Any:
    """Alerts by week from the first day on; a week without a single post of any kind is one of which nothing is known."""
    counts = Counter((one.at.astimezone(SHANGHAI).date() - first).days // 7 for one in found.firings)
    posts = asking.ask("by_day", Question(), since_day=first, until_day=last)
    seen = Counter((one.day - first).days // 7 for one in posts if one.count)
    weeks = range((last - first).days // 7 + 1)
    rows = [
        {
            "day": (first + timedelta(weeks=n)).isoformat(),
            "count": counts.get(n, 0) if seen.get(n) else None,
            "known": seen.get(n, 0),
        }
        for n in weeks
    ]
    return pd.DataFrame(rows)


def _chart(weeks: Any) -> Any:
    top = max(float(weeks["count"].max() or 0), 1.0)
    frame = weeks.assign(top=top)
    x = alt.X("day:O", axis=axis_days(len(weeks)))
    y = alt.Y("count:Q", title=None, axis=alt.Axis(tickCount=3, format="d"), scale=alt.Scale(domain=[0, top]))
    tips = [alt.Tooltip("day:O", title=t("rt_week")), alt.Tooltip("count:Q", title=t("rt_alerts"))]
    base = alt.Chart(frame)
    missing = base.transform_filter("!isValid(datum.count)").mark_bar(color=UNKNOWN, opacity=0.22)
    bars = base.transform_filter("isValid(datum.count)").mark_bar(color=CALM)
    return alt.layer(missing.encode(x=x, y=alt.Y("top:Q", title=None)), bars.encode(x=x, y=y, tooltip=tips)).properties(
        height=110
    )


def _variants(found: Trial) -> None:
    own = Variant("", found.alerts, round(found.a_week, 3), found.hits, 0)
    some = [*reversed(found.looser), own, *found.stricter]
    if len(some) == 1:
        st.caption(t("rt_no_others"))
        return
    places = len(found.looser)
    rows = [
        [
            t("rt_looser") if n < places else t("rt_this") if n == places else t("rt_stricter"),
            change_said(one.change) if one.change else t("rt_as_drafted"),
            number(one.alerts),
            f"{one.alerts_a_week:.2f}",
            number(one.hits),
        ]
        for n, one in enumerate(some)
    ]
    heads = [t("rt_which"), t("rt_change"), t("rt_alerts"), t("rt_a_week"), t("rt_hit")]
    plain_table.show(heads, rows, name=t("rt_others"), right=(2, 3, 4))


def change_said(change: str) -> str:
    """What is other in a variant, in words: "window: 3600" → 多长时间内 1 小时."""
    return "；".join(_one_said(one) for one in change.split(", "))


def _one_said(change: str) -> str:
    key, _, value = change.partition(": ")
    wording = word(FIELDS, key)
    if key == "level":
        return f"{wording} {word(LEVELS, value)}"
    if key != "window":
        return f"{wording} {value}"
    span = written(float(value))
    return f"{wording} {span[:-1]} {word(UNITS, span[-1])}"


def _examples(firings: Sequence[Firing]) -> None:
    if not firings:
        return
    parts.heading(t("rt_examples"), help_=t("rt_examples_help"))
    for n, one in enumerate(reversed(firings[-_EXAMPLES:])):
        _firing(one, key=f"trial-{n}", quoted=True)
    if earlier := firings[:-_EXAMPLES][-_ROWS:]:
        with st.expander(t("rt_earlier", n=len(firings) - _EXAMPLES)):
            for n, one in enumerate(reversed(earlier)):
                _firing(one, key=f"trial-earlier-{n}", quoted=False)
            if len(firings) - _EXAMPLES > _ROWS:
                st.caption(t("rt_more", n=_ROWS))


def _firing(one: Firing, *, key: str, quoted: bool) -> None:
    of = f"{one.key}：" if one.key else ""
    about = f" · {t('rt_matter', m=one.matter)}" if one.matter else ""
    st.html(
        f'<div class="qy-row"><b>{moment(one.at)}</b> <span class="grow">{shown(of)}{shown(t("rt_posts", n=one.posts))}{shown(about)}</span></div>'
    )
    view = posts_of(one)
    if quoted and asking.may(Action.READ_POSTS) and one.posts:
        asked = replace(view.question(), since=one.since, until=one.until)
        for hit in asking.search(asked, sort="published", size=1).hits:
            st.html(f'<div class="qy-card qy-post"><div class="title">{shown(parts.cut(hit.post.get("title") or "", 120))}</div>'
                    f'<div class="text">{shown(parts.cut(hit.post.get("text") or "", 120))}</div></div>')  # fmt: skip
    parts.posts_link(view, key=f"row-{key}")


def posts_of(one: Any) -> View:
    """The posts of a firing, by days."""
    last = (one.until - timedelta(milliseconds=1)).astimezone(SHANGHAI).date()
    return View(query=one.query, first=one.since.astimezone(SHANGHAI).date(), last=last)
