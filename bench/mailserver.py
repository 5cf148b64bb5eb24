"""A real mail server on loopback that refuses, delays and drops as it is told, and keeps what it took."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

# When a plan is asked: the client said MAIL, RCPT, DATA; the mail is whole (END); it is in the mailbox, unanswered (TAKEN).
STAGES = ("MAIL", "RCPT", "DATA", "END", "TAKEN")
# What a plan answers: "" to go on, a reply such as "451 later", "drop" to hang up, "wait S" to answer S seconds later.
Plan = Callable[[str, str], str]


def obliging(stage: str, address: str) -> str:
    """The plan of a server that takes everything."""
    return ""


@dataclass
class Box:
    """What was taken. mails: by address, in order; stages: everything the plan was asked, (stage, address)."""

    mails: dict[str, list[bytes]] = field(default_factory=lambda: defaultdict(list))
    stages: list[tuple[str, str]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def read(self, address: str) -> list[EmailMessage]:
        """The mails of an address, each as a mailbox shows it: one of a Message-ID."""
        with self.lock:
            raw = list(self.mails[address])
        found = [message_from_bytes(one, policy=policy.default) for one in raw]
        return list({str(one["Message-ID"]): one for one in found}.values())  # type: ignore[misc]

    def raw(self) -> int:
        """How many were taken in all."""
        with self.lock:
            return sum(len(some) for some in self.mails.values())


@dataclass
class Server:
    """Where it listens, and what it has."""

    port: int
    box: Box
    plan: Plan


class _Handler:
    def __init__(self, server: Server) -> None:
        self.server = server

    async def _ask(self, smtp: SMTP, stage: str, address: str) -> str:
        with self.server.box.lock:
            self.server.box.stages.append((stage, address))
        answer = self.server.plan(stage, address)
        if answer.startswith("wait "):
            await asyncio.sleep(float(answer[5:]))
            return ""
        if answer == "drop":
            smtp.transport.abort()
            return "421 gone"
        return answer

    async def handle_MAIL(  # noqa: N802 - so the library calls it
        self, smtp: SMTP, session: Session, envelope: Envelope, address: str, options: Any
    ) -> str:
        """The sender is named."""
        said = await self._ask(smtp, "MAIL", address)
        if said:
            return said
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(  # noqa: N802 - so the library calls it
        self, smtp: SMTP, session: Session, envelope: Envelope, address: str, options: Any
    ) -> str:
        """A recipient is named."""
        said = await self._ask(smtp, "RCPT", address)
        if said:
            return said
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, smtp: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """The mail is whole."""
        address = envelope.rcpt_tos[0]
        said = await self._ask(smtp, "END", address)
        if said:
            return said
        with self.server.box.lock:
            for one in envelope.rcpt_tos:
                self.server.box.mails[one].append(bytes(envelope.content or b""))
        return await self._ask(smtp, "TAKEN", address) or "250 2.0.0 queued"


class _Smtp(SMTP):
    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802
        """Ask the plan before the mail is wanted."""
        handler, envelope = self.event_handler, self.envelope
        if envelope is not None and envelope.rcpt_tos:
            said = await handler._ask(self, "DATA", envelope.rcpt_tos[0])
            if said:
                await self.push(said)
                return
        await super().smtp_DATA(arg)


class _Controller(Controller):
    def __init__(self, handler: _Handler, options: dict[str, Any], tls: ssl.SSLContext | None) -> None:
        self._options = options
        super().__init__(handler, hostname="127.0.0.1", port=0, ssl_context=tls)

    def factory(self) -> SMTP:
        """One for each connection."""
        with warnings.catch_warnings():
            # Login where the whole connection is encrypted: the library sees encryption only in STARTTLS.
            warnings.simplefilter("ignore", UserWarning)
            return _Smtp(self.handler, hostname="mail.test", **self._options)

    def _trigger_server(self) -> None:
        """A first connection to itself, to the port it has been given."""
        assert self.server is not None
        socket.create_connection(self.server.sockets[0].getsockname(), 5).close()


@dataclass(frozen=True)
class Login:
    """What a server demands. user "" for none; starttls, tls: its certificate."""

    user: str = ""
    password: str = ""
    starttls: ssl.SSLContext | None = None
    tls: ssl.SSLContext | None = None


@contextmanager
def mail_server(plan: Plan = obliging, login: Login | None = None) -> Iterator[Server]:
    """A server for the time of the block; `plan` of what it yields may be changed while it runs."""
    login = login or Login()

    def authenticate(smtp: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        good = isinstance(data, LoginPassword) and (data.login, data.password) == (
            login.user.encode(),
            login.password.encode(),
        )
        return AuthResult(success=good, handled=good)

    options: dict[str, Any] = {"enable_SMTPUTF8": False}
    if login.starttls is not None:
        options |= {"tls_context": login.starttls, "require_starttls": True}
    if login.user:
        options |= {"auth_required": True, "authenticator": authenticate}
        options |= {"auth_require_tls": login.starttls is not None}
    server = Server(0, Box(), plan)
    controller = _Controller(_Handler(server), options, login.tls)
    controller.start()
    assert controller.server is not None
    server.port = controller.server.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        controller.stop()
