"""Rules: when an alert is raised, each declared in `config/rules/*.yaml`. Who has used elastalert2 knows the kinds.

A file holds one rule or a list of them. Durations are in seconds once read; written `2h`, `30m` or, as elastalert2 has it,
`{hours: 2}`.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, BeforeValidator, Field, field_validator, model_validator

from config.groups import quiet_hours
from config.model import Model
from config.patterns import checked_pattern
from config.rule_values import digest, duration, positive
from config.text import tr

NAME = re.compile(r"[\w-]{1,60}")
DAY_S = 86_400.0
# How late a post may come and still count; what was seen is remembered a little longer.
MOST_LATE_S = 7 * DAY_S
Level = Literal["blue", "yellow", "orange", "red"]
Language = Literal["qingyu", "kql"]
# What alerts may be kept apart by. Authors are not among them, and never will be.
Key = Literal[
    "source", "topic", "sector", "place", "event", "region", "kind", "category", "intent", "duty", "official_unit"
]
# What may be counted distinct: voices as a number only.
Counted = Literal["voices", "place", "topic", "sector", "source", "region", "category"]
# What a new value may appear in.
Termed = Literal["keyphrase", "place", "topic", "sector", "source", "category", "official_unit"]
FlagKind = Literal["event", "topic", "sector", "place", "phrase", "sentiment", "source"]
Metric = Literal["mean_sentiment", "negative_share", "mean_engagement"]
BoardState = Literal["waiting", "replied", "revised"]
_BOARD_STATES = {
    "办理中": "waiting", "未答复": "waiting", "待办": "waiting", "已回复": "replied", "已答复": "replied",
    "再次答复": "revised", "改答复": "revised",
}  # fmt: skip


Duration = Annotated[float, BeforeValidator(duration)]
Window = Annotated[float, BeforeValidator(duration), AfterValidator(positive)]
Digest = Annotated[str, BeforeValidator(digest)]
Quiet = Annotated[str, AfterValidator(quiet_hours)]
Pattern = Annotated[str, AfterValidator(checked_pattern)]


def _several(value: Any) -> Any:
    return value if isinstance(value, list | tuple) else (value,)


class Match(Model):
    """Patterns that a post must have beside the query; of each field one suffices."""

    title: Annotated[tuple[Pattern, ...], BeforeValidator(_several)] = Field((), description="标题须符合其一")
    text: Annotated[tuple[Pattern, ...], BeforeValidator(_several)] = Field((), description="正文须符合其一")


class Rule(Model):
    """What all kinds have."""

    back: ClassVar[int] = 1  # how many windows before the newest post are looked at

    name: str = Field(description="名字，用作标识，不宜再改")
    description: str = Field("", max_length=200, description="一句话；写在告警的标题里，空则用名字")
    enabled: bool = Field(True, description="是否启用")
    query: str = Field("", max_length=10_000, description="查询：只看符合的帖子；空为全部")
    language: Language = Field("qingyu", description="查询的写法：qingyu 或 kql")
    match: Match = Field(default_factory=Match, description="再按正则表达式（RE2）筛选标题与正文")
    query_key: Key | None = Field(None, description="按它的每个值分开计数、分开静默；没有按作者分的")
    level: Level = Field("yellow", description="告警的级别：blue、yellow、orange、red")
    realert: Duration | None = Field(None, description="同一规则（同一个值）多久之内不再报；不写为一个窗口")
    exponential_realert: Duration | None = Field(None, description="接连触发时静默逐次加倍，至多这么久")
    late: Duration = Field(3 * DAY_S, description="迟到多久的帖子还算，至多 7d")
    groups: tuple[str, ...] = Field(
        (), description="告诉哪些组（config/groups.yaml）；空则用设置 alerts.groups，那里也空则只记录"
    )
    digest: Digest = Field("", description="汇总：一段时间（2h），或时间表（0 8 * * 1-5）；空为立即")
    quiet: Quiet = Field("", description="安静时段（22:00-07:00），其间的之后合成一封")
    escalate_after: Duration = Field(0.0, description="多久没有人确认就告诉组里下一位；0 为不升级")

    @field_validator("name")
    @classmethod
    def _named(cls, value: str) -> str:
        if NAME.fullmatch(value):
            return value
        raise ValueError(tr("只用字母、汉字、数字、- 和 _，最多 60 个", "letters, digits, - and _ only, at most 60"))

    @field_validator("groups", mode="before")
    @classmethod
    def _groups(cls, value: Any) -> Any:
        return _several(value)

    @field_validator("late")
    @classmethod
    def _not_too_late(cls, value: float) -> float:
        if value > MOST_LATE_S:
            raise ValueError(tr("至多 7d", "7d at most"))
        return value

    @model_validator(mode="after")
    def _back_off(self) -> Rule:
        if self.exponential_realert is not None and self.exponential_realert < max(self.realert_s, 1.0):
            raise ValueError(
                tr(
                    "exponential_realert 不能短于 realert，后者也不能为 0",
                    "exponential_realert must be realert or more, not 0",
                )
            )
        return self

    @property
    def window_s(self) -> float:
        """The window in seconds; of kinds without one an hour, which is how far back the first look goes."""
        return float(getattr(self, "window", 3600.0))

    @property
    def realert_s(self) -> float:
        """How long it stays silent after a firing, seconds."""
        return self.realert if self.realert is not None else self.window_s

    @property
    def reach_s(self) -> float:
        """How far back a judgement looks from the newest post, seconds."""
        return self.back * self.window_s

    @property
    def timed(self) -> bool:
        """Whether it must be judged although no post came."""
        return False

    @property
    def told(self) -> str:
        """What people call it."""
        return self.description or self.name


class AnyRule(Rule):
    """Every post that matches."""

    kind: Literal["any"] = Field(description="每一条符合的都报")
    realert: Duration | None = Field(600.0, description="同一规则（同一个值）多久之内不再报，其间的合在下一次")


class FrequencyRule(Rule):
    """So many posts in a window."""

    kind: Literal["frequency"] = Field(description="窗口内达到多少条")
    num_events: Annotated[int, Field(ge=1)] = Field(description="至少多少条")
    window: Window = Field(description="多长时间内")


class SpikeRule(Rule):
    """A window against the one before it."""

    back: ClassVar[int] = 2

    kind: Literal["spike"] = Field(description="与前一个窗口相比突增或突减")
    window: Window = Field(description="窗口")
    spike_height: Annotated[float, Field(gt=1)] = Field(description="多少倍")
    spike_type: Literal["up", "down", "both"] = Field("up", description="up 突增、down 突减、both 两者")
    threshold_ref: Annotated[int, Field(ge=0)] = Field(0, description="前一个窗口至少多少条才比")
    threshold_cur: Annotated[int, Field(ge=0)] = Field(3, description="突增：这个窗口至少多少条才比")
    alert_on_new_data: bool = Field(False, description="历史不满两个窗口时也比")

    @property
    def timed(self) -> bool:
        return self.spike_type != "up"

    @model_validator(mode="after")
    def _falls_from_something(self) -> SpikeRule:
        if self.spike_type != "up" and self.threshold_ref < 1:
            raise ValueError(tr("突减须写 threshold_ref，至少 1", "a dip needs threshold_ref, 1 or more"))
        return self


class FlatlineRule(Rule):
    """Fewer posts than usual ones."""

    back: ClassVar[int] = 4

    kind: Literal["flatline"] = Field(description="窗口内不到多少条")
    window: Window = Field(description="多长时间内")
    threshold: Annotated[int, Field(ge=1)] = Field(description="少于多少条")

    @property
    def timed(self) -> bool:
        return True


class NewTermRule(Rule):
    """A value that was not seen before."""

    kind: Literal["new_term"] = Field(description="出现从前没有的值")
    field: Termed = Field(description="哪个字段的值")
    window: Window = Field(30 * DAY_S, description="“从前”是多久")
    realert: Duration | None = Field(0.0, description="同一个值多久之内不再报；同一个值本来只报一次")


class CardinalityRule(Rule):
    """How many distinct voices, places, topics … in a window."""

    kind: Literal["cardinality"] = Field(description="窗口内有多少个不同的声音、地点……")
    field: Counted = Field(description="数什么：voices 声音（只是个数）、place 地点……")
    window: Window = Field(description="多长时间内")
    max_cardinality: Annotated[int, Field(ge=1)] | None = Field(None, description="多于它就报")
    min_cardinality: Annotated[int, Field(ge=1)] | None = Field(None, description="少于它就报")

    @property
    def timed(self) -> bool:
        return self.min_cardinality is not None

    @model_validator(mode="after")
    def _bounded(self) -> CardinalityRule:
        _bounds(self.min_cardinality, self.max_cardinality, "min_cardinality", "max_cardinality")
        return self


class PercentageRule(Rule):
    """The share of posts that also match another query."""

    kind: Literal["percentage_match"] = Field(description="其中符合另一查询的占比")
    match_query: str = Field(min_length=1, max_length=10_000, description="另一查询，如 sentiment:negative")
    window: Window = Field(description="多长时间内")
    max_percentage: Annotated[float, Field(ge=0, lt=100)] | None = Field(None, description="高于百分之多少就报")
    min_percentage: Annotated[float, Field(gt=0, le=100)] | None = Field(None, description="低于百分之多少就报")
    min_denominator: Annotated[int, Field(ge=1)] = Field(5, description="至少多少条才算占比")

    @model_validator(mode="after")
    def _bounded(self) -> PercentageRule:
        _bounds(self.min_percentage, self.max_percentage, "min_percentage", "max_percentage")
        return self


class MetricRule(Rule):
    """A mean over the posts of a window."""

    kind: Literal["metric"] = Field(description="窗口内的平均数")
    metric: Metric = Field(
        description="mean_sentiment 平均情感（−1…1）、negative_share 负面占比（0…1）、mean_engagement 平均互动（赞＋回复）"
    )
    window: Window = Field(description="多长时间内")
    above: float | None = Field(None, description="高于它就报")
    below: float | None = Field(None, description="低于它就报")
    min_denominator: Annotated[int, Field(ge=1)] = Field(5, description="至少多少条才算平均")

    @model_validator(mode="after")
    def _bounded(self) -> MetricRule:
        _bounds(self.below, self.above, "below", "above")
        low, high = {"mean_sentiment": (-1.0, 1.0), "negative_share": (0.0, 1.0)}.get(self.metric, (0.0, 1e9))
        for value in (self.above, self.below):
            if value is not None and not low <= value <= high:
                raise ValueError(
                    tr("{m} 在 {a} 到 {b} 之间", "{m} lies between {a} and {b}", m=self.metric, a=low, b=high)
                )
        return self


class ChangeRule(Rule):
    """The official state of a message changed."""

    kind: Literal["change"] = Field(description="留言的答复状态变了")
    before: BoardState = Field("waiting", alias="from", description="原来：waiting 办理中（未答复）、replied 已回复")
    after: BoardState = Field(
        "replied", alias="to", description="后来：replied 已回复、revised 答复改了、waiting 答复撤下了"
    )
    query_key: Literal["source"] | None = Field(None, description="source：各来源分开报")
    realert: Duration | None = Field(0.0, description="多久之内不再报，其间的合在下一次")

    @field_validator("before", "after", mode="before")
    @classmethod
    def _in_chinese(cls, value: Any) -> Any:
        return _BOARD_STATES.get(value, value) if isinstance(value, str) else value

    @model_validator(mode="after")
    def _possible(self) -> ChangeRule:
        if (self.before, self.after) not in (("waiting", "replied"), ("replied", "revised"), ("replied", "waiting")):
            raise ValueError(
                tr(
                    "只有这几种变化：waiting→replied、replied→revised、replied→waiting",
                    "the changes there are: waiting→replied, replied→revised, replied→waiting",
                )
            )
        return self


class EventRule(Rule):
    """A flag of the detection."""

    kind: Literal["event"] = Field(description="发现了事件或预警")
    level: Level = Field("yellow", description="预警至少哪一级；告警的级别与预警相同")
    flags: tuple[FlagKind, ...] = Field((), description="只要这些种类的预警；空为全部")
    query_key: Literal["event"] | None = Field(None, description="event：同一事件分开静默")
    realert: Duration | None = Field(0.0, description="多久之内不再报，其间的合在下一次")

    @field_validator("flags", mode="before")
    @classmethod
    def _one_or_many(cls, value: Any) -> Any:
        return _several(value)


class SourceSilentRule(Rule):
    """A source gave nothing for long."""

    kind: Literal["source_silent"] = Field(description="来源很久没有新帖或采集成功")
    window: Window = Field(description="多久")
    of: Literal["runs", "posts", "both"] = Field("both", description="runs 没有采集成功、posts 没有新帖、both 任一")
    sources: tuple[str, ...] = Field((), description="只看这些来源；空为全部启用的（文件导入除外）")

    @property
    def timed(self) -> bool:
        return True

    @field_validator("sources", mode="before")
    @classmethod
    def _one_or_many(cls, value: Any) -> Any:
        return _several(value)

    @model_validator(mode="after")
    def _of_sources(self) -> SourceSilentRule:
        if self.query or self.query_key or self.match != Match():
            raise ValueError(
                tr("没有 query、match、query_key；来源写在 sources", "has no query, match or query_key; name sources")
            )
        return self


def _bounds(low: float | None, high: float | None, low_name: str, high_name: str) -> None:
    if low is None and high is None:
        raise ValueError(tr("{a} 与 {b} 至少写一个", "give {a} or {b}", a=low_name, b=high_name))
    if low is not None and high is not None and low > high:
        raise ValueError(tr("{a} 不能大于 {b}", "{a} must not exceed {b}", a=low_name, b=high_name))


AnyKind = (
    AnyRule | FrequencyRule | SpikeRule | FlatlineRule | NewTermRule | CardinalityRule | PercentageRule | MetricRule
    | ChangeRule | EventRule | SourceSilentRule
)  # fmt: skip
KINDS: dict[str, type[AnyKind]] = {
    "any": AnyRule,
    "frequency": FrequencyRule,
    "spike": SpikeRule,
    "flatline": FlatlineRule,
    "new_term": NewTermRule,
    "cardinality": CardinalityRule,
    "percentage_match": PercentageRule,
    "metric": MetricRule,
    "change": ChangeRule,
    "event": EventRule,
    "source_silent": SourceSilentRule,
}
