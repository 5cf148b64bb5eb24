"""`qingyu label` and `qingyu labels`: what people set right is kept with who and when, measured and exported, or refused whole."""

import json
from pathlib import Path

import pytest

from bench.process import land
from config.project import Project
from crawlers.schema import correction
from crawlers.store import open_store, read
from pipeline.process import process
from tests.pipeline.commanding import asked, qingyu
from tests.stores import Stores


@pytest.fixture
def project(tmp_path: Path, stores: Stores) -> Project:
    made = stores.project(tmp_path)
    land(made, ["路灯坏了三天没人管，太让人失望了", "请问社保卡在哪里补办"], "r1")
    process(made)
    return made


def ids(project: Project) -> list[str]:
    return [post["id"] for post in asked("search", "", project=project.root)["posts"]]


def kept(project: Project) -> list[tuple[str, str, str]]:
    store = open_store(project)
    with read(store) as connection:
        rows = [(row.field, row.value, row.who) for row in connection.execute(correction.select())]
    store.dispose()
    return rows


def test_what_is_set_right_is_kept_measured_and_exported(project: Project, tmp_path: Path) -> None:
    first, second = ids(project)
    said = asked("show", first, project=project.root)["post"]["sentiment"]["label"]
    done = qingyu("label", first, "--sentiment", "正面", "--appeal", "yes", "--who", "张科", project=project.root)
    assert "→" in done.stdout and "正面" in done.stdout
    asked("label", second, "--sentiment", "neutral", "--who", "x", project=project.root)
    asked("label", first, "--sentiment", said, "--who", "y", project=project.root)
    assert kept(project) == [
        ("sentiment", "positive", "张科"), ("appeal", "yes", "张科"), ("sentiment", "neutral", "x"), ("sentiment", said, "y"),
    ]  # fmt: skip
    rows = {row["field"]: row for row in asked("labels", "accuracy", project=project.root)}
    assert rows["sentiment"]["checked"] == 2
    assert rows["sentiment"]["right"] >= 1, "the newest correction of the first post says what the model said"
    out = tmp_path / "rows.jsonl"
    qingyu("labels", "export", "-o", str(out), project=project.root)
    exported = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert {row.get("sentiment") for row in exported} == {said, "neutral"}
    assert all(row["text"] for row in exported)


@pytest.mark.parametrize("wrong", [("--sentiment", "furious"), ("--intent", "x"), ("--appeal", "maybe"), ()])
def test_what_cannot_be_is_refused_and_nothing_is_written(project: Project, wrong: tuple[str, ...]) -> None:
    more = ("--sector", "health") if wrong else ()
    done = qingyu("label", ids(project)[0], *more, *wrong, project=project.root, code=2)
    assert done.stderr
    assert kept(project) == []


def test_an_unknown_post_is_refused(project: Project) -> None:
    done = qingyu("label", "0" * 32, "--sentiment", "negative", project=project.root, code=2)
    assert "没有编号" in done.stderr
    assert qingyu("labels", "accuracy", project=project.root).stdout.strip().startswith("还没有")
