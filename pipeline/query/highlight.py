"""What of a shown text the query asked for."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from nlp.normalise import match_character
from pipeline.query.grams import is_chinese
from pipeline.query.model import Segment

EXCERPT = 300  # characters
_BEFORE = 60  # characters shown before the first mark
# Between the characters of a run there may be spaces and punctuation: the index does not hold them.
_GAP = r"[\W_]{0,3}"


def highlight(text: str, marks: tuple[str, ...]) -> list[Segment]:
    """`text` in pieces, those that match `marks` (normalised) marked; the pieces joined are `text`."""
    pattern = _pattern(marks)
    if pattern is None or not text:
        return [Segment(text, False)] if text else []
    pieces: list[Segment] = []
    at = 0
    for found in pattern.finditer(_folded(text)):
        if found.start() > at:
            pieces.append(Segment(text[at : found.start()], False))
        pieces.append(Segment(text[found.start() : found.end()], True))
        at = found.end()
    if at < len(text):
        pieces.append(Segment(text[at:], False))
    return pieces


def excerpt(text: str, marks: tuple[str, ...]) -> list[Segment]:
    """A part of `text` of 300 characters at most, around the first mark, in pieces; … where something is left out."""
    pattern = _pattern(marks)
    found = pattern.search(_folded(text)) if pattern is not None and len(text) > EXCERPT else None
    start = max(0, found.start() - _BEFORE) if found else 0
    end = start + EXCERPT
    pieces = highlight(text[start:end], marks)
    if start > 0:
        pieces.insert(0, Segment("…", False))
    if end < len(text):
        pieces.append(Segment("…", False))
    return pieces


@lru_cache(maxsize=256)
def _pattern(marks: Sequence[str]) -> re.Pattern[str] | None:
    runs = [_run(mark) for mark in sorted(marks, key=len, reverse=True) if mark]
    return re.compile("|".join(runs)) if runs else None


def _run(mark: str) -> str:
    if is_chinese(mark):
        return _GAP.join(map(re.escape, mark))
    return r"(?<![a-z0-9])" + r"\W+".join(map(re.escape, mark.split())) + r"(?![a-z0-9])"


def _folded(text: str) -> str:
    """`text` normalised character by character, so that places in it are places in `text`."""
    if text.isascii():
        return text.lower()
    return "".join(map(match_character, text))
