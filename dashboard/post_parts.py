"""A post in its context: whole text, why it was scored so, labels set right, thread, copies, earlier versions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import streamlit as st

from config.errors import QingyuError
from dashboard import asking, case_parts, parts, plain_table
from dashboard.address import View, thread_query
from dashboard.display import excerpt, label, link, moment, number, posted_at, shown
from dashboard.texts import KINDS, SENTIMENTS, t, word
from dashboard.trend_parts import value_name
from pipeline.access.model import Action
from pipeline.corrections import VALUES
from pipeline.desk import posts

# Longer threads are read as a list, by the link above these.
_OTHERS = 30
_COPIES = 12


def detail(view: View) -> None:
    """One post: whole text, annotation, official reply, thread, earlier versions."""
    parts.posts_link(replace(view, post=""), wording=t("close"), key="row-close", back=True)
    found = asking.post(view.post)
    if found is None:
        st.warning(t("no_post"))
        return
    post = found.post
    st.html(_whole(post))
    left, right = st.columns(2, gap="medium")
    with left:
        _explanation(post)
        _labels(post)
        if asking.may(Action.WORK_CASES):
            case_parts.open_from("post", post["id"])
    with right:
        _thread(found.thread, post)
        _copies(post)
        _revisions(found.revisions)


def _whole(post: Mapping[str, Any]) -> str:
    """The post as HTML."""
    engagement = post.get("engagement") or {}
    figures = t(
        "engagement",
        **{k[0]: "—" if engagement.get(k) is None else number(engagement[k]) for k in ("views", "likes", "replies")},
    )
    words = "、".join(post.get("keyphrases") or ())
    sure = post.get("sentiment")
    facts = [
        figures,
        t("confidence", c=sure["confidence"]) if sure else "",
        f"{t('keyphrases')}：{words}" if words else "",
    ]
    return (
        f'<div class="qy-card qy-post"><div class="title">{shown(post["title"] or t("untitled"))}</div>{parts.facts_line(post)}'
        f'<div class="text">{shown(parts.cut(post["text"], parts.DETAIL_CHARS))}</div>{parts.official_block(post, size=parts.DETAIL_CHARS)}'
        f'<div class="qy-dim">{" · ".join(shown(f) for f in facts if f)}</div>'
        f'<div class="qy-dim">{t("collected")} {moment(post["collected"])} · {link(post["url"], t("original"))}</div></div>'
    )


def _thread(others: Sequence[Any], post: Mapping[str, Any]) -> None:
    parts.heading(f"{t('thread')} · {len(others)}")
    if others and post.get("thread_url"):
        parts.posts_link(
            View(query=thread_query(post["thread_url"]), sort="published"), wording=t("thread_open"), key="whole"
        )
    for n, other in enumerate(others[:_OTHERS]):
        parts.posts_link(
            View(post=other["id"]), wording=f"{posted_at(other)} {word(KINDS, other['kind'])}", key=f"other-{n}"
        )


def _revisions(revisions: Sequence[Mapping[str, Any]]) -> None:
    parts.heading(f"{t('revisions')} · {len(revisions)}")
    for old in revisions:
        record = old.get("record", old)
        with st.expander(t("revision_row", n=old.get("revision", "?"), t=moment(old.get("replaced")))):
            st.html(
                f'<div class="qy-post"><div class="title">{shown(record["title"])}</div>'
                f'<div class="text">{shown(parts.cut(record["text"], parts.DETAIL_CHARS))}</div>{parts.official_block(record, size=2_000)}</div>'
            )


def _explanation(post: Mapping[str, Any]) -> None:
    """Why it was scored so: words by what they add, by colour, sign and number."""
    found = posts.explained(asking.desk(), post["id"])
    parts.heading(t("why_head"), help_=t("why_help"))
    if found is None or not found.parts:
        st.caption(t("why_none"))
        return
    pieces = "".join(_piece(text, added) for text, added in found.parts)
    score = t("why_score", s=parts.score(found.score), b=parts.score(found.base), r=parts.score(found.rest))
    unsure = f' <span class="qy-tag">{shown(t("why_unsure"))}</span>' if found.unsure else ""
    st.html(
        f'<div class="qy-card"><div class="qy-why">{pieces}</div><div class="qy-dim">{shown(score)}{unsure}</div></div>'
    )


def _piece(text: str, added: float) -> str:
    side = "neg" if added < 0 else "pos"
    strength = min(3, 1 + int(abs(added) * 8))
    return (
        f'<span class="qy-why-{side} s{strength}">{shown(excerpt(text, 24))}'
        f"<sub>{'▼' if added < 0 else '▲'}{abs(added):.2f}</sub></span> "
    )


def _label_name(field: str, value: str) -> str:
    if field == "sentiment":
        return word(SENTIMENTS, value)
    if field == "appeal":
        return t(f"label_{value}") if value in {"yes", "no"} else value
    return value_name(field, value) if value else "—"


def _labels(post: Mapping[str, Any]) -> None:
    """What people set right, and the form to do so."""
    held = posts.corrections(asking.desk(), post["id"])
    parts.heading(t("labels_head"))
    if said := st.session_state.pop("label-said", ""):
        st.success(label(said))
    rows = [
        [
            moment(one.at),
            one.who,
            t(f"label_field_{one.field}"),
            _label_name(one.field, one.said),
            _label_name(one.field, one.value),
        ]
        for one in held
    ]
    if rows:
        heads = [t("au_at"), t("au_who"), t("labels_which"), t("labels_was"), t("labels_is")]
        plain_table.show(heads, rows, name=t("labels_history"))
    if not asking.may(Action.CORRECT_LABELS):
        return
    with st.form(f"labels-{post['id']}", border=False), st.container(horizontal=True, vertical_alignment="bottom"):
        given = {
            field: st.selectbox(
                t(f"label_field_{field}"),
                VALUES[field],
                None,
                format_func=partial(_label_name, field),
                placeholder=t("labels_keep"),
                width=170,
            )
            for field in posts.LABELS
        }
        pressed = st.form_submit_button(t("labels_save"))
    if pressed:
        _set_right(post["id"], {field: value for field, value in given.items() if value})
    _accuracy(post["source"])


def _set_right(post_id: str, values: Mapping[str, str]) -> None:
    try:
        posts.correct(asking.desk(), post_id, values)
    except QingyuError as error:
        parts.complain(error)
        return
    st.session_state["label-said"] = t("labels_saved", n=len(values))
    st.rerun()


def _accuracy(source: str) -> None:
    rows = [one for one in posts.accuracy(asking.desk()) if one["source"] == source]
    if rows:
        told = "；".join(
            t("labels_accuracy", f=t(f"label_field_{one['field']}"), r=one["right"], n=one["checked"]) for one in rows
        )
        st.caption(label(t("labels_accuracy_head", w=told)))


def _copies(post: Mapping[str, Any]) -> None:
    cluster = post.get("copies") or ""
    if not cluster:
        return
    total, hits = posts.copies(asking.desk(), cluster, _COPIES)
    if total < 2:
        return
    parts.heading(f"{t('copies_head')} · {number(total)}")
    parts.posts_link(View(query=f'copies:"{cluster}"', sort="published"), wording=t("copies_open"), key="copies")
    for n, hit in enumerate(hits):
        if hit.post["id"] != post["id"]:
            name = asking.source_titles().get(hit.post["source"], hit.post["source"])
            wording = label(f"{posted_at(hit.post)} {name}")
            parts.posts_link(View(post=hit.post["id"]), wording=wording, key=f"copy-{n}")
