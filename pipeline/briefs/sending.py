"""Briefs as letters: what goes out by mail when one was made, and how it is put into the outbox once."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, Engine

from config.errors import ConfigError
from config.project import Project
from config.text import tr
from crawlers.store import opened, write
from pipeline.alerts.model import Attachment, Letter
from pipeline.briefs import shelf
from pipeline.briefs.model import MadeBrief

log = logging.getLogger(__name__)

# Puts a letter into the outbox, in the transaction of the connection.
Send = Callable[[Connection, Letter], None]
MEDIA = {
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "html": "text/html",
    "pdf": "application/pdf",
}


def letter(made: MadeBrief) -> Letter:
    """The letter that brings a brief to its groups: its summary, and its files as they lie there now.

    The same brief, as it was made then, to the same groups is the same letter; made anew, it is another.
    """
    attached = _attached(made)
    paragraphs = [line for line in made.summary.splitlines() if line]
    paragraphs.append(
        "全文见附件。文中每个数字都可以用 qingyu brief verify 重新计算。"
        if attached
        else "简报文件已不在原处，请用 qingyu brief 重新生成。"
    )
    return Letter(
        id=_letter_id(made),
        subject=made.subject,
        paragraphs=tuple(paragraphs),
        attachments=attached,
        groups=tuple(made.groups),
        made_at=made.made_at,
    )


def _letter_id(made: MadeBrief) -> str:
    parts = (made.id, made.made_at.isoformat(), *sorted(set(made.groups)))
    return hashlib.blake2b("\x1f".join(parts).encode("utf-8", "replace"), digest_size=16).hexdigest()


def _attached(made: MadeBrief) -> tuple[Attachment, ...]:
    found = []
    for kind, path in made.paths.items():
        try:
            content = Path(path).read_bytes()
        except FileNotFoundError:
            log.warning("brief kind=%s number=%d format=%s file is gone", made.kind, made.number, kind)
            continue
        found.append(Attachment(Path(path).name, MEDIA[kind], content))
    return tuple(found)


def hand_over(engine: Engine, made: MadeBrief, *, now: datetime, send: Send) -> bool:
    """Put a brief of the schedule into the outbox, once; returns False where another process did.

    One that nobody is to have counts as handed over: groups named later get what is made later.
    """
    ready = letter(made)
    with write(engine) as connection:
        if not shelf.hand_over(connection, made.id, now):
            return False
        if made.groups:
            send(connection, ready)
    return True


def send_brief(project: Project, made_id: str, groups: Sequence[str], *, send: Send) -> MadeBrief:
    """Put a brief that was made into the outbox for `groups`, by its id or the beginning of it; returns it.

    Raises ConfigError for an unknown id, and without groups.
    """
    if not groups:
        raise ConfigError(tr("要说明发给哪些组：--group 组名", "say which groups are to have it: --group NAME"))
    with opened(project) as engine:
        made = replace(shelf.by_id(engine, project.root, made_id), groups=tuple(groups))
        ready = letter(made)
        with write(engine) as connection:
            send(connection, ready)
    return made


__all__ = ["MEDIA", "Send", "hand_over", "letter", "send_brief"]
