"""The posts of a case for reading: a short quotation each, or that the original is no longer held. Never who wrote them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from config.project import Project
from pipeline.cases.model import Case
from pipeline.cases.wording import cut
from pipeline.query.layer import QueryLayer

_TITLE, _TEXT = 60, 160
# A case is read on one screen; the rest is found by its query.
_QUOTED = 20


@dataclass(frozen=True, slots=True)
class Quotation:
    """What a post of a case says. held: False where it is no longer in the store (retention); then all else but the reply
    is "". text: its beginning; reply_unit, replied_at: of the official reply that was linked."""

    post_id: str
    held: bool
    title: str = ""
    text: str = ""
    source: str = ""
    url: str = ""
    published: str = ""
    reply_unit: str = ""
    replied_at: datetime | None = None


def quotations(project: Project, case: Case, *, who: str) -> list[Quotation]:
    """The first posts of the case, those with a linked reply first; reading them is audited."""
    links = sorted(case.posts, key=lambda one: not one.reply)[:_QUOTED]
    if not links:
        return []
    with QueryLayer.open(project, who=who) as layer:
        views = [(link, layer.post(link.id)) for link in links]
    return [
        Quotation(
            post_id=link.id,
            held=view is not None,
            reply_unit=link.reply_unit,
            replied_at=link.replied_at,
            **_said(view.post if view else {}),
        )
        for link, view in views
    ]


def _said(post: Mapping[str, Any]) -> dict[str, str]:
    if not post:
        return {}
    return {
        "title": cut(post["title"], _TITLE),
        "text": cut(post["text"], _TEXT),
        "source": str(post["source"]),
        "url": str(post["url"]),
        "published": str(post["published"] or ""),
    }
