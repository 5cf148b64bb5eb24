"""审计: who did what and when. Nothing can be changed here."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import timedelta

import streamlit as st

from dashboard import asking, filter_bar, parts, plain_table
from dashboard.address import start_of
from dashboard.display import SHANGHAI, excerpt, moment, number
from dashboard.texts import AUDITED, t, word
from pipeline.desk import audit
from pipeline.desk.audit import Row, Sought
from pipeline.desk.desk import Desk
from pipeline.export import defused

_PAGE, _DAYS, _DETAIL = 100, 7, 200


def cells(row: Row) -> list[str]:
    """A row as text."""
    at = row.at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")
    return [at, row.who, word(AUDITED, row.action), row.detail, number(row.posts) if row.posts else ""]


def heads() -> list[str]:
    """The names of the columns."""
    return [t("au_at"), t("au_who"), t("au_did"), t("au_detail"), t("au_posts")]


def maker(desk: Desk, sought: Sought) -> Callable[[], bytes]:
    """What makes the file when its button is pressed."""

    def make() -> bytes:
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\r\n")
        writer.writerow(heads())
        writer.writerows([defused(cell) for cell in cells(row)] for row in audit.every(desk, sought))
        return text.getvalue().encode("utf-8-sig")

    return make


def sought_now() -> Sought:
    """What the address asks for, as the reader changed it now."""
    params = st.query_params
    today = asking.now().astimezone(SHANGHAI).date()
    people, actions = audit.people_and_actions(asking.desk())
    view = filter_bar.current()
    with st.container(horizontal=True, vertical_alignment="bottom", key="audit-bar"):
        chosen = filter_bar.bar(view, choices=False)
        who = st.selectbox(
            t("au_who"), ["", *people], _place(people, params.get("who", "")), format_func=_all, width=200
        )
        did = st.selectbox(
            t("au_did"), ["", *actions], _place(actions, params.get("did", "")), format_func=_did, width=200
        )
        words = st.text_input(t("au_words"), value=params.get("words", ""), max_chars=200, width=260)
    own = {"who": str(who or ""), "did": str(did or ""), "words": (words or "").strip()}
    if chosen != view:
        filter_bar.go(chosen, **{key: value for key, value in own.items() if value})
    filter_bar.say(view, **own)
    first = view.first or (view.last or today) - timedelta(days=_DAYS - 1)
    if not view.first:
        st.caption(t("au_days", n=_DAYS))
    until = start_of(view.last + timedelta(days=1)) if view.last else None
    return Sought(since=start_of(first), until=until, who=own["who"], action=own["did"], words=own["words"])


def _place(known: list[str], value: str) -> int:
    return known.index(value) + 1 if value in known else 0


def _all(value: str) -> str:
    return value or t("all")


def _did(value: str) -> str:
    return word(AUDITED, value) if value else t("all")


def show() -> None:
    """The page."""
    sought = sought_now()
    before = int(raw) if (raw := st.session_state.get("audit-before", "")) and str(raw).isdigit() else 0
    if st.session_state.get("audit-of") != sought:
        st.session_state["audit-of"], before = sought, 0
    total, found = audit.rows(asking.desk(), sought, size=_PAGE, before=before)
    parts.heading(t("au_count", n=number(total)))
    if not found:
        st.info(t("au_none"))
        return
    rows = [[*cells(row)[:3], excerpt(row.detail, _DETAIL), cells(row)[4]] for row in found]
    plain_table.show(heads(), rows, name=t("audit"), right=(4,))
    with st.container(horizontal=True):
        if before and st.button(t("first_page"), key="audit-first"):
            st.session_state["audit-before"] = ""
            st.rerun()
        if len(found) == _PAGE and st.button(t("next"), key="audit-next"):
            st.session_state["audit-before"] = str(found[-1].id)
            st.rerun()
        name = f"qingyu-audit-{moment(asking.now())[:10]}.csv"
        st.download_button("CSV", maker(asking.desk(), sought), name, "text/csv", key="audit-csv", on_click="ignore")
    st.caption(t("au_note"))


show()
