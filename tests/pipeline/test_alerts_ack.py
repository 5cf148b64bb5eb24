"""Acknowledging by the link in a mail: opening it changes nothing, the button does, once and for all; old links are useless."""

import re
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

from config.settings import Health
from pipeline.alerts.ack_page import ack_forms, answer
from pipeline.alerts.model import Delivery
from pipeline.health_server import Answer, Asked, served
from tests.pipeline.alerting import LI, ONE, ZHANG, Office, an_alert, an_office, texts
from tests.stores import Stores

LINK = {"link_url": "https://yq.example.gov.cn"}


def token_in(office: Office, address: str = ZHANG) -> str:
    """The token of the last mail."""
    mail = office.server.box.read(address)[-1]
    plain, html = texts(mail)
    (link,) = re.findall(r"https://yq\.example\.gov\.cn/alerts/ack\?\S+", plain)
    assert link.replace("&", "&amp;") in html
    return parse_qs(urlsplit(link).query)["t"][0]


def asked(office: Office, token: str, *, posted: bool = False) -> tuple[int, str]:
    found = answer(office.project, Asked(posted, {"t": token}), now=office.at)
    return found.status, found.body.decode()


def test_opening_shows_a_button_and_pressing_acknowledges_once(stores: Stores, tmp_path: Path) -> None:
    with an_office(stores, tmp_path / "p", groups={"值班": ONE}, alerts=LINK) as office:
        office.raise_alerts(an_alert(title="<script>x</script>水", delivery=Delivery(["值班"], escalate_after_s=60)))
        office.deliver()
        token = token_in(office)
        for _ in range(3):
            status, page = asked(office, token)
            assert status == 200
            assert '<form method="post">' in page
            assert "&lt;script&gt;" in page
        assert office.standing(an_alert().id).acknowledged_at is None
        status, page = asked(office, token, posted=True)
        assert (status, "张三" in page, "<form" in page) == (200, True, False)
        first = office.standing(an_alert().id)
        assert first.acknowledged_by == "张三"
        office.later(hours=1)
        assert asked(office, token, posted=True)[0] == 200
        assert office.standing(an_alert().id) == first


def test_a_digest_is_acknowledged_as_a_whole(stores: Stores, tmp_path: Path) -> None:
    with an_office(stores, tmp_path / "p", groups={"值班": ONE}, alerts=LINK) as office:
        office.raise_alerts(*(an_alert(n, delivery=Delivery(["值班"], digest="1h")) for n in range(3)))
        office.deliver()
        office.later(hours=1)
        office.deliver()
        assert asked(office, token_in(office), posted=True)[0] == 200
        assert [office.standing(an_alert(n).id).acknowledged_by for n in range(3)] == ["张三"] * 3


def test_a_link_says_who_it_was_sent_to_and_no_more_after_its_time(stores: Stores, tmp_path: Path) -> None:
    with an_office(stores, tmp_path / "p", alerts=LINK) as office:
        office.raise_alerts(an_alert())
        office.deliver()
        mine, other = token_in(office, ZHANG), token_in(office, LI)
        assert mine != other
        forged = mine.split(".")[0] + "." + ".".join(other.split(".")[1:])
        for token in (forged, "", "x", mine + "x"):
            status, page = asked(office, token, posted=True)
            assert (status, "失效" in page) == (410, True)
        office.later(days=8)
        assert asked(office, mine, posted=True)[0] == 410
        assert office.standing(an_alert().id).acknowledged_at is None


def test_the_page_is_served_beside_the_health_page(stores: Stores, tmp_path: Path) -> None:
    with an_office(stores, tmp_path / "p", groups={"值班": ONE}, alerts=LINK) as office:
        from datetime import UTC, datetime

        office.at = datetime.now(UTC)
        office.raise_alerts(an_alert(made_at=office.at))
        office.deliver()
        token = token_in(office)
        pages = {"/health": lambda: Answer(200, "text/plain", b"ok")}
        with served(Health(port=0), pages, ack_forms(office.project)) as port:
            base = f"http://127.0.0.1:{port}"
            with urllib.request.urlopen(f"{base}/alerts/ack?{urlencode({'t': token})}", timeout=10) as page:
                assert page.headers["Referrer-Policy"] == "no-referrer"
                assert "default-src 'none'" in page.headers["Content-Security-Policy"]
                assert token in page.read().decode()
            assert office.standing(an_alert().id).acknowledged_at is None
            body = urlencode({"t": token}).encode()
            with urllib.request.urlopen(f"{base}/alerts/ack", data=body, timeout=10) as page:
                assert "已确认" in page.read().decode()
            assert office.standing(an_alert().id).acknowledged_by == "张三"
            assert status_of(f"{base}/health", b"x") == 404  # nothing else is posted to
            assert status_of(f"{base}/alerts/ack", b"t=" + b"x" * 10_000) == 404
            assert status_of(f"{base}/alerts/ack?t=%00%ff&t=2", None) == 410
            with urllib.request.urlopen(f"{base}/health", timeout=10) as page:
                assert page.read() == b"ok"


def status_of(url: str, body: bytes | None) -> int:
    with suppressed() as seen:
        urllib.request.urlopen(url, data=body, timeout=10)
    return seen[0]


@contextmanager
def suppressed() -> Iterator[list[int]]:
    seen: list[int] = []
    try:
        yield seen
    except urllib.error.HTTPError as error:
        seen.append(error.code)
        error.close()


def test_without_an_address_there_is_no_link(stores: Stores, tmp_path: Path) -> None:
    with an_office(stores, tmp_path / "p", groups={"值班": ONE}) as office:
        office.raise_alerts(an_alert(made_at=office.at - timedelta(minutes=1)))
        office.deliver()
        assert "/alerts/ack" not in "".join(texts(office.server.box.read(ZHANG)[0]))


def test_a_key_that_cannot_be_read_costs_the_link_not_the_alert(stores: Stores, tmp_path: Path) -> None:
    with an_office(stores, tmp_path / "p", groups={"值班": ONE}, alerts=LINK) as office:
        office.project.key_file.with_name("links.key").write_text("short", encoding="ascii")
        office.raise_alerts(an_alert())
        assert office.deliver() == "告警：送出 1"
