"""`qingyu backup` and `qingyu restore`: what was there when the backup was made is there again, to the last row and answer."""

import json
import os
import shutil
import sqlite3
import stat
import subprocess
import sys
import time
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, insert, select

from bench.process import land
from bench.texts import posts as made_up
from config.errors import ConfigError, StageError
from config.project import Project, init_project, open_project
from crawlers.schema import metadata, post
from crawlers.store import HEAD, open_store, read
from pipeline.backup import back_up
from pipeline.corrections import correct
from pipeline.process import process
from pipeline.query.layer import QueryLayer, Question
from pipeline.restore import check_backup, restore
from pipeline.schedule import Schedule
from pipeline.schedule.clock import SimulatedClock
from pipeline.schedule.plan import SHANGHAI
from tests.pipeline.commanding import asked, qingyu

ROOT = Path(__file__).resolve().parents[2]
STEPS, STEP = 6, 300
TEXTS = made_up(STEPS * STEP, 23)
QUERIES = ("", "情感:负面", "转载:否", "停水", "诉求:是 意图:投诉", "物业 AND NOT 电梯")
# When it was done; and which copies are found depends on where the batches of the process stage end.
PASSING = frozenset({"annotated_ms", "copy_cluster", "duplicate_of"})
FED = ("post", "annotation", "revision", "set_aside")
WRITER = """
import sys
from pathlib import Path
from bench.process import land
from config.project import open_project
from pipeline.process import process
from tests.pipeline.test_backup import STEP, STEPS, TEXTS

if __name__ == "__main__":
    project = open_project(Path(sys.argv[1]), {})
    for step in range(1, STEPS + 1):
        land(project, TEXTS[: step * STEP], f"r{step}")
        process(project, workers=1)
        print(step, flush=True)
"""


def fed(root: Path, texts: list[str]) -> Project:
    init_project(root, region="云水县")
    project = open_project(root, {})
    land(project, texts, "r1")
    process(project, workers=1)
    return project


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project in which something of everything was written."""
    made = fed(tmp_path_factory.mktemp("backup") / "a", TEXTS[:600])
    land(made, [text + "（补充）" if number % 50 == 0 else text for number, text in enumerate(TEXTS[:600])], "r2")
    process(made, workers=1)
    (made.config_dir / "topics.yaml").write_text("topics:\n  - {id: lamps, zh: 路灯, en: Lamps, strong: [路灯]}\n")
    process(made, workers=1)
    with QueryLayer.open(made, who="测试") as layer:
        for hit in layer.search(Question(), size=5).hits:
            correct(made, hit.post["id"], {"sentiment": "negative", "appeal": "yes"}, "甲")
    return made


def tables(
    project: Project, names: tuple[str, ...] = (), without: frozenset[str] = frozenset()
) -> dict[str, list[Any]]:
    """Every row of the tables."""
    store = open_store(project)
    found = {}
    with read(store) as connection:
        for name in names or sorted(set(metadata.tables) - {"worker"}):
            columns = [c for c in metadata.tables[name].c if c.name not in without]
            found[name] = sorted((tuple(row) for row in connection.execute(select(*columns))), key=repr)
    store.dispose()
    return found


def buckets(layer: QueryLayer, query: str, field: str) -> list[tuple[str, int, Any]]:
    """Means to 12 places: the order in which an index adds up is its own."""
    found = layer.by(Question(query), field)
    return [(one.key, one.count, [round(x, 12) for x in (one.mean_score, one.negative_share)]) for one in found]


def answers(project: Project) -> dict[str, Any]:
    """What the questions give: every post in full, and every count."""
    with QueryLayer.open(project, who="测试") as layer:
        return {
            query: (
                list(layer.export(Question(query))),
                layer.count(Question(query)),
                [buckets(layer, query, field) for field in ("topic", "source", "sentiment")],
                layer.search(Question(query), sort="-score", size=50),
                layer.significant_words(Question(query)) if query else None,
            )
            for query in QUERIES
        }


def test_what_is_restored_is_what_was_there(project: Project, tmp_path: Path) -> None:
    rows = tables(project)
    assert all(rows[name] for name in ("post", "annotation", "revision", "correction", "copy_cluster", "page", "audit"))
    made = back_up(project, tmp_path / "backups", with_secrets=True)
    assert stat.S_IMODE(made.path.stat().st_mode) == 0o600
    assert sorted(path.name for path in (tmp_path / "backups").iterdir()) == [made.path.name]
    assert check_backup(made.path) == made.manifest
    done = restore(made.path, tmp_path / "b")
    assert (done.posts, done.indexed, done.key, done.aside, done.left_out) == (600, 600, True, (), ())
    again = open_project(tmp_path / "b", {})
    restored = tables(again)
    restored["audit"] = [row for row in restored["audit"] if row[2] != "restore"]
    assert restored == rows
    assert (again.config_dir / "topics.yaml").read_bytes() == (project.config_dir / "topics.yaml").read_bytes()
    assert again.author_key() == project.author_key()
    assert stat.S_IMODE(again.key_file.stat().st_mode) == 0o600
    assert process(again).read == 0
    assert answers(again) == answers(project)


def test_a_backup_of_a_project_that_is_being_written_to_goes_on_to_the_same_end(tmp_path: Path) -> None:
    root = tmp_path / "a"
    init_project(root, region="云水县")
    source = open_project(root, {})
    program = tmp_path / "writer.py"
    program.write_text(WRITER, encoding="utf-8")
    env = {"PYTHONPATH": str(ROOT), "PYTHONUTF8": "1", "PATH": "/usr/bin:/bin"}
    backups = []
    with subprocess.Popen(
        [sys.executable, str(program), str(root)], stdout=subprocess.PIPE, env=env, cwd=ROOT
    ) as writer:
        try:
            assert writer.stdout is not None and writer.stdout.readline() == b"1\n"
            while writer.poll() is None:
                backups.append(back_up(source, tmp_path / "backups"))
                time.sleep(0.05)
        finally:
            writer.kill()
    assert writer.returncode == 0
    midst = [b for b in backups if STEP < b.manifest.counts["post"] < STEPS * STEP]
    assert midst, [b.manifest.counts for b in backups]
    # One caught between landing and annotation shows most, where there is one.
    one = next((b for b in midst if b.manifest.indexed < b.manifest.counts["post"]), midst[0])

    done = restore(one.path, tmp_path / "b")
    again = open_project(tmp_path / "b", {})
    assert (done.posts, done.indexed) == (one.manifest.counts["post"], one.manifest.indexed)
    every, then = tables(source, ("post",))["post"], tables(again, ("post",))["post"]
    assert len(then) == done.posts and set(then) <= set(every), "each post as it was landed"
    with QueryLayer.open(again) as layer, QueryLayer.open(source) as later:
        held = {row["id"] for row in layer.export(Question())}
        assert len(held) == done.indexed
        for query in ("停水", "情感:负面"):
            found = {row["id"] for row in layer.export(Question(query))}
            assert found == {row["id"] for row in later.export(Question(query))} & held

    land(again, TEXTS, "rest")
    process(again, workers=1)
    assert tables(again, FED, PASSING) == tables(source, FED, PASSING)
    with QueryLayer.open(again) as layer, QueryLayer.open(source) as later:
        for query in QUERIES:
            if "转载" not in query:
                assert layer.count(Question(query)) == later.count(Question(query)), query


def test_only_the_newest_are_kept_and_only_of_this_project(project: Project, tmp_path: Path) -> None:
    other = fed(tmp_path / "other", TEXTS[:5])
    theirs = back_up(other, tmp_path / "k")
    (tmp_path / "k" / "qingyu-notes.zip").write_bytes(b"")
    stale = tmp_path / "k" / f".{theirs.path.stem}.part"
    stale.mkdir()
    made = [back_up(project, tmp_path / "k", keep=2) for _ in range(4)]
    assert [b.removed for b in made] == [(), (), (made[0].path,), (made[1].path,)]
    left = {path.name for path in (tmp_path / "k").iterdir()}
    names = {"qingyu-notes.zip", theirs.path.name, made[2].path.name, made[3].path.name, stale.name}
    assert left == names, "another project's leftovers are its own"
    back_up(other, tmp_path / "k")
    assert not stale.exists()


def test_secrets_are_left_out_unless_asked_for(tmp_path: Path) -> None:
    root = tmp_path / "a"
    project = fed(root, TEXTS[:5])
    (root / "config" / "mail.txt").write_text("geheim", encoding="utf-8")
    with (root / "config" / "settings.yaml").open("a", encoding="utf-8") as file:
        file.write("mail:\n  password_file: mail.txt\nindex:\n  password_file: ../secrets/index.txt\n")
    (root / "secrets" / "index.txt").write_text("auch geheim", encoding="utf-8")
    project = open_project(root, {})
    without = back_up(project, tmp_path / "x")
    assert without.manifest.left_out == ("config/mail.txt", "secrets/author.key", "secrets/index.txt")
    assert not set(without.manifest.left_out) & set(without.manifest.files)
    whole = back_up(project, tmp_path / "y", with_secrets=True)
    assert set(without.manifest.left_out) <= set(whole.manifest.files) and not whole.manifest.left_out
    restore(whole.path, tmp_path / "c")
    again = open_project(tmp_path / "c", {}).settings
    assert (again.mail.password, again.index.password) == (
        project.settings.mail.password,
        project.settings.index.password,
    )
    with pytest.raises(ConfigError, match=r"index\.txt|mail\.txt"):
        restore(without.path, tmp_path / "b")
    assert not (tmp_path / "b").exists(), "what failed in between is undone"


def test_files_behind_links_are_in_it_and_odd_names_are_told(tmp_path: Path) -> None:
    project = fed(tmp_path / "a", TEXTS[:5])
    sources = tmp_path / "shared"
    sources.mkdir()
    (sources / "news:1.yaml").write_text("{name: news, kind: import, files: x, columns: {text: t}}\n", encoding="utf-8")
    (sources / "round").symlink_to(sources)
    (project.config_dir / "sources" / "linked").symlink_to(sources)
    (project.config_dir / "odd\\name").write_text("", encoding="utf-8")
    Path(os.fsdecode(os.fsencode(project.config_dir) + b"/\xff")).write_bytes(b"")
    made = back_up(project, tmp_path / "k")
    assert made.manifest.left_out == ("config/?", "config/odd\\name", "secrets/author.key")
    assert sorted(n for n in made.manifest.files if "news" in n) == ["config/sources/linked/news:1.yaml"]
    restore(made.path, tmp_path / "b")
    assert (tmp_path / "b" / "config" / "sources" / "linked" / "news:1.yaml").is_file()


def test_after_a_restore_that_was_killed_it_is_done_again(project: Project, tmp_path: Path) -> None:
    made = back_up(project, tmp_path / "k", with_secrets=True)
    (tmp_path / "b" / ".restore-20260101T000000" / "store").mkdir(parents=True)
    assert restore(made.path, tmp_path / "b").posts == 600
    assert not list((tmp_path / "b").glob(".restore-*"))
    assert stat.S_IMODE((tmp_path / "b" / "secrets").stat().st_mode) == 0o700


def test_a_folder_in_use_is_not_replaced(project: Project, tmp_path: Path) -> None:
    made = back_up(project, tmp_path / "k")
    target = fed(tmp_path / "b", TEXTS[:20])
    before = tables(target)
    with pytest.raises(StageError, match="--force"):
        restore(made.path, target.root)
    with closing(sqlite3.connect(target.data_dir / "qingyu.db")) as reader:
        reader.execute("SELECT count(*) FROM post").fetchone()
        with pytest.raises(StageError, match="使用中"):
            restore(made.path, target.root, force=True)
    assert tables(target) == before
    key = target.author_key()
    done = restore(made.path, target.root, force=True)
    assert tables(open_project(target.root, {}), ("post",)) == tables(project, ("post",))
    assert target.author_key() == key, "the backup holds none, so the old one stays"
    aside = {path.name.split(".before-")[0]: path for path in done.aside}
    assert set(aside) == {"config", "qingyu.db"}
    with closing(sqlite3.connect(aside["qingyu.db"])) as old:
        assert old.execute("SELECT count(*) FROM post").fetchone() == (20,)
    assert not list(target.root.glob(".restore-*"))


def test_a_store_outside_the_project_is_not_replaced(project: Project, tmp_path: Path) -> None:
    root = tmp_path / "a"
    init_project(root)
    with (root / "config" / "settings.yaml").open("a", encoding="utf-8") as file:
        file.write(f"paths:\n  data: {tmp_path / 'elsewhere'}\n")
    source = open_project(root, {})
    land(source, TEXTS[:5], "r")
    made = back_up(source, tmp_path / "k")
    with pytest.raises(StageError, match="已有数据库"):
        restore(made.path, tmp_path / "b")
    assert not (tmp_path / "b").exists()


@pytest.mark.parametrize("address", ["postgresql+psycopg://qy:geheim@db.example:5433/yuqing"])
def test_on_postgresql_its_own_tools_are_named(project: Project, tmp_path: Path, address: str) -> None:
    env = {"QINGYU_STORE__URL": address}
    said = qingyu("backup", str(tmp_path), project=project.root, code=2, env=env).stderr
    assert (
        "pg_dump --format=custom --file=qingyu.dump --host=db.example --port=5433 --username=qy --dbname=yuqing" in said
    )
    assert "pg_restore" in said
    assert "geheim" not in said
    with pytest.raises(ConfigError, match="pg_dump"):
        Schedule(
            open_project(project.root, env | {"QINGYU_SCHEDULE__BACKUP_AT": "02:00"}), on_event=lambda *_: None
        ).run()


def test_the_commands(project: Project, tmp_path: Path) -> None:
    said = asked("backup", str(tmp_path / "k"), "--keep", "3", project=project.root)
    assert said["counts"]["post"] == said["indexed"] == 600
    assert said["left_out"] == ["secrets/author.key"]
    assert "600" in qingyu("restore", said["path"], "--check").stdout
    done = qingyu("restore", said["path"], project=tmp_path / "b")
    assert "600" in done.stdout
    assert "secrets/author.key" in done.stderr
    assert "空目录" in qingyu("restore", said["path"], project=tmp_path / "b", code=1).stderr
    assert asked("restore", said["path"], "--force", project=tmp_path / "b")["indexed"] == 600
    assert asked("search", "", "--size", "1", project=tmp_path / "b")["total"] == 600
    assert qingyu("restore", str(tmp_path / "nothing.zip"), "--check", code=1).stderr
    assert json.loads(qingyu("restore", said["path"], "--check", "--json").stdout)["schema"] == HEAD


def test_the_schedule_backs_up_where_and_as_it_is_told(project: Project) -> None:
    env = {"QINGYU_SCHEDULE__BACKUP_AT": "02:00", "QINGYU_BACKUP__KEEP": "1", "QINGYU_BACKUP__FOLDER": "daily"}
    env["QINGYU_SCHEDULE__PROCESS_EVERY_S"] = "86400"
    told: list[tuple[str, str]] = []
    clock = SimulatedClock(datetime(2026, 11, 21, 1, 30, tzinfo=SHANGHAI))
    schedule = Schedule(
        open_project(project.root, env), on_event=lambda job, said: told.append((job, said)), clock=clock
    )
    schedule.run(until=datetime(2026, 11, 22, 2, 30, tzinfo=SHANGHAI))
    assert [job for job, _ in told if job == "backup"] == ["backup", "backup"]
    (state,) = [state for state in schedule.jobs.states() if state.name == "backup"]
    assert (state.result, state.runs, state.errors_in_a_row) == ("ok", 2, 0)
    assert state.last_due_at == datetime(2026, 11, 22, 2, 0, tzinfo=SHANGHAI)
    (left,) = (project.root / "daily").iterdir()
    assert check_backup(left).counts["post"] == 600
    shutil.rmtree(project.root / "daily")


def test_asked_to_stop_it_leaves_nothing(project: Project, tmp_path: Path) -> None:
    def stop() -> None:
        raise StageError("stop")

    with pytest.raises(StageError, match="stop"):
        back_up(project, tmp_path / "k", between=stop)
    assert not list((tmp_path / "k").iterdir())


def test_killed_in_the_midst_it_leaves_nothing_that_looks_like_a_backup(project: Project, tmp_path: Path) -> None:
    program = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "from config.project import open_project\n"
        "from pipeline.backup import back_up\n"
        "back_up(open_project(Path(sys.argv[1]), {}), Path(sys.argv[2]), between=lambda: os.kill(os.getpid(), 9))\n"
    )
    argv = [sys.executable, "-c", program, str(project.root), str(tmp_path / "k")]
    assert subprocess.run(argv, cwd=ROOT, check=False, env=os.environ | {"PYTHONPATH": str(ROOT)}).returncode == -9
    (left,) = (tmp_path / "k").iterdir()
    assert left.name.endswith(".part")
    made = back_up(project, tmp_path / "k")
    assert [path.name for path in (tmp_path / "k").iterdir()] == [made.path.name]


def test_two_at_once_are_one(project: Project, tmp_path: Path) -> None:
    def again() -> None:
        back_up(project, tmp_path / "k")

    with pytest.raises(StageError, match="另一个备份"):
        back_up(project, tmp_path / "k", between=again)


def test_a_damaged_store_is_not_backed_up(tmp_path: Path) -> None:
    project = fed(tmp_path / "a", TEXTS[:300])
    good = back_up(project, tmp_path / "k", keep=1)
    _leave_log(project)
    size = (project.data_dir / "qingyu.db").stat().st_size
    with (project.data_dir / "qingyu.db").open("r+b") as raw:
        for start in range(8_192, size, 8_192):
            raw.seek(start)
            raw.write(os.urandom(4_096))
    with pytest.raises(StageError):
        back_up(project, tmp_path / "k", keep=1)
    assert [path.name for path in (tmp_path / "k").iterdir()] == [good.path.name]
    assert restore(good.path, project.root, force=True).posts == 300, "which is what it is for"


def _leave_log(project: Project) -> None:
    with closing(sqlite3.connect(project.data_dir / "qingyu.db")) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")


def test_a_store_before_its_migration_is_backed_up_as_it_is(tmp_path: Path) -> None:
    """The day of an update: the program is new, the store is not yet."""
    from alembic import command
    from alembic.config import Config

    init_project(tmp_path / "a")
    project = open_project(tmp_path / "a", {})
    store = create_engine(project.store_url)
    config = Config()
    config.set_main_option("script_location", str(ROOT / "crawlers" / "migrations"))
    with store.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0002")
        row = {
            "id": "a" * 32,
            "source": "s",
            "kind": "message",
            "url": "u",
            "collected_ms": 1,
            "content_hash": "",
            "landed_seq": 1,
        }
        connection.execute(insert(post), row)
    store.dispose()
    made = back_up(project, tmp_path / "k")
    assert made.manifest.schema == "0002"
    assert restore(made.path, tmp_path / "b").posts == 1
    again = open_project(tmp_path / "b", {})
    assert [row[0] for row in tables(again, ("post",))["post"]] == ["a" * 32]
