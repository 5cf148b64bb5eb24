"""Pieces that pages are made of: style, figure cards, post cards, complaints."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from config.errors import QingyuError, QueryError, TransientError
from dashboard import asking
from dashboard.address import View
from dashboard.display import label, link, marked, number, posted_at, shown, visible
from dashboard.texts import KINDS, SENTIMENTS, t, word

TODAY, SEARCH, SOURCES, FLAGS = "views/today.py", "views/search.py", "views/sources.py", "views/flags.py"
TRENDS, TOPICS = "views/trends.py", "views/topics.py"
# What so few people say may be the doing of one.
FEW_VOICES = 5
# A post of a megabyte must not stop the browser; the detail shows more than a card does.
CARD_CHARS, DETAIL_CHARS = 400, 20_000

_STYLE = """<style>
.block-container, .stMainBlockContainer {padding-top: 4rem; padding-bottom: 2rem; max-width: 1500px}
.qy-card {border: 1px solid rgba(128,140,146,.28); border-radius: .4rem; padding: .55rem .8rem; line-height: 1.45}
.qy-figure .n {font-size: 1.75rem; font-weight: 600; line-height: 1.2; font-variant-numeric: tabular-nums}
.qy-figure .k, .qy-dim {color: #52626a; font-size: .86rem}
[data-testid="stCaptionContainer"], [data-testid="stCaptionContainer"] p {color: #52626a; opacity: 1}
.qy-figure .w {font-size: .86rem; min-height: 1.3em}
.qy-above {color: #b4561a} .qy-below {color: #2b6f8c} .qy-within {color: #47575f}
.qy-h {font-size: 1.02rem; font-weight: 600; margin: .15rem 0 0}
.qy-post .title {font-weight: 600; font-size: 1.02rem; overflow-wrap: anywhere}
.qy-post .text, .qy-official {white-space: pre-wrap; overflow-wrap: anywhere; margin: .15rem 0; unicode-bidi: isolate}
.qy-post mark, .qy-words mark {background: rgba(255,196,61,.45); color: inherit; padding: 0 .08em; border-radius: 2px}
.qy-official {border-left: 3px solid #3b82a0; padding: .25rem .6rem; margin-top: .35rem; font-size: .93rem;
  background: rgba(59,130,160,.07)}
.qy-tag {border: 1px solid rgba(128,140,146,.4); border-radius: 1em; padding: 0 .55em; font-size: .82rem; white-space: nowrap}
.qy-negative {color: #b4561a} .qy-positive {color: #2b6f8c} .qy-neutral {color: #52626a}
.qy-level {font-weight: 600; white-space: nowrap}
.qy-level.red {color: #b3261e} .qy-level.orange {color: #a5501a} .qy-level.yellow {color: #7a6200} .qy-level.blue {color: #2b6f8c}
.qy-since {font-size: .92rem} .qy-new {border-color: #b4561a; color: #b4561a}
.qy-strip {display: flex; flex-wrap: wrap; gap: .3rem .9rem; font-size: .88rem}
.qy-strip .bad {color: #b4561a; font-weight: 600}
h1.qy-unseen {position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap}
.spark {display: inline-flex; align-items: flex-end; gap: 1px; height: 1.9rem; width: 7rem; flex: none}
.spark i {flex: 1; background: #9cc4d2} .spark i:last-child {background: #d9742b}
[class*="st-key-link-"] {margin-top: -.75rem}
[class*="st-key-link-row"] {margin-top: 0}
[class*="st-key-link-tight"] {margin-top: -.5rem}
.qy-row {display: flex; align-items: center; gap: .6rem; line-height: 1.3; overflow-wrap: anywhere}
.qy-row .grow {flex: 1; min-width: 0}
.qy-why {line-height: 2} .qy-why span {border-radius: 3px; padding: .05em .15em} .qy-why sub {font-size: .68rem; margin-left: .1em}
.qy-why-neg {border-bottom: 2px dotted #b4561a} .qy-why-pos {border-bottom: 2px solid #2b6f8c}
.qy-why-neg.s2 {background: rgba(217,116,43,.16)} .qy-why-neg.s3 {background: rgba(217,116,43,.3)}
.qy-why-pos.s2 {background: rgba(59,130,160,.16)} .qy-why-pos.s3 {background: rgba(59,130,160,.3)}
.qy-course {margin: 0; padding-left: 1.1rem; line-height: 1.5} .qy-course li {margin: .15rem 0; overflow-wrap: anywhere}
@media (prefers-color-scheme: dark) {.qy-figure .k, .qy-dim, .qy-neutral, .qy-within, [data-testid="stCaptionContainer"],
  [data-testid="stCaptionContainer"] p {color: #a9b8be}
  .qy-above, .qy-negative, .qy-strip .bad, .qy-new {color: #e8955a; border-color: #e8955a} .qy-below, .qy-positive {color: #7cc0d8}
  .qy-level.red {color: #f2918a} .qy-level.orange {color: #e8955a} .qy-level.yellow {color: #d9bf5a} .qy-level.blue {color: #7cc0d8}}
</style>"""


def style() -> None:
    """The dashboard's own style; a fixed text, nothing of a post in it."""
    st.html(_STYLE)


def page_heading(wording: str) -> None:
    """The page's name for screen readers; people who see have it in the navigation."""
    st.html(f'<h1 class="qy-unseen">{shown(wording)}</h1>')


def heading(wording: str, *, help_: str | None = None) -> None:
    """A heading of a part of a page; `wording` is shown as it is."""
    st.html(f'<div class="qy-h" role="heading" aria-level="2">{shown(wording)}</div>')
    if help_:
        st.caption(help_)


def complain(error: QingyuError) -> None:
    """What went wrong and what to do, as plain text; a faulty query with the place of the fault."""
    if isinstance(error, QueryError):
        st.html(f'<div class="qy-card" role="alert">✖ {shown(error.message)}</div>')
        st.code(visible(error.pointer()), language=None)
        return
    st.html(f'<div class="qy-card" role="alert">✖ {shown(t("problem", m=error.message))}</div>')
    if isinstance(error, TransientError):
        st.caption(t("away"))
        st.page_link(SOURCES, label=t("sources"), icon=":material/arrow_forward:")


def posts_link(view: View, *, wording: str | None = None, key: str = "", back: bool = False) -> None:
    """A link into 检索 with this view. wording: ours, never text of a post."""
    with st.container(key=f"link-{key}" if key else None):
        st.page_link(
            SEARCH,
            label=wording or t("see_posts"),
            icon=f":material/arrow_{'back' if back else 'forward'}:",
            query_params=view.to_params(),
        )


def to_the_door(error: QingyuError) -> None:
    """Why the session is over, and the way to sign in; what was typed is lost no sooner than the reader leaves."""
    st.html(
        f'<div class="qy-card" role="alert">{shown(error.message)}。'
        f'<a href="/signin" target="_self">{shown(t("to_sign_in"))}</a></div>'
    )


def event_link(event_id: str, *, key: str, wording: str = "") -> None:
    """A link to the page of an event. wording: text of posts is fine."""
    with st.container(key=f"link-row-event-{key}", width="content"):
        st.page_link(
            TOPICS,
            label=label(wording) or t("event_open"),
            icon=":material/arrow_forward:",
            query_params={"event": event_id},
        )


def figure(title: str, value: str, *, where: str = "", where_class: str = "", note: str = "", more: str = "") -> None:
    """A figure with its name, how it stands against the usual, and what the usual is; more: what else to know of it."""
    lines = "".join(f'<div class="k">{shown(line) or "&nbsp;"}</div>' for line in (note, more) if line or line is note)
    st.html(
        f'<div class="qy-card qy-figure"><div class="k">{shown(title)}</div><div class="n">{shown(value)}</div>'
        f'<div class="w {shown(where_class)}">{shown(where)}</div>{lines}</div>'
    )


def feeling(post: Mapping[str, Any]) -> str:
    """The sentiment as shape and word, HTML; "" where there is none."""
    sentiment = post.get("sentiment")
    if not sentiment:
        return ""
    name = sentiment["label"]
    return f'<span class="qy-{shown(name)}">{shown(word(SENTIMENTS, name))} {score(sentiment["score"])}</span>'


def score(value: float) -> str:
    """A sentiment score with its sign; what rounds to nothing has none."""
    rounded = round(value, 2)
    return f"{rounded:+.2f}" if rounded else "0.00"


def facts_line(post: Mapping[str, Any]) -> str:
    """When, where, what kind, how it is felt and about what: one line of HTML."""
    names = asking.topics()
    tags = "".join(f' <span class="qy-tag">{shown(names.get(i, i))}</span>' for i in post.get("topics") or ())
    plain = [
        posted_at(dict(post)),
        asking.source_titles().get(post["source"], post["source"]),
        word(KINDS, post["kind"]),
    ]
    if post.get("region"):
        plain.append(post["region"])
    return f'<div class="qy-dim">{" · ".join(shown(p) for p in plain)} · {feeling(post)}{tags}</div>'


def official_block(post: Mapping[str, Any], *, size: int) -> str:
    """The official reply, HTML; "" where there is none."""
    official = post.get("official")
    if not official or not (official.get("text") or official.get("unit")):
        return ""
    head = f"{t('official_reply')} · {official.get('unit') or '—'} · {posted_at({'published': official.get('replied'), 'collected': None})}"
    return f'<div class="qy-official"><b>{shown(head)}</b><br>{shown(cut(official.get("text") or "", size))}</div>'


def post_card(post: Mapping[str, Any]) -> str:
    """A post as HTML, its text as far as a card shows it."""
    title = shown(cut(post.get("title") or "", 200)) or f'<span class="qy-dim">{shown(t("untitled"))}</span>'
    return (
        f'<div class="qy-card qy-post"><div class="title">{title}</div>{facts_line(post)}'
        f'<div class="text">{shown(cut(post.get("text") or "", CARD_CHARS))}</div>{official_block(post, size=220)}'
        f'<div class="qy-dim">{link(post["url"], t("original"))}</div></div>'
    )


def hit_card(hit: Any) -> str:
    """A result as HTML, what matched marked."""
    post = hit.post
    title = marked(_cut(hit.title, 200)) or f'<span class="qy-dim">{shown(t("untitled"))}</span>'
    return (
        f'<div class="qy-card qy-post"><div class="title">{title}</div>{facts_line(post)}'
        f'<div class="text">{marked(_cut(hit.text, CARD_CHARS))}</div>{official_block(post, size=220)}'
        f'<div class="qy-dim">{link(post["url"], t("original"))}</div></div>'
    )


class _Piece:
    """A stretch of text that was cut short."""

    def __init__(self, text: str, marked_: bool) -> None:
        self.text, self.marked = text, marked_


def _cut(segments: Any, size: int) -> list[_Piece]:
    """Segments up to `size` characters in all."""
    pieces: list[_Piece] = []
    left = size
    for segment in segments:
        if left <= 0:
            pieces.append(_Piece("…", False))
            break
        pieces.append(_Piece(segment.text[:left], segment.marked))
        left -= len(segment.text)
    return pieces


def cut(text: str, size: int) -> str:
    """`text`, its lines kept, up to `size` characters."""
    return text if len(text) <= size else text[:size] + "…"


def count(value: float | None) -> str:
    """A count, or that there is no data."""
    return t("no_data") if value is None else number(value)


def share(value: float | None) -> str:
    """A share in per cent, or a dash where nothing was scored."""
    return "—" if value is None else f"{value:.0%}"
