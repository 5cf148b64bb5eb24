"""A panel as a Lens visualisation: what it is drawn as, over the layer of `figures_out`."""

from __future__ import annotations

from typing import Any

from config.dashboards import BarPanel, Chart, HeatmapPanel, LinePanel, MetricPanel, WordListPanel
from pipeline.kibana.figures_out import figures_of, groups_of, layer_of

LAYER = "layer1"
DATA_LAYER = f"indexpattern-datasource-layer-{LAYER}"


def lens_attributes(panel: Chart, kql: str) -> dict[str, Any]:
    """The attributes of a saved object of type `lens`."""
    kind, drawn = _visualization(panel)
    return {
        "title": panel.title,
        "description": "",
        "visualizationType": kind,
        "state": {
            "visualization": drawn,
            "query": {"query": kql, "language": "kuery"},
            "filters": [],
            "datasourceStates": {"formBased": {"layers": {LAYER: layer_of(panel)}}, "textBased": {"layers": {}}},
            "internalReferences": [],
            "adHocDataViews": {},
        },
    }


def _visualization(panel: Chart) -> tuple[str, dict[str, Any]]:
    """The type and its state."""
    if isinstance(panel, MetricPanel):
        return _metric(panel)
    if isinstance(panel, HeatmapPanel):
        return "lnsHeatmap", _heatmap(panel)
    if isinstance(panel, WordListPanel):
        return "lnsTagcloud", _tagcloud()
    if isinstance(panel, BarPanel) and panel.shape == "pie":
        return "lnsPie", _pie(panel)
    if isinstance(panel, LinePanel | BarPanel):
        return "lnsXY", _xy(panel)
    return "lnsDatatable", _table(panel)


def _metric(panel: MetricPanel) -> tuple[str, dict[str, Any]]:
    """Lens' metric has room for two figures; more are a table of one row."""
    if len(panel.figures) > 2:
        return "lnsDatatable", _table(panel)
    state = {"layerId": LAYER, "layerType": "data", "metricAccessor": "f0"}
    return "lnsMetric", state | ({"secondaryMetricAccessor": "f1"} if len(panel.figures) > 1 else {})


def _xy(panel: LinePanel | BarPanel) -> dict[str, Any]:
    groups = groups_of(panel)
    along = "at" if panel.interval else groups[0]
    rest = [group for group in groups if group != along]
    if isinstance(panel, LinePanel):
        series = "area" if panel.filled else "line"
    else:
        stacked = "_stacked" if rest else ""
        series = f"bar{stacked}" if panel.interval else f"bar_horizontal{stacked}"
    layer: dict[str, Any] = {
        "layerId": LAYER,
        "layerType": "data",
        "seriesType": series,
        "xAccessor": along,
        "accessors": figures_of(panel),
        "position": "top",
        "showGridlines": False,
    }
    if rest:
        layer["splitAccessor"] = rest[0]
    return {
        "legend": {"isVisible": True, "position": "bottom"},
        "valueLabels": "hide",
        "fittingFunction": "None",
        "preferredSeriesType": series,
        "layers": [layer],
    }


def _pie(panel: BarPanel) -> dict[str, Any]:
    layer = {
        "layerId": LAYER,
        "layerType": "data",
        "primaryGroups": groups_of(panel),
        "metrics": figures_of(panel)[:1],
        "numberDisplay": "percent",
        "categoryDisplay": "default",
        "legendDisplay": "default",
        "nestedLegend": False,
    }
    return {"shape": "pie", "layers": [layer]}


def _table(panel: Chart) -> dict[str, Any]:
    ids = [*groups_of(panel), *figures_of(panel)]
    columns = [{"columnId": one, "isTransposed": False, "isMetric": one.startswith("f")} for one in ids]
    paging = {"size": 10, "enabled": False}
    return {"layerId": LAYER, "layerType": "data", "columns": columns, "paging": paging}


def _heatmap(panel: HeatmapPanel) -> dict[str, Any]:
    return {
        "shape": "heatmap",
        "layerId": LAYER,
        "layerType": "data",
        "xAccessor": "at" if panel.interval else "g1",
        "yAccessor": "g0",
        "valueAccessor": "f0",
        "legend": {"isVisible": True, "position": "right", "type": "heatmap_legend"},
        "gridConfig": {
            "type": "heatmap_grid",
            "isCellLabelVisible": False,
            "isXAxisLabelVisible": True,
            "isXAxisTitleVisible": False,
            "isYAxisLabelVisible": True,
            "isYAxisTitleVisible": False,
        },
    }


def _tagcloud() -> dict[str, Any]:
    return {
        "layerId": LAYER,
        "layerType": "data",
        "tagAccessor": "g0",
        "valueAccessor": "f0",
        "maxFontSize": 48,
        "minFontSize": 14,
        "orientation": "single",
        "showLabel": False,
    }
