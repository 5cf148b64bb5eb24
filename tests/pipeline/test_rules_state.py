"""What rules remember, on each database: nothing is told twice, nothing is lost, however an evaluation ends."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, func, insert, select, update

from config.project import Project
from config.rules import AnyKind
from crawlers.record import to_json
from crawlers.schema import annotation, revision
from crawlers.store import opened, read, write
from pipeline.events.model import Flag
from pipeline.events.rows import flag_row
from pipeline.events.tables import flag
from pipeline.query.asked import midnight
from pipeline.query.times import milliseconds
from pipeline.rules.evaluate import evaluate_rules
from pipeline.rules.looking import Look
from pipeline.rules.memory import silence
from pipeline.rules.silence import next_exponent, silent_s
from pipeline.rules.tables import rule_arrival, rule_firing, rule_mark, rule_seen, rule_state
from tests.pipeline.ruled import DAY, HOUR, NOW, KilledError, Outbox, Said, index, look, put, reported, rule, write_rule
from tests.stores import Stores

TEXT = "kind: frequency\nquery: 停水\nnum_events: 3\nwindow: 6h\nrealert: 2h\n"
RULE = rule(TEXT)


@pytest.fixture
def project(tmp_path: Path, stores: Stores) -> Project:
    return stores.project(tmp_path)


def at(*ago: float, first: int = 100) -> list[Said]:
    return [Said(first + n, NOW - HOUR * h) for n, h in enumerate(ago)]


def counted(project: Project, table: object) -> int:
    with opened(project) as store, read(store) as connection:
        return int(connection.execute(select(func.count()).select_from(table)).scalar_one())  # type: ignore[call-overload]


def test_evaluating_again_tells_nothing_again(project: Project) -> None:
    put(project, at(1, 2, 3))
    (alert,) = look(project, RULE)
    for later in (0, 1, 10_000):
        assert look(project, RULE, now=NOW + timedelta(seconds=later)) == []
    with opened(project) as store, write(store) as connection:  # all is forgotten but what was raised
        for table in (rule_mark, rule_state, rule_arrival):
            connection.execute(delete(table))
    assert look(project, RULE) == []
    with opened(project) as store, write(store) as connection:
        for table in (rule_mark, rule_state, rule_arrival, rule_firing):
            connection.execute(delete(table))
    assert [one.id for one in look(project, RULE)] == [alert.id]


def test_a_process_that_dies_while_it_hands_over_has_told_nothing(project: Project) -> None:
    put(project, at(1, 2, 3))
    dying = Outbox(dies=True)
    with pytest.raises(KilledError):
        look(project, RULE, outbox=dying)
    assert [counted(project, table) for table in (rule_firing, rule_state, rule_seen, rule_mark)] == [0] * 4
    outbox = Outbox()
    (alert,) = look(project, RULE, outbox=outbox, now=NOW + timedelta(minutes=1))
    assert outbox.alerts == [alert]


def test_dying_after_the_first_of_two_rules_leaves_that_one_told(project: Project) -> None:
    put(project, at(1, 2, 3))
    other = rule("name: b\n" + TEXT)
    outbox, once = Outbox(), []

    def send(connection: object, alerts: object) -> None:
        if once:
            raise KilledError
        once.append(1)

    outbox.send = send  # type: ignore[method-assign, assignment]
    with pytest.raises(KilledError):
        look(project, RULE, other, outbox=outbox)
    assert [one.rule for one in look(project, RULE, other, now=NOW + timedelta(minutes=1))] == ["b"]


def test_two_processes_that_judge_at_once_tell_it_once(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    put(project, at(1, 2, 3))
    outbox, plain = Outbox(), Look.candidates

    def overtaken(self: Look, rules: Sequence[AnyKind]) -> object:
        """Between the look and what it tells, another process does all of it."""
        found = list(plain(self, rules))
        monkeypatch.setattr(Look, "candidates", plain)
        assert len(look(project, RULE, outbox=outbox)) == 1
        return found

    monkeypatch.setattr(Look, "candidates", overtaken)
    assert look(project, RULE, outbox=outbox) == []
    assert len(outbox.alerts) == counted(project, rule_firing) == 1


def test_late_posts_count_where_they_belong(project: Project) -> None:
    put(project, at(30, 28, first=1))
    assert look(project, RULE) == []
    put(project, [Said(3, NOW - 27 * HOUR, collected=NOW + HOUR)])  # published before the last look
    (alert,) = look(project, RULE, now=NOW + HOUR)
    assert alert.since == NOW - 30 * HOUR and alert.until < NOW - 26 * HOUR
    assert look(project, RULE, now=NOW + 9 * HOUR) == []


def test_posts_later_than_the_rule_allows_are_history(project: Project) -> None:
    assert look(project, RULE) == []
    put(project, [Said(n, NOW - 4 * DAY - HOUR * n) for n in range(3)])
    assert look(project, RULE, now=NOW + HOUR) == []
    put(project, [Said(10 + n, NOW - 2 * DAY - HOUR * n) for n in range(3)])
    assert len(look(project, RULE, now=NOW + HOUR)) == 1


def test_a_post_that_was_indexed_long_after_it_landed_is_not_missed(project: Project) -> None:
    slow = at(3, 2)
    put(project, slow, indexed=False)
    put(project, at(1, first=200))
    assert look(project, RULE) == []
    with opened(project) as store, write(store) as connection:
        connection.execute(update(annotation).values(status="indexed"))
    index(project, slow, 1)
    assert len(look(project, RULE, now=NOW + timedelta(minutes=5))) == 1


def test_an_edited_post_is_no_new_one(project: Project) -> None:
    wanted = rule("kind: any\nquery: 停水\nrealert: 0\n")
    put(project, at(0.5))
    assert len(look(project, wanted)) == 1
    put(project, at(0.5))  # lands again
    assert look(project, wanted, now=NOW + HOUR) == []


def test_a_new_rule_looks_back_for_its_window_only(project: Project) -> None:
    put(project, at(20, 19, 18))
    assert look(project, RULE) == []
    put(project, at(5, 4, 3, first=200))
    assert len(look(project, rule("name: new\n" + TEXT))) == 1


def test_realert_doubles_while_it_goes_on_and_falls_when_it_ends(project: Project) -> None:
    wanted = rule(TEXT + "exponential_realert: 8h\nquery_key: source\n")
    fired = []
    for step in range(48 * 4):  # a post each quarter of an hour for two days
        now = NOW + timedelta(minutes=15 * step)
        put(project, [Said(1000 + step, now)]) if step % 4 == 0 else None
        if look(project, wanted, now=now):
            fired.append((now - NOW) / HOUR)
    gaps = [b - a for a, b in zip(fired, fired[1:], strict=False)]
    assert fired[0] == 2
    assert gaps == [2, 4, 8, 8, 8, 8]
    quiet = NOW + 10 * DAY
    put(project, [Said(5000 + n, quiet - HOUR * n) for n in range(3)])
    assert len(look(project, wanted, now=quiet)) == 1
    with opened(project) as store, read(store) as connection:
        assert connection.execute(select(rule_state.c.exponent)).scalar_one() == 0


@given(st.floats(1, 1e6), st.floats(1, 64), st.lists(st.floats(0, 1e7), max_size=30))
def test_back_off_stays_between_realert_and_its_bound_and_never_jumps(
    realert: float, times: float, gaps: list[float]
) -> None:
    most, exponent, before = realert * times, 0, realert
    for gap in gaps:
        following = next_exponent(realert, most, exponent, gap)
        silent = silent_s(realert, most, following)
        assert realert <= silent <= most
        assert following <= exponent + 1
        assert silent <= before * 2 + 1e-6  # doubles at most
        if gap < silent_s(realert, most, exponent):
            assert silent >= before  # goes on: never shorter
        if gap > 2 * most * (exponent + 2):
            assert following == 0  # long quiet: as at first
        exponent, before = following, silent


@given(st.floats(1, 1e6), st.integers(0, 100), st.floats(0, 1e9))
def test_without_a_bound_silence_is_always_the_same(realert: float, exponent: int, gap: float) -> None:
    assert silent_s(realert, None, next_exponent(realert, None, exponent, gap)) == realert


def a_flag(number: int, **more: object) -> Flag:
    day = NOW.date()
    made = Flag(
        id=f"{number:032x}", kind="event", series=f"e{number}", label="丽景新城 搅拌站\r\n<b>", query="停水", since_day=day,
        until_day=day, count=5, expected=0.1, probability=1e-6, adjusted=1e-4, voices=5, negative_share=0.8, phrases=[],
        level="yellow", rule="黄：5 个声音", flagged_at=NOW, event_id=f"e{number}", posts=[f"{7:032x}"], similar=[], duty="",
    )  # fmt: skip
    return replace(made, **more)  # type: ignore[arg-type]


def raise_flags(project: Project, *some: Flag) -> None:
    with opened(project) as store, write(store) as connection:
        connection.execute(insert(flag), [flag_row(one) for one in some])


def test_flags_are_told_once_also_those_that_bear_an_earlier_time(project: Project) -> None:
    wanted = rule("kind: event\nlevel: yellow\n")
    raise_flags(project, a_flag(1), a_flag(2, level="blue"))
    (alert,) = look(project, wanted)
    assert (alert.level, alert.flag_id, alert.event_id) == ("yellow", f"{1:032x}", "e1")
    assert alert.since == midnight(NOW.date())
    assert not set(alert.title) & set("\r\n")
    raise_flags(project, a_flag(3, flagged_at=NOW - 2 * DAY, level="red"), a_flag(4, flagged_at=NOW - 30 * DAY))
    (late,) = look(project, wanted, now=NOW + HOUR)
    assert late.flag_id == f"{3:032x}" and late.level == "red"
    assert look(project, wanted, now=NOW + 2 * HOUR) == []


def test_flags_in_the_silence_wait_and_those_of_other_matters_do_not(project: Project) -> None:
    wanted = rule("kind: event\nquery_key: event\nrealert: 6h\nflags: event\n")
    raise_flags(project, a_flag(1), a_flag(2, kind="topic", series="water", event_id=""))
    assert [a.key for a in look(project, wanted)] == ["e1"]
    raise_flags(project, a_flag(3, event_id="e1", flagged_at=NOW + HOUR), a_flag(4, flagged_at=NOW + HOUR))
    assert [a.flag_id[-1] for a in look(project, wanted, now=NOW + HOUR)] == ["4"]
    assert [a.flag_id[-1] for a in look(project, wanted, now=NOW + 7 * HOUR)] == ["3"]


def test_flags_may_be_narrowed_by_a_query(project: Project) -> None:
    put(project, [Said(1, NOW + HOUR, "停水 了"), Said(2, NOW + HOUR, "路灯 坏 了")])
    raise_flags(project, a_flag(1), a_flag(2, query="路灯"))
    assert [a.flag_id[-1] for a in look(project, rule("kind: event\nquery: source:board 停水\n"))] == ["1"]


def answered(project: Project, one: Said, text: str | None, *, was: str | None, when: float) -> None:
    """The office says `text` where it had said `was`."""
    with opened(project) as store, write(store) as connection:
        number = connection.execute(select(func.count()).select_from(revision)).scalar_one() + 1
        row = {
            "post_id": one.id, "revision": number, "replaced_ms": milliseconds(NOW + HOUR * when),
            "record": to_json(replace(one, official=was).record()),
        }  # fmt: skip
        connection.execute(insert(revision), row)
    put(project, [replace(one, official=text)])


def test_a_change_of_the_official_state_is_told_once(project: Project) -> None:
    wanted = rule("kind: change\nquery: 停水\nfrom: 办理中\nto: 已回复\n")
    revised = rule("name: again\nkind: change\nfrom: replied\nto: revised\n")
    first, second, other = Said(1, NOW - 5 * DAY), Said(2, NOW - DAY), Said(3, NOW - DAY, "路灯 坏 了")
    put(project, [first, second, other, Said(4, NOW - DAY, official="一开始就有")])
    assert look(project, wanted, revised) == []
    answered(project, first, "已修复", was=None, when=1)
    answered(project, other, "已修复", was=None, when=1)
    (alert,) = look(project, wanted, revised, now=NOW + 2 * HOUR)
    assert (alert.rule, alert.posts, alert.figures[0][1]) == ("r", [first.id], "1")
    assert look(project, wanted, revised, now=NOW + 3 * HOUR) == []
    answered(project, first, "改为明天修复", was="已修复", when=4)
    assert [a.rule for a in look(project, wanted, revised, now=NOW + 5 * HOUR)] == ["again"]


def test_what_a_person_silenced_stays_silent_and_flags_come_afterwards(project: Project) -> None:
    wanted = rule("kind: event\n")
    with opened(project) as store, write(store) as connection:
        silence(connection, "r", milliseconds(NOW + 3 * HOUR))
        silence(connection, "r", milliseconds(NOW + 2 * HOUR))
    raise_flags(project, a_flag(1))
    assert reported(project, wanted).held == 1
    with opened(project) as store, read(store) as connection:
        assert connection.execute(select(rule_mark.c.silenced_ms)).scalar_one() == milliseconds(NOW + 2 * HOUR)
    assert len(look(project, wanted, now=NOW + 2 * HOUR)) == 1


def test_a_rule_that_cannot_be_judged_stops_no_other_and_says_why(project: Project) -> None:
    broken = rule("name: broken\n" + TEXT).model_copy(update={"query": "(停水"})
    put(project, at(1, 2, 3))
    report = reported(project, broken, RULE)
    assert [a.rule for a in report.alerts] == ["r"]
    assert set(report.faults) == {"broken"}
    mended = rule("name: broken\n" + TEXT)
    assert len(look(project, mended, now=NOW + HOUR)) == 1  # nothing was lost meanwhile


def test_the_whole_of_it_as_the_schedule_calls_it(project: Project) -> None:
    groups = "groups:\n  值班:\n    people: [{name: 值班员, address: zhiban@example.gov.cn}]\n"
    (project.root / "config" / "groups.yaml").write_text(groups, encoding="utf-8")
    write_rule(project, "name: 停水\ndescription: 停水的留言\n" + TEXT + "groups: [值班]\nquiet: '22:00-07:00'\n")
    put(project, at(1, 2, 3))
    outbox = Outbox()
    told = evaluate_rules(project, now=NOW, send=outbox.send)
    assert "1 条" in told and "停水" in told
    (alert,) = outbox.alerts
    assert (alert.title, alert.delivery.groups, alert.delivery.quiet) == ("停水的留言：3 条", ("值班",), "22:00-07:00")
    assert evaluate_rules(project, now=NOW, send=outbox.send) == ""
    write_rule(project, "name: x\nkind: zzz\n", "broken")
    with pytest.raises(Exception, match="broken.yaml:2"):
        evaluate_rules(project, now=NOW, send=outbox.send)


def test_what_is_old_is_forgotten_and_told_no_second_time(project: Project) -> None:
    put(project, at(1, 2, 3))
    assert len(look(project, RULE)) == 1
    assert look(project, RULE, now=NOW + 9 * DAY) == []
    assert counted(project, rule_arrival) == 0
    assert look(project, RULE, now=NOW + 9 * DAY + HOUR) == []
