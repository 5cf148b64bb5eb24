"""Settings of the detection of events."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from config.model import Model

# Windows that are counted, days: jumps and slow rises.
WINDOWS = (3, 7, 14)


class LevelRule(Model):
    """A level is reached by so many voices in so many days."""

    level: Literal["blue", "yellow", "orange", "red"] = Field(description="级别")
    voices: Annotated[int, Field(ge=2)] = Field(description="至少几个不同的声音")
    days: Literal[3, 7, 14] = Field(14, description="多少天内：3、7 或 14")


_LEVELS = tuple(
    LevelRule(level=level, voices=voices, days=days)
    for level, voices, days in (
        ("blue", 3, 14),
        ("yellow", 5, 14),
        ("orange", 10, 14),
        ("orange", 6, 3),
        ("red", 20, 14),
        ("red", 12, 3),
    )
)


class Events(Model):
    """When posts of one matter become an event, and when that is flagged."""

    likeness: Annotated[float, Field(gt=0, lt=1)] = Field(0.18, description="两条帖子说同一件事所需的相似度（余弦）")
    least_voices: Annotated[int, Field(ge=2)] = Field(3, description="少于几个声音不成事件")
    false_share: Annotated[float, Field(gt=0, lt=0.5)] = Field(
        0.1, description="预警里允许的误报比例（错误发现率，Benjamini–Hochberg）"
    )
    history_days: Annotated[int, Field(ge=28, le=730)] = Field(180, description="平常的量按此前多少天估计")
    levels: tuple[LevelRule, ...] = Field(_LEVELS, description="级别规则，任一条符合即达到该级")
