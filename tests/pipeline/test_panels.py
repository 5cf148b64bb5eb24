"""Panels: each kind's figures are those of a plain count, and the layer's breakdown is what it says."""

from __future__ import annotations

import json
import random
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from config.dashboards import PANELS, AnyPanel, Dashboard
from config.errors import QueryError
from config.project import Project
from config.text import set_language
from pipeline.index.document import IndexDocument
from pipeline.panels.filling import Filled, Period, asking, fill, question_of
from pipeline.panels.naming import Naming, figure_text, group_name
from pipeline.query.asked import describe
from pipeline.query.layer import QueryLayer, Question, Row, Split
from pipeline.query.times import SHANGHAI
from tests.pipeline.commanding import asked, qingyu
from tests.pipeline.figured import COUNT, PERIOD, document, figured

DICE = random.Random(11)
POSTS = [document(n, DICE) for n in range(COUNT)]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return figured(tmp_path_factory.mktemp("figured"))


@pytest.fixture(scope="module")
def layer(project: Project) -> Iterator[QueryLayer]:
    with QueryLayer.open(project, who="test") as opened:
        yield opened


def filled(layer: QueryLayer, period: Period = PERIOD, **values: Any) -> Filled:
    panel: AnyPanel = PANELS[values["kind"]].model_validate(values)
    board = Dashboard(title="t", panels=(panel,))
    return fill(panel, question_of(panel, board, period), asking(layer))


def day(post: IndexDocument) -> datetime:
    return datetime.fromtimestamp(post.published_ms / 1000, SHANGHAI)


def figures(posts: list[IndexDocument]) -> tuple[float, ...]:
    return (
        len(posts),
        sum(p.duplicate_of == "" for p in posts),
        len({p.voice for p in posts}),
        sum(p.score for p in posts) / len(posts),
        sum(p.sentiment == "negative" for p in posts) / len(posts),
    )


EVERY = ("count", "originals", "voices", "mean_score", "negative_share")


def same(rows: tuple[Row, ...], expected: dict[tuple[str, ...], list[IndexDocument]]) -> None:
    assert {row.keys for row in rows} == set(expected)
    for row in rows:
        assert row.figures == pytest.approx(figures(expected[row.keys]))


def test_a_metric_is_of_all_posts(layer: QueryLayer) -> None:
    same(filled(layer, kind="metric", figures=EVERY).rows, {(): POSTS})
    negative = [p for p in POSTS if p.sentiment == "negative"]
    same(filled(layer, kind="metric", figures=EVERY, query="情感:负面").rows, {(): negative})
    same(filled(layer, kind="metric", figures=EVERY, query="sentiment: negative", language="kql").rows, {(): negative})


def test_a_table_by_two_fields(layer: QueryLayer) -> None:
    expected = defaultdict(list)
    for post in POSTS:
        for topic in post.topics:
            expected[topic, post.source].append(post)
    same(filled(layer, kind="table", by=["topic", "source"], size=[5, 5], figures=EVERY).rows, expected)


@pytest.mark.parametrize(
    ("interval", "start"),
    [
        ("hour", lambda at: at.strftime("%Y-%m-%dT%H:%M")),
        ("day", lambda at: at.date().isoformat()),
        ("week", lambda at: (at.date() - timedelta(days=at.weekday())).isoformat()),
        ("month", lambda at: at.date().replace(day=1).isoformat()),
    ],
)
def test_time_begins_at_midnight_on_monday_and_on_the_first(layer: QueryLayer, interval: str, start: Any) -> None:
    expected = defaultdict(list)
    for post in POSTS:
        expected[post.source, start(day(post))].append(post)
    same(filled(layer, kind="table", by="source", interval=interval, figures=EVERY).rows, expected)


def test_a_line_has_zeros_where_nothing_was_said(layer: QueryLayer) -> None:
    rows = filled(layer, kind="line", query="source:news 路灯 likes:>15", figures=["count", "mean_score"]).rows
    assert len(rows) == 28
    assert (0, None) in {row.figures for row in rows}
    by_source = filled(layer, kind="line", by="source", interval="week").rows
    assert len(by_source) == 3 * 5
    longer = Period(PERIOD.first - timedelta(days=40), PERIOD.last)
    months = filled(layer, longer, kind="bar", interval="month").rows
    assert [row.keys[0] for row in months] == ["2026-08-01", "2026-09-01", "2026-10-01"]
    assert [row.figures[0] for row in months] == [0, 0, COUNT]


def test_orders(layer: QueryLayer) -> None:
    by_count = filled(layer, kind="bar", by="source", size=2).rows
    assert [r.keys[0] for r in by_count] == [s for s, _ in Counter(p.source for p in POSTS).most_common(2)]
    by_key = filled(layer, kind="bar", by="source", size=2, order="key").rows
    assert [r.keys[0] for r in by_key] == ["board", "forum"]
    means = filled(layer, kind="table", by=["source", "kind"], order="figure", figures="mean_score").rows
    outer = list(dict.fromkeys(r.keys[0] for r in means))
    plain = {s: figures([p for p in POSTS if p.source == s])[3] for s in outer}
    assert outer == sorted(plain, key=lambda s: -plain[s])


def test_a_heatmap_has_the_same_columns_in_every_row(layer: QueryLayer) -> None:
    rows = filled(layer, kind="heatmap", by=["source", "place"], size=[3, 2]).rows
    often = [p for p, _ in Counter(place for post in POSTS for place in post.places).most_common(2)]
    assert {row.keys[1] for row in rows} == set(often)
    assert len(rows) == 6
    for row in rows:
        assert row.figures[0] == sum(p.source == row.keys[0] and row.keys[1] in p.places for p in POSTS)


def test_words_and_yes_or_no(layer: QueryLayer) -> None:
    counted = Counter(w for p in POSTS for w in p.words)
    frequent = filled(layer, kind="word_list", rank="count", size=3).rows
    assert {r.keys[0]: r.figures[0] for r in frequent} == dict(counted.most_common(3))
    assert filled(layer, kind="word_list", query="停水").rows[0].keys == ("停水",)
    answered = filled(layer, kind="bar", by="answered").rows
    assert {r.keys[0]: r.figures[0] for r in answered} == Counter(str(int(p.answered)) for p in POSTS)


def test_a_dashboards_query_and_one_more_narrow_every_panel(layer: QueryLayer) -> None:
    panel = PANELS["metric"].model_validate({"kind": "metric", "query": "topic:water"})
    board = Dashboard(title="t", query="source: board", language="kql", panels=(panel,))
    extra = Question(query="情感:负面")
    found = fill(panel, question_of(panel, board, PERIOD, extra), asking(layer))
    wanted = [p for p in POSTS if "water" in p.topics and p.source == "board" and p.sentiment == "negative"]
    assert found.rows[0].figures == (len(wanted),)


def test_a_saved_search_counts_its_posts(layer: QueryLayer) -> None:
    found = filled(layer, kind="saved_search", query="停水")
    assert found.rows[0].figures[0] == sum("停水" in p.words for p in POSTS)
    assert filled(layer, kind="unsupported", reason="x").rows == ()


def test_nobody_is_grouped_by(layer: QueryLayer) -> None:
    for field in ("voice", "author", "id"):
        with pytest.raises(QueryError):
            layer.breakdown(Question(), Split((field,), (5,)))


def test_what_is_too_fine_or_open_is_refused(layer: QueryLayer) -> None:
    with pytest.raises(QueryError):
        layer.breakdown(Question(), Split(interval="month"))
    with pytest.raises(QueryError):
        layer.breakdown(Question(), Split(), figures=("likes",))  # type: ignore[arg-type]
    with pytest.raises(QueryError, match="interval"):
        filled(layer, Period(PERIOD.first - timedelta(days=900), PERIOD.last), kind="line", interval="hour")
    long_ago = datetime(1900, 1, 1, tzinfo=UTC)
    with pytest.raises(QueryError):
        layer.breakdown(Question(since=long_ago, until=datetime(2100, 1, 1, tzinfo=UTC)), Split(interval="month"))


def test_an_empty_index_gives_empty_panels(tmp_path: Path) -> None:
    from config.project import init_project, open_project

    init_project(tmp_path)
    with QueryLayer.open(open_project(tmp_path, {})) as layer:
        assert filled(layer, kind="metric", figures=EVERY).rows == (Row((), (0, 0, 0, None, None)),)
        assert filled(layer, kind="table", by="topic").rows == ()
        assert len(filled(layer, kind="line").rows) == 28


def test_names(project: Project) -> None:
    naming = Naming(project)
    assert naming.value("topic", "water") == "供水"
    assert naming.value("sentiment", "negative") == "负面"
    assert naming.value("answered", "1") == "是"
    assert naming.value("region", "东城") == "东城"
    assert [group_name(g) for g in ("official_unit", "week", "words")] == ["单位", "周", "词"]
    assert figure_text("negative_share", None) == "—"
    set_language("en")
    try:
        assert (naming.value("answered", "0"), naming.value("kind", "message")) == ("no", "message")
    finally:
        set_language("zh")


def test_commands(project: Project) -> None:
    assert {d["name"] for d in asked("dashboards", "list", project=project.root)} == {
        "overview",
        "livelihood",
        "sources",
    }
    days = ("--from", "2026-10-01", "--to", "2026-10-28")
    shown = asked("dashboards", "show", "总览", *days, project=project.root)
    assert shown["panels"][0]["rows"][0]["count"] == COUNT
    assert "负面" in qingyu("dashboards", "show", "overview", *days, project=project.root).stdout
    assert "overview" in qingyu("dashboards", "show", "没有", project=project.root, code=2).stderr


def test_commands_take_kql(project: Project) -> None:
    days = ("--from", "2026-10-01", "--to", "2026-10-28")
    found = asked("trend", "source: (board or news) and not likes < 3", "--kql", *days, project=project.root)
    assert found["total"] == sum(p.source != "forum" and p.likes >= 3 for p in POSTS)
    refused = qingyu("search", "停水 and author: a", "--kql", project=project.root, code=2)
    assert "不能按作者查询" in refused.stderr
    assert asked("topics", "topic: water", "--kql", project=project.root)[0]["topic"] == "water"


def test_the_audit_keeps_the_language_of_a_question() -> None:
    plain, kql = Question("qingyu"), Question("a", language="kql", also=(Question("b"), Question(sources=("c",))))
    assert describe(plain) == '{"query": "qingyu"}'
    assert json.loads(describe(kql)) == {"query": "a", "language": "kql", "also": [{"query": "b"}, {"sources": ["c"]}]}


def test_a_faulty_panel_does_not_take_the_others_along(project: Project, tmp_path: Path) -> None:
    figured(tmp_path)
    folder = tmp_path / "config" / "dashboards"
    folder.mkdir()
    text = "title: x\npanels:\n  - {kind: metric, title: 坏, query: '作者:a'}\n  - {kind: metric, title: 好}\n"
    (folder / "x.yaml").write_text(text, encoding="utf-8")
    shown = asked("dashboards", "show", "x", "--from", "2026-10-01", "--to", "2026-10-28", project=tmp_path, code=3)
    assert "不能按作者查询" in shown["panels"][0]["problem"]
    assert shown["panels"][1]["rows"][0]["count"] == COUNT
