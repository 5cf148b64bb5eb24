"""Rules and findings in sentences, for people."""

from __future__ import annotations

import re
from collections.abc import Callable

from config.rules import (
    AnyKind,
    AnyRule,
    CardinalityRule,
    ChangeRule,
    EventRule,
    FlatlineRule,
    FrequencyRule,
    Match,
    MetricRule,
    NewTermRule,
    PercentageRule,
    SourceSilentRule,
    SpikeRule,
)
from config.text import tr
from pipeline.panels.naming import group_name
from pipeline.rules.windows import Found

_METRICS = {
    "mean_sentiment": ("平均情感", "the mean sentiment"),
    "negative_share": ("负面占比", "the share of negative posts"),
    "mean_engagement": ("平均互动", "the mean engagement"),
}
_LEVELS = {"blue": ("蓝", "blue"), "yellow": ("黄", "yellow"), "orange": ("橙", "orange"), "red": ("红", "red")}
_STATES = {"waiting": ("办理中", "waiting"), "replied": ("已回复", "replied"), "revised": ("再次答复", "answered anew")}
_FLAGS = {
    "event": ("事件", "events"), "topic": ("话题", "topics"), "sector": ("领域", "sectors"), "place": ("地点", "places"),
    "phrase": ("短语", "phrases"), "sentiment": ("情感", "sentiment"), "source": ("来源", "sources"),
}  # fmt: skip
_UNITS = (
    (604_800, ("周", "w")),
    (86_400, ("天", "d")),
    (3_600, ("小时", "h")),
    (60, ("分钟", "min")),
    (1, ("秒", "s")),
)
# Control characters, direction marks and line breaks that web text could bring into a title.
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]+")


def clean(text: str, most: int = 80) -> str:
    """`text` from the web as part of one line."""
    plain = " ".join(_UNSAFE.sub(" ", text).split())
    return plain if len(plain) <= most else plain[: most - 1] + "…"


def span(seconds: float) -> str:
    """3 天, 90 分钟: a duration in the largest unit that fits it."""
    for size, unit in _UNITS:
        if seconds >= size and seconds % size == 0:
            return tr("{n}{z}", "{n} {e}", n=round(seconds / size), z=unit[0], e=unit[1])
    return tr("{n:g}秒", "{n:g} s", n=seconds)


def explain(rule: AnyKind) -> str:
    """What a rule does, in one sentence."""
    parts = [_what(rule), _silence(rule), _delivery(rule)]
    sentence = tr("；", "; ").join(part for part in parts if part)
    if not rule.enabled:
        sentence += tr("（未启用）", " (switched off)")
    return sentence + tr("。", ".")


def _what(rule: AnyKind) -> str:
    if isinstance(rule, EventRule | SourceSilentRule):
        return tr("{c}时报{l}", "on {c}: raises {l}", c=_condition(rule), l=_level(rule))
    each = tr("每个{f}分开：", "for each {f} apart: ", f=_field(rule.query_key)) if rule.query_key else ""
    return tr(
        "{e}{p}，{c}时报{l}", "{e}{p}, {c}: raises {l}", e=each, p=_posts(rule), c=_condition(rule), l=_level(rule)
    )


def _level(rule: AnyKind) -> str:
    if isinstance(rule, EventRule):
        return tr("同级告警", "an alert of the same level")
    return tr("{l}色告警", "an alert of level {l}", l=tr(*_LEVELS[rule.level]))


def _posts(rule: AnyKind) -> str:
    query = tr("符合“{q}”的帖子", "of posts that match “{q}”", q=clean(rule.query, 200)) if rule.query else ""
    whole = query or tr("全部帖子", "of all posts")
    if rule.match == Match():
        return whole
    fields = [tr("标题", "title")] * bool(rule.match.title) + [tr("正文", "text")] * bool(rule.match.text)
    return tr("{w}（且{f}合正则式）", "{w} (whose {f} has the pattern)", w=whole, f=tr("、", " and ").join(fields))


def _field(name: str | None) -> str:
    return (
        tr("事件", "event") if name == "event" else tr("声音", "voices") if name == "voices" else group_name(name or "")
    )


def _condition(rule: AnyKind) -> str:
    return _CONDITIONS[type(rule)](rule)


def _any_said(rule: AnyRule) -> str:
    return tr("每来一条", "whenever one comes")


def _frequency_said(rule: FrequencyRule) -> str:
    return tr("{w}内达到 {n} 条", "{n} or more within {w}", w=span(rule.window), n=rule.num_events)


def _spike_said(rule: SpikeRule) -> str:
    ways = {
        "up": tr("多到 {h:g} 倍", "{h:g} times as many", h=rule.spike_height),
        "down": tr("少到 {h:g} 分之一", "a {h:g}th", h=rule.spike_height),
        "both": tr("多到 {h:g} 倍或少到 {h:g} 分之一", "{h:g} times as many or a {h:g}th", h=rule.spike_height),
    }
    floor = tr(
        "（本窗口至少 {c} 条，前一个至少 {r} 条）",
        " (at least {c} now, {r} before)",
        c=rule.threshold_cur,
        r=rule.threshold_ref,
    )
    said = tr(
        "{w}内比前一个{w}{x}", "{x} within {w} as in the {w} before", w=span(rule.window), x=ways[rule.spike_type]
    )
    return said + floor


def _flatline_said(rule: FlatlineRule) -> str:
    return tr("{w}内不到 {n} 条", "fewer than {n} within {w}", w=span(rule.window), n=rule.threshold)


def _new_term_said(rule: NewTermRule) -> str:
    return tr("出现{w}内没有过的{f}", "a {f} not seen for {w} appears", w=span(rule.window), f=_field(rule.field))


def _cardinality_said(rule: CardinalityRule) -> str:
    bounds = []
    if rule.max_cardinality is not None:
        bounds.append(tr("多于 {n} 个", "more than {n}", n=rule.max_cardinality))
    if rule.min_cardinality is not None:
        bounds.append(tr("少于 {n} 个", "fewer than {n}", n=rule.min_cardinality))
    return tr(
        "{w}内不同的{f}{b}",
        "{b} distinct {f} within {w}",
        w=span(rule.window),
        f=_field(rule.field),
        b=tr("或", " or ").join(bounds),
    )


def _percentage_said(rule: PercentageRule) -> str:
    return tr(
        "{w}内其中符合“{q}”的{b}（至少 {n} 条）",
        "within {w} the share that matches “{q}” is {b} (of {n} or more)",
        w=span(rule.window),
        q=clean(rule.match_query, 200),
        b=_bounds(rule.min_percentage, rule.max_percentage, "%"),
        n=rule.min_denominator,
    )


def _metric_said(rule: MetricRule) -> str:
    return tr(
        "{w}内{m}{b}（至少 {n} 条）",
        "within {w} {m} is {b} (of {n} or more)",
        w=span(rule.window),
        m=tr(*_METRICS[rule.metric]),
        b=_bounds(rule.below, rule.above),
        n=rule.min_denominator,
    )


def _bounds(low: float | None, high: float | None, unit: str = "") -> str:
    said = []
    if high is not None:
        said.append(tr("高于 {n:g}{u}", "above {n:g}{u}", n=high, u=unit))
    if low is not None:
        said.append(tr("低于 {n:g}{u}", "below {n:g}{u}", n=low, u=unit))
    return tr("或", " or ").join(said)


def _change_said(rule: ChangeRule) -> str:
    return tr("由“{a}”变为“{b}”", "one goes from {a} to {b}", a=tr(*_STATES[rule.before]), b=tr(*_STATES[rule.after]))


def _event_said(rule: EventRule) -> str:
    kinds = tr("、", ", ").join(tr(*_FLAGS[one]) for one in rule.flags)
    of = tr("（{k}）", " ({k})", k=kinds) if kinds else ""
    about = tr("，且有帖子符合“{q}”", " with posts that match “{q}”", q=clean(rule.query, 200)) if rule.query else ""
    return tr("发现{l}色及以上的预警{o}{a}", "a flag of {l} or above{o}{a}", l=tr(*_LEVELS[rule.level]), o=of, a=about)


def _source_said(rule: SourceSilentRule) -> str:
    which = tr("、", ", ").join(rule.sources) or tr("任一启用的来源", "any source that is on")
    lacks = {
        "runs": tr("没有采集成功", "was not read with success"),
        "posts": tr("没有新帖", "gave no new post"),
        "both": tr("没有采集成功或没有新帖", "was not read with success, or gave no new post"),
    }[rule.of]
    return tr("{s}有{w}{x}", "{s} {x} for {w}", s=which, w=span(rule.window), x=lacks)


_CONDITIONS: dict[type[AnyKind], Callable[..., str]] = {
    AnyRule: _any_said,
    FrequencyRule: _frequency_said,
    SpikeRule: _spike_said,
    FlatlineRule: _flatline_said,
    NewTermRule: _new_term_said,
    CardinalityRule: _cardinality_said,
    PercentageRule: _percentage_said,
    MetricRule: _metric_said,
    ChangeRule: _change_said,
    EventRule: _event_said,
    SourceSilentRule: _source_said,
}


def _silence(rule: AnyKind) -> str:
    if not rule.realert_s:
        return ""
    if rule.exponential_realert is not None:
        return tr(
            "报后静默{a}，接连触发时逐次加倍至{b}",
            "then silent for {a}, doubled up to {b} while it goes on",
            a=span(rule.realert_s),
            b=span(rule.exponential_realert),
        )
    return tr("报后静默{a}", "then silent for {a}", a=span(rule.realert_s))


def _delivery(rule: AnyKind) -> str:
    if not rule.groups:
        return tr("没有写 groups，发给 alerts.groups 里的组", "no groups: those of alerts.groups")
    parts = [tr("告诉{g}", "tells {g}", g=tr("、", ", ").join(rule.groups))]
    if rule.digest:
        parts.append(tr("汇总（{d}）", "as a digest ({d})", d=digest_said(rule.digest)))
    if rule.quiet:
        parts.append(tr("{q} 安静", "quiet {q}", q=rule.quiet))
    if rule.escalate_after:
        parts.append(tr("{a}没有人确认就告诉下一位", "the next person after {a}", a=span(rule.escalate_after)))
    return tr("，", ", ").join(parts)


def digest_said(digest: str) -> str:
    """A digest for people: 2 小时, or its schedule."""
    return span(float(digest[:-1])) if digest.endswith("s") and " " not in digest else digest


def reasons(rule: AnyKind, found: Found) -> list[str]:
    """Why the rule fired, in sentences."""
    said = [tr("规则：{c}", "rule: {c}", c=_condition(rule)), _figure(rule, found)]
    if rule.match != Match():
        said.append(tr("另按正则表达式筛选，查询里看不到", "patterns narrow it down, which the query does not show"))
    return said


def _figure(rule: AnyKind, found: Found) -> str:
    window = span(rule.window_s)
    if isinstance(rule, SpikeRule):
        return tr(
            "{w}内 {n} 条，前一个{w} {r:.0f} 条",
            "{n} within {w}, {r:.0f} in the {w} before",
            w=window,
            n=found.count,
            r=found.reference or 0,
        )
    if isinstance(rule, CardinalityRule):
        return tr(
            "{w}内 {n} 条，不同的{f} {d:.0f} 个", "{n} within {w}, {d:.0f} distinct {f}",
            w=window, n=found.count, f=_field(rule.field), d=found.figure,
        )  # fmt: skip
    if isinstance(rule, PercentageRule):
        return tr(
            "{w}内 {n} 条，占 {s:.0f}%", "{n} within {w}, {s:.0f}% of them", w=window, n=found.count, s=found.figure
        )
    if isinstance(rule, MetricRule):
        return tr(
            "{w}内 {n} 条，{m} {v:.2f}",
            "{n} within {w}, {m} {v:.2f}",
            w=window,
            n=found.count,
            m=tr(*_METRICS[rule.metric]),
            v=found.figure,
        )
    if isinstance(rule, AnyRule | NewTermRule):
        return tr("新来 {n} 条", "{n} came", n=found.count)
    return tr("{w}内 {n} 条", "{n} within {w}", w=window, n=found.count)


def figures(rule: AnyKind, found: Found) -> list[tuple[str, str]]:
    """The figures of a finding as shown."""
    shown = [(tr("条数", "posts"), str(found.count))]
    if isinstance(rule, SpikeRule):
        shown.append((tr("前一个窗口", "window before"), f"{found.reference or 0:.0f}"))
    elif isinstance(rule, CardinalityRule):
        shown.append((_field(rule.field), f"{found.figure:.0f}"))
    elif isinstance(rule, PercentageRule):
        shown.append((tr("占比", "share"), f"{found.figure:.0f}%"))
    elif isinstance(rule, MetricRule):
        shown.append((tr(*_METRICS[rule.metric]), f"{found.figure:.2f}"))
    elif isinstance(rule, FlatlineRule):
        shown.append((tr("至少应有", "at least"), f"{rule.threshold}"))
    return shown
