"""设置: the project's configuration files, each with what it is for, its faults, its history. Which one stands in the address."""

from __future__ import annotations

import difflib

import streamlit as st

from config.errors import QingyuError
from dashboard import asking, parts
from dashboard.display import label, moment, visible
from dashboard.texts import t
from pipeline.access.model import Action
from pipeline.desk import settings as desk
from pipeline.desk.settings import FILES, Changed, Held

_HISTORY = 20
_LINES = 400
_DRAFT = "settings-draft"


def chosen() -> str:
    """The file of the address; choosing another writes it there."""
    wanted = st.query_params.get("file", FILES[0])
    current = wanted if wanted in FILES else FILES[0]
    picked = st.segmented_control(
        t("se_file"),
        FILES,
        default=current,
        required=True,
        format_func=lambda one: t(f"se_{one}"),
        key=f"file|{current}",
    )
    if picked and picked != current:
        st.query_params.from_dict({"file": picked})
        st.rerun()
    return current


def difference(before: str, after: str, name: str) -> str:
    """What changed, as lines with + and −; "" for nothing."""
    lines = list(difflib.unified_diff(before.splitlines(), after.splitlines(), name, name, lineterm="", n=2))
    cut = lines[:_LINES] + (["…"] if len(lines) > _LINES else [])
    return visible_lines(cut)


def visible_lines(lines: list[str]) -> str:
    """Lines without signs that cannot be seen."""
    return "\n".join(visible(line) for line in lines)


def editor(held: Held) -> None:
    """The text, what would change, check and save."""
    may = asking.may(Action.EDIT_SETTINGS)
    # What is written stays when somebody else changes the file meanwhile: it is compared with what stands now.
    draft = st.session_state.setdefault(_DRAFT, {})
    text = st.text_area(
        t("se_text"),
        value=draft.get(held.name, held.text),
        height=460,
        key=f"text|{held.name}|{st.session_state.get('settings-round', 0)}",
        disabled=not may,
    )
    if not may:
        st.caption(t("se_read_only"))
        return
    changed = text != held.text
    opened = draft.setdefault(f"{held.name}#digest", held.digest)
    if changed:
        draft[held.name] = text
        with st.expander(t("se_diff"), expanded=True):
            st.code(difference(held.text, text, held.name) or "—", language="diff")
    else:
        st.caption(t("se_same"))
    with st.container(horizontal=True, vertical_alignment="bottom", key="settings-save"):
        why = st.text_input(t("se_why"), max_chars=500, key=f"why|{held.name}")
        if st.button(t("se_check"), key="settings-check"):
            tried(held.name, text)
        if st.button(t("se_save"), key="settings-save-now", type="primary", disabled=not changed):
            save(held.name, text, opened, why)


def tried(name: str, text: str) -> None:
    """Say whether the program would take it."""
    try:
        desk.check(asking.desk(), name, text)
    except QingyuError as error:
        parts.complain(error)
        return
    st.success(t("se_fine"))


def save(name: str, text: str, digest: str, why: str) -> None:
    """Write it; what is refused stays in the field."""
    try:
        desk.save(asking.desk(), name, text, digest=digest, why=why)
    except QingyuError as error:
        parts.complain(error)
        # From now on it is compared with what stands; whoever saves again has seen that.
        st.session_state[_DRAFT][f"{name}#digest"] = desk.held(asking.desk(), name).digest
        return
    forget(name)
    asking.topics.clear()
    asking.places.clear()
    asking.naming.clear()
    st.session_state["settings-said"] = t("se_saved", f=name, w=t(f"se_about_{name}"))
    st.rerun()


def forget(name: str) -> None:
    """Let go of what was written, and begin the field anew."""
    draft = st.session_state.get(_DRAFT, {})
    draft.pop(name, None)
    draft.pop(f"{name}#digest", None)
    st.session_state["settings-round"] = st.session_state.get("settings-round", 0) + 1


def history_part(held: Held) -> None:
    """Who changed it, why, and what."""
    parts.heading(t("se_history"))
    found = desk.history(asking.desk(), held.name, _HISTORY)
    if not found:
        st.caption(t("se_history_none"))
    for change in found:
        _change(change, held)


def _change(change: Changed, held: Held) -> None:
    with st.expander(label(t("se_change", d=moment(change.at), w=change.who, y=change.why))):
        st.code(difference(change.before, change.after, change.name) or "—", language="diff")
        if asking.may(Action.EDIT_SETTINGS) and st.button(t("se_back_to"), key=f"back-{change.id}"):
            forget(held.name)
            st.session_state[_DRAFT][held.name] = change.before
            st.rerun()


def show() -> None:
    """The page."""
    if said := st.session_state.pop("settings-said", ""):
        st.success(label(said))
    name = chosen()
    try:
        held = desk.held(asking.desk(), name)
    except QingyuError as error:
        parts.complain(error)
        return
    st.caption(label(t(f"se_about_{name}") + " " + t("se_own" if held.own else "se_shipped")))
    left, right = st.columns([3, 2], gap="medium")
    with left:
        editor(held)
    with right:
        history_part(held)


show()
