"""The command line as a script and a person use it: real processes, a real project, exit codes and JSON."""

import json
from pathlib import Path

import pytest

from tests.pipeline.commanding import qingyu

ROWS = [
    {
        "编号": "1",
        "标题": "滨河苑停水三天",
        "内容": "滨河苑小区停水三天了，电话13812345678打不通，非常气愤！",
        "时间": "2026-11-01 08:30:00",
        "姓名": "张三",
    },
    {
        "编号": "2",
        "标题": "感谢供水公司",
        "内容": "供水公司连夜抢修，师傅态度很好，谢谢！",
        "时间": "2026-11-02 09:00:00",
        "姓名": "李四",
    },
    {
        "编号": "3",
        "标题": "咨询校车",
        "内容": "请问城北小学的校车几点发车？",
        "时间": "2026-11-02 23:59:59",
        "姓名": "张三",
    },
    {
        "编号": "4",
        "标题": '=HYPERLINK("http://x")',
        "内容": "<script>alert(1)</script>路灯不亮，晚上很危险",
        "时间": "2026-11-03 00:00:00",
        "姓名": "王五",
    },
]
SOURCE = """
name: hotline
kind: import
title: 热线
files: in/*.jsonl
columns: {id: 编号, title: 标题, text: 内容, published: 时间, author: 姓名}
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("cli") / "town"
    qingyu("init", str(root), "--region", "云水县", "--contact", "mail@example.org")
    (root / "config" / "sources" / "hotline.yaml").write_text(SOURCE, encoding="utf-8")
    (root / "in").mkdir()
    (root / "in" / "a.jsonl").write_text("\n".join(json.dumps(r, ensure_ascii=False) for r in ROWS), encoding="utf-8")
    crawled = json.loads(qingyu("crawl", "--json", project=root).stdout)
    assert crawled[0]["counts"]["posts_new"] == 4
    processed = json.loads(qingyu("process", "--json", project=root).stdout)
    assert processed["indexed"] == 4
    return root


def test_again_is_nothing_new(project: Path) -> None:
    again = json.loads(qingyu("crawl", "hotline", "--json", project=project).stdout)[0]["counts"]
    assert (again["posts_new"], again["posts_changed"]) == (0, 0)
    assert json.loads(qingyu("process", "--json", project=project).stdout)["read"] == 0


def test_search_finds_and_masks(project: Path) -> None:
    found = json.loads(qingyu("search", "停水", "--json", project=project).stdout)
    assert found["total"] == 1
    post = found["posts"][0]
    assert "13812345678" not in json.dumps(post)
    assert "[手机号]" in post["text"]
    assert "张三" not in json.dumps(post, ensure_ascii=False)
    assert post["sentiment"]["label"] == "negative"
    assert "water" in post["topics"]


def test_trend_counts_days_of_shanghai(project: Path) -> None:
    told = json.loads(
        qingyu("trend", "", "--from", "2026-11-01", "--to", "2026-11-04", "--json", project=project).stdout
    )
    assert [d["count"] for d in told["days"]] == [1, 2, 1, 0]
    assert told["voices"] == 3
    assert [d["day"] for d in told["days"]][0] == "2026-11-01"


def test_show_and_a_post_that_is_not_there(project: Path) -> None:
    post_id = json.loads(qingyu("search", "校车", "--json", project=project).stdout)["posts"][0]["id"]
    assert json.loads(qingyu("show", post_id, "--json", project=project).stdout)["post"]["title"] == "咨询校车"
    assert "咨询校车" in qingyu("show", post_id, project=project).stdout
    assert "0" * 32 in qingyu("show", "0" * 32, project=project, code=1).stderr


def test_a_faulty_query_is_pointed_at(project: Path) -> None:
    complaint = qingyu("search", "停水 AND (", project=project, code=2).stderr
    assert "^" in complaint
    assert "作者" in qingyu("search", "author:abc", project=project, code=2).stderr


@pytest.mark.parametrize("suffix", ["jsonl", "csv", "xlsx", "parquet"])
def test_export_gives_every_post_once(project: Path, tmp_path: Path, suffix: str) -> None:
    import pandas as pd

    target = tmp_path / f"out.{suffix}"
    qingyu("export", "-o", str(target), project=project)
    readers = {
        "jsonl": lambda p: pd.read_json(p, lines=True),
        "csv": pd.read_csv,
        "xlsx": pd.read_excel,
        "parquet": pd.read_parquet,
    }
    table = readers[suffix](target)
    assert len(table) == 4
    assert table["id"].is_unique
    if suffix in {"csv", "xlsx"}:
        assert not any(str(t).startswith("=") for t in table["title"])


def test_jsonl_on_standard_output(project: Path) -> None:
    lines = qingyu("export", "--format", "jsonl", project=project).stdout.splitlines()
    assert len({json.loads(line)["id"] for line in lines}) == 4


def test_doctor_health_and_topics(project: Path) -> None:
    states = {f["check"]: f["state"] for f in json.loads(qingyu("doctor", "--json", project=project).stdout)}
    assert states["store"] == states["index"] == states["author_key"] == "ok"
    health = json.loads(qingyu("sources", "health", "--json", project=project).stdout)
    assert health[0]["health"] == "fine"
    assert any(t["topic"] == "water" for t in json.loads(qingyu("topics", "--json", project=project).stdout))


def test_rebuild_gives_the_same_answers(project: Path) -> None:
    before = json.loads(qingyu("search", "", "--json", project=project).stdout)
    assert json.loads(qingyu("index", "rebuild", "--json", project=project).stdout)["posts"] == 4
    assert json.loads(qingyu("search", "", "--json", project=project).stdout)["posts"] == before["posts"]


def test_purge_says_first_and_then_does(project: Path, tmp_path: Path) -> None:
    assert json.loads(qingyu("purge", "--dry-run", "--json", project=project).stdout)["posts"] == 0


def test_no_project_and_unknown_source_are_usage_errors(project: Path, tmp_path: Path) -> None:
    assert "qingyu init" in qingyu("doctor", project=tmp_path, code=2).stderr
    assert "hotline" in qingyu("crawl", "nowhere", project=project, code=2).stderr


def test_english_by_setting(project: Path) -> None:
    assert "no source is called" in qingyu("crawl", "nowhere", project=project, code=2, language="en").stderr


def test_logs_hold_no_text_and_no_author(project: Path) -> None:
    logged = "".join(p.read_text(encoding="utf-8") for p in (project / "logs").glob("*.log"))
    assert "process" in logged
    for secret in ("13812345678", "张三", "滨河苑小区停水"):
        assert secret not in logged
