"""`deliver`: sends what the outbox holds, at least once, and never says sent before the server took it.

    alerts → (spread) who is told → (bundle) parcels → (take) leased → sent, put off, given up

It may be killed at any instant and run by several processes: see decision 0012 for what is then known and what is not.
"""

from __future__ import annotations

import logging
import os
import secrets
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Engine

from config.errors import ConfigError
from config.logs import place_of
from config.project import Project
from config.text import tr
from crawlers.store import open_store, read
from pipeline.alerts.channels import Channels
from pipeline.alerts.cleaning import masked
from pipeline.alerts.composing import Composer, Contents, contents_of
from pipeline.alerts.leasing import Outcome, Parcel, Patience, mark, settle, take
from pipeline.alerts.message import mail_of
from pipeline.alerts.recipients import matter_of
from pipeline.alerts.smtp import MailServer
from pipeline.alerts.spreading import Rules, bundle, spread
from pipeline.alerts.templates import Templates
from pipeline.query.times import milliseconds

logger = logging.getLogger(__name__)
MAIL = "mail"
# The answer to the end of a mail is waited for until data_timeout_s; the lease holds a tenth and a second longer.
_LONGER, _MARGIN_S = 1.1, 1.0


@dataclass(frozen=True, slots=True)
class Clock:
    """The time it is: `began` plus what has passed since, whatever happens to the machine's clock meanwhile."""

    began: datetime
    started: float

    def ms(self) -> int:
        """Now, in milliseconds since 1970."""
        return milliseconds(self.began + timedelta(seconds=time.monotonic() - self.started))


def deliver(project: Project, *, now: datetime, environment: Mapping[str, str] | None = None) -> str:
    """Send what is due; returns a sentence of what was done, "" for nothing. environment: holds addresses of channels.

    A faulty groups.yaml holds back new alerts only: what has its recipient already is sent first. Raises ConfigError then,
    StageError, TransientError for the store.
    """
    store = open_store(project)
    clock = Clock(now, time.monotonic())
    try:
        wrong = _prepare(project, store, now)
        done = _Courier(project, store, clock, os.environ if environment is None else environment).work()
    finally:
        store.dispose()
    if wrong is not None:
        raise wrong
    return _sentence(done)


def _prepare(project: Project, store: Engine, now: datetime) -> ConfigError | None:
    """Decide who is told, and make parcels; what is wrong with the groups is returned."""
    wrong = None
    try:
        settings = project.settings.alerts
        rules = Rules(project.groups, matter_of(project), settings.worth_s, now, settings.groups)
        spread(store, rules)
    except ConfigError as error:
        wrong = error
    bundle(store, now)
    return wrong


class _Courier:
    """One run of sending."""

    def __init__(self, project: Project, store: Engine, clock: Clock, environment: Mapping[str, str]) -> None:
        self._project, self._store, self._clock = project, store, clock
        settings = project.settings
        self._patience = Patience.of(settings.alerts, settings.mail.unknown_wait_s)
        self._me = secrets.token_hex(16)
        self._composer = Composer(project, Templates.of(project))
        self._channels = Channels(environment)

    def work(self) -> Counter[str]:
        """Send until nothing is due. Where the mail server is away its mails wait for the next turn, untried."""
        done: Counter[str] = Counter()
        away: set[str] = set()
        with MailServer(self._project.settings.mail, longest_s=self._patience.lease_s) as server:
            while True:
                parcel = take(
                    self._store, self._me, self._clock.ms(), self._patience, without=frozenset(away)
                )  # fmt: skip
                if parcel is None:
                    return done
                outcome = self._send(server, parcel)
                if outcome.kind == "away" and parcel.channel == MAIL:
                    away.add(MAIL)
                came = settle(self._store, parcel, self._me, self._clock.ms(), outcome, self._patience)
                done[came] += 1
                _log(parcel, came, outcome)

    def _send(self, server: MailServer, parcel: Parcel) -> Outcome:
        with read(self._store) as connection:
            contents = contents_of(connection, parcel.id)
        if not (contents.alerts or contents.letter):
            return Outcome("refused", 0, tr("内容已按保留期限清理", "its content was removed by retention"))
        if parcel.channel == MAIL:
            content = self._mail(parcel, contents)
            longest = self._project.settings.mail.data_timeout_s
            return server.hand_over(parcel.address, content, lambda: self._mark(parcel, longest))
        compose = self._composer.webhook if parcel.channel == "webhook" else self._composer.chat
        message = compose(parcel, contents)
        return self._channels.send(
            parcel.channel, parcel.address, parcel.id, message, lambda: self._mark(parcel, self._patience.lease_s)
        )

    def _mail(self, parcel: Parcel, contents: Contents) -> bytes:
        """The mail; where a mistake of ours spoils one, a bare one, so that it neither is lost nor holds up the others."""
        mail = self._project.settings.mail
        try:
            return mail_of(mail, *self._composer.mail(parcel, contents)).as_bytes()
        except Exception as error:  # noqa: BLE001 - logged with its place; the message may quote a post
            logger.error("alerts parcel=%s composing=%s at=%s", parcel.id, type(error).__name__, place_of(error))
            return mail_of(mail, *self._composer.bare(parcel, contents)).as_bytes()

    def _mark(self, parcel: Parcel, longest_s: float) -> bool:
        now = self._clock.ms()
        return mark(self._store, parcel, self._me, now, now + int(1000 * (longest_s * _LONGER + _MARGIN_S)))


def _log(parcel: Parcel, came: str, outcome: Outcome) -> None:
    """One line an attempt: neither what was sent nor to whom can be read from it."""
    level = {"sent": logging.INFO, "lost": logging.INFO, "given_up": logging.ERROR}.get(came, logging.WARNING)
    where = masked(parcel.address)
    logger.log(
        level,
        "alerts parcel=%s channel=%s to=%s %s code=%s tries=%s reason=%s",
        parcel.id, parcel.channel, where, came, outcome.code, parcel.tries + 1, "" if came == "sent" else outcome.note,
    )  # fmt: skip


def _sentence(done: Counter[str]) -> str:
    words = {
        "sent": tr("送出 {n}", "{n} sent", n=done["sent"]),
        "put_off": tr("推迟 {n}", "{n} put off", n=done["put_off"]),
        "unknown": tr("不知收没收下 {n}", "{n} of unknown outcome", n=done["unknown"]),
        "given_up": tr("放弃 {n}", "{n} given up", n=done["given_up"]),
    }
    told = [words[kind] for kind in words if done[kind]]
    return tr("告警：", "alerts: ") + tr("，", ", ").join(told) if told else ""
