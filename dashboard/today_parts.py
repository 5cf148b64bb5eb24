"""The parts of 今日 below its figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import streamlit as st

from dashboard import asking, charts, parts
from dashboard.address import View, start_of, thread_query, with_word
from dashboard.display import excerpt, label, moment, number, shown
from dashboard.figures import Rise, spark_bars
from dashboard.outlook import Outlook, rises
from dashboard.texts import HEALTH, t, word
from pipeline.access.model import Action
from pipeline.query.model import Question
from pipeline.replies_view import Replies, Reply
from pipeline.sources_view import SourceView

# Words that fewer posts carry are typing errors and names more often than news.
_WORD_POSTS = 3
_FINE = frozenset({"fine", "new", "disabled"})
_WORDS, _THREADS, _REPLIES_FIRST = 16, 6, 4


def picked_day(picked: Any) -> date | None:
    """The day of a bar that was clicked; None when none was."""
    rows = picked.selection.get(charts.PICK) if picked else None
    return date.fromisoformat(rows[0]["day"]) if rows and "day" in rows[0] else None


def duration(span: timedelta) -> str:
    """A span in its largest whole unit."""
    minutes = max(int(span.total_seconds() // 60), 0)
    if minutes >= 2 * 24 * 60:
        return t("days", n=minutes // (24 * 60))
    return t("hours", n=minutes // 60) if minutes >= 60 else t("minutes", n=minutes)


def sources_strip(sources: Sequence[SourceView], *, now: datetime) -> None:
    """Whether the figures can be trusted: one line where all sources are fine, each that is not spelled out; leads to 来源."""
    if not sources:
        st.info(t("no_sources"))
        return
    fine, bad = _parted(sources)
    latest = max((source.last_ok for source in sources if source.last_ok), default=None)
    ago = t("fresh_ago", d=duration(now - latest)) if latest else t("never")
    line = t("coverage_bad", k=len(bad), n=len(sources)) if bad else t("coverage_fine", n=len(fine), d=ago)
    pieces = [f'<span class="{"bad" if bad else ""}">{shown(line)}</span>', *(_source_piece(one, now) for one in bad)]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.html(f'<div class="qy-strip" role="status">{"".join(pieces)}</div>', width="content")
        if asking.may(Action.SEE_SOURCES):
            st.page_link(parts.SOURCES, label=t("source_state"), icon=":material/arrow_forward:")


def _parted(sources: Sequence[SourceView]) -> tuple[list[SourceView], list[SourceView]]:
    """Those that are fine (or switched off), those that are not."""
    fine = [source for source in sources if source.health in _FINE]
    return fine, [source for source in sources if source.health not in _FINE]


def _source_piece(source: SourceView, now: datetime) -> str:
    fresh = t("fresh_ago", d=duration(now - source.last_ok)) if source.last_ok else t("never")
    return f'<span class="bad">{shown(source.title)} {shown(word(HEALTH, source.health))} · {shown(fresh)}</span>'


def rising_part(outlook: Outlook) -> None:
    """Topics above their usual, today or in the last three days."""
    parts.heading(t("rising"))
    choice = st.segmented_control(
        t("rising"),
        [1, 3],
        default=1,
        required=True,
        format_func=lambda n: t(f"window_{n}"),
        label_visibility="collapsed",
        key="rising-days",
    )
    found = rises(outlook, ask=asking.ask, days=choice or 1)
    if not found:
        st.caption(t("too_little") if outlook.usual_count is None else t("rising_none"))
    for rise in found:
        _rise_row(rise, outlook.day, days=choice or 1, outlook_view=outlook.narrowed)


def _rise_row(rise: Rise, day: date, *, days: int, outlook_view: View) -> None:
    name = asking.topics().get(rise.topic, rise.topic)
    expected = rise.usual
    row = t(
        "rising_row", c=number(rise.count), m=number(expected.median), a=number(expected.low), b=number(expected.high)
    )
    marks = [t("fresh")] * rise.fresh + [t("few")] * rise.few
    tags = "".join(f' <span class="qy-tag">{shown(mark)}</span>' for mark in marks)
    left, right = st.columns([5, 2], vertical_alignment="center", gap="small")
    with left:
        st.html(
            f'<div class="qy-row"><div class="grow"><b>{shown(name)}</b>{tags}<br>'
            f'<span class="qy-dim">{shown(row)}</span></div>{spark_bars(rise.spark)}</div>'
        )
    with right:
        view = replace(outlook_view, first=day - timedelta(days=days - 1), last=day, topics=(rise.topic,))
        if asking.may(Action.READ_POSTS):
            parts.posts_link(view, key=f"row-rise-{rise.topic}")


def threads_part(outlook: Outlook) -> None:
    """The threads in which most was said on the day."""
    parts.heading(t("threads"))
    found = asking.ask("threads", _day(outlook), size=_THREADS)
    if not found:
        st.caption(t("threads_none"))
    for n, thread in enumerate(found):
        _thread_row(thread, outlook, key=f"thread-{n}")


def _thread_row(thread: Any, outlook: Outlook, *, key: str) -> None:
    title = excerpt(thread.title, 60) or t("untitled")
    row = t("thread_row", c=number(thread.count), v=number(thread.voices))
    left, right = st.columns([7, 3], vertical_alignment="center", gap="small")
    with left:
        st.html(
            f'<div class="qy-row"><div class="grow">{shown(title)}<br><span class="qy-dim">{shown(row)}</span></div></div>'
        )
    with right:
        view = replace(outlook.view(), query=thread_query(thread.thread))
        parts.posts_link(view, key=f"row-{key}")


def words_part(outlook: Outlook) -> None:
    """Words of the day that stand out against the four weeks before; each leads to its posts."""
    parts.heading(t("words"), help_=t("words_help"))
    before = replace(
        outlook.narrowed.question(), since=start_of(outlook.day - timedelta(days=28)), until=start_of(outlook.day)
    )
    found = asking.ask("significant_words", _day(outlook), background=before, size=_WORDS * 2)
    words_row([w for w in found if w.count >= _WORD_POSTS][:_WORDS], outlook.view(), key="word")


def words_row(words: Sequence[Any], view: View, *, key: str) -> None:
    """Words with their counts as links that add the word to the view's query."""
    if not words:
        st.caption(t("words_none"))
        return
    with st.container(horizontal=True, gap="small", key=f"{key}-row"):
        for w in words:
            # A word is text of posts: it stands in a label that Streamlit reads as Markdown, so every sign is escaped.
            target = replace(view, query=with_word(view.query, w.word), after="", post="")
            st.page_link(parts.SEARCH, label=f"{label(excerpt(w.word, 20))} {w.count}", query_params=target.to_params())


def replies_part(replies: Replies | None) -> None:
    """The newest official replies of the day, and how long they took."""
    parts.heading(t("official_replies"))
    if replies is None or not replies.total:
        st.caption(t("replies_none"))
        return
    for n, reply in enumerate(replies.newest[:_REPLIES_FIRST]):
        _reply_row(reply, key=f"reply-{n}")
    if rest := replies.newest[_REPLIES_FIRST:]:
        with st.expander(t("more", n=len(rest))):
            for n, reply in enumerate(rest, _REPLIES_FIRST):
                _reply_row(reply, key=f"reply-{n}")
    if replies.total > len(replies.newest):
        st.caption(t("replies_more", n=replies.total, k=len(replies.newest)))


def _reply_row(reply: Reply, *, key: str) -> None:
    waited = t("waited", d=duration(reply.waited)) if reply.waited is not None else ""
    head = " · ".join(p for p in (reply.unit or "—", moment(reply.replied_at)[11:], waited) if p)
    st.html(
        f'<div class="qy-official"><b>{shown(head)}</b><br>{shown(excerpt(reply.title, 50))}<br>'
        f'<span class="qy-dim">{shown(excerpt(reply.text, 90))}</span></div>'
    )
    parts.posts_link(View(post=reply.post_id), wording=t("detail"), key=key)


def _day(outlook: Outlook) -> Question:
    return outlook.view().question()
