"""Content words and keyphrases of a post: what it is about, in its own words."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from config.errors import ConfigError
from config.text import tr
from nlp.normalise import normalise

MOST = 8
MOST_WORDS = 64
# A word of the title says more of what a post is about than one of the text.
_TITLE = 2.0
# A pair of neighbours is more telling than its parts, if both are.
_PAIR = 0.75
# Behind these a word means its contrary (不 + 满意): alone it would mislead, so it is shown with them.
_NEGATIONS = frozenset(["不", "没", "没有", "未", "无", "非", "别", "不能", "不会", "不够", "难以", "无法"])
# Tokens remembered: hostile text must not grow the memory for ever.
_MOST_KNOWN = 500_000
# Tokens looked at; the phrases of a long post stand in its first part too.
_MAX_TOKENS = 400


def read_stop_words(path: Path) -> frozenset[str]:
    """Words that say nothing by themselves, normalised. Raises ConfigError when the file cannot be read."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(tr("{f}：读不了停用词表（{e}）", "{f}: cannot be read ({e})", f=path, e=error)) from error
    return frozenset(normalise(word) for line in lines for word in line.split("#", 1)[0].split())


class Keyphrases:
    """Picks phrases by term frequency × inverse document frequency (Spärck Jones 1972), title words doubled, with pairs
    of neighbouring content words as candidates."""

    def __init__(self, stop_words: frozenset[str], frequencies: Mapping[str, int], documents: int) -> None:
        self._stop = stop_words
        self._idf = {word: math.log((documents + 1) / (count + 1)) for word, count in frequencies.items()}
        # A word in no message of the background is as telling as one in two of them.
        self._unseen = math.log((documents + 1) / 3)
        self._content: dict[str, bool] = {}
        self._values: dict[str, float] = {}

    def is_content(self, token: str) -> bool:
        """Whether a token says something by itself: two characters or more, no stop word, no number."""
        known = self._content.get(token)
        if known is None:
            known = len(token) > 1 and token not in self._stop and not token.isdigit() and any(map(str.isalpha, token))
            if len(self._content) < _MOST_KNOWN:
                self._content[token] = known
        return known

    def words(self, tokens: Sequence[str]) -> list[str]:
        """Distinct content words in order of appearance, 64 at most."""
        content = self.is_content
        return list(dict.fromkeys(token for token in tokens if content(token)))[:MOST_WORDS]

    def phrases(self, title: Sequence[str], text: Sequence[str], raw: str = "") -> tuple[str, ...]:
        """The eight most telling words and pairs at most, best first.

        raw: the post's own text, normalised; where it is given, a pair must stand in it, so that none crosses punctuation.
        """
        scores: dict[str, float] = {}
        self._score(title, _TITLE, scores)
        self._score(text[:_MAX_TOKENS], 1.0, scores)
        if not scores:
            return ()
        # Those that weigh the same in their own order: both sorts keep it and call no function of ours.
        found = sorted(scores)
        found.sort(key=scores.__getitem__, reverse=True)
        del found[2 * MOST :]
        if raw:
            seen = raw[: 10 * _MAX_TOKENS]
            found = [phrase for phrase in found if phrase in seen]
        return _without_parts(found)

    def _value(self, token: str) -> float:
        """What a token weighs: 0 for one without content, −1 for a negation."""
        value = -1.0 if token in _NEGATIONS else self._idf.get(token, self._unseen) if self.is_content(token) else 0.0
        if len(self._values) < _MOST_KNOWN:
            self._values[token] = value
        return value

    def _score(self, tokens: Sequence[str], factor: float, scores: dict[str, float]) -> None:
        known, score = self._values.get, scores.get
        before, value_before, negation = "", 0.0, ""
        for token in tokens:
            value = known(token)
            if value is None:
                value = self._value(token)
            if value <= 0.0:
                before, negation = "", token if value < 0.0 else ""
                continue
            value *= factor
            if negation:
                phrase = negation + token
                scores[phrase] = score(phrase, 0.0) + value
                negation = ""
                continue
            scores[token] = score(token, 0.0) + value
            if before and len(before) + len(token) <= 8:
                pair = before + token
                scores[pair] = score(pair, 0.0) + _PAIR * (value + value_before)
            before, value_before = token, value


def _without_parts(phrases: list[str]) -> tuple[str, ...]:
    """The first eight that are not part of a better one before them, and that have no better part before them."""
    kept: list[str] = []
    for phrase in phrases:
        for other in kept:
            if phrase in other or other in phrase:
                break
        else:
            kept.append(phrase)
            if len(kept) == MOST:
                break
    return tuple(kept)
