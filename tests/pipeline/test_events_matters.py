"""Posts of one matter, found as they come: what begins an event, joins it, opens it again, and what is none."""

import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.events import Events
from pipeline.events.heard import DAY_MS, Heard
from pipeline.events.matters import Matters, Raised

START = 1_560_000_000_000
_WORDS = [chr(0x4E00 + n) + chr(0x5E00 + n * 3) for n in range(900)]


def heard(
    number: int, day: float, words: list[str], *, voice: str = "", kind: str = "message", **more: object
) -> Heard:
    values: dict[str, object] = {
        "id": f"{number:032x}", "published_ms": START + int(day * DAY_MS), "source": "s", "kind": kind,
        "voice": voice or f"v{number}", "thread": "", "title": "".join(words[:4]), "title_tokens": " ".join(words[:4]),
        "text_tokens": " ".join(words[4:]), "original": "", "negative": True, "answered": False, "topics": (),
        "sectors": (), "places": (), "duty": "", "phrases": (),
    }  # fmt: skip
    return Heard(**{**values, **more})  # type: ignore[arg-type]


def noise(dice: random.Random, number: int, day: float) -> Heard:
    return heard(number, day, dice.sample(_WORDS[:600], 24))


def matter(dice: random.Random, number: int, day: float, about: int = 0, **more: object) -> Heard:
    """Half of the words are the matter's."""
    own = _WORDS[600 + about * 20 : 620 + about * 20]
    words = own[:4] + dice.sample(_WORDS[:600], 10) + dice.sample(own, 10)
    return heard(number, day, words, **more)  # type: ignore[arg-type]


def background(dice: random.Random, days: int = 60, each: int = 8) -> list[Heard]:
    return [noise(dice, 10_000 + n, n / each) for n in range(days * each)]


def run(posts: list[Heard], rules: Events | None = None) -> tuple[Matters, list[Raised]]:
    matters = Matters(rules or Events())
    raised = [one for post in sorted(posts, key=lambda p: (p.published_ms, p.id)) for one in matters.hear(post)]
    return matters, raised


def test_three_voices_on_one_matter_begin_an_event_and_are_flagged() -> None:
    dice = random.Random(1)
    posts = background(dice) + [matter(dice, n, 50 + n) for n in range(3)]
    matters, raised = run(posts)
    assert [(one.level, one.voices) for one in raised] == [("blue", 3)]
    assert set(matters.gatherings[raised[0].event_id].posts) == {f"{n:032x}" for n in range(3)}
    assert raised[0].burst.adjusted <= Events().false_share
    assert "3 个以上声音" in raised[0].rule


def test_one_voice_that_writes_often_is_no_event() -> None:
    dice = random.Random(2)
    posts = background(dice) + [matter(dice, n, 50 + n / 2, voice="same") for n in range(8)]
    assert run(posts)[1] == []


def test_a_repost_of_an_article_is_no_voice() -> None:
    dice = random.Random(3)
    first = matter(dice, 0, 50, kind="article")
    posts = [
        *background(dice),
        first,
        *(matter(dice, n, 50 + n, kind="article", original=first.id) for n in range(1, 6)),
    ]
    assert run(posts)[1] == []


def test_what_is_always_said_is_no_event() -> None:
    """The same matter twice a week all the time: three voices in two weeks are usual for it."""
    dice = random.Random(4)
    usual = [matter(dice, n, 1 + n * 3.5) for n in range(32)]
    posts = background(dice, days=120) + usual
    late = [one for one in run(posts)[1] if int(one.post_id, 16) > 12]
    assert late == []


def test_levels_rise_with_the_voices_and_each_is_flagged_once() -> None:
    dice = random.Random(5)
    posts = background(dice) + [matter(dice, n, 50 + n / 4) for n in range(24)]
    raised = run(posts)[1]
    assert [one.level for one in raised] == ["blue", "yellow", "orange", "red"]


def test_two_matters_stay_two() -> None:
    dice = random.Random(6)
    posts = background(dice) + [matter(dice, n, 50 + n / 3, about=n % 2) for n in range(12)]
    matters, raised = run(posts)
    events = {one.event_id for one in raised}
    assert len(events) == 2
    for event_id in events:
        assert len({int(post, 16) % 2 for post in matters.gatherings[event_id].posts}) == 1


def outage(dice: random.Random, number: int, day: float, about: int, word: str) -> Heard:
    """One of those that tell the same outbreak, each group in words of its own."""
    post = matter(dice, number, day, about)
    return replace(post, text_tokens=f"{word} {post.text_tokens}")


def test_an_outbreak_told_in_many_words_is_one_event() -> None:
    """停水: four groups of posts that have but one word in common, and nobody had used it before."""
    dice = random.Random(11)
    many = [outage(dice, 20_000 + n, 60 + n / 12, n % 4, "停水") for n in range(24)]
    apart = [matter(dice, 30_000 + n, 60 + n / 12, 5) for n in range(6)]
    posts = [*background(dice), *sorted(many + apart, key=lambda p: p.published_ms)]
    matters, raised = run(posts)
    alive = {matters.now_called(one.event_id) for one in raised}
    assert {len(matters.gatherings[one].posts) for one in alive} == {24, 6}
    first = min(raised, key=lambda r: (r.burst.end_ms, r.post_id)).event_id
    assert matters.now_called(first) == first


def test_a_word_that_is_always_said_joins_nothing() -> None:
    dice = random.Random(11)
    always = [replace(one, text_tokens=f"停水 {one.text_tokens}") for one in background(dice)]
    many = [outage(dice, 20_000 + n, 60 + n / 12, n % 4, "停水") for n in range(24)]
    matters, raised = run([*always, *many])
    assert len({matters.now_called(one.event_id) for one in raised}) == 4


def test_a_matter_that_comes_back_opens_its_event_again() -> None:
    dice = random.Random(7)
    posts = background(dice, days=140) + [matter(dice, n, 50 + n) for n in range(4)]
    posts += [matter(dice, 10 + n, 120 + n) for n in range(5)]
    matters, raised = run(posts)
    assert len({one.event_id for one in raised}) == 1
    assert len(matters.gatherings[raised[0].event_id].posts) == 9
    days = [(int(one.post_id, 16) >= 10) for one in raised]
    assert days.count(False) >= 1 and days.count(True) >= 1


def test_answers_in_a_thread_belong_where_the_thread_does_and_begin_nothing() -> None:
    dice = random.Random(8)
    posts = background(dice) + [matter(dice, n, 50 + n, kind="thread", thread=f"t{n}") for n in range(3)]
    posts += [heard(100 + n, 54 + n / 9, _WORDS[:12], kind="reply", thread="t1") for n in range(5)]
    matters, raised = run(posts)
    # A lively thread is no outbreak: those who answer are no voices that raise a level.
    assert [one.level for one in raised] == ["blue"]
    assert matters.event_of[f"{100:032x}"] == raised[0].event_id
    alone = [heard(200 + n, 50 + n / 9, _WORDS[:12], kind="reply", thread="none") for n in range(9)]
    assert run(background(dice) + alone)[1] == []


def test_a_louder_board_alone_is_no_event() -> None:
    """Four times as many posts on everything: nothing stands out."""
    dice = random.Random(9)
    posts = background(dice) + [noise(dice, 20_000 + n, 60 + n / 32) for n in range(32 * 10)]
    assert run(posts)[1] == []


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 1000), st.integers(50, 500))
def test_stopping_anywhere_changes_nothing(seed: int, cut: int) -> None:
    """What was decided is known again, and the rest is decided as without the stop."""
    dice = random.Random(seed)
    posts = background(dice) + [matter(dice, n, 48 + n / 2, about=n % 3) for n in range(18)]
    posts.sort(key=lambda p: (p.published_ms, p.id))
    whole, all_raised = run(posts)
    before = Matters(Events())
    raised = [one for post in posts[:cut] for one in before.hear(post)]
    after = Matters(Events())
    cut = min(cut, len(posts))
    tested = posts[cut - 1].published_ms - 14 * DAY_MS
    numbers = {post.id: after.know(post, tested=post.published_ms >= tested) for post in posts[:cut]}
    after.gatherings = {
        e: type(g)(g.id, last_ms=g.last_ms, level=g.level, flagged_ms=g.flagged_ms)
        for e, g in before.gatherings.items()
    }
    after.merged = dict(before.merged)
    for gathering in before.gatherings.values():
        if gathering.id not in before.merged:
            for post_id in gathering.posts:
                after.belongs(numbers[post_id], gathering.id)
    raised += [one for post in posts[cut:] for one in after.hear(post)]
    assert [(one.event_id, one.post_id, one.level) for one in raised] == [
        (one.event_id, one.post_id, one.level) for one in all_raised
    ]
    for event_id, gathering in whole.gatherings.items():
        if event_id not in whole.merged:
            assert set(after.gatherings[event_id].posts) == set(gathering.posts)


@pytest.mark.parametrize("words", [[], ["的"], ["a"] * 50_000, ["\u202e", "=cmd|' /C calc'!A0", "<script>"] * 30])
def test_any_text_is_heard(words: list[str]) -> None:
    dice = random.Random(10)
    odd = [heard(n, 50 + n, words) for n in range(5)]
    run(background(dice, days=55, each=2) + odd)
