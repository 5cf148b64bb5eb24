"""A mail server: hands over one mail at a time, and tells what is known to have come of it.

What a server has taken is known by its answer to the end of the mail (RFC 5321, 4.1.1.4: a line with a single dot). Before
the dot was said it has certainly not taken it; after its answer one knows; between them, where the answer does not come, one
can not know. So the dot is sent by itself, `about_to_end` is asked just before it, and the answer is waited for as long as
RFC 5321, 4.5.3.2.6 says (ten minutes): who hangs up earlier makes duplicates (RFC 1047).
"""

from __future__ import annotations

import re
import smtplib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from config.errors import ConfigError
from config.mail import Mail
from config.text import tr
from pipeline.alerts.cleaning import said
from pipeline.alerts.leasing import Outcome

_OK, _GO_ON, _GOOD = 250, 354, (200, 299)
_PERMANENT = 500
_DOTS = re.compile(rb"(?m)^\.")


class MailServer:
    """A connection that is opened when it is needed and kept for the next mail. Use as a context manager.

    longest_s: what a mail may take before its end, in all, however slowly the server speaks.
    """

    def __init__(self, mail: Mail, *, longest_s: float) -> None:
        self._mail, self._longest_s = mail, longest_s
        self._server: smtplib.SMTP | None = None

    def __enter__(self) -> MailServer:
        return self

    def __exit__(self, *unused: object) -> None:
        if self._server is not None:
            with suppress(OSError, smtplib.SMTPException):
                self._server.quit()
        self._drop()

    def hand_over(self, address: str, content: bytes, about_to_end: Callable[[], bool]) -> Outcome:
        """Send `content` (a mail with CRLF ends of lines) to one address. about_to_end: False forbids saying the end."""
        stage = "connect"
        try:
            with self._limit(lambda: self._server, self._longest_s):
                server = self._ready()
                stage = "mail"
                refused = self._envelope(server, address)
                if refused is None:
                    server.send(_DOTS.sub(b"..", content) + (b"" if content.endswith(b"\r\n") else b"\r\n"))
        except ConfigError as error:
            return Outcome("away", 0, error.message)
        except (OSError, smtplib.SMTPException) as error:
            self._drop()
            return Outcome("away" if stage == "connect" else "put_off", _code(error), _why(error))
        if refused is not None:
            self._after(server, refused.code)
            return refused
        if not about_to_end():
            self._drop()
            return Outcome("lost")
        return self._end(server)

    def _end(self, server: smtplib.SMTP) -> Outcome:
        """Say the end, and wait for the answer."""
        try:
            with self._limit(lambda: server, self._mail.data_timeout_s):
                if server.sock is not None:
                    server.sock.settimeout(self._mail.data_timeout_s)
                server.send(b".\r\n")
                code, answer = server.getreply()
                if server.sock is not None:
                    server.sock.settimeout(self._mail.timeout_s)
        except (OSError, smtplib.SMTPException) as error:
            self._drop()
            return Outcome("unknown", 0, _why(error))
        self._after(server, code)
        note = said(answer.decode("utf-8", "replace"))
        if _GOOD[0] <= code <= _GOOD[1]:
            return Outcome("sent", code, note)
        if code < 400:  # no answer this protocol knows
            self._drop()
            return Outcome("unknown", max(code, 0), note)
        return Outcome("refused" if code >= _PERMANENT else "put_off", code, note)

    def _envelope(self, server: smtplib.SMTP, address: str) -> Outcome | None:
        """Say from whom and to whom; None where the server wants the mail now."""
        code, answer = server.mail(self._mail.sender)
        if code != _OK:  # 5xx too: the sender is wrong for all mails, which an operator can mend
            return Outcome("put_off", code, said(answer.decode("utf-8", "replace")))
        code, answer = server.rcpt(address)
        if code not in (250, 251):
            return Outcome(
                "refused" if code >= _PERMANENT else "put_off", code, said(answer.decode("utf-8", "replace"))
            )
        code, answer = server.docmd("DATA")
        if code != _GO_ON:
            return Outcome(
                "refused" if code >= _PERMANENT else "put_off", code, said(answer.decode("utf-8", "replace"))
            )
        return None

    def _after(self, server: smtplib.SMTP, code: int) -> None:
        """Keep the connection for the next mail where the server has not said it closes it."""
        if code == 421:
            self._drop()

    def _ready(self) -> smtplib.SMTP:
        if self._server is not None:
            try:
                if self._server.rset()[0] == _OK:
                    return self._server
            except (OSError, smtplib.SMTPException):
                pass  # it closed in the meantime; a new one is as good
            self._drop()
        self._server = connect(self._mail, self._take)
        return self._server

    def _take(self, server: smtplib.SMTP) -> None:
        self._server = server  # so that a limit of time can end the greeting too

    def _drop(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None

    @contextmanager
    def _limit(self, of: Callable[[], smtplib.SMTP | None], seconds: float) -> Iterator[None]:
        """End the connection after so long: a timeout of the socket begins anew with every byte."""

        def end() -> None:
            server = of()
            if server is not None and server.sock is not None:
                with suppress(OSError):
                    socket.socket.shutdown(server.sock, socket.SHUT_RDWR)

        timer = threading.Timer(seconds, end)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()


def connect(mail: Mail, made: Callable[[smtplib.SMTP], None] = lambda server: None) -> smtplib.SMTP:
    """A connection to the server, encrypted and logged in as the settings say; never weaker than they say.

    made: given the connection before anything is said. Raises OSError, smtplib.SMTPException, ConfigError.
    """
    if not (mail.host and mail.sender):
        raise ConfigError(
            tr("没有设置 mail.host 与 mail.sender，邮件发不出去", "set mail.host and mail.sender to send mail")
        )
    if mail.user and mail.password is None:
        raise ConfigError(
            tr(
                "mail.user 有而密码没有：设 QINGYU_MAIL__PASSWORD 或 mail.password_file",
                "mail.user has no password: set QINGYU_MAIL__PASSWORD or mail.password_file",
            )
        )
    context = _tls(mail)
    # The name of this machine, without asking a name server for it.
    name = re.sub(r"[^A-Za-z0-9.-]", "-", socket.gethostname()) or "localhost"
    server: smtplib.SMTP
    if mail.security == "tls":
        server = smtplib.SMTP_SSL(local_hostname=name, timeout=mail.timeout_s, context=context)
    else:
        server = smtplib.SMTP(local_hostname=name, timeout=mail.timeout_s)
    made(server)
    try:
        server._host = mail.host  # type: ignore[attr-defined]  # the name TLS checks, which only the constructor sets
        code, answer = server.connect(mail.host, mail.port)
        if code != 220:
            raise smtplib.SMTPConnectError(code, answer)
        if mail.security == "starttls":
            server.starttls(context=context)
        server.ehlo_or_helo_if_needed()
        if mail.user and mail.password is not None:
            server.login(mail.user, mail.password.get_secret_value())
    except (OSError, smtplib.SMTPException):
        server.close()
        raise
    return server


def _tls(mail: Mail) -> ssl.SSLContext:
    if mail.ca_file and not Path(mail.ca_file).is_file():
        raise ConfigError(tr("mail.ca_file：没有文件 {f}", "mail.ca_file: there is no file {f}", f=mail.ca_file))
    try:
        return ssl.create_default_context(cafile=mail.ca_file or None)
    except ssl.SSLError as error:
        message = tr("mail.ca_file：{f} 不是 PEM 证书", "mail.ca_file: {f} is no PEM certificate", f=mail.ca_file)
        raise ConfigError(message) from error


def _code(error: Exception) -> int:
    return int(error.smtp_code) if isinstance(error, smtplib.SMTPResponseException) else 0


def _why(error: Exception) -> str:
    """What went wrong, in a line without addresses."""
    if isinstance(error, smtplib.SMTPResponseException):
        answer = error.smtp_error
        text = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else str(answer)
        return said(f"{type(error).__name__} {error.smtp_code} {text}")
    return said(f"{type(error).__name__}: {error}")
