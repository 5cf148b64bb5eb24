"""Groups: who is told, in which order, about what, and when not. Declared in `config/groups.yaml`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from config.errors import ConfigError
from config.mail import mail_address
from config.model import Model
from config.text import tr
from config.yamlfile import read_yaml, validate

Level = Literal["blue", "yellow", "orange", "red"]
ChannelKind = Literal["wecom", "dingding", "feishu", "webhook"]
_NAME = re.compile(r"[\w-]{1,40}")
# QINGYU_ is for settings: there a name that is none is an error.
_VARIABLE = re.compile(r"(?!QINGYU_)[A-Z][A-Z0-9_]{0,79}")
_QUIET = re.compile(r"([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d")


def quiet_hours(value: str) -> str:
    """`value` where it is written "22:00-07:00", or "". Raises ValueError, also for hours that begin as they end."""
    if not value or (_QUIET.fullmatch(value) and value[:5] != value[6:]):
        return value
    raise ValueError(tr("安静时段写作 22:00-07:00", "quiet hours are written 22:00-07:00"))


class Person(Model):
    """Someone who is told by mail. order: of escalation, the smallest first; 0 for the place in the list."""

    name: str = Field(min_length=1, max_length=40, description="姓名或岗位")
    address: str = Field(description="邮箱")
    order: int = Field(0, ge=0, le=1000, description="升级的次序，小的在前；不写则按列出的先后")

    @field_validator("address")
    @classmethod
    def _address(cls, value: str) -> str:
        return mail_address(value)


class Channel(Model):
    """A chat room or webhook. Its address holds a key, so that only the name of a variable stands in the file."""

    kind: ChannelKind = Field(description="wecom 企业微信、dingding 钉钉、feishu 飞书、webhook")
    env: str = Field(description="存有地址的环境变量名，不以 QINGYU_ 开头；地址用各家给的 https 网址或 Apprise 的写法")

    @field_validator("env")
    @classmethod
    def _variable(cls, value: str) -> str:
        if _VARIABLE.fullmatch(value):
            return value
        message = tr(
            "应为环境变量名（大写字母、数字、_，不以 QINGYU_ 开头），地址本身不能写在这里",
            "must be the name of a variable (capitals, digits, _, not QINGYU_…); the address itself may not stand here",
        )
        raise ValueError(message)


class Group(Model):
    """People and channels that are told together."""

    people: tuple[Person, ...] = Field((), description="收邮件的人")
    channels: tuple[Channel, ...] = Field((), description="群机器人与 webhook")
    topics: tuple[str, ...] = Field((), description="只要这些话题的告警；空为不限")
    places: tuple[str, ...] = Field((), description="只要这些地方（含其下）的告警；空为不限")
    quiet: str = Field("", description="安静时段，如 22:00-07:00，其间的告警之后合成一封；空为没有")
    wake: Level | None = Field(None, description="达到这一级的告警在安静时段也立即发")

    @field_validator("quiet")
    @classmethod
    def _hours(cls, value: str) -> str:
        return quiet_hours(value)

    @model_validator(mode="before")
    @classmethod
    def _ordered(cls, value: Any) -> Any:
        """Those without an order have that of their place in the list."""
        people = value.get("people") if isinstance(value, dict) else None
        if not isinstance(people, list | tuple):
            return value
        placed = [{"order": n, **p} if isinstance(p, dict) else p for n, p in enumerate(people, 1)]
        return {**value, "people": placed}

    @model_validator(mode="after")
    def _someone(self) -> Group:
        if not (self.people or self.channels):
            raise ValueError(tr("people 与 channels 至少写一个", "give people or channels"))
        addresses = [p.address.lower() for p in self.people]
        if len(set(addresses)) < len(addresses):
            raise ValueError(tr("同一地址写了两次", "an address stands twice"))
        return self

    def in_order(self) -> list[Person]:
        """The people as they are escalated to."""
        return sorted(self.people, key=lambda p: (p.order, p.name))


class GroupsFile(Model):
    """What `config/groups.yaml` holds."""

    groups: dict[str, Group] = Field(default_factory=dict, description="各组，按名称")

    @field_validator("groups")
    @classmethod
    def _named(cls, value: dict[str, Group]) -> dict[str, Group]:
        for name in value:
            if not _NAME.fullmatch(name):
                raise ValueError(
                    tr(
                        "组名只用字母、汉字、数字、- 和 _，最多 40 个",
                        "a group is named with letters, digits, - and _, at most 40",
                    )
                )
        return value


def load_groups(path: Path) -> dict[str, Group]:
    """The groups of a file, by name. Raises ConfigError that names file, line, key and remedy."""
    return dict(validate(GroupsFile, read_yaml(path)).groups)


def find_group(groups: Mapping[str, Group], name: str) -> Group:
    """The group called `name`. Raises ConfigError that lists the known ones."""
    if name in groups:
        return groups[name]
    known = "、".join(groups) or tr("（config/groups.yaml 里还没有）", "(none in config/groups.yaml yet)")
    raise ConfigError(tr("没有名为 {n} 的组；现有：{k}", "no group is called {n}; known: {k}", n=name[:60], k=known))


def missing(groups: Mapping[str, Group], environment: Mapping[str, str]) -> Iterator[tuple[str, Channel]]:
    """Group and channel of each whose variable is not set."""
    for name, group in groups.items():
        for channel in group.channels:
            if not environment.get(channel.env, "").strip():
                yield name, channel
