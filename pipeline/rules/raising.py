"""Alerts out of what was found: title, reasons, figures, the query that finds the posts, representatives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from config.rules import AnyKind
from config.text import tr
from pipeline.alerts.model import Alert, Delivery
from pipeline.events.model import Flag
from pipeline.events.wording import headline, usual, why
from pipeline.panels.naming import Naming
from pipeline.query.asked import midnight
from pipeline.query.breaking import Split
from pipeline.query.layer import QueryLayer, Question
from pipeline.rules.asking import moment, query_of, split_by
from pipeline.rules.firing import Candidate
from pipeline.rules.saying import clean, figures, reasons
from pipeline.rules.windows import Found

# Posts shown as representatives, topics and places named, and the share of the posts that one must have to be named.
_POSTS, _NAMED, _SHARE = 5, 5, 0.2
# Phrases that a reason names at most.
_DRIVERS = 5


def delivery_of(rule: AnyKind) -> Delivery:
    """How the alerts of a rule reach people."""
    return Delivery(rule.groups, rule.digest, rule.quiet, rule.escalate_after)


@dataclass(frozen=True, slots=True)
class Raising:
    """Makes alerts at `now`. naming: names of topics, places, sources; quiet_sources: says which sources were not read."""

    layer: QueryLayer
    naming: Naming
    now: datetime
    quiet_sources: Callable[[], Sequence[str]]

    def candidate(self, rule: AnyKind, key: str, found: Found) -> Candidate:
        """A window that fits, as what can be raised."""
        return Candidate(rule, key, found, lambda one, what: self.of_posts(rule, key, one, what))

    def of_posts(self, rule: AnyKind, key: str, alert_id: str, found: Found) -> Alert:
        """The alert of a window of posts."""
        field = split_by(rule)
        query = query_of(rule.query, rule.language, field, key)
        span = Question(query, since=moment(found.since_ms), until=moment(found.until_ms))
        said = reasons(rule, found)
        if rule.timed and (unread := self.quiet_sources()):
            names = tr("、", ", ").join(unread)
            said.append(
                tr(
                    "这些来源没有采集成功：{s}；少不等于没有人说",
                    "these sources were not read with success: {s}; few posts need not mean that nobody speaks",
                    s=names,
                )
            )
        return Alert(
            id=alert_id,
            rule=rule.name,
            key=key,
            level=rule.level,
            title=self.title(rule, field, key, found.count),
            reason=said,
            figures=figures(rule, found),
            query=query,
            since=span.since or self.now,
            until=span.until or self.now,
            posts=self.layer.earliest(span, _POSTS),
            topics=self._named(span, "topic", found.count),
            places=self._named(span, "place", found.count),
            made_at=self.now,
            delivery=delivery_of(rule),
        )

    def title(self, rule: AnyKind, field: str | None, key: str, count: int) -> str:
        """One line: what people call the rule, the value of its key, how many posts."""
        of = f"{clean(self.naming.value(field, key), 40)} " if field and key else ""
        return tr("{r}：{k}{n} 条", "{r}: {k}{n} posts", r=clean(rule.told, 100), k=of, n=count)

    def of_flag(self, rule: AnyKind, key: str, flag: Flag, about: tuple[Sequence[str], Sequence[str]]) -> Candidate:
        """A flag of the detection, as what can be raised. about: topics and places."""
        found = Found(0, 0, flag.id, flag.count, float(flag.count))

        def make(alert_id: str, what: Found) -> Alert:
            return _flagged(rule, key, flag, about, (alert_id, self.now))

        return Candidate(rule, key, found, make, {flag.id: round(flag.flagged_at.timestamp() * 1000)})

    def _named(self, span: Question, field: str, count: int) -> list[str]:
        rows = self.layer.breakdown(span, Split((field,), (_NAMED,)))
        return [row.keys[0] for row in rows if (row.figures[0] or 0) >= _SHARE * count]


def _flagged(
    rule: AnyKind, key: str, flag: Flag, about: tuple[Sequence[str], Sequence[str]], made: tuple[str, datetime]
) -> Alert:
    share = [] if flag.negative_share is None else [(tr("负面占比", "share negative"), f"{flag.negative_share:.0%}")]
    return Alert(
        id=made[0],
        rule=rule.name,
        key=key,
        level=flag.level,
        title=clean(headline(flag), 200),
        reason=_reasons(rule, flag),
        figures=[
            (tr("条数", "posts"), str(flag.count)),
            (tr("声音", "voices"), str(flag.voices)),
            (tr("往常", "usual"), usual(flag).strip()),
            *share,
        ],
        query=flag.query,
        since=midnight(flag.since_day),
        until=midnight(flag.until_day, 1),
        posts=list(flag.posts),
        topics=about[0],
        places=about[1],
        made_at=made[1],
        delivery=delivery_of(rule),
        event_id=flag.event_id,
        flag_id=flag.id,
    )


def _reasons(rule: AnyKind, flag: Flag) -> list[str]:
    """Why the flag was raised, what drives it, who usually answers, and whether the like was seen before."""
    told = [clean(rule.told, 100), clean(why(flag), 300)]
    if phrases := [clean(one, 40) for one in flag.phrases if one not in flag.label]:
        told.append(tr("说的是：{p}", "said: {p}", p="、".join(phrases[:_DRIVERS])))
    if flag.duty:
        told.append(tr("通常由 {u} 答复", "usually answered by {u}", u=clean(flag.duty, 60)))
    if flag.similar:
        told.append(tr("过去有相似的事 {n} 件", "{n} like it in the past", n=len(flag.similar)))
    return told
