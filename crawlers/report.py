"""The report of a run: what was asked, what came, what became of each post."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(slots=True)
class Counts:
    """Counts of one run. Pages: requested (on the wire, retries included), not_modified, parsed, gone, restricted,
    robots_refused, failed; walk_pages and revisits are among them. Posts: read = new + changed + engagement + unchanged +
    set_aside. set_aside: pieces of pages and pages that could not be used. pages_wrong: pages that came but were not what
    their role promises (among failed); pages_spoilt: parsed pages with no fewer faults than posts and links. bytes:
    received, headers included.
    reasons: how often each reason for setting aside or failing was given."""

    requested: int = 0
    bytes: int = 0
    not_modified: int = 0
    pages_parsed: int = 0
    gone: int = 0
    restricted: int = 0
    robots_refused: int = 0
    failed: int = 0
    pages_wrong: int = 0
    pages_spoilt: int = 0
    walk_pages: int = 0
    revisits: int = 0
    links_seen: int = 0
    links_new: int = 0
    set_aside: int = 0
    posts_read: int = 0
    posts_new: int = 0
    posts_changed: int = 0
    posts_engagement: int = 0
    posts_unchanged: int = 0
    posts_set_aside: int = 0
    dates_dropped: int = 0
    reasons: Counter[str] = field(default_factory=Counter)

    def add(self, other: Counts) -> None:
        """Take the counts of a batch into those of the run."""
        for name, value in asdict(other).items():
            if name == "reasons":
                self.reasons.update(other.reasons)
            else:
                setattr(self, name, getattr(self, name) + value)

    def to_dict(self) -> dict[str, Any]:
        """As JSON values; the twenty most frequent reasons."""
        return {**asdict(self), "reasons": dict(self.reasons.most_common(20))}
