"""Back-tests that were made, kept by what the rule says: a rule that was reworded since has not been tested."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime

from sqlalchemy import Connection, select

from config.rules import AnyKind
from crawlers.store import upsert
from pipeline.query.times import milliseconds
from pipeline.rules.asking import moment
from pipeline.rules.backtest import Firing, Outcome, Variant
from pipeline.rules.tables import rule_trial

# What does not alter when a rule fires: its name and whom it tells how.
_BESIDE = {"name", "description", "enabled", "groups", "digest", "quiet", "escalate_after"}
# A rule that would have fired more often is refused by its count; nobody reads so many.
_FIRINGS = 400


@dataclass(frozen=True, slots=True)
class Trial:
    """A back-test. since, until: of the past it lived through; alerts: all of them; firings: the first _FIRINGS."""

    digest: str
    rule: str
    who: str
    since: datetime
    until: datetime
    made_at: datetime
    weeks: float
    alerts: int
    hits: int
    firings: tuple[Firing, ...]
    stricter: tuple[Variant, ...]
    looser: tuple[Variant, ...]

    @property
    def a_week(self) -> float:
        """Alerts a week."""
        return self.alerts / self.weeks


@dataclass(frozen=True, slots=True)
class Made:
    """Who made a back-test when, of which past."""

    who: str
    since: datetime
    until: datetime
    made_at: datetime


def digest_of(rule: AnyKind) -> str:
    """The same for rules that fire alike."""
    values = rule.model_dump(mode="json", exclude=_BESIDE)
    return hashlib.blake2b(json.dumps(values, sort_keys=True).encode(), digest_size=16).hexdigest()


def trial_of(rule: AnyKind, outcome: Outcome, made: Made) -> Trial:
    """The back-test of an outcome."""
    return Trial(
        digest=digest_of(rule),
        rule=rule.name,
        who=made.who,
        since=made.since,
        until=made.until,
        made_at=made.made_at,
        weeks=outcome.weeks,
        alerts=len(outcome.firings),
        hits=sum(bool(one.matter) for one in outcome.firings),
        firings=tuple(outcome.firings[:_FIRINGS]),
        stricter=tuple(outcome.stricter),
        looser=tuple(outcome.looser),
    )


def keep_trial(connection: Connection, one: Trial) -> None:
    """Remember it; of one wording of a rule the newest."""
    values = asdict(one)
    record = {name: values[name] for name in ("weeks", "alerts", "hits", "firings", "stricter", "looser")}
    row = {
        "digest": one.digest,
        "rule": one.rule,
        "who": one.who[:80],
        "since_ms": milliseconds(one.since),
        "until_ms": milliseconds(one.until),
        "made_ms": milliseconds(one.made_at),
        "record": json.dumps(record, default=_plain),
    }
    upsert(connection, rule_trial, [row], key="digest")


def _plain(value: object) -> str:
    if isinstance(value, date):  # a datetime is one
        return value.isoformat()
    raise TypeError(type(value).__name__)


def trial(connection: Connection, rule: AnyKind) -> Trial | None:
    """The back-test of this very wording; None where none was made."""
    row = connection.execute(select(rule_trial).where(rule_trial.c.digest == digest_of(rule))).first()
    if row is None:
        return None
    record = json.loads(row.record)
    return Trial(
        digest=row.digest,
        rule=row.rule,
        who=row.who,
        since=moment(row.since_ms),
        until=moment(row.until_ms),
        made_at=moment(row.made_ms),
        weeks=record["weeks"],
        alerts=record["alerts"],
        hits=record["hits"],
        firings=tuple(_firing(one) for one in record["firings"]),
        stricter=tuple(Variant(**one) for one in record["stricter"]),
        looser=tuple(Variant(**one) for one in record["looser"]),
    )


def tested(connection: Connection) -> frozenset[str]:
    """Digests of all wordings that were tested."""
    return frozenset(connection.execute(select(rule_trial.c.digest)).scalars())


def _firing(values: Mapping[str, object]) -> Firing:
    times = {name: datetime.fromisoformat(str(values[name])) for name in ("at", "since", "until")}
    peak = values["peak_day"]
    made = {**values, **times, "peak_day": date.fromisoformat(str(peak)) if peak else None}
    return Firing(**made)  # type: ignore[arg-type]  # as it was written by keep_trial
