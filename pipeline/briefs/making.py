"""A brief from asking to files: its number, its figures, its pictures, each format, put where it belongs whole or not at all."""

from __future__ import annotations

import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from config.errors import QingyuError, StageError
from config.project import Project
from config.text import tr
from crawlers.store import opened
from pipeline.briefs import shelf
from pipeline.briefs.charts import pictures
from pipeline.briefs.compose import Wanted, compose
from pipeline.briefs.fonts import chart_font, installed
from pipeline.briefs.measures import Cases
from pipeline.briefs.model import Brief, Chart
from pipeline.briefs.periods import Period
from pipeline.query.layer import QueryLayer

FORMATS = ("docx", "html", "pdf")
FOLDER = "briefs"


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be made. formats: of FORMATS; out: folder of the files, None for PROJECT/briefs; who: for the audit."""

    period: Period
    formats: Sequence[str]
    subject: str = ""
    out: Path | None = None
    who: str = "cli"
    cases: Cases | None = None


@dataclass(frozen=True, slots=True)
class Done:
    """files: format → path; failed: format → why it could not be made (the others were)."""

    brief: Brief
    files: dict[str, Path]
    failed: dict[str, str]


def make(project: Project, order: Order, *, now: datetime) -> Done:
    """Make it and put it on the shelf. Raises as `compose`; StageError where no format could be made."""
    with opened(project) as engine:
        place = shelf.begin(engine, order.period, order.subject, now)
        return finish(project, order, place, now=now)


def finish(project: Project, order: Order, place: shelf.Numbered, *, now: datetime) -> Done:
    """Make the brief that has this place on the shelf."""
    wanted = Wanted(order.period, order.subject, place.year, place.number, now, order.cases)
    with QueryLayer.open(project, who=order.who, now=lambda: now) as layer:
        brief = compose(project, layer, wanted)
    made, failed = rendered(project, brief, order.formats)
    if not made:
        raise StageError("\n".join(failed.values()))
    folder = order.out or project.root / FOLDER
    files = {kind: _put(folder / f"{file_stem(brief)}.{kind}", data) for kind, data in made.items()}
    shown = {kind: _relative(path, project.root) for kind, path in files.items()}
    with opened(project) as engine:
        shelf.end(engine, place.id, brief, shown)
    return Done(brief, files, failed)


def rendered(project: Project, brief: Brief, formats: Sequence[str]) -> tuple[dict[str, bytes], dict[str, str]]:
    """Each format's bytes, and why those that are missing could not be made."""
    families = installed()
    charts = [block for section in brief.sections for block in section.blocks if isinstance(block, Chart)]
    drawn = pictures(charts, chart_font(families))
    made: dict[str, bytes] = {}
    failed: dict[str, str] = {}
    for kind in dict.fromkeys(formats):
        try:
            made[kind] = _format(project, brief, kind, drawn, families)
        except QingyuError as error:
            failed[kind] = error.message
    return made, failed


def _format(project: Project, brief: Brief, kind: str, drawn: dict[str, bytes], families: frozenset[str]) -> bytes:
    # Each takes a tenth of a second to import, and not all are asked for.
    if kind == "docx":
        from pipeline.briefs.docx_writing import write_docx

        return write_docx(brief, project.file(f"templates/brief_{brief.period.kind}.docx"), drawn)
    if kind == "html":
        from pipeline.briefs.html_writing import write_html

        return write_html(brief, drawn)
    if kind == "pdf":
        from pipeline.briefs.pdf_writing import write_pdf

        return write_pdf(brief, project.file("templates/brief.typ"), drawn, families)
    raise StageError(tr("没有格式 {k}；可用：{f}", "there is no format {k}; known: {f}", k=kind, f=" ".join(FORMATS)))


def file_stem(brief: Brief) -> str:
    """A name of ASCII signs alone: subjects come from people and are left out."""
    period = brief.period
    days = period.first_day.isoformat() if period.days == 1 else f"{period.first_day}_{period.last_day}"
    return f"{period.kind}_{days}_{brief.year}-{brief.number:03d}"


def _put(path: Path, data: bytes) -> Path:
    """Write the file whole: a reader sees the old one or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with part.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return path


def _relative(path: Path, root: Path) -> str:
    resolved = path.resolve()
    return str(resolved.relative_to(root.resolve())) if resolved.is_relative_to(root.resolve()) else str(resolved)
