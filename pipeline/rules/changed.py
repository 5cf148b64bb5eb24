"""Rules of kind `change`: messages whose official state changed, told by their earlier versions."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise
from typing import Any

from sqlalchemy import Connection, func, select

from config.rules import ChangeRule, Match
from config.text import tr
from crawlers.schema import annotation, post, revision
from pipeline.alerts.model import Alert
from pipeline.index.document import published_key
from pipeline.query.layer import QueryLayer
from pipeline.query.times import milliseconds
from pipeline.rules.asking import Asker, asked_by
from pipeline.rules.firing import Candidate
from pipeline.rules.memory import Mark, identity, seen
from pipeline.rules.raising import Raising
from pipeline.rules.windows import Found

_POSTS = 5


@dataclass(frozen=True, slots=True)
class Change:
    """A message whose state changed. subject: names the change; at_ms: when we saw it; before, after: what the office had said, None for nothing."""

    subject: str
    post_id: str
    published_ms: int
    at_ms: int
    source: str
    before: str | None
    after: str | None

    def fits(self, rule: ChangeRule) -> bool:
        """Whether it is the change the rule is about."""
        if rule.after == "revised":
            return self.before is not None and self.after is not None and self.before != self.after
        wanted = (rule.before == "replied", rule.after == "replied")
        return (self.before is not None, self.after is not None) == wanted


def changes(connection: Connection, since_ms: int, until_ms: int) -> list[Change]:
    """Changes seen between the two times (ms, until exclusive), in that order."""
    at = func.coalesce(post.c.published_ms, post.c.collected_ms).label("at_ms")
    within = (revision.c.replaced_ms >= since_ms) & (revision.c.replaced_ms < until_ms)
    touched = select(revision.c.post_id).where(within)
    asked = (
        select(revision.c.post_id, revision.c.revision, revision.c.replaced_ms, revision.c.record, post.c.official_text,
               post.c.source, at)
        .join(post, post.c.id == revision.c.post_id)
        .where(revision.c.post_id.in_(touched))
        .order_by(revision.c.post_id, revision.c.revision)
    )  # fmt: skip
    rows = connection.execute(asked).all()
    found = []
    for row, following in pairwise([*rows, None]):
        if row is not None and since_ms <= row.replaced_ms < until_ms:
            same = following is not None and following.post_id == row.post_id
            after = _official(following.record) if same and following is not None else row.official_text
            found.append(
                Change(
                    subject=f"{row.post_id}@{row.revision}",
                    post_id=row.post_id,
                    published_ms=row.at_ms,
                    at_ms=row.replaced_ms,
                    source=row.source,
                    before=_official(row.record),
                    after=after,
                )
            )
    return sorted(found, key=lambda one: (one.at_ms, one.subject))


def _official(record: str) -> str | None:
    """What the office had said in an earlier version."""
    said: Any = json.loads(record).get("official")
    return str(said.get("text") or "") if isinstance(said, dict) else None


def changed(
    connection: Connection, rule: ChangeRule, mark: Mark, raising: Raising, *, now: datetime
) -> Iterator[Candidate]:
    """What `rule` has to tell, of each value of its query key apart. A rule that was never judged looks back for an hour."""
    now_ms = milliseconds(now)
    back_s = rule.late if mark.evaluated_ms else rule.window_s
    known = seen(connection, rule.name)
    some = [one for one in changes(connection, now_ms - round(back_s * 1000), now_ms + 1) if one.subject not in known]
    some = [one for one in some if one.fits(rule)]
    if some and (rule.query or rule.match != Match()):
        some = matching(connection, raising.layer, rule, some)
    by_source = rule.query_key == "source"
    for key in sorted({one.source for one in some} if by_source else {""} if some else set()):
        yield _candidate(rule, key, [one for one in some if not by_source or one.source == key], raising)


def matching(connection: Connection, layer: QueryLayer, rule: ChangeRule, some: Sequence[Change]) -> list[Change]:
    """Those whose posts match the rule's query as they are now. What has not been indexed again yet waits."""
    ids = [one.post_id for one in some]
    landed = connection.execute(select(func.min(annotation.c.landed_seq)).where(annotation.c.post_id.in_(ids))).scalar()
    since, until = min(one.published_ms for one in some), max(one.published_ms for one in some) + 1
    keys = set(Asker(layer, lambda a, b: ()).matching(asked_by(rule), since, until, int(landed or 0)).tolist())
    return [one for one in some if published_key(one.post_id, one.published_ms) in keys]


def _candidate(rule: ChangeRule, key: str, some: Sequence[Change], raising: Raising) -> Candidate:
    found = Found(
        since_ms=min(one.published_ms for one in some),
        until_ms=max(one.published_ms for one in some) + 1,
        anchor=identity(*sorted(one.subject for one in some)),
        count=len(some),
        figure=float(len(some)),
    )

    def make(alert_id: str, what: Found) -> Alert:
        made = raising.of_posts(rule, key, alert_id, what)
        said = tr("{n} 条留言的答复状态变了", "the official state of {n} messages changed", n=len(some))
        ids = [one.post_id for one in some[:_POSTS]]
        return _with(made, [made.reason[0], said], ids)

    return Candidate(rule, key, found, make, {one.subject: one.at_ms for one in some})


def _with(made: Alert, reason: Sequence[str], posts: Sequence[str]) -> Alert:
    return replace(made, reason=list(reason), posts=list(posts))
