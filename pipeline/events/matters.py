"""Posts of one matter, found as they come: which belong together, and whether so many voices are more than chance.

A post is compared with those before it (`pipeline.events.similar`). Where the voices that speak of the same within 3, 7 or 14
days are more than what was usual for just these words, given how much was said at all, an event begins; later posts that are
like its posts join it, and events that the same posts belong to become one. What is usual is the rate of like posts in the
months before, known only as well as so few allow (gamma-Poisson), and the probability is adjusted for all posts looked at in
two weeks (Benjamini & Hochberg). Docs: decision 0011.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from config.events import WINDOWS, Events
from pipeline.events.chance import Family, predictive
from pipeline.events.heard import DAY_MS, Heard
from pipeline.events.lately import SPAN_MS, Lately
from pipeline.events.levels import above, least_voices, rule_met, sentence
from pipeline.events.model import Level
from pipeline.events.similar import Similar, features

LONGEST = max(WINDOWS)
# What is assumed of words nobody has used: a tenth of a voice in six weeks, worth as much as six weeks of watching.
_PRIOR_VOICES, _PRIOR_DAYS = 0.1, 42
# Of an event its own past is known; less is assumed.
_OWN_PRIOR_DAYS = 7
# A post shorter than this is like anything.
_LEAST_FEATURES = 6
# How near a post must be to one of an event to join it by that alone; else it must be like two of them, and of a large event
# like this share of its latest posts: or whatever is large would draw in whatever is only somewhat like.
_ALONE, _SHARE = 1.5, 0.1
# Nothing is unusual before so many days are known.
_WARM_DAYS = 28
# Nor are two of which most posts of the week have a word in common that is this unlikely in the week: 停水, in an outage that
# everybody tells in other words. Looked for when an event has so many posts that opened something.
_COMMON_SHARE, _COMMON_CHANCE, _LEAST_COMMON = 0.6, 1e-8, 3
_LOOKED_AT = 500
_LOOKED = frozenset((3, 4, 6, 9, 13, 19, 28, 42, 63, 94, 141, 211, 316, 474))
# So unlikely the voices of a whole event are at least: what is always spoken of is louder on some days.
_UNUSUAL = 0.01
# An event that nobody spoke of for so long is over; who speaks of it again opens it again.
QUIET_DAYS = 28
# Two events are one when a post is like two posts of each and like this share of the latest posts of each.
_BOTH, _BOTH_SHARE = 2, 0.3


@dataclass(frozen=True, slots=True)
class Burst:
    """Why it is more than chance. days: length of the window, which ends at end_ms; count: voices in it; expected: usual in
    as many days; probability: of as many or more by chance; adjusted: for all that was looked at."""

    days: int
    end_ms: int
    count: int
    expected: float
    probability: float
    adjusted: float


@dataclass(frozen=True, slots=True)
class Raised:
    """A flag in the making: the event, the burst, the level and the rule that made it."""

    event_id: str
    post_id: str
    burst: Burst
    level: Level
    rule: str
    voices: int


@dataclass(slots=True)
class Gathering:
    """An event as it grows. posts: ids in the order they came; numbers: theirs in the index; opened_ms: their times, rising;
    level, flagged_ms: of the latest flag, 0 for none."""

    id: str
    posts: list[str] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    opened_ms: list[int] = field(default_factory=list)
    last_ms: int = 0
    level: Level = "blue"
    flagged_ms: int = 0


class Matters:
    """The detection, with all it must remember. Feed posts in the order of publication where that can be had."""

    def __init__(self, rules: Events) -> None:
        self.rules = rules
        self.similar = Similar()
        self.lately = Lately()
        self.gatherings: dict[str, Gathering] = {}
        self.event_of: dict[str, str] = {}
        self.merged: dict[str, str] = {}
        self.just_merged: list[str] = []  # for whoever writes it down
        # Id, published_ms, voice and the thread it opens; by number of the index.
        self._heard: list[tuple[str, int, str, str]] = []
        self._times: list[int] = []  # of all posts, sorted: how much was said at all
        self._tests = Family()
        self._threads: dict[str, str] = {}

    def know(self, post: Heard, *, tested: bool = True) -> int:
        """Take in a post that was decided on before: nothing is flagged. tested: whether it was looked at so lately that it
        counts in the false discovery rate. Returns its number."""
        if tested:
            return self._weigh_up(post)[1]
        found, weighed = self._looked_at(post)
        number = self._remember(post, found, weighed)
        self._forget(post.published_ms)
        return number

    def belongs(self, number: int, event_id: str) -> None:
        """Take in that a post that is known was found to belong to an event, which is known too."""
        self._join(self.gatherings[event_id], number)

    def hear(self, post: Heard) -> list[Raised]:
        """Decide on a post; flags that it raises, mostly none."""
        near, number, burst = self._weigh_up(post)
        event = self._event_near(post, near)
        if event is None and burst is not None and burst.adjusted <= self.rules.false_share:
            event = self._unite(self._begin(post, [n for n, _ in near] + [number]), post.published_ms)
        elif event is not None:
            self._join(event, number)
            if len(event.opened_ms) in _LOOKED:
                event = self._unite(event, post.published_ms)
        if event is None or post.published_ms < self._times[0] + _WARM_DAYS * DAY_MS:
            return []
        return self._raise(event, post, burst)

    def _weigh_up(self, post: Heard) -> tuple[list[tuple[int, float]], int, Burst | None]:
        """Posts it is like, its own number, and the burst it stands in, None with too few voices."""
        found, weighed = self._looked_at(post)
        near = self._near(weighed)
        number = self._remember(post, found, weighed)
        probability, burst = self._test(post, [n for n, _ in near])
        self._tests.add(post.published_ms, probability)
        self._forget(post.published_ms)
        return near, number, burst

    def _looked_at(self, post: Heard) -> tuple[dict[str, float], list[tuple[int, float]]]:
        """Features of a post and their weights: none of an answer in a thread, which belongs where its thread does."""
        if not post.opens:
            return {}, []
        found = features(post.title_tokens, post.text_tokens)
        return found, self.similar.weigh(found) if len(found) >= _LEAST_FEATURES else []

    def _near(self, weighed: Sequence[tuple[int, float]]) -> list[tuple[int, float]]:
        numbers, likeness = self.similar.like(weighed, self.rules.likeness)
        return list(zip(numbers.tolist(), likeness.tolist(), strict=True))

    def _remember(self, post: Heard, found: dict[str, float], weighed: Sequence[tuple[int, float]]) -> int:
        # Those who answer in a thread bring nothing up; a lively thread is no outbreak.
        voice = post.voice if post.opens and not post.repost else ""
        thread = post.thread if post.opens else ""
        self._heard.append((post.id, post.published_ms, voice, thread))
        insort(self._times, post.published_ms)
        if found:
            self.lately.add(post.id, post.published_ms, found)
        return self.similar.add(found, weighed)

    def _forget(self, now_ms: int) -> None:
        """What is older than the history is compared no more."""
        before = now_ms - (self.rules.history_days + LONGEST) * DAY_MS
        first = self.similar.first
        while first < len(self._heard) and self._heard[first][1] < before:
            first += 1
        self.similar.forget(first)
        self._tests.forget(now_ms - LONGEST * DAY_MS)

    def _voices(self, numbers: Iterable[int], since_ms: int, until_ms: int) -> int:
        """Distinct voices of posts later than since_ms, until_ms included."""
        return len({v for n in numbers for _, at, v, _ in (self._heard[n],) if v and since_ms < at <= until_ms})

    def _said(self, since_ms: int, until_ms: int) -> int:
        """How much was said at all."""
        return bisect_right(self._times, until_ms) - bisect_right(self._times, since_ms)

    def _test(self, post: Heard, near: Sequence[int]) -> tuple[float, Burst | None]:
        """Probability of so many voices around the post by chance, and the window where it is least."""
        here = [*near, len(self._heard) - 1]
        found = [self._window(here, post.published_ms, days) for days in WINDOWS]
        tried = [one for one in found if one is not None]
        if not tried:
            return 1.0, None
        burst = self._burst(min(tried, key=lambda one: one[3]), post.published_ms)
        return burst.probability, burst

    def _burst(self, window: tuple[int, int, float, float], end_ms: int) -> Burst:
        """The least likely of the windows, for all of them and for all posts looked at."""
        days, count, expected, probability = window
        probability = min(1.0, probability * len(WINDOWS))
        return Burst(days, end_ms, count, expected, probability, self._tests.adjusted(probability))

    def _window(
        self, here: Sequence[int], end_ms: int, days: int, prior_days: float = _PRIOR_DAYS
    ) -> tuple[int, int, float, float] | None:
        """Length, voices, expected voices and probability of the window that ends now; None with too few voices."""
        start = end_ms - days * DAY_MS
        count = self._voices(here, start, end_ms)
        if count < self.rules.least_voices:
            return None
        # What was usual is measured before the longest window, so that a slow rise is not its own measure.
        until = end_ms - LONGEST * DAY_MS
        since = until - self.rules.history_days * DAY_MS
        before = {(v, at // DAY_MS) for n in here for _, at, v, _ in (self._heard[n],) if v and since < at <= until}
        said_before, said_now = self._said(since, until), self._said(start, end_ms)
        # The prior is worth six weeks of what is said a day, now or before: a source that is young has said little before.
        first = max(since, self._times[0])
        lately = self._said(until, end_ms)
        watched = max((end_ms - first) / DAY_MS, 1.0)
        prior = prior_days * max((said_before + lately) / watched, lately / LONGEST)
        others = max(said_now - count + 1, 1)
        seen, exposure = _PRIOR_VOICES + len(before), prior + said_before
        return days, count, seen / exposure * others, predictive(count, seen=seen, exposure=exposure, ahead=others)

    def _event_near(self, post: Heard, near: Sequence[tuple[int, float]]) -> Gathering | None:
        """The event the post belongs to: that of its thread or its original, else the one it is most like."""
        for known in (self._threads.get(post.thread) if post.thread else None, self.event_of.get(post.original)):
            if known:
                return self.gatherings[self.now_called(known)]
        sums: Counter[str] = Counter()
        many: Counter[str] = Counter()
        most: dict[str, float] = {}
        for number, likeness in near:
            event_id = self.event_of.get(self._heard[number][0])
            if event_id is None:
                continue
            event_id = self.now_called(event_id)
            sums[event_id] += likeness  # type: ignore[assignment]
            many[event_id] += 1
            most[event_id] = max(likeness, most.get(event_id, 0.0))
        alone = _ALONE * self.rules.likeness
        fits = [
            e for e in sums if most[e] >= alone or many[e] >= max(_BOTH, _SHARE * self._latest(e, post.published_ms))
        ]
        if not fits:
            return None
        fits.sort(key=lambda e: (-sums[e] / many[e], e))
        chosen = self.gatherings[fits[0]]
        both = [e for e in fits if many[e] >= max(_BOTH, _BOTH_SHARE * self._latest(e, post.published_ms))]
        for other in both:
            if fits[0] in both and other != fits[0]:
                chosen = self._merge(chosen, self.gatherings[other], post.published_ms)
        return chosen

    def _latest(self, event_id: str, now_ms: int) -> int:
        """How many posts of an event opened something in the latest weeks."""
        opened = self.gatherings[event_id].opened_ms
        return len(opened) - bisect_right(opened, now_ms - QUIET_DAYS * DAY_MS)

    def now_called(self, event_id: str) -> str:
        """Id of the event that one has become part of, or its own."""
        while event_id in self.merged:
            event_id = self.merged[event_id]
        return event_id

    def _merge(self, one: Gathering, other: Gathering, now_ms: int) -> Gathering:
        """The one that was flagged first, else began first, takes in the other, where both are alive; else they stay
        apart."""
        if min(one.last_ms, other.last_ms) < now_ms - QUIET_DAYS * DAY_MS:
            return one
        elder, younger = sorted((one, other), key=lambda e: (not e.flagged_ms, e.flagged_ms, min(e.opened_ms), e.id))
        elder.posts.extend(younger.posts)
        elder.numbers.extend(younger.numbers)
        elder.opened_ms = sorted([*elder.opened_ms, *younger.opened_ms])
        elder.last_ms = max(elder.last_ms, younger.last_ms)
        if above(younger.level, elder.level):
            elder.level = younger.level
        elder.flagged_ms = max(elder.flagged_ms, younger.flagged_ms)
        self.merged[younger.id] = elder.id
        self.just_merged.append(younger.id)
        return elder

    def _unite(self, event: Gathering, now_ms: int) -> Gathering:
        """The event with those that tell the same outbreak in other words, by an unusual word that most of both have."""
        words = {word for word in self._most_say(event) if self.lately.chance(word) <= _COMMON_CHANCE}
        if not words:
            return event
        others = [
            one
            for one in self.gatherings.values()
            if one.id != event.id and one.id not in self.merged and one.last_ms > now_ms - SPAN_MS
        ]
        for other in others:
            if not words.isdisjoint(self._most_say(other)):
                event = self._merge(event, other, now_ms)
        return event

    def _most_say(self, event: Gathering) -> set[str]:
        """Words that most of its posts of the week have; none of an event that is mostly older."""
        count, shares = self.lately.shares(event.posts[-_LOOKED_AT:])
        if count < max(_LEAST_COMMON, len(event.opened_ms) / 2):
            return set()
        return {word for word, share in shares.items() if share >= _COMMON_SHARE}

    def _begin(self, post: Heard, numbers: Sequence[int]) -> Gathering:
        event = Gathering(id=post.id)
        self.gatherings[event.id] = event
        for number in numbers:
            post_id, at, *_ = self._heard[number]
            if post_id not in self.event_of and abs(post.published_ms - at) <= QUIET_DAYS * DAY_MS:
                self._join(event, number)
        return event

    def _join(self, event: Gathering, number: int) -> None:
        post_id, at_ms, _, thread = self._heard[number]
        event.posts.append(post_id)
        event.numbers.append(number)
        insort(event.opened_ms, at_ms)
        event.last_ms = max(event.last_ms, at_ms)
        self.event_of[post_id] = event.id
        if thread:
            self._threads[thread] = event.id

    def _raise(self, event: Gathering, post: Heard, burst: Burst | None) -> list[Raised]:
        """A flag when the event is new, has reached a higher level, or is spoken of again after a silence."""
        end = post.published_ms
        again = event.flagged_ms < end - QUIET_DAYS * DAY_MS
        lately = len(event.opened_ms) - bisect_right(event.opened_ms, end - LONGEST * DAY_MS)
        # Most posts of a large event raise nothing, which is soon seen.
        if lately < least_voices(self.rules.levels, "" if again else event.level):
            return []
        here = self._of_event(event)
        # Of what is always spoken of, only the voices beyond the usual count.
        windows = {days: one for days in WINDOWS if (one := self._window(here, end, days, _OWN_PRIOR_DAYS)) is not None}
        rule = rule_met({days: max(0, round(one[1] - one[2])) for days, one in windows.items()}, self.rules.levels)
        if rule is None:
            return []
        # Of the windows in which the rule is met, the least likely one tells it best.
        met = [one for one in windows.values() if one[0] <= rule.days and round(one[1] - one[2]) >= rule.voices]
        told = self._burst(min(met, key=lambda one: one[3]), end)
        sure = told.adjusted <= self.rules.false_share
        if again and burst is not None and burst.adjusted <= self.rules.false_share:
            # The words of this post are unusual; the event must be somewhat so.
            told = told if sure else burst
            sure = sure or min(one[3] for one in met) <= _UNUSUAL
        if not sure or not (again or above(rule.level, event.level)):
            return []
        event.level, event.flagged_ms = rule.level, end
        voices = self._voices(here, end - LONGEST * DAY_MS, end)
        return [Raised(event.id, post.id, told, rule.level, sentence(rule), voices)]

    def _of_event(self, event: Gathering) -> list[int]:
        """Numbers of its posts that are not forgotten."""
        return [n for n in event.numbers if n >= self.similar.first]
