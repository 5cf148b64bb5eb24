"""A panel on the page: its title, its drawing, a way to its posts; what went wrong, or is missing, in its place."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pandas as pd
import streamlit as st

from config.dashboards import (
    AnyPanel,
    BarPanel,
    Chart,
    HeatmapPanel,
    LinePanel,
    MetricPanel,
    SavedSearchPanel,
    TablePanel,
    UnsupportedPanel,
    WordListPanel,
)
from config.errors import QueryError
from dashboard import asking, panel_charts, parts
from dashboard.address import View
from dashboard.display import SHANGHAI, label, number, shown, visible
from dashboard.texts import t
from pipeline.panels.filling import Filled, fill
from pipeline.panels.naming import figure_name, figure_text, group_name
from pipeline.query.layer import Question

_TWELVE = 12
_DAY = timedelta(days=1)


def lines(panels: Sequence[AnyPanel]) -> list[list[AnyPanel]]:
    """The panels in lines of twelve twelfths, in their order."""
    found: list[list[AnyPanel]] = []
    for panel in panels:
        if found and sum(p.width for p in found[-1]) + panel.width <= _TWELVE:
            found[-1].append(panel)
        else:
            found.append([panel])
    return found


def show_panel(panel: AnyPanel, asked: Question, key: str) -> None:
    """The panel, or what keeps it from being shown."""
    title = panel.title or t("panel_untitled")
    parts.heading(title)
    if isinstance(panel, UnsupportedPanel):
        st.html(
            f'<div class="qy-card qy-unsupported" role="note">⊘ {shown(t("panel_unsupported", r=panel.reason))}</div>'
        )
        return
    try:
        filled = fill(panel, asked, asking.ask)
        _draw(panel, filled, title)
    except QueryError as error:
        parts.complain(error)
        return
    if panel.note:
        st.caption(label(panel.note))
    view = posts_of(asked)
    if view is not None:
        parts.posts_link(view, key=f"panel-{key}")


def _draw(panel: AnyPanel, filled: Filled, title: str) -> None:
    if isinstance(panel, MetricPanel):
        _metric(panel, filled)
    elif isinstance(panel, SavedSearchPanel):
        _posts(panel, filled)
    elif not any(any(row.figures) for row in filled.rows):
        st.caption(t("panel_words_none" if isinstance(panel, WordListPanel) else "panel_empty"))
    elif isinstance(panel, TablePanel):
        _table(panel, filled)
    elif isinstance(panel, WordListPanel):
        _words(panel, filled)
    elif isinstance(panel, LinePanel | BarPanel | HeatmapPanel):
        chart = panel_charts.draw(panel, filled.rows, asking.naming().value)
        st.altair_chart(chart, alt=t("panel_figures", k=figure_name(panel.figures[0]), t=visible(title)))


def _metric(panel: MetricPanel, filled: Filled) -> None:
    (row,) = filled.rows
    for column, figure, value in zip(st.columns(len(panel.figures)), panel.figures, row.figures, strict=True):
        with column:
            parts.figure(figure_name(figure), figure_text(figure, value))


def _table(panel: TablePanel, filled: Filled) -> None:
    groups = groups_of(panel)
    name = asking.naming().value
    rows = [
        {
            **{group_name(g): visible(name(g, key)) for g, key in zip(groups, row.keys, strict=True)},
            **{figure_name(f): value for f, value in zip(panel.figures, row.figures, strict=True)},
        }
        for row in filled.rows
    ]
    formats = {"mean_score": "%.2f", "negative_share": "percent"}
    columns: Any = {
        figure_name(f): st.column_config.NumberColumn(format=formats.get(f, "localized")) for f in panel.figures
    }
    # As high as its rows, but no higher than the panel.
    height = min(panel.height * 75, 36 * (len(rows) + 1))
    st.dataframe(pd.DataFrame(rows), hide_index=True, width="stretch", height=height, column_config=columns)


def groups_of(panel: Chart) -> list[str]:
    """The fields and the interval that the keys of the rows are values of."""
    return [*panel.by, *([panel.interval] if panel.interval else [])]


def _words(panel: WordListPanel, filled: Filled) -> None:
    """The words, larger where there are more posts with them."""
    (figure,) = panel.figures
    most = max(row.figures[0] or 0 for row in filled.rows) or 1
    name = asking.naming().value
    pieces = [
        f'<span style="font-size:{0.85 + 0.75 * max(row.figures[0] or 0, 0) / most:.2f}rem">'
        f"{shown(name(panel.by[0], row.keys[0]))}</span> "
        f'<span class="qy-dim">{shown(figure_text(figure, row.figures[0]))}</span>'
        for row in filled.rows
    ]
    st.html(f'<div class="qy-strip">{" ".join(f"<span>{piece}</span>" for piece in pieces)}</div>')


def _posts(panel: SavedSearchPanel, filled: Filled) -> None:
    total = int(filled.rows[0].figures[0] or 0)
    if not total:
        st.caption(t("panel_empty"))
        return
    st.caption(t("panel_total", n=number(total)))
    with st.container(height=panel.height * 75, border=False):
        for hit in asking.search(filled.question, sort=panel.sort, size=panel.size).hits:
            st.html(parts.hit_card(hit))


def posts_of(asked: Question) -> View | None:
    """The view of 检索 with the posts of a panel; None where its queries are written in two languages."""
    every = [one for one in (asked, *asked.also) if one.query.strip()]
    if len({one.language for one in every}) > 1 or asked.since is None or asked.until is None:
        return None
    query = every[0].query if len(every) == 1 else " AND ".join(f"({one.query})" for one in every)
    first, last = (moment.astimezone(SHANGHAI).date() for moment in (asked.since, asked.until))
    kql = bool(every) and every[0].language == "kql"
    return View(query=query, first=first, last=last - _DAY, kql=kql)
