"""A brief as a value: sections of text, figures, tables, charts and quotations. Renderers only lay it out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

from pipeline.briefs.periods import Period
from pipeline.query.model import Question

# How a value is written: see `pipeline.briefs.showing`.
Form = Literal["count", "percent", "change", "days", "expected", "text", "series"]
Value = int | float | str | None


@dataclass(frozen=True, slots=True)
class Origin:
    """How a figure is had again. measure: one of `pipeline.briefs.measures.MEASURES`; questions: what is asked of posts, most
    measures take one; ids: of posts, events, flags, sources or units, where the measure is about those."""

    measure: str
    questions: tuple[Question, ...] = ()
    ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Figure:
    """A number (or verbatim text) in a brief. id: f1, f2 …; value: None where there is no data; shown: as it stands in the
    text, clean of control characters."""

    id: str
    value: Value
    shown: str
    form: Form
    origin: Origin


@dataclass(frozen=True, slots=True)
class Link:
    """Text that leads to a public page."""

    text: str
    url: str


Piece = str | Figure | Link
Cell = tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Heading:
    """level: 1 一、 2 （一） 3 1. 4 （1）; the number is part of the text."""

    level: int
    text: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph; lead: bold words it begins with; small: a note."""

    pieces: Cell
    lead: str = ""
    small: bool = False


@dataclass(frozen=True, slots=True)
class Quotation:
    """What a post says, verbatim, with where it stands: never by whom."""

    text: Figure
    told: Cell


@dataclass(frozen=True, slots=True)
class Table:
    """title: above it; columns: heads; widths: shares of the width of the text, of sum 1; right: indices of number columns."""

    title: str
    columns: Sequence[str]
    widths: Sequence[float]
    rows: Sequence[Sequence[Cell]]
    right: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class Chart:
    """kind: bars by day, or bars by name; labels and values of equal length, None: no data; usual: a line across days;
    alt: what the picture shows, in words; figures: the numbers that are drawn."""

    kind: Literal["days", "names"]
    title: str
    labels: Sequence[str]
    values: Sequence[int | None]
    alt: str
    figures: Sequence[Figure]
    usual: float | None = None


Block = Heading | Paragraph | Quotation | Table | Chart


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the brief with a name the template can ask for (overall, matters, spread, replies, cases, coverage)."""

    name: str
    blocks: Sequence[Block]


@dataclass(frozen=True, slots=True)
class Brief:
    """A whole brief. masthead: in red above; title: what it is about; issuer: the office; number, year: the 期号; subject:
    topic or query of a 专报, "" otherwise; made_at: as of when everything is said."""

    period: Period
    masthead: str
    title: str
    issuer: str
    year: int
    number: int
    subject: str
    made_at: datetime
    sections: Sequence[Section]
    summary: str

    def figures(self) -> list[Figure]:
        """Every figure, in the order of its id."""
        found = {figure.id: figure for section in self.sections for figure in _figures(section.blocks)}
        return sorted(found.values(), key=lambda figure: int(figure.id[1:]))

    def order(self) -> list[str]:
        """Ids of the figures as they follow each other in the text, one that stands twice twice."""
        runs = (cell for section in self.sections for block in section.blocks for cell in cells(block))
        return [piece.id for cell in runs for piece in cell if isinstance(piece, Figure)]


def _figures(blocks: Sequence[Block]) -> Iterator[Figure]:
    for block in blocks:
        if isinstance(block, Chart):
            yield from block.figures
        for cell in cells(block):
            yield from (piece for piece in cell if isinstance(piece, Figure))


def cells(block: Block) -> Iterator[Cell]:
    """The runs of text of a block that may hold figures."""
    if isinstance(block, Paragraph):
        yield block.pieces
    elif isinstance(block, Quotation):
        yield (block.text,)
        yield block.told
    elif isinstance(block, Table):
        for row in block.rows:
            yield from row


class CaseLine(Protocol):
    """A case as a brief tells it, whichever room it comes from: no author, no post text."""

    @property
    def id(self) -> str:
        """Its number."""

    @property
    def title(self) -> str:
        """Of the matter."""

    @property
    def unit(self) -> str:
        """Who deals with it, "" for nobody yet."""

    @property
    def state(self) -> str:
        """In words."""

    @property
    def opened_at(self) -> datetime:
        """Aware."""

    @property
    def deadline(self) -> datetime | None:
        """Aware; None without one."""

    @property
    def overdue(self) -> bool:
        """Whether the deadline had passed."""


@dataclass(frozen=True, slots=True)
class MadeBrief:
    """A brief that was made. id: of kind, period and subject; paths: format → absolute path; subject, summary: of the mail
    that brings it, plain text; groups: who is to have it."""

    id: str
    kind: str
    year: int
    number: int
    title: str
    first_day: str
    last_day: str
    made_at: datetime
    paths: Mapping[str, str]
    subject: str
    summary: str
    groups: Sequence[str] = field(default=())
