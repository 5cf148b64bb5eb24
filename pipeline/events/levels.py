"""From voices to levels, by rules a person can read."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Literal

from config.events import LevelRule
from config.text import tr
from pipeline.events.model import LEVELS, Level

_NAMES = {"blue": ("蓝", "blue"), "yellow": ("黄", "yellow"), "orange": ("橙", "orange"), "red": ("红", "red")}


def rule_met(voices: Mapping[int, int], rules: Sequence[LevelRule]) -> LevelRule | None:
    """The rule of the highest level that holds; None where none does. voices: by length of window, days."""
    for level in reversed(LEVELS):
        for rule in rules:
            if rule.level == level and voices.get(rule.days, 0) >= rule.voices:
                return rule
    return None


def least_voices(rules: Sequence[LevelRule], level: Level | Literal[""]) -> float:
    """How many voices it takes at least to reach any level ("") or one above `level`; infinite where there is none."""
    higher = LEVELS if level == "" else LEVELS[LEVELS.index(level) + 1 :]
    return min((rule.voices for rule in rules if rule.level in higher), default=math.inf)


def above(level: Level, other: Level) -> bool:
    """Whether `level` is higher."""
    return LEVELS.index(level) > LEVELS.index(other)


def name_of(level: Level) -> str:
    """The level for people: 蓝, 黄, 橙, 红."""
    zh, en = _NAMES[level]
    return tr(zh, en)


def sentence(rule: LevelRule, *, beyond: bool = False) -> str:
    """The rule in words. beyond: voices beyond the usual are meant."""
    named = {"l": name_of(rule.level), "d": rule.days, "v": rule.voices}
    if beyond:
        return tr(
            "{l}：{d} 天内比往常多 {v} 个以上声音", "{l}: {v} voices or more above the usual in {d} days", **named
        )
    return tr("{l}：{d} 天内 {v} 个以上声音", "{l}: {v} voices or more in {d} days", **named)
