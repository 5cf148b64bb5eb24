"""Why a text got its score: what each word and phrase added, summing to the score."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from nlp import features
from nlp.annotation import Sentiment
from nlp.linear import F64
from nlp.normalise import match_character
from nlp.segment import fold
from nlp.sentiment import CLASSES, STYLES, LinearSentiment, combine, styles

# Points of the path (Gauss–Legendre): at 32 the sum is off by less than 1e-3 before it is set right.
_POINTS = 32
_STEP = 1e-4
# What moves the score by less than a hundredth, or is weaker than the 24 strongest, is told as one number.
_LEAST = 0.01
_MOST = 24
_TOP = 8
# Tokens are looked for in the part of the text that the model reads, with room for what folding drops.
_SEARCHED = 4 * features.MAX_CHARACTERS

Part = tuple[str, float]
Span = tuple[int, int]


@dataclass(frozen=True)
class Explanation:
    """score: −1 negative … 1 positive, of the model before rounding; base: the score of a text that says nothing;
    parts: pieces of the text in reading order with what each adds; rest: what all other pieces add together.
    base + sum of the parts + rest is the score. top_for, top_against: strongest first; style: one of STYLES, "" for none.
    """

    score: float
    label: Sentiment
    confidence: float
    unsure: bool
    base: float
    parts: tuple[Part, ...]
    rest: float
    top_for: tuple[Part, ...]
    top_against: tuple[Part, ...]
    style: str

    def to_dict(self) -> dict[str, Any]:
        """As JSON holds it."""
        return asdict(self)


def explain(model: LinearSentiment, text: str, tokens: Sequence[str]) -> Explanation:
    """What moved the score of one text; tokens: the segmenter's of the same text. Never raises; time is bounded.

    Integrated gradients (Sundararajan, Taly & Yan 2017) of P(positive) − P(negative) over the straight path from no n-grams
    at all; what an n-gram adds is shared equally among the characters or words it covers, and summed by word. Neighbouring
    words that say most together are one phrase.
    """
    if not tokens:
        return Explanation(0.0, "neutral", 0.0, True, 0.0, (), 0.0, (), (), "")
    margins = model.margins([text], [tokens])
    chances = combine(margins, model.weights)[0]
    base, score = (float(one) for one in _scores(model, np.vstack([model.weights.bias, margins])))
    parts = _parts(model, text, tokens, _gradient(model, margins[0]))
    kept = _kept(parts)
    confidence = float(chances.max())
    return Explanation(
        score=score,
        label=CLASSES[int(chances.argmax())],
        confidence=confidence,
        unsure=confidence < model.unsure_below,
        base=base,
        parts=kept,
        rest=score - base - sum(value for _, value in kept),
        top_for=tuple(sorted((one for one in kept if one[1] > 0), key=lambda one: -one[1])[:_TOP]),
        top_against=tuple(sorted((one for one in kept if one[1] < 0), key=lambda one: one[1])[:_TOP]),
        style=STYLES[int(styles(margins, model.weights)[0].argmax())],
    )


def _scores(model: LinearSentiment, margins: F64) -> F64:
    chances = combine(margins, model.weights)
    return np.asarray(chances[:, 2] - chances[:, 0], np.float64)


def _gradient(model: LinearSentiment, margins: F64) -> F64:
    """Mean gradient of the score in the heads along the path, (HEADS,), set right so that it tells the whole difference."""
    bias = model.weights.bias
    way = margins - bias
    points, shares = np.polynomial.legendre.leggauss(_POINTS)
    places = bias + ((points + 1) / 2)[:, None] * way
    steps = _STEP * np.eye(len(bias))
    near = np.concatenate(
        [(places[:, None] + steps).reshape(-1, len(bias)), (places[:, None] - steps).reshape(-1, len(bias))]
    )
    up, down = _scores(model, near).reshape(2, _POINTS, len(bias))
    mean = (shares / 2) @ ((up - down) / (2 * _STEP))
    whole = _scores(model, np.vstack([bias, margins]))
    missing = whole[1] - whole[0] - mean @ way
    return np.asarray(mean + missing * way / max(float(way @ way), 1e-300), np.float64)


def _parts(model: LinearSentiment, text: str, tokens: Sequence[str], gradient: F64) -> list[Part]:
    """Words, phrases and what stands between them, in reading order, with what each adds."""
    by_letter, by_word = features.characters([text]), features.words([tokens])
    length = np.sqrt(max(int(by_letter.counts()[0] + by_word.counts()[0]), 1))
    worth = gradient * model.weights.scale / length
    letters = [_added(model, by_letter, kind, worth) for kind in range(3)]
    words = [_added(model, by_word, kind, worth) for kind in range(2)]
    places = _places(text, tokens[: features.MAX_WORDS])
    letter_sums, word_sums = _shared(letters), _shared(words)
    at, bonds = 0, list[tuple[int, float]]()
    pieces: list[tuple[Span, float]] = []
    for number, place in enumerate(places):
        if place is None:
            continue
        start, end = place
        if start > at:
            pieces.append(((at, start), float(letter_sums[at:start].sum())))
        bonds.append((len(pieces), _bond(letters, words, number, place)))
        pieces.append((place, float(letter_sums[start:end].sum() + word_sums[number])))
        at = end
    if at < len(letter_sums):
        pieces.append(((at, len(letter_sums)), float(letter_sums[at:].sum())))
    return [(text[start:end], value) for (start, end), value in _phrases(pieces, bonds)]


def _added(model: LinearSentiment, grams: features.Grams, kind: int, worth: F64) -> F64:
    """What each n-gram of a kind adds to the score, one number a position of the text."""
    where = slice(int(grams.starts[0]), int(grams.ends[0]))
    table = model.weights.table[grams.buckets[kind][where]]
    return np.asarray((table @ worth) * grams.counted[where], np.float64)


def _shared(grams: Sequence[F64]) -> F64:
    """Sums by position; an n-gram of size k at position i is shared by i − k + 1 … i, as far as they are in the text."""
    total = np.zeros(len(grams[0]))
    for back, values in enumerate(grams):
        each = values / np.minimum(np.arange(len(values)) + 1, back + 1)
        for offset in range(min(back + 1, len(values))):
            total[: len(values) - offset] += each[offset:]
    return total


def _bond(letters: Sequence[F64], words: Sequence[F64], number: int, place: Span) -> float:
    """What a word and the one before it say only together: the n-grams that cover the border between them."""
    start, size = place[0], len(letters[0])
    pair = float(words[1][number]) if number else 0.0
    across = letters[1][start : min(start + 1, size)].sum() + letters[2][start : min(start + 2, size)].sum()
    return pair + float(across)


def _places(text: str, tokens: Sequence[str]) -> list[Span | None]:
    """Where each token stands in `text` (tokens are normalised), None where it is not found in the part that is read."""
    folded: list[str] = []
    origin: list[int] = []
    for number, letter in enumerate(text[:_SEARCHED]):
        form = match_character(letter) if fold(letter) else ""
        folded.append(form)
        origin.extend([number] * len(form))
    joined, at = "".join(folded), 0
    found: list[Span | None] = []
    for token in tokens:
        start = joined.find(token, at) if token else -1
        if start < 0 or (found and found[-1] and origin[start] < found[-1][1]):
            found.append(None)
            continue
        at = start + len(token)
        found.append((origin[start], origin[at - 1] + 1))
    return found


def _phrases(pieces: Sequence[tuple[Span, float]], bonds: Sequence[tuple[int, float]]) -> list[tuple[Span, float]]:
    """`pieces` with those neighbours joined that say more together than either alone, the strongest bond first."""
    joined: set[int] = set()
    taken: set[int] = set()
    words = {index for index, _ in bonds}
    for index, bond in sorted(bonds, key=lambda one: -abs(one[1])):
        if index - 1 not in words or not taken.isdisjoint((index - 1, index)):
            continue
        alone = max(abs(pieces[one][1] - bond / 2) for one in (index - 1, index))
        if abs(bond) > alone:
            joined.add(index)
            taken |= {index - 1, index}
    found: list[tuple[Span, float]] = []
    for index, (place, value) in enumerate(pieces):
        if index in joined:
            (start, _), before = found.pop()
            found.append(((start, place[1]), before + value))
        else:
            found.append((place, value))
    return found


def _kept(parts: Sequence[Part]) -> tuple[Part, ...]:
    """The parts that matter, in reading order."""
    weights = sorted((abs(value) for _, value in parts), reverse=True)
    least = max(_LEAST, weights[_MOST - 1]) if len(weights) >= _MOST else _LEAST
    return tuple(one for one in parts if abs(one[1]) >= least)
