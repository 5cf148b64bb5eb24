"""What is told of an event: its name, phrases, representatives, places, curve. Everything is verbatim from its posts."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

from pipeline.events.heard import DAY_MS, Heard
from pipeline.events.matters import QUIET_DAYS
from pipeline.events.model import Event, State
from pipeline.events.similar import features

SHANGHAI = ZoneInfo("Asia/Shanghai")
# A phrase of the event stands in at least this share of its posts, and in two.
_SHARE, _TWO = 0.34, 2
_TELLING_TITLE = 4
_TITLE_PHRASES, _PHRASES, _REPRESENTATIVES, _MOST = 3, 8, 5, 5
_GROWING_DAYS = 7
_TELL = 400
# A name is as long as it can be without being rarer: its longer forms stand in fewer than this share of its posts.
_SAME = 0.9
_LONGEST, _OPENING, _NAMES = 5, 30, 3
# Words in more than a thirtieth of all posts (natural logarithm) begin and end no name.
_COMMON = 3.4
# And those in more than a tenth say nothing of an event.
_TELLING = 2.3


@dataclass(frozen=True, slots=True)
class Tongue:
    """What is known of words. rarity: how telling one is, 0 or more; content: whether it says something by itself; stop:
    whether it is one of the words that say nothing."""

    rarity: Callable[[str], float]
    content: Callable[[str], bool]
    stop: Callable[[str], bool]


def described(event_id: str, posts: Sequence[Heard], *, now: datetime, tongue: Tongue, merged_into: str = "") -> Event:
    """The event of these posts, one or more, in any order."""
    posts = sorted(posts, key=lambda p: (p.published_ms, p.id))
    # What is said of an event of thousands is told by its beginning and by its latest.
    telling = posts if len(posts) <= _TELL else [*posts[: _TELL // 4], *posts[-3 * _TELL // 4 :]]
    found, shown = phrases_of(telling, tongue), representatives(telling)
    sure = [p.negative for p in posts if p.negative is not None]
    first, last = posts[0], posts[-1]
    return Event(
        id=event_id,
        title=_title(found, shown, telling),
        state=state_of(last.published_ms, now),
        first_at=_at(first.published_ms),
        last_at=_at(last.published_ms),
        posts=len(posts),
        originals=sum(p.original == "" for p in posts),
        voices=len({p.voice for p in posts if not p.repost}),
        negative_share=sum(sure) / len(sure) if sure else None,
        answered=sum(p.answered for p in posts),
        topics=_most(p.topics for p in posts),
        sectors=_most(p.sectors for p in posts),
        places=_most(p.places for p in posts),
        duty=next(iter(_most((p.duty,) for p in posts if p.duty)), ""),
        phrases=found,
        first_post=first.id,
        representatives=shown,
        curve=sorted(Counter(_day(p.published_ms) for p in posts).items()),
        merged_into=merged_into,
    )


def _title(phrases: Sequence[str], shown: Sequence[str], posts: Sequence[Heard]) -> str:
    """The first phrases; where they are but a word, the title of the post that says best what the others say."""
    title = " ".join(phrases[:_TITLE_PHRASES])
    if len(title) >= _TELLING_TITLE:
        return title
    titles = {post.id: post.title for post in posts}
    return next((titles[one][:40] for one in [*shown[1:2], *shown[:1]] if titles[one]), title)


def state_of(last_ms: int, now: datetime) -> State:
    """growing: spoken of in the latest week; fading: in the latest four; over."""
    age = now.timestamp() * 1000 - last_ms
    if age <= _GROWING_DAYS * DAY_MS:
        return "growing"
    return "fading" if age <= QUIET_DAYS * DAY_MS else "over"


def phrases_of(posts: Sequence[Heard], tongue: Tongue) -> list[str]:
    """Names and words that many of the posts share and others do not: first what they name, then what they say of it."""
    texts = {(p.title_tokens, p.text_tokens) for p in posts}
    least = max(_TWO, _SHARE * len(texts)) if len(texts) > 1 else 1
    runs = Counter(run for title, text in texts for run in _runs(title, text))
    names = [
        (count * _worth(run, tongue), _shown(run)) for run, count in runs.items() if _whole(run, count, runs, least)
    ]
    titled = Counter(word for title, _ in texts for word in set(_unmasked(title.split())))
    said = Counter(word for title, text in texts for word in {*_unmasked(title.split()), *_unmasked(text.split())})
    words = [
        ((count + titled[name]) * tongue.rarity(name), name)
        for name, count in said.items()
        if count >= least
        and len(name) > 1
        and tongue.content(name)
        and tongue.rarity(name) > _TELLING
        and not _code(name)
    ]
    names = [one for one in names if one[0] > 0]
    found: list[str] = []
    for some, most in ((names, _NAMES), (words, _PHRASES)):
        for _, shown in sorted(some, key=lambda one: (-one[0], one[1])):
            if len(found) < most and not any(_overlap(shown, other) for other in found):
                found.append(shown)
    return found


def _code(word: str) -> bool:
    """One or two Latin characters, such as the letters of a block, or a masked place such as a2区."""
    return len(word.rstrip("区县市镇")) <= 2 and word[0].isascii()


def _overlap(one: str, other: str) -> bool:
    """Whether two phrases have two characters in a row in common: a piece of a name says nothing beside it."""
    return any(one[n : n + 2] in other for n in range(len(one) - 1))


def _runs(title: str, text: str) -> set[tuple[str, ...]]:
    """Runs of two to five tokens of the title (of the beginning of the text where there is none) that no punctuation
    parts."""
    found: set[tuple[str, ...]] = set()
    tokens = _unmasked(title.split() or text.split()[:_OPENING])
    for start in range(len(tokens)):
        for end in range(start + 1, min(start + _LONGEST, len(tokens)) + 1):
            if not any(map(str.isalnum, tokens[end - 1])):
                break
            if end - start > 1:
                found.add(tuple(tokens[start:end]))
    return found


def _unmasked(tokens: Sequence[str]) -> list[str]:
    """Tokens with what was masked set right: 「a3」「区丽发」 is the district a3区 and the name 丽发."""
    found: list[str] = []
    for token in tokens:
        if found and len(token) > 1 and token[0] in "区县市镇" and found[-1].isascii() and found[-1].isalnum():
            found[-1] += token[0]
            token = token[1:]
        found.append(token)
    return found


def _whole(run: tuple[str, ...], count: int, runs: Counter[tuple[str, ...]], least: float) -> bool:
    """Whether it is a name as it stands: often enough, in another place than its own longer forms."""
    return count >= least and not any(
        other_count >= _SAME * count and len(other) == len(run) + 1 and run in (other[1:], other[:-1])
        for other, other_count in runs.items()
        if other_count >= least
    )


def _worth(run: tuple[str, ...], tongue: Tongue) -> float:
    """How telling a run is, 0 where it begins or ends with a word that belongs to no name."""
    if not all(tongue.content(edge) or _syllable(edge, tongue) for edge in (run[0], run[-1])):
        return 0.0
    if min((tongue.rarity(edge) for edge in (run[0], run[-1]) if len(edge) > 1), default=0.0) < _COMMON:
        return 0.0
    pairs = [tongue.rarity(f"{one} {two}") for one, two in pairwise(run)]
    return sum(pairs) / len(pairs) * math.sqrt(len(run))


def _syllable(token: str, tongue: Tongue) -> bool:
    return len(token) == 1 and token.isalpha() and not tongue.stop(token)


def _shown(run: tuple[str, ...]) -> str:
    """The run as it is written: spaces only between Latin words."""
    shown = run[0]
    for token in run[1:]:
        shown += f" {token}" if shown[-1].isascii() and token[0].isascii() else token
    return shown


def representatives(posts: Sequence[Heard]) -> list[str]:
    """Ids of posts that say best what the others say: those that share most with all, no two alike, the first among them."""
    texts = {(p.title_tokens, p.text_tokens) for p in posts}
    shares = Counter(name for title, text in texts for name in features(title, text))
    weighed = []
    for post in posts:
        found = features(post.title_tokens, post.text_tokens)
        weighed.append((sum(shares[name] - 1 for name in found) / (len(found) ** 0.5 or 1), post))
    chosen, said = [posts[0].id], {(posts[0].title_tokens, posts[0].text_tokens)}
    for _, post in sorted(weighed, key=lambda one: (-one[0], one[1].published_ms, one[1].id)):
        if (post.title_tokens, post.text_tokens) not in said and len(chosen) < _REPRESENTATIVES:
            chosen.append(post.id)
            said.add((post.title_tokens, post.text_tokens))
    return chosen


def _most(values: Iterable[Iterable[str]]) -> list[str]:
    """Values of most posts first, five at most."""
    counted = Counter(value for some in values for value in set(some))
    return [value for value, _ in sorted(counted.items(), key=lambda one: (-one[1], one[0]))[:_MOST]]


def _at(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)


def _day(ms: int) -> date:
    return datetime.fromtimestamp(ms / 1000, SHANGHAI).date()
