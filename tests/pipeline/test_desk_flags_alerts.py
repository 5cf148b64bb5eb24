"""The verbs of 预警: what is listed, narrowed, judged and acknowledged, in whose name, and to whom it is refused."""

from datetime import timedelta
from pathlib import Path

import pytest

from config.errors import AccessError, ConfigError
from config.project import Project
from crawlers.store import insert_rows, opened, write
from pipeline.access.model import Role
from pipeline.alerts.deliver import deliver
from pipeline.desk import alerts, flags
from pipeline.desk.flags import Sought
from pipeline.events.rows import flag_row
from pipeline.events.tables import flag
from tests.pipeline.alerting import DUTY, ZHANG, an_alert, an_office
from tests.pipeline.alerting import NOW as ALERTED
from tests.pipeline.ruled import DAY, HOUR, NOW, Said, put
from tests.pipeline.seated import audited, seated
from tests.pipeline.test_rules_state import a_flag
from tests.stores import Stores

SOUGHT = Sought(NOW - 14 * DAY)


@pytest.fixture
def project(tmp_path: Path, stores: Stores) -> Project:
    made = stores.project(tmp_path)
    put(made, [Said(1, NOW - HOUR, "停水", source="board", topics=("water",), places=("chengguan",)),
               Said(2, NOW - HOUR, "校车", source="forum", topics=("school",))])  # fmt: skip
    some = [
        a_flag(1, query="停水", level="yellow", flagged_at=NOW - HOUR),
        a_flag(2, query="停水", level="red", event_id="e1", flagged_at=NOW - 2 * HOUR),
        a_flag(3, query="校车", level="orange", flagged_at=NOW - 3 * HOUR),
        a_flag(4, query="source:news", kind="source", series="news", event_id="", flagged_at=NOW - HOUR),
        a_flag(5, query="停水", flagged_at=NOW - 20 * DAY),
    ]
    with opened(made) as store, write(store) as connection:
        insert_rows(connection, flag, [flag_row(one) for one in some])
    return made


def numbers(found: list[object]) -> list[int]:
    return [int(one.id, 16) for one in found]  # type: ignore[attr-defined]


def test_flags_are_listed_by_level_an_event_once_and_narrowed_by_their_posts(project: Project) -> None:
    with seated(project, Role.DUTY, now=NOW) as desk:

        def listed(**more: object) -> list[int]:
            return numbers(flags.listed(desk, Sought(SOUGHT.since, **more)))  # type: ignore[arg-type]

        assert listed() == [2, 3, 4]  # of the event e1 its highest
        assert listed(levels=("yellow",)) == [4, 1] or listed(levels=("yellow",)) == [1, 4]
        assert listed(topics=("water",)) == [2]
        assert listed(places=("chengguan",)) == [2]
        assert listed(sources=("forum",)) == [3]
        assert listed(sources=("news",)) == [4]  # silent, so without posts, and meant by its name
        assert listed(topics=("water",), sources=("forum",)) == []
        assert listed(until=NOW - 90 * timedelta(minutes=1)) == [2, 3]
        flags.judge(desk, a_flag(3).id, "true")
        assert listed(fresh=True) == [2, 4]
        with pytest.raises(ConfigError):
            flags.judge(desk, a_flag(3).id, "perhaps")
        assert ("张三", "judge") in audited(desk) and ("张三", "verdict") in audited(desk)


@pytest.mark.parametrize("role", [Role.VISITOR, Role.ADMIN, Role.AUDITOR, Role.REVIEWER])
def test_who_may_not_judge_is_refused_and_it_is_noted(project: Project, role: Role) -> None:
    with seated(project, role, now=NOW) as desk:
        with pytest.raises(AccessError):
            flags.judge(desk, a_flag(1).id, "noise")
        if role is not Role.REVIEWER:
            for act in (
                lambda: flags.listed(desk, SOUGHT),
                lambda: flags.event(desk, "e1"),
                lambda: alerts.listed(desk, since=NOW),
                lambda: alerts.opened(desk, "x"),
                lambda: alerts.acknowledge(desk, "x"),
            ):
                with pytest.raises(AccessError):
                    act()
        assert {action for _, action in audited(desk)} == {"refused"}
    with seated(project, Role.DUTY, now=NOW) as desk:
        assert not any(one.verdict for one in flags.listed(desk, SOUGHT))


def test_an_alert_is_told_with_its_deliveries_and_acknowledged_once(tmp_path: Path, stores: Stores) -> None:
    with an_office(stores, tmp_path, groups={"值班": DUTY}) as office:
        made = an_alert(1)
        office.raise_alerts(made, an_alert(2, made_at=ALERTED - 3 * DAY, id="old"))
        deliver(office.project, now=office.at, environment={})
        with seated(office.project, Role.DUTY, now=ALERTED) as desk:
            assert [one.id for one in alerts.listed(desk, since=ALERTED - DAY)] == [made.id]
            found = alerts.opened(desk, made.id)
            assert found is not None and (found.alert.title, list(found.alert.reason)) == (
                made.title,
                list(made.reason),
            )
            (told,) = [one for one in found.standing.told if one.person == "张三"]
            assert told.state == "sent" and ZHANG not in told.address
            assert [one.outcome for one in found.attempts] == ["sent", "sent"]  # both, since none is escalated to
            assert alerts.opened(desk, "nothing") is None
            assert alerts.acknowledge(desk, made.id).who == "张三"
        with seated(office.project, Role.ANALYST, now=ALERTED + HOUR, name="李四") as desk:
            again = alerts.acknowledge(desk, made.id)
            assert (again.who, again.first) == ("张三", False)
            with pytest.raises(ConfigError):
                alerts.acknowledge(desk, "nothing")
            assert [who for who, action in audited(desk) if action == "acknowledge"] == ["张三", "李四", "李四"]
