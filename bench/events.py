"""The detection of events over made-up posts: `python -m bench.events [--posts N] [--a-day N] [--json]`.

Posts of forty words by a Zipf law, one in twenty of a matter of its own (eight posts that share half of their words). Prints
posts a second decided on, posts a second read back after a restart, events and memory.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import time
from collections.abc import Iterator
from itertools import accumulate

from config.events import Events
from pipeline.events.heard import DAY_MS, Heard
from pipeline.events.matters import LONGEST, Matters

_START, _WORDS, _EACH, _SHARE = 1_560_000_000_000, 40_000, 8, 20


def posts(count: int, a_day: int, seed: int = 5) -> Iterator[Heard]:
    """In the order of publication."""
    dice = random.Random(seed)
    words = [f"{chr(0x4E00 + n % 8000)}{chr(0x4E00 + n // 8000 * 37)}" for n in range(_WORDS)]
    law = list(accumulate(1 / (n + 20) for n in range(_WORDS)))
    own: list[str] = []
    left = 0
    for number in range(count):
        said = dice.choices(words, cum_weights=law, k=40)
        if number % _SHARE == 0:
            if not left:
                own, left = dice.sample(words[3000:], 16), _EACH
            said[:4], said[10:20] = own[:4], dice.sample(own, 10)
            left -= 1
        yield _heard(number, _START + number * DAY_MS // a_day, said)


def _heard(number: int, at_ms: int, said: list[str]) -> Heard:
    return Heard(
        id=f"{number:032x}", published_ms=at_ms, source="s", kind="message", voice=f"v{number}", thread="",
        title="".join(said[:8]), title_tokens=" ".join(said[:8]), text_tokens=" ".join(said[8:]), original="",
        negative=None, answered=False, topics=(), sectors=(), places=(), duty="", phrases=(),
    )  # fmt: skip


def measured(count: int, a_day: int) -> dict[str, float]:
    """Decide on all, then read all back."""
    made = list(posts(count, a_day))
    matters = Matters(Events())
    began = time.perf_counter()
    raised = sum(len(matters.hear(post)) for post in made)
    hearing = time.perf_counter() - began
    again = Matters(Events())
    tested = made[-1].published_ms - LONGEST * DAY_MS
    began = time.perf_counter()
    for post in made:
        again.know(post, tested=post.published_ms >= tested)
    return {
        "posts": count,
        "a_day": a_day,
        "decided_s": count / hearing,
        "read_back_s": count / (time.perf_counter() - began),
        "events": len(matters.gatherings) - len(matters.merged),
        "flags": raised,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def main() -> None:
    """Measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--posts", type=int, default=50_000)
    parser.add_argument("--a-day", type=int, default=300)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    row = {name: round(value, 1) for name, value in measured(options.posts, options.a_day).items()}
    print(json.dumps(row) if options.json else "  ".join(f"{name}={value}" for name, value in row.items()))


if __name__ == "__main__":
    main()
