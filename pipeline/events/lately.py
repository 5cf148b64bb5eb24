"""What is said this week: the words of its posts, and which of them are unusual."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Mapping

from pipeline.events.chance import predictive
from pipeline.events.heard import DAY_MS

# How far back the week reaches.
SPAN_MS = 7 * DAY_MS
# What is assumed of a word before anything is known: one post in three hundred.
_PRIOR_SEEN, _PRIOR_POSTS = 1.0, 300.0


class Lately:
    """Words of the posts of the latest seven days. Use: `add` for each post, in the order they come."""

    def __init__(self) -> None:
        self._posts: deque[tuple[str, int]] = deque()
        self._words: dict[str, frozenset[str]] = {}
        self._now: Counter[str] = Counter()
        self._ever: Counter[str] = Counter()
        self._seen = 0

    def add(self, post_id: str, at_ms: int, found: Mapping[str, float]) -> None:
        """A post with its features; pairs of words are left out."""
        words = frozenset(name for name in found if " " not in name)
        self._posts.append((post_id, at_ms))
        self._words[post_id] = words
        self._now.update(words)
        self._ever.update(words)
        self._seen += 1
        while self._posts[0][1] < at_ms - SPAN_MS:
            gone, _ = self._posts.popleft()
            for word in self._words.pop(gone, ()):
                self._now[word] -= 1
                if not self._now[word]:
                    del self._now[word]

    def chance(self, word: str) -> float:
        """Probability that so many posts of the week have the word, by how many had it before."""
        before = self._seen - len(self._posts)
        return predictive(
            self._now[word],
            seen=_PRIOR_SEEN + self._ever[word] - self._now[word],
            exposure=_PRIOR_POSTS + before,
            ahead=max(len(self._posts), 1),
        )

    def shares(self, post_ids: Iterable[str]) -> tuple[int, dict[str, float]]:
        """How many of these posts are of the week, and the share of them that has each word."""
        some = [self._words[one] for one in post_ids if one in self._words]
        counted = Counter(word for words in some for word in words)
        return len(some), {word: count / len(some) for word, count in counted.items()}
