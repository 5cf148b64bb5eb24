"""Words that stand out in a set of posts against the others."""

from __future__ import annotations

from collections.abc import Mapping
from math import log

from pipeline.query.model import Word


def standing_out(inside: Mapping[str, int], outside: Mapping[str, int], n_in: int, n_out: int, size: int) -> list[Word]:
    """The `size` words most over-represented inside, best first.

    inside, outside: posts with each word, of `n_in` and `n_out` posts. Score: the log-likelihood ratio G² of the
    two-by-two table (word or not, inside or outside), Dunning 1993, "Accurate methods for the statistics of surprise
    and coincidence", Computational Linguistics 19(1). A word must be relatively more frequent inside.
    """
    if not n_in or not n_out:
        return []
    found = []
    for word, a in inside.items():
        b = min(outside.get(word, 0), n_out)
        if a * n_out > b * n_in:
            found.append(Word(word, a, b, ratio(a, b, n_in, n_out)))
    return sorted(found, key=lambda w: (-w.score, w.word))[:size]


def ratio(a: int, b: int, n_in: int, n_out: int) -> float:
    """G² of a of n_in against b of n_out; 0 where the rates are equal."""
    rate = (a + b) / (n_in + n_out)
    cells = (
        (a, n_in * rate),
        (b, n_out * rate),
        (n_in - a, n_in * (1 - rate)),
        (n_out - b, n_out * (1 - rate)),
    )
    return 2 * sum(seen * log(seen / expected) for seen, expected in cells if seen)
