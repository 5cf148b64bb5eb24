"""Charts of 趋势. Steps are text on an ordinal axis, so that no time zone of the browser moves them; names of values are text of
the data and only ever drawn as text. What is not known is grey, never zero; lines differ in dash and mark, not in colour only."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import altair as alt
import pandas as pd

from dashboard.charts import BAND, CALM, NEGATIVE, PICK, UNKNOWN, axis_days
from dashboard.course import Line, Point
from dashboard.display import visible
from dashboard.texts import t
from pipeline.query.breaking import Figure

Shown = Callable[[str], str]
# Told apart by people with any of the common colour blindnesses (Okabe and Ito 2008), dark enough on white and light on black.
_COLOURS = ("#2f7fa3", "#d0661f", "#1f8a68", "#b0569a", "#8a7200", "#5b6fc4", "#a04a4a", "#6b7a80")
_DASHES = ([1, 0], [6, 3], [2, 2], [8, 3, 2, 3], [1, 0], [6, 3], [2, 2], [8, 3, 2, 3])
_SHAPES = ("circle", "square", "triangle-up", "diamond", "cross", "triangle-down", "triangle-right", "triangle-left")
_MOST_DOTS = 120
_LONGEST = 18


def short(name: str) -> str:
    """A name as a chart has room for it."""
    clean = visible(name)
    return clean if len(clean) <= _LONGEST else clean[: _LONGEST - 1] + "…"


def _axis(steps: int, *, hours: bool) -> Any:
    return axis_days(steps * (3 if hours else 1))


def _x(points: Sequence[Point], **more: Any) -> Any:
    hours = bool(points) and "T" in points[0].at
    return alt.X("at:O", axis=_axis(len(points), hours=hours), sort=[p.at for p in points], **more)


def told(point: Point) -> str:
    """A point in words."""
    if not point.known or point.count is None:
        return t("no_data")
    return str(point.count) if point.whole else t("tr_part", n=point.count)


def bars(line: Line, *, marks: Mapping[str, str], holidays: Mapping[str, str], height: int = 260) -> Any:
    """Posts by step as bars before the band of the usual, what is compared as a dashed line. marks: numbers of events by step."""
    points = line.points
    top = max([1.0, *(max(p.count or 0, p.before or 0, p.usual.high if p.usual else 0) for p in points)]) * 1.12
    frame = pd.DataFrame(
        [
            {
                "at": p.at,
                "count": p.count,
                "before": p.before,
                "share": p.negative_share,
                "low": p.usual.low if p.usual else None,
                "high": p.usual.high if p.usual else None,
                "median": p.usual.median if p.usual else None,
                "told": told(p),
                "strength": 1.0 if p.whole else 0.5,
                "top": top,
                "holiday": holidays.get(p.at, ""),
                "mark": marks.get(p.at, ""),
            }
            for p in points
        ]
    )
    tooltip = [
        alt.Tooltip("at:O", title=t("tr_step_tip")),
        alt.Tooltip("told:N", title=t("volume")),
        alt.Tooltip("share:Q", title=t("negative_share"), format=".0%"),
        alt.Tooltip("median:Q", title=t("median_tip"), format=".1f"),
        alt.Tooltip("low:Q", title=t("low_tip"), format=".0f"),
        alt.Tooltip("high:Q", title=t("high_tip"), format=".0f"),
        alt.Tooltip("before:Q", title=t("tr_compared_tip"), format=",.0f"),
        alt.Tooltip("holiday:N", title=t("tr_holiday")),
    ]
    base, x = alt.Chart(frame), _x(points, scale=alt.Scale(paddingInner=0.2))
    plain = alt.Y("count:Q", title=None, axis=alt.Axis(tickCount=5, format="d"), scale=alt.Scale(domain=[0, top]))
    missing = base.transform_filter("!isValid(datum.count)").mark_bar(color=UNKNOWN, opacity=0.22, aria=False)
    band = base.transform_filter("isValid(datum.high)").mark_bar(
        color=BAND, opacity=0.45, width={"band": 1.25}, aria=False
    )
    median = base.transform_filter("isValid(datum.median)").mark_tick(
        color="#5b7f8c", thickness=2, width={"band": 1.25}, aria=False
    )
    counted = base.transform_filter("isValid(datum.count)").mark_bar(color=CALM, cursor="pointer")
    pick = alt.selection_point(name=PICK, fields=["at"], on="click", empty=True)
    layers = [
        missing.encode(x=x, y=alt.Y("top:Q", title=None), tooltip=tooltip),
        band.encode(x=x, y=alt.Y("low:Q", title=None), y2="high:Q", tooltip=tooltip),
        counted.encode(
            x=x, y=plain, opacity=alt.Opacity("strength:Q", scale=None, legend=None), tooltip=tooltip
        ).add_params(pick),
        median.encode(x=x, y=alt.Y("median:Q", title=None), tooltip=tooltip),
    ]
    if frame["before"].notna().any():
        compared = base.mark_line(
            color=NEGATIVE, strokeDash=[6, 3], strokeWidth=2, point={"shape": "diamond", "size": 28, "color": NEGATIVE}
        )
        layers.append(compared.encode(x=x, y=alt.Y("before:Q", title=None), tooltip=tooltip))
    layers += [_flag(base, x, "holiday", 8), _flag(base, x, "mark", 22)]
    return alt.layer(*layers).properties(height=height)


def _flag(base: Any, x: Any, field: str, down: int) -> Any:
    """Words along the upper edge."""
    words = base.transform_filter(f"datum.{field} !== ''").mark_text(
        fontSize=11, fontWeight="bold", color="#8a6d1f" if field == "holiday" else NEGATIVE
    )
    return words.encode(x=x, y=alt.value(down), text=f"{field}:N")


def shares(line: Line, *, height: int = 150) -> Any:
    """The share of negative posts by step with its interval; steps with few posts have none."""
    frame = pd.DataFrame(
        [
            {
                "at": p.at,
                "share": p.value("negative_share"),
                "low": p.interval[0] if p.interval and p.value("negative_share") is not None else None,
                "high": p.interval[1] if p.interval and p.value("negative_share") is not None else None,
                "n": p.count,
                "told": t("few_posts") if p.known and p.value("negative_share") is None else told(p),
            }
            for p in line.points
        ]
    )
    tooltip = [
        alt.Tooltip("at:O", title=t("tr_step_tip")),
        alt.Tooltip("share:Q", title=t("negative_share"), format=".0%"),
        alt.Tooltip("low:Q", title=t("low_tip"), format=".0%"),
        alt.Tooltip("high:Q", title=t("high_tip"), format=".0%"),
        alt.Tooltip("told:N", title=t("volume")),
    ]
    base, x = alt.Chart(frame), _x(line.points)
    scale = alt.Scale(domain=[0, 1])
    y = alt.Y("share:Q", title=None, scale=scale, axis=alt.Axis(format=".0%", tickCount=4))
    spread = base.transform_filter("isValid(datum.low)").mark_rule(color=NEGATIVE, opacity=0.4, strokeWidth=3)
    dots = base.transform_filter("isValid(datum.share)").mark_point(
        color=NEGATIVE, filled=True, size=34, opacity=1, cursor="pointer"
    )
    pick = alt.selection_point(name=PICK, fields=["at"], on="click", empty=True)
    drawn = base.mark_line(color=NEGATIVE, strokeWidth=1.2, opacity=0.7)
    return alt.layer(
        spread.encode(x=x, y=alt.Y("low:Q", title=None, scale=scale), y2="high:Q", tooltip=tooltip),
        drawn.encode(x=x, y=y),
        dots.encode(x=x, y=y, tooltip=tooltip).add_params(pick),
    ).properties(height=height)


def curves(lines: Sequence[Line], figure: Figure, name: Shown, *, height: int = 300) -> Any:
    """A curve for each value, told apart by colour, dash and mark; broken where nothing is known."""
    rows = [
        {"at": p.at, "key": line.key, "name": short(name(line.key)), "value": p.value(figure), "told": told(p)}
        for line in lines
        for p in line.points
    ]
    names = [short(name(line.key)) for line in lines]
    form = ".0%" if figure == "negative_share" else ","
    base = alt.Chart(pd.DataFrame(rows))
    n = len(lines)

    def by(channel: Any, values: Sequence[Any]) -> Any:
        return channel("name:N", title=None, sort=names, scale=alt.Scale(domain=names, range=list(values[:n])))

    legend = alt.Legend(orient="top", symbolSize=90, labelLimit=220)
    colour = by(alt.Color, _COLOURS).legend(legend)
    shape = by(alt.Shape, _SHAPES).legend(legend)
    dash = by(alt.StrokeDash, _DASHES).legend(None)
    y = alt.Y("value:Q", title=None, axis=alt.Axis(format=form, tickCount=5))
    tooltip = [
        alt.Tooltip("name:N", title=" "),
        alt.Tooltip("at:O", title=t("tr_step_tip")),
        alt.Tooltip("value:Q", title=t(f"tr_fig_{figure}"), format=form),
        alt.Tooltip("told:N", title=t("volume")),
    ]
    x = _x(lines[0].points)
    pick = alt.selection_point(name=PICK, fields=["at", "key"], on="click", empty=True)
    many = len(lines[0].points) > _MOST_DOTS
    dots = base.transform_filter("isValid(datum.value)").mark_point(
        filled=True, size=24 if many else 46, opacity=1, cursor="pointer"
    )
    return alt.layer(
        base.mark_line(strokeWidth=1.6).encode(x=x, y=y, color=colour, strokeDash=dash),
        dots.encode(x=x, y=y, color=colour, shape=shape, tooltip=tooltip).add_params(pick),
    ).properties(height=height)


def heat(lines: Sequence[Line], figure: Figure, name: Shown) -> Any:
    """Values down, steps across; darker is more; what is not known is hatched grey by its word in the tooltip."""
    rows = [
        {"at": p.at, "key": line.key, "name": short(name(line.key)), "value": p.value(figure), "told": told(p)}
        for line in lines
        for p in line.points
    ]
    form = ".0%" if figure == "negative_share" else ","
    x = _x(lines[0].points)
    y = alt.Y("name:N", title=None, sort=[short(name(line.key)) for line in lines], axis=alt.Axis(labelLimit=170))
    tooltip = [
        alt.Tooltip("name:N", title=" "),
        alt.Tooltip("at:O", title=t("tr_step_tip")),
        alt.Tooltip("value:Q", title=t(f"tr_fig_{figure}"), format=form),
        alt.Tooltip("told:N", title=t("volume")),
    ]
    base = alt.Chart(pd.DataFrame(rows))
    pick = alt.selection_point(name=PICK, fields=["at", "key"], on="click", empty=True)
    scale = alt.Scale(scheme="oranges" if figure == "negative_share" else "blues")
    legend = alt.Legend(format=form, orient="top", gradientLength=220, title=t(f"tr_fig_{figure}"))
    cells = base.transform_filter("isValid(datum.value)").mark_rect(cursor="pointer", stroke="white", strokeWidth=0.5)
    missing = base.transform_filter("!isValid(datum.value)").mark_rect(color=UNKNOWN, opacity=0.22, aria=False)
    return alt.layer(
        missing.encode(x=x, y=y, tooltip=tooltip),
        cells.encode(x=x, y=y, color=alt.Color("value:Q", scale=scale, legend=legend), tooltip=tooltip).add_params(
            pick
        ),
    ).properties(height=max(120, 26 * len(lines) + 60))


def small(line: Line, figure: Figure, *, top: float | None, height: int = 84) -> Any:
    """One small curve. top: the upper end of its scale, None for its own."""
    frame = pd.DataFrame([{"at": p.at, "value": p.value(figure), "told": told(p)} for p in line.points])
    form = ".0%" if figure == "negative_share" else "d"
    scale = alt.Scale(domain=[0, top]) if top else alt.Scale(zero=True)
    x = alt.X("at:O", sort=[p.at for p in line.points], axis=None)
    y = alt.Y("value:Q", title=None, scale=scale, axis=alt.Axis(tickCount=2, format=form))
    tooltip = [
        alt.Tooltip("at:O", title=t("tr_step_tip")),
        alt.Tooltip("value:Q", title=t(f"tr_fig_{figure}"), format=form),
        alt.Tooltip("told:N", title=t("volume")),
    ]
    base = alt.Chart(frame)
    pick = alt.selection_point(name=PICK, fields=["at"], on="click", empty=True)
    return alt.layer(
        base.transform_filter("!isValid(datum.value)")
        .mark_rect(color=UNKNOWN, opacity=0.22, aria=False)
        .encode(x=x, tooltip=tooltip),
        base.transform_filter("isValid(datum.value)")
        .mark_bar(color=CALM, cursor="pointer")
        .encode(x=x, y=y, tooltip=tooltip)
        .add_params(pick),
    ).properties(height=height)


def whole(weeks: Sequence[tuple[str, int]], inside: Collection[str], *, height: int = 62) -> Any:
    """All that is known by week, the period darker."""
    frame = pd.DataFrame([{"at": at, "count": n, "strength": 1.0 if at in inside else 0.35} for at, n in weeks])
    tooltip = [alt.Tooltip("at:O", title=t("tr_week_tip")), alt.Tooltip("count:Q", title=t("volume"), format=",")]
    return (
        alt.Chart(frame)
        .mark_bar(color=CALM)
        .encode(
            x=alt.X("at:O", axis=_axis(len(weeks), hours=False), scale=alt.Scale(paddingInner=0.1)),
            y=alt.Y("count:Q", title=None, axis=None),
            opacity=alt.Opacity("strength:Q", scale=None, legend=None),
            tooltip=tooltip,
        )
        .properties(height=height)
    )
