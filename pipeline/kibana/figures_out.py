"""The columns of a Lens layer that give our groups and figures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from config.dashboards import Chart, WordListPanel
from config.text import tr
from pipeline.panels.naming import figure_name, group_name

RECORDS = "___records___"
INTERVALS = {"hour": "1h", "day": "1d", "week": "1w", "month": "1M"}
_FIGURES: dict[str, dict[str, Any]] = {
    "count": {"operationType": "count", "sourceField": RECORDS, "params": {"emptyAsNull": False}},
    "originals": {
        "operationType": "count",
        "sourceField": RECORDS,
        "filter": {"query": "copy: 0", "language": "kuery"},
        "params": {"emptyAsNull": False},
    },
    "voices": {"operationType": "unique_count", "sourceField": "voice", "params": {"emptyAsNull": False}},
    "mean_score": {
        "operationType": "average",
        "sourceField": "score",
        "params": {"emptyAsNull": True, "format": {"id": "number", "params": {"decimals": 2}}},
    },
    "negative_share": {
        "operationType": "average",
        "sourceField": "negative",
        "params": {"emptyAsNull": True, "format": {"id": "percent", "params": {"decimals": 0}}},
    },
}
_NUMBERS = ("answered", "appeal", "unsure", "copy")


def layer_of(panel: Chart) -> dict[str, Any]:
    """The layer of a form-based data source: groups outer first, then figures. Ids: g0, g1, at, f0, f1 …"""
    columns: dict[str, Any] = {f"g{n}": _terms(panel, n) for n in range(len(panel.by))}
    if panel.interval:
        columns["at"] = _histogram(panel.interval)
    for n, figure in enumerate(panel.figures):
        columns[f"f{n}"] = _figure(figure)
    return {
        "columns": columns,
        "columnOrder": list(columns),
        "incompleteColumns": {},
        "sampling": 1,
        "ignoreGlobalFilters": False,
    }


def groups_of(panel: Chart) -> list[str]:
    """Ids of the columns that group."""
    return [*(f"g{n}" for n in range(len(panel.by))), *(["at"] if panel.interval else [])]


def figures_of(panel: Chart) -> list[str]:
    """Ids of the columns with figures."""
    return [f"f{n}" for n in range(len(panel.figures))]


def _figure(figure: str) -> dict[str, Any]:
    head = {"label": figure_name(figure), "customLabel": True, "dataType": "number", "isBucketed": False}
    return {**head, "scale": "ratio", **_FIGURES[figure]}


def _histogram(interval: str) -> dict[str, Any]:
    return {
        "label": group_name(interval),
        "customLabel": True,
        "dataType": "date",
        "operationType": "date_histogram",
        "sourceField": "published",
        "isBucketed": True,
        "scale": "interval",
        "params": {"interval": INTERVALS[interval], "includeEmptyRows": True, "dropPartials": False},
    }


def _terms(panel: Chart, n: int) -> dict[str, Any]:
    field = panel.by[n]
    return {
        "label": group_name(field),
        "customLabel": True,
        "dataType": "number" if field in _NUMBERS else "string",
        "operationType": "terms",
        "sourceField": field,
        "isBucketed": True,
        "scale": "ordinal",
        "params": {
            "size": panel.sizes[n],
            **_order(panel, panel.figures, outer=n == 0),
            "otherBucket": False,
            "missingBucket": False,
            "parentFormat": {"id": "terms"},
            "include": [],
            "exclude": [],
            "includeIsRegex": False,
            "excludeIsRegex": False,
            "accuracyMode": True,
        },
    }


def _order(panel: Chart, figures: Sequence[str], *, outer: bool) -> dict[str, Any]:
    if isinstance(panel, WordListPanel) and panel.rank == "significant":
        return {"orderBy": {"type": "significant"}, "orderDirection": "desc"}
    if outer and panel.order == "key":
        return {"orderBy": {"type": "alphabetical", "fallback": False}, "orderDirection": "asc"}
    if outer and panel.order == "figure":
        return {"orderBy": {"type": "column", "columnId": "f0"}, "orderDirection": "desc"}
    if "count" in figures:
        return {"orderBy": {"type": "column", "columnId": f"f{figures.index('count')}"}, "orderDirection": "desc"}
    aggregation = {
        "label": tr("条数", "posts"),
        "dataType": "number",
        "operationType": "count",
        "isBucketed": False,
        "scale": "ratio",
        "sourceField": RECORDS,
    }
    return {"orderBy": {"type": "custom"}, "orderAgg": aggregation, "orderDirection": "desc"}
