"""A project whose posts are put into store and index at once, for tests of rules."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, func, select

from config.project import Project
from config.rule_files import read_rules
from config.rules import AnyKind
from config.yamlfile import parse_yaml
from crawlers.record import Engagement, Kind, Official, Post
from crawlers.rows import post_row
from crawlers.schema import annotation, post
from crawlers.store import opened, upsert, write
from pipeline.alerts.model import Alert
from pipeline.index.document import IndexDocument
from pipeline.index.engines import engine_of
from pipeline.rules.evaluate import Report, evaluate

# 2026-11-20 08:00 in Shanghai.
NOW = datetime(2026, 11, 20, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True)
class Said:
    """A post: number, when it was published and (unless then) collected, and what rules look at."""

    number: int
    at: datetime
    text: str = "停水"
    voice: str = ""
    source: str = "board"
    topics: Sequence[str] = ()
    places: Sequence[str] = ()
    keyphrases: Sequence[str] = ()
    sentiment: str = "neutral"
    likes: int = 0
    title: str = ""
    collected: datetime | None = None
    official: str | None = None

    @property
    def id(self) -> str:
        return f"{self.number:032x}"

    @property
    def ms(self) -> int:
        return round(self.at.timestamp() * 1000)

    def record(self) -> Post:
        return Post(
            id=self.id,
            source=self.source,
            kind=Kind.MESSAGE,
            url=f"http://town.test/{self.number}",
            thread_url="",
            parent_id="",
            title=self.title or f"第{self.number}条",
            text=self.text.replace(" ", ""),
            author=self.voice or f"v{self.number}",
            published=self.at,
            collected=self.collected or self.at,
            edited=None,
            region="",
            category="",
            engagement=Engagement(likes=self.likes),
            official=None if self.official is None else Official("水务局", self.at + HOUR, self.official),
        )

    def document(self, seq: int) -> IndexDocument:
        made = self.record()
        return IndexDocument(
            id=self.id,
            landed_seq=seq,
            source=self.source,
            kind="message",
            region="",
            category="",
            topics=self.topics,
            sentiment=self.sentiment,
            score={"negative": -0.5, "neutral": 0.0, "positive": 0.5}[self.sentiment],
            confidence=0.9,
            published_ms=self.ms,
            collected_ms=round(made.collected.timestamp() * 1000),
            title_tokens=made.title,
            text_tokens=self.text,
            words=self.text.split(),
            keyphrases=self.keyphrases,
            thread=made.url,
            voice=made.author,
            answered=self.official is not None,
            official_unit="水务局" if self.official is not None else "",
            official_tokens=self.official or "",
            views=0,
            likes=self.likes,
            replies=0,
            places=self.places,
        )


def put(project: Project, said: Iterable[Said], *, indexed: bool = True) -> None:
    """Land, annotate and index them. indexed: without, they stay behind before that."""
    some = list(said)
    status = "indexed" if indexed else "annotated"
    with opened(project) as store:
        with write(store) as connection:
            first = (connection.execute(select(func.max(post.c.landed_seq))).scalar() or 0) + 1
            upsert(connection, post, [_row(one, first + n) for n, one in enumerate(some)])
            upsert(
                connection,
                annotation,
                [_annotation(one, first + n, status) for n, one in enumerate(some)],
                key="post_id",
            )
        if indexed:
            index(project, some, first)


def index(project: Project, said: Sequence[Said], first: int) -> None:
    """Put them into the index; first: place of the first in the order of landing."""
    with engine_of(project).writer() as writer:
        writer.put(one.document(first + n) for n, one in enumerate(said))
        writer.commit()


def _row(one: Said, seq: int) -> dict[str, object]:
    return {**post_row(one.record()), "landed_seq": seq, "revision": 1, "page_id": ""}


def _annotation(one: Said, seq: int, status: str) -> dict[str, object]:
    return {
        "post_id": one.id, "landed_seq": seq, "model": "m", "status": status, "topics": " ".join(one.topics),
        "places": "\x1f".join(one.places), "sentiment": one.sentiment, "annotated_ms": one.ms,
        "title_tokens": "", "text_tokens": one.text, "official_tokens": "", "words": "", "keyphrases": "",
    }  # fmt: skip


def rule(text: str) -> AnyKind:
    """The one rule of a YAML text; its name is r where it has none."""
    named = text if "name:" in text else f"name: r\n{text}"
    (one,) = read_rules([parse_yaml(named, name="r.yaml")])
    return one.rule


def write_rule(project: Project, text: str, name: str = "own") -> None:
    """Give the project a file of rules; the shipped ones are switched off."""
    folder = project.config_dir / "rules"
    folder.mkdir(exist_ok=True)
    for shipped in ("events", "sources", "examples"):
        (folder / f"{shipped}.yaml").write_text("", encoding="utf-8")
    (folder / f"{name}.yaml").write_text(text, encoding="utf-8")


@dataclass
class Outbox:
    """Takes alerts as the outbox does; dies at the first where it shall."""

    dies: bool = False
    alerts: list[Alert] = field(default_factory=list)

    def send(self, connection: Connection, alerts: Sequence[Alert]) -> None:
        if self.dies:
            raise KilledError
        self.alerts += alerts


class KilledError(Exception):
    """The process died here."""


def look(project: Project, *rules: AnyKind, now: datetime = NOW, outbox: Outbox | None = None) -> list[Alert]:
    """The alerts of one evaluation."""
    return reported(project, *rules, now=now, outbox=outbox).alerts


def reported(project: Project, *rules: AnyKind, now: datetime = NOW, outbox: Outbox | None = None) -> Report:
    """What one evaluation did."""
    return evaluate(project, rules, now=now, send=(outbox or Outbox()).send)
