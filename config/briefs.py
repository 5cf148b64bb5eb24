"""Settings of briefs."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, field_validator

from config.model import Model


class Briefs(Model):
    """What briefs say and when `qingyu run` makes them."""

    place: str = Field("", max_length=40, description="标题里的地名；空则用 region")
    masthead: str = Field("", max_length=40, description="红色版头的名称；空则为“地名+网情日报”等")
    formats: tuple[Literal["docx", "html", "pdf"], ...] = Field(
        ("docx",), min_length=1, description="定时成稿的格式：docx、html、pdf"
    )
    groups: tuple[str, ...] = Field((), description="定时成稿后发给哪些组")
    daily_at: str = Field(
        "",
        pattern=r"^$|^([01]\d|2[0-3]):[0-5]\d$",
        description="每日成稿的时刻（Asia/Shanghai，前一日的日报），如 08:00；空则不做",
    )
    weekly_on: Annotated[int, Field(ge=0, le=7)] = Field(
        0, description="星期几（1 为星期一）做上一周的周报，时刻同 daily_at；0 为不做"
    )
    monthly_on: Annotated[int, Field(ge=0, le=28)] = Field(
        0, description="每月几日做上月的月报，时刻同 daily_at；0 为不做"
    )
    events: Annotated[int, Field(ge=1, le=50)] = Field(5, description="重点事件最多细述几项，其余只列名称")
    on_time_workdays: Annotated[int, Field(ge=1, le=60)] = Field(5, description="留言在几个工作日内答复算按时")

    @field_validator("formats", "groups", mode="before")
    @classmethod
    def _one_or_many(cls, value: Any) -> Any:
        return tuple(one.strip() for one in value.split(",")) if isinstance(value, str) else value
