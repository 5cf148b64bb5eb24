"""一、总体情况: how much, against the usual and against earlier periods, and the mood."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from statistics import median

from pipeline.briefs.asking import Asker
from pipeline.briefs.measures import day_counts
from pipeline.briefs.model import Block, Cell, Chart, Heading, Paragraph, Section
from pipeline.briefs.periods import ENOUGH, Period
from pipeline.briefs.showing import FEW, moment
from pipeline.query.times import SHANGHAI

# Four weeks of a daily brief, three months of days for longer ones.
_CURVE_DAYS = {"daily": 28, "weekly": 56, "monthly": 92, "topic": 28}
_MOST_DAYS = 92


def overall(asker: Asker) -> Section:
    """The section; says so where there is nothing."""
    count = asker.figure("count", asker.asked)
    blocks: list[Block] = [Heading(1, "一、总体情况")]
    if not count.value:
        return Section("overall", [*blocks, Paragraph(_nothing(asker)), *_curve(asker)])
    originals, voices = asker.figure("originals", asker.asked), asker.figure("voices", asker.asked)
    first: Cell = (
        f"{asker.period.told()}，采集到公开帖文", count, "条，不计转载", originals, "条，来自", voices, "个声音",
        asker.few(count.value), "。",
    )  # fmt: skip
    blocks += [
        Paragraph((*first, *_unfinished(asker))),
        Paragraph(_usual(asker), lead="与往常比。"),
        Paragraph(_compared(asker), lead="与以前比。"),
        Paragraph(_mood(asker), lead="情感。"),
    ]
    return Section("overall", [*blocks, *_curve(asker)])


def _nothing(asker: Asker) -> Cell:
    unfinished = _unfinished(asker)
    looked = asker.known(asker.period)
    quiet = "" if unfinished else "期间有来源采集成功，确无新帖。"
    why = quiet if looked else "期间没有一次成功的采集，没有数据不等于没有意见。"
    return (f"{asker.period.told()}，采集到公开帖文", asker.figure("count", asker.asked), f"条。{why}", *unfinished)


def _unfinished(asker: Asker) -> Cell:
    if asker.ground.made_at >= asker.period.until:
        return ()
    return (f"期间尚未结束，数字截至{moment(asker.ground.made_at)}。",)


def _usual(asker: Asker) -> Cell:
    periods = [one for one in asker.period.usual_of() if asker.known(one)]
    if len(periods) < ENOUGH:
        return (f"可比的以前时段只有{len(periods)}个，不足{ENOUGH}个，不作比较。",)
    questions = [one.asked(asker.base) for one in periods]
    middle, low, high = (asker.figure(f"usual_{name}", *questions) for name in ("median", "low", "high"))
    count = asker.figure("count", asker.asked)
    among = "" if len(periods) == len(asker.period.usual_of()) else f"（有数据的{len(periods)}个）"
    between: Cell = ("条，在", low, "至", high, "条之间") if low.value != high.value else ("条，每个时段都是如此",)
    return (
        f"{asker.period.usual_name()}{among}中位数为", middle, *between, "；本期",
        count, f"条，{_standing(count.value, low.value, high.value)}。",
    )  # fmt: skip


def _standing(value: object, low: object, high: object) -> str:
    assert isinstance(value, int | float) and isinstance(low, int | float) and isinstance(high, int | float)
    if value > high:
        return "高于往常的最大值"
    return "低于往常的最小值" if value < low else "在往常范围内"


def _compared(asker: Asker) -> Cell:
    said: list[Cell] = [_against(asker, name, period) for name, period in asker.period.comparisons()]
    return tuple(piece for n, cell in enumerate(said) for piece in (*cell, "；" if n < len(said) - 1 else "。"))


def _against(asker: Asker, name: str, period: Period) -> Cell:
    if not asker.known(period):
        return (f"{name}没有数据，不作比较",)
    then = asker.figure("count", period.asked(asker.base))
    change = asker.figure("change", asker.asked, period.asked(asker.base))
    if not isinstance(change.value, int | float) or not then.value:
        return (f"{name}为", then, "条")
    if change.value == 0:
        return (f"与{name}（", then, "条）持平")
    few = asker.few(min(float(then.value), float(asker.figure("count", asker.asked).value or 0)))
    return (f"比{name}（", then, "条）" + ("增加" if change.value > 0 else "减少"), change, few)


def _mood(asker: Asker) -> Cell:
    asked = asker.asked
    sure, unsure = asker.figure("sure", asked), asker.figure("unsure", asked)
    if not sure.value:
        return ("没有一条的情感判断有把握；拿不准的", unsure, "条。")
    negative, share = asker.figure("negative", asked), asker.figure("negative_share", asked)
    low, high = asker.figure("negative_low", asked), asker.figure("negative_high", asked)
    left: Cell = ("；另有", unsure, "条拿不准，未计入。") if unsure.value else ("；没有拿不准的。",)
    return (
        "判断有把握的", sure, "条中，负面", negative, "条，占", share, "（置信度95%的区间为", low, "至", high, "）",
        asker.few(sure.value), *left,
    )  # fmt: skip


def _curve(asker: Asker) -> list[Block]:
    """Posts by day up to the end of the period; days of which nothing is known stay empty."""
    days = min(max(_CURVE_DAYS[asker.period.kind], asker.period.days), _MOST_DAYS)
    last = asker.period.last_day
    span = Period("topic", last - timedelta(days=days - 1), last)
    if asker.first_at is not None:
        first = max(span.first_day, asker.first_at.astimezone(SHANGHAI).date())
        span = replace(span, first_day=min(first, last))
    asked = span.asked(asker.base)
    counts = day_counts(asker.ground, asked)
    known = [n if n or asker.known(Period("daily", day, day)) else None for day, n in counts]
    if sum(n or 0 for n in known) < FEW or len(known) < ENOUGH:
        return []
    seen = [n for n in known if n is not None]
    top = max(range(len(counts)), key=lambda n: known[n] or 0)
    shown_days = span.told_short()
    alt = (
        f"每日条数柱状图，{shown_days}，最多的一天是{Period('daily', counts[top][0], counts[top][0]).told_short()}，{known[top]}条；"
        f"最后一天{'没有数据' if known[-1] is None else f'{known[-1]}条'}。"
    )
    blind = "，灰色为没有数据" if None in known else ""
    title = f"图1　每日条数（{shown_days}，虚线为中位数{blind}）"
    labels = [f"{day:%m-%d}" for day, _ in counts]
    return [Chart("days", title, labels, known, alt, [asker.figure("days", asked)], usual=float(median(seen)))]
