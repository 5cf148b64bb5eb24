"""Dashboards made in Kibana as dashboards of ours. What cannot be drawn stays in its place as a panel that says why."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from config.dashboards import AnyPanel, Dashboard, UnsupportedPanel
from config.text import tr
from pipeline.kibana import legacy_in, lens_in
from pipeline.kibana.drawing import checked
from pipeline.kibana.exporting import GRID, ROW
from pipeline.kibana.filters import Reader, every
from pipeline.kibana.objects import CannotDrawError, Part, SavedObject, fault, read_objects

Objects = Mapping[tuple[str, str], SavedObject]
References = Mapping[str, tuple[str, str]]
_DRAWN = ("lens", "visualization", "search")
_DAYS = re.compile(r"now(?:-(\d{1,4})([dwMy]))?(/d)?")
_UNIT_DAYS = {"d": 1, "w": 7, "M": 30, "y": 365}
_SORTS = ("published", "likes", "views", "replies", "score")
_MOST_PANELS = 100


@dataclass(frozen=True)
class Imported:
    """A dashboard with the name its file would have."""

    name: str
    dashboard: Dashboard


def imported(path: Path, *, index: str, now: datetime) -> list[Imported]:
    """The dashboards of a file of saved objects; without any, its visualisations as one.

    index: the title that data views of ours have. Raises ConfigError that names file and line.
    """
    objects = read_objects(path)
    importer = _Importer(objects, index, Reader(now))
    boards = [one for one in objects.values() if one.kind == "dashboard"]
    if not boards:
        return [importer.loose(path)]
    found, names = [], set[str]()
    for one in boards:
        name = _free(slug(one.title), names)
        found.append(Imported(name, importer.dashboard(one)))
    return found


def slug(title: str) -> str:
    """A file's name from a title."""
    return re.sub(r"[^\w-]+", "-", title).strip("-_")[:50] or "kibana"


def _free(name: str, taken: set[str]) -> str:
    free, n = name, 2
    while free in taken:
        free, n = f"{name}-{n}", n + 1
    taken.add(free)
    return free


class _Importer:
    def __init__(self, objects: Objects, index: str, reader: Reader) -> None:
        self.objects, self.index, self.reader = objects, index, reader

    def loose(self, path: Path) -> Imported:
        """What stands in the file without a dashboard around it."""
        drawn = [one for one in self.objects.values() if one.kind in _DRAWN]
        if not drawn:
            raise fault(
                str(path),
                1,
                "里面没有面板集、图或已保存的搜索",
                "there is no dashboard, visualisation or saved search in it",
            )
        panels = [p for one in drawn for p in self.placed(one, Part({}), {"title": one.title[:200]})]
        title = tr("从 {f} 导入", "imported from {f}", f=path.name)
        return Imported(slug(path.stem), _built(drawn[0], {"title": title, "panels": _few(panels)}))

    def dashboard(self, board: SavedObject) -> Dashboard:
        source = board.inner(board.attributes["kibanaSavedObjectMeta"], "searchSourceJSON")
        problem = ""
        query: dict[str, str] = {}
        try:
            query = self.reader.written(self.searched(source))
        except CannotDrawError as error:
            problem = tr(
                "整个面板集的条件读不了：{e}", "the condition of the whole dashboard is not read: {e}", e=error
            )
        raw = board.inner(board.attributes, "panelsJSON").parts()
        sections = {
            one["gridData"]["i"].text(): one["gridData"]["y"].whole(0) for one in board.attributes["sections"].parts()
        }
        panels = [
            p for part in sorted(raw, key=lambda part: _place(part, sections)) for p in self.panel(part, board, problem)
        ]
        panels += self.controls(board)
        values = {
            "description": board.attributes["description"].text()[:2000],
            "days": _days(board.attributes),
            **query,
        }
        values["title"] = board.title[:200] or tr("（未命名）", "(untitled)")
        if not panels:
            panels = [_unsupported(tr("空", "empty"), tr("这个面板集里没有面板", "this dashboard has no panels"), {})]
        return _built(board, {**values, "panels": _few(panels)})

    def controls(self, board: SavedObject) -> list[AnyPanel]:
        """Controls above a dashboard are named: they narrow what its panels show."""
        group = board.attributes["controlGroupInput"]
        held = [one["explicitInput"] for _, one in board.inner(group, "panelsJSON").items()] if group else []
        held += [one["controlConfig"] for one in group["controls"].parts()]
        held += [one["config"] for one in board.attributes["pinned_panels"].parts()]
        names = [one["title"].text() or one["fieldName"].text() or one["field_name"].text() for one in held]
        if not held:
            return []
        reason = tr(
            "筛选控件（{n}）；请用页面上的查询框",
            "controls ({n}); use the query box of the page",
            n="、".join(names)[:300],
        )
        return [_unsupported(tr("筛选控件", "controls"), reason, {"width": 12, "height": 1})]

    def panel(self, part: Part, board: SavedObject, problem: str) -> list[AnyPanel]:
        """The panels of a place in a dashboard."""
        config = part["embeddableConfig"]
        one = self.referred(part, board)
        title = part["title"].text() or config["title"].text() or config["attributes"]["title"].text()
        title = title or config["savedVis"]["title"].text() or (one.title if one else "")
        common: dict[str, Any] = {"title": title[:200], **_size(part["gridData"])}
        if problem:
            return [_unsupported(title, problem, common)]
        if config["timeRange"]:
            common["note"] = tr("没有用它自己的时间范围", "its own range of time was not used")
        if one is not None:
            return self.placed(one, config, common)
        try:
            return self.by_value(part, config, common, board)
        except CannotDrawError as error:
            return [_unsupported(title, str(error), common)]

    def by_value(self, part: Part, config: Part, common: dict[str, Any], board: SavedObject) -> list[AnyPanel]:
        """The panels of what stands in the dashboard itself. Raises CannotDrawError."""
        kind, attributes, drawn = part["type"].text(), config["attributes"], config["savedVis"]
        prefix = f"{_index(part)}:"
        references = _own_references(attributes) or {
            name.removeprefix(prefix): ref for name, ref in board.references.items() if name.startswith(prefix)
        }
        if attributes and kind == "lens":
            return self.lens(attributes, config, common, references)
        if attributes and kind == "search":
            return [self.search(attributes, board, config, common, references)]
        if drawn:
            return [self.legacy(drawn, drawn["data"]["searchSource"], config, common, references)]
        if "MARKDOWN" in kind.upper():
            raise CannotDrawError(tr("文字块：{m}", "text: {m}", m=config["content"].text()[:800]))
        if part["panelRefName"].text() or part["id"].text():
            raise CannotDrawError(
                tr(
                    "它引用的对象不在文件里；导出时请连同相关对象",
                    "what it refers to is not in the file; export with related objects",
                )
            )
        raise CannotDrawError(tr("面板种类 {k} 画不出", "the kind of panel {k} cannot be drawn", k=kind[:60] or "?"))

    def referred(self, part: Part, board: SavedObject) -> SavedObject | None:
        """The object a panel refers to: by name among the dashboard's references, in old files by type and id."""
        name = part["panelRefName"].text()
        key = board.references.get(f"{_index(part)}:{name}") or board.references.get(name) if name else None
        return self.objects.get(key or (part["type"].text(), part["id"].text()))

    def placed(self, one: SavedObject, config: Part, common: dict[str, Any]) -> list[AnyPanel]:
        """The panels of an object of its own."""
        try:
            if one.kind == "lens":
                return self.lens(one.attributes, config, common, one.references)
            if one.kind == "visualization":
                source = one.inner(one.attributes["kibanaSavedObjectMeta"], "searchSourceJSON")
                state = one.inner(one.attributes, "visState")
                return [
                    self.legacy(
                        state, source, config, common, one.references, one.attributes["savedSearchRefName"].text()
                    )
                ]
            if one.kind == "search":
                return [self.search(one.attributes, one, config, common, one.references)]
            raise CannotDrawError(tr("面板种类 {k} 画不出", "the kind of panel {k} cannot be drawn", k=one.kind[:60]))
        except CannotDrawError as error:
            return [_unsupported(common["title"], str(error), common)]

    def lens(self, attributes: Part, config: Part, common: dict[str, Any], references: References) -> list[AnyPanel]:
        self.ours(references)
        state = attributes["state"]
        if any(state["adHocDataViews"].items()):
            raise CannotDrawError(tr("用了临时的数据视图", "an ad-hoc data view is used"))
        kql = every([self.searched(state), self.searched(config)])
        return lens_in.panels_of(attributes, {**common, **self.reader.written(kql)}, self.reader)

    def legacy(
        self, state: Part, source: Part, config: Part, common: dict[str, Any], references: References, linked: str = ""
    ) -> AnyPanel:
        self.ours(references)
        found = [self.searched(source), self.searched(config)]
        if linked and (search := self.objects.get(references.get(linked, ("", "")))):
            found.append(self.searched(search.inner(search.attributes["kibanaSavedObjectMeta"], "searchSourceJSON")))
            self.ours(search.references)
        elif linked:
            raise CannotDrawError(tr("它所依的已保存搜索不在文件里", "the saved search it rests on is not in the file"))
        return legacy_in.panel_from(state, {**common, **self.reader.written(every(found))})

    def search(
        self, attributes: Part, one: SavedObject, config: Part, common: dict[str, Any], references: References
    ) -> AnyPanel:
        self.ours(references)
        if attributes["isTextBasedQuery"].raw is True:
            raise CannotDrawError(tr("ES|QL 查询读不了", "an ES|QL query is not read"))
        source = one.inner(attributes["kibanaSavedObjectMeta"], "searchSourceJSON")
        kql = every([self.searched(source), self.searched(config)])
        values: dict[str, Any] = {
            **common,
            **self.reader.written(kql),
            "kind": "saved_search",
            "sort": _sort(config["sort"] or attributes["sort"]),
        }
        size = (attributes["rowsPerPage"] or config["rowsPerPage"]).whole(10)
        return checked({**values, "size": max(1, min(size, 100))})

    def searched(self, source: Part) -> str:
        """The query and filters, in KQL, of a search source, of a Lens state or of a panel's own settings."""
        filters = source["filter"].parts() or source["filters"].parts()
        return every([self.reader.query(source["query"]), *self.reader.filters(filters)])

    def ours(self, references: References) -> None:
        """Raises CannotDrawError where a data view is of another index; one that is not in the file is trusted."""
        for kind, id_ in references.values():
            view = self.objects.get((kind, id_)) if kind == "index-pattern" else None
            if view and not _matches(view.title, self.index):
                raise CannotDrawError(
                    tr(
                        "数据视图 {v} 不是晴雨的索引 {i}",
                        "the data view {v} is not the index {i}",
                        v=view.title[:100],
                        i=self.index,
                    )
                )


def _matches(title: str, index: str) -> bool:
    """Whether a data view's title names our alias or its indices: qingyu, qingyu*, qingyu-*."""
    return any(part.strip().rstrip("*").rstrip("-") == index for part in title.split(","))


def _own_references(attributes: Part) -> References:
    return {r["name"].text(): (r["type"].text(), r["id"].text()) for r in attributes["references"].parts()}


def _index(part: Part) -> str:
    return part["panelIndex"].text() or part["gridData"]["i"].text() or str(part["panelIndex"].raw)


def _place(part: Part, sections: Mapping[str, int]) -> tuple[int, int, int]:
    """Where a panel stands; within a section of the page its own lines count from the section's."""
    grid = part["gridData"]
    y, section = grid["y"].whole(0), grid["sectionId"].text()
    return (sections.get(section, 0), y, grid["x"].whole(0)) if section else (y, 0, grid["x"].whole(0))


def _size(grid: Part) -> dict[str, int]:
    width, height = round(grid["w"].whole(24) / GRID), round(grid["h"].whole(12) / ROW)
    return {"width": max(1, min(width, 12)), "height": max(1, min(height, 12))}


def _unsupported(title: str, reason: str, common: Mapping[str, Any]) -> UnsupportedPanel:
    values = {key: common[key] for key in ("width", "height") if key in common}
    return UnsupportedPanel(kind="unsupported", title=title[:200], reason=reason[:1000], **values)


def _few(panels: list[AnyPanel]) -> list[AnyPanel]:
    if len(panels) <= _MOST_PANELS:
        return panels
    rest = len(panels) - _MOST_PANELS + 1
    reason = tr("还有 {n} 个面板，一页最多 {m} 个", "{n} more panels; a page has {m} at most", n=rest, m=_MOST_PANELS)
    return [*panels[: _MOST_PANELS - 1], _unsupported(tr("其余", "the rest"), reason, {"width": 12, "height": 1})]


def _sort(sort: Part) -> str:
    """The first order: ["likes", "desc"] or [["likes", "desc"]]; the newest first for others."""
    first = sort.parts()[0].texts() if sort.parts() and isinstance(sort.parts()[0].raw, list) else sort.texts()
    if not sort.raw:
        return "relevance" if isinstance(sort.raw, list) else "-published"
    field, down = first[0] if first else "", first[1:] != ["asc"]
    if field not in _SORTS or (field in ("likes", "views", "replies") and not down):
        return "-published"
    return f"-{field}" if down else field


def _days(attributes: Part) -> int:
    """Days until today of the time kept with a dashboard; 28 where it keeps none, or another kind."""
    since, until = _DAYS.fullmatch(attributes["timeFrom"].text()), attributes["timeTo"].text()
    if not since or until not in ("now", "now/d", ""):
        return 28
    days = int(since[1] or 0) * _UNIT_DAYS.get(since[2] or "d", 1)
    return max(1, min(days + (1 if since[3] else 0), 3660))


def _built(one: SavedObject, values: dict[str, Any]) -> Dashboard:
    """Raises ConfigError with the line where the parts do not make a dashboard (a query too long, for one)."""
    panels = [p.model_dump(exclude_unset=True) for p in values["panels"]]
    try:
        return Dashboard.model_validate({**values, "panels": panels})
    except ValidationError as error:
        said = error.errors(include_url=False)[0]["msg"]
        raise fault(one.file, one.line, f"面板集用不了：{said}", f"the dashboard cannot be used: {said}") from error


__all__ = ["Imported", "imported", "slug"]
