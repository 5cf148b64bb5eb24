"""Several processes at one store on PostgreSQL: who annotates what, and who is killed when, changes nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, func, select

from bench.process import land
from bench.texts import posts as made_up
from config.errors import QingyuError, StageError
from config.project import Project, init_project, open_project
from crawlers.leases import acquire, leases
from crawlers.schema import annotation, copy_cluster, worker
from crawlers.store import insert_rows, open_store, open_url, read, upsert, write
from pipeline import sharing
from pipeline.local_postgres.server import Server
from pipeline.process import process
from pipeline.query.layer import QueryLayer, Question
from pipeline.workers import at_work, present
from tests.postgres_server import postgres_server

POSTS = 6_000
# When each was annotated, by whom, and what is only of use until it is indexed.
PASSING = {"annotated_ms", "copy_keys"}


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with postgres_server() as made:
        yield made


def _project(folder: Path, server: Server, name: str) -> Project:
    init_project(folder, region="甲县")
    made = open_project(folder, {"QINGYU_STORE__URL": server.make_database(name)})
    land(made, made_up(POSTS, 11), "run")
    return made


def _result(project: Project) -> dict[str, Any]:
    """Everything the stage leaves: rows of annotations and of clusters, and what the index answers."""
    store = open_store(project)
    names = [column for column in annotation.c if column.name not in PASSING]
    with read(store) as connection:
        rows = sorted(tuple(row) for row in connection.execute(select(*names)))
        clusters = sorted(tuple(row) for row in connection.execute(select(copy_cluster)))
        workers = connection.execute(select(worker)).all()
    store.dispose()
    with QueryLayer.open(project) as layer:
        asked = [layer.count(Question(query)) for query in ("", "转载:是", "情感:负面", "停水", "诉求:是")]
        topics = layer.by(Question(), "topic")
    return {"rows": rows, "clusters": clusters, "workers": workers, "asked": asked, "topics": topics}


@pytest.fixture(scope="module")
def alone(server: Server, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    project = _project(tmp_path_factory.mktemp("alone"), server, "alone")
    report = process(project, workers=1)
    assert (report.read, report.indexed, report.set_aside) == (POSTS, POSTS, 0)
    found = _result(project)
    assert found["asked"][0] == POSTS and found["asked"][1] > 100 and found["clusters"]
    assert {row[3] for row in found["rows"]} == {"indexed"} and not found["workers"]
    again = process(project, workers=1)
    assert again.read == 0
    return found


def test_four_processes_end_as_one_does(alone: dict[str, Any], server: Server, tmp_path: Path) -> None:
    project = _project(tmp_path, server, "four")
    process(project, workers=4)
    assert _result(project) == alone


def _begun(project: Project) -> subprocess.Popen[bytes]:
    """`qingyu process` as a process of its own, as on another machine."""
    url = project.settings.store.url
    assert url is not None
    environment = {**os.environ, "QINGYU_STORE__URL": url.get_secret_value(), "QINGYU_PROCESS__WORKERS": "1"}
    argv = [sys.executable, "-m", "pipeline.cli", "--project", str(project.root), "process", "--json"]
    return subprocess.Popen(argv, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


@pytest.mark.slow
def test_those_that_are_killed_leave_nothing_undone(alone: dict[str, Any], server: Server, tmp_path: Path) -> None:
    project = _project(tmp_path, server, "killed")
    store = open_store(project)
    # In the midst of annotating, and of indexing (which begins at 5,000).
    for done in (1, 2_000, 4_000):
        begun = [_begun(project) for _ in range(2)]
        _await(lambda: _annotated(store) >= done, begun)  # noqa: B023 - asked at once
        for one in begun:
            one.send_signal(signal.SIGKILL)
            one.communicate()
    store.dispose()
    report = process(project, workers=2)
    assert report.read > 0
    found = _result(project)
    # The rows of those that were killed stay until they are long silent.
    assert {**found, "workers": []} == {**alone, "workers": []}


def _annotated(store: Engine) -> int:
    with read(store) as connection:
        return int(connection.execute(select(func.count()).select_from(annotation)).scalar_one())


def _await(met: Callable[[], bool], begun: list[subprocess.Popen[bytes]]) -> None:
    give_up = time.monotonic() + 60
    while not met():
        assert time.monotonic() < give_up and all(one.poll() is None for one in begun)
        time.sleep(0.02)


def test_a_lease_has_one_holder_until_it_ends(server: Server, tmp_path: Path) -> None:
    for project in (_empty(tmp_path / "a", server.make_database("lease")), _empty(tmp_path / "b", "")):
        store, other = open_store(project), open_store(project)
        first = acquire(store, "index")
        assert first is not None and acquire(other, "index") is None
        first.check()
        with leases(other, ["site a", "index"]) as had:
            assert not had
        with leases(other, ["site a"]) as had:
            assert had
        first.release()
        second = acquire(other, "index")
        assert second is not None
        second.release()
        store.dispose()
        other.dispose()


def test_who_annotates_anew_and_who_indexes_the_same_posts_do_not_lock_each_other(
    server: Server, tmp_path: Path
) -> None:
    """Both write the rows of annotations: in one order, whatever order the posts landed in."""
    url = server.make_database("order")
    ids = [f"{number * 7919 % 2003:032x}" for number in range(1, 1_501)]
    row = {"landed_seq": 1, "model": "m", "status": "annotated", "annotated_ms": 1}
    stores, raised = [open_url(url, busy_timeout_s=20) for _ in range(2)], list[QingyuError]()
    with write(stores[0]) as connection:
        insert_rows(connection, annotation, [{"post_id": one, **row} for one in ids])

    def annotates(connection: Connection) -> None:
        upsert(connection, annotation, [{"post_id": one, **row} for one in sorted(ids)], key="post_id")

    def indexes(connection: Connection) -> None:
        sharing._lock(connection, ids)
        copies = dict.fromkeys(ids, sharing.NO_COPY)
        sharing._mark(connection, {one: {"a_annotated_ms": 1} for one in ids}, copies, set())

    def again(store: Engine, job: Callable[[Connection], None]) -> None:
        for _ in range(5):
            try:
                with write(store) as connection:
                    job(connection)
            except QingyuError as error:
                raised.append(error)

    threads = [threading.Thread(target=again, args=pair) for pair in zip(stores, (annotates, indexes), strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for store in stores:
        store.dispose()
    assert raised == []


def _empty(folder: Path, url: str) -> Project:
    init_project(folder)
    return open_project(folder, {"QINGYU_STORE__URL": url} if url else {})


def test_another_machine_with_another_model_is_refused(server: Server, tmp_path: Path) -> None:
    store = open_store(_empty(tmp_path, server.make_database("models")))
    with present(store, "eins 1", "a"), present(store, "eins 2", "a"):
        with pytest.raises(StageError, match="eins"), present(store, "zwei", "b"):
            pass
        assert {one.machine for one in at_work(store)} == {"eins 1", "eins 2"}
    with present(store, "zwei", "b") as presence:
        presence.tell("等待索引")
        assert [one.note for one in at_work(store)] == ["等待索引"]
    store.dispose()
