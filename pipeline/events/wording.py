"""Flags in sentences, for all who tell of them."""

from __future__ import annotations

from config.text import tr
from pipeline.events.model import Flag


def headline(flag: Flag) -> str:
    """A flag in one line: what, in how many days, how much, how much is usual."""
    # The window of an event ends with a post, in the middle of a day; it touches a day more than it is long.
    days = (flag.until_day - flag.since_day).days + (flag.kind != "event")
    named = {"l": flag.label, "d": max(days, 1), "c": flag.count, "v": flag.voices}
    if flag.kind == "event":
        return tr("{l}：{d} 天里 {v} 个声音，往常{e}", "{l}: {v} voices in {d} days, usual{e}", **named, e=usual(flag))
    return tr("{l}：{d} 天里 {c} 条，往常{e}", "{l}: {c} posts in {d} days, usual{e}", **named, e=usual(flag))


def usual(flag: Flag) -> str:
    """How much is usual, as a person says it."""
    return f" {flag.expected:.1f}" if flag.expected >= 0.1 else tr("不到 0.1", " less than 0.1")


def why(flag: Flag) -> str:
    """Why a flag was raised: its days, how much, how much is usual, how likely that is by chance, and the rule."""
    named = {"a": f"{flag.since_day:%m-%d}", "b": f"{flag.until_day:%m-%d}", "c": flag.count, "v": flag.voices}
    expected = usual(flag)
    if flag.kind == "source":
        told = tr("{a} 至 {b} 只有 {c} 条，往常{e} 条", "{a} to {b}: {c} posts, usual{e}", **named, e=expected)
    elif flag.kind == "event":
        told = tr("{a} 至 {b} 有 {v} 个声音，往常{e} 个", "{a} to {b}: {v} voices, usual{e}", **named, e=expected)
    else:
        told = tr(
            "{a} 至 {b} 有 {c} 条、{v} 个声音，往常{e} 条",
            "{a} to {b}: {c} posts by {v} voices, usual{e}",
            **named,
            e=expected,
        )
    return tr("{t}（{c}）；{r}", "{t} ({c}); {r}", t=told, c=chance(flag), r=flag.rule)


def chance(flag: Flag) -> str:
    """How likely the flag is by chance, adjusted for all that was looked at, as a person says it."""
    if flag.adjusted < 1e-6:
        return tr("碰巧的可能不到百万分之一", "less than one in a million by chance")
    if flag.adjusted > 0.02:
        return tr("碰巧的可能 {p:.0%}", "{p:.0%} by chance", p=flag.adjusted)
    return tr("碰巧的可能约 1/{n:,}", "about one in {n:,} by chance", n=_round(1 / flag.adjusted))


def _round(value: float) -> int:
    """To two digits."""
    size = 10 ** max(0, len(str(int(value))) - 2)
    return int(round(value / size) * size)
