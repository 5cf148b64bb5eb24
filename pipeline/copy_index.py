"""The index of copies: which posts share an LSH band with a new one. Derived data, rebuilt from the store at any time."""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from config.locks import take
from config.text import tr
from nlp.copies import BANDS, KEY_SCHEME
from pipeline.copy_segments import Codes, Segment, build, damaged, merge, open_segment, write

_MANIFEST = "MANIFEST.json"
_VERSION = 1
# Merging a full segment again would stop a batch for seconds; one of 131,072 rows (36 MB) takes a third of one.
FULL = 1 << 17
# A segment with more dead rows than that is written anew without them.
_MOST_DEAD = 0.25
# Candidates of one post: those that share most bands. A copy needs one of its cluster among them.
MOST = 6
# Askers looked up in one go: .27 s for 10,000 among 500,000 (1,000 at a time: .47 s). Bounds the memory of the hits, at
# most chunk x BANDS x HOT x 8 bytes a segment.
_CHUNK = 5_000


class CopyIndex:
    """The index under `folder`, made where there is none; one process at a time.

    What was added is found at once and kept from the next `commit` on: a process that is killed at any instant leaves the
    last commit. Raises StageError while another process has it, and for damaged files (`qingyu index rebuild`).
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        message = tr(
            "另一个进程正在使用转载索引；等它结束后再运行", "another process has the index of copies; run again later"
        )
        self._lock = take(folder / "copies.lock", message)
        try:
            self._next, self._segments = self._read()
            if not (folder / _MANIFEST).exists():
                # From now on pieces without a manifest mean damage, not a first commit that was killed.
                self._write_manifest([])
        except BaseException:
            self._lock.close()
            raise
        self._fresh: list[Segment] = []
        self._sweep()

    def __enter__(self) -> CopyIndex:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Free the lock; what was not committed is gone."""
        self._segments, self._fresh = [], []
        self._lock.close()

    def __len__(self) -> int:
        return sum(segment.alive for segment in self._all())

    def __contains__(self, one: bytes) -> bool:
        ids = _halves([one])
        return any(int(segment.find(ids)[0]) >= 0 for segment in self._all())

    def add(self, ids: Sequence[bytes], keys: NDArray[np.uint32]) -> None:
        """Hold these posts; of an id that is held already, or twice here, the last keys count.

        ids: n of 16 bytes; keys: uint32, shape (n, BANDS), see `nlp.copies.band_keys`; rows of zeros (posts without words)
        are not held. Raises ValueError for other shapes.
        """
        if keys.shape != (len(ids), BANDS):
            raise ValueError(f"keys must be of shape ({len(ids)}, {BANDS}), got {keys.shape}")
        self.forget(ids)
        last = {one: number for number, one in enumerate(ids)}
        kept = [number for number in last.values() if keys[number].any()]
        if kept:
            self._fresh.append(build(_halves([ids[number] for number in kept]), keys[kept]))
            self._fresh = _settled(self._fresh, FULL)

    def forget(self, ids: Sequence[bytes]) -> int:
        """Drop these posts; returns how many were held."""
        halves = _halves(ids)
        return sum(segment.kill(halves) for segment in self._all()) if len(ids) else 0

    def candidates(self, ids: Sequence[bytes], keys: NDArray[np.uint32], *, most: int = MOST) -> list[list[bytes]]:
        """For each post the ids (never its own) of at most `most` held posts that share bands with it, most bands first,
        then by id. ids, keys: as for `add`; the posts may be held or not."""
        if keys.shape != (len(ids), BANDS):
            raise ValueError(f"keys must be of shape ({len(ids)}, {BANDS}), got {keys.shape}")
        found: list[list[bytes]] = []
        halves = _halves(ids)
        for start in range(0, len(ids), _CHUNK):
            chunk = slice(start, start + _CHUNK)
            found.extend(self._chunk(halves[:, chunk], keys[chunk], most))
        for segment in self._segments:
            segment.let_go()
        return found

    def commit(self) -> None:
        """Make everything added and forgotten so far last. Raises OSError (disk full): the last commit stays."""
        kept = [segment for segment in _settled([*self._segments, *self._fresh], FULL) if segment.alive]
        written = [self._written(segment) for segment in kept]
        self._write_manifest(written)
        self._segments, self._fresh = written, []
        self._sweep()

    def _all(self) -> Iterator[Segment]:
        yield from self._segments
        yield from self._fresh

    def _chunk(self, ids: Codes, keys: NDArray[np.uint32], most: int) -> list[list[bytes]]:
        # A storm of the same words asks once.
        different, asker = np.unique(keys, axis=0, return_inverse=True)
        asked = _asked(different)
        parts = []
        for segment in self._all():
            askers, rows, shared = segment.hits(asked)
            kept = _likeliest(askers, shared, len(different), most + 1)
            rows = rows[kept]
            parts.append((askers[kept], shared[kept], segment.ids[0][rows], segment.ids[1][rows]))
        if not parts:
            return [[] for _ in range(ids.shape[1])]
        askers, shared, upper, lower = (np.concatenate(column) for column in zip(*parts, strict=True))
        # One number to sort by: asker, bands not shared, the beginning of the id (hashes: no two begin alike by chance).
        order = np.argsort(askers << 40 | (BANDS - shared) << 32 | (upper >> np.uint64(32)).astype(np.int64))
        starts = np.searchsorted(askers[order], np.arange(len(different) + 1)).tolist()
        names = np.stack((upper[order], lower[order]), axis=1).astype(">u8").tobytes()
        own = ids.T.astype(">u8").tobytes()
        return [
            _names(names[16 * starts[at] : 16 * starts[at + 1]], own[16 * number : 16 * number + 16], most)
            for number, at in enumerate(asker.ravel().tolist())
        ]

    def _written(self, segment: Segment) -> Segment:
        """The segment with its files on disk."""
        if not segment.name:
            dead = segment.dead
            segment = write(segment, self._folder / self._new_name("seg"))
            segment.dead, segment.changed = dead, bool(dead.any())
        if segment.changed:
            name = self._new_name("dead")
            _write_synced(self._folder / name, np.packbits(segment.dead).tobytes())
            segment.dead_name, segment.changed = name, False
        return segment

    def _new_name(self, kind: str) -> str:
        self._next += 1
        return f"{kind}-{self._next:08d}"

    def _write_manifest(self, segments: Sequence[Segment]) -> None:
        rows = [
            {
                "name": one.name,
                "rows": one.rows,
                "crc": one.crc,
                "dead": one.dead_name,
                "dead_crc": zlib.crc32(np.packbits(one.dead).tobytes()) if one.dead_name else 0,
            }
            for one in segments
        ]
        content = {"version": _VERSION, "keys": KEY_SCHEME, "next": self._next, "segments": rows}
        fresh = self._folder / (_MANIFEST + ".new")
        _write_synced(fresh, json.dumps(content, indent=1).encode())
        fresh.replace(self._folder / _MANIFEST)
        _sync_folder(self._folder)

    def _read(self) -> tuple[int, list[Segment]]:
        path = self._folder / _MANIFEST
        try:
            content = json.loads(path.read_bytes())
        except FileNotFoundError as error:
            if any(self._folder.glob("seg-*")):
                raise damaged(path, tr("清单不见了", "the manifest is gone")) from error
            return 0, []
        except (OSError, ValueError) as error:
            raise damaged(path, str(error)) from error
        if not isinstance(content, dict) or (content.get("version"), content.get("keys")) != (_VERSION, KEY_SCHEME):
            raise damaged(path, tr("版本不同", "it is of another version"))
        try:
            return int(content["next"]), [self._open(row) for row in content["segments"]]
        except (KeyError, TypeError, ValueError) as error:
            raise damaged(path, repr(error)) from error

    def _open(self, row: dict[str, Any]) -> Segment:
        segment = open_segment(self._folder / str(row["name"]), int(row["rows"]), int(row["crc"]))
        if row["dead"]:
            path = self._folder / str(row["dead"])
            try:
                packed = path.read_bytes()
            except OSError as error:
                raise damaged(path, str(error)) from error
            if zlib.crc32(packed) != row["dead_crc"] or len(packed) != (segment.rows + 7) // 8:
                raise damaged(path, tr("内容与清单不符", "it is not what the manifest says"))
            bits = np.unpackbits(np.frombuffer(packed, dtype=np.uint8), count=segment.rows)
            segment.dead, segment.dead_name = bits.astype(np.bool_), str(row["dead"])
        return segment

    def _sweep(self) -> None:
        """Remove files that the manifest does not name: of merged segments and of commits that were killed."""
        live = {name for one in self._segments for name in (one.name, one.dead_name)}
        for path in (*self._folder.glob("seg-*"), *self._folder.glob("dead-*")):
            if path.name not in live:
                path.unlink(missing_ok=True)


def _settled(segments: Sequence[Segment], full: int) -> list[Segment]:
    """The segments, largest first, merged until each has more than twice the rows of the next, up to `full` rows in one;
    with many dead rows they are written anew alone. Each row is written some log2(n) times in its life."""
    left = sorted(
        (merge([one]) if one.alive < (1 - _MOST_DEAD) * one.rows else one for one in segments),
        key=lambda one: -one.rows,
    )
    done: list[Segment] = []
    for one in left:
        done.append(one)
        while len(done) > 1 and done[-2].rows < 2 * done[-1].rows and done[-2].rows + done[-1].rows <= full:
            done[-2:] = [merge(done[-2:])]
    return done


def _likeliest(askers: NDArray[Any], shared: NDArray[Any], count: int, most: int) -> NDArray[np.bool_]:
    """Which hits to sort: where an asker has `most` with so many bands, those with fewer cannot be among its best."""
    kept = np.ones(len(askers), np.bool_)
    for bands in range(2, 17):
        many = shared >= bands
        enough = np.bincount(askers[many], minlength=count) >= most
        if not enough.any():
            break
        kept &= many | ~enough[askers]
    return kept


def _asked(keys: NDArray[np.uint32]) -> list[Codes]:
    """For each band the codes key << 32 | asker, sorted, without key 0."""
    codes = (np.ascontiguousarray(keys.T).astype(np.uint64) << np.uint64(32)) | np.arange(len(keys), dtype=np.uint64)
    codes.sort(axis=1)
    return [band[band >> np.uint64(32) > 0] for band in codes]


def _halves(ids: Sequence[bytes]) -> Codes:
    """uint64, shape (2, n): upper and lower halves, so that their order is the order of the ids."""
    if any(len(one) != 16 for one in ids):
        raise ValueError("an id has 16 bytes")
    return np.frombuffer(b"".join(ids), dtype=">u8").astype(np.uint64).reshape(-1, 2).T


def _names(joined: bytes, own: bytes, most: int) -> list[bytes]:
    end = min(len(joined), 16 * (most + 1))
    return [name for at in range(0, end, 16) if (name := joined[at : at + 16]) != own][:most]


def _write_synced(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
