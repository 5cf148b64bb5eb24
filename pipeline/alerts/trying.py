"""A test alert to a group, sent at once and past the outbox: what each server said."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from config.groups import find_group
from config.project import Project
from config.text import tr
from pipeline.alerts.channels import Channels
from pipeline.alerts.cleaning import masked
from pipeline.alerts.composing import Composer, Contents
from pipeline.alerts.deliver import MAIL
from pipeline.alerts.leasing import Parcel
from pipeline.alerts.message import mail_of
from pipeline.alerts.model import Alert, Delivery
from pipeline.alerts.recipients import Recipient, channels, people
from pipeline.alerts.smtp import MailServer
from pipeline.alerts.templates import Templates
from pipeline.query.times import milliseconds


@dataclass(frozen=True, slots=True)
class Tried:
    """What a server said to a test. address: masked; outcome: as in `pipeline.alerts.leasing.Outcome`."""

    person: str
    channel: str
    address: str
    outcome: str
    code: int
    said: str


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of a test. faults: what is wrong with templates."""

    tried: tuple[Tried, ...]
    faults: tuple[str, ...]

    @property
    def good(self) -> bool:
        """Whether everybody's server took it."""
        return all(one.outcome == "sent" for one in self.tried)


def try_group(project: Project, name: str, *, now: datetime, environment: Mapping[str, str]) -> Trial:
    """Send a test alert to everybody in a group. Raises ConfigError for an unknown group."""
    group = find_group(project.groups, name)
    templates = Templates.of(project)
    composer = Composer(project, templates, test=True)
    contents = Contents([_test_alert(name, now)])
    everybody = [*people(name, group), *channels(name, group)]
    return Trial(tuple(_tell(project, composer, contents, everybody, environment)), tuple(templates.faults))


def _tell(
    project: Project, composer: Composer, contents: Contents, told: list[Recipient], environment: Mapping[str, str]
) -> Iterator[Tried]:
    hooks = Channels(environment)
    made_ms = milliseconds(contents.alerts[0].made_at)
    with MailServer(project.settings.mail, longest_s=project.settings.alerts.lease_s) as server:
        for one in told:
            key = secrets.token_hex(16)  # each test is a mail of its own
            parcel = Parcel(key, one.channel, one.group, one.person, one.address, 0, made_ms, repeated=False)
            if one.channel == MAIL:
                content = mail_of(project.settings.mail, *composer.mail(parcel, contents)).as_bytes()
                outcome = server.hand_over(parcel.address, content, _always)
            else:
                message = (composer.webhook if one.channel == "webhook" else composer.chat)(parcel, contents)
                outcome = hooks.send(one.channel, one.address, key, message, _always)
            address = masked(one.address) if one.channel == MAIL else one.address
            yield Tried(one.person, one.channel, address, outcome.kind, outcome.code, outcome.note)


def _always() -> bool:
    return True


def _test_alert(name: str, now: datetime) -> Alert:
    return Alert(
        id=f"test-{secrets.token_hex(4)}",
        rule="test",
        key=name,
        level="blue",
        title=tr("测试：{g} 收得到告警吗", "test: does {g} get alerts", g=name),
        reason=[tr("由 qingyu alerts test 发出，不必处理", "sent by qingyu alerts test; nothing to do")],
        figures=[],
        query="",
        since=now,
        until=now,
        posts=[],
        topics=[],
        places=[],
        made_at=now,
        delivery=Delivery([name]),
    )
