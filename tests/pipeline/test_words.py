"""`qingyu words …`: words are suggested from the store, taken into the project's dictionary whole or not at all."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from config.project import Project, init_project, open_project
from config.settings import SHIPPED
from crawlers.schema import post
from crawlers.store import insert_rows, open_store, write
from nlp.segment import Segmenter, read_user_words
from tests.pipeline.commanding import environment

_MAIN = "import pipeline.cli.commands.words; from pipeline.cli import main; main()"
AROUND = "天地玄黄宇宙洪荒盈昃辰宿列张寒来暑往秋收冬藏闰余成岁律吕调阳云腾致雨露结为霜金生丽水玉出昆冈剑号巨阙珠称夜光"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    init_project(tmp_path, region="云水县")
    return tmp_path


def land(project: Project, texts: list[str]) -> None:
    rows = [
        {"id": f"{n:032x}", "source": "s", "kind": "message", "url": f"https://example.org/{n}", "text": text}
        | {"collected_ms": 1_000_000_000_000, "content_hash": f"{n}", "landed_seq": n}
        for n, text in enumerate(texts, start=1)
    ]
    store = open_store(project)
    with write(store) as connection:
        insert_rows(connection, post, rows)
    store.dispose()


def words(*arguments: str, project: Path, code: int = 0) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-c", _MAIN, "words", *arguments, "--project", str(project)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env=environment(),
        timeout=120,
        check=False,
    )
    assert done.returncode == code, f"{done.returncode}\n{done.stdout}\n{done.stderr}"
    assert "Traceback" not in done.stderr
    return done


def said(*arguments: str, project: Path) -> Any:
    return json.loads(words(*arguments, "--json", project=project).stdout)


def own(project: Path) -> Path:
    return project / "config" / "dictionaries" / "user_words.txt"


def test_accepted_words_come_beside_the_shipped_ones(project: Path) -> None:
    shipped = [word for word, _ in read_user_words(SHIPPED / "dictionaries" / "user_words.txt")]
    assert "qingyu process" in words("accept", "碧桐苑甲区", "碧桐苑甲区", project=project).stdout
    assert [word for word, _ in read_user_words(own(project))] == [*shipped, "碧桐苑甲区"]
    assert "碧桐苑甲区" in Segmenter(user_words=own(project)).tokens("我住碧桐苑甲区三号楼")
    listed = said("list", project=project)
    assert [item["word"] for item in listed if item["own"]] == ["碧桐苑甲区"]
    assert said("accept", "碧桐苑甲区", project=project)["added"] == []
    assert [file.name for file in own(project).parent.iterdir()] == ["user_words.txt"]


@pytest.mark.parametrize("word", ["", " ", "停 水", "a#b", "停\t水", "停\x07水", "停\u200b水", "停" * 33, "——"])
def test_a_faulty_word_is_refused_and_nothing_is_written(project: Path, word: str) -> None:
    assert "不能作词" in words("accept", "碧桐苑", word, project=project, code=2).stderr
    assert not own(project).exists()


def test_names_of_the_store_are_suggested_until_accepted(project: Path) -> None:
    size = len(AROUND)
    plain = [AROUND[n:] + AROUND[:n] for n in range(size)]
    named = [AROUND[n % size] + AROUND[n * 7 % size] + "蔷薇新城" + AROUND[n * 5 % size] for n in range(40)]
    land(open_project(project, {}), plain + named)
    (found,) = [item for item in said("suggest", "--days", "36500", project=project) if item["word"] == "蔷薇新城"]
    assert (found["count"], found["documents"]) == (40, 40)
    assert len(said("suggest", "--days", "36500", "--limit", "1", project=project)) == 1
    words("accept", "蔷薇新城", project=project)
    after = said("suggest", "--days", "36500", project=project)
    assert "蔷薇新城" not in [item["word"] for item in after]


def test_an_empty_store_suggests_nothing(project: Path) -> None:
    assert said("suggest", project=project) == []
