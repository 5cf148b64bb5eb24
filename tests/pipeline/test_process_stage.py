"""The process stage on a real store and index: every post in one status, nothing done twice, kill -9 at any instant."""

import json
import random
import shutil
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from bench.process import land
from config.errors import RecordError, StageError
from config.project import Project
from crawlers.adapters.base import Link, ParsedPage
from crawlers.landing import Landing, PageResult
from crawlers.record import Engagement, Kind, RawPost
from crawlers.schema import annotation, post, set_aside
from crawlers.store import open_store, read
from nlp.annotation import Annotation
from pipeline.annotating import Work, annotate
from pipeline.index.tantivy_engine import TantivyEngine
from pipeline.process import process, rebuild_index, tools_of
from pipeline.query.layer import QueryLayer, Question
from pipeline.retention import enforce
from tests.stores import Stores

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
THEMES = ["停水三天没人管", "路灯不亮", "感谢社区医生", "校车几点发车", "工地夜里施工太吵", "拖欠工资"]


def texts(count: int, seed: int = 3) -> list[str]:
    """Distinct posts, every tenth passed on by the next."""
    dice, made = random.Random(seed), list[str]()
    for number in range(count):
        details = "".join(chr(dice.randrange(0x4E00, 0x9FA5)) for _ in range(20))
        said = f"第{number}号：{dice.choice(THEMES)}，{dice.choice(THEMES)}，{details}，请尽快处理"
        made.append(f"转发：{made[-1]}" if number % 10 == 1 else said)
    return made


@pytest.fixture
def project(tmp_path: Path, stores: Stores) -> Project:
    made = stores.project(tmp_path)
    land(made, texts(60), "r1")
    return made


def state_of(project: Project) -> tuple[dict[str, Any], list[str]]:
    """What the store says of each post, and every id the index finds, newest first."""
    store = open_store(project)
    with read(store) as connection:
        rows = {row["post_id"]: dict(row) for row in connection.execute(select(annotation)).mappings()}
    store.dispose()
    for row in rows.values():
        del row["annotated_ms"]
    with QueryLayer.open(project) as layer:
        return rows, [row["id"] for row in layer.export(Question())]


def test_statuses_add_up_and_a_second_run_has_nothing_to_do(project: Project) -> None:
    report = process(project)
    assert (report.read, report.indexed + report.set_aside) == (60, 60)
    rows, ids = state_of(project)
    assert {row["status"] for row in rows.values()} == {"indexed"}
    assert sorted(ids) == sorted(rows)
    assert process(project).read == 0


def test_a_changed_taxonomy_annotates_again_only_once(project: Project) -> None:
    process(project)
    own = project.config_dir / "topics.yaml"
    own.write_text("topics:\n  - {id: lamps, zh: 路灯, en: Lamps, strong: [路灯]}\n", encoding="utf-8")
    again = process(project)
    assert (again.read, again.reused) == (60, 0)
    assert process(project).read == 0
    with QueryLayer.open(project) as layer:
        assert {bucket.key for bucket in layer.by(Question(), "topic")} == {"lamps"}


def liked(project: Project, body: str) -> None:
    store = open_store(project)
    source = land_source()
    landing = Landing(store, source, region="", author_key=b"k" * 32, run_id="likes", now=lambda: NOW)
    landing.begin()
    raw = RawPost(Kind.MESSAGE, "http://bench.example/0", body[:12], body, native_id="0", author="u0",
                  published=datetime(2026, 1, 1, tzinfo=UTC), engagement=Engagement(likes=99))  # fmt: skip
    landing.land(
        [PageResult(Link("http://bench.example/page/0", "detail"), "parsed", NOW, parsed=ParsedPage(posts=[raw]))]
    )
    assert landing.counts.posts_engagement == 1
    store.dispose()


def land_source() -> Any:
    from config.sources import ImportSource

    return ImportSource.model_validate({"name": "bench", "kind": "import", "files": "x.csv", "columns": {"text": "t"}})


def test_new_counters_reach_the_index_and_keep_the_annotation(project: Project) -> None:
    process(project)
    liked(project, texts(60)[0])
    report = process(project)
    assert (report.read, report.reused) == (1, 1)
    with QueryLayer.open(project) as layer:
        assert layer.count(Question("likes:99")) == 1


class Choosy:
    """An annotator that cannot take one text; the real one does the rest."""

    def __init__(self, real: Any) -> None:
        self._real = real
        self.segmenter = real.segmenter

    def annotate(self, items: Sequence[tuple[str, str]]) -> list[Annotation]:
        if any("毒" in text for _, text in items):
            raise RecordError("不能标注")
        return self._real.annotate(items)  # type: ignore[no-any-return]

    def content_words(self, found: Annotation) -> list[str]:
        return self._real.content_words(found)  # type: ignore[no-any-return]


def test_one_text_that_cannot_be_annotated_is_set_aside_alone(project: Project) -> None:
    works = [Work("a", "", "路灯不亮", ""), Work("b", "", "毒", ""), Work("c", "", "停水", "")]
    done = annotate(Choosy(tools_of(project).load()), works)  # type: ignore[arg-type]
    assert [(one.post_id, one.annotation is None, one.reason) for one in done] == [
        ("a", False, ""), ("b", True, "不能标注"), ("c", False, ""),
    ]  # fmt: skip


def test_processes_and_one_process_say_the_same(tmp_path: Path, stores: Stores) -> None:
    one, many = stores.project(tmp_path / "one"), stores.project(tmp_path / "many")
    for made in (one, many):
        land(made, texts(2_500), "r1")
    process(one, workers=1)
    process(many, workers=2)
    assert state_of(one) == state_of(many)


KILLED = """
import sys
from pathlib import Path
from config.project import open_project
from pipeline import sharing
from pipeline.process import process

# Where several share the store, chunks and blocks as small as the batches.
sharing.CHUNK = sharing._BLOCK = 10
tell = lambda done, total: print(done, flush=True)
process(open_project(Path(sys.argv[1]), {"QINGYU_PROCESS__BATCH": "10"}), progress=tell)
"""


def killed_after(root: Path, batches: int, wait_s: float) -> bool:
    """Runs the stage and kills it `wait_s` after so many batches; False when it ended by itself before."""
    run = subprocess.Popen([sys.executable, "-c", KILLED, str(root)], stdout=subprocess.PIPE)
    assert run.stdout is not None
    with run.stdout:
        for _ in range(batches):
            if not run.stdout.readline():
                assert run.wait(60) == 0
                return False
        try:
            run.wait(wait_s)
        except subprocess.TimeoutExpired:
            run.kill()
        return run.wait() != 0


def test_killed_again_and_again_it_ends_the_same(tmp_path: Path, stores: Stores) -> None:
    calm, killed = stores.project(tmp_path / "calm"), stores.project(tmp_path / "killed")
    for made in (calm, killed):
        land(made, texts(500), "r1")
    process(calm)
    dice, kills = random.Random(11), 0
    # A batch takes some ten or more milliseconds: many kills fall between its commit to the index and that to the store.
    while killed_after(killed.root, dice.randrange(1, 4), dice.uniform(0, 0.03)):
        kills += 1
    assert kills >= 12, "too few runs were killed in their work"
    (rows, ids), (wanted, wanted_ids) = state_of(killed), state_of(calm)
    assert rows.keys() == wanted.keys()
    assert {
        (one, name): (row[name], wanted[one][name])
        for one, row in rows.items()
        for name in row
        if row[name] != wanted[one][name]
    } == {}
    assert ids == wanted_ids
    assert sum(bool(row["duplicate_of"]) for row in state_of(calm)[0].values()) >= 40


def test_rebuilt_from_the_store_the_index_answers_the_same(project: Project) -> None:
    process(project)
    before = state_of(project)
    with QueryLayer.open(project) as reader:
        assert rebuild_index(project) == 60
        assert reader.count(Question("停水")) > 0, "a reader of the old index goes on"
        reader.refresh()
        assert reader.count(Question()) == 60
    assert state_of(project) == before
    shutil.rmtree(project.index_dir)
    rebuild_index(project)
    assert state_of(project) == before


@pytest.mark.parametrize("lost", ["folder", "pointer"])
def test_an_index_that_is_gone_comes_back_whole_with_the_next_posts(project: Project, lost: str) -> None:
    process(project)
    if lost == "folder":
        shutil.rmtree(project.index_dir)
    else:
        (project.index_dir / "CURRENT").unlink()
    land(project, texts(65), "r2")
    report = process(project)
    assert (report.rebuilt, report.read) == (60, 5)
    rows, ids = state_of(project)
    assert (len(rows), sorted(ids)) == (65, sorted(rows))
    assert len(list(project.index_dir.glob("g-*"))) == 1


def test_retention_with_the_index_gone_leaves_no_part_of_it(project: Project) -> None:
    process(project)
    shutil.rmtree(project.index_dir)
    late = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=project.settings.retention.posts_days, minutes=30)
    assert enforce(project, now=late).posts == 30
    rows, ids = state_of(project)
    assert (len(rows), sorted(ids)) == (30, sorted(rows))


def test_two_at_once_are_refused(project: Project, stores: Stores) -> None:
    with TantivyEngine(project.index_dir).writer(), pytest.raises(StageError):
        process(project)
    report = process(project)
    rows, ids = state_of(project)
    assert ({row["status"] for row in rows.values()}, sorted(ids)) == ({"indexed"}, sorted(rows))
    # Where the work is shared, posts are counted by who annotates them: that was the run that was refused.
    assert (len(ids), report.indexed) == (60, 60 if stores.kind == "sqlite" else 0)


def test_retention_takes_posts_from_store_and_index(project: Project) -> None:
    process(project)
    late = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=project.settings.retention.posts_days, minutes=30)
    assert enforce(project, now=late, dry_run=True).posts == 30
    assert enforce(project, now=late).posts == 30
    rows, ids = state_of(project)
    assert (len(rows), len(ids)) == (30, 30)
    store = open_store(project)
    with read(store) as connection:
        assert len(connection.execute(select(post.c.id)).all()) == 30
        assert connection.execute(select(set_aside)).all() == []
    store.dispose()


def test_every_read_leaves_a_row_and_no_author_can_be_asked_for(project: Project) -> None:
    process(project)
    from crawlers.schema import audit

    with QueryLayer.open(project, who="tester") as layer:
        layer.search(Question("停水"))
        found = layer.search(Question(""), size=1).hits[0].post
        layer.post(found["id"])
        list(layer.export(Question("路灯")))
        for field in ("author", "voice"):
            with pytest.raises(Exception, match="作者|分组|字段"):
                layer.by(Question(), field)
    store = open_store(project)
    with read(store) as connection:
        rows = [tuple(row) for row in connection.execute(select(audit.c.who, audit.c.action).order_by(audit.c.id))]
    store.dispose()
    assert rows == [("tester", "search"), ("tester", "search"), ("tester", "post"), ("tester", "export")]


def test_the_report_is_json(project: Project) -> None:
    assert json.loads(json.dumps(process(project).to_dict()))["indexed"] == 60
