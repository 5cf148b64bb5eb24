"""Sorted pieces of the index of copies: what a post's LSH keys are, searchable by numpy, immutable once written."""

from __future__ import annotations

import mmap
import os
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from config.errors import StageError
from config.text import tr
from nlp.copies import BANDS

Codes = NDArray[np.uint64]
_MAGIC = b"QYCOPY1\n"
_HEADER = 16
_BYTES_OF_ROW = 8 * (2 + BANDS)
# Of one key in one segment this many posts are candidates: the ones with the smallest ids, the same for every asker, so that
# a storm of copies still meets in the same posts. Posts that are no boilerplate share a key with about 20 of 500,000.
HOT = 64
# Rows an asker reads of a segment, over all bands: in a storm of notices of one wording all bands are hot.
ENOUGH = 128
_LOW = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)


@dataclass(slots=True)
class Segment:
    """ids: uint64, shape (2, n), upper and lower halves, sorted by both; codes: uint64, shape (BANDS, n), each band sorted,
    key << 32 | row (rows without a key in front, key 0); dead: bool, shape (n,), rows that were forgotten or replaced;
    name: the file, "" while in memory; dead_name: the file of `dead`, "" where none."""

    ids: Codes
    codes: Codes
    dead: NDArray[np.bool_]
    name: str = ""
    dead_name: str = ""
    crc: int = 0
    changed: bool = False
    mapping: mmap.mmap | None = field(default=None, repr=False)

    @property
    def rows(self) -> int:
        """Rows, the dead ones too."""
        return int(self.ids.shape[1])

    @property
    def alive(self) -> int:
        """Rows that count."""
        return self.rows - int(np.count_nonzero(self.dead))

    def find(self, ids: Codes) -> NDArray[np.int64]:
        """The living row of each id, −1 where there is none. ids: uint64, shape (2, m)."""
        if not self.rows:
            return np.full(ids.shape[1], -1, dtype=np.int64)
        at = np.minimum(np.searchsorted(self.ids[0], ids[0]), self.rows - 1)
        same = self.ids[0][at] == ids[0]
        # Upper halves are hashes and never meet by chance; by intent they may, so the few that do are walked.
        for number in np.flatnonzero(same & (self.ids[1][at] != ids[1])).tolist():
            while at[number] < self.rows - 1 and self.ids[1][at[number]] < ids[1][number]:
                at[number] += 1
        same = (self.ids[0][at] == ids[0]) & (self.ids[1][at] == ids[1]) & ~self.dead[at]
        return np.where(same, at, -1).astype(np.int64)

    def kill(self, ids: Codes) -> int:
        """Mark the rows of these ids dead; returns how many there were."""
        rows = self.find(ids)
        rows = np.unique(rows[rows >= 0])
        self.dead[rows] = True
        self.changed = self.changed or bool(len(rows))
        return len(rows)

    def hits(self, asked: Sequence[Codes]) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Askers, rows and numbers of bands shared, one entry a pair, of living rows. asked: for each band its codes
        key << 32 | asker, sorted, without key 0."""
        ranges = [_ranges(self.codes[band], codes) for band, codes in enumerate(asked)]
        found = [
            _hits(self.codes[band], *(part[kept] for part in of))
            for band, (of, kept) in enumerate(zip(ranges, _rarest(ranges), strict=True))
        ]
        pairs, shared = np.unique(np.concatenate(found), return_counts=True)
        askers, rows = (pairs >> _HALF).astype(np.int64), (pairs & _LOW).astype(np.int64)
        living = ~self.dead[rows]
        return askers[living], rows[living], shared[living]

    def let_go(self) -> None:
        """Give the pages that were read back to the system; they stay in its cache."""
        if self.mapping is not None and hasattr(mmap, "MADV_DONTNEED"):
            self.mapping.madvise(mmap.MADV_DONTNEED)


Ranges = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]


def _ranges(held: Codes, asked: Codes) -> Ranges:
    """Of each asker that meets somebody in one band: its number, where its rows begin in `held`, how many (`HOT` at most)."""
    if not len(held) or not len(asked):
        nothing = np.empty(0, np.int64)
        return nothing, nothing, nothing
    keys = asked >> _HALF
    first = np.searchsorted(held, keys << _HALF)
    meet = held[np.minimum(first, len(held) - 1)] >> _HALF == keys
    first, keys = first[meet], keys[meet]
    counts = np.minimum(np.searchsorted(held, (keys << _HALF) | _LOW, side="right") - first, HOT)
    return (asked[meet] & _LOW).astype(np.int64), first, counts


def _rarest(ranges: Sequence[Ranges]) -> list[NDArray[np.bool_]]:
    """Which ranges to read: for each asker those of the fewest rows, since what few posts share says most, up to `ENOUGH`
    rows and always one."""
    askers, _, counts = (np.concatenate(column) for column in zip(*ranges, strict=True))
    kept = np.ones(len(askers), np.bool_)
    if len(askers) and np.bincount(askers, weights=counts).max() > ENOUGH:
        order = np.argsort(askers << 32 | counts, kind="stable")
        ordered, sums = askers[order], np.cumsum(counts[order])
        starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
        before = np.repeat(sums[starts] - counts[order][starts], np.diff(np.r_[starts, len(ordered)]))
        few = sums - before <= ENOUGH
        few[starts] = True
        kept[order] = few
    return np.split(kept, np.cumsum([len(one[0]) for one in ranges])[:-1])


def _hits(held: Codes, askers: NDArray[np.int64], first: NDArray[np.int64], counts: NDArray[np.int64]) -> Codes:
    """asker << 32 | row for each hit in one band."""
    places = np.repeat(first - np.cumsum(counts) + counts, counts) + np.arange(int(counts.sum()))
    hits: Codes = (np.repeat(askers.astype(np.uint64), counts) << _HALF) | (held[places] & _LOW)
    return hits


def build(ids: Codes, keys: NDArray[np.uint32]) -> Segment:
    """A segment in memory. ids: shape (2, n), each once; keys: shape (n, BANDS)."""
    order = np.lexsort((ids[1], ids[0]))
    rows = np.arange(len(order), dtype=np.uint64)
    codes = (np.ascontiguousarray(keys[order].T).astype(np.uint64) << _HALF) | rows
    codes.sort(axis=1)
    return Segment(np.ascontiguousarray(ids[:, order]), codes, np.zeros(len(order), dtype=np.bool_))


def merge(segments: Sequence[Segment]) -> Segment:
    """One segment in memory with the living rows of several, which hold no living id in common."""
    living = [np.flatnonzero(~segment.dead) for segment in segments]
    ids = np.concatenate([segment.ids[:, rows] for segment, rows in zip(segments, living, strict=True)], axis=1)
    order = np.lexsort((ids[1], ids[0]))
    rank = np.empty(len(order), dtype=np.uint64)
    rank[order] = np.arange(len(order), dtype=np.uint64)
    parts = np.split(rank, np.cumsum([len(rows) for rows in living])[:-1])
    codes = np.empty((BANDS, len(order)), dtype=np.uint64)
    start = 0
    for segment, rows, ranks in zip(segments, living, parts, strict=True):
        place = np.zeros(segment.rows, dtype=np.uint64)
        place[rows] = ranks
        for band in range(BANDS):
            held = segment.codes[band]
            if len(rows) < segment.rows:
                held = held[~segment.dead[(held & _LOW).astype(np.int64)]]
            codes[band, start : start + len(rows)] = (held & ~_LOW) | place[(held & _LOW).astype(np.int64)]
        start += len(rows)
    codes.sort(axis=1)
    return Segment(np.ascontiguousarray(ids[:, order]), codes, np.zeros(len(order), dtype=np.bool_))


def write(segment: Segment, path: Path) -> Segment:
    """The segment as a file at `path`, flushed to disk, mapped for reading."""
    crc = 0
    with path.open("wb") as file:
        for piece in (_MAGIC + segment.rows.to_bytes(8, "little"), *_pieces(segment)):
            crc = zlib.crc32(piece, crc)
            file.write(piece)
        file.flush()
        os.fsync(file.fileno())
    return _mapped(path, segment.rows, crc)


def _pieces(segment: Segment) -> Iterator[bytes]:
    for half in segment.ids:
        yield half.astype("<u8").tobytes()
    for codes in segment.codes:
        yield codes.astype("<u8").tobytes()


def open_segment(path: Path, rows: int, crc: int) -> Segment:
    """The segment in a file. Raises StageError where it is not what the manifest says."""
    try:
        with path.open("rb") as file:
            head = file.read(_HEADER)
            found = zlib.crc32(head)
            while piece := file.read(1 << 20):
                found = zlib.crc32(piece, found)
            size = file.tell()
    except OSError as error:
        raise damaged(path, str(error)) from error
    if head != _MAGIC + rows.to_bytes(8, "little") or size != _HEADER + rows * _BYTES_OF_ROW or found != crc:
        raise damaged(path, tr("内容与清单不符", "it is not what the manifest says"))
    return _mapped(path, rows, crc)


def _mapped(path: Path, rows: int, crc: int) -> Segment:
    with path.open("rb") as file:
        mapping = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    values = np.frombuffer(mapping, dtype="<u8", offset=_HEADER).reshape(2 + BANDS, rows)
    dead = np.zeros(rows, dtype=np.bool_)
    return Segment(values[:2], values[2:], dead, name=path.name, crc=crc, mapping=mapping)


def damaged(path: Path, reason: str) -> StageError:
    """The error for a file of the index that cannot be used."""
    message = tr(
        "{f}：转载索引损坏（{r}）；运行 qingyu index rebuild 由数据库重建",
        "{f}: the index of copies is damaged ({r}); run qingyu index rebuild to build it anew from the store",
        f=path,
        r=reason,
    )
    return StageError(message, path=str(path))
