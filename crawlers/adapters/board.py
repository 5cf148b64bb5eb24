"""Government message boards: list → detail, by the selectors of the source, with the official reply."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from config.sources import BoardSource
from config.text import tr
from crawlers import picking
from crawlers.adapters.base import FetchedPage, Link, ParsedPage, Problem, WrongPage
from crawlers.canonical import canonical_url
from crawlers.dates import parse_date
from crawlers.record import Engagement, Kind, Official, RawPost


class BoardAdapter:
    """Reads a board. Lists are walked in every run; a message is opened when it is new, when its row changed, or when
    a re-visit is due."""

    def __init__(self, source: BoardSource, state: Mapping[str, Any] | None = None) -> None:
        self._source = source
        self.stop_at_known = source.list.walk == "known"

    def start(self) -> Sequence[Link]:
        """The first list page of each address."""
        return [Link(canonical_url(url), "list", walk=True, priority=10) for url in self._source.urls]

    def parse(self, page: FetchedPage) -> ParsedPage:
        """Messages' links of a list, or the message of a detail page. Raises WrongPage when it is neither."""
        root = picking.read_html(page.text)
        return self._list(page, root) if page.role == "list" else self._detail(page, root)

    def _list(self, page: FetchedPage, root: picking.Node) -> ParsedPage:
        links: dict[str, Link] = {}
        problems: list[Problem] = []
        for row in picking.elements(self._source.list.row, root):
            try:
                found = self._row(page, row)
            except ValueError as error:
                problems.append(Problem(tr("列表中的链接有误", "a row's link is faulty"), f"{error}"))
                continue
            if found is not None:
                links.setdefault(found.url, found)
        if not links and not problems:
            message = tr(
                "列表页没有一行符合 list.row 和 list.link（{r}）",
                "no row of the list matches list.row and list.link ({r})",
                r=_shown(self._source.list.row),
            )
            raise WrongPage(message)
        return ParsedPage(links=list(links.values()), more=self._next(page, root), problems=problems)

    def _row(self, page: FetchedPage, row: picking.Node) -> Link | None:
        """The message a row leads to; None for a row without a link (a table's head)."""
        chosen = self._source.list
        address = picking.link(chosen.link, row)
        if not address or address.startswith(("javascript:", "#")):
            return None
        said = {
            "id": picking.value(chosen.id, row),
            "state": picking.value(chosen.state, row),
            "category": picking.value(chosen.category, row),
        }
        # The title's text is the link's own, so an edited title opens the page again.
        titles = picking.elements(chosen.link, row)[:1]
        shown = "|".join((said["state"], *(picking.block_text(title) for title in titles)))
        fingerprint = hashlib.blake2b(shown.encode("utf-8", "replace"), digest_size=16).hexdigest()
        meta = {key: text for key, text in said.items() if text}
        return Link(canonical_url(address, page.url), "detail", fingerprint=fingerprint, meta=meta)

    def _next(self, page: FetchedPage, root: picking.Node) -> Sequence[Link]:
        chosen = self._source.list.next
        address = picking.link(chosen, root) if chosen else ""
        if not address or address.startswith(("javascript:", "#")):
            return ()
        target = canonical_url(address, page.url)
        return () if target == page.url else (Link(target, "list", walk=True, priority=10),)

    def _detail(self, page: FetchedPage, root: picking.Node) -> ParsedPage:
        chosen = self._source.detail
        title, text = picking.value(chosen.title, root), picking.text(chosen.text, root)
        if not title or not text:
            raise WrongPage(self._missing(title=title))
        native = picking.value(chosen.id, root) if chosen.id else str(page.meta.get("id", ""))
        if chosen.id and not native:
            message = tr("详情页没有编号（detail.id）", "the detail page shows no id (detail.id)")
            raise WrongPage(message)
        problems: list[Problem] = []
        post = RawPost(
            kind=Kind.MESSAGE,
            url=page.url,
            title=title,
            text=text,
            native_id=native,
            thread_url=page.url,
            author=picking.value(chosen.author, root),
            published=self._time(page, picking.value(chosen.published, root), problems),
            category=picking.value(chosen.category, root) or str(page.meta.get("category", "")),
            engagement=Engagement(
                views=picking.number(chosen.views, root),
                likes=picking.number(chosen.likes, root),
                dislikes=picking.number(chosen.dislikes, root),
            ),
            official=self._official(page, root, problems),
        )
        return ParsedPage(posts=(post,), problems=problems)

    def _official(self, page: FetchedPage, root: picking.Node, problems: list[Problem]) -> Official | None:
        """The reply, or None while there is none. A board with several replies shows the newest first or last: all texts
        are kept, unit and time are those of the first."""
        chosen = self._source.detail.reply
        blocks = picking.elements(chosen.block, root) if chosen else []
        texts = [picking.text(chosen.text, block) for block in blocks] if chosen else []
        if chosen is None or not any(texts):
            return None
        shown = picking.value(chosen.time, blocks[0])
        return Official(
            unit=picking.value(chosen.unit, blocks[0]),
            replied=self._time(page, shown, problems) if chosen.time else None,
            text="\n".join(text for text in texts if text),
        )

    def _time(self, page: FetchedPage, shown: str, problems: list[Problem]) -> datetime | None:
        when = parse_date(shown, now=page.fetched_at, timezone=self._source.timezone)
        if when is None:
            problems.append(Problem(tr("时间读不懂或没有", "the time is missing or cannot be read"), shown))
        return when

    def _missing(self, *, title: str) -> str:
        key, pick = ("text", self._source.detail.text) if title else ("title", self._source.detail.title)
        return tr("详情页没有 detail.{k}（{p}）", "the detail page has no detail.{k} ({p})", k=key, p=_shown(pick))


def _shown(pick: Any) -> str:
    return str(pick.css or pick.xpath)
