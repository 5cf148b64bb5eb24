"""Names people read for the ids that posts carry."""

from __future__ import annotations

from config.project import Project
from config.text import tr
from nlp.places import load_places
from nlp.taxonomy import load_taxonomy


def topic_names(project: Project) -> dict[str, str]:
    """Topic id → name in the user's language, in the taxonomy's order. Raises ConfigError for a faulty taxonomy."""
    taxonomy = load_taxonomy(project.file(project.settings.nlp.topics))
    return {topic.id: tr(topic.zh, topic.en) for topic in taxonomy.topics}


def place_names(project: Project) -> dict[str, str]:
    """Place id → name, in the gazetteer's order. Raises ConfigError for a faulty gazetteer."""
    return {place.id: place.zh for place in load_places(project.file(project.settings.nlp.places)).places}
