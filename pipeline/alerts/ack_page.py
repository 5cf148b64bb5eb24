"""The page behind the link in an alert: opening it shows a button, pressing that acknowledges.

Mail scanners and previews open every link, so that a GET changes nothing.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from sqlalchemy import Connection, select

from config.project import Project
from config.text import tr
from crawlers.store import opened, read, write
from pipeline.alerts.cleaning import line
from pipeline.alerts.content import level_word, now_local
from pipeline.alerts.escalation import note_acknowledged
from pipeline.alerts.links import ACK_PATH, claim_of, link_key
from pipeline.alerts.tables import alert, alert_item, alert_parcel
from pipeline.alerts.templates import Templates
from pipeline.health_server import Answer, Asked, Forms

logger = logging.getLogger(__name__)
_HTML = "text/html; charset=utf-8"
_HEADERS = (
    ("Referrer-Policy", "no-referrer"),  # the address holds the token
    ("X-Frame-Options", "DENY"),
    (
        "Content-Security-Policy",
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    ),
)


@dataclass(frozen=True, slots=True)
class Listed:
    """An alert on the page. acknowledged: by whom and when, "" for not yet."""

    level: str
    title: str
    acknowledged: str


def ack_forms(project: Project) -> Forms:
    """What the health server answers below ACK_PATH."""
    return {ACK_PATH: lambda asked: answer(project, asked, now=datetime.now(UTC))}


def answer(project: Project, asked: Asked, *, now: datetime) -> Answer:
    """The page for a link. A token that is not ours and one that is no longer good look the same."""
    token = asked.values.get("t", "")
    claim = claim_of(token, now, link_key(project))
    if claim is None:
        return _page(project, HTTPStatus.GONE, {"state": "expired"})
    with opened(project) as store:
        if asked.posted:
            with write(store) as connection:
                person, rows = _of(connection, claim.parcel_id)
                done = note_acknowledged(connection, [row.id for row in rows], who=person, now=now)
            logger.info("alerts acknowledged parcel=%s alerts=%s", claim.parcel_id, sum(one.first for one in done))
        with read(store) as connection:
            person, rows = _of(connection, claim.parcel_id)
    if not rows:
        return _page(project, HTTPStatus.GONE, {"state": "expired"})
    state = "done" if all(row.ack_ms is not None for row in rows) else "ask"
    values = {"state": state, "person": person, "alerts": [_listed(row) for row in rows], "token": token}
    return _page(project, HTTPStatus.OK, values)


def _of(connection: Connection, parcel_id: str) -> tuple[str, list[Any]]:
    """The person a parcel was for, and the rows of its alerts."""
    person = connection.execute(select(alert_parcel.c.person).where(alert_parcel.c.id == parcel_id)).scalar()
    asked = select(alert).join(alert_item, alert_item.c.alert_id == alert.c.id)
    asked = asked.where(alert_item.c.parcel_id == parcel_id, alert.c.kind == "alert").order_by(alert.c.made_ms)
    return line(person or "", 40), list(connection.execute(asked).all())


def _listed(row: Any) -> Listed:
    acknowledged = ""
    if row.ack_ms is not None:
        at = now_local(datetime.fromtimestamp(row.ack_ms / 1000, UTC))
        acknowledged = tr("{w} 于 {a} 确认", "acknowledged by {w} at {a}", w=line(row.ack_who, 40), a=at)
    return Listed(level_word(row.level), line(row.title, 120), acknowledged)


def _page(project: Project, status: HTTPStatus, values: dict[str, Any]) -> Answer:
    body = Templates.of(project).render("alert_ack.html", {"alerts": [], "person": "", "token": "", **values})
    return Answer(status, _HTML, body.encode("utf-8", "replace"), _HEADERS)
