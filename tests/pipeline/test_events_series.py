"""Daily series: what rose, what soured and who fell silent, and what they leave to the events."""

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

from pipeline.events.model import Kind
from pipeline.events.series import DAYS, Said, moved, silent, soured

LAST = date(2026, 6, 25)
_KEYS: list[tuple[Kind, str]] = [("topic", "water"), ("topic", "roads"), ("place", "north"), ("phrase", "路灯")]


def usual(each_day: int = 6, seed: int = 3) -> list[Said]:
    """Posts of every day, their topics by the dice."""
    dice = random.Random(seed)
    found = []
    for n in range(DAYS):
        day = LAST - timedelta(days=n)
        for k in range(dice.randint(each_day - 2, each_day + 2)):
            found.append(said(f"{n}-{k}", day, dice.choice(_KEYS), negative=dice.random() < 0.3))
    return found


def said(name: str, day: date, *keys: tuple[Kind, str], negative: bool | None = False, source: str = "board") -> Said:
    return Said(name, day, source, f"voice {name}", negative, "", keys)


def outbreak(event: str = "", voice: str = "", days: int = 3, each: int = 5) -> list[Said]:
    made = [
        said(f"new {n}-{k}", LAST - timedelta(days=n), ("topic", "heating")) for n in range(days) for k in range(each)
    ]
    return [replace(one, event=event, voice=voice or one.voice) for one in made]


def rose(posts: list[Said], last: date = LAST) -> list[str]:
    return [one.series for one in moved(posts, last, false_share=0.1)]


def test_nothing_moves_on_a_usual_day() -> None:
    assert [rose(usual(seed=seed)) for seed in range(6)] == [[]] * 6


def test_what_rises_is_told_with_its_numbers() -> None:
    (found,) = moved([*usual(), *outbreak()], LAST, false_share=0.1)
    assert (found.kind, found.series, found.days, found.count, found.voices) == ("topic", "heating", 3, 15, 15)
    assert found.expected < 1 and found.probability <= found.adjusted < 0.01
    assert found.posts[0].startswith("new 2-") and len(found.posts) == 5


def test_what_drives_it_is_told() -> None:
    cold = [replace(one, keys=(*one.keys, ("phrase", "暖气不热"), *_KEYS[3:])) for one in outbreak()[:9]]
    found = {one.series: one.drivers for one in moved([*usual(), *cold], LAST, false_share=0.1)}
    assert found["heating"][0] == "暖气不热"
    assert "暖气不热" not in found["暖气不热"]


def test_one_voice_is_no_movement() -> None:
    assert rose([*usual(), *outbreak(voice="the same")]) == []


def test_what_an_event_tells_is_not_told_twice() -> None:
    assert rose([*usual(), *outbreak(event="e1")]) == []


def test_a_slow_rise_is_seen_by_the_longer_window() -> None:
    slow = [said(f"s{n}-{k}", LAST - timedelta(days=n), ("topic", "heating")) for n in range(7) for k in range(2)]
    (found,) = moved([*usual(), *slow], LAST, false_share=0.1)
    assert (found.series, found.days, found.count) == ("heating", 7, 14)


def test_a_day_when_everything_doubles_moves_no_topic() -> None:
    """A new source or the end of an outage: the share of each stays what it was."""
    loud = 0
    for seed in range(20):
        more = [one for one in usual(16, seed=100 + seed) if one.day > LAST - timedelta(days=3)]
        loud += bool(rose([*usual(8, seed=seed), *(replace(one, voice=f"{one.voice} more") for one in more)]))
    assert loud <= 4  # the false discovery rate that is allowed is a tenth


def test_the_first_weeks_move_nothing() -> None:
    young = [one for one in usual() if one.day > LAST - timedelta(days=20)]
    assert rose([*young, *outbreak()]) == []


def test_a_topic_that_sours_is_told_although_it_is_no_more_spoken_of() -> None:
    posts = usual(8)
    bad = [replace(one, negative=True) if one.day > LAST - timedelta(days=7) and
           one.keys[0][1] == "water" else one for one in posts]  # fmt: skip
    assert soured(posts, LAST, false_share=0.1) == []
    (found,) = soured(bad, LAST, false_share=0.1)
    assert (found.kind, found.series) == ("sentiment", "topic:water")
    assert found.negative_share == 1.0 and found.count >= 10 and found.expected < 0.6 * found.count


def test_unsure_moods_say_nothing() -> None:
    posts = [replace(one, negative=None) if one.day > LAST - timedelta(days=7) else one for one in usual(8)]
    assert soured(posts, LAST, false_share=0.1) == []


def quiet_week(collected: Callable[[str, date], bool]) -> list[tuple[str, int, bool]]:
    posts = [one for one in usual() if one.day <= LAST - timedelta(days=7)]
    return [(one.source, one.count, one.collected) for one in silent(posts, LAST, collected)]


def test_silence_of_the_public_is_told_from_ours() -> None:
    assert quiet_week(lambda source, day: True) == [("board", 0, True)]
    assert quiet_week(lambda source, day: day < LAST) == [("board", 0, False)]
    assert silent(usual(), LAST, lambda source, day: True) == []


def test_a_source_that_seldom_speaks_is_not_silent() -> None:
    posts = [said(f"{n}", LAST - timedelta(days=n), ("topic", "water")) for n in range(8, DAYS, 5)]
    assert silent(posts, LAST, lambda source, day: True) == []
