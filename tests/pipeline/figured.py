"""A project with four weeks of made-up posts in the index, for tests of panels and of Kibana."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from config.project import Project, init_project, open_project
from crawlers.store import open_store
from pipeline.index.document import IndexDocument
from pipeline.index.tantivy_engine import TantivyEngine
from pipeline.panels.filling import Period

# 2026-10-01 00:00 in Shanghai.
MIDNIGHT = datetime(2026, 9, 30, 16, tzinfo=UTC)
PERIOD = Period(date(2026, 10, 1), date(2026, 10, 28))
COUNT = 400
_WORDS = ["停水", "小区", "路灯", "学校", "通知", "公交", "噪音", "app"]


def document(n: int, dice: random.Random) -> IndexDocument:
    """A post of the four weeks, its fields by `dice`."""
    label = dice.choice(["negative", "negative", "neutral", "positive"])
    score = {"negative": -0.5, "neutral": 0.0, "positive": 0.5}[label] + dice.randrange(-4, 5) / 16
    at = round((MIDNIGHT + timedelta(hours=dice.randrange(28 * 24))).timestamp() * 1000)
    words = dice.sample(_WORDS, dice.randrange(1, 5))
    return IndexDocument(
        id=f"{n:032x}",
        landed_seq=n + 1,
        source=dice.choice(["board", "forum", "news"]),
        kind=dice.choice(["message", "thread", "reply"]),
        region=dice.choice(["东城", "西城", ""]),
        category="",
        topics=dice.sample(["water", "roads", "schools"], dice.randrange(3)),
        sentiment=label,
        score=score,
        confidence=0.9,
        published_ms=at,
        collected_ms=at,
        title_tokens=" ".join(words[:1]),
        text_tokens=" ".join(words),
        words=words,
        keyphrases=words[:2],
        thread=f"http://town.test/{n % 40}",
        voice=f"a{dice.randrange(60)}",
        answered=dice.random() < 0.3,
        official_unit="水务局" if n % 7 == 0 else "",
        official_tokens="已 修复" if n % 7 == 0 else "",
        views=0,
        likes=dice.randrange(20),
        replies=0,
        intent=dice.choice(["complaint", "help", "praise"]),
        appeal=dice.random() < 0.6,
        sectors=dice.sample(["transport", "education"], dice.randrange(2)),
        places=dice.sample(["a1", "a2", "a3"], dice.randrange(3)),
        duty=dice.choice(["水务局", "交通局", ""]),
        copy_cluster=f"{n:032x}",
        duplicate_of=f"{0:032x}" if dice.random() < 0.1 else "",
    )


def figured(root: Path) -> Project:
    """The project at `root`, its index filled; its store holds no posts."""
    init_project(root, region="东城")
    project = open_project(root, {})
    open_store(project).dispose()
    dice = random.Random(11)
    with TantivyEngine(project.index_dir, 15).writer() as writer:
        writer.put(document(n, dice) for n in range(COUNT))
        writer.commit()
    return project
