"""Kept questions: opened, kept, shared, renamed, deleted, made a rule of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import streamlit as st

from config.errors import QingyuError
from dashboard import asking, parts, rule_form
from dashboard.address import View, view_of
from dashboard.display import label, moment, number
from dashboard.texts import t
from pipeline.access.model import Action
from pipeline.desk import questions
from pipeline.desk.questions import Kept
from pipeline.query.model import Question

_RULES = "views/rules.py"
_BEFORE = "question-opened-before"


def view_kept(kept: Kept) -> View:
    """The view of a kept question."""
    return view_of({k: [v] if isinstance(v, str) else list(v) for k, v in kept.view.items()})


def open_kept(asked: str) -> None:
    """The question of the address: its view, and since when it was opened before."""
    try:
        kept = questions.opened(asking.desk(), int(asked) if asked.isdigit() and len(asked) < 16 else 0)
    except QingyuError as error:
        parts.complain(error)
        st.page_link(parts.SEARCH, label=t("qu_back"), icon=":material/arrow_back:")
        return
    view = view_kept(kept)
    st.session_state[_BEFORE] = (view, kept.title, kept.opened_at)
    st.query_params.from_dict(view.to_params())
    st.rerun()


def since_opened(view: View) -> None:
    """Of a kept question: how many posts came since this person opened it before."""
    before: tuple[View, str, datetime | None] | None = st.session_state.get(_BEFORE)
    if before is None or before[0] != view:
        return
    _, title, at = before
    if at is None:
        st.caption(label(t("qu_first", q=title)))
        return
    asked = Question(since=None, also=(view.question(), Question(query=f'collected:["{at.isoformat()}" TO *]')))
    st.caption(label(t("qu_since", q=title, d=moment(at), n=number(asking.ask("count", asked)))))


def kept_part(view: View) -> None:
    """The kept questions, and the way to keep this one."""
    found = questions.listed(asking.desk())
    may_keep = asking.may(Action.KEEP_QUESTIONS)
    if not found and not may_keep:
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="kept-questions"):
        if found:
            with st.popover(t("qu_kept", n=len(found)), icon=":material/bookmark:"):
                for kept in found:
                    _row(kept)
        if may_keep:
            with st.popover(t("qu_keep"), icon=":material/bookmark_add:"):
                _keep_form(view)
        if (
            asking.may(Action.DRAFT_RULES)
            and view.query
            and not view.kql
            and st.button(
                t("qu_subscribe"), icon=":material/notifications:", key="subscribe", help=t("qu_subscribe_help")
            )
        ):
            subscribe(view)


def subscribe(view: View) -> None:
    """Begin a rule with this query: its page has the form, with the back-test beside it."""
    rule_form.keep("new|", {"kind": "frequency", **rule_form.begin_with("frequency", {}), "query": view.query})
    st.switch_page(_RULES, query_params={"draft": "new"})


def _row(kept: Kept) -> None:
    whose = t("qu_mine_shared" if kept.shared else "qu_mine") if kept.mine else t("qu_of", w=kept.owner)
    with st.container(horizontal=True, vertical_alignment="center", key=f"kept-{kept.id}"):
        st.page_link(parts.SEARCH, label=f"{label(kept.title)}（{label(whose)}）", query_params={"asked": str(kept.id)})
        if kept.mine and asking.may(Action.KEEP_QUESTIONS):
            if st.button(t("qu_unshare" if kept.shared else "qu_share"), key=f"share-{kept.id}"):
                _do(lambda: questions.share(asking.desk(), kept.id, shared=not kept.shared))
            if st.button("✕", key=f"forget-{kept.id}", help=t("qu_forget", q=label(kept.title))):
                _do(lambda: questions.forget(asking.desk(), kept.id))


def _keep_form(view: View) -> None:
    with st.form("keep-question", border=False):
        title = st.text_input(t("qu_title"), max_chars=60)
        shared = st.checkbox(t("qu_share_all"))
        if st.form_submit_button(t("qu_keep_now")):
            plain = replace(view, after="", post="")
            _do(lambda: questions.keep(asking.desk(), title, plain.to_params(), shared=shared))


def _do(act: Callable[[], object]) -> None:
    try:
        act()
    except QingyuError as error:
        parts.complain(error)
        return
    st.rerun()
