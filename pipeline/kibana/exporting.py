"""Dashboards as saved objects that Kibana 8.9 and later import: a data view, Lens panels, saved searches, dashboards."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID, uuid5

from config.dashboards import AnyPanel, Chart, Dashboard, Language, SavedSearchPanel, UnsupportedPanel
from config.text import tr
from pipeline.kibana.lens_out import DATA_LAYER, lens_attributes
from pipeline.panels.naming import group_name
from pipeline.query.fields import BY_INDEX

# Ids must be the same in every export, so that importing again replaces what is there.
_SPACE = UUID("6f0c1c0e-3f0b-5a53-9c8e-51f1d1a7a7e5")
_VERSIONS = {"index-pattern": "8.0.0", "lens": "8.9.0", "search": "8.0.0", "dashboard": "8.9.0"}
# Kibana's grid has 48 columns, ours 12; a row of its is some 20 pixels, one of ours some 80.
GRID, ROW = 4, 4
DATA_INDEX = "kibanaSavedObjectMeta.searchSourceJSON.index"
_COLUMNS = ["shown_title", "source", "topic", "sentiment", "score", "likes", "url"]
_FORMATS: dict[str, dict[str, Any]] = {
    "score": {"id": "number", "params": {"pattern": "0.00"}},
    "confidence": {"id": "percent", "params": {"pattern": "0%"}},
    "negative": {"id": "percent", "params": {"pattern": "0%"}},
    **{flag: {"id": "boolean"} for flag in ("answered", "appeal", "unsure", "copy")},
    "url": {"id": "url", "params": {"openLinkInCurrentTab": False}},
}
# The hour of the day in the county, for heat maps of when people write.
_HOUR = "emit(doc['published'].value.withZoneSameInstant(ZoneId.of('Asia/Shanghai')).getHour())"
ToKql = Callable[[str, Language], str]


def exported(dashboards: Mapping[str, Dashboard], *, index: str, to_kql: ToKql) -> list[dict[str, Any]]:
    """The saved objects of `dashboards` and, as Kibana writes it, the summary in the end.

    index: the data view's title; to_kql: (query, language) → KQL. Raises QueryError for a faulty query.
    """
    objects = [_data_view(index)]
    for name, dashboard in dashboards.items():
        objects += _objects(name, dashboard, objects[0]["id"], to_kql)
    summary = {
        "excludedObjects": [],
        "excludedObjectsCount": 0,
        "exportedCount": len(objects),
        "missingRefCount": 0,
        "missingReferences": [],
    }
    return [*objects, summary]


def ndjson(objects: list[dict[str, Any]]) -> str:
    """A line each."""
    return "".join(json.dumps(one, ensure_ascii=False, sort_keys=True) + "\n" for one in objects)


def _id(*parts: str) -> str:
    return str(uuid5(_SPACE, "\x1f".join(parts)))


def _object(kind: str, id_: str, attributes: dict[str, Any], references: list[dict[str, str]]) -> dict[str, Any]:
    return {
        "id": id_,
        "type": kind,
        "attributes": attributes,
        "references": references,
        "coreMigrationVersion": "8.8.0",
        "typeMigrationVersion": _VERSIONS[kind],
        "managed": False,
    }


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def _data_view(index: str) -> dict[str, Any]:
    labels = {name: {"customLabel": group_name(name)} for name in BY_INDEX if name not in ("id", "title", "text")}
    attributes = {
        "title": index,
        "name": tr("晴雨", "qingyu"),
        "timeFieldName": "published",
        "fields": "[]",
        "fieldFormatMap": _text(_FORMATS),
        "fieldAttrs": _text(labels),
        # Pseudonyms only count voices: nobody is to browse them.
        "sourceFilters": _text([{"value": "voice"}]),
        "runtimeFieldMap": _text({"published_hour": {"type": "long", "script": {"source": _HOUR}}}),
        "allowHidden": False,
    }
    return _object("index-pattern", _id("data-view", index), attributes, [])


def _objects(name: str, dashboard: Dashboard, view: str, to_kql: ToKql) -> list[dict[str, Any]]:
    """The panels as objects of their own, then the dashboard that refers to them."""
    made: list[dict[str, Any]] = []
    panels: list[dict[str, Any]] = []
    references: list[dict[str, str]] = []
    for n, (panel, grid) in enumerate(zip(dashboard.panels, _grid(dashboard), strict=True)):
        index = _id("panel", name, str(n))
        shown = {"type": "lens", "panelIndex": index, "gridData": {**grid, "i": index}, "title": panel.title}
        if isinstance(panel, UnsupportedPanel):
            panels.append({**shown, "type": "visualization", "embeddableConfig": {"savedVis": _markdown(panel)}})
            continue
        one = _panel_object(panel, _id("object", name, str(n)), view, to_kql(panel.query, panel.language))
        made.append(one)
        panels.append({**shown, "type": one["type"], "panelRefName": f"panel_{index}", "embeddableConfig": {}})
        references.append({"type": one["type"], "id": one["id"], "name": f"{index}:panel_{index}"})
    attributes = _dashboard(dashboard, panels, to_kql(dashboard.query, dashboard.language))
    return [*made, _object("dashboard", _id("dashboard", name), attributes, references)]


def _grid(dashboard: Dashboard) -> list[dict[str, int]]:
    """Places of the panels in Kibana's grid: lines of twelve twelfths, each as high as its highest panel."""
    found: list[dict[str, int]] = []
    x = y = highest = 0
    for panel in dashboard.panels:
        if x + panel.width > 12:
            x, y, highest = 0, y + highest, 0
        found.append({"x": x * GRID, "y": y * ROW, "w": panel.width * GRID, "h": panel.height * ROW})
        x, highest = x + panel.width, max(highest, panel.height)
    return found


def _panel_object(panel: AnyPanel, id_: str, view: str, kql: str) -> dict[str, Any]:
    if isinstance(panel, SavedSearchPanel):
        reference = {"type": "index-pattern", "id": view, "name": DATA_INDEX}
        return _object("search", id_, _search(panel, kql), [reference])
    assert isinstance(panel, Chart)  # the others have no figures
    return _object(
        "lens", id_, lens_attributes(panel, kql), [{"type": "index-pattern", "id": view, "name": DATA_LAYER}]
    )


def _search(panel: SavedSearchPanel, kql: str) -> dict[str, Any]:
    source = {"query": {"query": kql, "language": "kuery"}, "filter": [], "indexRefName": DATA_INDEX}
    field, down = panel.sort.removeprefix("-"), panel.sort.startswith("-")
    return {
        "title": panel.title,
        "description": "",
        "columns": _COLUMNS,
        "sort": [] if field == "relevance" else [[field, "desc" if down else "asc"]],
        "rowsPerPage": panel.size,
        "grid": {},
        "hideChart": True,
        "isTextBasedQuery": False,
        "timeRestore": False,
        "kibanaSavedObjectMeta": {"searchSourceJSON": _text(source)},
    }


def _markdown(panel: UnsupportedPanel) -> dict[str, Any]:
    """What cannot be drawn here is named there too."""
    return {
        "title": panel.title,
        "description": "",
        "type": "markdown",
        "params": {"markdown": panel.reason, "fontSize": 12, "openLinksInNewTab": True},
        "uiState": {},
        "data": {"aggs": [], "searchSource": {"query": {"query": "", "language": "kuery"}, "filter": []}},
    }


def _dashboard(dashboard: Dashboard, panels: list[dict[str, Any]], kql: str) -> dict[str, Any]:
    options = {
        "useMargins": True,
        "syncColors": False,
        "syncCursor": True,
        "syncTooltips": False,
        "hidePanelTitles": False,
    }
    return {
        "title": dashboard.title,
        "description": dashboard.description,
        "version": 1,
        "timeRestore": True,
        # Whole days, today included.
        "timeFrom": f"now-{dashboard.days - 1}d/d" if dashboard.days > 1 else "now/d",
        "timeTo": "now/d",
        "refreshInterval": {"pause": True, "value": 60_000},
        "panelsJSON": _text(panels),
        "optionsJSON": _text(options),
        "kibanaSavedObjectMeta": {
            "searchSourceJSON": _text({"query": {"query": kql, "language": "kuery"}, "filter": []})
        },
    }
