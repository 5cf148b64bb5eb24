"""The topics of public service: which there are, and which a text is about."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import Field, field_validator, model_validator

from config.errors import ConfigError
from config.settings import Model
from config.text import tr
from config.yamlfile import read_yaml, validate
from nlp.normalise import normalise

_ID = re.compile(r"[a-z][a-z0-9_]{0,23}")
STRONG, WEAK, TITLE = 1.0, 0.5, 2.0
# A term is matched against so many consecutive tokens at most.
_SPAN = 4
# Posts name one matter, rarely two; a third is kept for posts that truly mix.
_MOST = 3
# A topic with less than this share of the best topic's score is an aside.
_SHARE = 0.34
# Tokens of a text that are looked at: the matter is named early, and a post of 100,000 characters stays cheap.
_MAX_TOKENS = 2_000


class Topic(Model):
    """One topic. strong words weigh 1, weak ones 0.5, `words` as given; in titles twice. It holds from `threshold` on,
    unless a word of `exclude` stands in the text."""

    id: str = Field(description="标识")
    zh: str = Field(description="中文名")
    en: str = Field(description="英文名")
    strong: tuple[str, ...] = Field((), description="权重 1 的词")
    weak: tuple[str, ...] = Field((), description="权重 0.5 的词")
    words: dict[str, float] = Field(default_factory=dict, description="自定权重的词")
    exclude: tuple[str, ...] = Field((), description="出现则不算")
    threshold: Annotated[float, Field(gt=0, le=100)] = Field(1.0, description="认定所需的总权重")

    @field_validator("id")
    @classmethod
    def _plain(cls, value: str) -> str:
        if not _ID.fullmatch(value):
            raise ValueError(tr("只用小写字母、数字和 _", "use lower-case letters, digits and _"))
        return value

    @field_validator("strong", "weak", "exclude")
    @classmethod
    def _not_blank(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if any(not word.strip() for word in value):
            raise ValueError(tr("有空白的词", "a word is blank"))
        return value

    @model_validator(mode="after")
    def _has_words(self) -> Topic:
        if not (self.strong or self.weak or self.words):
            raise ValueError(tr("一个词也没有", "it has no word"))
        return self

    def weights(self) -> dict[str, float]:
        """Every word, normalised, with its weight."""
        found = dict.fromkeys(map(normalise, self.weak), WEAK) | dict.fromkeys(map(normalise, self.strong), STRONG)
        return found | {normalise(word): weight for word, weight in self.words.items()}


class TopicsFile(Model):
    """What `config/topics.yaml` holds."""

    topics: tuple[Topic, ...] = Field(min_length=1, description="话题")


@dataclass(frozen=True)
class Taxonomy:
    """All topics, ready to be matched. Build it with `load_taxonomy`."""

    topics: tuple[Topic, ...]
    terms: dict[str, tuple[tuple[int, float], ...]]
    exclusions: dict[str, tuple[int, ...]]
    starts: frozenset[str]

    def match(self, title: Sequence[str], text: Sequence[str]) -> tuple[str, ...]:
        """Ids of the topics of a post, best first, three at most. title, text: tokens of the segmenter."""
        scores: dict[int, float] = {}
        barred: set[int] = set()
        self._collect(title, TITLE, scores, barred)
        self._collect(text[:_MAX_TOKENS], 1.0, scores, barred)
        held = [(s, i) for i, s in scores.items() if i not in barred and s >= self.topics[i].threshold]
        if not held:
            return ()
        held.sort(key=lambda pair: (-pair[0], pair[1]))
        least = held[0][0] * _SHARE
        return tuple(self.topics[i].id for s, i in held[:_MOST] if s >= least)

    def _collect(self, tokens: Sequence[str], factor: float, scores: dict[int, float], barred: set[int]) -> None:
        terms, starts, count = self.terms, self.starts, len(tokens)
        counted: set[str] = set()
        for start, first in enumerate(tokens):
            if first[0] not in starts:
                continue
            term = ""
            for token in tokens[start : min(start + _SPAN, count)]:
                term += token
                found = terms.get(term)
                if found is not None and term not in counted:
                    counted.add(term)
                    for index, weight in found:
                        scores[index] = scores.get(index, 0.0) + weight * factor
                if self.exclusions and term in self.exclusions:
                    barred.update(self.exclusions[term])


def load_taxonomy(path: Path) -> Taxonomy:
    """The taxonomy of a file. Raises ConfigError that names file, line and remedy; two topics of one id are an error."""
    file = read_yaml(path)
    topics = validate(TopicsFile, file).topics
    terms: dict[str, list[tuple[int, float]]] = {}
    exclusions: dict[str, list[int]] = {}
    seen: set[str] = set()
    for index, topic in enumerate(topics):
        if topic.id in seen:
            line = file.line_of(("topics", index, "id"))
            message = tr(
                "{f}:{n}: 话题 {i} 写了两次", "{f}:{n}: topic {i} stands twice", f=file.name, n=line, i=topic.id
            )
            raise ConfigError(message)
        seen.add(topic.id)
        for word, weight in topic.weights().items():
            terms.setdefault(word, []).append((index, weight))
        for word in topic.exclude:
            exclusions.setdefault(normalise(word), []).append(index)
    starts = frozenset(term[0] for term in (*terms, *exclusions))
    fixed = {term: tuple(found) for term, found in terms.items()}
    return Taxonomy(topics, fixed, {term: tuple(found) for term, found in exclusions.items()}, starts)
