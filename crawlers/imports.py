"""Imports: exports of hotlines and other systems (CSV, Excel, JSONL) landed like pages, by the column map of a source."""

from __future__ import annotations

import glob
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path, PurePath
from typing import Any

from config.errors import RecordError
from config.sources import ImportSource
from config.text import tr
from crawlers.adapters.base import Link, ParsedPage, Problem
from crawlers.canonical import canonical_url
from crawlers.dates import parse_date, zone_of
from crawlers.encoding import clean
from crawlers.landing import Landing, PageResult
from crawlers.markup import normalise_lines, one_line
from crawlers.record import Engagement, Kind, Official, RawPost
from crawlers.report import Counts
from crawlers.tables import BadRow, Row, read_table

# One transaction each: enough to be quick, little enough to hold in memory and to do again.
CHUNK_ROWS = 500


@dataclass(frozen=True, slots=True)
class Ended:
    """How an import ended. outcome: finished or failed, as in the run's report."""

    outcome: str
    reason: str
    counts: Counts


def run_import(landing: Landing, source: ImportSource, root: Path) -> Ended:
    """Land all rows of the source's files; rows already there are not doubled. root: the project's folder.

    Rows that cannot be read are set aside with their number. Raises: ConfigError, before anything is landed, when a file cannot be
    read or lacks a column.
    """
    now = datetime.now(UTC)
    wanted = [column for column in source.columns.model_dump().values() if column]
    files = source_files(source, root)
    for path in files:
        next(iter(read_table(path, wanted=wanted, sheet=source.sheet)), None)
    landing.begin()
    for path in files:
        rows = read_table(path, wanted=wanted, sheet=source.sheet)
        for result in chunks(rows, source, shown=_shown(path, root), now=now):
            landing.land([result])
    reason = "" if files else tr("没有文件符合 {f}", "no file matches {f}", f="、".join(source.files))
    outcome = "finished" if files else "failed"
    counts = landing.finish(outcome=outcome, reason=reason, walk_complete=bool(files), state={})
    return Ended(outcome, reason, counts)


def source_files(source: ImportSource, root: Path) -> list[Path]:
    """The files the source names, each once, by name; lock files of Excel are passed over."""
    found = {path for pattern in source.files for path in glob.glob(pattern, root_dir=root, recursive=True)}  # noqa: PTH207 - a pattern may be absolute
    paths = [root / name for name in sorted(found) if not PurePath(name).name.startswith(("~$", "."))]
    return [path for path in paths if path.is_file()]


def chunks(rows: Iterable[Row | BadRow], source: ImportSource, *, shown: str, now: datetime) -> Iterator[PageResult]:
    """The rows as results to land, `CHUNK_ROWS` each. shown: the file's name in addresses; now: base of relative times."""
    remaining = iter(rows)
    number = 0
    while taken := list(islice(remaining, CHUNK_ROWS)):
        number += 1
        link = Link(f"import:{source.name}/{shown}#{number}", "file")
        page = parse_rows(taken, source, shown=shown, now=now)
        digest = hashlib.blake2b(repr(taken).encode("utf-8", "replace"), digest_size=16).hexdigest()
        yield PageResult(link=link, outcome="parsed", fetched_at=now, parsed=page, body_hash=digest)


def parse_rows(rows: Sequence[Row | BadRow], source: ImportSource, *, shown: str, now: datetime) -> ParsedPage:
    """The rows as posts, and a Problem for each that cannot be used."""
    posts: list[RawPost] = []
    problems: list[Problem] = []
    for row in rows:
        if isinstance(row, BadRow):
            problems.append(_problem(shown, row.number, row.reason, row.evidence))
            continue
        try:
            posts.append(_Reader(source, row, now).post())
        except RecordError as error:
            problems.append(_problem(shown, row.number, error.message, "\t".join(_text(v) for v in row.cells.values())))
    return ParsedPage(posts=posts, problems=problems)


def _problem(shown: str, number: int, reason: str, evidence: str) -> Problem:
    """The row's number stands in the evidence: the report counts pieces by their reason."""
    return Problem(reason, tr("{f} 第 {n} 行：", "{f} row {n}: ", f=shown, n=number) + evidence[:300])


def _shown(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.as_posix().lstrip("/")


class _Reader:
    """One row as a post, by the column map."""

    def __init__(self, source: ImportSource, row: Row, now: datetime) -> None:
        self._source, self._row, self._now = source, row, now

    def post(self) -> RawPost:
        """The post. Raises RecordError for a row without text, or with a time or number that cannot be read."""
        columns = self._source.columns
        text, title = self._lines(columns.text), self._line(columns.title)
        if not text:
            raise RecordError(tr("正文列 {c} 是空的", "column {c}, the text, is empty", c=columns.text))
        published = self._time(columns.published)
        native = self._line(columns.id) or _digest(title, text, published.isoformat() if published else "")
        url = self._url() or f"import:{self._source.name}/{native}"
        return RawPost(
            kind=Kind(self._source.post_kind),
            url=url,
            title=title,
            text=text,
            native_id=native,
            thread_url=url,
            author=self._line(columns.author),
            published=published,
            region=self._line(columns.region),
            category=self._line(columns.category)[:80],
            engagement=Engagement(views=self._count(columns.views), likes=self._count(columns.likes)),
            official=self._official(),
        )

    def _official(self) -> Official | None:
        columns = self._source.columns
        text = self._lines(columns.reply_text)
        if not text:
            return None
        return Official(unit=self._line(columns.reply_unit), replied=self._time(columns.reply_time), text=text)

    def _cell(self, column: str | None) -> Any:
        return self._row.cells.get(column) if column else None

    def _lines(self, column: str | None) -> str:
        return normalise_lines(_text(self._cell(column)))

    def _line(self, column: str | None) -> str:
        return one_line(_text(self._cell(column)))

    def _url(self) -> str:
        try:
            return canonical_url(self._line(self._source.columns.url))
        except ValueError:
            return ""

    def _time(self, column: str | None) -> datetime | None:
        cell = self._cell(column)
        if isinstance(cell, datetime):
            return (cell if cell.tzinfo else cell.replace(tzinfo=zone_of(self._source.timezone))).astimezone(UTC)
        shown = one_line(_text(cell))
        moment = parse_date(shown, now=self._now, timezone=self._source.timezone) if shown else None
        if shown and moment is None:
            raise RecordError(tr("列 {c} 的时间读不懂", "column {c}: the time cannot be read", c=column))
        return moment

    def _count(self, column: str | None) -> int | None:
        shown = self._line(column).replace(",", "").replace("，", "")
        if not shown:
            return None
        if not shown.isascii() or not shown.isdigit() or len(shown) > 15:
            raise RecordError(tr("列 {c} 不是整数", "column {c}: not a whole number", c=column))
        return int(shown)


def _text(value: Any) -> str:
    """A cell as its reader sees it: whole numbers without a decimal point, absent values as ""."""
    if value is None or isinstance(value, bool):
        return "" if value is None else str(value)
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return clean(value) if isinstance(value, str) else str(value)


def _digest(*parts: str) -> str:
    return hashlib.blake2b("\x1f".join(parts).encode("utf-8", "replace"), digest_size=16).hexdigest()


__all__ = ["Ended", "parse_rows", "run_import", "source_files"]
