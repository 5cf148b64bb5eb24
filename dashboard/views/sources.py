"""来源: how each source is, which days it was read, its last runs, what was set aside; and the trial of one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import pandas as pd
import streamlit as st

from dashboard import asking, parts, source_parts
from dashboard.address import View
from dashboard.display import SHANGHAI, link, moment, shown, visible
from dashboard.texts import HEALTH, OUTCOMES, STAGES, t, word
from dashboard.today_parts import duration
from pipeline.access.model import Action
from pipeline.desk import sources as verbs
from pipeline.sources_view import Piece, RunView, SourceView

_COUNTS = ("requested", "not_modified", "posts_new", "posts_changed", "posts_unchanged", "set_aside", "failed")
_EVIDENCE = 4_000
# Days of the calendar: as many as stand side by side on a screen of 1366 points.
_DAYS = 28


def health_table(sources: Sequence[SourceView], *, now: datetime) -> None:
    """A row a source: sign and word of its health, why, how fresh, what the last run brought."""
    for source in sources:
        fresh = t("fresh_ago", d=duration(now - source.last_ok)) if source.last_ok else t("never")
        css = "qy-above" if source.health not in {"fine", "new", "disabled"} else ""
        counts = " · ".join(f"{t(k)} {source.counts[k]}" for k in _COUNTS if source.counts.get(k))
        left, right = st.columns([8, 1], vertical_alignment="center")
        with left:
            st.html(
                f'<div class="qy-card"><div class="qy-row"><div class="grow"><b>{shown(source.title)}</b> '
                f'<span class="qy-dim">{shown(source.name)} · {shown(source.kind)}</span><br>'
                f'<span class="qy-dim">{shown(counts)}</span></div>'
                f'<div><b class="{css}">{shown(word(HEALTH, source.health))}</b><br><span class="qy-dim">{shown(source.reason)}</span></div>'
                f'<div class="qy-dim">{t("last_ok")}<br>{shown(moment(source.last_ok))}（{shown(fresh)}）</div></div></div>'
            )
        with right:
            if asking.may(Action.READ_POSTS):
                parts.posts_link(View(sources=(source.name,)), key=f"row-source-{source.name}")


def runs_table(runs: Sequence[RunView]) -> None:
    """The last runs and their counts."""
    parts.heading(t("runs"))
    if not runs:
        st.caption(t("runs_none"))
        return
    rows = [_run_row(run) for run in runs]
    st.dataframe(pd.DataFrame(rows), hide_index=True, width="stretch")


def _run_row(run: RunView) -> dict[str, object]:
    took = (run.finished_at - run.started_at).total_seconds() if run.finished_at else None
    return {
        t("started"): moment(run.started_at),
        t("source"): asking.source_titles().get(run.source, run.source),
        t("outcome"): word(OUTCOMES, run.outcome),
        t("took"): t("seconds", n=took) if took is not None else "—",
        **{t(key): int(run.counts.get(key) or 0) for key in _COUNTS},
        t("reason"): visible(run.reason),
    }


def aside_part(pieces: Sequence[Piece]) -> None:
    """What was set aside, with the reason; evidence stands as plain text."""
    parts.heading(t("aside_title"), help_=t("aside_note"))
    if not pieces:
        st.caption(t("aside_none"))
    for piece in pieces:
        title = asking.source_titles().get(piece.source, piece.source)
        st.html(
            f'<div class="qy-card"><span class="qy-dim">{moment(piece.at)} · {shown(title)} · {shown(word(STAGES, piece.stage))}</span><br>'
            f"{shown(piece.reason)}<br>{link(piece.url, t('original'))}</div>"
        )
        if piece.evidence:
            with st.expander(t("evidence")):
                st.code(visible(piece.evidence[:_EVIDENCE]), language=None, wrap_lines=True)


def show() -> None:
    """The page."""
    desk, now = asking.desk(), asking.now()
    sources = verbs.health(desk)
    if not sources:
        st.info(t("no_sources"))
        return
    titles = {one.name: one.title for one in sources}
    parts.heading(t("health"))
    health_table(sources, now=now)
    today = now.astimezone(SHANGHAI).date()
    source_parts.calendar_part(verbs.calendar(desk, last_day=today, days=_DAYS), titles)
    if asking.may(Action.TRY_SOURCES):
        source_parts.trial_part({one.name: one.title for one in sources if one.kind != "import"} or titles)
    only = st.selectbox(
        t("only_source"),
        list(titles),
        list(titles).index(named) if (named := st.query_params.get("source", "")) in titles else None,
        format_func=lambda one: visible(titles[one]),
        placeholder=t("all"),
        key="only-source",
    )
    runs_table(verbs.runs(desk, source=only))
    aside_part(verbs.set_aside(desk, source=only))


show()
