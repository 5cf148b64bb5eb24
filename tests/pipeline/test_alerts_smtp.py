"""A real mail server that refuses, delays, drops, and demands encryption and login: what is known of a mail is what is said of it."""

import datetime as dt
import ipaddress
import socket
import ssl
import threading
import time
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pydantic import SecretStr

from bench.mailserver import Login, Server, mail_server
from config.mail import Mail
from pipeline.alerts.leasing import Outcome
from pipeline.alerts.smtp import MailServer
from tests.pipeline.alerting import LI, ONE, ZHANG, an_alert, an_office
from tests.stores import Stores

CONTENT = b"Message-ID: <1@x>\r\nSubject: x\r\n\r\n.dot\r\n..two\r\nlast"


def settings(server: Server, **changes: object) -> Mail:
    values = {"host": "127.0.0.1", "port": server.port, "security": "none", "sender": "q@example.gov.cn"}
    return Mail.model_validate({**values, "timeout_s": 1, "data_timeout_s": 1, **changes})


def sent(mail: Mail, *, times: int = 1, longest_s: float = 20, may: bool = True) -> list[Outcome]:
    with MailServer(mail, longest_s=longest_s) as server:
        return [server.hand_over(ZHANG, CONTENT, lambda: may) for _ in range(times)]


def test_a_mail_arrives_byte_for_byte_and_the_connection_is_kept() -> None:
    connections: list[str] = []
    with mail_server(lambda stage, to: connections.append(stage) or "") as server:  # type: ignore[func-returns-value]
        assert [one.kind for one in sent(settings(server), times=3)] == ["sent"] * 3
        (taken, *_) = server.box.mails[ZHANG]
        assert taken.endswith(b"\r\n\r\n.dot\r\n..two\r\nlast\r\n")
        assert connections == ["MAIL", "RCPT", "DATA", "END", "TAKEN"] * 3


@pytest.mark.parametrize(
    ("stage", "answer", "kind"),
    [
        ("MAIL", "451 later", "put_off"),
        ("MAIL", "550 sender unknown", "put_off"),  # of our settings, which someone can mend
        ("RCPT", "450 greylisted", "put_off"),
        ("RCPT", "550 no such user", "refused"),
        ("DATA", "451 later", "put_off"),
        ("DATA", "554 no", "refused"),
        ("END", "452 disk full", "put_off"),
        ("END", "552 too big", "refused"),
        ("MAIL", "drop", "put_off"),
        ("RCPT", "drop", "put_off"),
        ("DATA", "drop", "put_off"),
        ("END", "drop", "unknown"),
        ("TAKEN", "drop", "unknown"),
        ("RCPT", "wait 3", "put_off"),
        ("DATA", "wait 3", "put_off"),
        ("END", "wait 3", "unknown"),
        ("TAKEN", "wait 3", "unknown"),
        ("TAKEN", "421 2.0.0 going down", "put_off"),
    ],
)
def test_what_is_known_after_each_fault_at_each_step(stage: str, answer: str, kind: str) -> None:
    with mail_server(lambda at, to: answer if at == stage else "") as server:
        mail = settings(server)
        with MailServer(mail, longest_s=20) as open_server:
            outcome = open_server.hand_over(ZHANG, CONTENT, lambda: True)
            assert outcome.kind == kind, outcome
            server.plan = lambda at, to: ""
            assert open_server.hand_over(ZHANG, CONTENT, lambda: True).kind == "sent"


def test_who_may_not_end_a_mail_has_not_sent_it() -> None:
    with mail_server() as server:
        assert [one.kind for one in sent(settings(server), may=False)] == ["lost"]
        assert server.box.raw() == 0


@pytest.mark.parametrize(("data_s", "longest_s", "kind"), [(60.0, 1.0, "away"), (1.0, 60.0, "away")])
def test_a_server_that_speaks_a_letter_at_a_time_is_not_listened_to_for_ever(
    data_s: float, longest_s: float, kind: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def drip() -> None:
            try:
                client, _ = listening.accept()
                with client:
                    while True:
                        client.sendall(b"2")
                        time.sleep(0.2)
            except OSError:
                return

        threading.Thread(target=drip, daemon=True).start()
        mail = Mail.model_validate(
            {"host": "127.0.0.1", "port": listening.getsockname()[1], "security": "none", "sender": "q@example.gov.cn",
             "timeout_s": 0.5 if longest_s > 1 else 30, "data_timeout_s": data_s}
        )  # fmt: skip
        began = time.monotonic()
        outcome = sent(mail, longest_s=min(longest_s, 3.0))[0]
        assert outcome.kind == kind
        assert time.monotonic() - began < 6


def test_nobody_listening_is_a_server_that_is_away() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    mail = Mail(host="127.0.0.1", port=port, security="none", sender="q@example.gov.cn", timeout_s=1)
    assert [one.kind for one in sent(mail)] == ["away"]
    unset = sent(Mail())[0]
    assert (unset.kind, "mail.host" in unset.note) == ("away", True)


def certificate(folder: Path) -> tuple[ssl.SSLContext, Path]:
    """What a server shows, and the file a client trusts it by."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail.test")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    public, private = folder / "ca.pem", folder / "key.pem"
    public.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(public, private)
    return context, public


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_encryption_and_login_are_done_as_demanded(tmp_path: Path, security: str) -> None:
    context, trusted = certificate(tmp_path)
    login = Login("q", "geheim", **{security: context})
    with mail_server(login=login) as server:
        good = settings(server, security=security, ca_file=str(trusted), user="q", password=SecretStr("geheim"))
        assert [one.kind for one in sent(good)] == ["sent"]
        wrong = good.model_copy(update={"password": SecretStr("geheim2")})
        (refused,) = sent(wrong)
        assert (refused.kind, refused.code) == ("away", 535)
        assert "geheim" not in refused.note
        stranger = good.model_copy(update={"ca_file": ""})
        (untrusted,) = sent(stranger)
        assert untrusted.kind == "away"
        assert "CERTIFICATE_VERIFY_FAILED" in untrusted.note
        missing = good.model_copy(update={"password": None})
        assert "QINGYU_MAIL__PASSWORD" in sent(missing)[0].note
        assert server.box.raw() == 1


def test_a_server_without_encryption_gets_nothing_where_it_is_demanded() -> None:
    with mail_server() as server:
        (outcome,) = sent(settings(server, security="starttls", user="q", password=SecretStr("x")))
        assert outcome.kind == "away"
        assert "STARTTLS" in outcome.note
        assert server.box.stages == []


def test_one_refused_recipient_does_not_keep_the_others_from_theirs(stores: Stores, tmp_path: Path) -> None:
    refuse = f"550 5.1.1 <{ZHANG}>: user unknown in https://mail.example/secret-token table"
    plan = lambda stage, to: refuse if (stage, to) == ("RCPT", ZHANG) else ""  # noqa: E731
    with an_office(stores, tmp_path / "p", plan=plan) as office:
        office.raise_alerts(an_alert(1), an_alert(2))
        assert office.deliver() == "告警：送出 2，放弃 2"
        gone = next(told for told in office.standing(an_alert(1).id).told if told.person == "张三")
        assert gone.state == "given_up"
        assert "z***@example.gov.cn" in gone.reason  # the server quotes the address; the store keeps it masked
        assert ZHANG not in gone.reason
        assert "secret" not in gone.reason
        assert len(office.subjects(LI)) == 2


def test_a_server_that_drops_after_data_is_tried_again_later_with_the_same_message_id(
    stores: Stores, tmp_path: Path
) -> None:
    plan = lambda stage, to: "drop" if stage == "TAKEN" else ""  # noqa: E731
    with an_office(stores, tmp_path / "p", groups={"值班": ONE}, plan=plan) as office:
        office.raise_alerts(an_alert())
        assert office.deliver() == "告警：不知收没收下 1"
        assert office.states(an_alert().id) == ["waiting"]  # the server has it; we do not know
        office.server.plan = lambda stage, to: ""
        office.later(seconds=55)
        assert office.deliver() == ""  # a reason to wait: unknown_wait_s
        office.later(seconds=10)
        assert office.deliver() == "告警：送出 1"
        assert office.server.box.raw() == 2  # the raw double that cannot be avoided
        (mail,) = office.server.box.read(ZHANG)  # and the one mail of the mailbox
        assert "请忽略本封" in mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]


def test_while_the_server_is_away_mails_wait_untried_and_channels_go_on(stores: Stores, tmp_path: Path) -> None:
    with an_office(stores, tmp_path / "p", groups={"值班": ONE}, mail={"port": 1}) as office:
        office.raise_alerts(*(an_alert(n) for n in range(5)))
        assert office.deliver() == "告警：推迟 1"
        assert sum(told.tries for n in range(5) for told in office.standing(an_alert(n).id).told) == 1
