"""What every index engine must do; each engine's tests take the class, with a fixture `engine` that holds 100 posts."""

from __future__ import annotations

import pytest

from config.errors import QueryError, StageError
from pipeline.index.document import IndexDocument, published_key
from pipeline.index.engine import SORTS, IndexEngine, Reader
from pipeline.query.nodes import All, Range, Words


def document(n: int, *, ms: int = 0, text: str = "停水 了", seq: int = 1) -> IndexDocument:
    return IndexDocument(
        id=f"{n:032x}",
        landed_seq=seq,
        source="a",
        kind="message",
        region="",
        category="",
        topics=(),
        sentiment="neutral",
        score=0.0,
        confidence=0.5,
        published_ms=1_564_588_800_000 + ms,
        collected_ms=0,
        title_tokens="",
        text_tokens=text,
        words=(),
        keyphrases=(),
        thread="",
        voice="v",
        answered=False,
        official_unit="",
        official_tokens="",
        views=0,
        likes=n % 2,
        replies=0,
    )


def _pages(reader: Reader, sort: str) -> list[str]:
    ids: list[str] = []
    after = ""
    while True:
        hits = reader.search(All(), sort=sort, size=7, after=after)
        ids += hits.ids
        after = hits.after
        if not after:
            return ids


def fill(engine: IndexEngine) -> None:
    with engine.writer() as writer:
        writer.put(document(n) for n in range(100))
        writer.commit()


class EngineContract:
    @pytest.mark.parametrize("sort", SORTS)
    def test_pages_hold_each_post_once_also_where_all_are_equal(self, engine: IndexEngine, sort: str) -> None:
        ids = _pages(engine.reader(), sort)
        assert sorted(ids) == [f"{n:032x}" for n in range(100)]

    def test_pages_go_on_exactly_while_posts_arrive(self, engine: IndexEngine) -> None:
        reader = engine.reader()
        first = reader.search(All(), sort="-published", size=50)
        with engine.writer() as writer:
            writer.put(document(n, ms=1000) for n in range(100, 130))
            writer.commit()
        reader.refresh()
        rest = reader.search(All(), sort="-published", size=100, after=first.after)
        assert sorted([*first.ids, *rest.ids]) == [f"{n:032x}" for n in range(100)]

    def test_columns_hold_each_post_that_matches_in_order_of_publication(self, engine: IndexEngine) -> None:
        found = engine.reader().columns(Range("likes", 1, None), ("likes", "voice", "score", "collected_ms"))
        assert list(found.keys) == sorted(published_key(f"{n:032x}", 1_564_588_800_000) for n in range(1, 100, 2))
        assert {name: set(column) for name, column in found.values.items() if name != "voice"} == {
            "likes": {1},
            "score": {0.0},
            "collected_ms": {0},
        }
        assert len(set(found.values["voice"])) == 1  # one voice, whatever its number
        assert engine.reader().columns(Words("", "路灯"), ("likes",)).values == {"likes": []}

    def test_putting_twice_leaves_one_and_older_never_overwrites(self, engine: IndexEngine) -> None:
        reader = engine.reader()
        before = reader.version()
        with engine.writer() as writer:
            assert writer.put([document(1, text="新 的", seq=9), document(1, text="旧 的", seq=3)]) == 1
            writer.commit()
        reader.refresh()
        assert reader.version() != before
        assert (reader.count(All()), reader.count(Words("", "新的")), reader.count(Words("", "旧的"))) == (100, 1, 0)

    @pytest.mark.parametrize("after", ["zz", "5b5d", "00"])
    def test_a_broken_page_mark_is_refused(self, engine: IndexEngine, after: str) -> None:
        with pytest.raises(QueryError):
            engine.reader().search(All(), sort="published", size=3, after=after)

    def test_a_second_writer_is_refused(self, engine: IndexEngine) -> None:
        with engine.writer(), pytest.raises(StageError):
            engine.writer()
        with engine.writer(), pytest.raises(StageError), engine.rebuild():
            pass
