"""The topics of public service that posts are sorted by: `config/topics.yaml`, typed."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

from config.text import tr
from config.yamlfile import read_yaml, validate

if TYPE_CHECKING:
    from nlp.topics import TopicScorer

Weight = Annotated[float, Field(gt=0, le=10)]


class Topic(BaseModel):
    """A topic: id (ASCII), names, weighted words, words that speak against it, and the sum from which it holds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(pattern=r"^[a-z][a-z0-9_]{0,31}$")
    zh: str = Field(min_length=1)
    en: str = Field(min_length=1)
    words: dict[Annotated[str, Field(min_length=2)], Weight] = Field(min_length=1)
    exclude: tuple[Annotated[str, Field(min_length=2)], ...] = ()
    threshold: Annotated[float, Field(gt=0, le=100)] = 2.0


class Taxonomy(BaseModel):
    """All topics, in the order of the file; ids are distinct."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    topics: tuple[Topic, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _distinct(self) -> Taxonomy:
        ids = [t.id for t in self.topics]
        twice = sorted({i for i in ids if ids.count(i) > 1})
        if twice:
            raise ValueError(tr("话题 id 重复：{t}", "topic ids stand twice: {t}", t=", ".join(twice)))
        return self

    def match(self, title: Sequence[str], text: Sequence[str]) -> tuple[str, ...]:
        """Ids of the topics of a tokenised post, best first, at most four."""
        return self._scorer.topics("".join(title), "".join(text))

    @cached_property
    def _scorer(self) -> TopicScorer:
        from nlp.topics import TopicScorer  # it needs the types of this module

        return TopicScorer(self)


def load_taxonomy(path: Path) -> Taxonomy:
    """The taxonomy of `path`. Raises ConfigError naming file, line and key of each fault."""
    return validate(Taxonomy, read_yaml(path))
