"""Keys by which reposts and near-duplicates find each other: a normal form, and LSH bands of its MinHash."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import rensa
from numpy.typing import NDArray

from nlp.segment import fold

# Raised whenever the same text gets other keys: stored keys of another scheme are worthless.
KEY_SCHEME = 1
BANDS = 32
# 31 bands of MinHash and one of the beginning. Rows of a band, measured on 20,000 posts as the share of copies that meet
# (20 % edits, cut to 70 %) and raw meetings of a post: 4 rows .903 .987 18, 3 rows .987 .997 30 and a fifth faster.
ROWS = 3
# Letters of the beginning: a text cut off or extended at the end keeps them, however short it is.
BEGINNING = 8
# The permutations are part of the stored format: another seed makes every stored key worthless.
_SEED = 20_261_123
# Beyond this the beginning stands for the whole: the time of one hostile post stays below 5 ms.
LONGEST = 4_000
# Of posts below this many written characters only an exact repetition is a copy.
SHORT = 20

_MARKS = re.compile(r"//\s*@[^:\s]{1,30}\s*:|[【\[(]\s*(?:转发?|转载|轉發?|轉載|repost)\s*[】\])]", re.IGNORECASE)
# What stands before the text of others, once markers are gone: 转发微博, 转:, 转发:, RT @某人:, 转自某处:
_PREFIX = re.compile(
    r"(?:\s|[,.!、。:])*"
    r"(?:转发微博|轉發微博|快转微博|repost\b|rt\s*@[^:\s]{1,30}\s*:?|(?:转发?|转载|轉發?|轉載)\s*(?:自\s*@?[^:\s]{1,20}\s*)?:)"
)
_NO_WORD = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class Form:
    """text: the normal form; written: characters as they were typed, all counted; remarked: whether the post passes on
    another's words, so that what stands in front may be a remark of its own."""

    text: str
    written: int
    remarked: bool


def form_of(text: str) -> Form:
    """The normal form of `text` with the length it has for a reader. Never raises."""
    # Cut first (a post may have a megabyte), with room for what is dropped.
    folded = fold(text[: 2 * LONGEST])
    remarked = "//" in folded and "@" in folded
    if "转" in folded or "@" in folded or "轉" in folded or "repost" in folded:
        folded = _without_marks(folded)
    return Form(_NO_WORD.sub("", folded)[:LONGEST], len(text), remarked)


def normal_form(text: str) -> str:
    """The letters and digits of `text`, folded, without marks of reposting; of at most `LONGEST` characters.

    Two posts with the same normal form say the same. Empty for text without letters and digits; never raises.
    """
    return form_of(text).text


def _without_marks(folded: str) -> str:
    folded = _MARKS.sub(" ", folded)
    start = 0
    while found := _PREFIX.match(folded, start):
        start = found.end()
    return folded[start:]


def band_keys(texts: Sequence[str]) -> NDArray[np.uint32]:
    """Keys of the LSH bands of each text; two texts that share a key in the same column may be copies of each other.

    texts: n posts as they were written. Returns: uint32, shape (n, BANDS), the same on every machine and in every run;
    0 stands for no key (text without letters and digits) and must match nothing.
    Source: Broder 1997 (MinHash over character 2-grams), Leskovec, Rajaraman & Ullman, Mining of Massive Datasets, 3.4 (bands).
    """
    return keys_of_forms([normal_form(text) for text in texts])


def keys_of_forms(forms: Sequence[str]) -> NDArray[np.uint32]:
    """As `band_keys`, for texts whose normal form is known."""
    keys = np.zeros((len(forms), BANDS), dtype=np.uint32)
    kept = np.array([number for number, form in enumerate(forms) if form], dtype=np.int64)
    if len(kept):
        hashes, starts = _bigrams([forms[number] for number in kept])
        keys[kept, :-1] = _minhash_keys(hashes, starts)
        keys[kept, -1] = _beginning_keys(hashes, starts)
    return keys


def _minhash_keys(hashes: NDArray[np.uint64], starts: NDArray[np.uint64]) -> NDArray[np.uint32]:
    permutations = (BANDS - 1) * ROWS
    matrix = rensa.RMinHash.digest_matrix_from_flat_token_hashes(hashes, starts, permutations, _SEED)
    rows = np.array(matrix.to_rows(), dtype=np.uint32).reshape(-1, BANDS - 1, ROWS)
    key = np.zeros(rows.shape[:2], dtype=np.uint64)
    for row in range(ROWS):
        key = _mix(key ^ (rows[:, :, row].astype(np.uint64) + np.uint64(row << 32)))
    return _narrow(key)


def _beginning_keys(hashes: NDArray[np.uint64], starts: NDArray[np.uint64]) -> NDArray[np.uint32]:
    """Keys of the first `BEGINNING` pairs; a shorter form ends with a mark and meets only the same form here."""
    first, end = starts[:-1].astype(np.int64), starts[1:].astype(np.int64)
    key = np.zeros(len(first), dtype=np.uint64)
    for place in range(BEGINNING - 1):
        at = np.minimum(first + place, end - 1)
        key = _mix(key ^ (hashes[at] + np.uint64(place)))
    return _narrow(key)


def _narrow(keys: NDArray[np.uint64]) -> NDArray[np.uint32]:
    """The upper halves, never 0."""
    return np.maximum((keys >> np.uint64(32)).astype(np.uint32), np.uint32(1))


def _bigrams(forms: Sequence[str]) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """Hashes of the character pairs of all forms, flat, and where each form's begin (n + 1 offsets).

    The last character of a form makes a pair with an end mark, so that a form of one character has a pair as well.
    """
    codes = np.frombuffer(("\0".join(forms) + "\0").encode("utf-32-le"), dtype="<u4").astype(np.uint64)
    pairs = (codes[:-1] << np.uint64(32)) | codes[1:]
    lengths = np.fromiter(map(len, forms), dtype=np.uint64, count=len(forms))
    starts = np.zeros(len(forms) + 1, dtype=np.uint64)
    np.cumsum(lengths, out=starts[1:])
    return _mix(pairs[codes[:-1] != 0]), starts


def _mix(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """splitmix64's finaliser (Steele et al. 2014): neighbouring pairs of characters get unrelated hashes."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed: NDArray[np.uint64] = values ^ (values >> np.uint64(31))
    return mixed
