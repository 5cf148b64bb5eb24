"""The landing: writes what pages yield, redacted and pseudonymised, one transaction a batch.

Everything of a page lands together (posts, links, validators), so a page is either wholly done or still pending, and
landing the same page twice changes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, Engine, select, update

from config.errors import RecordError
from config.settings import Limits
from config.sources import Source
from crawlers.adapters.base import Link, ParsedPage
from crawlers.intake import Intake, clean
from crawlers.pages import KnownPage, Pages, Visit, page_id, writable
from crawlers.posts import PostWriter
from crawlers.record import Post
from crawlers.report import Counts
from crawlers.rows import to_ms
from crawlers.schema import run, set_aside, source_state
from crawlers.store import insert_rows, read, take_turn, upsert, write
from nlp.redact import redact

__all__ = ["KnownPage", "Landing", "Memory", "PageResult"]

_EVIDENCE_CHARS = 4_000


@dataclass(frozen=True, slots=True)
class PageResult:
    """All that one fetched page yields. outcome "failed" with `reason`: it could not be used; keep_pending: it failed in
    passing and the next run asks again; wrong: it came but is not what its role promises; body_hash: blake2b-16 of the raw body, hex."""

    link: Link
    outcome: Literal["parsed", "not_modified", "gone", "restricted", "failed", "robots"]
    fetched_at: datetime
    parsed: ParsedPage | None = None
    etag: str = ""
    last_modified: str = ""
    body_hash: str = ""
    reason: str = ""
    evidence: str = ""
    keep_pending: bool = False
    wrong: bool = False


@dataclass(frozen=True, slots=True)
class Memory:
    """What a source remembers from its earlier runs. walk_complete: the last walk reached its end."""

    walk_complete: bool
    state: Mapping[str, Any]


class Landing:
    """The landing of one run of one source. region: given to posts that name none; now: the clock."""

    def __init__(
        self,
        engine: Engine,
        source: Source,
        *,
        region: str,
        author_key: bytes,
        run_id: str,
        now: Callable[[], datetime],
    ) -> None:
        self.engine, self.source, self.run_id, self.now = engine, source, run_id, now
        limits = source.limits or Limits()
        self.intake = Intake(source.name, region, author_key, limits.text_chars)
        self.pages = Pages(source.name, source.revisit)
        self.counts = Counts()
        self.started = now()
        self._revisited: set[str] = set()

    def begin(self) -> Memory:
        """Open the run: its row, the map of pages, the walk marked as open until it is complete."""
        name = self.source.name
        with write(self.engine) as connection:
            row = {"id": self.run_id, "source": name, "started_ms": to_ms(self.started), "outcome": "running"}
            insert_rows(connection, run, [row])
            memory = _memory(connection, name)
            upsert(connection, source_state, [{"source": name, "walk_complete": 0}], key="source")
        with read(self.engine) as connection:
            self.pages.load(connection)
        return memory

    def known(self, url: str) -> KnownPage | None:
        """What the store knows of a page."""
        return self.pages.known.get(url)

    def wanted(self, link: Link) -> bool:
        """Whether a page with posts is to be read now."""
        return self.pages.wanted(link)

    def pending(self) -> list[Link]:
        """Pages discovered by earlier runs and not read yet."""
        with read(self.engine) as connection:
            return self.pages.pending(connection)

    def due(self, *, limit: int, spare: bool) -> list[Link]:
        """Pages to read again, the most overdue first; see `crawlers.pages.Pages.due`."""
        with read(self.engine) as connection:
            found = self.pages.due(connection, now=self.now(), since=self.started, limit=limit, spare=spare)
        self._revisited.update(link.url for link in found)
        return found

    def land(self, results: Sequence[PageResult]) -> None:
        """Write a batch of pages in one transaction. Raises TransientError, StageError; then nothing of it was written."""
        if not results:
            return
        counts, results = Counts(), [_writable(result) for result in results]
        try:
            with write(self.engine) as connection:
                # What is new is told by looking first: another landing of the same source (an import) waits.
                take_turn(connection, f"landing {self.source.name}")
                self._land(connection, results, counts)
        except BaseException:
            self.pages.take_back()
            raise
        self.pages.keep()
        self.counts.add(counts)

    def _land(self, connection: Connection, results: Sequence[PageResult], counts: Counts) -> None:
        pieces: list[dict[str, Any]] = []
        admitted = [self._admit(result, counts, pieces) for result in results]
        writer = PostWriter(connection)
        touched = writer.write([pair for posts in admitted for pair in posts], counts)
        parsed = [result.parsed for result in results if result.parsed is not None and result.outcome == "parsed"]
        links = [link for page in parsed for link in (*page.links, *page.more)]
        counts.links_seen += len(links)
        counts.links_new += self.pages.discover(connection, links, results[-1].fetched_at)
        rows: dict[str, dict[str, Any]] = {}
        for result, posts in zip(results, admitted, strict=True):
            self._count_page(result, counts, pieces, len(posts))
            self.pages.visited(rows, _visit(result, [post for post, _ in posts], touched))
        self.pages.save(connection, rows)
        insert_rows(connection, set_aside, pieces)

    def _admit(self, result: PageResult, counts: Counts, pieces: list[dict[str, Any]]) -> list[tuple[Post, str]]:
        """The posts of a page that may be written, each with the page's id; the others are set aside."""
        if result.parsed is None or result.outcome != "parsed":
            return []
        page = page_id(self.source.name, result.link.url)
        admitted: list[tuple[Post, str]] = []
        for raw in result.parsed.posts:
            counts.posts_read += 1
            try:
                post, dropped = self.intake.admit(raw, result.fetched_at)
            except RecordError as error:
                counts.posts_set_aside += 1
                pieces.append(self._piece(raw.url, error.message, raw.text, result.fetched_at, counts))
                continue
            if dropped:
                counts.dates_dropped += 1
            admitted.append((post, page))
        return admitted

    def _count_page(self, result: PageResult, counts: Counts, pieces: list[dict[str, Any]], taken: int) -> None:
        field = {"parsed": "pages_parsed", "robots": "robots_refused"}.get(result.outcome, result.outcome)
        setattr(counts, field, getattr(counts, field) + 1)
        counts.walk_pages += result.link.walk
        counts.revisits += result.link.url in self._revisited
        counts.pages_wrong += result.outcome == "failed" and result.wrong
        counts.pages_spoilt += _is_spoilt(result, taken)
        for problem in result.parsed.problems if result.parsed else ():
            pieces.append(self._piece(result.link.url, problem.reason, problem.evidence, result.fetched_at, counts))
        if result.outcome == "failed":
            piece = self._piece(result.link.url, result.reason, result.evidence, result.fetched_at, counts)
            if result.keep_pending:
                counts.set_aside -= 1  # it will be asked for again: a failure of this run, nothing set aside
            else:
                pieces.append(piece)
        elif result.outcome == "robots" and result.reason:
            counts.reasons[clean(result.reason)[:200]] += 1

    def _piece(self, url: str, reason: str, evidence: str, at: datetime, counts: Counts) -> dict[str, Any]:
        counts.set_aside += 1
        counts.reasons[clean(reason)[:200]] += 1
        # Cut first with room to spare, so that redaction reads no megabytes and no number is cut in two at the end.
        shown = redact(clean(evidence[: 2 * _EVIDENCE_CHARS]))[:_EVIDENCE_CHARS]
        return {
            "stage": "crawl",
            "source": self.source.name,
            "run_id": self.run_id,
            "url": clean(url)[:2_000],
            "reason": clean(reason)[:500],
            "evidence": shown,
            "at_ms": to_ms(at),
        }

    def finish(
        self,
        *,
        outcome: str,
        reason: str,
        walk_complete: bool,
        state: Mapping[str, Any],
        requested: int = 0,
        received: int = 0,
    ) -> Counts:
        """Close the run with its report. state: what the adapter asks to remember, merged into what it remembered."""
        self.counts.requested += requested
        self.counts.bytes += received
        ended = to_ms(self.now())
        with write(self.engine) as connection:
            values = {
                "finished_ms": ended,
                "outcome": outcome,
                "reason": clean(reason)[:500],
                "counts": json.dumps(self.counts.to_dict(), ensure_ascii=False),
            }
            connection.execute(update(run).where(run.c.id == self.run_id).values(values))
            memory = _memory(connection, self.source.name)
            remembered = {**memory.state, **state}
            row: dict[str, Any] = {
                "source": self.source.name,
                "walk_complete": int(walk_complete),
                "state": clean(json.dumps(remembered, ensure_ascii=False)),
            }
            if outcome in {"finished", "limited"}:
                row["last_ok_ms"] = ended
            upsert(connection, source_state, [row], key="source")
        return self.counts


def _memory(connection: Connection, source: str) -> Memory:
    asked = select(source_state.c.walk_complete, source_state.c.state).where(source_state.c.source == source)
    row = connection.execute(asked).first()
    return Memory(bool(row[0]), json.loads(row[1])) if row else Memory(False, {})


def _writable(result: PageResult) -> PageResult:
    """`result` with its links and validators as they can be written, whatever the site sent."""
    parsed = result.parsed
    if parsed is not None:
        links, more = ([writable(link) for link in some] for some in (parsed.links, parsed.more))
        parsed = replace(parsed, links=links, more=more)
    etag, modified = clean(result.etag), clean(result.last_modified)
    return replace(result, link=writable(result.link), parsed=parsed, etag=etag, last_modified=modified)


def _is_spoilt(result: PageResult, taken: int) -> bool:
    """Whether a page shows no fewer faults than pieces that could be used; `taken` of its posts were.

    Some posts without text among others (floors of nothing but a picture) are no fault of the page; a page of nothing else is one.
    """
    parsed = result.parsed
    if parsed is None or result.outcome != "parsed":
        return False
    faults = len(parsed.problems) + (0 if taken else len(parsed.posts))
    return faults > 0 and faults >= taken + len(parsed.links) + len(parsed.more)


def _visit(result: PageResult, posts: Sequence[Post], touched: set[str]) -> Visit:
    parsed = result.parsed
    times = [t for post in posts for t in (post.published, post.edited, post.official and post.official.replied) if t]
    follow = tuple(link for link in (*parsed.links, *parsed.more) if link.walk) if parsed else ()
    return Visit(
        link=result.link,
        outcome=result.outcome,
        at=result.fetched_at,
        changed=any(post.id in touched for post in posts),
        newest_ms=to_ms(max(times)) if times else None,
        etag=result.etag,
        last_modified=result.last_modified,
        body_hash=result.body_hash,
        follow=tuple(replace(link, meta=dict(link.meta)) for link in follow),
        keep_pending=result.keep_pending,
    )
