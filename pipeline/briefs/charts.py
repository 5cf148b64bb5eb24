"""Charts of a brief as pictures: calm, of two colours, drawn with a Chinese font that is there."""

from __future__ import annotations

import functools
import json
from collections.abc import Sequence
from typing import Any

import altair as alt

from pipeline.briefs.model import Chart

# As on the dashboard: blue, and grey for what is not known.
_CALM, _UNKNOWN, _USUAL, _INK = "#3b82a0", "#9aa5aa", "#b0562c", "#333333"
# The width of the text is 156 mm: 590 points of 1/96 inch, drawn twice as fine.
_WIDTH, _SCALE = 560, 2.0
_LABELS = 14
_MOST_LABEL = 12


def picture(chart: Chart, font: str) -> bytes:
    """The chart as PNG. font: a family of this machine that has Chinese."""
    import vl_convert

    return bytes(vl_convert.vegalite_to_png(_spec(chart, font), scale=_SCALE))


def pictures(charts: Sequence[Chart], font: str) -> dict[str, bytes]:
    """The picture of each chart by its title; none without a font: a chart of boxes tells nothing."""
    return {chart.title: picture(chart, font) for chart in charts} if font else {}


@functools.lru_cache(maxsize=64)
def _short(label: str) -> str:
    return label if len(label) <= _MOST_LABEL else label[: _MOST_LABEL - 1] + "…"


def _looked_up(labels: Sequence[str]) -> str:
    """An expression that gives the label of a number; labels are words of posts, so they are written as JSON strings."""
    return f"{json.dumps(labels)}[+datum.value]"


def _spec(chart: Chart, font: str) -> dict[str, Any]:
    drawn = _days(chart) if chart.kind == "days" else _names(chart)
    looks = {
        "labelFont": font,
        "titleFont": font,
        "labelFontSize": 12,
        "titleFontSize": 12,
        "labelColor": _INK,
        "titleColor": _INK,
    }
    whole = drawn.configure(font=font, background="white", padding=6)
    whole = whole.configure_axis(**looks, gridColor="#e6e9ea", domainColor="#8a9499", tickColor="#8a9499")
    return dict(whole.configure_view(stroke=None).to_dict())


def _data(rows: Sequence[dict[str, Any]]) -> Any:
    return alt.InlineData(values=list(rows))


def _days(chart: Chart) -> Any:
    top = max([value or 0 for value in chart.values] + [1]) * 1.05
    rows = [
        {"n": f"{n:04d}", "label": label, "value": value, "top": top}
        for n, (label, value) in enumerate(zip(chart.labels, chart.values, strict=True))
    ]
    each = max(1, -(-len(rows) // _LABELS))
    labels = _looked_up([str(row["label"]) for row in rows])
    axis = alt.Axis(
        title=None,
        labelAngle=0,
        ticks=False,
        labelOverlap=False,
        labelExpr=f"+datum.value % {each} === 0 ? {labels} : ''",
    )
    x = alt.X("n:O", axis=axis, scale=alt.Scale(paddingInner=0.25))
    y = alt.Y("value:Q", title=None, axis=alt.Axis(tickCount=4, format="d"), scale=alt.Scale(domain=[0, top]))
    base = alt.Chart(_data(rows))
    layers = [
        base.transform_filter("datum.value === null")
        .mark_bar(color=_UNKNOWN, opacity=0.25)
        .encode(x=x, y=alt.Y("top:Q", title=None)),
        base.transform_filter("datum.value !== null").mark_bar(color=_CALM).encode(x=x, y=y),
    ]
    if chart.usual is not None:
        rule = alt.Chart(_data([{"usual": chart.usual}])).mark_rule(color=_USUAL, strokeDash=[5, 4], strokeWidth=1.5)
        layers.append(rule.encode(y=alt.Y("usual:Q", title=None)))
    return alt.layer(*layers).properties(width=_WIDTH, height=120)


def _names(chart: Chart) -> Any:
    rows = [
        {"name": f"{n:04d}", "label": _short(label), "value": value}
        for n, (label, value) in enumerate(zip(chart.labels, chart.values, strict=True))
    ]
    labels = _looked_up([str(row["label"]) for row in rows])
    y = alt.Y("name:O", axis=alt.Axis(title=None, ticks=False, domain=False, labelExpr=labels, labelLimit=200))
    x = alt.X("value:Q", axis=None)
    base = alt.Chart(_data(rows))
    bars = base.mark_bar(color=_CALM, height={"band": 0.68}).encode(x=x, y=y)
    told = base.mark_text(align="left", dx=4, color=_INK, fontSize=12).encode(
        x=x, y=y, text=alt.Text("value:Q", format=",d")
    )
    return alt.layer(bars, told).properties(width=_WIDTH - 100, height=24 * len(rows))
