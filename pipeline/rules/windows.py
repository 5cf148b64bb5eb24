"""Windows of time over posts, and whether a rule fits one. Pure: arrays in, a finding out.

A window ends with a post (or now) and reaches back `window` from there: posts of one window lie less than that apart. Only
windows with a post that arrived since the rule was last judged are looked at, wherever in the past they lie: so a late post
counts where it belongs, and nothing is judged twice.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from config.rules import (
    AnyRule,
    CardinalityRule,
    FlatlineRule,
    FrequencyRule,
    MetricRule,
    NewTermRule,
    PercentageRule,
    Rule,
    SpikeRule,
)
from pipeline.query.moments import Real, Whole

Flags = npt.NDArray[np.bool_]
_NO_ROWS = np.zeros(0, dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Posts:
    """Posts of one value of the query key, in order of publication. at: ms; keys: of each post; new: arrived since the last
    judgement; value: what a metric averages, NaN for none; matched: fits the other query; rows, codes: pairs of a post's place
    and a number that stands for one thing counted distinct (a voice, a place), in the order of rows."""

    at: Whole
    keys: Whole
    new: Flags
    value: Real | None = None
    matched: Flags | None = None
    rows: Whole = field(default_factory=lambda: _NO_ROWS)
    codes: Whole = field(default_factory=lambda: _NO_ROWS)


@dataclass(frozen=True, slots=True)
class Moment:
    """now_ms: when it is judged; began_ms: when the oldest post known was published: before it nothing can be compared."""

    now_ms: int
    began_ms: int


@dataclass(frozen=True, slots=True)
class Found:
    """What fits a rule. since_ms, until_ms: the window, until exclusive; anchor: the same whenever the same is found; count:
    posts in it; reference: what it was compared with, None for nothing; figure: what was judged."""

    since_ms: int
    until_ms: int
    anchor: str
    count: int
    figure: float
    reference: float | None = None


def judge(rule: Rule, posts: Posts, moment: Moment) -> Found | None:
    """The window that fits `rule`, None where none does; of several the one that fits best."""
    match rule:
        case AnyRule():
            return _any(posts)
        case FrequencyRule():
            return _frequency(rule, posts)
        case SpikeRule():
            return _spike(rule, posts, moment)
        case FlatlineRule():
            return _flatline(rule, posts, moment)
        case NewTermRule():
            return _new_term(posts)
        case CardinalityRule():
            return _cardinality(rule, posts, moment)
        case PercentageRule():
            return _percentage(rule, posts)
        case MetricRule():
            return _metric(rule, posts)
    return None


@dataclass(frozen=True, slots=True)
class _Windows:
    """The window that ends with each post. low, high: places of its first post and behind its last; news: arrivals in it."""

    low: Whole
    high: Whole
    news: Flags

    @property
    def count(self) -> Whole:
        return self.high - self.low


def _ms(seconds: float) -> int:
    return max(1, round(seconds * 1000))


def _windows(posts: Posts, window_s: float) -> _Windows:
    low = np.searchsorted(posts.at, posts.at - _ms(window_s), side="right")
    high = np.searchsorted(posts.at, posts.at, side="right")
    arrived = _sums(posts.new.astype(np.int64))
    return _Windows(low, high, arrived[high] > arrived[low])


def _sums(values: npt.NDArray[np.generic]) -> npt.NDArray[np.float64]:
    return np.concatenate(([0.0], np.cumsum(values, dtype=np.float64)))


def _best(posts: Posts, windows: _Windows, fits: Flags, figure: Real, *, most: bool = True) -> Found | None:
    """The window that fits best, as a finding that is named by the first that fits."""
    places = np.flatnonzero(fits & windows.news)
    if not len(places):
        return None
    best = int(places[np.argmax(figure[places]) if most else np.argmin(figure[places])])
    low, high = int(windows.low[best]), int(windows.high[best])
    first = int(posts.keys[windows.high[places[0]] - 1])
    return Found(
        since_ms=int(posts.at[low]),
        until_ms=int(posts.at[high - 1]) + 1,
        anchor=f"{first:x}",
        count=high - low,
        figure=float(figure[best]),
    )


def _any(posts: Posts) -> Found | None:
    at, keys = posts.at[posts.new], posts.keys[posts.new]
    if not len(at):
        return None
    return Found(int(at[0]), int(at[-1]) + 1, f"{int(keys[0]):x}", len(at), float(len(at)))


def _new_term(posts: Posts) -> Found | None:
    """Nothing in the window had it but what just arrived."""
    if not len(posts.at) or not posts.new.all():
        return None
    return Found(
        int(posts.at[0]), int(posts.at[-1]) + 1, f"{int(posts.keys[0]):x}", len(posts.at), float(len(posts.at))
    )


def _frequency(rule: FrequencyRule, posts: Posts) -> Found | None:
    windows = _windows(posts, rule.window)
    return _best(posts, windows, windows.count >= rule.num_events, windows.count.astype(np.float64))


def _spike(rule: SpikeRule, posts: Posts, moment: Moment) -> Found | None:
    up = _spike_up(rule, posts, moment) if rule.spike_type != "down" else None
    return up or (_spike_down(rule, posts, moment) if rule.spike_type != "up" else None)


def _spike_up(rule: SpikeRule, posts: Posts, moment: Moment) -> Found | None:
    windows, span = _windows(posts, rule.window), _ms(rule.window)
    before = windows.low - np.searchsorted(posts.at, posts.at - 2 * span, side="right")
    fits = (windows.count >= max(1, rule.threshold_cur)) & (before >= rule.threshold_ref)
    fits &= windows.count >= before * rule.spike_height
    if not rule.alert_on_new_data:
        fits &= posts.at - 2 * span >= moment.began_ms
    found = _best(posts, windows, fits, windows.count / np.maximum(before, 1))
    if found is None:
        return None
    behind = found.until_ms - 1
    reference = int(np.sum((posts.at > behind - 2 * span) & (posts.at <= behind - span)))
    return Found(found.since_ms, found.until_ms, found.anchor, found.count, float(found.count), float(reference))


def _spike_down(rule: SpikeRule, posts: Posts, moment: Moment) -> Found | None:
    span, now = _ms(rule.window), moment.now_ms
    if not rule.alert_on_new_data and now - 2 * span < moment.began_ms:
        return None
    count = _between(posts, now - span, now)
    before = _between(posts, now - 2 * span, now - span)
    if before < max(1, rule.threshold_ref) or count * rule.spike_height > before:
        return None
    return Found(now - span + 1, now + 1, _quiet_anchor(rule, posts, now), count, float(count), float(before))


def _flatline(rule: FlatlineRule, posts: Posts, moment: Moment) -> Found | None:
    """Silence is told while it lasts, once in each stretch of `realert` (or the window)."""
    span, now = _ms(rule.window), moment.now_ms
    if now - span < moment.began_ms:
        return None
    count = _between(posts, now - span, now)
    if count >= rule.threshold:
        return None
    return Found(now - span + 1, now + 1, _quiet_anchor(rule, posts, now), count, float(count), float(rule.threshold))


def _between(posts: Posts, after_ms: int, until_ms: int) -> int:
    """Posts after the one instant, up to and with the other."""
    low, high = np.searchsorted(posts.at, [after_ms, until_ms], side="right")
    return int(high - low)


def _quiet_anchor(rule: Rule, posts: Posts, now_ms: int) -> str:
    """Names a silence by its last post and the stretch of it that now is."""
    place = int(np.searchsorted(posts.at, now_ms, side="right"))
    last_at, last = (int(posts.at[place - 1]), int(posts.keys[place - 1])) if place else (0, 0)
    return f"q{last:x}-{(now_ms - last_at) // _ms(rule.realert_s or rule.window_s)}"


def _cardinality(rule: CardinalityRule, posts: Posts, moment: Moment) -> Found | None:
    if rule.max_cardinality is not None and (found := _too_many(rule, rule.max_cardinality, posts)):
        return found
    return _too_few(rule, rule.min_cardinality, posts, moment) if rule.min_cardinality is not None else None


def _too_many(rule: CardinalityRule, most: int, posts: Posts) -> Found | None:
    windows = _windows(posts, rule.window)
    # So many pairs at least; that spares the counting nearly always.
    first, last = np.searchsorted(posts.rows, windows.low), np.searchsorted(posts.rows, windows.high)
    if not ((last - first > most) & windows.news).any():
        return None
    distinct = _distinct(posts.codes, first, last)
    return _best(posts, windows, distinct > most, distinct)


def _distinct(codes: Whole, first: Whole, last: Whole) -> Real:
    """Distinct codes from each `first` to before each `last`; both never fall."""
    inside: Counter[int] = Counter()
    low = high = 0
    found = np.zeros(len(first))
    for place, (start, end) in enumerate(zip(first.tolist(), last.tolist(), strict=True)):
        inside.update(codes[high:end].tolist())
        high = end
        for gone in codes[low:start].tolist():
            inside[gone] -= 1
            if not inside[gone]:
                del inside[gone]
        low = start
        found[place] = len(inside)
    return found


def _too_few(rule: CardinalityRule, least: int, posts: Posts, moment: Moment) -> Found | None:
    span, now = _ms(rule.window), moment.now_ms
    if now - span < moment.began_ms:
        return None
    low, high = np.searchsorted(posts.at, [now - span, now], side="right")
    inside = (posts.rows >= low) & (posts.rows < high)
    distinct = len(np.unique(posts.codes[inside]))
    if distinct >= least:
        return None
    return Found(
        now - span + 1, now + 1, _quiet_anchor(rule, posts, now), int(high - low), float(distinct), float(least)
    )


def _percentage(rule: PercentageRule, posts: Posts) -> Found | None:
    windows = _windows(posts, rule.window)
    sums = _sums(posts.matched if posts.matched is not None else posts.new & False)
    share = 100 * (sums[windows.high] - sums[windows.low]) / np.maximum(windows.count, 1)
    enough = windows.count >= rule.min_denominator
    return _outside(posts, windows, enough, share, (rule.min_percentage, rule.max_percentage))


def _metric(rule: MetricRule, posts: Posts) -> Found | None:
    windows = _windows(posts, rule.window)
    value = posts.value if posts.value is not None else np.full(len(posts.at), np.nan)
    known = ~np.isnan(value)
    sums, counts = _sums(np.where(known, value, 0.0)), _sums(known)
    counted = counts[windows.high] - counts[windows.low]
    mean = (sums[windows.high] - sums[windows.low]) / np.maximum(counted, 1)
    return _outside(posts, windows, counted >= rule.min_denominator, mean, (rule.below, rule.above))


def _outside(
    posts: Posts, windows: _Windows, enough: Flags, figure: Real, bounds: tuple[float | None, float | None]
) -> Found | None:
    low, high = bounds
    if high is not None and (found := _best(posts, windows, enough & (figure > high), figure)):
        return found
    return _best(posts, windows, enough & (figure < low), figure, most=False) if low is not None else None
