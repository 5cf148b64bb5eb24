"""Charts from figures. Days are text (ISO) on an ordinal axis, so that no time zone of the browser moves them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any, Protocol

import altair as alt
import pandas as pd

from dashboard.figures import Day, DayPoint
from dashboard.texts import t

# Blue and orange are told apart by people with any of the common colour blindnesses; grey is for what is not known.
CALM, NEGATIVE, BAND, UNKNOWN = "#3b82a0", "#d9742b", "#9cc4d2", "#9aa5aa"
PICK = "pick"


class CaseMonth(Protocol):
    """A month of cases, by their numbers."""

    @property
    def key(self) -> str: ...
    @property
    def received(self) -> Sequence[str]: ...
    @property
    def handled(self) -> Sequence[str]: ...


def axis_days(days: int) -> Any:
    """The axis of `days` days (or other stretches of time): a label on every one, or each n-th where they would collide."""
    each = max(1, -(-days // 16))
    shown = f"indexof(domain('x'), datum.value) % {each} === 0 ? slice(datum.value, 5) : ''"
    return alt.Axis(labelAngle=0, title=None, labelExpr=shown, labelOverlap=False, ticks=False, domain=True)


def _pick() -> Any:
    return alt.selection_point(name=PICK, fields=["day"], on="click", empty=True)


def day_curve(points: Sequence[DayPoint], *, partial: date | None = None, height: int = 200) -> Any:
    """Posts by day as bars, the usual of each weekday as a band with its median, days without data in grey.

    partial: a day that is not over; its bar is paler, since the band is that of whole days.
    """
    frame = pd.DataFrame(
        [
            {
                "day": p.day.isoformat(),
                "count": p.count,
                "share": p.negative_share,
                "low": p.usual.low if p.usual else None,
                "high": p.usual.high if p.usual else None,
                "median": p.usual.median if p.usual else None,
                "told": t("no_data")
                if p.count is None
                else t("so_far", n=p.count)
                if p.day == partial
                else str(p.count),
                "strength": 0.5 if p.day == partial else 1.0,
            }
            for p in points
        ]
    )
    top = max([p.count or 0 for p in points] + [p.usual.high if p.usual else 0 for p in points] + [1])
    frame["top"] = top * 1.05
    x = alt.X("day:O", axis=axis_days(len(points)), scale=alt.Scale(paddingInner=0.25))
    tooltip = [
        alt.Tooltip("day:O", title=t("day")),
        alt.Tooltip("told:N", title=t("volume")),
        alt.Tooltip("share:Q", title=t("negative_share"), format=".0%"),
        alt.Tooltip("median:Q", title=t("median_tip"), format=".1f"),
        alt.Tooltip("low:Q", title=t("low_tip"), format=".0f"),
        alt.Tooltip("high:Q", title=t("high_tip"), format=".0f"),
    ]
    base = alt.Chart(frame)
    y = alt.Y("count:Q", title=None, axis=alt.Axis(tickCount=4, format="d"), scale=alt.Scale(domain=[0, top * 1.05]))
    # What stands behind the bars is told by the bars' own tooltips and the caption: said to no screen reader twice.
    missing = base.transform_filter("!isValid(datum.count)").mark_bar(color=UNKNOWN, opacity=0.22, aria=False)
    band = base.transform_filter("isValid(datum.high)").mark_bar(
        color=BAND, opacity=0.45, width={"band": 1.3}, aria=False
    )
    bars = base.transform_filter("isValid(datum.count)").mark_bar(color=CALM, cursor="pointer")
    strength = alt.Opacity("strength:Q", scale=None, legend=None)
    ticks = base.transform_filter("isValid(datum.median)").mark_tick(
        color="#5b7f8c", thickness=2, width={"band": 1.3}, aria=False
    )
    return alt.layer(
        missing.encode(x=x, y=alt.Y("top:Q", title=None), tooltip=tooltip),
        band.encode(x=x, y=alt.Y("low:Q", title=None), y2="high:Q", tooltip=tooltip),
        bars.encode(x=x, y=y, opacity=strength, tooltip=tooltip).add_params(_pick()),
        ticks.encode(x=x, y=alt.Y("median:Q", title=None), tooltip=tooltip),
    ).properties(height=height)


def trend_bars(days: Sequence[Day], *, unknown: Collection[date] = (), height: int = 150) -> Any:
    """Posts by day, the negative ones in orange at the foot of each bar; days in `unknown` in grey: no data, not zero."""
    rows: list[dict[str, Any]] = []
    top = max([d.count for d in days] + [1])
    grey = pd.DataFrame({"day": [d.isoformat() for d in sorted(unknown)], "count": top, "told": t("no_data")})
    for d in days:
        bad = round(d.count * (d.negative_share or 0.0))
        share = {"day": d.day.isoformat(), "total": d.count, "share": d.negative_share}
        rows.append({**share, "part": t("part_negative"), "count": bad, "order": 0})
        rows.append({**share, "part": t("part_other"), "count": d.count - bad, "order": 1})
    parts = alt.Color(
        "part:N",
        scale=alt.Scale(domain=[t("part_negative"), t("part_other")], range=[NEGATIVE, CALM]),
        legend=None,
    )
    tooltip = [
        alt.Tooltip("day:O", title=t("day")),
        alt.Tooltip("total:Q", title=t("volume")),
        alt.Tooltip("share:Q", title=t("negative_share"), format=".0%"),
    ]
    nothing = [alt.Tooltip("day:O", title=t("day")), alt.Tooltip("told:N", title=t("volume"))]
    missing = (
        alt.Chart(grey)
        .mark_bar(color=UNKNOWN, opacity=0.22, aria=False)
        .encode(x="day:O", y="count:Q", tooltip=nothing)
    )
    bars = (
        alt.Chart(pd.DataFrame(rows))
        .mark_bar(cursor="pointer")
        .encode(
            x=alt.X("day:O", axis=axis_days(len(days))),
            y=alt.Y("count:Q", title=None, axis=alt.Axis(tickCount=3, format="d")),
            color=parts,
            order="order:O",
            tooltip=tooltip,
        )
        .add_params(_pick())
    )
    return (alt.layer(missing, bars) if unknown else bars).properties(height=height)


def growth(days: Sequence[tuple[date, int, int]], *, height: int = 170) -> Any:
    """Originals and copies of an event by day as bars, and both in all so far as lines. days: (day, originals, copies), every
    day from the first to the last."""
    rows: list[dict[str, Any]] = []
    so_far: list[dict[str, Any]] = []
    originals = every = 0
    for day, own, copies in days:
        originals, every = originals + own, every + own + copies
        at = day.isoformat()
        rows += [{"day": at, "part": t("ev_originals"), "count": own, "order": 0}]
        rows += [{"day": at, "part": t("ev_copies"), "count": copies, "order": 1}]
        so_far += [{"day": at, "part": t("ev_so_far"), "count": originals}]
        so_far += [{"day": at, "part": t("ev_all_so_far"), "count": every}]
    names = [t("ev_originals"), t("ev_copies")]
    lines = [t("ev_so_far"), t("ev_all_so_far")]
    x = alt.X("day:O", axis=axis_days(len(days)))
    tooltip = [
        alt.Tooltip("day:O", title=t("day")),
        alt.Tooltip("part:N", title=" "),
        alt.Tooltip("count:Q", title=t("volume")),
    ]
    colour = alt.Color("part:N", title=None, scale=alt.Scale(domain=names, range=[CALM, NEGATIVE]), sort=names)
    dash = alt.StrokeDash("part:N", title=None, scale=alt.Scale(domain=lines, range=[[1, 0], [5, 3]]), sort=lines)
    of_day = alt.Y("count:Q", title=t("ev_of_day"), axis=alt.Axis(tickCount=3, format="d"))
    in_all = alt.Y("count:Q", title=t("ev_in_all"), axis=alt.Axis(tickCount=3, format="d", grid=False))
    bars = (
        alt.Chart(pd.DataFrame(rows)).mark_bar().encode(x=x, y=of_day, color=colour, order="order:O", tooltip=tooltip)
    )
    drawn = alt.Chart(pd.DataFrame(so_far)).mark_line(
        color=UNKNOWN, strokeWidth=2, point={"size": 16, "color": UNKNOWN}
    )
    return (
        alt.layer(bars, drawn.encode(x=x, y=in_all, strokeDash=dash, tooltip=tooltip))
        .resolve_scale(y="independent")
        .properties(height=height)
        .configure_legend(orient="top")
    )


def case_months(months: Sequence[CaseMonth], *, height: int = 170) -> Any:
    """Cases received and answered by month, side by side."""
    names = [t("cases_fig_received"), t("cases_fig_handled")]
    rows = [
        {"month": month.key, "part": name, "count": len(some)}
        for month in months
        for name, some in zip(names, (month.received, month.handled), strict=True)
    ]
    return (
        alt.Chart(pd.DataFrame(rows))
        .mark_bar()
        .encode(
            x=alt.X("month:O", title=None, axis=alt.Axis(labelAngle=0)),
            xOffset=alt.XOffset("part:N", sort=names),
            y=alt.Y("count:Q", title=None, axis=alt.Axis(tickCount=4, format="d")),
            color=alt.Color(
                "part:N", title=None, sort=names, scale=alt.Scale(domain=names, range=[NEGATIVE, CALM])
            ).legend(orient="top"),
            tooltip=[
                alt.Tooltip("month:O", title=" "),
                alt.Tooltip("part:N", title=" "),
                alt.Tooltip("count:Q", title=" "),
            ],
        )
        .properties(height=height)
    )
