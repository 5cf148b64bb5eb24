"""Mails: headers that no text of the web can reach into, a plain and an HTML half, the curve inline."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from config.mail import Mail
from pipeline.alerts.cleaning import line
from pipeline.alerts.model import Attachment
from pipeline.query.times import SHANGHAI

_SUBJECT = 150
_UNSAFE_NAME = re.compile(r'[\\/:*?"<>|\s]+')
_MEDIA_TYPE = re.compile(r"[a-z]+/[A-Za-z0-9][A-Za-z0-9.+-]*")
# Lines of 7 bits that any server takes, and headers folded as RFC 5322 wants.
_POLICY = SMTP.clone(cte_type="7bit", max_line_length=76)


@dataclass(frozen=True, slots=True)
class Written:
    """A mail's words. thread: what it is about, the same for alerts of one rule and key, "" for none; curves: PNG of each
    picture by its Content-ID; ids: of what it tells; urgent: of the highest level."""

    subject: str
    text: str
    html: str
    thread: str = ""
    curves: Sequence[tuple[str, bytes]] = ()
    attachments: Sequence[Attachment] = ()
    ids: Sequence[str] = ()
    urgent: bool = False


@dataclass(frozen=True, slots=True)
class Envelope:
    """Where a mail goes. parcel_id: makes its Message-ID, so that the same parcel is the same mail however often it is sent."""

    parcel_id: str
    person: str
    address: str
    made_at: datetime


def mail_of(mail: Mail, to: Envelope, written: Written) -> EmailMessage:
    """The mail, whole."""
    message = EmailMessage(policy=_POLICY)
    _headers(message, mail, to, written)
    message.set_content(written.text, subtype="plain", charset="utf-8", cte="base64")
    message.add_alternative(written.html, subtype="html", charset="utf-8", cte="base64")
    html = message.get_payload()[1]  # type: ignore[index]
    for cid, picture in written.curves:
        html.add_related(picture, "image", "png", cid=f"<{cid}>", disposition="inline", filename=f"{cid[:8]}.png")  # type: ignore[union-attr]
    for one in written.attachments:
        main, sub = media_type(one).split("/")
        message.add_attachment(one.content, maintype=main, subtype=sub, filename=file_name(one.name))
    return message


def _headers(message: EmailMessage, mail: Mail, to: Envelope, written: Written) -> None:
    domain = mail.domain
    message["From"] = Address(line(mail.sender_name, 60) or "qingyu", addr_spec=mail.sender)
    message["To"] = Address(line(to.person, 40), addr_spec=to.address)
    message["Subject"] = line(written.subject, _SUBJECT)
    message["Date"] = format_datetime(to.made_at.astimezone(SHANGHAI))
    message["Message-ID"] = message_id(to.parcel_id, domain)
    if written.thread:  # a first mail that never was: clients gather those that answer the same one
        root = f"<thread.{digest(written.thread)}@{domain}>"
        message["In-Reply-To"] = root
        message["References"] = root
    message["List-Id"] = f"<{mail.list_id or f'alerts.{domain}'}>"
    message["Auto-Submitted"] = "auto-generated"
    message["Precedence"] = "list"
    message["X-Auto-Response-Suppress"] = "All"
    message["X-Qingyu-Alert"] = " ".join(digest(one) for one in written.ids)
    if written.urgent:
        message["Importance"] = "high"


def message_id(parcel_id: str, domain: str) -> str:
    """The Message-ID of a parcel."""
    return f"<{parcel_id}@{domain}>"


def digest(text: str) -> str:
    """16 hex digits for `text`, which may hold anything."""
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:16]


def file_name(name: str) -> str:
    """`name` as a file of any system may be called; it leads into no folder and begins with no dot."""
    return _UNSAFE_NAME.sub("_", line(name, 100)).lstrip("._") or "attachment"


def media_type(one: Attachment) -> str:
    """The media type where it is written as one."""
    return one.media_type if _MEDIA_TYPE.fullmatch(one.media_type) else "application/octet-stream"
