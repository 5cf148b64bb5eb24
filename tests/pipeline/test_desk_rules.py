"""The verbs of 规则, on each database: what may be switched on, who may, what stays in the files."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from config.errors import AccessError, ConfigError
from config.project import Project
from crawlers.store import opened, write
from pipeline.access.model import Role
from pipeline.desk import rules as verbs
from pipeline.desk.desk import Desk
from pipeline.desk.rules import Past, Seen
from pipeline.events.verdicts import judge as judge_flag
from pipeline.rules.evaluate import evaluate, evaluate_rules
from pipeline.rules.fired import Fired
from pipeline.rules.reading import rules_of
from pipeline.rules.trials import digest_of
from tests.pipeline.ruled import DAY, HOUR, NOW, Outbox, Said, look, put, rule, write_rule
from tests.pipeline.seated import audited, seated
from tests.stores import Stores

VALUES: dict[str, Any] = {
    "name": "停水多", "kind": "frequency", "query": "停水", "num_events": 3, "window": "6h", "realert": "2h",
}  # fmt: skip
PAST = Past(4, NOW.date() - timedelta(days=1))
HAND = """# 手写的说明
- name: mine   # 名字旁的注释
  kind: any
  query: "停水"   # 引号留着
  # 中间的注释
  enabled: false
- name: other
  kind: any
"""


@pytest.fixture
def project(tmp_path: Path, stores: Stores) -> Project:
    return stores.project(tmp_path)


@pytest.fixture
def desk(project: Project) -> Iterator[Desk]:
    with ExitStack() as stack:
        yield stack.enter_context(seated(project, Role.ANALYST, now=NOW))


def seen(desk: Desk, name: str) -> Seen:
    return next(one for one in verbs.listed(desk) if one.rule.name == name)


def told(done: int, of: int) -> None:
    assert 0 <= done < of


def try_on_past(desk: Desk, values: dict[str, Any]) -> None:
    verbs.back_test(desk, values, PAST)(told)


def test_a_draft_is_tested_then_switched_on_and_the_same_run_sees_it(project: Project, desk: Desk) -> None:
    write_rule(project, "name: idle\nkind: any\nquery: 从来没有的词\n")
    put(project, [Said(n, NOW - 3 * DAY - n * HOUR) for n in range(1, 5)] + [Said(9, NOW - 60 * DAY)])
    name = verbs.keep_draft(desk, VALUES)
    path = project.config_dir / "rules" / "own-停水多.yaml"
    assert path.is_file() and not seen(desk, name).rule.enabled and seen(desk, name).drafted
    with pytest.raises(ConfigError, match="回测"):
        verbs.switch(desk, name, True)
    assert "enabled: false" in path.read_text(encoding="utf-8")
    outbox = Outbox()
    evaluate_rules(project, now=NOW, send=outbox.send)  # a project that was opened before the rule was on
    try_on_past(desk, VALUES)
    found = verbs.last_trial(desk, seen(desk, name).rule)
    assert found is not None and found.who == "张三" and found.alerts == len(found.firings) == 1
    assert [one.change for one in found.stricter][:2] == ["num_events: 4", "num_events: 5"]
    assert [one.alerts for one in found.looser] == [2, 2]  # four posts an hour apart, silent for two hours after each
    assert [one.alerts for one in found.stricter] == [1, 0, 0, 0]
    verbs.switch(desk, name, True)
    assert seen(desk, name).rule.enabled
    put(project, [Said(100 + n, NOW + n * HOUR) for n in range(1, 4)])
    evaluate_rules(project, now=NOW + 4 * HOUR, send=outbox.send)
    assert [one.rule for one in outbox.alerts] == [name]
    assert {("张三", "keep_draft"), ("张三", "back_test"), ("张三", "switch")} <= set(audited(desk))


def test_a_rule_reworded_since_was_not_tested(desk: Desk) -> None:
    name = verbs.keep_draft(desk, VALUES)
    try_on_past(desk, VALUES)
    assert verbs.draft(desk, VALUES | {"groups": [], "description": "别的话"}).tested  # when it fires is the same
    verbs.keep_draft(desk, VALUES | {"num_events": 2}, instead_of=name)
    assert not seen(desk, name).tested
    with pytest.raises(ConfigError, match="回测"):
        verbs.switch(desk, name, True)


def test_what_is_wrong_is_said_by_field_and_nothing_is_kept(project: Project, desk: Desk) -> None:
    faulty = {
        "name": "a/b",
        "kind": "frequency",
        "window": "x",
        "num_events": 0,
        "query": "停水 AND (",
        "groups": ["没有"],
    }
    found = verbs.draft(desk, faulty)
    assert found.rule is None and set(found.faults) == {"name", "window", "num_events"}
    found = verbs.draft(desk, faulty | {"name": "ab", "window": "1d", "num_events": 1})
    assert set(found.faults) == {"query", "groups"}
    assert "" in verbs.draft(desk, {"name": "m", "kind": "metric", "metric": "negative_share", "window": "1d"}).faults
    assert "kind" in verbs.draft(desk, {"name": "m", "kind": "nothing"}).faults
    for bad in (faulty, VALUES | {"name": "../x"}, VALUES | {"groups": ["没有"]}, VALUES | {"name": "new-event"}):
        with pytest.raises(ConfigError):
            verbs.keep_draft(desk, bad)
    assert not (project.config_dir / "rules").exists() or not list((project.config_dir / "rules").iterdir())
    verbs.keep_draft(desk, VALUES)
    with pytest.raises(ConfigError, match="已有"):
        verbs.keep_draft(desk, VALUES)


def test_switching_leaves_what_a_person_wrote_beside_a_rule(project: Project, desk: Desk) -> None:
    write_rule(project, HAND, "hand")
    try_on_past(desk, {"name": "mine", "kind": "any", "query": "停水"})
    verbs.switch(desk, "mine", True)
    path = project.config_dir / "rules" / "hand.yaml"
    assert path.read_text(encoding="utf-8") == HAND.replace("enabled: false", "enabled: true")
    verbs.switch(desk, "mine", False)
    assert path.read_text(encoding="utf-8") == HAND
    assert not seen(desk, "mine").drafted
    with pytest.raises(ConfigError):
        verbs.discard(desk, "mine")
    with pytest.raises(ConfigError):
        verbs.keep_draft(desk, VALUES | {"name": "mine"}, instead_of="mine")


def test_a_shipped_rule_is_switched_off_by_a_copy_of_its_file(project: Project, desk: Desk) -> None:
    assert not seen(desk, "new-event").own and seen(desk, "new-event").rule.enabled
    verbs.switch(desk, "new-event", False)
    path = project.config_dir / "rules" / "events.yaml"
    assert path.read_text(encoding="utf-8").startswith(
        "# 发现了新的集中事件就报"
    ) and "enabled: false" in path.read_text(encoding="utf-8")
    assert seen(desk, "new-event").own and not seen(desk, "new-event").rule.enabled
    assert seen(desk, "silent-source").rule.enabled


def test_a_draft_is_removed_only_while_it_is_off(project: Project, desk: Desk) -> None:
    name = verbs.keep_draft(desk, VALUES)
    try_on_past(desk, VALUES)
    verbs.switch(desk, name, True)
    with pytest.raises(ConfigError):
        verbs.discard(desk, name)
    verbs.switch(desk, name, False)
    verbs.discard(desk, name)
    assert name not in [one.rule.name for one in rules_of(project)]


def test_another_faulty_file_stops_the_writing_with_its_place(project: Project, desk: Desk) -> None:
    (project.config_dir / "rules").mkdir()
    (project.config_dir / "rules" / "bad.yaml").write_text("name: x\nkind: nothing\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"bad\.yaml:2"):
        verbs.keep_draft(desk, VALUES)


def test_silence_has_a_reason_an_end_and_a_name_and_outlasts_a_look(project: Project, desk: Desk) -> None:
    write_rule(project, "name: water\nkind: any\nquery: 停水\nrealert: 0\n")
    with pytest.raises(ConfigError, match="为什么"):
        verbs.silence(desk, "water", NOW + HOUR, " ")
    with pytest.raises(ConfigError, match="过去"):
        verbs.silence(desk, "water", NOW, "检修")
    with pytest.raises(ConfigError):
        verbs.silence(desk, "没有", NOW + HOUR, "检修")
    verbs.silence(desk, "water", NOW + HOUR, "计划检修")
    put(project, [Said(1, NOW - HOUR / 2)])
    (one,) = [declared.rule for declared in rules_of(project)]
    assert look(project, one) == []
    standing = seen(desk, "water").standing
    assert (standing.silenced_till, standing.silenced_why, standing.silenced_by) == (NOW + HOUR, "计划检修", "张三")
    verbs.unsilence(desk, "water")
    assert seen(desk, "water").standing.silenced_till is None
    assert len(look(project, one, now=NOW + timedelta(seconds=1))) == 1


def fired(project: Project, desk: Desk) -> list[Fired]:
    from pipeline.alerts.outbox import enqueue

    write_rule(project, "name: water\nkind: any\nquery: 停水\nquery_key: source\nrealert: 0\n")
    put(project, [Said(n, NOW - HOUR / 2, source=f"s{n}") for n in range(1, 13)])
    (one,) = [declared.rule for declared in rules_of(project)]
    evaluate(project, [one], now=NOW, send=enqueue)
    return verbs.fired(desk, "water")


def test_how_right_a_rule_is_comes_from_what_people_say(project: Project, desk: Desk) -> None:
    some = fired(project, desk)
    assert len(some) == 12 and all(one.title and one.query and not one.verdict for one in some)
    assert seen(desk, "water").interval is None
    for n, one in enumerate(some[:10]):
        verbs.judge(desk, one.id, "noise" if n < 4 else "known" if n < 6 else "true")
    verbs.judge(desk, some[0].id, "true")  # the newest holds
    found = seen(desk, "water")
    assert (found.record.fired, found.record.judged, found.record.right) == (12, 10, 7)
    assert found.interval == pytest.approx((0.3968, 0.8922), abs=1e-3)  # Wilson, 7 of 10
    for bad in (("nothing", "true"), (some[0].id, "perhaps")):
        with pytest.raises(ConfigError):
            verbs.judge(desk, *bad)


def test_a_flag_judged_counts_for_the_rule_that_told_of_it(project: Project, desk: Desk) -> None:
    from crawlers.store import insert_rows
    from pipeline.alerts.outbox import enqueue
    from pipeline.events.rows import flag_row
    from pipeline.events.tables import flag
    from tests.pipeline.test_rules_state import a_flag

    write_rule(project, "name: ev\nkind: event\nlevel: blue\n")
    one = a_flag(7, flagged_at=NOW - HOUR / 2)
    with opened(project) as store, write(store) as connection:
        insert_rows(connection, flag, [flag_row(one)])
    (declared,) = rules_of(project)
    evaluate(project, [declared.rule], now=NOW, send=enqueue)
    assert [each.flag_id for each in verbs.fired(desk, "ev")] == [one.id]
    judge_flag(project, one.id, "noise", who="李四", now=NOW)
    assert (seen(desk, "ev").record.judged, seen(desk, "ev").record.right) == (1, 0)


def test_digests_tell_what_fires_otherwise(desk: Desk) -> None:
    text = "kind: frequency\nquery: 停水\nnum_events: 3\nwindow: 6h\n"
    assert digest_of(rule(text)) == digest_of(rule(text + "groups: [a]\nenabled: false\n"))
    assert (
        len({digest_of(rule(text + more)) for more in ("", "realert: 1h\n", "query_key: place\n", "late: 1d\n")}) == 4
    )


@pytest.mark.parametrize("role", [Role.DUTY, Role.REVIEWER, Role.VISITOR, Role.ADMIN, Role.AUDITOR])
def test_only_analysts_change_rules(project: Project, role: Role) -> None:
    with seated(project, role, now=NOW) as desk:
        acts = (
            lambda: verbs.draft(desk, VALUES),
            lambda: verbs.keep_draft(desk, VALUES),
            lambda: verbs.back_test(desk, VALUES, PAST),
            lambda: verbs.switch(desk, "new-event", False),
            lambda: verbs.silence(desk, "new-event", NOW + HOUR, "x"),
            lambda: verbs.unsilence(desk, "new-event"),
            lambda: verbs.discard(desk, "x"),
        )
        for act in acts:
            with pytest.raises(AccessError):
                act()
        assert {action for _, action in audited(desk)} == {"refused"}
    assert not (project.config_dir / "rules").exists()


def test_the_length_of_a_back_test_is_bounded(desk: Desk) -> None:
    for weeks in (0, 105):
        with pytest.raises(ConfigError):
            verbs.back_test(desk, VALUES, Past(weeks, PAST.last_day))
    with pytest.raises(ConfigError):
        verbs.back_test(desk, VALUES | {"window": "x"}, PAST)
