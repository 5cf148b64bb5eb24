"""`qingyu evaluate` and `qingyu explain` on small files and a small store."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

import pipeline.cli.commands.evaluate
import pipeline.cli.commands.explain  # noqa: F401 - both register their commands
from bench.process import land
from config.errors import ConfigError
from config.project import Project, init_project, open_project
from nlp.drift import Distribution, drift, score_bins
from pipeline.cli.app import app
from pipeline.process import process

GOOD = ["服务很好，非常满意", "办事很快，点赞", "谢谢工作人员，太贴心了", "真不错，很开心"]
BAD = ["太差了，非常失望", "态度恶劣，气死人", "没人管，太让人寒心", "垃圾服务，再也不来"]


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def lines(path: Path, rows: list[Any]) -> str:
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return str(path)


def labelled(domain: str = "a") -> list[dict[str, str]]:
    good = [{"text": text, "label": "positive", "domain": domain} for text in GOOD]
    return good + [{"text": text, "label": "negative", "domain": domain} for text in BAD]


def test_sentiment_by_domain_with_snownlp(tmp_path: Path) -> None:
    three = [*labelled("b"), {"text": "会议于周三召开", "label": "neutral", "domain": "b"}]
    files = [lines(tmp_path / "a.jsonl", labelled()), lines(tmp_path / "b.jsonl.gz", three)]
    done = run("evaluate", "sentiment", *files, "--json")
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert [(g["domain"], g["classes"]) for g in found["groups"]] == [("a", 2), ("b", 3)]
    assert found["groups"][0]["ours"]["accuracy"]["value"] >= 0.75
    assert found["groups"][0]["snownlp"]["rows"] == 8
    assert {"ours", "rjieba", "jieba", "snownlp"} <= set(found["speed"])
    assert not any(text in done.stdout for text in GOOD + BAD)


@pytest.mark.parametrize("task", ["category", "intent", "redaction", "duplicates"])
def test_other_tasks(task: str, tmp_path: Path) -> None:
    rows: dict[str, list[Any]] = {
        "category": [{"title": "拖欠工资", "text": "公司拖欠工资，社保也不交", "category": "劳动和社会保障"}] * 3,
        "intent": [{"title": "投诉", "text": "投诉工地夜间施工扰民", "label": "投诉", "appeal": True}] * 3,
        "redaction": [{"text": "打我手机13812345678", "masked": "打我手机[手机号]"}] * 3,
        "duplicates": [{"a": "小区停水三天了请尽快处理谢谢", "b": "小区停水三天了请尽快处理谢谢", "same": True}] * 3,
    }
    done = run("evaluate", task, lines(tmp_path / "x.jsonl", rows[task]), "--json")
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    name = {"redaction": "exact", "duplicates": "same_recall"}.get(task)
    told = found["figures"][name] if name else found["groups"][0]["ours"]["accuracy"]
    assert told["value"] == 1.0
    assert "13812345678" not in done.stdout


@pytest.mark.parametrize(
    "line", ["{", "[]", '{"text": 3, "label": "negative"}', '{"text": "x", "label": "sad"}', "\xff"]
)
def test_a_faulty_line_is_named(line: str, tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_bytes(b'{"text": "x", "label": "neutral"}\n' + line.encode("latin-1") + b"\n")
    error = run("evaluate", "sentiment", str(path)).exception
    assert isinstance(error, ConfigError)
    assert f"{path}:2" in error.message
    assert "label" in error.message


def test_no_file_no_rows_no_gzip(tmp_path: Path) -> None:
    broken = tmp_path / "x.gz"
    broken.write_bytes(b"not gzip")
    for path in (tmp_path / "none.jsonl", Path(lines(tmp_path / "empty.jsonl", [])), broken):
        assert isinstance(run("evaluate", "duplicates", str(path)).exception, ConfigError)


def distribution(scores: list[float], word: str) -> Distribution:
    labels = {"negative": sum(s < 0 for s in scores), "positive": sum(s >= 0 for s in scores)}
    return Distribution(len(scores), score_bins(scores), labels, {word: len(scores), "的": 50})  # type: ignore[arg-type]


def test_drift_is_seen_and_chance_is_not() -> None:
    calm = distribution([-0.5, 0.5] * 200, "停水")
    assert drift(calm, calm, "before").state == "fine"
    assert drift(distribution([-0.5] * 400, "停水"), calm, "before").state == "drifted"
    assert drift(distribution([-0.5, 0.5] * 200, "地铁"), calm, "before").state == "drifted"
    assert drift(distribution([0.5] * 199, "停水"), calm, "before").state == "few"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    root = tmp_path_factory.mktemp("project")
    init_project(root, region="云水县")
    made = open_project(root, {})
    land(made, BAD, "r1")
    process(made)
    return made


def test_drift_of_few_posts_says_so(project: Project) -> None:
    done = run("--project", str(project.root), "evaluate", "drift")
    assert done.exit_code == 0
    assert "200" in done.stdout


def test_a_post_is_explained_by_its_id(project: Project) -> None:
    posts = json.loads(run("--project", str(project.root), "search", "", "--json").stdout)["posts"]
    found = json.loads(run("--project", str(project.root), "explain", posts[0]["id"], "--json").stdout)
    assert found["label"] == posts[0]["sentiment"]["label"]
    assert found["score"] == pytest.approx(posts[0]["sentiment"]["score"], abs=1e-4)
    unknown = run("--project", str(project.root), "explain", "0" * 32).exception
    assert isinstance(unknown, ConfigError)
    assert "0" * 32 in unknown.message


def test_a_text_is_explained_without_a_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    done = run("explain", "太让人失望了，打13812345678也没人接")
    assert done.exit_code == 0, done.output
    assert "失望" in done.stdout
    assert "▇" in done.stdout
    assert "13812345678" not in done.stdout
    assert isinstance(run("explain", "  ").exception, ConfigError)
