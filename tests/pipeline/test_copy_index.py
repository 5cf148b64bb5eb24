"""The index of copies: what is held is found, commits are whole, damage is said."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import pipeline.copy_index as module
from config.errors import StageError
from nlp.copies import BANDS, band_keys
from pipeline.copy_index import CopyIndex
from pipeline.copy_segments import HOT

Keys = NDArray[np.uint32]


def _id(number: int) -> bytes:
    return hashlib.blake2b(str(number).encode(), digest_size=16).digest()


def _keys(rng: np.random.Generator, count: int, *, values: int = 2**32) -> Keys:
    return rng.integers(1, values, size=(count, BANDS), dtype=np.uint32)


def _expected(held: dict[bytes, Keys], own: bytes, keys: Keys) -> list[bytes]:
    shared: dict[bytes, int] = defaultdict(int)
    for one, other in held.items():
        if one != own and (count := int(((other == keys) & (keys > 0)).sum())):
            shared[one] = count
    return sorted(shared, key=lambda one: (-shared[one], one))


def test_a_text_finds_its_copies_and_never_itself(tmp_path: Path) -> None:
    texts = [
        "老菜场门口的排水沟又堵了，污水漫到人行道上，希望有人来疏通。",
        "转发微博：老菜场门口的排水沟又堵了，污水漫到人行道上，希望有人来疏通。",
        "图书馆周末能不能多开两个小时",
        "！？",
    ]
    ids, keys = [_id(number) for number in range(4)], band_keys(texts)
    with CopyIndex(tmp_path) as index:
        index.add(ids, keys)
        assert index.candidates(ids, keys) == [[ids[1]], [ids[0]], [], []]
        assert len(index) == 3 and ids[3] not in index
        index.commit()
    with CopyIndex(tmp_path) as index:
        assert index.candidates([_id(9)], keys[:1]) == [sorted(ids[:2])]


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.lists(st.tuples(st.sampled_from("afc"), st.integers(1, 30)), min_size=1, max_size=12))
def test_it_holds_what_a_dictionary_would(
    tmp_path_factory: pytest.TempPathFactory, seed: int, steps: list[tuple[str, int]]
) -> None:
    rng = np.random.default_rng(seed)
    held: dict[bytes, Keys] = {}
    folder = tmp_path_factory.mktemp("index")
    index = CopyIndex(folder)
    for step, count in steps:
        ids = [_id(int(number)) for number in rng.integers(0, 60, size=count)]
        if step == "a":
            keys = _keys(rng, count, values=80)
            index.add(ids, keys)
            held.update(zip(ids, keys, strict=True))
        elif step == "f":
            assert index.forget(ids) == len(set(ids) & set(held))
            held = {one: keys for one, keys in held.items() if one not in ids}
        else:
            index.commit()
            index.close()
            index = CopyIndex(folder)
    asked, keys = [_id(number) for number in range(20)], _keys(rng, 20, values=80)
    found = index.candidates(asked, keys, most=100)
    assert found == [_expected(held, one, row) for one, row in zip(asked, keys, strict=True)]
    assert len(index) == len(held)
    index.close()


def test_what_was_not_committed_is_gone_and_nothing_else(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    with CopyIndex(tmp_path) as index:
        index.add([_id(1), _id(2)], _keys(rng, 2))
        index.commit()
        index.add([_id(3)], _keys(rng, 1))
        index.forget([_id(1)])
    with CopyIndex(tmp_path) as index:
        assert [number for number in range(5) if _id(number) in index] == [1, 2]


def test_the_last_keys_of_an_id_count(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    keys = _keys(rng, 3)
    with CopyIndex(tmp_path) as index:
        index.add([_id(1), _id(1)], keys[:2])
        assert index.candidates([_id(9)] * 2, keys[:2]) == [[], [_id(1)]]
        index.commit()
        index.add([_id(1)], keys[2:])
        assert index.candidates([_id(9)] * 3, keys) == [[], [], [_id(1)]]
        assert len(index) == 1
        index.commit()
    with CopyIndex(tmp_path) as index:
        assert index.candidates([_id(9)] * 3, keys) == [[], [], [_id(1)]]


def test_of_a_hot_key_everybody_meets_the_same_posts(tmp_path: Path) -> None:
    keys = np.full((HOT * 3, BANDS), 7, dtype=np.uint32)
    keys[:, 1:] = _keys(np.random.default_rng(1), HOT * 3)[:, 1:]
    ids = [_id(number) for number in range(len(keys))]
    with CopyIndex(tmp_path) as index:
        index.add(ids, keys)
        found = index.candidates(ids, keys, most=10**6)
    hubs = sorted(ids)[:HOT]
    assert found == [[hub for hub in hubs if hub != own] for own in ids]


def test_ids_with_the_same_upper_half_are_different_posts(tmp_path: Path) -> None:
    ids = [bytes(8) + number.to_bytes(8, "big") for number in (5, 0, 3, 900)]
    with CopyIndex(tmp_path) as index:
        index.add(ids, _keys(np.random.default_rng(1), 4))
        assert index.forget([ids[2]]) == 1
        assert [one in index for one in ids] == [True, True, False, True]
        assert bytes(8) + (4).to_bytes(8, "big") not in index


@pytest.mark.parametrize("shape", [(1, BANDS), (2, 3)])
def test_keys_of_another_shape_are_refused(tmp_path: Path, shape: tuple[int, int]) -> None:
    with CopyIndex(tmp_path) as index, pytest.raises(ValueError, match="shape"):
        index.add([_id(1), _id(2)], np.ones(shape, dtype=np.uint32))
    with CopyIndex(tmp_path) as index, pytest.raises(ValueError, match="16"):
        index.add([b"short"], np.ones((1, BANDS), dtype=np.uint32))


def _filled(folder: Path) -> None:
    rng = np.random.default_rng(1)
    with CopyIndex(folder) as index:
        index.add([_id(number) for number in range(50)], _keys(rng, 50))
        index.commit()
        index.forget([_id(3)])
        index.commit()


@pytest.mark.parametrize("name", ["MANIFEST.json", "seg-*", "dead-*"])
@pytest.mark.parametrize("harm", ["cut", "flip", "gone", "empty"])
def test_damage_is_said_with_the_way_out(tmp_path: Path, name: str, harm: str) -> None:
    _filled(tmp_path)
    path = next(tmp_path.glob(name))
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0x55
    {
        "cut": lambda: path.write_bytes(content[: len(content) // 2]),
        "flip": lambda: path.write_bytes(content),
        "gone": path.unlink,
        "empty": lambda: path.write_bytes(b""),
    }[harm]()
    with pytest.raises(StageError, match="qingyu index rebuild"):
        CopyIndex(tmp_path)


@pytest.mark.parametrize("change", [{"version": 99}, {"keys": 99}, {"segments": [{}]}, {"segments": 3}, {"next": None}])
def test_another_version_is_damage(tmp_path: Path, change: dict[str, object]) -> None:
    _filled(tmp_path)
    path = tmp_path / "MANIFEST.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    with pytest.raises(StageError, match="qingyu index rebuild"):
        CopyIndex(tmp_path)


def test_one_process_at_a_time(tmp_path: Path) -> None:
    with CopyIndex(tmp_path), pytest.raises(StageError):
        CopyIndex(tmp_path)
    CopyIndex(tmp_path).close()


def test_segments_stay_few_and_lookups_the_same_through_merges(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FULL", 400)
    rng = np.random.default_rng(2)
    keys, ids = _keys(rng, 2_000), [_id(number) for number in range(2_000)]
    with CopyIndex(tmp_path) as index:
        for start in range(0, 2_000, 20):
            index.add(ids[start : start + 20], keys[start : start + 20])
            index.commit()
        assert len(list(tmp_path.glob("seg-*"))) <= 2_000 // 200 + 6
        assert index.candidates([_id(-1)] * 2_000, keys) == [[one] for one in ids]
        index.forget(ids[:1_500])
        index.commit()
        assert sum(path.stat().st_size for path in tmp_path.glob("seg-*")) < 1_000 * 8 * (2 + BANDS)


WRITER = """
import sys
import numpy as np
from pathlib import Path
from pipeline.copy_index import CopyIndex
index, rng, number = CopyIndex(Path(sys.argv[1])), np.random.default_rng(1), 0
while True:
    index.add([(number + one).to_bytes(16, "big") for one in range(500)], rng.integers(1, 2**32, size=(500, 32), dtype=np.uint32))
    index.commit()
    number += 500
    print(number, flush=True)
"""


@pytest.mark.parametrize("wait_ms", [0, 3, 7, 19, 40, 90])
def test_a_killed_writer_leaves_its_last_commit(tmp_path: Path, wait_ms: int) -> None:
    with subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        first = int(writer.stdout.readline())
        time.sleep(wait_ms / 1_000)
        os.kill(writer.pid, signal.SIGKILL)
        said = max([first, *(int(line) for line in writer.stdout.read().split("\n") if line.strip())])
    with CopyIndex(tmp_path) as index:
        # The commit after the last that was said may have been done.
        assert len(index) in (said, said + 500)
        assert (said - 1).to_bytes(16, "big") in index
        named = {row["name"] for row in json.loads((tmp_path / "MANIFEST.json").read_text())["segments"]}
        assert {path.name for path in tmp_path.glob("seg-*")} == named


def test_a_full_disk_leaves_the_last_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(1)
    with CopyIndex(tmp_path) as index:
        index.add([_id(1)], _keys(rng, 1))
        index.commit()
        index.add([_id(2)], _keys(rng, 1))

        def full(handle: int) -> None:
            raise OSError(28, "No space left on device")

        with monkeypatch.context() as patched:
            patched.setattr(os, "fsync", full)
            with pytest.raises(OSError, match="space"):
                index.commit()
        index.commit()
        index.add([_id(3)], _keys(rng, 1))
    with CopyIndex(tmp_path) as index:
        assert [_id(number) in index for number in (1, 2, 3)] == [True, True, False]


@pytest.mark.slow
def test_a_batch_is_added_and_looked_up_in_time(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    with CopyIndex(tmp_path) as index:
        for start in range(0, 200_000, 20_000):
            index.add([_id(number) for number in range(start, start + 20_000)], _keys(rng, 20_000))
            index.commit()
        ids, keys = [_id(number) for number in range(300_000, 310_000)], _keys(rng, 10_000)
        started = time.perf_counter()
        index.add(ids, keys)
        index.candidates(ids, keys)
        # .2 s on one idle core; the bound leaves room for a busy machine.
        assert time.perf_counter() - started < 2
        assert sum(path.stat().st_size for path in tmp_path.iterdir()) < 200_000 * 500
