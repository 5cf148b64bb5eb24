"""Names of series for people."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from config.project import Project
from config.text import language
from nlp.places import load_places
from nlp.taxonomy import load_taxonomy
from pipeline.events.model import Kind
from pipeline.query.fields import BY_NAME

_SECTORS = {one: zh for zh, one in (BY_NAME["sector"].values or {}).items()}


def namer(project: Project) -> Callable[[Kind, str], str]:
    """The name of a series of `project`, its id where it has none."""

    @cache
    def topics() -> dict[str, str]:
        taxonomy = load_taxonomy(project.file(project.settings.nlp.topics))
        return {one.id: one.zh if language() == "zh" else one.en for one in taxonomy.topics}

    @cache
    def places() -> dict[str, str]:
        return {one.id: one.zh for one in load_places(project.file(project.settings.nlp.places)).places}

    def name(kind: Kind, series: str) -> str:
        if kind == "topic":
            return topics().get(series, series)
        if kind == "place":
            return places().get(series, series)
        if kind == "sector" and language() == "zh":
            return _SECTORS.get(series, series)
        if kind == "source":
            return next((one.title or one.name for one in project.sources if one.name == series), series)
        return series

    return name
