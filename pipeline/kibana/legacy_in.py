"""A visualisation of the kind Kibana had before Lens (`visualization`, visState) as a panel."""

from __future__ import annotations

from typing import Any

from config.dashboards import AnyPanel, Figure
from config.text import tr
from pipeline.kibana.drawing import Drawing, Group, figure_of, grouping, interval_of, panel_of
from pipeline.kibana.objects import CannotDrawError, Part

_LINES = ("line", "area")
_BARS = ("histogram", "horizontal_bar")
_KNOWN = ("metric", "table", "heatmap", "pie", "tagcloud", *_LINES, *_BARS)
_AVERAGES = {"avg": "average", "cardinality": "unique_count", "count": "count"}


def panel_from(state: Part, common: dict[str, Any]) -> AnyPanel:
    """The panel of a visState (or of the savedVis of a panel). Raises CannotDrawError."""
    kind, params = state["type"].text(), state["params"]
    if kind == "markdown":
        raise CannotDrawError(tr("文字块：{m}", "text: {m}", m=params["markdown"].text()[:800]))
    if kind not in _KNOWN:
        raise CannotDrawError(tr("图形种类 {k} 画不出", "the kind of chart {k} cannot be drawn", k=kind[:60] or "?"))
    drawing = _drawing((state["aggs"] or state["data"]["aggs"]).parts())
    if params["addTimeMarker"].raw is True or params["thresholdLine"]["show"].raw is True:
        drawing.notes.append(tr("没有画：参考线", "not drawn: a reference line"))
    if kind == "metric" or not drawing.groups:
        return panel_of("table" if drawing.groups else "metric", drawing, common)
    if kind in _LINES or kind in _BARS:
        return _along(kind, params, drawing, common)
    if kind == "heatmap":
        return panel_of("heatmap" if len(drawing.groups) > 1 else "table", _rows_first(drawing), common)
    if kind == "tagcloud":
        return panel_of("word_list", drawing, common, rank="significant" if drawing.groups[0].significant else "count")
    return panel_of("bar", drawing, common, shape="pie") if kind == "pie" else panel_of("table", drawing, common)


def _along(kind: str, params: Part, drawing: Drawing, common: dict[str, Any]) -> AnyPanel:
    """Lines and bars. The series of newer files say for themselves what they are drawn as."""
    drawn = {one["type"].text() or kind for one in params["seriesParams"].parts() if one["show"].raw is not False}
    if len(drawn) > 1:
        drawing.notes.append(tr("线与柱混在一起，都画成一种", "lines and bars mixed: drawn as one of them"))
    shape = kind if kind in drawn or len(drawn) != 1 else drawn.pop()
    over_time = any(group.interval for group in drawing.groups)
    if shape in _LINES and over_time:
        return panel_of("line", drawing, common, filled=shape == "area")
    if shape in _LINES:
        drawing.notes.append(tr("折线改为柱", "a line became bars"))
    return panel_of("bar", drawing, common)


def _rows_first(drawing: Drawing) -> Drawing:
    """Time lies across, the field that makes the rows (schema `group`) comes first."""
    drawing.groups.sort(key=lambda group: (group.interval is not None, not group.id.startswith("group")))
    return drawing


def _drawing(aggs: list[Part]) -> Drawing:
    drawing = Drawing()
    on = [agg for agg in aggs if agg["enabled"].raw is not False]
    if any(agg["params"]["json"].text().strip() for agg in on):
        raise CannotDrawError(tr("带有自己写的 JSON 参数", "it has JSON of its own"))
    buckets = [agg for agg in on if agg["schema"].text() not in ("metric", "radius") and _is_bucket(agg)]
    for agg in on:
        if agg not in buckets:
            if agg["schema"].text() == "radius":
                raise CannotDrawError(tr("点的大小画不出", "sizes of dots cannot be drawn"))
            drawing.figures[agg["id"].text() or str(agg["id"].raw)] = _figure(agg)
    for agg in buckets:
        if agg["schema"].text() == "split":
            drawing.notes.append(tr("分开的小图合成一张", "small charts side by side became one"))
        drawing.groups.append(_group(agg, drawing))
    if not drawing.figures:
        drawing.figures["1"] = "count"
    return drawing


def _is_bucket(agg: Part) -> bool:
    return agg["type"].text() in (
        "terms", "significant_terms", "date_histogram", "histogram", "range", "date_range", "filters", "ip_range",
        "geohash_grid", "geotile_grid", "multi_terms",
    )  # fmt: skip


def _figure(agg: Part) -> Figure:
    operation = agg["type"].text()
    return figure_of(_AVERAGES.get(operation, operation or "?"), agg["params"]["field"].text())


def _group(agg: Part, drawing: Drawing) -> Group:
    kind, params = agg["type"].text(), agg["params"]
    id_ = f"{agg['schema'].text()}:{agg['id'].text() or agg['id'].raw}"
    name = params["field"].text()
    if kind == "date_histogram":
        interval = params["interval"]
        text = interval.text() or interval["val"].text() or params["customInterval"].text()
        custom = params["customInterval"].text() if text == "custom" else text
        return Group(id_, interval=interval_of(custom, name, drawing.notes))
    if kind not in ("terms", "significant_terms"):
        raise CannotDrawError(tr("不能按 {o} 分组", "there is no grouping by {o}", o=kind[:40]))
    field, size = grouping(name), params["size"].whole(5)
    if params["include"] or params["exclude"]:
        raise CannotDrawError(tr("分组只含或不含某些值，画不出", "groups with values left in or out cannot be drawn"))
    if params["otherBucket"].raw is True:
        drawing.notes.append(tr("没有画“其他”一档", "“other” is not drawn"))
    if params["missingBucket"].raw is True:
        drawing.notes.append(tr("没有画“无值”一档", "posts without a value are not drawn"))
    if kind == "significant_terms":
        return Group(id_, field, size=size, significant=True)
    return _ordered(id_, field, size, params, drawing)


def _ordered(id_: str, field: Any, size: int, params: Part, drawing: Drawing) -> Group:
    """Ordered by `_key`, `_count` (older: `_term`), by the number of a metric, or by one of its own."""
    by = params["orderBy"].text() or "1"
    downwards = params["order"].text() != "asc"
    if by in ("_key", "_term") and not downwards:
        return Group(id_, field, size=size, order="key")
    if not downwards or by in ("_key", "_term"):
        raise CannotDrawError(
            tr("值的次序 {k} 排不出", "values cannot be ordered by {k}", k=f"{by} {params['order'].text()}")
        )
    if by == "_count":
        figure: Figure | None = "count"
    elif by == "custom":
        figure = _figure(params["orderAgg"])
    else:
        figure = drawing.figures.get(by)
    if figure is None:
        raise CannotDrawError(tr("值的次序 {k} 排不出", "values cannot be ordered by {k}", k=by[:40]))
    return Group(id_, field, size=size, order="count" if figure == "count" else "figure", figure=figure)
