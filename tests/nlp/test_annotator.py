"""The annotator: any text, batch like single posts, version by all that decides."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from config.settings import SHIPPED, Nlp
from nlp.annotator import Annotator, load_annotator

ODD = [
    ("", ""),
    ("", "，。！"),
    ("😀", "😀😀"),
    ("标题", ""),
    ("", "\u200b"),
    ("停水", "\ud800"),
    ("", "停水。" * 300_000),
]


@pytest.fixture(scope="module")
def annotator() -> Annotator:
    return load_annotator(Nlp(), lambda name: SHIPPED / name)


def test_any_text_is_annotated_in_order_and_like_alone(annotator: Annotator) -> None:
    posts = [*ODD, ("小区停水", "三天没有水"), ("投诉物业", "电梯坏了，很不满意")]
    batch = annotator.annotate(posts)
    assert [a.title_tokens for a in batch] == [" ".join(annotator.segmenter.tokens(title)) for title, _ in posts]
    for post, found in zip(posts, batch, strict=True):
        alone = annotator.annotate([post])[0]
        assert (alone.sentiment, alone.topics, alone.keyphrases) == (found.sentiment, found.topics, found.keyphrases)
        assert alone.score == pytest.approx(found.score, abs=1e-6)
    assert annotator.annotate([]) == []


YAML = ("topics.yaml", "places.yaml", "units.yaml")


@pytest.mark.parametrize("name", [*YAML, "dictionaries/user_words.txt", "dictionaries/stop_words.txt"])
def test_the_version_changes_with_any_file(annotator: Annotator, tmp_path: Path, name: str) -> None:
    for part in (*YAML, "dictionaries"):
        source = SHIPPED / part
        shutil.copytree(source, tmp_path / part) if source.is_dir() else shutil.copy(source, tmp_path / part)
    assert load_annotator(Nlp(), lambda asked: tmp_path / asked).model == annotator.model
    with (tmp_path / name).open("a", encoding="utf-8") as file:
        file.write("\n# 改\n")
    changed = load_annotator(Nlp(), lambda asked: tmp_path / asked).model
    assert changed != annotator.model
    assert len(changed) <= 40
