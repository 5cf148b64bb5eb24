"""What a query means, without an engine: frozen nodes that compare and hash by value."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class All:
    """Every post."""


@dataclass(frozen=True, slots=True)
class Words:
    """The text stands in the post. field: "title", "text" (with the official reply) or "" for both.

    value: normalised (`pipeline.query.grams.normalise`). With a Chinese character in it: as a run of characters
    anywhere, however the segmenter cut it; otherwise as adjacent whole words.
    """

    field: str
    value: str


@dataclass(frozen=True, slots=True)
class Wild:
    """A term matches `pattern`, in which * is any run of characters. field as an index field, "" for title and text."""

    field: str
    pattern: str


@dataclass(frozen=True, slots=True)
class Term:
    """Field `field` holds exactly `value`."""

    field: str
    value: str


@dataclass(frozen=True, slots=True)
class Range:
    """A number (times: ms since 1970 UTC) between the bounds; None: open."""

    field: str
    low: float | int | None = None
    high: float | int | None = None
    include_low: bool = True
    include_high: bool = True


@dataclass(frozen=True, slots=True)
class Exists:
    """Field `field` is not empty."""

    field: str


@dataclass(frozen=True, slots=True)
class Not:
    """Posts that `item` does not match."""

    item: Node


@dataclass(frozen=True, slots=True)
class And:
    """Posts that all `items` match; two at least."""

    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """Posts that one of `items` matches; two at least."""

    items: tuple[Node, ...]


Node = All | Words | Wild | Term | Range | Exists | Not | And | Or
