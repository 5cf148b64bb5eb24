"""Official replies to the posts of a case: linked when the crawler has found them, and a state proposed, never set."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, select

from config.project import Project
from config.text import tr
from crawlers.rows import from_ms
from crawlers.schema import post
from crawlers.store import opened, read, take_turn, write
from pipeline.cases.course import link_record
from pipeline.cases.keeping import TURN, all_cases, append, case_numbered
from pipeline.cases.model import OPEN, WAITING, Case, Doing, Draft, Linked
from pipeline.cases.tables import cases
from pipeline.cases.wording import cut
from pipeline.events.reading import event_by_id, posts_of

# Who a found reply is linked by, in the course of a case.
CRAWLER = "晴雨"
_PIECE = 500


def link_replies(project: Project, *, now: datetime) -> str:
    """A sentence of how many official replies were linked to open cases, "" for none.

    A reply to a post of a case (or of its event) that was not there when the case was opened proposes 已反馈. Running it
    again, or twice at once, adds nothing: a case is looked at again within its turn before anything is written.
    """
    linked: list[str] = []
    with opened(project) as store:
        with read(store) as connection:
            waiting = [one for one in all_cases(connection, cases.c.state.in_(sorted(OPEN))) if _new(connection, one)]
        for one in waiting:
            with write(store) as connection:
                take_turn(connection, TURN)
                case = case_numbered(connection, one.number)
                if draft := _draft(case, _new(connection, case)):
                    append(connection, case, draft, Doing(CRAWLER, now))
                    linked.append(case.number)
    if not linked:
        return ""
    message = "{n} 件清单事项有了官方答复：{k}", "{n} cases have an official reply: {k}"
    return tr(*message, n=len(linked), k="、".join(linked[:20]))


def _draft(case: Case, new: Sequence[Linked]) -> Draft | None:
    if not new or case.state not in OPEN:
        return None
    record: dict[str, object] = {"posts": link_record(new)}
    if case.state in WAITING:
        times = [one.replied_at for one in new if one.replied_at is not None]
        record |= {"proposed": "answered", "proposed_at": min(times) if times else None}
    return Draft("replied", case.state, record)


def _new(connection: Connection, case: Case) -> list[Linked]:
    """Replies to posts of the case that it does not know in this wording yet."""
    known = {one.id: one.reply for one in case.posts}
    return [one for one in replied(connection, posts_about(connection, case)) if known.get(one.id) != one.reply]


def posts_about(connection: Connection, case: Case) -> list[str]:
    """Ids of the posts linked to the case, and of those that its event holds by now."""
    event = event_by_id(connection, case.event_id) if case.event_id else None
    grown = sorted(posts_of(connection, event.id)) if event else []
    return list(dict.fromkeys([one.id for one in case.posts] + grown))


def replied(connection: Connection, ids: Sequence[str]) -> list[Linked]:
    """Those of the posts that have an official reply: on their own page, or as a post that answers them."""
    found: dict[str, Linked] = {}
    for start in range(0, len(ids), _PIECE):
        some = list(ids[start : start + _PIECE])
        for link in (*_as_posts(connection, some), *_on_the_page(connection, some)):
            found[link.id] = link
    return [found[one] for one in ids if one in found]


def _on_the_page(connection: Connection, ids: Sequence[str]) -> list[Linked]:
    columns = (post.c.id, post.c.official_unit, post.c.official_replied_ms, post.c.official_text)
    asked = select(*columns).where(post.c.id.in_(ids), post.c.official_text.is_not(None), post.c.official_text != "")
    return [_link(*row) for row in connection.execute(asked)]


def _as_posts(connection: Connection, ids: Sequence[str]) -> list[Linked]:
    """Official replies that are posts of their own (a floor of a forum): the first to each."""
    columns = (post.c.parent_id, post.c.published_ms, post.c.text)
    asked = select(*columns).where(post.c.parent_id.in_(ids), post.c.kind == "official_reply")
    rows = connection.execute(asked.order_by(post.c.published_ms.desc().nulls_first(), post.c.id)).all()
    return [_link(parent, "", published_ms, text) for parent, published_ms, text in rows]


def _link(post_id: str, unit: str | None, replied_ms: int | None, text: str) -> Linked:
    told = f"{unit or ''}\x1f{replied_ms}\x1f{text}".encode("utf-8", "replace")
    digest = hashlib.blake2b(told, digest_size=16).hexdigest()
    return Linked(post_id, digest, cut(unit or "", 100), from_ms(replied_ms))
