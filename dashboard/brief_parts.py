"""Parts of 简报: making one, the check of its figures, its files, sending it."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from datetime import date, timedelta

import streamlit as st

from config.errors import QingyuError
from config.groups import Group
from dashboard import asking, long_work, parts, plain_table
from dashboard.alert_parts import state_of
from dashboard.display import SHANGHAI, label, moment, shown, visible
from dashboard.texts import t, word
from dashboard.wording.briefs import FORMATS, KINDS, STATES
from pipeline.desk import briefs as verbs
from pipeline.desk.briefs import Preview, Seal, Sent, Shelved, Wish

BRIEFS = "views/briefs.py"
_MAKE, _VERIFY = "make-brief", "verify-brief"
_TOPIC_DAYS = 28
_FRAME = 900
_MEDIA = {
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "html": "text/html",
    "pdf": "application/pdf",
}


def making_part() -> None:
    """A brief for any period or topic: what, the button, its progress."""
    with st.expander(t("br_make"), icon=":material/add:"):
        st.caption(t("br_same_number"))
        wish = _wish()
        if st.button(t("br_start"), key="brief-make", disabled=wish is None or long_work.going(_MAKE)) and wish:
            _make(wish)
    kind = word(KINDS, st.session_state.get("brief-making", ""))
    done = long_work.shown(_MAKE, waiting=t("br_making", k=kind))
    if done is not None:
        made_id, failed = done.result
        st.success(t("br_made", k=kind, t=moment(done.asked_at)))
        brief_link(made_id, key="made")
        for one, why in failed.items():
            st.warning(label(t("br_failed", k=word(FORMATS, one), w=why)))


def brief_link(brief_id: str, *, key: str) -> None:
    """A link to a brief's own page."""
    with st.container(key=f"link-row-brief-{key}", width="content"):
        st.page_link(BRIEFS, label=t("br_open"), icon=":material/arrow_forward:", query_params={"brief": brief_id})


def _wish() -> Wish | None:
    yesterday = asking.now().astimezone(SHANGHAI).date() - timedelta(days=1)
    with st.container(horizontal=True, vertical_alignment="bottom", key="brief-wish"):
        kind = st.selectbox(
            t("br_kind"), list(KINDS), format_func=lambda one: word(KINDS, one), key="brief-kind", width=120
        )
        if kind == "topic":
            first = _day(t("br_first"), yesterday - timedelta(days=_TOPIC_DAYS - 1), "brief-first")
            last = _day(t("br_last"), yesterday, "brief-last")
            subject = _subject()
        else:
            first = last = _day(t("br_day"), yesterday, "brief-day")
            subject = ""
        formats = st.multiselect(
            t("br_formats"),
            list(FORMATS),
            list(FORMATS),
            format_func=lambda one: word(FORMATS, one),
            key="brief-formats",
            width=260,
        )
    if first is None or last is None or not formats or (kind == "topic" and not subject):
        return None
    return Wish(kind, first, last, subject, tuple(formats))


def _subject() -> str:
    names = asking.topics()
    topic = st.selectbox(
        t("br_topic"),
        list(names),
        None,
        format_func=lambda one: visible(names[one]),
        key="brief-topic",
        width=180,
        placeholder=t("all"),
    )
    query = st.text_input(t("br_query"), key="brief-query", max_chars=500, placeholder=t("br_query_none"), width=260)
    return query.strip() or (names[topic] if topic else "")


def _day(wording: str, value: date, key: str) -> date | None:
    chosen = st.date_input(wording, value, format="YYYY-MM-DD", key=key, width=150)
    return chosen if isinstance(chosen, date) else None


def _make(wish: Wish) -> None:
    try:
        work = verbs.make(asking.desk(), wish)
    except QingyuError as error:
        parts.complain(error)
        return
    st.session_state["brief-making"] = wish.kind
    long_work.start(_MAKE, call=lambda _: work())
    st.rerun()


def brief_card(one: Shelved) -> str:
    """A brief as HTML: title, kind, number, when made, for whom."""
    made = one.brief
    line = t("br_line", k=word(KINDS, made.kind), y=made.year, n=made.number, a=moment(made.made_at))
    sent = "<br>".join(shown(_sent_said(each, one)) for each in one.sent) or shown(t("br_unsent"))
    return f'<div class="qy-card"><b>{shown(made.title)}</b><div class="qy-dim">{shown(line)}<br>{sent}</div></div>'


def _sent_said(sent: Sent, one: Shelved) -> str:
    groups = "、".join(sent.groups)
    # A letter bears the time its brief was made: one of an earlier making brought another text.
    same = sent.at == one.brief.made_at
    head = t("br_sent", g=groups) if same else t("br_sent_then", g=groups, a=moment(sent.at))
    told = [f"{each.person or each.group} {state_of(each)}" for each in sent.told]
    return " · ".join([head, *told])


def files_part(one: Shelved) -> None:
    """Each file to take along; its bytes are read only when asked for."""
    with st.container(horizontal=True, key="brief-files"):
        for kind in one.formats:
            st.download_button(
                t("br_download", k=word(FORMATS, kind)),
                data=lambda kind=kind: verbs.file(asking.desk(), one.brief.id, kind)[1],  # type: ignore[misc]
                file_name=one.brief.paths[kind].rsplit("/", 1)[-1],
                mime=_MEDIA[kind],
                key=f"file-{kind}",
                icon=":material/download:",
                on_click="ignore",
            )


def preview_part(one: Shelved) -> None:
    """The brief as it reads: in a frame of its own origin that runs no script, or its words."""
    parts.heading(t("br_preview"))
    found = _preview(one)
    if found.html is None:
        st.caption(t("br_preview_text"))
        st.html(f'<div class="qy-card qy-post"><div class="text">{shown(found.text)}</div></div>')
        return
    address = "data:text/html;charset=utf-8;base64," + base64.b64encode(found.html).decode("ascii")
    st.iframe(address, height=_FRAME, alt=t("br_preview_alt", t=visible(one.brief.title)))


def _preview(one: Shelved) -> Preview:
    """What it says, read (and audited) once for as long as this session looks at it."""
    key = (one.brief.id, one.brief.made_at, one.formats)
    before = st.session_state.get("brief-preview")
    if before is None or before[0] != key:
        before = st.session_state["brief-preview"] = (key, verbs.preview(asking.desk(), one.brief.id))
    found: Preview = before[1]
    return found


def verify_part(one: Shelved) -> Seal | None:
    """The button, the progress, and the seal."""
    work = (_VERIFY, one.brief.id, one.brief.made_at.isoformat())
    if st.button(t("br_verify"), key="brief-verify", help=t("br_verify_help"), disabled=long_work.going(*work)):
        try:
            call = verbs.verify(asking.desk(), one.brief.id)
        except QingyuError as error:
            parts.complain(error)
            return None
        long_work.start(*work, call=lambda _: call())
        st.rerun()
    done = long_work.shown(*work, waiting=t("br_verifying"))
    if done is None:
        return None
    _seal(done.result)
    found: Seal = done.result
    return found


def _seal(found: Seal) -> None:
    wording = t("br_seal", n=found.figures) if found.whole else t("br_seal_part", n=found.figures)
    if not found.right:
        wording = t("br_seal_no", n=found.figures)
    counts = "；".join(f"{word(STATES, state)} {n}" for state, n in found.counts.items())
    more = [counts, t("br_sealed_at", t=moment(found.at))] + [t("br_absent", n=found.absent)] * bool(found.absent)
    css = "" if found.right else "qy-above"
    st.html(
        f'<div class="qy-card" id="brief-seal"><b class="{css}">{shown(wording)}</b>'
        f'<div class="qy-dim">{shown(" · ".join(more))}</div></div>'
    )
    if found.doubts:
        heads = [t("br_figure"), t("br_in_text"), t("br_now"), t("br_state")]
        rows = [
            [
                f"{one.name}（{one.ground}）",
                parts.cut(one.text, 80),
                parts.cut(one.now, 80) or "—",
                _state(one.state, one.why),
            ]
            for one in found.doubts
        ]
        plain_table.show(heads, rows, name=t("br_doubts"))


def _state(state: str, why: str) -> str:
    return word(STATES, state) + (f"（{why}）" if why else "")


def sending_part(one: Shelved) -> None:
    """To whom, a second look, and off into the outbox."""
    with st.expander(t("br_send"), icon=":material/send:"):
        known = verbs.groups(asking.desk())
        if not known:
            st.info(t("br_no_groups"))
            return
        chosen = st.multiselect(
            t("br_groups"), list(known), format_func=visible, key="brief-groups", placeholder=t("rl_choose")
        )
        if not chosen:
            return
        people = _people(known, chosen)
        st.html(f'<div class="qy-card">{shown(t("br_sure", t=one.brief.subject, g="、".join(chosen), p=people))}</div>')
        sure = st.checkbox(t("br_confirm"), key=f"brief-sure-{'|'.join(chosen)}")
        if st.button(t("br_send_do"), key="brief-send", disabled=not sure, type="primary"):
            _send(one, chosen)


def _people(known: Mapping[str, Group], chosen: Sequence[str]) -> str:
    names = list(dict.fromkeys(person.name for name in chosen for person in known[name].people))
    return f"{t('br_people', n=len(names))}（{'、'.join(names)}）" if names else t("br_people", n=0)


def _send(one: Shelved, chosen: Sequence[str]) -> None:
    try:
        made = verbs.send(asking.desk(), one.brief.id, list(chosen))
    except QingyuError as error:
        parts.complain(error)
        return
    st.session_state["brief-said"] = t("br_now_sent", t=made.subject, g="、".join(chosen))
    st.rerun()
