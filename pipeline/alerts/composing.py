"""From a parcel to what is sent: a mail, or a message for a chat room."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from typing import Any

from sqlalchemy import Connection, select

from config.errors import ConfigError
from config.project import Project
from config.text import tr
from pipeline.alerts.cleaning import chat, line, quotation, web_link
from pipeline.alerts.content import level_word, shown
from pipeline.alerts.leasing import Parcel
from pipeline.alerts.links import ack_link
from pipeline.alerts.message import Envelope, Written, digest
from pipeline.alerts.model import Alert, Attachment, Letter
from pipeline.alerts.record import alert_of, letter_of
from pipeline.alerts.tables import alert, alert_attachment, alert_item
from pipeline.alerts.templates import Templates
from pipeline.events.model import LEVELS

logger = logging.getLogger(__name__)
_MOST_REASONS, _MOST_FIGURES = 3, 5
# 企业微信 takes 2,048 bytes of text, and a character is three.
_MOST_CHAT = 600
# Alerts of a digest are listed all; the first so many with their posts, so that the mail stays small.
_MOST_IN_FULL = 8


@dataclass(frozen=True, slots=True)
class Contents:
    """What a parcel holds: alerts, or one letter. escalated: since nobody before acknowledged."""

    alerts: Sequence[Alert] = ()
    letter: Letter | None = None
    escalated: bool = False


def contents_of(connection: Connection, parcel_id: str) -> Contents:
    """The alerts or the letter of a parcel, the highest level first."""
    asked = select(alert.c.id, alert.c.kind, alert.c.record, alert_item.c.escalated)
    asked = asked.join(alert_item, alert_item.c.alert_id == alert.c.id).where(alert_item.c.parcel_id == parcel_id)
    rows = connection.execute(asked.order_by(alert.c.made_ms, alert.c.id)).all()
    for row in rows:
        if row.kind == "letter":
            return Contents(letter=letter_of(row.record, _attachments(connection, row.id)))
    found = [alert_of(row.record) for row in rows]
    found.sort(key=lambda one: -LEVELS.index(one.level))
    return Contents(found, escalated=any(row.escalated for row in rows))


def _attachments(connection: Connection, letter_id: str) -> list[Attachment]:
    asked = select(alert_attachment).where(alert_attachment.c.alert_id == letter_id)
    rows = connection.execute(asked.order_by(alert_attachment.c.number))
    return [Attachment(row.name, row.media_type, bytes(row.content)) for row in rows]


@dataclass(frozen=True, slots=True)
class Composer:
    """Writes what is sent, with the templates of a project. test: it is said to be a test."""

    project: Project
    templates: Templates
    test: bool = False

    def mail(self, parcel: Parcel, contents: Contents) -> tuple[Envelope, Written]:
        """A parcel as a mail."""
        envelope = Envelope(parcel.id, parcel.person, parcel.address, _at(parcel.made_ms))
        if contents.letter is not None:
            return envelope, self._letter(parcel, contents.letter)
        views = [
            shown(self.project, one, posts=n < _MOST_IN_FULL and not self.test) for n, one in enumerate(contents.alerts)
        ]
        cids = [f"{digest(one.id)}.curve@{self.project.settings.mail.domain}" for one in views]
        values: dict[str, Any] = {
            **self._common(parcel), "alerts": views, "level": views[0].level, "escalated": contents.escalated, "cids": cids,
        }  # fmt: skip
        threads = {f"{one.rule}\x1f{one.key}" for one in contents.alerts}
        return envelope, Written(
            subject=_one_line(self.templates.render("alert_subject.txt", values)),
            text=self.templates.render("alert.txt", values),
            html=self.templates.render("alert.html", values),
            thread=threads.pop() if len(threads) == 1 else "",
            curves=[(cid, one.curve) for cid, one in zip(cids, views, strict=True) if one.curve],
            ids=[one.id for one in contents.alerts],
            urgent=contents.alerts[0].level == "red",
        )

    def _letter(self, parcel: Parcel, letter: Letter) -> Written:
        subject = line(letter.subject, 150)
        values = {
            **self._common(parcel), "subject": subject,
            "paragraphs": [quotation(part, 5_000) for part in letter.paragraphs],
            "attachments": [line(one.name, 100) for one in letter.attachments],
        }  # fmt: skip
        text = self.templates.render("alert_letter.txt", values)
        html = self.templates.render("alert_letter.html", values)
        return Written(subject, text, html, attachments=letter.attachments, ids=[letter.id])

    def _common(self, parcel: Parcel) -> dict[str, Any]:
        return {
            "group": line(parcel.group, 40),
            "person": line(parcel.person, 40),
            "ack_url": "" if self.test else self._ack_link(parcel),
            "repeated": parcel.repeated,
            "test": self.test,
        }

    def _ack_link(self, parcel: Parcel) -> str:
        try:
            return ack_link(self.project, parcel.id, _at(parcel.made_ms))
        except ConfigError as error:  # an alert without its link is better than none
            logger.error("alerts link left out reason=%s", error.message)
            return ""

    def bare(self, parcel: Parcel, contents: Contents) -> tuple[Envelope, Written]:
        """A parcel as a mail of its title and reasons only: what is sent where `mail` failed by a mistake of ours."""
        titles = [line(one.title, 120) for one in contents.alerts]
        if contents.letter is not None:
            titles = [line(contents.letter.subject, 150)]
        reasons = [line(reason, 300) for one in contents.alerts for reason in one.reason]
        text = "\n".join(
            (*titles, *reasons, tr("（这封信没有排好版，详见日志）", "(this mail could not be laid out; see the log)"))
        )
        attachments = contents.letter.attachments if contents.letter is not None else ()
        ids = [one.id for one in contents.alerts] or [contents.letter.id if contents.letter else ""]
        html = "".join(f"<p>{escape(part)}</p>" for part in text.splitlines())
        envelope = Envelope(parcel.id, parcel.person, parcel.address, _at(parcel.made_ms))
        return envelope, Written(titles[0], text, html, attachments=attachments, ids=ids)

    def chat(self, parcel: Parcel, contents: Contents) -> str:
        """A parcel as a message for a chat room: at most 600 characters, with nothing of the web that could be markup."""
        if contents.letter is not None:
            lines = [chat(part) for part in contents.letter.paragraphs[:_MOST_REASONS]]
            return "\n".join([chat(contents.letter.subject, 100), *lines])[:_MOST_CHAT]
        first, more = contents.alerts[0], len(contents.alerts) - 1
        reasons = [chat(one) for one in first.reason[:_MOST_REASONS]]
        if more:
            reasons = [chat(one.title) for one in contents.alerts[1 : 1 + _MOST_FIGURES]]
        one = shown(self.project, first, posts=False)
        values = {
            **self._common(parcel), "level": level_word(first.level), "escalated": contents.escalated, "title": chat(first.title)
            + (tr("（另有 {n} 条）", " (and {n} more)", n=more) if more else ""),
            "reason": reasons, "figures": [(chat(n, 20), chat(v, 30)) for n, v in first.figures[:_MOST_FIGURES]],
            "url": web_link(one.search_url),
        }  # fmt: skip
        return _within(self.templates.render("alert_chat.txt", values))

    def webhook(self, parcel: Parcel, contents: Contents) -> str:
        """A parcel as JSON for machines; text in it is as the alert has it."""
        if contents.letter is not None:
            return json.dumps({"id": parcel.id, "letter": contents.letter.id, "subject": contents.letter.subject})
        told = [
            {
                "id": one.id, "rule": one.rule, "key": one.key, "level": one.level, "title": line(one.title, 200),
                "reason": [line(reason, 300) for reason in one.reason], "figures": [list(pair) for pair in one.figures],
                "query": one.query, "since": one.since.isoformat(), "until": one.until.isoformat(),
                "event_id": one.event_id, "flag_id": one.flag_id,
            }
            for one in contents.alerts
        ]  # fmt: skip
        return json.dumps({"id": parcel.id, "escalated": contents.escalated, "alerts": told}, ensure_ascii=False)


def _one_line(rendered: str) -> str:
    return line("".join(part.strip() for part in rendered.splitlines()), 150)


def _within(text: str) -> str:
    """`text` cut by whole lines: half a link leads nowhere."""
    lines = [one.rstrip() for one in text.splitlines() if one.strip()]
    while len("\n".join(lines)) > _MOST_CHAT and len(lines) > 1:
        # Links stand last and are worth more than a reason.
        del lines[next((n for n in range(len(lines) - 1, 0, -1) if "://" not in lines[n]), len(lines) - 1)]
    return "\n".join(lines)[: _MOST_CHAT * 2]


def _at(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)
