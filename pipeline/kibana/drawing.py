"""What a visualisation of Kibana shows, whichever way it was written down: its groups, figures, and what was left out.

Both readers (`lens_in`, `legacy_in`) give this, and one place makes panels of it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from pydantic import ValidationError

from config.dashboards import PANELS, AnyPanel, Figure, Grouping, Interval
from config.errors import QueryError
from config.text import tr
from pipeline.kibana.objects import CannotDrawError
from pipeline.query.naming import refuse_persons

GROUPINGS = get_args(Grouping)
_INTERVALS: dict[str, Interval] = {
    "h": "hour", "1h": "hour", "d": "day", "1d": "day", "w": "week", "1w": "week", "7d": "week", "M": "month",
    "1M": "month", "hour": "hour", "day": "day", "week": "week", "month": "month", "hourly": "hour", "daily": "day",
    "weekly": "week", "monthly": "month",
}  # fmt: skip
# Other intervals are drawn in the nearest of ours, and said.
_NEAREST: dict[str, Interval] = {
    "ms": "hour", "s": "hour", "m": "hour", "h": "day", "d": "week", "w": "month", "M": "month", "q": "month",
    "y": "month",
}  # fmt: skip
_MOST = 1000


@dataclass(frozen=True)
class Group:
    """A field whose values are apart, or ("interval") a stretch of time. id: as the visualisation calls it."""

    id: str
    field: Grouping | None = None
    interval: Interval | None = None
    size: int = 10
    order: Literal["count", "figure", "key"] = "count"
    figure: Figure | None = None  # what the values are ordered by, where by a figure
    significant: bool = False


@dataclass
class Drawing:
    """groups: the outer first; figures: in their order, by id; notes: what is not drawn as it was."""

    groups: list[Group] = field(default_factory=list)
    figures: dict[str, Figure] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def grouping(name: str) -> Grouping:
    """The field to group by that Kibana calls `name`. Raises CannotDrawError."""
    plain = name.removesuffix(".keyword")
    persons(plain)
    if plain not in GROUPINGS:
        raise CannotDrawError(tr("不能按字段 {f} 分组", "posts are not grouped by the field {f}", f=name[:100]))
    return plain  # type: ignore[return-value]


def persons(name: str) -> None:
    """Raises CannotDrawError for a field about persons."""
    try:
        refuse_persons(name, name, 0)
    except QueryError as error:
        raise CannotDrawError(error.message) from error


def figure_of(operation: str, name: str) -> Figure:
    """The figure that a metric of Kibana is. Raises CannotDrawError."""
    plain = name.removesuffix(".keyword")
    if operation == "count":
        return "count"
    if operation in ("unique_count", "cardinality") and plain == "voice":
        return "voices"
    if operation in ("average", "avg") and plain in ("score", "negative"):
        return "mean_score" if plain == "score" else "negative_share"
    persons(plain)
    raise CannotDrawError(
        tr(
            "没有这个数字：{o}({f})；有：条数、不计转载、声音、平均情感、负面占比",
            "there is no figure {o}({f}); there are posts, originals, voices, mean sentiment, share negative",
            o=operation[:40],
            f=name[:60],
        )
    )


def interval_of(text: str, name: str, notes: list[str]) -> Interval:
    """The interval of a date histogram over `name`; another than ours as the nearest, with a note. Raises CannotDrawError."""
    if name not in ("published", "published_ms", "@timestamp", ""):
        raise CannotDrawError(tr("时间只按发布时间（published）分组", "time is grouped by published only"))
    if text in ("auto", ""):
        return "day"
    if text in _INTERVALS:
        return _INTERVALS[text]
    unit = text.lstrip("0123456789.") or "d"
    nearest = _NEAREST.get(unit, "day")
    notes.append(tr("时间间隔 {i} 改为 {n}", "the interval {i} became {n}", i=text[:20], n=nearest))
    return nearest


def panel_of(kind: str, drawing: Drawing, common: dict[str, Any], **more: Any) -> AnyPanel:
    """The panel of `kind` with the drawing's groups and figures. Raises CannotDrawError where they do not fit."""
    fields = [group for group in drawing.groups if group.field]
    interval = next((group.interval for group in drawing.groups if group.interval), None)
    if sum(group.interval is not None for group in drawing.groups) > 1:
        raise CannotDrawError(tr("不能按时间分两次组", "time cannot be grouped by twice"))
    if interval and fields and drawing.groups[0].interval:
        drawing.notes.append(
            tr("先按时间后按值的分组，改为先按值后按时间", "grouped by time and then by value: here by value first")
        )
    values: dict[str, Any] = {"kind": kind, **common, **more, **_ordered(fields, drawing)}
    if kind != "metric":
        values |= {"by": [group.field for group in fields]} if fields else {}
        values |= {"interval": interval} if interval else {}
        values |= {"size": _sizes(fields)} if fields else {}
    notes = [*([common["note"]] if "note" in common else []), *drawing.notes]
    if notes:
        values["note"] = tr("；", "; ").join(dict.fromkeys(notes))[:1000]
    return checked(values)


def _sizes(fields: list[Group]) -> list[int]:
    return [max(1, min(group.size, _MOST)) for group in fields]


def _ordered(fields: list[Group], drawing: Drawing) -> dict[str, Any]:
    """The figures, the one that orders the values first, and the order."""
    figures = list(dict.fromkeys(drawing.figures.values()))
    if not figures:
        raise CannotDrawError(tr("没有数字", "there is no figure"))
    outer = fields[0] if fields else None
    if any(group.order != "count" for group in fields[1:]):
        drawing.notes.append(tr("内层按条数排列", "inner values are ordered by posts"))
    if outer is None or outer.order == "count":
        return {"figures": figures}
    if outer.order == "figure" and outer.figure:
        figures = [outer.figure, *(figure for figure in figures if figure != outer.figure)]
    return {"figures": figures, "order": outer.order}


def checked(values: dict[str, Any]) -> AnyPanel:
    """The panel. Raises CannotDrawError that says which part does not fit."""
    try:
        return PANELS[values["kind"]].model_validate(values)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        reason = str(first.get("ctx", {}).get("error", first["msg"]))
        raise CannotDrawError(reason) from error
