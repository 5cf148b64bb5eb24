"""Parts of 来源: the calendar of crawls, and the trial of a source."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

import streamlit as st

from config.errors import QingyuError
from dashboard import asking, long_work, parts, plain_table
from dashboard.display import label, link, moment, shown, visible
from dashboard.texts import t, word
from dashboard.wording.sources import DAYS, FIELDS, ROLES
from pipeline.desk import sources as verbs
from pipeline.desk.sources import TRIAL_S, Calendar

_WORK = "try-source"
_TIMES = ("published", "edited", "official.replied")
_VALUE_CHARS = 300
_STYLE = """<style>
.qy-days td, .qy-days th {padding: .2rem .25rem; text-align: center; min-width: 2.1em} .qy-days th[scope=row] {text-align: left}
.qy-days td b {display: block; font-weight: 400; font-size: 1.05rem; line-height: 1.1} .qy-days td {font-size: .78rem}
.qy-days .failed {outline: 1.5px solid currentColor; outline-offset: -2px}
</style>"""


def calendar_table(found: Calendar, titles: Mapping[str, str]) -> str:
    """Source by day as HTML, each cell a shape above a word."""
    heads = "".join(f'<th scope="col">{shown(_day_said(day, n))}</th>' for n, day in enumerate(found.days))
    rows = "".join(
        f'<tr><th scope="row">{shown(title)}</th>{"".join(_cell(found, name, day) for day in found.days)}</tr>'
        for name, title in titles.items()
    )
    name = shown(t("so_calendar", n=len(found.days)))
    return (
        f'{_STYLE}<div class="qy-scroll" style="overflow-x:auto" tabindex="0" role="region" aria-label="{name}">'
        f'<table class="qy-table qy-days"><thead><tr><th scope="col">{shown(t("source"))}</th>{heads}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )


def _day_said(day: date, place: int) -> str:
    return f"{day.month}-{day.day}" if place == 0 or day.day == 1 else str(day.day)


def _cell(found: Calendar, source: str, day: date) -> str:
    state = found.states.get(source, {}).get(day, "")
    sign, _, said = word(DAYS, state).partition(" ")
    return f'<td class="{state}" title="{day.isoformat()}"><b aria-hidden="true">{shown(sign)}</b>{shown(said)}</td>'


def calendar_part(found: Calendar, titles: Mapping[str, str]) -> None:
    """The calendar under its heading."""
    parts.heading(t("so_calendar", n=len(found.days)), help_=t("so_calendar_help"))
    st.html(calendar_table(found, titles))


def trial_part(titles: Mapping[str, str]) -> None:
    """Try a declared source: which, the button, its progress, what would be taken."""
    parts.heading(t("so_try"), help_=t("so_try_help", s=TRIAL_S))
    with st.container(horizontal=True, vertical_alignment="bottom", key="source-trial"):
        name = st.selectbox(
            t("so_try_which"), list(titles), format_func=lambda one: visible(titles[one]), key="try-source", width=280
        )
        pressed = st.button(
            t("so_try_start"), key="try-start", disabled=bool(name) and long_work.going(_WORK, str(name))
        )
    if name and pressed:
        _start(str(name))
    done = long_work.shown(_WORK, str(name), waiting=t("so_trying", n=label(titles[name]))) if name else None
    if done is not None:
        st.caption(t("so_tried", n=label(titles[name]), t=moment(done.asked_at)))
        report(done.result)


def _start(name: str) -> None:
    try:
        work = verbs.attempt(asking.desk(), name)
    except QingyuError as error:
        parts.complain(error)
        return
    long_work.start(_WORK, name, call=lambda _: work())
    st.rerun()


def report(found: Mapping[str, Any]) -> None:
    """What a trial took, page by page and field by field."""
    if note := found.get("note"):
        st.info(label(note))
        return
    for place, page in enumerate(found["pages"]):
        _page(page, place)
    if not found["pages"]:
        st.warning(t("so_nothing"))
    elif found["ok"]:
        st.success(t("so_ok"))
    else:
        st.error(t("so_not_ok"))


def _page(page: Mapping[str, Any], place: int) -> None:
    lines = [shown(one) for one in _said(page)]
    head = f"<b>{shown(word(ROLES, page['role']))}</b> {link(page['url'], t('original'))}"
    st.html(f'<div class="qy-card">{head}<br>{"<br>".join(lines)}</div>')
    for n, post in enumerate(page["posts"]):
        title = str(post.get("title") or post.get("url") or "")
        with st.expander(label(parts.cut(title, 60)) or t("untitled"), expanded=place + n == 0):
            plain_table.show([t("so_field"), t("so_value")], list(_fields(post)), name=word(ROLES, page["role"]))
            if missing := [word(FIELDS, one) for one in post["missing"]]:
                st.caption(t("so_missing", n="、".join(missing)))


def _said(page: Mapping[str, Any]) -> Iterator[str]:
    if page["problem"]:
        yield t("so_problem", p=page["problem"])
    else:
        more = t("so_yes") if page["more"] else t("so_no")
        yield t("so_page", n=page["links"], m=more, p=page["posts_found"])
    if page.get("note"):
        yield f"⚠ {page['note']}"
    for reason in dict.fromkeys(page["set_aside"]):
        yield t("so_aside", r=reason)
    if (hidden := page["posts_found"] - len(page["posts"])) > 0:
        yield t("so_hidden", n=hidden)


def _fields(post: Mapping[str, Any]) -> Iterator[Sequence[str]]:
    """Name and value of what was taken; who wrote it is left out."""
    flat = {**post, **{f"official.{key}": value for key, value in (post.get("official") or {}).items()}}
    flat |= post.get("engagement") or {}
    for key in FIELDS:
        value = flat.get(key)
        if key == "author" or value in (None, ""):
            continue
        said = moment(str(value)) if key in _TIMES else parts.cut(str(value), _VALUE_CHARS)
        yield word(FIELDS, key), said
