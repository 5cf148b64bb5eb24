"""The verbs of 来源: the calendar of crawls, on each database, and the trial of a declared source."""

import json
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert

from config.errors import AccessError, ConfigError, StageError
from config.project import Project
from crawlers.schema import run
from crawlers.store import opened, write
from pipeline.access.model import Role
from pipeline.crawl import check_source
from pipeline.desk import sources
from pipeline.query.times import SHANGHAI
from pipeline.sources_view import first_run_at
from tests.pipeline.seated import audited, seated
from tests.stores import Stores

NOW = datetime(2026, 11, 20, 9, tzinfo=SHANGHAI)
SOURCE = (
    "name: hotline\nkind: import\ntitle: 热线\nfiles: a.jsonl\ncolumns: {id: id, title: t, text: x, published: at}\n"
)


@pytest.fixture
def project(tmp_path: Path, stores: Stores) -> Project:
    made = stores.project(tmp_path)
    (tmp_path / "a.jsonl").write_text(
        json.dumps({"id": 1, "t": "停水", "x": "三天了", "at": "2026-11-19 08:00:00"}), encoding="utf-8"
    )
    (made.config_dir / "sources" / "hotline.yaml").write_text(SOURCE, encoding="utf-8")
    return made


def ran(project: Project, number: int, at: datetime, outcome: str, **counts: int) -> None:
    ms = round(at.timestamp() * 1000)
    row = {"id": f"{number:032x}", "source": "hotline", "started_ms": ms, "finished_ms": ms + 1000, "outcome": outcome,
           "reason": "", "counts": json.dumps(counts)}  # fmt: skip
    with opened(project) as store, write(store) as connection:
        connection.execute(insert(run), row)


def test_a_day_is_as_good_as_its_best_run(project: Project) -> None:
    midnight = NOW.replace(hour=0)
    ran(project, 1, midnight, "failed")
    ran(project, 2, midnight + timedelta(hours=1), "finished", posts_read=3)
    ran(project, 3, midnight + timedelta(hours=2), "stopped")
    ran(project, 4, midnight - timedelta(minutes=1), "finished")
    ran(project, 5, midnight - timedelta(days=2), "failed")
    ran(project, 6, midnight - timedelta(days=40), "finished", posts_read=1)
    ran(project, 7, midnight + timedelta(hours=3), "running")
    with seated(project, Role.ADMIN, now=NOW) as desk:
        found = sources.calendar(desk, last_day=NOW.date(), days=28)
    today = NOW.date()
    assert len(found.days) == 28 and found.days[-1] == today
    assert found.states == {
        "hotline": {today: "crawled", today - timedelta(days=1): "empty", today - timedelta(days=2): "failed"}
    }
    assert first_run_at(project) is None  # a file that is imported is known as it was published


def test_a_trial_reads_a_declared_source_and_keeps_nothing(project: Project) -> None:
    with seated(project, Role.ADMIN, now=NOW) as desk:
        found = sources.attempt(desk, "hotline")()
        assert found.get("ok", True)
        for name in ("nothing", "http://127.0.0.1/", ""):
            with pytest.raises(ConfigError):
                sources.attempt(desk, name)
        assert sources.runs(desk) == [] and sources.set_aside(desk) == []
        assert ("张三", "attempt") in audited(desk)


def test_a_source_declared_since_is_there_without_a_restart(project: Project) -> None:
    with seated(project, Role.ADMIN, now=NOW) as desk:
        assert [one.name for one in sources.health(desk)] == ["hotline"]
        (project.config_dir / "sources" / "other.yaml").write_text(SOURCE.replace("hotline", "other"), encoding="utf-8")
        assert [one.name for one in sources.health(desk)] == ["hotline", "other"]
        sources.attempt(desk, "other")


def test_a_trial_that_takes_too_long_is_ended(project: Project) -> None:
    with pytest.raises(StageError, match="没有完成"):
        check_source(project, project.source("hotline"), limit_s=0.01)


@pytest.mark.parametrize("role", [Role.DUTY, Role.ANALYST, Role.REVIEWER, Role.VISITOR, Role.AUDITOR])
def test_only_administrators_try_sources(project: Project, role: Role) -> None:
    with seated(project, role, now=NOW) as desk:
        with pytest.raises(AccessError):
            sources.attempt(desk, "hotline")
        if role in (Role.VISITOR, Role.AUDITOR):
            for act in (
                lambda: sources.health(desk),
                lambda: sources.runs(desk),
                lambda: sources.set_aside(desk),
                lambda: sources.calendar(desk, last_day=NOW.date(), days=3),
            ):
                with pytest.raises(AccessError):
                    act()
