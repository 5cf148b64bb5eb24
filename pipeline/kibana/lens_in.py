"""A Lens visualisation as panels."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from config.dashboards import AnyPanel, Figure
from config.text import tr
from pipeline.kibana.drawing import Drawing, Group, figure_of, grouping, interval_of, panel_of
from pipeline.kibana.filters import Reader
from pipeline.kibana.objects import CannotDrawError, Part
from pipeline.query.nodes import Not, Range

_FORMULA = re.compile(r"\s*(count|average|unique_count)\(\s*([\w.]*)\s*\)\s*")
_OTHERWISE = {"timeShift": "time shift", "reducedTimeRange": "reduced time range", "timeScale": "normalise by unit"}
_COPIES = (Range("copy", 0, 0), Not(Range("copy", 1, 1)))


def panels_of(attributes: Part, common: dict[str, Any], reader: Reader) -> list[AnyPanel]:
    """The panels of a Lens object's attributes: one, or one for each layer of data. Raises CannotDrawError."""
    state = attributes["state"]
    layers = state["datasourceStates"]["formBased"]["layers"] or state["datasourceStates"]["indexpattern"]["layers"]
    if not layers:
        raise CannotDrawError(
            tr("不是按字段做的图（ES|QL 或别的数据源）", "not made from fields (ES|QL or another data source)")
        )
    kind, drawn = attributes["visualizationType"].text(), state["visualization"]
    if kind == "lnsXY":
        return list(_xy(drawn, layers, common, reader))
    if kind == "lnsPie":
        return list(_pies(drawn, layers, common, reader))
    made = {
        "lnsMetric": _metric,
        "lnsLegacyMetric": _metric,
        "lnsDatatable": _table,
        "lnsHeatmap": _heatmap,
        "lnsTagcloud": _tagcloud,
    }.get(kind)
    if made is None:
        raise CannotDrawError(tr("图形种类 {k} 画不出", "the kind of chart {k} cannot be drawn", k=kind[:60] or "?"))
    return [made(drawn, layers[drawn["layerId"].text()], common, reader)]


def _xy(drawn: Part, layers: Part, common: dict[str, Any], reader: Reader) -> Iterator[AnyPanel]:
    every = drawn["layers"].parts()
    data = [one for one in every if one["layerType"].text() in ("", "data")]
    notes = [tr("没有画：{k}", "not drawn: {k}", k=one["layerType"].text()[:40]) for one in every if one not in data]
    if not data:
        raise CannotDrawError(tr("没有数据层", "there is no layer of data"))
    for n, layer in enumerate(data):
        title = f"{common['title']} ({n + 1}/{len(data)})" if len(data) > 1 else common["title"]
        columns = layers[layer["layerId"].text()]
        groups = [
            layer["splitAccessor"].text() or next(iter(layer["splitAccessors"].texts()), ""),
            layer["xAccessor"].text(),
        ]
        drawing = _drawing(columns, groups, layer["accessors"].texts(), reader)
        if not n:
            drawing.notes += notes
        yield _xy_panel(layer["seriesType"].text(), layer["xAccessor"].text(), drawing, {**common, "title": title})


def _xy_panel(series: str, along: str, drawing: Drawing, common: dict[str, Any]) -> AnyPanel:
    if "percentage" in series:
        drawing.notes.append(tr("百分比堆叠改为普通堆叠", "stacked to 100 %: here plainly stacked"))
    over_time = any(group.id == along and group.interval for group in drawing.groups)
    if not drawing.groups:
        return panel_of("metric", drawing, common)
    # The values along the axis are the first field of our bars, those the bars are made of the second.
    if not over_time:
        drawing.groups.sort(key=lambda group: group.id != along)
    if series in ("line", "area", "area_stacked", "area_percentage_stacked") and over_time:
        return panel_of("line", drawing, common, filled=series != "line")
    if not series.startswith("bar"):
        drawing.notes.append(tr("折线改为柱", "a line became bars"))
    return panel_of("bar", drawing, common)


def _pies(drawn: Part, layers: Part, common: dict[str, Any], reader: Reader) -> Iterator[AnyPanel]:
    shape = drawn["shape"].text()
    for layer in drawn["layers"].parts():
        groups = [*(layer["primaryGroups"] or layer["groups"]).texts(), *layer["secondaryGroups"].texts()]
        metrics = layer["metrics"].texts() or layer["metric"].texts()
        drawing = _drawing(layers[layer["layerId"].text()], groups, metrics, reader)
        if shape not in ("pie", "donut"):
            drawing.notes.append(tr("{s} 改为柱", "{s} became bars", s=shape[:40]))
        yield panel_of("bar", drawing, common, shape="pie" if shape in ("pie", "donut") else "bars")


def _metric(drawn: Part, columns: Part, common: dict[str, Any], reader: Reader) -> AnyPanel:
    first = drawn["metricAccessor"].text() or drawn["accessor"].text()
    metrics = [one for one in (first, drawn["secondaryMetricAccessor"].text()) if one]
    group = drawn["breakdownByAccessor"].text()
    drawing = _drawing(columns, [group] if group else [], metrics, reader)
    for name in ("maxAccessor", "trendlineLayerId"):
        if drawn[name]:
            drawing.notes.append(tr("没有画：{k}", "not drawn: {k}", k=name))
    return panel_of("table" if drawing.groups else "metric", drawing, common)


def _table(drawn: Part, columns: Part, common: dict[str, Any], reader: Reader) -> AnyPanel:
    shown = [one for one in drawn["columns"].parts() if one["hidden"].raw is not True]
    groups = [id_ for id_, column in columns["columns"].items() if column["isBucketed"].raw is True]
    metrics = [one["columnId"].text() for one in shown if one["columnId"].text() not in groups]
    drawing = _drawing(columns, groups, [one for one in metrics if columns["columns"][one]], reader)
    if any(one["isTransposed"].raw is True for one in shown):
        drawing.notes.append(tr("横排的值改为竖排", "values across became rows"))
    return panel_of("table" if drawing.groups else "metric", drawing, common)


def _heatmap(drawn: Part, columns: Part, common: dict[str, Any], reader: Reader) -> AnyPanel:
    rows, across = drawn["yAccessor"].text(), drawn["xAccessor"].text()
    drawing = _drawing(columns, [one for one in (rows, across) if one], [drawn["valueAccessor"].text()], reader)
    drawing.groups.sort(key=lambda group: (group.interval is not None, group.id != rows))
    return panel_of("heatmap" if len(drawing.groups) > 1 else "table", drawing, common)


def _tagcloud(drawn: Part, columns: Part, common: dict[str, Any], reader: Reader) -> AnyPanel:
    drawing = _drawing(columns, [drawn["tagAccessor"].text()], [drawn["valueAccessor"].text()], reader)
    significant = bool(drawing.groups) and drawing.groups[0].significant
    return panel_of("word_list", drawing, common, rank="significant" if significant else "count")


def _drawing(layer: Part, groups: list[str], metrics: list[str], reader: Reader) -> Drawing:
    """The groups (in the layer's order, which is how they nest) and figures of a layer's columns."""
    columns = layer["columns"]
    if not columns:
        raise CannotDrawError(tr("找不到数据层", "a layer of data is missing"))
    drawing = Drawing()
    if layer["ignoreGlobalFilters"].raw is True:
        drawing.notes.append(tr("面板集的条件对它也有效", "the condition of the dashboard narrows it too"))
    for id_ in dict.fromkeys(metrics):
        drawing.figures[id_] = _figure(columns[id_], columns, reader)
    order = layer["columnOrder"].texts()
    wanted = [one for one in dict.fromkeys(groups) if one]
    for id_ in sorted(wanted, key=lambda one: order.index(one) if one in order else len(order)):
        drawing.groups.append(_group(id_, columns[id_], columns, drawing, reader))
    return drawing


def _figure(column: Part, columns: Part, reader: Reader) -> Figure:
    if not column:
        raise CannotDrawError(tr("没有数字", "there is no figure"))
    operation, name = column["operationType"].text(), column["sourceField"].text()
    for key, what in _OTHERWISE.items():
        if column[key]:
            raise CannotDrawError(tr("数字另有算法（{w}），画不出", "a figure reckoned otherwise ({w})", w=what))
    if operation == "formula":
        return _formula(column["params"]["formula"].text())
    figure = figure_of(operation or "?", "" if operation == "count" else name)
    if operation == "count" and name not in ("", "___records___", "Records", "id"):
        raise CannotDrawError(tr("只数帖子，不数字段 {f} 的值", "posts are counted, not values of {f}", f=name[:60]))
    if column["filter"]["query"]:
        if figure == "count" and reader.node(reader.query(column["filter"])) in _COPIES:
            return "originals"
        raise CannotDrawError(
            tr(
                "数字带有自己的过滤条件：{q}",
                "a figure has a filter of its own: {q}",
                q=str(column["filter"]["query"].raw)[:100],
            )
        )
    return figure


def _formula(text: str) -> Figure:
    found = _FORMULA.fullmatch(text)
    if not found:
        raise CannotDrawError(tr("公式 {f} 算不了", "the formula {f} is not computed", f=text[:100]))
    return figure_of(found[1], found[2])


def _group(id_: str, column: Part, columns: Part, drawing: Drawing, reader: Reader) -> Group:
    operation, name, params = column["operationType"].text(), column["sourceField"].text(), column["params"]
    if operation == "date_histogram":
        return Group(id_, interval=interval_of(params["interval"].text(), name, drawing.notes))
    if operation != "terms":
        raise CannotDrawError(tr("不能按 {o} 分组", "there is no grouping by {o}", o=operation[:40] or "?"))
    field = grouping(name)
    if params["secondaryFields"] or params["include"] or params["exclude"]:
        raise CannotDrawError(
            tr(
                "分组带有多个字段或只含、不含某些值",
                "groups of several fields, or with values left in or out, cannot be drawn",
            )
        )
    if params["otherBucket"].raw is True:
        drawing.notes.append(tr("没有画“其他”一档", "“other” is not drawn"))
    if params["missingBucket"].raw is True:
        drawing.notes.append(tr("没有画“无值”一档", "posts without a value are not drawn"))
    size = params["size"].whole(10)
    by = params["orderBy"]
    kind = by["type"].text()
    if kind == "significant":
        return Group(id_, field, size=size, significant=True)
    downwards = params["orderDirection"].text() != "asc"
    if kind == "alphabetical" and not downwards:
        return Group(id_, field, size=size, order="key")
    if kind in ("column", "custom") and downwards:
        return _by_figure(id_, field, size, _ordering(by, params, columns, reader))
    raise CannotDrawError(
        tr("值的次序 {k} 排不出", "values cannot be ordered by {k}", k=f"{kind} asc" if not downwards else kind)
    )


def _ordering(by: Part, params: Part, columns: Part, reader: Reader) -> Figure:
    column = params["orderAgg"] if by["type"].text() == "custom" else columns[by["columnId"].text()]
    return _figure(column, columns, reader)


def _by_figure(id_: str, field: Any, size: int, figure: Figure) -> Group:
    return Group(id_, field, size=size, order="count" if figure == "count" else "figure", figure=figure)
