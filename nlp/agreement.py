"""How far the two passes over our own labels of public messages agree: `python -m nlp.agreement`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from nlp.labels import board_labels

OUTPUTS = ("sentiment", "intent", "appeal")


def kappa(one: Sequence[str], other: Sequence[str]) -> float:
    """Agreement of two passes beyond what chance gives, 1 for all alike (Cohen 1960). one, other: a label a row, as many."""
    rows = len(one)
    seen = sum(a == b for a, b in zip(one, other, strict=True)) / rows
    left, right = Counter(one), Counter(other)
    chance = sum(left[label] * right[label] for label in left) / rows**2
    return 1.0 if chance == 1 else (seen - chance) / (1 - chance)


def agreement() -> dict[str, tuple[int, float]]:
    """Of each output: rows on which the passes differ, and kappa."""
    passes = [row["passes"] for row in board_labels("test")]
    found = {}
    for column, name in enumerate(OUTPUTS):
        one, other = ([both[side][column] for both in passes] for side in (0, 1))
        found[name] = (sum(a != b for a, b in zip(one, other, strict=True)), kappa(one, other))
    return found


def main() -> None:
    """Print it."""
    rows = len(board_labels("test"))
    for name, (differ, value) in agreement().items():
        print(f"{name:10} {differ:>3} of {rows} differ, kappa {value:.3f}")  # noqa: T201 - it is a command


if __name__ == "__main__":
    main()
