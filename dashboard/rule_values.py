"""A rule between its file and a form: which fields a kind has, how each is asked for, values as the file has them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

from config.rules import KINDS, AnyKind

DURATIONS = frozenset({"window", "realert", "exponential_realert", "late", "escalate_after"})
QUERIES = frozenset({"query", "match_query"})
PATTERNS = {"match_title": "title", "match_text": "text"}
NAMES = frozenset({"groups", "sources"})
# What all kinds ask for last, folded: who is told, and what is seldom changed.
TELLING = ("groups", "digest", "quiet", "escalate_after")
SELDOM = ("realert", "exponential_realert", "late", "match_title", "match_text")
_FIRST = ("description", "query", "language")
# What a form begins with where the rule itself has no default.
_BEGIN: Mapping[str, Any] = {
    "window": "1d",
    "num_events": 3,
    "spike_height": 3.0,
    "threshold": 1,
    "field": "place",
    "match_query": "sentiment:negative",
    "metric": "negative_share",
    "max_percentage": 60.0,
    "max_cardinality": 5,
    "above": 0.6,
}
# Bounds that are optional each, one of which must be given.
_OFTEN: Mapping[str, tuple[str, ...]] = {
    "percentage_match": ("max_percentage",),
    "cardinality": ("max_cardinality",),
    "metric": ("above",),
}
_UNITS = (("w", 604_800), ("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1))

How = Literal["text", "query", "duration", "choice", "choices", "names", "patterns", "number", "count", "yes"]


def keys_of(kind: str) -> dict[str, str]:
    """Key in the file → name of the field, of a kind, in the order of its declaration."""
    return {info.alias or name: name for name, info in KINDS[kind].model_fields.items()}


def fields_of(kind: str) -> tuple[list[str], list[str], list[str]]:
    """Keys that a form of this kind asks for: what it looks for, who is told, what is seldom changed."""
    known = list(keys_of(kind))
    own = [key for key in known if key not in keys_of("any")]
    looks = [key for key in _FIRST if key in known and _takes(kind, key)] + own
    looks += [key for key in ("query_key", "level") if _takes(kind, key)]
    seldom = [key for key in SELDOM if key not in PATTERNS or _takes(kind, "match")]
    return looks, list(TELLING), seldom


def _takes(kind: str, key: str) -> bool:
    """Whether it means anything: a rule about sources takes no query, patterns or key."""
    return kind != "source_silent" or key not in ("query", "language", "match", "query_key")


def how(kind: str, key: str) -> How:
    """How a field is asked for."""
    if key in PATTERNS:
        return "patterns"
    if key in DURATIONS:
        return "duration"
    if key in QUERIES:
        return "query"
    if key in NAMES:
        return "names"
    annotation = KINDS[kind].model_fields[keys_of(kind)[key]].annotation
    inner = [one for one in _inner(annotation) if one is not type(None)]
    if key == "flags":
        return "choices"
    if options_of(kind, key):
        return "choice"
    if bool in inner:
        return "yes"
    if int in inner:
        return "count"
    return "number" if float in inner else "text"


def options_of(kind: str, key: str) -> tuple[str, ...]:
    """The values a field may have, () where it is free."""
    annotation = KINDS[kind].model_fields[keys_of(kind)[key]].annotation
    return tuple(str(one) for one in _literals(annotation))


def optional(kind: str, key: str) -> bool:
    """Whether the field may be left out for "none"."""
    return type(None) in _inner(KINDS[kind].model_fields[keys_of(kind)[key]].annotation)


def _inner(annotation: Any) -> list[Any]:
    if get_origin(annotation) in (UnionType, Union):
        return [one for part in get_args(annotation) for one in _inner(part)]
    if hasattr(annotation, "__metadata__"):
        return _inner(annotation.__origin__)
    return [annotation]


def _literals(annotation: Any) -> list[Any]:
    if get_origin(annotation) is Literal:
        return list(get_args(annotation))
    if get_origin(annotation) is tuple or get_origin(annotation) in (UnionType, Union):
        return [one for part in get_args(annotation) if part is not type(None) for one in _literals(part)]
    return _literals(annotation.__origin__) if hasattr(annotation, "__metadata__") else []


def beginning(kind: str) -> dict[str, Any]:
    """What a form of this kind begins with, by key in the file."""
    required = [key for key, name in keys_of(kind).items() if KINDS[kind].model_fields[name].is_required()]
    return {key: _BEGIN[key] for key in (*required, *_OFTEN.get(kind, ())) if key in _BEGIN}


def values_of(rule: AnyKind) -> dict[str, Any]:
    """The rule as its file would have it: what stands at its default is left out."""
    values: dict[str, Any] = {"name": rule.name, "kind": rule.kind}
    for key, name in keys_of(rule.kind).items():
        value, info = getattr(rule, name), type(rule).model_fields[name]
        if key in values or key in ("enabled", "match") or (not info.is_required() and value == info.default):
            continue
        values[key] = written(value) if key in DURATIONS and value is not None else _listed(value)
    if match := {field: list(some) for field in ("title", "text") if (some := getattr(rule.match, field))}:
        values["match"] = match
    return values


def _listed(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def written(seconds: float) -> str:
    """A duration as files have it: 2h, 90m, 3d."""
    for unit, size in _UNITS:
        if seconds >= size and seconds % size == 0:
            return f"{round(seconds / size)}{unit}"
    return f"{seconds:g}s"


def taken_apart(value: Any, *, otherwise: str = "d") -> tuple[float | None, str]:
    """Number and unit (m, h, d, w) of a duration as files have it; None for none, with the unit a form offers first."""
    if not isinstance(value, str) or not value[:-1]:
        return None, otherwise
    number, unit = float(value[:-1]), value[-1]
    return (number / 60, "m") if unit == "s" else (number, unit)


def put_together(number: float | None, unit: str) -> str | None:
    """The reverse."""
    return None if number is None else f"{number:g}{unit}"


def default_of(kind: str, key: str) -> Any:
    """What holds where the file says nothing; None for what must be said."""
    info = KINDS[kind].model_fields[keys_of(kind)[key]]
    return None if info.is_required() else info.default
