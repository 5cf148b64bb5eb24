"""What KQL says in several clauses and our nodes in one: text in three fields of the index, ranges, pairs of characters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pipeline.index.elastic_document import private
from pipeline.query.grams import NOTHING, is_chinese, normalise
from pipeline.query.nodes import And, Exists, Node, Or, Range, Wild, Words

# The fields of the index that a node's field of running text stands for.
TEXT_FIELDS = {"": ("title", "text", "official"), "title": ("title",), "text": ("text", "official")}
# What stands in a field of the index that says nothing, and what marks a pair of ASCII characters.
EMPTY, MARK = private(NOTHING), private("\x1e")


def folded_or(items: Sequence[Node]) -> Node:
    """The items as one node; `title: x or text: x or official: x` is x anywhere, `text: x or official: x` x in the text."""
    kept: list[Node] = []
    at = 0
    while at < len(items):
        for field in ("", "text"):
            size = len(TEXT_FIELDS[field])
            first = items[at]
            if isinstance(first, Words | Wild | Exists) and _same_in(items[at : at + size], TEXT_FIELDS[field]):
                kept.append(replace(first, field=field))
                at += size
                break
        else:
            kept.append(items[at])
            at += 1
    return kept[0] if len(kept) == 1 else Or(tuple(kept))


def _same_in(items: Sequence[Node], fields: Sequence[str]) -> bool:
    first = items[0]
    if len(items) != len(fields) or not isinstance(first, Words | Wild | Exists):
        return False
    return all(item == replace(first, field=field) for item, field in zip(items, fields, strict=True))


def folded_and(items: Sequence[tuple[Node, bool]]) -> Node:
    """The items (with whether each stood without brackets) as one node; `f >= a and f < b` is one range."""
    kept: list[tuple[Node, bool]] = []
    for node, bare in items:
        below = kept[-1] if kept else None
        if below and bare and below[1] and (both := _between(below[0], node)):
            kept[-1] = (both, False)
        else:
            kept.append((node, bare))
    nodes = tuple(node for node, _ in kept)
    return nodes[0] if len(nodes) == 1 else And(nodes)


def _between(low: Node, high: Node) -> Range | None:
    if not (isinstance(low, Range) and isinstance(high, Range)) or low.field != high.field:
        return None
    if low.low is None or low.high is not None or high.high is None or high.low is not None:
        return None
    return Range(low.field, low.low, high.high, low.include_low, high.include_high)


def run_of_pairs(text: str) -> str:
    """The run of characters that a phrase of pairs of the index stands for (停水 水通 通知: 停水通知), "" for other text."""
    found = text.split(" ")
    pairs = [piece.removeprefix(MARK) for piece in found]
    if len(found) < 2 or any(len(pair) != 2 for pair in pairs):
        return ""
    run = pairs[0][0] + "".join(pair[1] for pair in pairs)
    marked = all(piece.startswith(MARK) == pair.isascii() for piece, pair in zip(found, pairs, strict=True))
    chained = [run[n : n + 2] for n in range(len(run) - 1)] == pairs
    return run if chained and marked and is_chinese(run) and normalise(run) == run else ""


def unmarked(text: str) -> str:
    """`text` without the marks of the index."""
    return text.replace(MARK, "")
