"""Alerts and letters as rows of the store, and back."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from pipeline.alerts.cleaning import storable
from pipeline.alerts.model import Alert, Attachment, Delivery, Letter
from pipeline.query.times import milliseconds

_TIMES = ("since", "until", "made_at")


def alert_row(one: Alert) -> dict[str, Any]:
    """The row of table `alert`."""
    record = asdict(one) | {name: getattr(one, name).astimezone(UTC).isoformat() for name in _TIMES}
    return _row(one.id, "alert", one.title, one.made_at, record) | {"rule": storable(one.rule), "level": one.level}


def letter_row(one: Letter) -> dict[str, Any]:
    """The row of table `alert`; attachments have their own, see `attachment_rows`."""
    record = {
        "id": one.id,
        "subject": one.subject,
        "paragraphs": list(one.paragraphs),
        "groups": list(one.groups),
        "made_at": one.made_at.astimezone(UTC).isoformat(),
    }
    return _row(one.id, "letter", one.subject, one.made_at, record) | {"rule": "", "level": ""}


def _row(key: str, kind: str, title: str, made_at: datetime, record: dict[str, Any]) -> dict[str, Any]:
    # ASCII only: escapes carry whatever the web wrote, NUL and lone surrogates too.
    text = json.dumps(record, ensure_ascii=True)
    return {
        "id": key, "kind": kind, "state": "new", "title": storable(title), "note": "", "made_ms": milliseconds(made_at),
        "ack_ms": None, "ack_who": "", "record": text,
    }  # fmt: skip


def attachment_rows(one: Letter) -> list[dict[str, Any]]:
    """Rows of table `alert_attachment`."""
    return [
        {"alert_id": one.id, "number": n, "name": storable(a.name), "media_type": a.media_type, "content": a.content}
        for n, a in enumerate(one.attachments)
    ]


def alert_of(record: str) -> Alert:
    """The alert of a record."""
    values = json.loads(record)
    values |= {name: datetime.fromisoformat(values[name]) for name in _TIMES}
    values["figures"] = [(name, value) for name, value in values["figures"]]
    values["delivery"] = Delivery(**values["delivery"])
    return Alert(**values)


def letter_of(record: str, attachments: list[Attachment]) -> Letter:
    """The letter of a record."""
    values = json.loads(record)
    values["made_at"] = datetime.fromisoformat(values["made_at"])
    return Letter(**values, attachments=attachments)
