"""Who usually answers: the responsible unit of a post by its topics, category and places."""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator, model_validator

from config.errors import ConfigError
from config.settings import Model
from config.text import tr
from config.yamlfile import YamlFile, read_yaml, validate

Category = Literal["construction", "environment", "transport", "education", "labour", "commerce", "health"]
# A condition that a rule does not set ranks behind every one that holds.
_UNSET = 1_000


class Rule(Model):
    """One rule. Each condition that is set must hold, by any one of its values; a place holds for all within it."""

    unit: str = Field(description="责任单位")
    topics: tuple[str, ...] = Field((), description="话题的标识")
    categories: tuple[Category, ...] = Field((), description="七个类别的标识")
    places: tuple[str, ...] = Field((), description="地方的标识")

    @field_validator("unit")
    @classmethod
    def _named(cls, value: str) -> str:
        if not value.strip():
            raise ValueError(tr("没有写单位名称", "the unit has no name"))
        return value.strip()

    @model_validator(mode="after")
    def _has_condition(self) -> Rule:
        if not (self.topics or self.categories or self.places):
            message = "topics、categories、places 至少写一项", "write at least one of topics, categories, places"
            raise ValueError(tr(*message))
        return self


class UnitsFile(Model):
    """What `config/units.yaml` holds."""

    units: tuple[Rule, ...] = Field((), description="规则")


@dataclass(frozen=True)
class Units:
    """The rules, ready to be asked. Build it with `load_units`. by_value: rules by each topic, category and place."""

    rules: tuple[Rule, ...]
    by_topic: dict[str, tuple[int, ...]]
    by_category: dict[str, tuple[int, ...]]
    by_place: dict[str, tuple[int, ...]]

    def suggest(
        self,
        categories: Sequence[str],
        topics: Sequence[str],
        places: Sequence[str],
        lineage: Callable[[str], Sequence[str]],
    ) -> str:
        """The unit that usually answers such a post, "" when no rule holds.

        categories, topics, places: ids, best first, unknown ones allowed; lineage: a place and its parents, nearest first
        (`Places.lineage`). A rule of place and topic wins over one of the topic alone, that over one of place or category
        alone; then the better topic, the nearer place, the better category, more conditions, and the earlier rule.
        """
        topic_rank, category_rank = _ranks(topics), _ranks(categories)
        place_rank = _place_ranks(places, lineage) if self.by_place and places else {}
        candidates: set[int] = set()
        for ranks, rules in (
            (topic_rank, self.by_topic), (category_rank, self.by_category), (place_rank, self.by_place),
        ):  # fmt: skip
            for value in ranks:
                candidates.update(rules.get(value, ()))
        best: tuple[tuple[int, ...], int] | None = None
        for index in candidates:
            key = _key(self.rules[index], topic_rank, category_rank, place_rank)
            if key is not None and (best is None or (key, index) < best):
                best = key, index
        return self.rules[best[1]].unit if best is not None else ""


def _ranks(values: Sequence[str]) -> dict[str, int]:
    return {value: rank for rank, value in reversed(list(enumerate(values)))}


def _place_ranks(places: Sequence[str], lineage: Callable[[str], Sequence[str]]) -> dict[str, int]:
    """How far above the nearest named place each place lies."""
    ranks: dict[str, int] = {}
    for place in places:
        for steps, above in enumerate(lineage(place)):
            ranks[above] = min(steps, ranks.get(above, steps))
    return ranks


def _key(
    rule: Rule, topics: dict[str, int], categories: dict[str, int], places: dict[str, int]
) -> tuple[int, ...] | None:
    """The rule's order, smaller is better; None when a condition does not hold."""
    ranks = []
    for wanted, found in ((rule.topics, topics), (rule.places, places), (rule.categories, categories)):
        held = [found[value] for value in wanted if value in found]
        if wanted and not held:
            return None
        ranks.append(min(held) if held else _UNSET)
    by_topic, by_place, by_category = (rank < _UNSET for rank in ranks)
    kind = 0 if by_topic and by_place else 1 if by_topic else 2
    return (kind, *ranks, -(by_topic + by_place + by_category))


def load_units(path: Path, *, topics: Container[str] | None, places: Container[str] | None) -> Units:
    """The rules of a file. topics, places: the ids that may stand there; None: these are not checked.

    Raises ConfigError that names file, line and remedy.
    """
    file = read_yaml(path)
    rules = validate(UnitsFile, file).units
    for index, rule in enumerate(rules):
        if topics is not None:
            _check(file, index, "topics", rule.topics, topics, ("没有话题 {i}", "there is no topic {i}"))
        if places is not None:
            _check(file, index, "places", rule.places, places, ("地名表里没有 {i}", "the gazetteer has no place {i}"))
    return Units(
        rules=rules,
        by_topic=_index([rule.topics for rule in rules]),
        by_category=_index([rule.categories for rule in rules]),
        by_place=_index([rule.places for rule in rules]),
    )


def _check(
    file: YamlFile, index: int, key: str, values: Sequence[str], known: Container[str], message: tuple[str, str]
) -> None:
    for position, value in enumerate(values):
        if value not in known:
            line = file.line_of(("units", index, key, position))
            text = tr(*message, i=value) + tr("；请改正或删去", "; correct or remove it")
            raise ConfigError(f"{file.name}:{line}: units[{index}].{key}: {text}")


def _index(values: Sequence[Sequence[str]]) -> dict[str, tuple[int, ...]]:
    found: dict[str, list[int]] = {}
    for index, wanted in enumerate(values):
        for value in wanted:
            found.setdefault(value, []).append(index)
    return {value: tuple(rules) for value, rules in found.items()}
