"""Whether posts drift from those the models were made for: distributions of scores, classes and words.

`python -m nlp.drift [--data DIR] [--out DIR]` writes the reference, part of `make model`.
"""

from __future__ import annotations

import argparse
import json
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from config.errors import ConfigError
from config.settings import SHIPPED, Nlp
from config.text import tr
from nlp.annotation import Sentiment
from nlp.annotator import Annotator, load_annotator
from nlp.labels import board_messages
from nlp.sentiment import ARTEFACT, CLASSES, load_linear

F64 = NDArray[np.float64]
REFERENCE = ARTEFACT.with_name("reference.json")
_SEED = 4
# Words that are kept of the reference: common ones, which name nobody's matter.
_KEPT_WORDS, _LEAST = 1_000, 20


# Below .1 no change to speak of, above .25 a large one: Siddiqi, Credit Risk Scorecards (2006); Yurdakul (2018).
PSI_WATCH, PSI_ALARM = 0.1, 0.25
# No textbook has a limit for words; ours: .05 bit (two vocabularies without a common word: 1) beyond what chance gives, since
# few posts alone make word counts diverge.
JS_ALARM = 0.05
_DRAWS = 100
FEWEST_POSTS = 200
SCORE_BINS = 10
WORDS = 2_000


@dataclass(frozen=True, slots=True)
class Distribution:
    """Of some posts: counts of scores in 10 equal bins from −1 to 1, of classes and of content words."""

    posts: int
    scores: tuple[int, ...]
    classes: Mapping[Sentiment, int]
    words: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Drift:
    """How far posts are from a reference. scores, classes: population stability index; words: Jensen–Shannon divergence in
    bits, 0 … 1; words_by_chance: what posts of the same vocabulary reach in 1 of 20 draws; state: "fine", "watch", "drifted" or "few"; all NaN where few."""

    posts: int
    reference_posts: int
    reference: str
    scores: float
    classes: float
    words: float
    words_by_chance: float
    state: str

    def to_dict(self) -> dict[str, Any]:
        """As JSON holds it."""
        told = {name: getattr(self, name) for name in ("scores", "classes", "words", "words_by_chance")}
        rounded = {name: None if math.isnan(one) else round(one, 4) for name, one in told.items()}
        named = {name: getattr(self, name) for name in ("state", "posts", "reference", "reference_posts")}
        limits = {"psi_watch": PSI_WATCH, "psi_alarm": PSI_ALARM, "js_alarm": JS_ALARM, "fewest_posts": FEWEST_POSTS}
        return named | rounded | {"limits": limits}


@dataclass(frozen=True, slots=True)
class Word:
    """A word that the divergence comes from: counts now and before, and what it adds to the divergence, in bits."""

    word: str
    now: int
    before: int
    bits: float


def score_bins(scores: Sequence[float]) -> tuple[int, ...]:
    """Counts of scores −1 … 1 in 10 bins of equal width."""
    counts, _ = np.histogram(np.clip(scores, -1, 1), bins=SCORE_BINS, range=(-1, 1))
    return tuple(int(one) for one in counts)


def drift(now: Distribution, before: Distribution, reference: str) -> Drift:
    """How far `now` is from `before`; reference: "training" or "before", where `before` comes from."""
    if min(now.posts, before.posts) < FEWEST_POSTS:
        nothing = math.nan
        return Drift(now.posts, before.posts, reference, nothing, nothing, nothing, nothing, "few")
    scores = stability(now.scores, before.scores)
    classes = stability([now.classes.get(c, 0) for c in CLASSES], [before.classes.get(c, 0) for c in CLASSES])
    # Of the training only the common words are kept: others are not compared with it.
    said = now.words if reference != "training" else {w: n for w, n in now.words.items() if w in before.words}
    p, q = _word_counts(said, before.words)
    words, chance = float(_divergences(p[None], q[None])[0]), _by_chance(p, q)
    worst = max(scores, classes)
    state = "drifted" if worst > PSI_ALARM or words - chance > JS_ALARM else "watch" if worst > PSI_WATCH else "fine"
    return Drift(now.posts, before.posts, reference, scores, classes, words, chance, state)


def stability(now: Sequence[float], before: Sequence[float]) -> float:
    """Population stability index of two counts over the same bins: Σ (p − q) · ln(p / q), half a post in an empty bin."""
    p, q = (np.maximum(np.asarray(one, np.float64), 0.5) for one in (now, before))
    p, q = p / p.sum(), q / q.sum()
    return float(((p - q) * np.log(p / q)).sum())


def divergence(now: Mapping[str, int], before: Mapping[str, int]) -> float:
    """Jensen–Shannon divergence (Lin 1991) of two word counts in bits, over the 2,000 words most frequent in both together;
    0 where one is empty."""
    p, q = _word_counts(now, before)
    return float(_divergences(p[None], q[None])[0])


def _word_counts(now: Mapping[str, int], before: Mapping[str, int]) -> tuple[F64, F64]:
    words = [word for word, _ in (Counter(now) + Counter(before)).most_common(WORDS)]
    p, q = (np.array([one.get(word, 0) for word in words], np.float64) for one in (now, before))
    return p, q


def _divergences(p: F64, q: F64) -> F64:
    """Of each row of counts p and q, both (n, words)."""
    p, q = (one / np.maximum(one.sum(axis=1, keepdims=True), 1) for one in (p, q))
    there = p.any(axis=1) & q.any(axis=1)
    middle = (p + q) / 2
    parts = [one * np.log2(np.divide(one, middle, out=np.ones_like(one), where=one > 0)) for one in (p, q)]
    return np.asarray(np.where(there, (parts[0] + parts[1]).sum(axis=1) / 2, 0), np.float64)


def _by_chance(p: F64, q: F64) -> float:
    """The divergence that pairs of draws from both together reach in 1 of 20."""
    together = p + q
    if not p.sum() or not q.sum():
        return 0.0
    random = np.random.default_rng(_SEED)
    drawn = [random.multinomial(int(one.sum()), together / together.sum(), _DRAWS).astype(np.float64) for one in (p, q)]
    return float(np.percentile(_divergences(*drawn), 95))


def telling_words(now: Mapping[str, int], before: Mapping[str, int], most: int = 10) -> list[Word]:
    """The words that add most to the divergence, most first."""
    names = [word for word, _ in (Counter(now) + Counter(before)).most_common(WORDS)]
    p, q = _word_counts(now, before)
    if not p.sum() or not q.sum():
        return []
    shares = [one / one.sum() for one in (p, q)]
    middle = (shares[0] + shares[1]) / 2
    bits = sum(one * np.log2(np.divide(one, middle, out=np.ones_like(one), where=one > 0)) for one in shares) / 2
    order = np.argsort(-np.asarray(bits), kind="stable")[:most].tolist()
    return [Word(names[i], now.get(names[i], 0), before.get(names[i], 0), float(bits[i])) for i in order]


def distribution_of(posts: Iterable[tuple[str, str]], annotator: Annotator) -> Distribution:
    """Of posts (title, text), as that annotator sees them."""
    scores: list[float] = []
    classes: Counter[Sentiment] = Counter()
    words: Counter[str] = Counter()
    for found in annotator.annotate(list(posts)):
        scores.append(found.score)
        classes[found.sentiment] += 1
        words.update(annotator.content_words(found))
    return Distribution(len(scores), score_bins(scores), classes, words)


def write_reference(found: Distribution, path: Path = REFERENCE) -> None:
    """Writes a distribution with the version of the model it was made with; the same one gives the same bytes."""
    frequent = sorted(found.words.items(), key=lambda pair: (-pair[1], pair[0]))
    words = {word: count for word, count in frequent[:_KEPT_WORDS] if count >= _LEAST and word.isalpha()}
    told = {
        "model": load_linear().version,
        "posts": found.posts,
        "scores": found.scores,
        "classes": {name: found.classes.get(name, 0) for name in CLASSES},
        "words": words,
    }
    path.write_text(json.dumps(told, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")


def read_reference(path: Path = REFERENCE) -> Distribution | None:
    """The distribution of public messages under the model at hand; None where there is none, or one of another model.

    Raises ConfigError for a faulty file.
    """
    if not path.exists():
        return None
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        scores = tuple(int(one) for one in told["scores"])
        found = Distribution(int(told["posts"]), scores, dict(told["classes"]), dict(told["words"]))
        version = str(told["model"])
    except (ValueError, KeyError, TypeError) as error:
        message = tr("{p}：不是参照分布，请运行 make model", "{p}: no reference, run make model", p=path)
        raise ConfigError(message) from error
    if len(scores) != SCORE_BINS:
        raise ConfigError(tr("{p}：分数应为 {n} 格", "{p}: must have {n} bins of scores", p=path, n=SCORE_BINS))
    return found if version == load_linear().version else None


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the reference: the public messages, the talk that posts are likest to."""
    parser = argparse.ArgumentParser(prog="python -m nlp.drift", description=__doc__)
    parser.add_argument("--data", type=Path, default=Path(__file__).resolve().parents[2] / "shared" / "data")
    parser.add_argument("--out", type=Path, default=REFERENCE.parent)
    options = parser.parse_args(arguments)
    messages = board_messages(options.data / "board").values()
    annotator = load_annotator(Nlp(), lambda name: SHIPPED / name)
    found = distribution_of(((row["title"], row["text"]) for row in messages), annotator)
    write_reference(found, options.out / REFERENCE.name)
    classes = "  ".join(f"{name} {found.classes.get(name, 0) / found.posts:.3f}" for name in CLASSES)
    print(f"{found.posts} messages: {classes}")  # noqa: T201 - it is a command


if __name__ == "__main__":
    main()
