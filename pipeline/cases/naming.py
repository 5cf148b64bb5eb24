"""Names of the values of a case, for people."""

from __future__ import annotations

from collections.abc import Mapping

from config.project import Project
from config.text import tr
from pipeline.cases.sheets import Words
from pipeline.vocabulary import place_names

SECTORS: Mapping[str, tuple[str, str]] = {
    "construction": ("城乡建设", "construction"),
    "environment": ("环境保护", "environment"),
    "transport": ("交通运输", "transport"),
    "education": ("教育文体", "education, culture and sports"),
    "labour": ("劳动和社会保障", "labour and social security"),
    "commerce": ("商贸旅游", "commerce and tourism"),
    "health": ("卫生计生", "health"),
}
LEVELS: Mapping[str, tuple[str, str]] = {
    "blue": ("蓝", "blue"),
    "yellow": ("黄", "yellow"),
    "orange": ("橙", "orange"),
    "red": ("红", "red"),
}


def sheet_words(project: Project) -> Words:
    """The names of a project's places and clocks, of categories and levels, as the file for units shows them."""
    return Words(
        {key: tr(*words) for key, words in SECTORS.items()},
        place_names(project),
        {key: tr(*words) for key, words in LEVELS.items()},
        {key: clock.zh for key, clock in project.settings.cases.clocks.items()},
    )
