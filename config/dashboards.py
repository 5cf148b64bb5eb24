"""Dashboards: panels over the query layer, each dashboard declared in a file of `config/dashboards/`, its name the file's.

A project's own file of the same name stands in place of the shipped one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, Field, ValidationError, field_validator, model_validator

from config.errors import ConfigError
from config.settings import Model
from config.text import tr
from config.yamlfile import YamlFile, config_error, read_yaml

NAME = re.compile(r"[\w-]{1,60}")
Language = Literal["qingyu", "kql"]
Figure = Literal["count", "originals", "voices", "mean_score", "negative_share"]
Interval = Literal["hour", "day", "week", "month"]
# What posts may be grouped by. Authors are not among them, and never will be.
Grouping = Literal[
    "source", "topic", "region", "kind", "category", "sentiment", "official_unit", "intent", "sector", "place", "duty",
    "keyphrase", "words", "thread", "answered", "appeal", "unsure", "copy",
]  # fmt: skip
_SORTS = Literal["published", "-published", "relevance", "-likes", "-views", "-replies", "score", "-score"]
_WORDS = ("words", "keyphrase")


class Panel(Model):
    """What all panels have."""

    title: str = Field("", max_length=200, description="标题")
    query: str = Field("", max_length=40_000, description="查询；空为全部")
    language: Language = Field("qingyu", description="查询的写法：qingyu 为本系统的，kql 为 Kibana 的")
    width: Annotated[int, Field(ge=1, le=12)] = Field(6, description="宽，十二分之几")
    height: Annotated[int, Field(ge=1, le=12)] = Field(3, description="高，每格约 80 像素")
    note: str = Field("", max_length=1_000, description="画在下面的说明，如导入时没有画出的部分")


class Chart(Panel):
    """Figures, broken down by fields and time."""

    most_groups: ClassVar[int] = 2  # fields and time together
    least_groups: ClassVar[int] = 0

    by: tuple[Grouping, ...] = Field((), max_length=2, description="按这些字段分组，外层在前")
    interval: Interval | None = Field(None, description="按时间分组：小时、日、周（自星期一）、月")
    size: tuple[Annotated[int, Field(ge=1, le=1000)], ...] = Field(
        (10,), max_length=2, description="每个字段最多几个值"
    )
    order: Literal["count", "figure", "key"] = Field("count", description="值的次序：条数、第一个数字、值本身")
    figures: tuple[Figure, ...] = Field(("count",), min_length=1, max_length=5, description="数字")

    @field_validator("by", "size", "figures", mode="before")
    @classmethod
    def _one_or_many(cls, value: Any) -> Any:
        return value if isinstance(value, list | tuple) else (value,)

    @model_validator(mode="after")
    def _fits(self) -> Chart:
        groups = len(self.by) + (self.interval is not None)
        if not self.least_groups <= groups <= self.most_groups:
            low, high = self.least_groups, self.most_groups
            raise ValueError(
                tr(
                    "by 与 interval 合起来应有 {a} 到 {b} 个，现为 {n}",
                    "by and interval together: {a} to {b}, got {n}",
                    a=low,
                    b=high,
                    n=groups,
                )
            )
        if len(set(self.by)) < len(self.by) or len(set(self.figures)) < len(self.figures):
            raise ValueError(tr("by 与 figures 里不能重复", "nothing stands twice in by or figures"))
        self._one_figure(groups)
        return self

    def _one_figure(self, groups: int) -> None:
        """A second group or a second figure: what is drawn has room for one of them."""
        if groups == self.most_groups and len(self.figures) > 1 and not isinstance(self, MetricPanel | TablePanel):
            raise ValueError(
                tr("分两层时只能有一个数字（figures）", "broken down twice there is room for one figure only")
            )

    @property
    def sizes(self) -> tuple[int, ...]:
        """How many values of each field of `by`."""
        return tuple(self.size[min(n, len(self.size) - 1)] for n in range(len(self.by)))


class MetricPanel(Chart):
    """Figures of all posts that match."""

    most_groups = 0

    kind: Literal["metric"] = Field(description="种类")


class LinePanel(Chart):
    """Figures over time, a line each; with a field, one figure and a line for each value."""

    least_groups = 1

    kind: Literal["line"] = Field(description="种类")
    interval: Interval | None = Field("day", description="按时间分组：hour、day、week、month")
    filled: bool = Field(False, description="线下填色")

    @model_validator(mode="after")
    def _over_time(self) -> LinePanel:
        if self.interval is None:
            raise ValueError(tr("折线需要 interval", "a line needs an interval"))
        return self


class BarPanel(Chart):
    """Figures of each value of a field, or of each stretch of time; with a second field stacked."""

    least_groups = 1

    kind: Literal["bar"] = Field(description="种类")
    shape: Literal["bars", "pie"] = Field("bars", description="柱，或饼（按份额）")


class TablePanel(Chart):
    """A row each group, a column each figure."""

    least_groups, most_groups = 1, 3

    kind: Literal["table"] = Field(description="种类")


class HeatmapPanel(Chart):
    """A figure at the crossing of two fields, or of a field and time."""

    least_groups = 2

    kind: Literal["heatmap"] = Field(description="种类")
    by: tuple[Grouping, ...] = Field(min_length=1, max_length=2, description="行的字段；没有 interval 时再写列的字段")


class WordListPanel(Chart):
    """Words: those that stand out against the other posts, or the most frequent ones."""

    least_groups = most_groups = 1

    kind: Literal["word_list"] = Field(description="种类")
    by: tuple[Grouping, ...] = Field(("words",), min_length=1, max_length=1, description="哪个字段的值")
    size: tuple[Annotated[int, Field(ge=1, le=1000)], ...] = Field((30,), max_length=1, description="最多几个")
    rank: Literal["significant", "count"] = Field("significant", description="突出的，或最多的")
    figures: tuple[Figure, ...] = Field(("count",), min_length=1, max_length=1, description="数字")

    @model_validator(mode="after")
    def _stand_out(self) -> WordListPanel:
        if self.rank == "significant" and self.by != ("words",):
            raise ValueError(tr("rank: significant 只用于 by: words", "rank: significant goes with by: words only"))
        return self


class SavedSearchPanel(Panel):
    """Posts."""

    kind: Literal["saved_search"] = Field(description="种类")
    sort: _SORTS = Field("-published", description="次序")
    size: Annotated[int, Field(ge=1, le=100)] = Field(10, description="条数")


class UnsupportedPanel(Panel):
    """What another program drew and this one cannot; it is named in its place."""

    kind: Literal["unsupported"] = Field(description="种类")
    reason: str = Field(max_length=1_000, description="为什么画不出")


AnyPanel = (
    MetricPanel | LinePanel | BarPanel | TablePanel | HeatmapPanel | WordListPanel | SavedSearchPanel | UnsupportedPanel
)
PANELS: dict[str, type[AnyPanel]] = {
    "metric": MetricPanel,
    "line": LinePanel,
    "bar": BarPanel,
    "table": TablePanel,
    "heatmap": HeatmapPanel,
    "word_list": WordListPanel,
    "saved_search": SavedSearchPanel,
    "unsupported": UnsupportedPanel,
}


class Dashboard(Model):
    """A dashboard without its name, which is its file's."""

    title: str = Field(min_length=1, max_length=200, description="标题")
    description: str = Field("", max_length=2_000, description="说明")
    days: Annotated[int, Field(ge=1, le=3660)] = Field(28, description="不选日期时看最近多少天")
    query: str = Field("", max_length=40_000, description="对所有面板都有效的查询")
    language: Language = Field("qingyu", description="query 的写法")
    panels: tuple[Annotated[AnyPanel, Field(discriminator="kind")], ...] = Field(
        min_length=1, max_length=100, description="面板，从左到右、从上到下"
    )


def load_dashboards(folders: Sequence[Path]) -> dict[str, Dashboard]:
    """The dashboards of `folders` by name; of two of one name the later folder's. Raises ConfigError: file, line, key."""
    files = {path.stem: path for folder in folders for path in sorted(folder.glob("*.y*ml"))}
    return {name: read_dashboard(read_yaml(path)) for name, path in sorted(files.items()) if _named(name, path)}


def _named(name: str, path: Path) -> bool:
    if NAME.fullmatch(name):
        return True
    message = tr(
        "{f}：文件名只用字母、汉字、数字、- 和 _，最多 60 个",
        "{f}: a dashboard's file is named with letters, digits, - and _, at most 60",
        f=path,
    )
    raise ConfigError(message)


def read_dashboard(file: YamlFile) -> Dashboard:
    """The dashboard of a parsed file. Raises ConfigError that lists each fault with file, line, key and remedy."""
    faults: list[str] = []
    raw = file.data if isinstance(file.data, dict) else {}
    panels = raw.get("panels")
    valid = list(_panels(file, panels, faults)) if isinstance(panels, list) else panels
    try:
        made = Dashboard.model_validate({**raw, "panels": valid} if "panels" in raw else raw)
    except ValidationError as error:
        faults.insert(0, config_error(error, Dashboard, [file]).message)
    if faults:
        raise ConfigError("\n".join(faults), faults=len(faults))
    return made


def _panels(file: YamlFile, panels: list[Any], faults: list[str]) -> Iterator[BaseModel]:
    """The valid ones; where one is faulty an empty one in its place, and its faults in `faults`."""
    for n, data in enumerate(panels):
        kind = data.get("kind") if isinstance(data, dict) else None
        model = PANELS.get(kind) if isinstance(kind, str) else None
        if model is None:
            message = tr(
                "{f}:{n}: {p} 必须是 {k} 之一，现为 {g!r}",
                "{f}:{n}: {p} must be one of {k}, got {g!r}",
                f=file.name,
                n=file.line_of(("panels", n, "kind")),
                p=f"panels[{n}].kind",
                k=", ".join(PANELS),
                g=kind,
            )
            faults.append(message)
            yield UnsupportedPanel(kind="unsupported", reason="-")
            continue
        try:
            yield model.model_validate(data)
        except ValidationError as error:
            faults.append(config_error(error, model, [file], prefix=("panels", n)).message)
            yield UnsupportedPanel(kind="unsupported", reason="-")


__all__ = ["PANELS", "AnyPanel", "Chart", "Dashboard", "load_dashboards", "read_dashboard"]
