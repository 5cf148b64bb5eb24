"""Official replies to the posts of a case: linked once, proposed, and never acted on without a person."""

from datetime import timedelta
from pathlib import Path

import pytest

from config.errors import ConfigError
from config.project import Project
from pipeline.cases.acting import accept, dismiss, move
from pipeline.cases.opening import Asked, open_case
from pipeline.cases.replies import CRAWLER, link_replies
from tests.pipeline.cased import (
    DAY,
    HOUR,
    NOW,
    by,
    course_of,
    held,
    opened_by_hand,
    put_event,
    put_posts,
    reply_to,
    rows_of,
)  # fmt: skip
from tests.stores import Stores

LATER = NOW + DAY


@pytest.fixture
def project(tmp_path: Path, stores: Stores) -> Project:
    return stores.project(tmp_path)


def test_a_found_reply_is_linked_once_and_only_proposes(project: Project) -> None:
    (one,) = put_posts(project, 1)
    case = open_case(project, Asked("post", one), by()).case
    assert link_replies(project, now=LATER) == ""
    reply_to(project, one, at=NOW + 5 * HOUR)
    assert link_replies(project, now=LATER) == f"1 件清单事项有了官方答复：{case.number}"
    (found,) = held(project)
    assert (found.state, found.proposed, found.proposed_at) == ("pending", "answered", NOW + 5 * HOUR)
    assert (found.posts[0].reply_unit, found.posts[0].replied_at) == ("自来水公司", NOW + 5 * HOUR)
    assert course_of(project, case.number)[-1].who == CRAWLER
    before = rows_of(project)
    assert link_replies(project, now=LATER + HOUR) == ""
    assert rows_of(project) == before


def test_accepted_it_counts_from_the_time_of_the_reply(project: Project) -> None:
    (one,) = put_posts(project, 1)
    case = open_case(project, Asked("post", one), by()).case
    reply_to(project, one, at=NOW + 5 * HOUR)
    link_replies(project, now=NOW + 30 * DAY)
    done = accept(project, case.number, by("李四", now=NOW + 30 * DAY))
    assert (done.state, done.answered_at, done.on_time, done.proposed) == ("answered", NOW + 5 * HOUR, True, "")
    assert course_of(project, case.number)[-1].why == "官方已答复"
    with pytest.raises(ConfigError, match="没有待采纳"):
        accept(project, case.number, by())


@pytest.mark.parametrize("at", [None, NOW - 300 * DAY, NOW + 300 * DAY])
def test_a_time_of_the_reply_that_cannot_be_is_not_counted(project: Project, at: object) -> None:
    (one,) = put_posts(project, 1)
    case = open_case(project, Asked("post", one), by()).case
    reply_to(project, one, at=at)  # type: ignore[arg-type]
    assert link_replies(project, now=LATER)
    done = accept(project, case.number, by(now=LATER))
    assert done.answered_at is not None and NOW <= done.answered_at <= LATER


def test_not_accepted_it_is_not_proposed_again_until_the_reply_changes(project: Project) -> None:
    (one,) = put_posts(project, 1)
    case = open_case(project, Asked("post", one), by()).case
    reply_to(project, one, at=NOW + HOUR, text="已转有关单位")
    link_replies(project, now=LATER)
    with pytest.raises(ConfigError, match="要写明理由"):
        dismiss(project, case.number, by())
    left = dismiss(project, case.number, by(now=LATER, why="只是转办"))
    assert (left.state, left.proposed) == ("pending", "")
    assert link_replies(project, now=LATER + HOUR) == ""
    reply_to(project, one, at=NOW + 2 * DAY, text="管道已换")
    assert link_replies(project, now=NOW + 3 * DAY)
    assert held(project)[0].proposed == "answered"


def test_what_was_replied_before_the_opening_is_linked_and_proposes_nothing(project: Project) -> None:
    (one,) = put_posts(project, 1)
    reply_to(project, one, at=NOW - HOUR)
    case = open_case(project, Asked("post", one), by()).case
    assert case.posts[0].replied_at == NOW - HOUR
    assert link_replies(project, now=LATER) == ""
    assert held(project)[0].proposed == ""


def test_a_reply_to_a_later_post_of_the_event_counts(project: Project) -> None:
    posts = put_posts(project, 5)
    put_event(project, "e" * 32, posts)
    case = open_case(project, Asked("event", "e" * 32), by()).case
    assert posts[4] not in [link.id for link in case.posts]
    reply_to(project, posts[4], at=NOW + HOUR)
    assert link_replies(project, now=LATER)
    (found,) = held(project)
    assert found.posts[-1].id == posts[4] and found.proposed == "answered"


def test_an_official_reply_that_is_a_post_of_its_own_counts(project: Project) -> None:
    (one,) = put_posts(project, 1)
    case = open_case(project, Asked("post", one), by()).case
    put_posts(
        project,
        1,
        first=50,
        kind="official_reply",
        parent_id=one,
        text="已修好",
        published_ms=int((NOW + HOUR).timestamp() * 1000),
    )
    put_posts(project, 1, first=60, kind="reply", parent_id=one, text="我也是")
    assert link_replies(project, now=LATER)
    (found,) = held(project)
    assert (found.proposed_at, len(found.posts)) == (NOW + HOUR, 1)
    assert found.number == case.number


def test_of_an_answered_case_it_is_linked_only_and_of_an_ended_one_not_at_all(project: Project) -> None:
    posts = put_posts(project, 2)
    answered = open_case(project, Asked("post", posts[0], unit="住建局"), by()).case
    ended = open_case(project, Asked("post", posts[1]), by()).case
    move(project, answered.number, "assigned", by())
    move(project, answered.number, "answered", by())
    move(project, ended.number, "declined", by(why="不属本县"))
    for one in posts:
        reply_to(project, one, at=NOW + HOUR)
    assert answered.number in link_replies(project, now=LATER)
    by_number = {one.number: one for one in held(project)}
    assert by_number[answered.number].proposed == "" and by_number[answered.number].posts[0].reply
    assert by_number[ended.number].posts[0].reply == ""


def test_moving_by_hand_settles_what_was_proposed(project: Project) -> None:
    (one,) = put_posts(project, 1)
    case = open_case(project, Asked("post", one), by()).case
    reply_to(project, one, at=NOW + HOUR)
    link_replies(project, now=LATER)
    assert move(project, case.number, "assigned", by(now=LATER)).proposed == ""


def test_cases_without_posts_cost_nothing(project: Project) -> None:
    opened_by_hand(project)
    assert link_replies(project, now=NOW + timedelta(days=1)) == ""
