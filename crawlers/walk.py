"""The walk through a source's lists: where it goes on, where known ground begins, and where a trap is. Pure, in memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from config.text import tr
from crawlers.adapters.base import Link, ParsedPage

# A chain of this many list pages that show nothing new to this run is a pager that goes in circles or a calendar.
BARREN_PAGES = 5


@dataclass(frozen=True, slots=True)
class Step:
    """Where a page of the walk stands. chain: the start page it descends from; depth: pages since then, from 0;
    barren: pages in a row, up to this one's parent, that showed nothing new."""

    chain: str
    depth: int = 0
    barren: int = 0


@dataclass(slots=True)
class Walk:
    """One run's walk. stops_at_known: known ground ends a chain; limit: the deepest chain followed.

    cut: why a chain was left before its end; open: walk pages that could not be read, so the walk has no end.
    """

    stops_at_known: bool
    depth_limit: int
    cut: list[str] = field(default_factory=list)
    open: int = 0
    _fresh: set[str] = field(default_factory=set)
    _listed: set[str] = field(default_factory=set)
    _bodies: dict[str, set[str]] = field(default_factory=dict)

    def onward(self, step: Step, page: ParsedPage, body_hash: str, is_known: Callable[[Link], bool]) -> Sequence[Link]:
        """The `more` pages to follow from a page just read; empty where the chain ends.

        is_known: whether a link stood in the store, with the same fingerprint, before this run.
        """
        new = self._note(page.links, is_known)
        bodies = self._bodies.setdefault(step.chain, set())
        if not page.more:
            return ()
        if body_hash in bodies:
            return self._stop(tr("列表重复同一页，不再往下翻", "the list repeats a page; it is not followed further"))
        bodies.add(body_hash)
        if step.barren + 1 >= BARREN_PAGES and not new and not page.posts:
            return self._stop(
                tr("连续 {n} 页没有新内容，不再往下翻", "{n} pages in a row show nothing new", n=BARREN_PAGES)
            )
        if step.depth + 1 > self.depth_limit:
            return self._stop(tr("已达翻页上限 {n}", "the limit of {n} list pages is reached", n=self.depth_limit))
        if self.stops_at_known and page.links and not any(link.url in self._fresh for link in page.links):
            return ()
        return page.more

    def next_step(self, step: Step, page: ParsedPage) -> Step:
        """Where the pages that follow from `page` stand. Call it before `onward` has noted the page's links."""
        fertile = bool(page.posts) or any(link.url not in self._listed for link in page.links)
        return Step(step.chain, step.depth + 1, 0 if fertile else step.barren + 1)

    def _note(self, links: Sequence[Link], is_known: Callable[[Link], bool]) -> bool:
        """True when a link was not yet listed in this run. Notes which links were new to the store."""
        new = False
        for link in links:
            if link.url not in self._listed:
                new = True
                self._listed.add(link.url)
                if not is_known(link):
                    self._fresh.add(link.url)
        return new

    def _stop(self, reason: str) -> Sequence[Link]:
        if reason not in self.cut:
            self.cut.append(reason)
        return ()
