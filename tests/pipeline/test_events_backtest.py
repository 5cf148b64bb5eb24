"""The replay of the past: the year of the board against the matters that were read in it, and the command that prints it."""

import gzip
import json
from pathlib import Path

import pytest

from config.project import Project, init_project, open_project
from pipeline.crawl import crawl
from pipeline.events.backtest import Listed, concentrated_at, matter_of
from pipeline.events.heard import DAY_MS, Heard
from pipeline.process import process
from tests.crawlers.crawling import SHARED
from tests.pipeline.commanding import asked, qingyu
from tests.pipeline.test_events_matters import START, heard

BOARD = SHARED / "data" / "board" / "messages.jsonl.gz"
MATTERS = Path(__file__).parents[1] / "fixtures" / "events" / "matters_2019.yaml"
SOURCE = """
name: board
title: 留言板
kind: import
files: [board.jsonl]
post_kind: message
columns: {id: id, title: title, text: text, published: published, author: author, likes: likes}
"""


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory) -> Project:
    root = tmp_path_factory.mktemp("year")
    init_project(root, region="")
    (root / "config" / "sources" / "board.yaml").write_text(SOURCE, encoding="utf-8")
    (root / "board.jsonl").write_bytes(gzip.decompress(BOARD.read_bytes()))
    project = open_project(root, {})
    crawl(project, [project.source("board")])
    process(project)
    return project


def replayed(year: Project, *more: str) -> dict[str, object]:
    span = ("--from", "2019-01-01", "--to", "2020-01-26")
    found: dict[str, object] = asked("backtest", "--events", *span, *more, project=year.root)
    return found


@pytest.mark.shared
@pytest.mark.skipif(not BOARD.exists(), reason="../shared is not here")
def test_the_matters_of_a_year_are_found_in_time_with_few_false_flags(year: Project) -> None:
    found = replayed(year, "--matters", str(MATTERS), "--source", "board")
    assert found["matters"] == 12
    names = {one["name"]: one for one in found["found_matters"]}  # type: ignore[attr-defined]
    for wanted in ("伊景园滨河苑捆绑销售车位", "丽发新城旁的搅拌站"):
        assert names[wanted]["in_time"], wanted
    assert float(found["share_in_time"]) >= 0.9  # type: ignore[arg-type]
    assert float(found["false_a_week"]) <= 0.5  # type: ignore[arg-type]


@pytest.mark.shared
@pytest.mark.skipif(not BOARD.exists(), reason="../shared is not here")
def test_what_comes_later_changes_nothing_of_what_was_flagged(year: Project) -> None:
    """Only the past is known: a replay that ends sooner has raised the same flags up to then."""
    whole = replayed(year)["alarms"]
    short = asked("backtest", "--events", "--from", "2019-01-01", "--to", "2019-07-31", project=year.root)["alarms"]
    assert len(short) >= 10
    assert short == [one for one in whole if one["at"] < "2019-07-31T16:00"]  # type: ignore[attr-defined]


def spoken(days: list[float], voices: int) -> list[Heard]:
    return [heard(n, day, ["停水"], voice=f"v{n % voices}") for n, day in enumerate(days)]


def test_a_matter_is_concentrated_from_its_fifth_post_of_four_voices_in_two_weeks() -> None:
    assert concentrated_at(spoken([0, 3, 6, 9, 12], 5)) == START + 12 * DAY_MS
    assert concentrated_at(spoken([0, 3, 6, 9], 4)) is None
    assert concentrated_at(spoken([0, 4, 8, 12, 16], 5)) is None
    assert concentrated_at(spoken([0, 1, 2, 3, 4, 5, 6], 3)) is None
    assert concentrated_at(spoken([0, 10, 20, 21, 22, 23, 24], 7)) == START + 23 * DAY_MS


def test_a_flag_is_about_the_matter_that_most_of_its_posts_are_about() -> None:
    listed = [Listed("a", frozenset("abc")), Listed("b", frozenset("xyz"))]
    assert matter_of(["a", "b", "x"], listed) == "a"
    assert matter_of(["a", "x"], listed) == ""
    assert matter_of(["q"], listed) == ""


def test_what_cannot_be_replayed_says_what_to_do(tmp_path: Path) -> None:
    init_project(tmp_path, region="东城")
    span = ("--from", "2019-01-01", "--to", "2019-02-01")
    wrong = tmp_path / "matters.yaml"
    wrong.write_text("- a\n", encoding="utf-8")
    told = qingyu("backtest", "--events", *span, "--matters", str(wrong), "--source", "x", project=tmp_path, code=2)
    assert "帖子编号" in told.stderr
    told = qingyu("backtest", "--events", *span, "--matters", str(wrong), project=tmp_path, code=2)
    assert "--source" in told.stderr
    empty = json.loads(qingyu("backtest", "--events", *span, "--json", project=tmp_path).stdout)
    assert (empty["posts"], empty["flags"], empty["share_in_time"]) == (0, 0, None)
