"""What people read for figures, fields and values of panels."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from config.project import Project
from config.text import language, tr
from pipeline.query.fields import BY_INDEX, BY_NAME
from pipeline.vocabulary import place_names, topic_names

FIGURE_NAMES = {
    "count": ("条数", "posts"),
    "originals": ("不计转载", "originals"),
    "voices": ("声音", "voices"),
    "mean_score": ("平均情感", "mean sentiment"),
    "negative_share": ("负面占比", "share negative"),
}
_FIELDS = {"words": ("词", "word"), "thread": ("帖串", "thread")}
_INTERVALS = {"hour": ("时", "hour"), "day": ("日", "day"), "week": ("周", "week"), "month": ("月", "month")}


def figure_name(figure: str) -> str:
    """The name of a figure."""
    return tr(*FIGURE_NAMES[figure])


def figure_text(figure: str, value: float | None) -> str:
    """A figure for reading: counts whole, the mean with its sign, the share in per cent, "—" for none."""
    if value is None:
        return "—"
    if figure == "mean_score":
        return f"{value:+.2f}" if round(value, 2) else "0.00"
    return f"{value:.0%}" if figure == "negative_share" else f"{value:,.0f}"


def group_name(field: str) -> str:
    """The name of a field to group by, or of an interval."""
    if field in _INTERVALS:
        return tr(*_INTERVALS[field])
    if field in _FIELDS:
        return tr(*_FIELDS[field])
    known = BY_INDEX[field]
    return tr(known.chinese[0], known.name)


class Naming:
    """Names of values: topics, places and sources by the project's own files."""

    def __init__(self, project: Project) -> None:
        self._project = project

    @cached_property
    def _names(self) -> Mapping[str, Mapping[str, str]]:
        return {
            "topic": topic_names(self._project),
            "place": place_names(self._project),
            "source": {s.name: s.title or s.name for s in self._project.sources},
        }

    def value(self, field: str, key: str) -> str:
        """What is shown for the value `key` of `field`; the key itself where it has no name."""
        if field in ("topic", "place", "source"):
            return self._names[field].get(key, key)
        written = BY_NAME[field].values if field in BY_NAME else None
        if not written or language() != "zh":
            return {"0": "no", "1": "yes"}.get(key, key) if written and "是" in written else key
        return next((zh for zh, value in written.items() if value == key and not zh.isascii()), key)
