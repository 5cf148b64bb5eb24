"""The demo town as values: the same each time, of the promised size, with everything planted where the truth says."""

import hashlib
import os
import re
import subprocess
import sys
from collections import Counter
from datetime import datetime, timedelta

import pytest

from pipeline.demo.personal import KINDS, checksum
from pipeline.demo.phrases import read_sheets
from pipeline.demo.places import SLOTS
from pipeline.demo.specials import LONG_CHARS, REPOSTS, WITH_LOOKALIKE
from pipeline.demo.town import CST, DAYS, generate

NOW = datetime(2026, 11, 22, 18, 0, tzinfo=CST)


@pytest.fixture(scope="module")
def town():
    return generate(1, NOW)


@pytest.fixture(scope="module")
def shown(town):
    return town.visible(NOW)


def test_the_same_seed_and_moment_give_the_same_town(town):
    assert generate(1, NOW) == town
    assert generate(2, NOW).posts != town.posts


def test_another_process_tells_the_same_town(town):
    code = (
        "import hashlib; from datetime import datetime; from pipeline.demo.town import CST, generate;"
        "town = generate(1, datetime(2026, 11, 22, 18, tzinfo=CST));"
        "print(hashlib.sha256(repr(town.posts).encode()).hexdigest())"
    )
    for seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True)
        assert told.stdout.strip() == hashlib.sha256(repr(town.posts).encode()).hexdigest()


@pytest.mark.parametrize("seed", [1, 2, 3, 7])
@pytest.mark.parametrize("day", [datetime(2026, 11, 22, 9, tzinfo=CST), datetime(2027, 6, 2, 23, tzinfo=CST)])
def test_about_three_thousand_posts_in_sixty_days(seed, day):
    posts = generate(seed, day).visible(day)
    assert 2_700 <= len(posts) <= 3_300
    assert posts[0].at >= day - timedelta(days=DAYS)
    assert posts[-1].at > day - timedelta(hours=3)


def test_a_later_clock_shows_more_and_takes_nothing_back(town, shown):
    later = town.visible(NOW + timedelta(days=1))
    assert later[: len(shown)] == shown
    assert len(later) > len(shown) + 15


def test_times_are_whole_seconds_as_pages_show_them(town):
    assert not any(p.at.microsecond for p in town.posts)
    assert not any(p.answer.at.second or p.answer.at.microsecond for p in town.posts if p.answer)


def test_ids_are_unique_and_replies_follow_their_thread(town):
    assert len(town.by_id) == len(town.posts)
    for post in town.posts:
        if post.kind == "reply":
            assert town.by_id[post.thread].at <= post.at
            assert town.by_id[post.thread].path == post.path
        if post.quotes:
            assert town.by_id[post.quotes].at <= post.at
        if post.answer:
            assert timedelta(hours=8) < post.answer.at - post.at < timedelta(days=16)


def test_no_mark_of_a_template_is_left(town):
    for post in town.posts:
        if not post.trait:
            told = post.title + post.text + (post.answer.text if post.answer else "")
            assert not re.search(r"[{}|¶]", told), told
            assert post.text.strip()


def test_every_theme_is_talked_about_in_many_wordings(shown):
    messages = [p for p in shown if p.kind == "message" and not p.story]
    themes = Counter(p.theme for p in messages)
    assert len(themes) >= 20
    assert len({p.text for p in messages}) > 0.97 * len(messages)
    stances = Counter(p.stance for p in messages)
    assert set(stances) == {"complaint", "request", "question", "suggestion", "praise"}


def test_each_sheet_knows_only_known_slots_and_has_its_sections():
    known = set(SLOTS) | {"标题", "单位", "月日", "明日", "年份"}
    for sheet in read_sheets().values():
        for name, lines in sheet.sections.items():
            for line in lines:
                for slot in re.findall(r"\{([^{}]+)\}", line.title + line.body):
                    assert slot.rstrip("23") in known, (sheet.name, name, slot)
        if "分量" in sheet.facts:
            assert {"帖子", "追加", "跟帖", "答复"} <= set(sheet.sections)


def test_the_stories_have_their_shapes(town, shown):
    burst = town.of_story("story_water_cut")
    days = Counter(p.at.date() for p in burst)
    assert sum(n for d, n in days.items() if 9 <= (NOW.date() - d).days <= 11) > 0.75 * len(burst) > 45
    fresh = [p for p in shown if p.story == "story_heating"]
    assert len(fresh) >= 50 and min(p.at for p in fresh) > NOW - timedelta(hours=42)
    assert sum(p.at.date() == NOW.date() for p in fresh) >= 20
    bus = [p for p in shown if p.story == "story_school_bus"]
    weeks = Counter(min(3, int((NOW - p.at) / timedelta(days=7))) for p in bus)
    assert weeks[3] < weeks[1] and weeks[2] < weeks[0]
    for name in ("story_bus_line", "story_canteen"):
        praised = [p for p in town.of_story(name) if p.site != "news"]
        assert len(praised) >= 15
        assert sum(p.stance == "praise" for p in praised) > len(praised) / 2


def test_summer_has_its_own_fresh_story():
    july = datetime(2026, 7, 20, 18, 0, tzinfo=CST)
    town = generate(1, july)
    assert len([p for p in town.visible(july) if p.story == "story_outage"]) >= 40
    assert not any(p.theme == "heating" for p in town.posts)


def test_personal_data_stands_where_the_truth_says(town, shown):
    bearers = [p for p in shown if p.personal]
    assert len(bearers) >= 40
    assert {x.kind for p in bearers for x in p.personal} == set(KINDS)
    for post in bearers:
        for item in post.personal:
            assert item.value in post.text
            if item.kind == "id_card":
                assert re.fullmatch(r"\d{17}[\dX]", item.value) and checksum(item.value[:17]) == item.value[17]
    alike = [p for p in town.posts if p.lookalikes]
    assert len(alike) == WITH_LOOKALIKE
    assert all(x in p.text for p in alike for x in p.lookalikes)


def test_the_checksum_of_identity_cards_is_the_published_one():
    # The worked example of GB 11643-1999.
    assert checksum("11010519491231002") == "X"


def test_notices_are_reposted_with_small_edits(town, shown):
    copies = [p for p in shown if p.copy_of]
    assert len(copies) == REPOSTS >= 30
    for copy in copies:
        original = town.by_id[copy.copy_of]
        assert original.at < copy.at
        common = set(original.text) & set(copy.text)
        assert len(common) > 0.9 * len(set(original.text))
    assert sum(p.text != town.by_id[p.copy_of].text for p in copies) > 20


def test_the_odd_posts_are_all_there(shown):
    odd = {p.trait: p for p in shown if p.trait}
    assert set(odd) == {"hostile", "invisible", "empty", "long", "members", "locked", "sticky"}
    assert odd["empty"].text == ""
    assert len(odd["long"].text) == LONG_CHARS
    for mark in ("<script>", "onerror=", "javascript:", "=HYPERLINK"):
        assert mark in odd["hostile"].text
    assert "\u202e" in odd["invisible"].text and "\u200b" in odd["invisible"].text


def test_people_write_by_day_and_more_on_weekdays(shown):
    told = [p for p in shown if p.kind == "message" and not p.story]
    hours = Counter(p.at.hour for p in told)
    assert sum(hours[h] for h in (1, 2, 3, 4)) < 0.04 * len(told) < hours[9] + hours[20]
    days = Counter(p.at.weekday() for p in told)
    assert days[0] + days[1] > days[5] + days[6]
