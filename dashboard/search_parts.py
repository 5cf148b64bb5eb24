"""The parts of 检索: the form, the breakdowns beside the results, the exports, a post's detail."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import streamlit as st

from dashboard import asking, parts
from dashboard.address import View, thread_query
from dashboard.display import label, link, moment, number, posted_at, shown, visible
from dashboard.texts import KINDS, SENTIMENTS, SORTS, t, word
from pipeline.desk.asking import exporting
from pipeline.export import export_file
from pipeline.query.layer import Question

# A file is made in memory on its way to the browser; larger exports go by command line, which streams.
EXPORT_POSTS = 50_000
# Longer threads are read as a list, by the link above these.
_OTHERS = 30
_FORMATS = {
    "csv": ("CSV", "text/csv"),
    "xlsx": ("Excel", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    "jsonl": ("JSONL", "application/x-ndjson"),
    "parquet": ("Parquet", "application/vnd.apache.parquet"),
}


def form(view: View) -> View:
    """The query, the days, the filters and the order, as the address has them; returns what the reader chose now."""
    columns = st.columns([6, 2, 2, 2, 2], vertical_alignment="bottom")
    with columns[0]:
        # Keys carry the value of the address: when the address changes, the widget is a new one that shows it.
        query = st.text_input(
            t("query"), value=view.query, placeholder=t("query_hint"), max_chars=2000, key=f"q|{view.query}"
        )
    with columns[1]:
        first = _date("from", view.first)
    with columns[2]:
        last = _date("to", view.last)
    with columns[3]:
        sort = st.selectbox(
            t("sort"),
            list(SORTS),
            list(SORTS).index(view.sort),
            format_func=partial(word, SORTS),
            key=f"sort|{view.sort}",
        )
    with columns[4], st.popover(_filter_label(view), width="stretch"):
        filters: dict[str, Any] = _filters(view)
    with st.expander(t("query_help_title"), icon=":material/help:"):
        kql = st.toggle(t("kql"), value=view.kql, help=t("kql_help"), key=f"kql|{view.kql}")
        st.markdown(t("query_help"))
    chosen = replace(view, query=(query or "").strip(), first=first, last=last, sort=sort, kql=kql, **filters)
    return chosen if chosen == view else replace(chosen, after="", post="")


def _filter_label(view: View) -> str:
    chosen = sum(len(v) for v in (view.sources, view.topics, view.regions, view.kinds, view.sentiments))
    return f"{t('filters')} {chosen}" if chosen else t("filters")


def _date(key: str, value: date | None) -> date | None:
    chosen = st.date_input(t(key), value=value, format="YYYY-MM-DD", key=f"{key}|{value}")
    return chosen if isinstance(chosen, date) else None


def _filters(view: View) -> dict[str, tuple[str, ...]]:
    regions = {b.key: b.key for b in asking.ask("by", Question(), field="region", size=200) if b.key}
    return {
        "sentiments": _choose("sentiment", view.sentiments, {k: word(SENTIMENTS, k) for k in SENTIMENTS}),
        "topics": _choose("topic", view.topics, asking.topics()),
        "sources": _choose("source", view.sources, asking.source_titles()),
        "regions": _choose("region", view.regions, regions),
        "kinds": _choose("kind", view.kinds, {k: word(KINDS, k) for k in KINDS}),
    }


def _choose(key: str, chosen: Sequence[str], names: Mapping[str, str]) -> tuple[str, ...]:
    """A filter; what the address names is offered even where nothing has it, so that a link never loses a filter."""
    options = list(dict.fromkeys([*names, *chosen]))
    picked = st.multiselect(
        t(key),
        options,
        list(chosen),
        format_func=lambda o: visible(names.get(o, o)),
        placeholder=t("all"),
        key=f"{key}|{'|'.join(chosen)}",
    )
    return tuple(str(p) for p in picked)


_NARROW = {"topic": "topics", "source": "sources"}


def breakdown(view: View, field: str, buckets: Sequence[Any], names: Mapping[str, str]) -> None:
    """Counts by topic or source, each a link that narrows to it."""
    if not buckets:
        return
    parts.heading(t(field))
    for n, bucket in enumerate(buckets):
        only: dict[str, Any] = {_NARROW[field]: (bucket.key,)}
        narrowed = replace(view, after="", post="", **only)
        bad = (
            f" · {t('part_negative')} {parts.share(bucket.negative_share)}" if bucket.negative_share is not None else ""
        )
        wording = f"{label(names.get(bucket.key, bucket.key))} · {number(bucket.count)}{bad}"
        parts.posts_link(narrowed, wording=wording, key=f"tight-{field}-{n}")


def export(asked: Question, total: int) -> None:
    """Download buttons; a file is made when its button is pressed."""
    parts.heading(t("export"))
    if total > EXPORT_POSTS:
        st.caption(t("export_many", n=number(EXPORT_POSTS)))
        return
    with st.container(horizontal=True):
        for kind, (name, mime) in _FORMATS.items():
            file_name = f"qingyu-{asking.now():%Y%m%d-%H%M}.{kind}"
            make = _maker(asked, kind)
            st.download_button(name, make, file_name, mime, key=f"export-{kind}", on_click="ignore", disabled=not total)
    st.caption(t("export_note"))


def _maker(asked: Question, kind: str) -> Callable[[], bytes]:
    layer = exporting(asking.desk())

    def make() -> bytes:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"export.{kind}"
            export_file(layer, asked, path, kind)
            return path.read_bytes()

    return make


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
        _thread(found.thread, post)
    with right:
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
