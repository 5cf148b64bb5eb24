"""How Chinese text is made findable however it was cut: pairs of neighbouring characters beside the segmenter's tokens.

A segmenter cuts 停水通知 otherwise alone than in a sentence, so a phrase of its tokens misses posts. The index holds,
behind the tokens of a field, each pair of neighbouring characters: a run of two or more characters is then found
exactly where it stands, and a word of two is a single term.
"""

from __future__ import annotations

import re
import unicodedata
from operator import add

from nlp.normalise import normalise as plain

# Stands between the tokens and the pairs of a field, so that no phrase reaches from one into the other.
FENCE = "\x1f\x1f"
# Stands in a field that says nothing: every engine then counts all posts when it weighs words by the mean length.
NOTHING = "\x1d"
_WORD = re.compile(r"\w+")
_ASCII_PAIR = re.compile(r"[\x00-\x7f]{2}")


def normalise(text: str) -> str:
    """`text` as the index holds it: normalised as for the segmenter, one space between words, no punctuation."""
    return " ".join(_WORD.findall(unicodedata.normalize("NFKC", plain(text)).lower()))


def is_chinese(text: str) -> bool:
    """Whether `text` has a character beyond ASCII, so that it is matched by characters."""
    return not text.isascii()


def pairs(text: str) -> list[str]:
    """The pairs of neighbouring characters of `text` (no spaces in it), plain ASCII ones marked: they are no words."""
    found = list(map(add, text, text[1:]))
    if _ASCII_PAIR.search(text) is None:  # most Chinese text: nothing to mark
        return found
    return [f"\x1e{p}" if p.isascii() else p for p in found]


def indexed(tokens: str) -> str:
    """What the index holds of a field: `tokens`, then the pairs, then the last character alone (else in no pair's head)."""
    joined = tokens.replace(" ", "")
    if joined.isascii():  # also where there are none
        return tokens
    last = [] if joined[-1].isascii() else [FENCE, joined[-1]]
    return " ".join([tokens, FENCE, *pairs(joined), *last])
