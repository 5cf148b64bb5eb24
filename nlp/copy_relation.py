"""Whether one post repeats another: as a copy, cut off, or extended; notices of another place or day do not."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from operator import add
from typing import Literal, NamedTuple

from rapidfuzz.distance import Levenshtein

from nlp.copies import SHORT, Form, form_of

Relation = Literal["copy", "cut", "extended"]

# At 20 % random edits a text keeps about .64 of its character pairs, a Jaccard of .47 on the mean, .38 in the tail.
LOWEST = 0.38
# Below this Jaccard the differences must be scattered, none longer than 3 characters and one more for every 25: of 20,000
# texts with 20 % edits that costs .046 of recall, and leaves 46 of 663 wrong pairs (posts that share a slogan).
SURE = 0.5
LONGEST_EDIT = 3
CONTAINED = 0.85
# A text shorter than this share of the other is called cut off, not edited.
WHOLE = 0.85
# A piece below 20 characters is a cut-off form only if it is this much of the other, and no mere phrase.
REST = 0.4
_PIECE = 6
# Letters and digits a longer post must have at least, however many signs and spaces it is padded with.
FEWEST = 10
# The part of the shorter text that must stand in the longer in the same order. Boilerplate that two texts share is below.
ALIKE = 0.6
# Aligning takes time by the product of the lengths: the beginning of long texts stands for the whole (4 ms at most).
ALIGNED = 2_000

_NUMERALS = frozenset("0123456789零〇一二两三四五六七八九十百千万亿半")
_DATES = _NUMERALS | frozenset("年月日号时分秒点周星期礼拜天上下中午早晚夜晨今明后昨前至到本次")
_ASCII = frozenset("0123456789abcdefghijklmnopqrstuvwxyz")
_SUFFIXES = (
    "小区|花园|花苑|家园|社区|街道|大道|公园|广场|大厦|公寓|公馆|华府|国际|名都|山庄|豪庭|学校|小学|中学|大学|医院|车站|中心|"
    "[路街巷弄村镇乡县市区省州苑园府庭城湾里院校站桥线段组栋幢楼号屯庄寨岭坪冲湖山]"
)
_SUFFIX = re.compile(_SUFFIXES)
_LONG_SUFFIX = re.compile(_SUFFIXES.split("[", maxsplit=1)[0].rstrip("|"))
_LAST_SUFFIX = re.compile(f"(?:{_SUFFIXES})$")
# An island of equal characters this short between two differences joins them into one.
_ISLAND = 1
# Runs of this many equal characters bound the part that both texts have; what lies outside was cut off or added.
_ANCHOR = 4
_LONGEST_NAME = 20


class Difference(NamedTuple):
    """left, right: what stands in the one and in the other text; before, after: the equal text around it."""

    left: str
    right: str
    before: str
    after: str


def relation(a: str, b: str) -> Relation | None:
    """How `a` repeats `b`: "copy", "cut" (a is b without its end or beginning), "extended" (a is b and more), or None.

    Never raises; the time is bounded for any length. relation(a, b) is None exactly when relation(b, a) is.
    """
    return relation_of_forms(form_of(a), form_of(b))


def relation_of_forms(a: Form, b: Form) -> Relation | None:
    """As `relation`, for normal forms."""
    if a.text == b.text:
        return "copy" if a.text else None
    short, long = (a, b) if (len(a.text), a.text) < (len(b.text), b.text) else (b, a)
    if max(a.written, b.written) < SHORT or len(long.text) < FEWEST or not _related(short, long):
        return None
    if len(short.text) > WHOLE * len(long.text):
        return "copy"
    return "cut" if a is short else "extended"


@lru_cache(maxsize=2_048)
def _pairs(text: str) -> frozenset[str]:
    """The pairs of neighbouring characters; kept for a while, since a post is compared with some others in turn."""
    return frozenset(map(add, text, text[1:]))


def _related(one: Form, other: Form) -> bool:
    """Whether two different forms, the shorter first, say the same."""
    short, long = one.text, other.text
    if short in long:
        return len(short) >= SHORT or len(short) >= max(_PIECE, REST * len(long))
    left, right = _pairs(short), _pairs(long)
    shared = len(left & right)
    overlap = shared / (len(left) + len(right) - shared)
    contained = shared >= CONTAINED * min(len(left), len(right))
    if overlap < LOWEST and not (contained and len(short) >= SHORT):
        return False
    sure = overlap >= SURE or contained
    if not sure and len(short) < WHOLE * len(long):
        return False
    return _aligned(short[:ALIGNED], long[:ALIGNED], sure, one.remarked or other.remarked)


def _aligned(short: str, long: str, sure: bool, remarked: bool) -> bool:
    """Whether two texts, put side by side, say the same. sure: they share many pairs; remarked: what differs in front may
    be a remark."""
    runs = _runs(short, long)
    runs = _core(runs, len(short), len(long)) if sure else runs
    equal = sum(run.size for run in runs)
    differences = list(_differences(short, long, runs, ends=not sure))
    if equal < ALIKE * len(short) or not (sure or (equal >= ALIKE * len(long) and _scattered(differences, len(long)))):
        return False
    return not another_notice([one for one in differences if one.before or not remarked])


def _scattered(differences: Sequence[Difference], length: int) -> bool:
    """Whether no difference is longer than what random edits grow to."""
    longest = max((len(side) for one in differences for side in (one.left, one.right)), default=0)
    return longest <= LONGEST_EDIT + length // 25


class Run(NamedTuple):
    """Equal characters: where they begin in the left and in the right text, and how many."""

    left: int
    right: int
    size: int


def _runs(left: str, right: str) -> list[Run]:
    """The equal runs of the cheapest way from one text to the other (Levenshtein), islands between edits left out."""
    blocks = Levenshtein.editops(left, right).as_matching_blocks()
    return [Run(*block) for block in blocks if block[2] > _ISLAND]


def _core(runs: list[Run], left: int, right: int) -> list[Run]:
    """The runs of the part both texts have: without stray matches in what was cut off or added at either end.

    left, right: lengths of the texts. Where no run is long enough to be an anchor, all are kept.
    """
    anchors = [number for number, run in enumerate(runs) if run.size >= _ANCHOR]
    if not anchors:
        return runs
    first, last = anchors[0], anchors[-1]
    tail = (left - runs[last].left - runs[last].size, right - runs[last].right - runs[last].size)
    kept = runs[: last + 1] if _one_sided(tail) else runs
    return kept[first:] if _one_sided((runs[first].left, runs[first].right)) else kept


def _one_sided(lengths: tuple[int, int]) -> bool:
    """Whether an end stands, but for a few characters, in one text only."""
    return max(lengths) >= 2 * _ANCHOR and min(lengths) <= max(lengths) // 3


def _differences(left: str, right: str, runs: Sequence[Run], *, ends: bool) -> Iterator[Difference]:
    """What lies between the runs, and before and behind them: one-sided ends only if `ends`."""
    fences = [Run(0, 0, 0), *runs, Run(len(left), len(right), 0)]
    for number, (one, two) in enumerate(pairwise(fences)):
        end, start = one.left + one.size, one.right + one.size
        found = Difference(
            left[end : two.left], right[start : two.right], left[max(0, end - 2) : end], left[two.left :][:4]
        )
        outer = number == 0 or number == len(fences) - 2
        if (found.left or found.right) and (ends or not outer or not _one_sided((len(found.left), len(found.right)))):
            yield found


def another_notice(differences: Sequence[Difference]) -> bool:
    """Whether texts differ in slots (places, dates, numbers) and hardly elsewhere.

    Edits scattered over a text hit slots by their share of the text, a tenth or less; of the differences of two notices at
    least two in three are slots. Characters that only one text has at an end say nothing: it was cut there.
    """
    slots = sum(in_slot(one) for one in differences)
    edits = sum(not (in_slot(one) or _loose_end(one)) for one in differences)
    return slots > 0 and slots >= 2 * edits


def _loose_end(difference: Difference) -> bool:
    at_end = not (difference.before and difference.after)
    return at_end and not (difference.left and difference.right)


def in_slot(difference: Difference) -> bool:
    """Whether a difference is of place, date or number."""
    return _numbers(difference) or _names(difference)


def _numbers(difference: Difference) -> bool:
    """Whether another number or date stands in the same place, or a figure more or less in one."""
    characters = set(difference.left + difference.right)
    if not characters <= _DATES and not (characters <= _ASCII and not characters.isdisjoint(_NUMERALS)):
        return characters <= _ASCII and _masked(difference)
    if difference.left and difference.right:
        return not characters.isdisjoint(_NUMERALS) or len(characters) > 1
    around = {*difference.before[-1:], *difference.after[:1]}
    return not characters.isdisjoint(_NUMERALS) and not around.isdisjoint(_NUMERALS)


def _masked(difference: Difference) -> bool:
    """Whether the letters of a masked name differ (A7县, K3县)."""
    return len(difference.left) == len(difference.right) == 1 and difference.after[:1].isdecimal()


def _names(difference: Difference) -> bool:
    """Whether one name was put in the place of another.

    Known by a suffix (…路, …小区) behind or at the end of both, by numbers in both, or as two or three characters and more in
    a row of which none is in the other. Random edits seldom make such a row; a phrase that a person put in other words does,
    and if it is the only change the post counts as another notice.
    """
    left, right = difference.left, difference.right
    shorter, longer = sorted((len(left), len(right)))
    if not 1 <= shorter <= longer <= _LONGEST_NAME:
        return False
    suffixes = _ends_as_name(left) + _ends_as_name(right)
    if suffixes == 2 or _SUFFIX.match(difference.after):
        return True
    if (_SUFFIX if longer >= 2 else _LONG_SUFFIX).search(difference.after[:3]):
        return True
    if shorter >= 3 and not (_NUMERALS.isdisjoint(left) or _NUMERALS.isdisjoint(right)):
        return True
    # Names without a suffix (藏珑, 碧桂园): nothing of the one stands in the other.
    return shorter >= 2 and longer >= 3 and set(left).isdisjoint(right)


def _ends_as_name(text: str) -> bool:
    return bool(_LAST_SUFFIX.search(text))
