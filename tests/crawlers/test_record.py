"""The post: its id never changes, and it survives the way through JSON."""

import json
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from crawlers.record import Engagement, Kind, Official, Post, post_id, to_json

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
times = st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1)).map(lambda t: t.replace(tzinfo=UTC))
counts = st.none() | st.integers(0, 10**9)
posts = st.builds(
    Post,
    id=st.text("0123456789abcdef", min_size=32, max_size=32),
    source=texts, kind=st.sampled_from(Kind), url=texts, thread_url=texts, parent_id=texts, title=texts, text=texts,
    author=texts, published=st.none() | times, collected=times, edited=st.none() | times, region=texts, category=texts,
    engagement=st.builds(Engagement, counts, counts, counts, counts),
    official=st.none() | st.builds(Official, texts, st.none() | times, texts),
)  # fmt: skip


@given(posts)
def test_record_to_json_to_record(post: Post) -> None:
    assert Post.from_dict(json.loads(to_json(post))) == post


@given(posts, texts)
def test_content_hash_follows_what_is_read_and_nothing_else(post: Post, text: str) -> None:
    import dataclasses

    counted = dataclasses.replace(post, engagement=Engagement(1, 2, 3, 4), collected=post.collected + timedelta(days=1))
    assert counted.content_hash() == post.content_hash()
    assert (dataclasses.replace(post, text=text).content_hash() == post.content_hash()) == (text == post.text)


def test_ids_are_the_same_in_every_run() -> None:
    assert post_id("board", "42", "http://a/1") == "63a6c9252ea4a30fdfe8f724883b84ff"
    assert post_id("board", "42", "http://a/1") == post_id("board", "42", "http://moved/1")
    assert post_id("board", "", "http://a/1") != post_id("board", "", "http://a/2")
    assert post_id("board", "", "http://a/1", "2") != post_id("board", "", "http://a/1", "3")
    assert post_id("a", "42", "") != post_id("b", "42", "")


def test_every_field_stands_in_the_record() -> None:
    import dataclasses

    post = Post(
        "0" * 32,
        "s",
        Kind.ARTICLE,
        "u",
        "",
        "",
        "t",
        "x",
        "",
        None,
        datetime(2026, 1, 1, tzinfo=UTC),
        None,
        "",
        "",
        Engagement(),
        None,
    )
    assert set(post.to_dict()) == {field.name for field in dataclasses.fields(Post)}
