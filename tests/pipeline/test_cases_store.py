"""Cases in the store, of each kind: opened once, moved only as allowed, every step kept, made anew from the steps."""

import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError

from config.errors import ConfigError, QingyuError
from config.project import Project
from config.workdays import SHANGHAI
from crawlers.store import opened, write
from pipeline.cases.acting import Assignment, accept, assign, extend, move, note
from pipeline.cases.keeping import cases_at, find_case, keep, rebuild
from pipeline.cases.model import Case, CaseChangedError, State
from pipeline.cases.moves import MOVES, state_of
from pipeline.cases.opening import Asked, open_case
from pipeline.cases.standing import case_lines
from pipeline.retention import enforce
from tests.pipeline.cased import (
    DAY,
    HOUR,
    NOW,
    by,
    course_of,
    held,
    merge_event,
    opened_by_hand,
    post_id,
    put_event,
    put_flag,
    put_posts,
    rows_of,
    with_settings,
)
from tests.pipeline.commanding import environment
from tests.stores import Stores

E1, E2, F1 = "e" * 32, "d" * 32, "f" * 32


@pytest.fixture
def project(tmp_path: Path, stores: Stores) -> Project:
    return stores.project(tmp_path)


def moved(project: Project, case: Case, *states: State) -> Case:
    for hour, state in enumerate(states, start=1):
        case = move(project, case.number, state, by(now=NOW + hour * HOUR, why="理由"))
    return case


def test_opened_from_a_post_it_takes_what_the_annotation_knows(project: Project) -> None:
    (one,) = put_posts(project, 1)
    case = open_case(project, Asked("post", one), by()).case
    assert (case.number, case.state, case.version) == ("2025-清单-0001", "pending", 1)
    assert (case.title, case.unit, case.category, case.place) == (
        "滨河苑停水第1天",
        "自来水公司",
        "construction",
        "chengguan",
    )
    assert (case.clock, case.measure, case.started_at) == ("ordinary", "workdays", NOW)
    assert case.deadline_at == datetime(2025, 10, 1, tzinfo=SHANGHAI)
    assert [link.id for link in case.posts] == [one]
    assert held(project) == [case]


def test_opened_from_an_event_and_its_flag(project: Project) -> None:
    posts = put_posts(project, 4)
    put_event(project, E1, posts)
    put_flag(project, F1, event_id=E1, level="red", posts=posts[:1])
    case = open_case(project, Asked("event", E1), by()).case
    assert (case.title, case.level, case.clock, case.unit) == ("滨河苑 停水", "red", "urgent", "自来水公司")
    assert case.deadline_at == NOW + 24 * HOUR
    assert [link.id for link in case.posts] == posts[:2]
    found = open_case(project, Asked("flag", F1, title="停水一事", clock="复杂事项"), by())
    assert found.new and found.related == [case.number]
    assert (found.case.title, found.case.clock, found.case.event_id) == ("停水一事", "complex", E1)


def test_only_one_case_on_the_list_for_the_same_origin(project: Project) -> None:
    (one,) = put_posts(project, 1)
    first = open_case(project, Asked("post", one), by()).case
    again = open_case(project, Asked("post", one, title="别的"), by("李四"))
    assert (again.new, again.case) == (False, first)
    moved(project, first, "declined")
    new = open_case(project, Asked("post", one), by())
    assert new.new and new.case.number == "2025-清单-0002" and list(new.earlier) == [first.number]
    with pytest.raises(ConfigError, match="2025-清单-0002"):
        move(project, first.number, "pending", by(why="重新受理"))


def test_an_event_that_was_merged_is_the_same_origin(project: Project) -> None:
    posts = put_posts(project, 2)
    put_event(project, E1, posts[:1])
    put_event(project, E2, posts[1:])
    first = open_case(project, Asked("event", E1), by()).case
    merge_event(project, E1, E2)
    assert open_case(project, Asked("event", E2), by()).case == first
    assert open_case(project, Asked("event", E1), by()).case == first


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (Asked("hand"), "没有写事项名称"),
        (Asked("post", "nothing"), "没有编号为 nothing 的帖子"),
        (Asked("event", E1), "没有编号为 e+ 的事件"),
        (Asked("flag", F1), "没有编号为 f+ 的预警"),
        (Asked("hand", title="t", category="politics"), "没有类别"),
        (Asked("hand", title="t", level="black"), "没有级别"),
        (Asked("hand", title="t", place="mars"), "没有地点"),
        (Asked("hand", title="t", unit="自来水"), "自来水公司"),
        (Asked("hand", title="t", clock="slow"), "没有时限"),
        (Asked("hand", title="长" * 121), "最多 120 字"),
        (Asked("hand", title="t", deadline=NOW - HOUR), "已经过去"),
        (Asked("hand", title="t", deadline=NOW + 400 * DAY), "一年以后"),
    ],
)
def test_what_cannot_be_opened_leaves_nothing(project: Project, asked: Asked, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        open_case(project, asked, by())
    assert held(project) == []
    assert opened_by_hand(project).number == "2025-清单-0001"


def test_numbers_count_by_year_of_the_town(project: Project) -> None:
    new_year = datetime(2026, 1, 1, tzinfo=SHANGHAI)
    numbers = [opened_by_hand(project, now=at).number for at in (NOW, NOW, new_year - HOUR, new_year, new_year)]
    assert numbers == ["2025-清单-0001", "2025-清单-0002", "2025-清单-0003", "2026-清单-0001", "2026-清单-0002"]
    with opened(project) as store, write(store) as connection:
        for said in ("2025-清单-0003", " 2025-3", "２０２５-３", "3"):
            assert find_case(connection, said, now=NOW).number == "2025-清单-0003"
        for said in ("4", "2027-1", "清单", "'; drop"):
            with pytest.raises(ConfigError, match="没有编号"):
                find_case(connection, said, now=NOW)


def test_the_whole_way_and_back(project: Project) -> None:
    case = opened_by_hand(project)
    case = assign(project, case.number, Assignment("自来水公司"), by())
    assert (case.state, case.unit) == ("assigned", "自来水公司")
    case = moved(project, case, "working", "answered")
    assert case.answered_at == NOW + 2 * HOUR and case.on_time
    case = move(project, case.number, "working", by(now=NOW + 3 * HOUR, why="没说清楚"))
    assert case.answered_at is None
    case = move(project, case.number, "answered", by(now=NOW + 40 * DAY), answer="管道已更换\n水压正常")
    assert not case.on_time and case.answer == "管道已更换\n水压正常"
    case = move(project, case.number, "finished", by(now=NOW + 41 * DAY))
    case = move(project, case.number, "closed", by(now=NOW + 42 * DAY))
    assert (case.finished_at, case.ended_at) == (NOW + 41 * DAY, NOW + 42 * DAY)
    case = move(project, case.number, "working", by(now=NOW + 50 * DAY, why="又停水了"))
    assert (case.answered_at, case.finished_at, case.ended_at) == (None, None, None)
    assert case.started_at == NOW + 50 * DAY < case.deadline_at
    assert [one.act for one in course_of(project, case.number)] == [
        *("opened", "assigned", "moved", "answered", "moved", "answered", "moved", "moved", "moved")
    ]
    assert all(one.who == "张三" for one in course_of(project, case.number))


def test_only_declared_moves_are_taken_and_reasons_are_asked_for(project: Project) -> None:
    case = opened_by_hand(project)
    with pytest.raises(ConfigError, match=r"现为 待研判，不能改为 已办结；可以改为：已交办、已反馈、不予受理"):
        move(project, case.number, "finished", by())
    with pytest.raises(ConfigError, match="还没有责任单位"):
        move(project, case.number, "assigned", by())
    with pytest.raises(ConfigError, match="要写明理由"):
        move(project, case.number, "declined", by(why="  "))
    with pytest.raises(ConfigError, match="没有写是谁"):
        move(project, case.number, "declined", by(" ", why="不属本县"))
    assert held(project) == [case] and len(course_of(project, case.number)) == 1


def test_every_declared_move_is_taken(project: Project) -> None:
    ways: dict[State, list[State]] = {"pending": []}
    frontier: list[State] = ["pending"]
    while frontier:
        state = frontier.pop(0)
        for before, following in MOVES:
            if before == state and following not in ways:
                ways[following] = [*ways[state], following]
                frontier.append(following)
    for before, following in MOVES:
        case = opened_by_hand(project, unit="住建局")
        assert moved(project, case, *ways[before], following).state == following


def test_states_have_names_in_both_languages() -> None:
    assert state_of(" 办理中 ") == state_of("WORKING") == state_of("in work") == "working"
    with pytest.raises(ConfigError, match="已销号（closed）"):
        state_of("删除")


def test_giving_it_to_another_unit(project: Project) -> None:
    case = opened_by_hand(project, unit="住建局")
    case = moved(project, case, "assigned", "working")
    with pytest.raises(ConfigError, match="改派要写明理由"):
        assign(project, case.number, Assignment("城管局"), by())
    case = assign(project, case.number, Assignment("城管局", level="red"), by(now=NOW + 3 * HOUR, why="不归住建"))
    assert (case.state, case.unit, case.level) == ("assigned", "城管局", "red")
    again = assign(project, case.number, Assignment("城管局"), by(now=NOW + 4 * HOUR))
    assert again == case  # nothing to change, nothing kept
    case = moved(project, case, "answered")
    with pytest.raises(ConfigError, match="先退回再交办"):
        assign(project, case.number, Assignment("住建局"), by(why="理由"))


def test_another_deadline(project: Project) -> None:
    case = opened_by_hand(project)
    case = extend(project, case.number, "complex", by(why="牵涉几家"))
    assert (case.clock, case.deadline_at) == ("complex", datetime(2025, 10, 11, tzinfo=SHANGHAI))
    by_hand = datetime(2025, 10, 20, 17, tzinfo=SHANGHAI)
    assert extend(project, case.number, by_hand, by(why="等配件")).deadline_at == by_hand
    for to, why, said in (
        (by_hand, "", "要写明理由"),
        (NOW - HOUR, "x", "已经过去"),
        (NOW + 500 * DAY, "x", "一年以后"),
        ("slow", "x", "没有时限"),
    ):
        with pytest.raises(ConfigError, match=said):
            extend(project, case.number, to, by(why=why))
    with pytest.raises(ConfigError, match="已经过去"):
        extend(project, case.number, "urgent", by(now=NOW + 2 * DAY, why="x"))
    moved(project, case, "declined")
    with pytest.raises(ConfigError, match="不再计时"):
        extend(project, case.number, by_hand, by(why="x"))


def test_the_second_of_two_is_told_and_loses_nothing(project: Project) -> None:
    case = opened_by_hand(project, unit="住建局")
    seen = case.version
    move(project, case.number, "assigned", by("甲", version=seen))
    with pytest.raises(CaseChangedError, match="由 甲 改动了.*没有写入") as told:
        move(project, case.number, "declined", by("乙", why="不归本县", version=seen))
    assert told.value.case.state == "assigned"
    noted = note(project, case.number, "本想不予受理", by("乙", version=told.value.case.version))
    assert noted.version == 3
    assert [one.who for one in course_of(project, case.number)] == ["张三", "甲", "乙"]


def test_the_store_itself_takes_no_second_change_of_one_version(project: Project) -> None:
    case = opened_by_hand(project)
    (change,) = course_of(project, case.number)
    with opened(project) as store, pytest.raises(QingyuError) as refused, write(store) as connection:
        keep(connection, change)
    assert isinstance(refused.value.__cause__, IntegrityError)


def test_a_clock_that_was_set_back_makes_no_step_earlier(project: Project) -> None:
    case = opened_by_hand(project)
    case = note(project, case.number, "记", by(now=NOW - DAY))
    assert case.updated_at == NOW


def test_what_people_write_is_made_safe_and_personal_data_masked(project: Project) -> None:
    case = opened_by_hand(project, "停水\u202e\x1b[31m\n第二行 13812345678")
    assert case.title == "停水 [31m 第二行 [手机号]"
    case = note(project, case.number, "已联系\x00 身份证 11010519491231002X\r\n完", by("张\x1b三"))
    text = course_of(project, case.number)[-1].record["text"]
    assert "11010519491231002X" not in text and "\x00" not in text and text.endswith("\n完")
    assert course_of(project, case.number)[-1].who == "张 三"
    for said, fault in ((" \x00", "没有写内容"), ("长" * 4001, "最多 4000 字")):
        with pytest.raises(ConfigError, match=fault):
            note(project, case.number, said, by())


def test_rows_are_made_anew_from_the_changes(project: Project) -> None:
    posts = put_posts(project, 3)
    put_event(project, E1, posts)
    first = open_case(project, Asked("event", E1), by()).case
    moved(project, first, "assigned", "working", "answered", "finished", "closed")
    second = opened_by_hand(project)
    extend(project, second.number, "complex", by(why="x"))
    before = rows_of(project)
    with opened(project) as store:
        assert rebuild(store) == 2
    assert rows_of(project) == before


def test_as_it_stood_at_any_moment(project: Project) -> None:
    case = moved(project, opened_by_hand(project, unit="住建局"), "assigned", "working", "answered")
    later = opened_by_hand(project, "后来的", now=NOW + DAY)
    with opened(project) as store, write(store) as connection:
        stood = {hour: [one.state for one in cases_at(connection, NOW + hour * HOUR)] for hour in range(-1, 4)}
        assert cases_at(connection, NOW + 2 * DAY) == held(project) == [later, case]
    assert stood == {-1: [], 0: ["pending"], 1: ["assigned"], 2: ["working"], 3: ["answered"]}
    lines = case_lines(project)
    (then,) = lines(NOW + HOUR)
    assert (then.id, then.unit, then.state, then.overdue) == (case.number, "住建局", "已交办", False)
    moved_on = lines(NOW + 40 * DAY)
    assert [(one.id, one.state, one.overdue) for one in moved_on] == [
        (case.number, "已反馈", False),
        (later.number, "待研判", True),
    ]
    assert lines(NOW + HOUR) == [then]


def test_a_case_stays_when_its_posts_are_purged(project: Project) -> None:
    from pipeline.cases.quoting import quotations

    posts = put_posts(project, 2)
    case = open_case(project, Asked("post", posts[0]), by()).case
    (before,) = quotations(project, case, who="t")
    assert before.held and before.title == "滨河苑停水第1天" and "停水" in before.text
    enforce(project, now=NOW + 1200 * DAY)
    (found,) = held(project)
    assert found == case
    (gone,) = quotations(project, found, who="t")
    assert (gone.held, gone.title, gone.text, gone.url) == (False, "", "", "")
    with opened(project) as store:
        rebuild(store)
    assert held(project) == [case]
    assert moved(project, case, "assigned").state == "assigned"


def test_a_series_of_its_own(project: Project) -> None:
    opened_by_hand(project)
    renamed = with_settings(project, "series: 网信")
    assert opened_by_hand(renamed).number == "2025-网信-0002"


OPENER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from config.project import open_project
from pipeline.cases.acting import Assignment, assign, note
from pipeline.cases.model import Doing
from pipeline.cases.opening import Asked, open_case
project = open_project(Path(sys.argv[1]), {})
for n in range(int(sys.argv[2])):
    now = datetime(2025, 9, 26, 4, 0, tzinfo=UTC)
    case = open_case(project, Asked("hand", title=f"{sys.argv[3]}{n}"), Doing(sys.argv[3], now)).case
    shared = open_case(project, Asked("post", sys.argv[4]), Doing(sys.argv[3], now)).case
    assign(project, case.number, Assignment("住建局"), Doing(sys.argv[3], now))
    note(project, shared.number, f"{sys.argv[3]}{n}", Doing(sys.argv[3], now))
    print(n, flush=True)
"""


def start(project: Project, count: int, name: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", OPENER, str(project.root), str(count), name, post_id(1)]
    return subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE, text=True)


def whole(project: Project) -> list[Case]:
    """All cases; numbers have no gaps, no number stands twice, and the rows are what the changes make."""
    found = held(project)
    assert sorted(one.number for one in found) == [f"2025-清单-{n:04d}" for n in range(1, len(found) + 1)]
    before = rows_of(project)
    with opened(project) as store:
        rebuild(store)
    assert rows_of(project) == before
    return found


def test_two_processes_at_once_take_no_number_twice_and_open_no_matter_twice(project: Project) -> None:
    put_posts(project, 1)
    both = [start(project, 8, name) for name in ("甲", "乙")]
    for one in both:
        one.communicate(timeout=120)
    assert [one.returncode for one in both] == [0, 0]
    found = whole(project)
    assert len(found) == 17
    (shared,) = [one for one in found if one.origin == "post"]
    assert shared.version == 17  # opened once, and every note of both was kept


def test_killed_at_any_instant_nothing_is_half_written(project: Project) -> None:
    put_posts(project, 1)
    for round_ in range(4):
        running = start(project, 1000, f"第{round_}轮")
        assert running.stdout is not None
        running.stdout.readline()
        time.sleep(0.05 + 0.07 * round_)
        running.kill()
        running.communicate()
        found = whole(project)
        assert found
    assert opened_by_hand(project).number == f"2025-清单-{len(found) + 1:04d}"


def test_nothing_is_proposed_without_a_reply(project: Project) -> None:
    case = opened_by_hand(project)
    with pytest.raises(ConfigError, match="没有待采纳"):
        accept(project, case.number, by())


def test_the_time_must_be_aware(project: Project) -> None:
    with pytest.raises(ValueError, match="aware"):
        open_case(project, Asked("hand", title="t"), by(now=datetime(2025, 9, 26)))  # noqa: DTZ001
