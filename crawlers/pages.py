"""The pages of a source: what is known of each address, what is pending, what is due again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, select, update

from config.sources import Revisit
from crawlers.adapters.base import Link
from crawlers.encoding import clean
from crawlers.rows import to_ms
from crawlers.schema import page
from crawlers.store import insert_rows, upsert
from nlp.redact import redact

# A page that failed for good (its markup) is tried again by a few later runs: the selectors may have been mended.
_RETRY_FAILED = 3
# A page that never answers is given up after this many runs.
_GIVE_UP = 10
_DAY_MS = 86_400_000
# What of a link's meta is people's prose; the rest is addresses, ids, numbers, which must stay as they are.
_PROSE = ("title", "summary", "category")


@dataclass(frozen=True, slots=True)
class KnownPage:
    """What the store knows of a page. state: pending, done, gone, failed; fetched: it was read before; links: the pages
    of the walk it leads to, so that a 304 can be walked on."""

    state: str
    fingerprint: str
    etag: str
    last_modified: str
    body_hash: str
    links: tuple[Link, ...]
    fetched: bool
    failures: int = 0
    unchanged: int = 0
    changed_ms: int | None = None


def page_id(source: str, url: str) -> str:
    """The id of a page: 32 hex digits of source and canonical URL."""
    return hashlib.blake2b(f"{source}\x1f{url}".encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def pack_links(links: Iterable[Link]) -> str:
    """Links of the walk as JSON, for `page.links`."""
    return _json([[k.url, k.role, k.fingerprint, _redacted(k.meta), k.priority] for k in links if k.walk])


def _unpack_links(text: str) -> tuple[Link, ...]:
    if text == "[]":
        return ()
    return tuple(
        Link(url, role, walk=True, fingerprint=fingerprint, meta=meta, priority=priority)
        for url, role, fingerprint, meta, priority in json.loads(text)
    )


def _link(row: RowMapping) -> Link:
    return Link(
        row["url"],
        row["role"],
        walk=bool(row["walk"]),
        fingerprint=row["fingerprint"],
        meta=json.loads(row["meta"]),
        priority=row["priority"],
    )


_LINK_COLUMNS = (page.c.url, page.c.role, page.c.walk, page.c.fingerprint, page.c.meta, page.c.priority)


class Pages:
    """The page map of one source, kept in memory while a run goes on and written with each batch."""

    def __init__(self, source: str, rules: Revisit) -> None:
        self.source, self.rules = source, rules
        self.known: dict[str, KnownPage] = {}
        self._undo: dict[str, KnownPage | None] = {}

    def _note(self, url: str, known: KnownPage) -> None:
        self._undo.setdefault(url, self.known.get(url))
        self.known[url] = known

    def keep(self) -> None:
        """What was noted since the last call stands: its transaction is written."""
        self._undo.clear()

    def take_back(self) -> None:
        """Forget what was noted since the last `keep`: its transaction was not written."""
        for url, known in self._undo.items():
            if known is None:
                del self.known[url]
            else:
                self.known[url] = known
        self._undo.clear()

    def load(self, connection: Connection) -> None:
        """Read all pages of the source."""
        columns = (page.c.url, page.c.state, page.c.fingerprint, page.c.etag, page.c.last_modified, page.c.body_hash,
                   page.c.links, page.c.fetched_ms, page.c.failures, page.c.unchanged, page.c.changed_ms)  # fmt: skip
        for row in connection.execute(select(*columns).where(page.c.source == self.source)):
            url, state, fingerprint, etag, modified, body_hash, links, fetched, failures, unchanged, changed = row
            known = KnownPage(state, fingerprint, etag, modified, body_hash, _unpack_links(links), fetched is not None,
                              failures, unchanged, changed)  # fmt: skip
            self.known[url] = known

    def wanted(self, link: Link) -> bool:
        """Whether a page with posts is to be read now: never seen, pending, or the list says something new of it."""
        known = self.known.get(link.url)
        if known is None or known.state == "pending":
            return True
        return bool(link.fingerprint) and link.fingerprint != known.fingerprint

    def pending(self, connection: Connection) -> list[Link]:
        """Pages discovered by earlier runs and not read yet, oldest first."""
        open_ = (page.c.state == "pending") | ((page.c.state == "failed") & (page.c.failures < _RETRY_FAILED))
        asked = select(*_LINK_COLUMNS).where(page.c.source == self.source, open_).order_by(page.c.discovered_ms)
        return [_link(row) for row in connection.execute(asked).mappings()]

    def due(self, connection: Connection, *, now: datetime, since: datetime, limit: int, spare: bool) -> list[Link]:
        """Pages to read again: overdue ones first; then, when `spare`, those read longest ago. Pages read since the
        run began are left out."""
        base = select(*_LINK_COLUMNS).where(
            page.c.source == self.source, page.c.state == "done", page.c.walk == 0, page.c.fetched_ms < to_ms(since)
        )
        late = base.where(page.c.due_ms <= to_ms(now)).order_by(page.c.due_ms).limit(limit)
        found = [_link(row) for row in connection.execute(late).mappings()]
        if spare and len(found) < limit:
            rest = base.where((page.c.due_ms > to_ms(now)) | page.c.due_ms.is_(None))
            order = (page.c.due_ms.is_(None), page.c.fetched_ms)
            more = rest.order_by(*order).limit(limit - len(found))
            found += [_link(row) for row in connection.execute(more).mappings()]
        return found

    # ── writing ─────────────────────────────────────────────────────────────────────────────────────────────────────
    def discover(self, connection: Connection, links: Iterable[Link], now: datetime) -> int:
        """Write links not known yet, or known with another fingerprint, as pending. Returns how many were new."""
        fresh: list[dict[str, Any]] = []
        again: list[Link] = []
        for link in links:
            known = self.known.get(link.url)
            if known is None:
                fresh.append(self._new_row(link, now))
                self._note(link.url, KnownPage("pending", link.fingerprint, "", "", "", (), fetched=False))
            elif not link.walk and link.fingerprint and link.fingerprint != known.fingerprint:
                again.append(link)
                self._note(link.url, replace(known, state="pending", fingerprint=link.fingerprint))
        insert_rows(connection, page, fresh)
        for link in again:
            values = {
                "state": "pending",
                "fingerprint": link.fingerprint,
                "meta": _json(_redacted(link.meta)),
                "role": link.role,
            }
            connection.execute(update(page).where(page.c.id == page_id(self.source, link.url)).values(values))
        return len(fresh)

    def _new_row(self, link: Link, now: datetime) -> dict[str, Any]:
        return {
            "id": page_id(self.source, link.url),
            "source": self.source,
            "url": link.url,
            "role": link.role,
            "walk": int(link.walk),
            "priority": link.priority,
            "state": "pending",
            "fingerprint": link.fingerprint,
            "meta": _json(_redacted(link.meta)),
            "discovered_ms": to_ms(now),
        }

    def visited(self, rows: dict[str, dict[str, Any]], visit: Visit) -> None:
        """Note a visit: the page's new row goes into `rows` (by URL), the map is brought up to date."""
        link = visit.link
        old = self.known.get(link.url)
        known = self._after(old, visit)
        self._note(link.url, known)
        rows[link.url] = {
            **self._new_row(link, visit.at),
            "state": known.state,
            "fingerprint": known.fingerprint,
            "etag": known.etag,
            "last_modified": known.last_modified,
            "body_hash": known.body_hash,
            "links": pack_links(known.links),
            "fetched_ms": to_ms(visit.at) if known.fetched else None,
            "changed_ms": known.changed_ms,
            "due_ms": self._due(known, visit),
            "unchanged": known.unchanged,
            "failures": known.failures,
        }

    def _after(self, old: KnownPage | None, visit: Visit) -> KnownPage:
        link = visit.link
        before = old or KnownPage("pending", link.fingerprint, "", "", "", (), fetched=False)
        if visit.outcome == "failed":
            failures = before.failures + 1
            # A page that was read before stays readable; one never read waits, or is given up.
            lost = "failed" if not visit.keep_pending or failures >= _GIVE_UP else "pending"
            state = before.state if before.state == "done" else lost
            return replace(before, state=state, failures=failures)
        unchanged = 0 if visit.changed else before.unchanged + 1
        newest = (
            to_ms(visit.at) if visit.changed and before.fetched else max(before.changed_ms or 0, visit.newest_ms or 0)
        )
        fresh = visit.outcome == "parsed"
        return KnownPage(
            state="gone" if visit.outcome in {"gone", "robots"} else "done",
            fingerprint=link.fingerprint or before.fingerprint,
            etag=visit.etag if fresh else visit.etag or before.etag,
            last_modified=visit.last_modified if fresh else visit.last_modified or before.last_modified,
            body_hash=visit.body_hash or before.body_hash,
            links=visit.follow if fresh else before.links,
            fetched=True,
            unchanged=unchanged,
            changed_ms=newest or to_ms(visit.at),
        )

    def _due(self, known: KnownPage, visit: Visit) -> int | None:
        if visit.link.walk or known.state != "done" or not self.rules.after:
            return None
        now = to_ms(visit.at) or 0
        if now - (known.changed_ms or now) > self.rules.stop_after * 1000:
            return None
        if visit.outcome == "failed" and visit.keep_pending:
            return now  # the next run asks again
        step = self.rules.after[min(known.unchanged, len(self.rules.after) - 1)]
        return now + int(step * 1000)

    def save(self, connection: Connection, rows: dict[str, dict[str, Any]]) -> None:
        """Write the rows of visited pages; when a page was first discovered stays as it was."""
        upsert(connection, page, list(rows.values()), keep=("discovered_ms",))


@dataclass(frozen=True, slots=True)
class Visit:
    """What a visit to a page came to. changed: a post on it was new or changed; newest_ms: the newest time on it."""

    link: Link
    outcome: str
    at: datetime
    changed: bool = False
    newest_ms: int | None = None
    etag: str = ""
    last_modified: str = ""
    body_hash: str = ""
    follow: tuple[Link, ...] = ()
    keep_pending: bool = False


def writable(link: Link) -> Link:
    """`link` as it can be written: no NUL, no lone surrogates (JSON of a site may hold them) in what is kept as text."""
    url, fingerprint = clean(link.url), clean(link.fingerprint)
    return (
        link if (url, fingerprint) == (link.url, link.fingerprint) else replace(link, url=url, fingerprint=fingerprint)
    )


def _redacted(meta: Mapping[str, Any]) -> dict[str, Any]:
    """`meta` of a link, its prose redacted: a link is written before its page is read."""
    return {key: redact(value) if key in _PROSE and isinstance(value, str) else value for key, value in meta.items()}


def _json(value: dict[str, Any] | list[Any]) -> str:
    # A NUL is escaped by JSON and so can be written; a lone surrogate is not, and goes.
    return clean(json.dumps(value, ensure_ascii=False))
