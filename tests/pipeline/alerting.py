"""What tests of alerts share: a project with groups and a mail server, alerts, and their delivery."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bench.mailserver import Login, Plan, Server, mail_server, obliging
from config.project import Project, open_project
from crawlers.store import opened, read, write
from pipeline.alerts.deliver import deliver
from pipeline.alerts.model import Alert, Delivery
from pipeline.alerts.outbox import enqueue
from pipeline.alerts.reading import Standing, standing
from tests.stores import Stores

NOW = datetime(2026, 11, 20, 6, 5, tzinfo=UTC)  # 14:05 in Shanghai
ZHANG, LI, WANG = "zhang@example.gov.cn", "li@example.gov.cn", "wang@example.gov.cn"
DUTY: dict[str, Any] = {"people": [{"name": "张三", "address": ZHANG}, {"name": "李四", "address": LI}]}
ONE: dict[str, Any] = {"people": [{"name": "张三", "address": ZHANG}]}


def an_alert(number: int = 1, **changes: Any) -> Alert:
    made = Alert(
        id=f"concrete/丽发新城/{number}",
        rule="concrete",
        key="丽发新城",
        level="orange",
        title="丽发新城 搅拌站 噪音：3 天 6 条、6 个声音，往常 0.1 条",
        reason=["3 天内 6 个声音，往常 0.1 条（碰巧的概率 3e-09）"],
        figures=[("条数", "6"), ("声音", "6"), ("负面", "83%")],
        query="丽发新城 AND 搅拌站",
        since=NOW - timedelta(days=3),
        until=NOW,
        posts=[],
        topics=["noise"],
        places=[],
        made_at=NOW,
        delivery=Delivery(["值班"]),
    )
    return replace(made, **changes)


def settings_of(project: Path, **sections: Mapping[str, Any]) -> None:
    """Add sections to the project's settings."""
    with (project / "config" / "settings.yaml").open("a", encoding="utf-8") as file:
        for name, values in sections.items():
            file.write(f"{name}: {json.dumps(values, ensure_ascii=False)}\n")


def groups_of(root: Path, groups: Mapping[str, Any]) -> None:
    """Write the groups."""
    (root / "config" / "groups.yaml").write_text(json.dumps({"groups": groups}, ensure_ascii=False), encoding="utf-8")


class Office:
    """A project with a mail server; `at` is the time it is."""

    def __init__(self, project: Project, server: Server) -> None:
        self.project, self.server, self.at = project, server, NOW

    def raise_alerts(self, *alerts: Alert) -> None:
        with opened(self.project) as store, write(store) as connection:
            enqueue(connection, alerts)

    def deliver(self, environment: Mapping[str, str] | None = None) -> str:
        return deliver(self.project, now=self.at, environment=environment or {})

    def later(self, **delta: float) -> None:
        self.at += timedelta(**delta)

    def standing(self, alert_id: str) -> Standing:
        with opened(self.project) as store, read(store) as connection:
            found = standing(connection, alert_id)
        assert found is not None
        return found

    def states(self, alert_id: str) -> list[str]:
        return sorted(told.state for told in self.standing(alert_id).told)

    def subjects(self, address: str = ZHANG) -> list[str]:
        return [str(mail["Subject"]) for mail in self.server.box.read(address)]

    def reopen(self, env: Mapping[str, str] | None = None) -> None:
        """Read settings and groups anew."""
        self.project = open_project(self.project.root, env or {})


@contextmanager
def an_office(
    stores: Stores,
    root: Path,
    *,
    groups: Mapping[str, Any] | None = None,
    plan: Plan = obliging,
    login: Login | None = None,
    **sections: Mapping[str, Any],
) -> Iterator[Office]:
    """An office for the time of the block. sections: of the settings, added to those that tell of the server."""
    with mail_server(plan, login) as server:
        stores.project(root)
        groups_of(root, groups if groups is not None else {"值班": DUTY})
        mail = {"host": "127.0.0.1", "port": server.port, "security": "none", "sender": "qingyu@example.gov.cn"}
        quick = {"timeout_s": 2, "data_timeout_s": 2, "unknown_wait_s": 60}
        settings_of(root, mail={**mail, **quick, **sections.pop("mail", {})}, **sections)
        yield Office(open_project(root, {}), server)


def texts(mail: Any) -> tuple[str, str]:
    """The plain and the HTML half of a mail."""
    plain, html = mail.get_body(("plain",)), mail.get_body(("html",))
    return plain.get_content(), html.get_content()


def ids(alerts: Sequence[Alert]) -> list[str]:
    return [one.id for one in alerts]
