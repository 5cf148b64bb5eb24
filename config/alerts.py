"""Settings of alerts and their delivery."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, field_validator

from config.model import Model
from config.text import tr


def web_base(value: str) -> str:
    """`value` without its last slash where it is an address links can begin with, or "". Raises ValueError."""
    if not value:
        return ""
    if value.startswith(("http://", "https://")) and not any(c.isspace() or c in "<>\"'?#@" for c in value):
        return value.rstrip("/")
    raise ValueError(tr("应为 http(s)://主机[:端口]", "must be http(s)://host[:port]"))


class Alerts(Model):
    """How alerts are delivered."""

    groups: tuple[str, ...] = Field(
        (), description="没有写明组的规则（自带的规则都没有写）发给哪些组；空则只记录，不发送"
    )
    worth_s: Annotated[float, Field(ge=60)] = Field(
        3 * 86_400.0, description="送不出去时重试多久（秒），之后放弃并写明原因"
    )
    retry_first_s: Annotated[float, Field(gt=0)] = Field(30.0, description="第一次重试前等待的秒数，以后每次加倍")
    retry_most_s: Annotated[float, Field(gt=0)] = Field(3600.0, description="两次重试之间最长的秒数")
    lease_s: Annotated[float, Field(gt=0)] = Field(
        120.0, description="一封信由一个进程独占多久（秒）；进程死后过这么久由别的接手"
    )
    link_url: str = Field(
        "", description="收件人能打开的健康页地址，如 https://yuqing.example.gov.cn；空则信里没有确认链接"
    )
    link_days: Annotated[int, Field(ge=1, le=90)] = Field(7, description="确认链接有效的天数")
    posts: Annotated[int, Field(ge=1, le=20)] = Field(5, description="一条告警最多引用几条原帖")
    quote_chars: Annotated[int, Field(ge=20, le=2000)] = Field(160, description="每条原帖最多引用多少字")
    curve_days: Annotated[int, Field(ge=7, le=120)] = Field(28, description="曲线画多少天")

    @field_validator("link_url")
    @classmethod
    def _base(cls, value: str) -> str:
        return web_base(value)
