"""A Discuz! X3.4-like forum crawled by the real spider over HTTP, twice; both encodings, both forms of addresses."""

from __future__ import annotations

import importlib.util
import sys
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest


def _module(path: Path) -> ModuleType:
    """A helper beside the tests (tests have no packages), loaded once."""
    name = f"qingyu_tests_{path.stem}"
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


HERE = Path(__file__).parent
crawling = _module(HERE / "crawling.py")
discuz = _module(HERE.parent / "sites" / "discuz.py")

SOURCE = """
name: forum
kind: forum
urls: {url}
allow_private: [127.0.0.1]
pace: {{delay_s: 0, concurrency: 4, autothrottle: false}}
{more}
"""


def _stored(project: Any) -> dict[int, dict[str, Any]]:
    return {int(row["url"].rpartition("#pid")[2]): row for row in project.rows("SELECT * FROM post")}


def _plain(text: str | None) -> str:
    return " ".join((text or "").split())


def _compare(project: Any, forum: Any) -> None:
    """Every public floor and nothing else, with its text, time and title."""
    truth, got = forum.truth(), _stored(project)
    assert got.keys() == truth.keys()
    wrong = {
        pid: (got[pid]["text"], floor.text)
        for pid, (_, floor) in truth.items()
        if _plain(got[pid]["text"]) != _plain(floor.text)
    }
    assert wrong == {}
    for pid, (thread, floor) in truth.items():
        row = got[pid]
        assert datetime.fromtimestamp(row["published_ms"] / 1000, UTC) == floor.at
        opening = floor is thread.floors[0]
        assert (row["kind"], row["title"]) == (("thread", thread.title) if opening else ("reply", ""))
        assert (row["edited_ms"] or 0) == (int(floor.edited.timestamp() * 1000) if floor.edited else 0)


@pytest.mark.parametrize(("encoding", "static"), [("utf-8", True), ("gbk", False)])
def test_a_forum_is_read_whole_and_then_what_changed(tmp_path: Path, encoding: str, static: bool) -> None:
    forum = discuz.make_forum(encoding=encoding, static=static)
    with discuz.serve(forum) as site:
        project = crawling.Site.make(tmp_path, SOURCE.format(url=f"{site.url}forum.php", more=""))
        first = project.run(name="forum")
        assert first.last["outcome"] == "finished", first.stderr
        _compare(project, forum)
        assert len(forum.truth()) > 300
        assert not [
            a for a in site.asked if any(bad in a for bad in ("redirect", "mobile", "misc", "authorid", "search"))
        ]
        assert len(set(site.asked)) == len(site.asked)  # nothing twice: stickies, moved threads, both forms

        middle = forum.threads[106].floors[34]
        forum.edit(middle.pid, "改过的话：水压恢复了。")
        forum.edit(forum.threads[108].floors[0].pid, "第一楼也改了。")
        fresh = [forum.reply(106, "第七十一楼说话了"), forum.reply(105, "三十六楼"), forum.reply(140, "旧帖有了新回复")]
        site.asked.clear()
        second = project.run(name="forum")
        assert second.last["outcome"] == "finished", second.stderr
        _compare(project, forum)
        assert second.counts["posts_new"] == len(fresh)
        assert second.counts["posts_changed"] == 2
        assert [
            row["revision"] for row in project.rows("SELECT revision FROM post WHERE url LIKE ?", f"%#pid{middle.pid}")
        ] == [2]


def test_without_spare_revisits_an_unchanged_forum_costs_its_lists_only(tmp_path: Path) -> None:
    forum = discuz.make_forum()
    with discuz.serve(forum) as site:
        project = crawling.Site.make(tmp_path, SOURCE.format(url=site.url, more="revisit: {spare: false}"))
        assert project.run(name="forum").last["outcome"] == "finished"
        site.asked.clear()
        again = project.run(name="forum")
        assert (again.counts["posts_new"], again.counts["posts_changed"]) == (0, 0)
        assert [a for a in site.asked if a != "/robots.txt" and "thread" in a] == []
        fresh = forum.reply(133, "又停水了")
        project.run(name="forum")
        assert fresh in _stored(project)


def test_only_the_boards_asked_for(tmp_path: Path) -> None:
    forum = discuz.make_forum()
    with discuz.serve(forum) as site:
        project = crawling.Site.make(tmp_path, SOURCE.format(url=site.url, more="boards: [2]"))
        assert project.run(name="forum").last["outcome"] == "finished"
        expected = {pid for pid, (t, _) in forum.truth().items() if t.fid == 2 or t.sticky or t.moved_from == 2}
        assert _stored(project).keys() == expected
