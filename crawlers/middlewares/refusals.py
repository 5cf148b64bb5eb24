"""Why a request was not made, or not finished: raised by the middlewares, read by the spider's errback."""

from __future__ import annotations

from typing import Literal

from scrapy.exceptions import IgnoreRequest

# guard: the address may not be asked; robots: robots.txt forbids it; later: not now, it stays pending for the next run.
RefusalKind = Literal["guard", "robots", "later"]


class Refused(IgnoreRequest):
    """The request was not sent. kind: see RefusalKind; reason: one sentence for the operator."""

    def __init__(self, kind: RefusalKind, reason: str) -> None:
        super().__init__(reason)
        self.kind: RefusalKind = kind
        self.reason = reason
