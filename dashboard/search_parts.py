"""The parts of 检索: the form with its completion, facets, words, files."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import partial
from typing import Any

import streamlit as st

from config.text import tr
from dashboard import asking, parts
from dashboard.address import View
from dashboard.display import label, number, visible
from dashboard.texts import KINDS, SENTIMENTS, SORTS, t, word
from dashboard.today_parts import words_row
from dashboard.trend_parts import csv_of, value_name, view_of_value
from pipeline.access.model import Action
from pipeline.desk.exports import CLIPPINGS, exported
from pipeline.panels.naming import group_name
from pipeline.query.fields import FIELDS, Field
from pipeline.query.model import Question

_ADDED = "search-added"
# A file is made in memory on its way to the browser; larger exports go by command line, which streams.
EXPORT_POSTS = 50_000
_FORMATS = {
    "csv": ("CSV", "csv.zip", "application/zip"),
    "xlsx": ("Excel", "xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    "jsonl": ("JSONL", "jsonl.zip", "application/zip"),
    "docx": (
        tr("Word 剪报", "Word clippings"),
        "docx",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ),
}


def form(view: View) -> View:
    """The query, the days, the filters and the order, as the address has them; returns what the reader chose now."""
    columns = st.columns([6, 2, 2, 2, 2], vertical_alignment="bottom")
    with columns[0]:
        if (added := st.session_state.pop(_ADDED, "")) and added not in view.query:
            return replace(view, query=f"{view.query} {added}".strip(), after="", post="")
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
        completion()
        kql = st.toggle(t("kql"), value=view.kql, help=t("kql_help"), key=f"kql|{view.kql}")
        st.markdown(t("query_help"))
    chosen = replace(view, query=(query or "").strip(), first=first, last=last, sort=sort, kql=kql, **filters)
    return chosen if chosen == view else replace(chosen, after="", post="")


def completion() -> None:
    """Fields and known names, found by typing a part of them; the one chosen is added to the query."""
    st.selectbox(
        t("complete"),
        list(_known()),
        None,
        placeholder=t("complete_hint"),
        key="completion",
        on_change=_add,
    )


def _add() -> None:
    chosen = st.session_state.get("completion")
    if chosen:
        st.session_state[_ADDED] = _known()[chosen]
        st.session_state["completion"] = None


def _known() -> dict[str, str]:
    """What can be completed: what is shown → what is added."""
    found = [(f"{field.chinese[0]}:…（{field.name}）", f"{field.chinese[0]}:") for field in FIELDS]
    for field in FIELDS:
        found += [(f"{field.chinese[0]}:{value}", f"{field.chinese[0]}:{value}") for value in _spoken(field)]
    found += [(f"{t('topic')}:{visible(name)}", f"topic:{key}") for key, name in asking.topics().items()]
    found += [(f"{t('source')}:{visible(name)}", f"source:{key}") for key, name in asking.source_titles().items()]
    found += [(f"{t('place')}:{visible(name)}", f"place:{key}") for key, name in asking.places().items()]
    return dict(found)


def _spoken(field: Field) -> list[str]:
    return [value for value in field.values or {} if not value.isascii()]


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


# What results are counted by, beside them; authors are none of it.
FACETS = ("topic", "source", "kind", "place", "category", "sector", "intent", "sentiment", "answered")
_CHIPS = (
    *(("kind", "kinds"), ("region", "regions"), ("sentiment", "sentiments"), ("category", "categories")),
    *(("intent", "intents"), ("sector", "sectors"), ("duty", "duties"), ("answered", "answered")),
    *(("topic", "topics"), ("source", "sources"), ("place", "places")),
)
_WORDS, _WORDS_FILE = 16, 200


def facets(view: View, found: Mapping[str, Sequence[tuple[str, int]]]) -> None:
    """Counts of the results by each field; a value narrows to it."""
    for field in FACETS:
        buckets = found.get(field, ())
        if not buckets:
            continue
        with st.expander(group_name(field), expanded=field in {"topic", "source", "sentiment"}):
            for n, (key, count) in enumerate(buckets):
                wording = f"{label(value_name(field, key))} · {number(count)}"
                parts.posts_link(view_of_value(view, field, key), wording=wording, key=f"tight-{field}-{n}")


def limits(view: View) -> View | None:
    """What the results are narrowed to beside the query, each with a button that lifts it; the view without it where one was
    pressed."""
    held = [(field, name, value) for field, name in _CHIPS for value in getattr(view, name)]
    if not held and not view.originals:
        return None
    with st.container(horizontal=True, gap="small", key="search-limits"):
        for field, name, value in held:
            wording = f"{group_name(field)}：{value_name(field, value)}"[:30]
            if st.button(f"✕ {label(wording)}", key=f"lift-{field}-{value}", help=t("lift", w=label(wording))):
                rest: dict[str, Any] = {name: tuple(one for one in getattr(view, name) if one != value)}
                return replace(view, **rest, after="", post="")
        if view.originals and st.button(f"✕ {t('no_copies')}", key="lift-copies", help=t("lift", w=t("no_copies"))):
            return replace(view, originals=False, after="", post="")
    return None


def words(view: View, asked: Question) -> None:
    """Words that stand out among the results, each narrowing to it (so that the next ones are those that occur with it), and all
    of them as a file."""
    if asked == Question():
        return
    found = asking.ask("significant_words", asked, size=_WORDS_FILE)
    parts.heading(t("stand_out"), help_=t("stand_out_help"))
    words_row(found[:_WORDS], view, key="stand")
    if found and asking.may(Action.EXPORT_POSTS):
        rows = [[one.word, str(one.count), str(one.background), f"{one.score:.1f}"] for one in found]
        heads = [t("word_col"), t("word_here"), t("word_elsewhere"), t("word_score")]
        st.download_button(
            t("words_csv"), csv_of(heads, rows), "qingyu-words.csv", "text/csv", key="words-csv", on_click="ignore"
        )


def export(asked: Question, total: int) -> None:
    """Download buttons; a file is made when its button is pressed."""
    parts.heading(t("export"))
    if total > EXPORT_POSTS:
        st.caption(t("export_many", n=number(EXPORT_POSTS)))
        return
    with st.container(horizontal=True):
        for kind, (name, ending, mime) in _FORMATS.items():
            file_name = f"qingyu-{asking.now():%Y%m%d-%H%M}.{ending}"
            many = kind == "docx" and total > CLIPPINGS
            st.download_button(
                name,
                _maker(asked, kind),
                file_name,
                mime,
                key=f"export-{kind}",
                on_click="ignore",
                disabled=not total or many,
                help=t("export_clip_many", n=CLIPPINGS) if many else None,
            )
    st.caption(t("export_note"))


def _maker(asked: Question, kind: str) -> Callable[[], bytes]:
    desk = asking.desk()
    return lambda: exported(desk, asked, kind)
