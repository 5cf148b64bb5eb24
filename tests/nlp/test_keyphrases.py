"""Keyphrases: negation kept, no pair across punctuation, bounds."""

from __future__ import annotations

from config.settings import SHIPPED
from nlp.frequencies import read_frequencies
from nlp.keyphrases import MOST, MOST_WORDS, Keyphrases, read_stop_words

KEYPHRASES = Keyphrases(read_stop_words(SHIPPED / "dictionaries" / "stop_words.txt"), *read_frequencies())


def test_a_negated_word_is_shown_with_its_negation() -> None:
    found = KEYPHRASES.phrases([], ["物业", "不", "满意"], "物业不满意")
    assert "不满意" in found
    assert "满意" not in found


def test_no_pair_crosses_punctuation() -> None:
    assert "停水物业" not in KEYPHRASES.phrases([], ["停水", "物业"], "停水。物业")
    assert "停水物业" in KEYPHRASES.phrases([], ["停水", "物业"], "停水物业")


def test_bounds() -> None:
    tokens = [f"词语{chr(0x4E00 + n)}" for n in range(500)]
    assert len(KEYPHRASES.phrases([], tokens)) == MOST
    assert len(KEYPHRASES.words(tokens)) == MOST_WORDS
    assert KEYPHRASES.phrases([], []) == ()
    assert KEYPHRASES.words(["停水", "停水", "12", "水", "的"]) == ["停水"]
