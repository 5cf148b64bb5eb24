"""Settings of cases: the clocks, who is reminded and when."""

from __future__ import annotations

from typing import Any, Literal, get_args

from pydantic import Field, model_validator

from config.model import Model
from config.text import tr

Level = Literal["blue", "yellow", "orange", "red"]
Category = Literal["construction", "environment", "transport", "education", "labour", "commerce", "health"]
CATEGORIES: tuple[Category, ...] = get_args(Category)


class Before(Model):
    """When to remind before a deadline: exactly one of the three."""

    share: float | None = Field(None, gt=0, lt=1, description="时限用去多少时提醒，如 0.75")
    hours: float | None = Field(None, gt=0, le=720, description="到期前多少小时提醒")
    workdays: int | None = Field(
        None, ge=0, le=60, description="到期前多少个工作日的早上（cases.morning）提醒；0 为到期当天"
    )

    @model_validator(mode="after")
    def _one(self) -> Before:
        if sum(value is not None for value in (self.share, self.hours, self.workdays)) != 1:
            message = "share、hours、workdays 写且只写一项", "write exactly one of share, hours, workdays"
            raise ValueError(tr(*message))
        return self


class Clock(Model):
    """How long an answer may take: natural hours, or working days."""

    zh: str = Field(min_length=1, max_length=20, description="名称")
    hours: int | None = Field(None, ge=1, le=2160, description="多少小时（自然时间）")
    workdays: int | None = Field(None, ge=1, le=120, description="多少个工作日（受理次日起算，节假日不算、调休上班算）")
    remind: tuple[Before, ...] = Field((), description="到期前的提醒")

    @model_validator(mode="after")
    def _one(self) -> Clock:
        if (self.hours is None) == (self.workdays is None):
            raise ValueError(tr("hours、workdays 写且只写一项", "write exactly one of hours, workdays"))
        return self


def _by_level() -> dict[Level, str]:
    return {"red": "urgent", "orange": "response"}


# 24 and 48 hours: what the State Council asks of public responses; 3 and 5 working days: 12345 hotlines' usual terms.
_CLOCKS: dict[str, dict[str, Any]] = {
    "urgent": {"zh": "紧急回应", "hours": 24, "remind": [{"share": 0.75}]},
    "response": {"zh": "公开回应", "hours": 48, "remind": [{"share": 0.75}]},
    "ordinary": {"zh": "一般事项", "workdays": 3, "remind": [{"workdays": 1}]},
    "complex": {"zh": "复杂事项", "workdays": 5, "remind": [{"workdays": 1}]},
}


class Cases(Model):
    """The list of cases (清单)."""

    series: str = Field("清单", pattern=r"^[\u4e00-\u9fffA-Za-z]{1,10}$", description="编号中间的字，如 2026-清单-0031")
    clocks: dict[str, Clock] = Field(
        default_factory=lambda: {name: Clock.model_validate(values) for name, values in _CLOCKS.items()},
        description="时限的种类，按标识；只写与默认不同的，也可以加自己的",
    )
    clock: str = Field("ordinary", description="没有别的规定时用哪种时限")
    by_level: dict[Level, str] = Field(default_factory=_by_level, description="级别 → 时限种类，先于类别")
    by_category: dict[Category, str] = Field(default_factory=dict, description="类别 → 时限种类")
    units: tuple[str, ...] = Field((), description="units.yaml 之外还可以交办的单位")
    groups: tuple[str, ...] = Field((), description="到期前与到期时提醒哪些组（groups.yaml）；空则不提醒")
    chief: tuple[str, ...] = Field((), description="每天把超期清单发给哪些组；空则不发")
    morning: str = Field(
        "08:30",
        pattern=r"^([01]\d|2[0-3]):[0-5]\d$",
        description="早上的时刻（Asia/Shanghai）：按工作日的提醒与超期清单在这时发",
    )

    @model_validator(mode="before")
    @classmethod
    def _above_the_defaults(cls, values: Any) -> Any:
        given = values.get("clocks") if isinstance(values, dict) else None
        if not isinstance(given, dict):
            return values
        clocks: dict[str, Any] = {name: dict(clock) for name, clock in _CLOCKS.items()}
        for name, clock in given.items():
            clocks[name] = _laid_over(clocks.get(name, {}), clock) if isinstance(clock, dict) else clock
        return {**values, "clocks": clocks}

    @model_validator(mode="after")
    def _known_clocks(self) -> Cases:
        named = {"clock": self.clock}
        named |= {f"by_level.{key}": name for key, name in self.by_level.items()}
        named |= {f"by_category.{key}": name for key, name in self.by_category.items()}
        for key, name in named.items():
            if name not in self.clocks:
                known = "、".join(self.clocks)
                message = tr("{k}：没有时限 {n}；现有：{c}", "{k}: no clock {n}; known: {c}", k=key, n=name, c=known)
                raise ValueError(message)
        return self


def _laid_over(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """A clock with what the file says of it; one that is given in the other measure drops its own."""
    kept = {key: value for key, value in below.items() if not (key in {"hours", "workdays"} and _measured(above))}
    return kept | above


def _measured(clock: dict[str, Any]) -> bool:
    return "hours" in clock or "workdays" in clock
