"""The same rule with stricter or looser thresholds, for the question what they would have done. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import ceil
from typing import Any

from config.rules import (
    AnyKind,
    CardinalityRule,
    ChangeRule,
    EventRule,
    FlatlineRule,
    FrequencyRule,
    MetricRule,
    NewTermRule,
    PercentageRule,
    SourceSilentRule,
    SpikeRule,
)
from pipeline.events.model import LEVELS

_FACTORS = (1.25, 1.5, 2.0, 3.0)
_LESS = (0.75, 0.5, 0.25)
# How far a bounded threshold moves to its end.
_WAYS = (0.2, 0.4, 0.6, 0.8)


def looser(rule: AnyKind) -> list[tuple[str, AnyKind]]:
    """At most three looser ones, the mildest first, each with what is changed; none for kinds without such a threshold."""
    found: dict[str, AnyKind] = {}
    for changed in _lower(rule):
        said = ", ".join(f"{name}: {_shown(value)}" for name, value in changed.items())
        made = rule.model_copy(update=dict(changed))
        if made != rule:
            found.setdefault(said, made)
    return list(found.items())[:3]


def _lower(rule: AnyKind) -> Iterator[Mapping[str, Any]]:
    match rule:
        case FrequencyRule():
            yield from ({"num_events": max(1, int(rule.num_events * f))} for f in _LESS)
        case SpikeRule():
            yield from ({"spike_height": round(max(1.1, rule.spike_height * f), 2)} for f in _LESS)
        case CardinalityRule(max_cardinality=int(most)):
            yield from ({"max_cardinality": max(1, int(most * f))} for f in _LESS)
        case PercentageRule(max_percentage=float(most)):
            yield from ({"max_percentage": round(most * f, 3)} for f in _LESS)
        case FlatlineRule() | CardinalityRule() | SourceSilentRule():
            yield from ({"window": rule.window * f} for f in _LESS)
        case EventRule():
            yield from ({"level": level} for level in reversed(LEVELS[: LEVELS.index(rule.level)]))
        case _:
            return


def stricter(rule: AnyKind) -> list[tuple[str, AnyKind]]:
    """At most five stricter ones, the mildest first, each with what is changed ("num_events: 4"); none for kinds without a
    threshold that could be stricter."""
    found: dict[str, AnyKind] = {}
    for changed in _changes(rule):
        said = ", ".join(f"{name}: {_shown(value)}" for name, value in changed.items())
        made = rule.model_copy(update=dict(changed))
        if made != rule:
            found.setdefault(said, made)
    return list(found.items())[:5]


def _shown(value: Any) -> str:
    return f"{value:g}" if isinstance(value, int | float) else str(value)


def _changes(rule: AnyKind) -> Iterator[Mapping[str, Any]]:
    match rule:
        case FrequencyRule():
            yield from ({"num_events": ceil(rule.num_events * f)} for f in _FACTORS)
        case SpikeRule():
            yield from ({"spike_height": round(rule.spike_height * f, 2)} for f in _FACTORS[1:3])
            name = "threshold_ref" if rule.spike_type == "down" else "threshold_cur"
            yield from ({name: ceil(max(1, getattr(rule, name)) * f)} for f in _FACTORS[1:])
        case FlatlineRule():
            yield from ({"window": rule.window * f} for f in _FACTORS)
        case CardinalityRule(max_cardinality=int(most)):
            yield from ({"max_cardinality": ceil(most * f)} for f in _FACTORS)
        case CardinalityRule():
            yield from ({"window": rule.window * f} for f in _FACTORS)
        case PercentageRule():
            yield from ({"min_denominator": ceil(rule.min_denominator * f)} for f in (1.5, 2.0))
            yield from _narrower(
                ("min_percentage", rule.min_percentage, 0.0), ("max_percentage", rule.max_percentage, 100.0)
            )
        case MetricRule():
            yield from ({"min_denominator": ceil(rule.min_denominator * f)} for f in (1.5, 2.0))
            yield from _metrics(rule)
        case NewTermRule() | SourceSilentRule():
            yield from ({"window": rule.window * f} for f in _FACTORS)
        case EventRule():
            yield from ({"level": level} for level in LEVELS[LEVELS.index(rule.level) + 1 :])
        case ChangeRule():
            return


def _metrics(rule: MetricRule) -> Iterator[Mapping[str, Any]]:
    if rule.metric == "mean_engagement":
        yield from ({"above": round(rule.above * f, 2)} for f in _FACTORS if rule.above is not None)
        yield from ({"below": round(rule.below / f, 2)} for f in _FACTORS if rule.below is not None)
        return
    low, high = (-1.0, 1.0) if rule.metric == "mean_sentiment" else (0.0, 1.0)
    yield from _narrower(("below", rule.below, low), ("above", rule.above, high))


def _narrower(*bounds: tuple[str, float | None, float]) -> Iterator[Mapping[str, Any]]:
    """Bounds moved towards their ends; a third of a table is enough for each way."""
    for way in _WAYS[:3]:
        moved = {name: round(at + (end - at) * way, 3) for name, at, end in bounds if at is not None}
        if moved:
            yield moved
