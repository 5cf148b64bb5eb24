"""What a hostile or careless site says of its pages: no string of it ends a crawl, none of its prose is kept unmasked."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, select

from config.sources import ImportSource
from crawlers.adapters.base import Link, ParsedPage, Problem
from crawlers.landing import Landing, PageResult
from crawlers.record import Engagement, Kind, Official, RawPost
from crawlers.schema import page, post
from crawlers.store import read
from tests.stores import Stores

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
# A lone surrogate, as JSON of a site may hold ("\\ud800"), and a NUL: no database takes them.
ODD = "甲\ud800\x00乙"
PAGE = Link("http://h.example/1", "detail")


@pytest.fixture
def store(stores: Stores) -> Engine:
    return stores.open()


def landing(store: Engine, run_id: str = "r1") -> Landing:
    source = ImportSource.model_validate({"name": "s", "kind": "import", "files": "x", "columns": {"text": "t"}})
    made = Landing(store, source, region="", author_key=b"k" * 32, run_id=run_id, now=lambda: NOW)
    made.begin()
    return made


def parsed(link: Link = PAGE, *, etag: str = "", last_modified: str = "", **yields: Any) -> PageResult:
    return PageResult(link, "parsed", NOW, parsed=ParsedPage(**yields), etag=etag, last_modified=last_modified)


@pytest.mark.parametrize(
    "result",
    [
        parsed(links=[Link(f"http://h.example/{ODD}", "detail")]),
        parsed(links=[Link("http://h.example/2", "detail", fingerprint=ODD)]),
        parsed(links=[Link("http://h.example/2", "detail", meta={"title": ODD, "within": [{"deep": ODD}]})]),
        parsed(more=[Link("http://h.example/2", "list", walk=True, meta={"title": ODD})]),
        parsed(Link(f"http://h.example/{ODD}", "detail")),
        parsed(etag=ODD),
        parsed(last_modified=ODD),
        parsed(problems=[Problem(ODD, ODD)]),
        PageResult(PAGE, "failed", NOW, reason=ODD, evidence=ODD),
        PageResult(PAGE, "robots", NOW, reason=ODD),
        parsed(
            posts=[
                RawPost(
                    Kind.REPLY, f"http://h.example/{ODD}", ODD, ODD, native_id=ODD, parent_native=ODD, author=ODD,
                    thread_url=ODD, region=ODD, category=ODD,
                )
            ]
        ),
    ],
    ids=["link", "fingerprint", "meta", "walk", "page", "etag", "modified", "problem", "failed", "robots", "post"],
)  # fmt: skip
def test_no_string_of_a_site_ends_a_crawl(store: Engine, result: PageResult) -> None:
    made = landing(store)
    made.land([result, parsed(Link("http://h.example/other", "detail"))])
    made.finish(outcome="finished", reason=ODD, walk_complete=True, state={"newest": ODD})
    again = landing(store, "r2")
    assert again.known("http://h.example/other") is not None
    again.pending()
    again.land([result])
    assert again.counts.posts_new == again.counts.links_new == 0, "what was cleaned is known again"


def test_the_prose_of_a_link_is_masked_before_it_is_written(store: Engine) -> None:
    said = {
        "title": "张某电话13812345678",
        "category": "来电13812345678",
        "id": "13812345678",
        "published": "2026-11-22",
    }
    walk = Link("http://h.example/list", "list", walk=True, meta=said)
    landing(store).land([parsed(links=[Link("http://h.example/13812345678", "detail", meta=said)], more=[walk])])
    (kept,) = [link for link in landing(store, "r2").pending() if not link.walk]
    assert "13812345678" not in str(kept.meta["title"]) + str(kept.meta["category"])
    assert "电话" in str(kept.meta["title"])
    assert (kept.meta["id"], kept.meta["published"]) == (said["id"], said["published"]), "ids stay as they are"
    assert kept.url == "http://h.example/13812345678"
    with read(store) as connection:
        rows = connection.execute(select(page.c.meta, page.c.links)).all()
    assert all("电话13812345678" not in text and "来电13812345678" not in text for row in rows for text in row)


def test_a_batch_of_nothing_is_nothing(store: Engine) -> None:
    made = landing(store)
    made.land([])
    assert made.counts.pages_parsed == 0


@pytest.mark.parametrize("size", [41, 65, 81, 201, 5_000])
def test_no_length_of_what_a_site_says_ends_a_crawl(store: Engine, size: int) -> None:
    """SQLite takes text of any length into any column; PostgreSQL does not."""
    long = "长" * size
    link = Link(f"http://h.example/{long}", "detail", fingerprint=long[:64], meta={"title": long})
    said = RawPost(
        Kind.REPLY, link.url, long, long, native_id=long, parent_native=long, author=long, thread_url=link.url,
        region=long, category=long, published=NOW, official=Official(long, NOW, long),
        engagement=Engagement(views=10**30, likes=2**63, dislikes=-1, replies=2**31),
    )  # fmt: skip
    made = landing(store)
    made.land([parsed(link, posts=[said], links=[link], etag=long, last_modified=long, problems=[Problem(long, long)])])
    made.land([PageResult(PAGE, "failed", NOW, reason=long, evidence=long)])
    made.finish(outcome="failed", reason=long, walk_complete=False, state={"seen": long})
    assert made.counts.posts_new == 1


# Posts by native id: each says the same wherever it is seen, as on pages that overlap.
sightings = st.lists(st.lists(st.integers(0, 12), max_size=6), min_size=2, max_size=6)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sightings, st.randoms(use_true_random=False), st.integers(1, 4))
def test_the_order_of_pages_and_batches_does_not_matter(
    stores: Stores, pages: list[list[int]], dice: random.Random, size: int
) -> None:
    results = [
        parsed(Link(f"http://h.example/p{n}", "thread"), posts=[said(key) for key in keys])
        for n, keys in enumerate(pages)
    ]
    mixed = dice.sample(results, len(results))
    one, other = stores.open(), stores.open()
    assert final(one, [results]) == final(other, [mixed[at : at + size] for at in range(0, len(mixed), size)])
    one.dispose()
    other.dispose()


def said(key: int) -> RawPost:
    moment = NOW - timedelta(days=key)
    return RawPost(
        Kind.REPLY,
        "http://h.example/t",
        "",
        f"第{key}楼",
        native_id=str(key),
        author=f"u{key % 3}",
        published=moment,
        engagement=Engagement(likes=key),
    )


def final(store: Engine, batches: list[list[PageResult]]) -> list[tuple[Any, ...]]:
    """The posts in the end, but their number in the landing and the page that last showed them; each seen once in counts."""
    made = landing(store)
    for batch in batches:
        made.land(batch)
    columns = [column for column in post.c if column.name not in {"landed_seq", "page_id"}]
    with read(store) as connection:
        rows = [tuple(row) for row in connection.execute(select(*columns).order_by(post.c.id))]
    counts = made.counts
    assert counts.posts_new == len(rows)
    assert counts.posts_changed == counts.posts_engagement == 0
    assert counts.posts_read == counts.posts_new + counts.posts_unchanged
    return rows
