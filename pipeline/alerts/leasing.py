"""Parcels in the store: one process has one for a time, and what became of it is written down.

    waiting → sending (leased) → sent | given_up | waiting again

`mark` is written just before the last byte of a mail. A process that ends before it has certainly not sent; one that ends
behind it may have, and only then is the outcome unknown.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Connection, Engine, and_, insert, or_, select, update

from config.alerts import Alerts
from crawlers.store import take_turn, write
from pipeline.alerts.tables import alert_attempt, alert_group, alert_item, alert_parcel

OutcomeKind = Literal["sent", "put_off", "away", "refused", "unknown", "lost"]
_TURN = "alert parcels"
_LONGEST_S = 86_400.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an attempt. kind: sent (the server took it), put_off (it did not, later it may), away (no server answered,
    so it did not), refused (it never will), unknown (it may have taken it), lost (another process has the parcel);
    code: of SMTP, 0 for none; note: what the server said, without addresses."""

    kind: OutcomeKind
    code: int = 0
    note: str = ""


@dataclass(frozen=True, slots=True)
class Parcel:
    """A parcel this process has. tries: attempts that came to an end before this one; repeated: an outcome was unknown."""

    id: str
    channel: str
    group: str
    person: str
    address: str
    tries: int
    made_ms: int
    repeated: bool


@dataclass(frozen=True, slots=True)
class Patience:
    """How long what is waited for. worth_s, first_s, most_s, lease_s: as in settings `alerts`; the others as in `mail`."""

    worth_s: float
    first_s: float
    most_s: float
    lease_s: float
    unknown_s: float

    @classmethod
    def of(cls, alerts: Alerts, unknown_wait_s: float) -> Patience:
        """From the settings."""
        return cls(alerts.worth_s, alerts.retry_first_s, alerts.retry_most_s, alerts.lease_s, unknown_wait_s)

    def back_off_s(self, parcel_id: str, tries: int) -> float:
        """Seconds until the next attempt after `tries` ≥ 1 failed ones: doubled each time, ± a quarter.

        The jitter is drawn from the parcel itself: many that failed together do not come back together, and a test can tell.
        """
        drawn = hashlib.sha256(f"{parcel_id}{tries}".encode()).digest()[0] / 255
        return min(self.most_s, self.first_s * 2.0 ** min(tries - 1, 30)) * (0.75 + 0.5 * drawn)


def take(store: Engine, me: str, now_ms: int, patience: Patience, *, without: frozenset[str]) -> Parcel | None:
    """The parcel that is due longest, leased to `me`; None for nothing to do. without: channels that are left alone."""
    with write(store) as connection:
        take_turn(connection, _TURN)
        _return_expired(connection, now_ms, patience)
        longest = int(1000 * max(_LONGEST_S, 2 * patience.most_s, 2 * patience.unknown_s))
        # A due time far ahead was written by a clock that was wrong.
        due = or_(alert_parcel.c.due_ms <= now_ms, alert_parcel.c.due_ms > now_ms + longest)
        asked = select(alert_parcel).where(alert_parcel.c.state == "waiting", due)
        if without:
            asked = asked.where(alert_parcel.c.channel.not_in(without))
        row = connection.execute(asked.order_by(alert_parcel.c.due_ms, alert_parcel.c.id).limit(1)).first()
        if row is None:
            return None
        lease = now_ms + int(patience.lease_s * 1000)
        _set(connection, row.id, state="sending", marked=0, lease_ms=lease, lease_by=me)
    return Parcel(
        row.id, row.channel, row.group_name, row.person, row.address, row.tries, row.made_ms, row.unknown_ms is not None
    )


def _return_expired(connection: Connection, now_ms: int, patience: Patience) -> None:
    """Free what a process had that ended: at once where it had certainly not sent, later where it may have."""
    longest = int(1000 * (_LONGEST_S + patience.lease_s))
    over = or_(alert_parcel.c.lease_ms < now_ms, alert_parcel.c.lease_ms > now_ms + longest)
    asked = select(alert_parcel).where(alert_parcel.c.state == "sending", over)
    for row in connection.execute(asked).all():
        if row.marked:
            _unknown(connection, row, now_ms, Outcome("unknown", note="the sending process ended"), patience)
        else:
            _note(
                connection, row.id, now_ms, Outcome("lost", note="the sending process ended before the end of the mail")
            )
            _set(connection, row.id, state="waiting", due_ms=now_ms, lease_by="")


def mark(store: Engine, parcel: Parcel, me: str, now_ms: int, until_ms: int) -> bool:
    """Write that the end of the mail is about to be said; `until_ms`: the new end of the lease. False where the parcel is no
    longer this process's: then it must not be said."""
    mine = and_(alert_parcel.c.id == parcel.id, alert_parcel.c.state == "sending", alert_parcel.c.lease_by == me)
    with write(store) as connection:
        still = alert_parcel.c.lease_ms > now_ms
        done = connection.execute(update(alert_parcel).where(mine, still).values(marked=1, lease_ms=until_ms))
        return done.rowcount == 1


def settle(store: Engine, parcel: Parcel, me: str, now_ms: int, outcome: Outcome, patience: Patience) -> str:
    """Write down what came of an attempt; returns what was done: sent, put_off, unknown, given_up, lost."""
    with write(store) as connection:
        take_turn(connection, _TURN)
        row = connection.execute(select(alert_parcel).where(alert_parcel.c.id == parcel.id)).first()
        if row is None or row.state == "sent":
            return "lost"
        if outcome.kind == "sent":  # whoever has the parcel by now: the server took it
            _note(connection, parcel.id, now_ms, outcome)
            _set(connection, parcel.id, state="sent", sent_ms=now_ms, reason="", lease_by="", tries=row.tries + 1)
            return "sent"
        if outcome.kind == "lost" or row.lease_by != me:
            _note(connection, parcel.id, now_ms, Outcome("lost", outcome.code, outcome.note))
            return "lost"
        if outcome.kind == "unknown":
            _unknown(connection, row, now_ms, outcome, patience)
            return "unknown"
        return _failed(connection, row, now_ms, outcome, patience)


def _failed(connection: Connection, row: Any, now_ms: int, outcome: Outcome, patience: Patience) -> str:
    worth = now_ms < row.made_ms + patience.worth_s * 1000
    if outcome.kind != "refused" and worth:
        due = now_ms + int(1000 * patience.back_off_s(row.id, row.tries + 1))
        _note(connection, row.id, now_ms, Outcome("put_off", outcome.code, outcome.note))
        _set(connection, row.id, state="waiting", due_ms=due, tries=row.tries + 1, reason=outcome.note, lease_by="")
        return "put_off"
    connection.execute(insert(alert_attempt), _attempt(row.id, now_ms, "given_up", outcome.code, outcome.note))
    _set(connection, row.id, state="given_up", tries=row.tries + 1, reason=outcome.note, lease_by="")
    # Who cannot be reached will not acknowledge: the next person need not wait.
    ids = select(alert_item.c.alert_id).where(alert_item.c.parcel_id == row.id)
    pending = and_(alert_group.c.alert_id.in_(ids), alert_group.c.next_ms.is_not(None))
    connection.execute(update(alert_group).where(pending).values(next_ms=now_ms))
    return "given_up"


def _unknown(connection: Connection, row: Any, now_ms: int, outcome: Outcome, patience: Patience) -> None:
    _note(connection, row.id, now_ms, outcome)
    due = now_ms + int(patience.unknown_s * 1000)
    since = row.unknown_ms if row.unknown_ms is not None else now_ms
    _set(
        connection, row.id, state="waiting", due_ms=due, tries=row.tries + 1, unknown_ms=since, reason=outcome.note, lease_by=""
    )  # fmt: skip


def _note(connection: Connection, parcel_id: str, now_ms: int, outcome: Outcome) -> None:
    connection.execute(insert(alert_attempt), _attempt(parcel_id, now_ms, outcome.kind, outcome.code, outcome.note))


def _attempt(parcel_id: str, now_ms: int, outcome: str, code: int, note: str) -> dict[str, Any]:
    return {"parcel_id": parcel_id, "at_ms": now_ms, "outcome": outcome, "code": code, "note": note[:400]}


def _set(connection: Connection, parcel_id: str, **values: Any) -> None:
    connection.execute(update(alert_parcel).where(alert_parcel.c.id == parcel_id).values(**values))


def ask_again(store: Engine, parcel_ids: list[str], now_ms: int, *, sent_before_ms: int) -> int:
    """Have parcels tried again now that wait, were given up, or were sent before `sent_before_ms`; returns how many.

    The time they are worth begins anew.
    """
    with write(store) as connection:
        take_turn(connection, _TURN)
        long_ago = and_(alert_parcel.c.state == "sent", alert_parcel.c.sent_ms < sent_before_ms)
        again = or_(alert_parcel.c.state.in_(("waiting", "given_up")), long_ago)
        asked = select(alert_parcel.c.id).where(alert_parcel.c.id.in_(parcel_ids), again)
        ids = list(connection.execute(asked).scalars())
        for one in ids:
            _set(connection, one, state="waiting", due_ms=now_ms, tries=0, made_ms=now_ms, sent_ms=None)
            connection.execute(insert(alert_attempt), _attempt(one, now_ms, "asked", 0, ""))
        return len(ids)
