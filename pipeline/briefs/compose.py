"""The whole brief, put together from its sections."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from config.errors import ConfigError
from config.project import Project
from config.text import tr
from pipeline.briefs.answering import cases, replies
from pipeline.briefs.asking import Asker
from pipeline.briefs.covering import coverage
from pipeline.briefs.matters import matters
from pipeline.briefs.measures import Cases, Ground
from pipeline.briefs.model import Block, Brief, Figure, Heading, Paragraph, Section
from pipeline.briefs.overall import overall
from pipeline.briefs.periods import Period
from pipeline.briefs.showing import cut, fit
from pipeline.briefs.spread import spread
from pipeline.query.layer import QueryLayer
from pipeline.query.model import Question
from pipeline.vocabulary import place_names, topic_names

NAMES = {"daily": "日报", "weekly": "周报", "monthly": "月报", "topic": "专报"}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What brief is asked for. subject: topic (id or name) or query of a 专报, "" otherwise; number, year: its 期号;
    made_at: aware; cases: gives the open cases at a moment, None where there is no list."""

    period: Period
    subject: str
    year: int
    number: int
    made_at: datetime
    cases: Cases | None = None


def subject_question(subject: str, topics: Mapping[str, str]) -> Question:
    """The posts a 专报 is about: those of the topic of this id or name, else those the query finds."""
    for key, name in topics.items():
        if subject in (key, name):
            return Question(topics=(key,))
    return Question(query=subject)


def compose(project: Project, layer: QueryLayer, wanted: Wanted) -> Brief:
    """The brief. Raises ConfigError for a 专报 about nothing; QueryError for a faulty query; StageError, TransientError."""
    if wanted.period.kind == "topic" and not wanted.subject.strip():
        raise ConfigError(tr("专报要说明专题：话题名称或查询", "a topic brief needs a topic or a query"))
    topics = topic_names(project)
    base = subject_question(wanted.subject, topics) if wanted.subject else Question()
    settings = project.settings.briefs
    ground = Ground(project, layer, wanted.made_at, wanted.cases)
    asker = Asker(ground, wanted.period, base, _first_at(layer), settings.on_time_workdays)
    titles = {source.name: source.title or source.name for source in project.sources}
    sections = [
        overall(asker),
        matters(asker, size=settings.events, source_titles=titles),
        spread(asker, topics=topics, places=place_names(project)),
        replies(asker),
        cases(asker),
        coverage(asker),
    ]
    place = settings.place or project.settings.region
    return Brief(
        period=wanted.period,
        masthead=settings.masthead or f"{place}网情{NAMES[wanted.period.kind]}",
        title=_title(wanted, topics, place),
        issuer=project.settings.operator.name or "（单位名称未设置）",
        year=wanted.year,
        number=wanted.number,
        subject=wanted.subject,
        made_at=wanted.made_at,
        sections=sections,
        summary=summary(sections),
    )


def _title(wanted: Wanted, topics: Mapping[str, str], place: str) -> str:
    if wanted.subject:
        return f"关于“{cut(fit(topics.get(wanted.subject, wanted.subject)), 30)}”的网情专报"
    return f"{wanted.period.told()}{place}网情"


def _first_at(layer: QueryLayer) -> datetime | None:
    found = layer.search(Question(), sort="published", size=1).hits
    post = found[0].post if found else None
    return datetime.fromisoformat(post["published"] or post["collected"]) if post else None


def summary(sections: Sequence[Section]) -> str:
    """The brief in five to eight lines of plain text, for the mail that brings it: how it is on the whole, the names of its
    matters, how messages were answered, which cases are open."""
    named = {section.name: section.blocks for section in sections}
    names = [
        block.text.partition("）")[2] for block in named["matters"] if isinstance(block, Heading) and block.level == 2
    ]
    matters = f"重点事件：{'；'.join(names)}。" if names else _first(named["matters"])
    return "\n".join([*_paragraphs(named["overall"]), matters, _first(named["replies"]), _first(named["cases"])])


def _paragraphs(blocks: Sequence[Block]) -> list[str]:
    return [plain(block) for block in blocks if isinstance(block, Paragraph)]


def _first(blocks: Sequence[Block]) -> str:
    return next(iter(_paragraphs(blocks)), "")


def plain(paragraph: Paragraph) -> str:
    """A paragraph as text alone."""
    pieces = (p if isinstance(p, str) else p.shown if isinstance(p, Figure) else p.text for p in paragraph.pieces)
    return paragraph.lead + "".join(pieces)
