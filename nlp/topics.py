"""Which topics a post belongs to: weighted words of the taxonomy found as substrings."""

from __future__ import annotations

import re

from nlp.segment import fold
from nlp.taxonomy import Taxonomy

# A post about everything is about nothing: only the best few are kept.
MAX_TOPICS = 4
# Of a very long post the beginning tells the matter; this bounds the time.
MAX_CHARS = 5_000


class TopicScorer:
    """Sums the weight of each distinct word; a word of the title counts twice."""

    def __init__(self, taxonomy: Taxonomy) -> None:
        self._threshold = {t.id: t.threshold for t in taxonomy.topics}
        self._of: dict[str, list[tuple[str, float]]] = {}
        self._against: dict[str, list[str]] = {}
        for topic in taxonomy.topics:
            for word, weight in topic.words.items():
                self._of.setdefault(fold(word), []).append((topic.id, weight))
            for word in topic.exclude:
                self._against.setdefault(fold(word), []).append(topic.id)
        words = sorted({*self._of, *self._against}, key=lambda w: (-len(w), w))
        # A look-ahead finds overlapping words too; the longest at each place wins.
        self._pattern = re.compile(f"(?=({'|'.join(map(re.escape, words))}))")

    def topics(self, title: str, text: str) -> tuple[str, ...]:
        """Ids of the topics that reach their threshold, best first, at most MAX_TOPICS."""
        in_title = set(self._pattern.findall(fold(title[:MAX_CHARS])))
        found = in_title | set(self._pattern.findall(fold(text[:MAX_CHARS])))
        sums: dict[str, float] = {}
        for word in sorted(found):
            for topic, weight in self._of.get(word, ()):
                sums[topic] = sums.get(topic, 0.0) + weight * (2 if word in in_title else 1)
        barred = {topic for word in found for topic in self._against.get(word, ())}
        held = [t for t, s in sums.items() if s >= self._threshold[t] and t not in barred]
        return tuple(sorted(held, key=lambda t: (-sums[t], t))[:MAX_TOPICS])
