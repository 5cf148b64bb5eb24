"""预警: alerts, whom they reached, and the acknowledgement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from crawlers.store import read
from pipeline.access.model import Action
from pipeline.alerts.escalation import Acknowledged
from pipeline.alerts.escalation import acknowledge as acknowledged
from pipeline.alerts.model import Alert
from pipeline.alerts.reading import Attempt, Standing, alert_by_id, attempts, groups_of, standing, standings
from pipeline.desk.desk import Desk, verb


@dataclass(frozen=True, slots=True)
class Opened:
    """An alert with all that is known of its telling. groups: of each whether it was told, and when the next person is."""

    alert: Alert
    standing: Standing
    attempts: Sequence[Attempt]
    groups: Mapping[str, tuple[str, datetime | None]]


@verb(Action.SEE_FLAGS)
def listed(desk: Desk, /, *, since: datetime, until: datetime | None = None) -> list[Standing]:
    """Alerts raised between since and until (exclusive), and those that wait for somebody since then; the newest first."""
    with read(desk.store) as connection:
        found = standings(connection, kind="alert", since=since)
    return [one for one in found if until is None or one.made_at < until or one.acknowledged_at is None]


@verb(Action.SEE_FLAGS)
def opened(desk: Desk, /, alert_id: str) -> Opened | None:
    """One alert; None for an unknown id."""
    with read(desk.store) as connection:
        alert, stands = alert_by_id(connection, alert_id[:64]), standing(connection, alert_id[:64])
        if alert is None or stands is None:
            return None
        return Opened(alert, stands, attempts(connection, alert.id), groups_of(connection, alert.id))


@verb(Action.ACKNOWLEDGE, changes=True)
def acknowledge(desk: Desk, /, alert_id: str) -> Acknowledged:
    """Note that the person sees to an alert; whoever did first stands. Raises ConfigError for an unknown id."""
    return acknowledged(desk.project, alert_id, who=desk.person.name, now=desk.now())
