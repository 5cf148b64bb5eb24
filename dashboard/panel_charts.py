"""Charts of panels, from rows of figures. Names of values are text of the data: they are only ever drawn as text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import altair as alt
import pandas as pd

from config.dashboards import BarPanel, Chart, HeatmapPanel, LinePanel
from dashboard.charts import CALM, NEGATIVE, UNKNOWN, axis_days
from dashboard.display import visible
from pipeline.panels.naming import figure_name, group_name
from pipeline.query.layer import Row

Shown = Callable[[str, str], str]
_FORMATS = {"mean_score": "+.2f", "negative_share": ".0%"}
_MOST_DOTS = 60
_LONGEST = 24  # characters of a value's name in a chart
_FEELINGS = {"negative": NEGATIVE, "neutral": UNKNOWN, "positive": CALM}


def frame_of(panel: Chart, rows: Sequence[Row], shown: Shown) -> pd.DataFrame:
    """A line for each row and figure: g0, g1 (names of the values), at (time), figure, value."""
    made = []
    for row in rows:
        names = {f"g{n}": _short(shown(field, row.keys[n])) for n, field in enumerate(panel.by)}
        at = {"at": row.keys[-1]} if panel.interval else {}
        for figure, value in zip(panel.figures, row.figures, strict=True):
            made.append({**names, **at, "figure": figure_name(figure), "value": value})
    return pd.DataFrame(made)


def _short(name: str) -> str:
    clean = visible(name)
    return clean if len(clean) <= _LONGEST else clean[: _LONGEST - 1] + "…"


def draw(panel: LinePanel | BarPanel | HeatmapPanel, rows: Sequence[Row], shown: Shown) -> Any:
    """The chart of a panel with rows."""
    frame = frame_of(panel, rows, shown)
    height = panel.height * 75
    if isinstance(panel, LinePanel):
        return _line(panel, frame, shown).properties(height=height)
    if isinstance(panel, HeatmapPanel):
        return _heatmap(panel, frame).properties(height=height)
    return (_pie(panel, frame) if panel.shape == "pie" else _bar(panel, frame, shown)).properties(height=height)


def _y(panel: Chart) -> Any:
    form = _FORMATS.get(panel.figures[0])
    axis = alt.Axis(format=form, tickCount=4) if form else alt.Axis(tickCount=4)
    return alt.Y("value:Q", title=None, axis=axis)


def _tooltip(panel: Chart) -> list[Any]:
    groups = [alt.Tooltip(f"g{n}:N", title=group_name(field)) for n, field in enumerate(panel.by)]
    at = [alt.Tooltip("at:O", title=group_name(panel.interval))] if panel.interval else []
    form = _FORMATS.get(panel.figures[0], ",")
    return [*groups, *at, alt.Tooltip("figure:N", title=" "), alt.Tooltip("value:Q", title=" ", format=form)]


def _colour(panel: Chart, column: str, field: str, shown: Shown, *, several: bool) -> Any:
    if not several:
        return alt.value(CALM)
    scale = alt.Scale(scheme="tableau10")
    if field == "sentiment":
        names = [shown("sentiment", key) for key in _FEELINGS]
        scale = alt.Scale(domain=names, range=list(_FEELINGS.values()))
    return alt.Color(f"{column}:N", title=None, scale=scale, legend=alt.Legend(orient="bottom"), sort=None)


def _dots(points: int) -> Any:
    """A dot on every point, unless they would run together."""
    return {"size": 18} if points <= _MOST_DOTS else False


def _axis_at(panel: Chart, frame: pd.DataFrame) -> Any:
    """The axis of time; names of hours are three times as wide as those of days."""
    return axis_days(frame["at"].nunique() * (3 if panel.interval == "hour" else 1))


def _line(panel: LinePanel, frame: pd.DataFrame, shown: Shown) -> Any:
    column, field = ("g0", panel.by[0]) if panel.by else ("figure", "")
    base, points = alt.Chart(frame), frame["at"].nunique()
    drawn = base.mark_area(opacity=0.55, line=True) if panel.filled else base.mark_line(point=_dots(points))
    return drawn.encode(
        x=alt.X("at:O", axis=_axis_at(panel, frame)),
        y=_y(panel).stack(None),
        color=_colour(panel, column, field, shown, several=bool(panel.by) or len(panel.figures) > 1),
        tooltip=_tooltip(panel),
    )


def _bar(panel: BarPanel, frame: pd.DataFrame, shown: Shown) -> Any:
    """Over time standing, over values lying: Chinese names are read lying."""
    if panel.interval:
        split = ("g0", panel.by[0]) if panel.by else ("figure", "")
        along = {"x": alt.X("at:O", axis=_axis_at(panel, frame)), "y": _y(panel)}
    else:
        split = ("g1", panel.by[1]) if len(panel.by) > 1 else ("figure", "")
        form = _FORMATS.get(panel.figures[0])
        axis = alt.Axis(format=form, tickCount=4) if form else alt.Axis(tickCount=4)
        along = {
            "y": alt.Y("g0:N", title=None, sort=None, axis=alt.Axis(labelLimit=180)),
            "x": alt.X("value:Q", title=None, axis=axis),
        }
    several = split[0] != "figure" or len(panel.figures) > 1
    colour = _colour(panel, *split, shown, several=several)
    apart = {} if split[0] != "figure" or not several else {("xOffset" if panel.interval else "yOffset"): "figure:N"}
    return alt.Chart(frame).mark_bar().encode(**along, **apart, color=colour, tooltip=_tooltip(panel))


def _pie(panel: BarPanel, frame: pd.DataFrame) -> Any:
    column = "at" if panel.interval else "g0"
    colour = alt.Color(f"{column}:N", title=None, scale=alt.Scale(scheme="tableau10"), sort=None)
    slices = {"theta": alt.Theta("value:Q", stack=True), "color": colour, "tooltip": _tooltip(panel)}
    if len(panel.by) > 1:
        slices["detail"] = alt.Detail("g1:N")
    return alt.Chart(frame).mark_arc(innerRadius=35, stroke="white", strokeWidth=1).encode(**slices)


def _heatmap(panel: HeatmapPanel, frame: pd.DataFrame) -> Any:
    across = (
        alt.X("at:O", axis=_axis_at(panel, frame))
        if panel.interval
        else alt.X("g1:N", title=None, sort=None, axis=alt.Axis(labelAngle=-40, labelLimit=120))
    )
    form = _FORMATS.get(panel.figures[0])
    scale = (
        alt.Scale(scheme="redblue", domain=[-1, 1]) if panel.figures[0] == "mean_score" else alt.Scale(scheme="blues")
    )
    legend = alt.Legend(format=form) if form else alt.Legend()
    return (
        alt.Chart(frame)
        .mark_rect()
        .encode(
            x=across,
            y=alt.Y("g0:N", title=None, sort=None, axis=alt.Axis(labelLimit=160)),
            color=alt.Color("value:Q", title=figure_name(panel.figures[0]), scale=scale, legend=legend),
            tooltip=_tooltip(panel),
        )
    )
