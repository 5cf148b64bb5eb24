"""The same questions to both engines over the same 20,000 posts: the same ids, counts and figures.

What may differ, and how far, stands in docs/reference/engines.md; nothing else may.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

import pytest

from bench.process import land
from bench.texts import pieces
from bench.texts import posts as made_up
from config.errors import QueryError
from config.project import Project, init_project, open_project
from pipeline.index.elastic_query import translate as elastic_query
from pipeline.index.engines import engine_of
from pipeline.index.tantivy_query import translate as tantivy_query
from pipeline.process import process, rebuild_index
from pipeline.query.layer import BREAKDOWNS, QueryLayer, Question

POSTS = 20_000
# 40 rounds of 55 questions and more each.
ROUNDS = 40
DAY = date(2026, 1, 1)
WORDS = [
    "停水",
    "小区",
    "业主",
    "路灯",
    "投诉",
    "学校",
    "医院",
    "公交",
    "噪音",
    "物业",
    "工资",
    "垃圾",
    "快递",
    "手机",
    "酒店",
    "水",
    "的",
    "好",
    "不",
]
RUNS = ["请问", "希望能", "没有人管", "质量不错", "非常好吃", "武汉加油", "送餐", "房间很", "相关部门", "5号线", "A7县"]
LATIN = ["app", "5g", "wifi", "ok", "12345", "vip", "app 5g"]
STARS = ["a*", "*i", "1*5", "w*i*", "停*", "*水*", "小*区"]
FIELDS = ["情感:负面", "情感:正面", "意图:投诉", "意图:咨询", "诉求:是", "诉求:否", "拿不准:是", "转载:是", "转载:否", "已答复:否",
          "类型:留言", "来源:bench", "领域:交通运输", "领域:城乡建设", "topic:*", "region:*", "标题:*", "place:*", "duty:*", "keyphrase:*"]  # fmt: skip
NUMBERS = [
    "score:<-0.5",
    "score:[-0.2 TO 0.2]",
    "score:>=0",
    "likes:>=3",
    "likes:{2 TO 5]",
    "confidence:>0.9",
    "likes:0",
]
TIMES = ["published:2026-01", "published:2026-01-05", "published:[2026-01-03 TO 2026-01-09]", "published:>2026-01-10",
         "published:<=2026-01-02", "published:[2026-01-03T08:30 TO *]"]  # fmt: skip
SORTS = ["published", "-published", "-likes", "score", "-score", "-replies"]


class Both(NamedTuple):
    tantivy: QueryLayer
    elastic: QueryLayer


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    root = tmp_path_factory.mktemp("parity")
    init_project(root, region="甲县")
    made = open_project(root, {})
    land(made, pieces(POSTS, 48) or made_up(POSTS, 11), "run")
    process(made)
    return made


@pytest.fixture(scope="module")
def both(project: Project, elasticsearch_url: str) -> Iterator[Both]:
    elastic = open_project(project.root, {"QINGYU_INDEX__URL": elasticsearch_url, "QINGYU_INDEX__ALIAS": "parity"})
    assert rebuild_index(elastic) == POSTS
    with QueryLayer.open(project) as one, QueryLayer.open(elastic) as other:
        yield Both(one, other)


def _leaf(chance: random.Random) -> str:
    kind = chance.choice([WORDS, WORDS, RUNS, LATIN, STARS, FIELDS, FIELDS, NUMBERS, TIMES])
    text = chance.choice(kind)
    if kind in (WORDS, RUNS, LATIN) and chance.random() < 0.3:
        return chance.choice(["标题:", "正文:"]) + f"“{text}”"
    return f"“{text}”" if kind is LATIN else text


def _query(chance: random.Random, depth: int = 3) -> str:
    if depth == 0 or chance.random() < 0.3:
        return _leaf(chance)
    items = [_query(chance, depth - 1) for _ in range(chance.choice([1, 2, 2, 3]))]
    items = [f"-({one})" if chance.random() < 0.15 else f"({one})" for one in items]
    return chance.choice([" 与 ", " 或 ", " "]).join(items)


def _question(chance: random.Random) -> Question:
    since = datetime(2026, 1, 1, 3, 7, tzinfo=UTC) + timedelta(hours=chance.randrange(200))
    return Question(
        query=_query(chance) if chance.random() < 0.9 else "",
        since=since if chance.random() < 0.2 else None,
        until=since + timedelta(days=5) if chance.random() < 0.2 else None,
        sentiments=("negative", "neutral") if chance.random() < 0.1 else (),
        kinds=("message",) if chance.random() < 0.1 else (),
    )


def _asked(layer: QueryLayer, q: Question, call: str, chance: random.Random) -> Any:
    """The answer, or the fault."""
    try:
        match call:
            case "pages":
                return _pages(layer, q, chance.choice(SORTS), chance.choice([3, 17, 50]))
            case "relevance":
                return _ranked(layer, q)
            case "days":
                return [_rounded(one) for one in layer.by_day(q, since_day=DAY, until_day=DAY + timedelta(days=15))]
            case "topics":
                found = layer.topic_by_day(q, since_day=DAY, until_day=DAY + timedelta(days=15))
                return sorted(_rounded(one) for one in found)
            case "words":
                return sorted(_rounded(one) for one in layer.significant_words(q, size=30))
            case "export":
                return [post["id"] for post in layer.export(q)]
            case _ if call in BREAKDOWNS:
                return sorted(_rounded(one) for one in layer.by(q, call, size=1_000))
            case _:
                return layer.count(q)
    except QueryError as error:
        return ("refused", error.position)


def _pages(layer: QueryLayer, q: Question, sort: str, size: int) -> Any:
    first = layer.search(q, sort=sort, size=size)
    second = layer.search(q, sort=sort, size=size, after=first.after) if first.after else first
    return first.total, [hit.post["id"] for hit in (*first.hits, *second.hits)]


def _ranked(layer: QueryLayer, q: Question) -> Any:
    found = layer.search(q, sort="relevance", size=20)
    return found.total, len(found.hits)


def _rounded(one: Any) -> tuple[Any, ...]:
    # Distinct voices are estimated, see test_voices_are_close.
    values = (getattr(one, name) for name in one.__dataclass_fields__ if name != "voices")
    return tuple(v if isinstance(v, float) else str(v) for v in values)


def _alike(one: Any, other: Any) -> bool:
    """Equal, means within rounding: the engines add in another order."""
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(_alike, one, other))
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-12)
    return bool(one == other)


CALLS = ["count", "pages", "relevance", "days", "topics", "words", "export", *BREAKDOWNS]


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_both_engines_answer_alike(both: Both, seed: int) -> None:
    chance = random.Random(seed)
    differing = []
    for number in range(55):
        q, call = _question(chance), chance.choice(CALLS)
        one, other = (_asked(layer, q, call, random.Random(number)) for layer in both)
        if not _alike(one, other):
            differing.append((call, q, str(one)[:300], str(other)[:300]))
    assert not differing, "\n".join(str(one)[:400] for one in differing)


@pytest.mark.parametrize(
    "query", ["停水", "小区 业主", "路灯 或 投诉", "标题:医院", "物业 垃圾", "快递 或 手机", "酒店 -早餐", "好"]
)
def test_what_fits_best_comes_first_with_the_same_scores(both: Both, project: Project, query: str) -> None:
    node = both.tantivy._asked.node(Question(query))
    index = engine_of(project).open()  # type: ignore[attr-defined]
    one = [score for score, _ in index.searcher().search(tantivy_query(node), 20, True).hits]
    body = {"query": elastic_query(node), "size": 20, "_source": False}
    reader = both.elastic._reader
    found = reader._elastic.search("parity", body, global_scores=True)  # type: ignore[attr-defined]
    other = [hit["_score"] for hit in found["hits"]["hits"]]
    assert one and other == pytest.approx(one, rel=1e-3)


def test_voices_are_close(both: Both) -> None:
    for query in ("", "停水", "情感:负面", "小区"):
        one, other = (layer.voices(Question(query)) for layer in both)
        assert one == pytest.approx(other, rel=0.05, abs=2)
