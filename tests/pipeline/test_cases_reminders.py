"""Reminders: before the deadline, at it, overdue each morning; each once, whatever stops or runs twice."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from threading import Barrier

import pytest
from sqlalchemy import Connection, func, select

from config.project import Project
from config.workdays import SHANGHAI
from crawlers.schema import meta
from crawlers.store import insert_rows, opened, read
from pipeline.alerts.model import Alert
from pipeline.cases.acting import extend, move
from pipeline.cases.opening import Asked, open_case
from pipeline.cases.reminders import remind
from pipeline.cases.tables import case_reminder
from pipeline.query.layer import QueryLayer, Question
from tests.pipeline.cased import DAY, HOUR, NOW, by, opened_by_hand, put_flag, put_posts, with_settings
from tests.stores import Stores


@pytest.fixture
def project(tmp_path: Path, stores: Stores) -> Project:
    return with_settings(stores.project(tmp_path), "groups: [值班]\nchief: [领导]")


class Outbox:
    """Takes alerts as the real one does: by id, in the transaction it is given."""

    def __init__(self) -> None:
        self.taken: list[Alert] = []

    def __call__(self, connection: Connection, alerts: Sequence[Alert]) -> None:
        for alert in alerts:
            insert_rows(connection, meta, [{"key": alert.id, "value": alert.rule}])
        self.taken.extend(alerts)

    def rules(self) -> list[str]:
        return [alert.rule for alert in self.taken]


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def marked(project: Project) -> int:
    with opened(project) as store, read(store) as connection:
        return int(connection.execute(select(func.count()).select_from(case_reminder)).scalar_one())


def test_a_case_lived_through_hour_by_hour(project: Project) -> None:
    """Opened on a Friday with three working days: 28, 29 and 30 September; then the holiday."""
    posts = put_posts(project, 2)
    put_flag(project, "f" * 32, posts=posts, level="blue")
    case = open_case(project, Asked("flag", "f" * 32), by()).case
    outbox = Outbox()
    when: list[tuple[str, str]] = []
    now = NOW
    while now < NOW + 8 * DAY:
        count = len(outbox.taken)
        remind(project, now=now, send=outbox)
        local = now.astimezone(SHANGHAI)
        when += [(one.rule, f"{local:%m-%d %H:%M}") for one in outbox.taken[count:]]
        now += timedelta(minutes=30)
    assert when == [
        ("case-before", "09-29 08:30"),
        ("case-due", "10-01 00:00"),
        *(("case-overdue", f"10-0{day} 08:30") for day in (1, 2, 3, 4)),
    ]
    first, due, overdue = outbox.taken[:3]
    assert first.title == f"{case.number} 剩 1 个工作日：供水"
    assert first.reason == (f"{case.number}《供水》，自来水公司，待研判，截止 2025-09-30 24:00，剩 1 个工作日",)
    assert (first.level, first.key, first.flag_id, tuple(first.delivery.groups)) == (
        "yellow",
        case.number,
        "f" * 32,
        ("值班",),
    )
    assert tuple(first.posts) == tuple(posts) and first.since == NOW < first.until
    assert due.level == "orange"
    assert (overdue.title, tuple(overdue.delivery.groups), overdue.level) == ("超期清单：1 件", ("领导",), "red")
    assert len({alert.id for alert in outbox.taken}) == len(outbox.taken)


def test_the_query_of_a_reminder_finds_the_posts_of_the_case_and_nothing_else(project: Project) -> None:
    posts = put_posts(project, 2)
    open_case(project, Asked("post", posts[0], deadline=NOW + 8 * HOUR), by())
    opened_by_hand(project, deadline=NOW + 8 * HOUR)
    outbox = Outbox()
    remind(project, now=NOW + 8 * HOUR, send=outbox)
    with QueryLayer.open(project) as layer:
        for alert in outbox.taken:
            assert layer.count(Question(alert.query)) == 0  # nothing is indexed here; it can be asked at all
    assert [posts[0] in alert.query for alert in outbox.taken if alert.posts] == [True]


def test_natural_hours(project: Project) -> None:
    opened_by_hand(project, level="red")
    outbox = Outbox()
    for hour in range(30):
        remind(project, now=NOW + hour * HOUR, send=outbox)
    assert [(one.rule, (one.made_at - NOW) / HOUR) for one in outbox.taken] == [
        ("case-before", 18),
        ("case-due", 24),
    ]


def test_nothing_is_told_twice_and_nothing_of_what_is_over(project: Project) -> None:
    case = opened_by_hand(project, unit="住建局")
    outbox, late = Outbox(), NOW + 6 * DAY
    said = remind(project, now=late, send=outbox)
    assert said == "已提醒：到期 1，超期清单 1"
    assert outbox.rules() == ["case-due", "case-overdue"]  # the one before the deadline has no meaning any more
    assert remind(project, now=late, send=outbox) == "" and len(outbox.taken) == 2
    for state in ("assigned", "answered"):
        move(project, case.number, state, by(now=late))  # type: ignore[arg-type]
    assert remind(project, now=late + 3 * DAY, send=outbox) == ""


def test_another_deadline_brings_other_reminders(project: Project) -> None:
    case = opened_by_hand(project)
    outbox = Outbox()
    remind(project, now=at("2025-09-29 09:00"), send=outbox)
    extend(project, case.number, at("2025-10-20 00:00"), by(now=at("2025-09-29 10:00"), why="等配件"))
    assert remind(project, now=at("2025-10-10 09:00"), send=outbox) == ""
    assert remind(project, now=at("2025-10-17 08:30"), send=outbox) == "已提醒：将到期 1"


def test_a_stop_before_the_end_loses_none_and_doubles_none(project: Project) -> None:
    opened_by_hand(project)
    outbox = Outbox()

    def killed(connection: Connection, alerts: Sequence[Alert]) -> None:
        outbox(connection, alerts)
        outbox.taken.clear()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        remind(project, now=NOW + 6 * DAY, send=killed)
    assert marked(project) == 0
    remind(project, now=NOW + 6 * DAY, send=outbox)
    assert outbox.rules() == ["case-due", "case-overdue"]
    with opened(project) as store, read(store) as connection:
        kept = set(connection.execute(select(meta.c.key)).scalars())
    assert {alert.id for alert in outbox.taken} <= kept


def test_the_list_of_overdue_cases_names_them_the_oldest_first_and_is_bounded(project: Project) -> None:
    for number in range(53):
        opened_by_hand(project, f"事项{number}", deadline=NOW + (60 - number) * HOUR)
    outbox = Outbox()
    remind(project, now=NOW + 5 * DAY, send=outbox)
    (overdue,) = [one for one in outbox.taken if one.rule == "case-overdue"]
    assert overdue.title == "超期清单：53 件" and len(overdue.reason) == 51
    assert "事项52" in overdue.reason[0] and overdue.reason[-1] == "另有 3 件：qingyu cases --overdue"


def test_without_groups_nobody_is_reminded(tmp_path: Path, stores: Stores) -> None:
    made = stores.project(tmp_path)
    opened_by_hand(made)
    outbox = Outbox()
    assert remind(made, now=NOW + 10 * DAY, send=outbox) == ""
    assert outbox.taken == [] and marked(made) == 0
    chief = with_settings(made, "chief: [领导]\nmorning: '12:30'")
    assert remind(chief, now=at("2025-10-09 12:00"), send=outbox) == ""
    assert remind(chief, now=at("2025-10-09 12:30"), send=outbox) == "已提醒：超期清单 1"


def test_two_at_once_remind_once(project: Project) -> None:
    for number in range(5):
        opened_by_hand(project, f"事项{number}")
    outbox, gate = Outbox(), Barrier(2)

    def one(_: int) -> str:
        gate.wait()
        return remind(project, now=NOW + 6 * DAY, send=outbox)

    with ThreadPoolExecutor(2) as both:
        said = sorted(both.map(one, range(2)))
    assert said[-1] == "已提醒：到期 5，超期清单 1" and said[0] == ""
    assert sorted(outbox.rules()) == [*["case-due"] * 5, "case-overdue"]
