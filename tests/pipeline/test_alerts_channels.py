"""Chat rooms and webhooks by Apprise, to a real HTTP server: short text, nothing of the web taken for markup, no key told."""

import json
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from config.project import init_project, open_project
from pipeline.alerts.channels import Channels, apprise_url
from pipeline.alerts.channels import _apprise as library
from pipeline.alerts.composing import Composer, Contents
from pipeline.alerts.leasing import Parcel
from pipeline.alerts.model import Delivery
from pipeline.alerts.templates import Templates
from tests.pipeline.alerting import NOW, ONE, an_alert, an_office
from tests.stores import Stores

HOOK = {"people": [], "channels": [{"kind": "webhook", "env": "ALERT_HOOK"}]}
HOSTILE = "**停水** [点这里](http://evil.example) <@all> @13800000000 `x`\r\n# 题 =1+1 <script>"
PARCEL = Parcel("a" * 32, "wecom", "值班", "ALERT_HOOK", "ALERT_HOOK", 0, int(NOW.timestamp() * 1000), repeated=False)


class Hook:
    """A webhook. taken: (path, headers, body) of each post; status: what it answers."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, dict[str, str], Any]] = []
        self.status = 200
        self.port = 0


@contextmanager
def hook() -> Iterator[Hook]:
    made = Hook()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            made.taken.append((self.path, dict(self.headers), json.loads(body)))
            self.send_response(made.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        made.port = server.server_address[1]
        Thread(target=server.serve_forever, daemon=True).start()
        yield made
        server.shutdown()


def test_a_webhook_gets_json_and_is_tried_again_until_it_takes_it(
    stores: Stores, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with hook() as listening, an_office(stores, tmp_path / "p", groups={"值班": HOOK}) as office:
        environment = {"ALERT_HOOK": f"http://127.0.0.1:{listening.port}/alerts?token=geheim"}
        listening.status = 503
        office.raise_alerts(an_alert(title=HOSTILE))
        assert office.deliver({}) == "告警：推迟 1"
        assert "ALERT_HOOK" in office.standing(an_alert().id).told[0].reason
        office.later(minutes=2)
        assert office.deliver(environment) == "告警：推迟 1"
        listening.status = 200
        office.later(minutes=5)
        assert office.deliver(environment) == "告警：送出 1"
        assert office.deliver(environment) == ""
        (_, first_headers, first), (path, headers, body) = listening.taken
        assert path == "/alerts?token=geheim"
        assert first_headers["Idempotency-Key"] == headers["Idempotency-Key"] == body["id"] == first["id"]
        (told,) = json.loads(body["message"])["alerts"]
        assert (told["id"], told["level"], told["query"]) == (an_alert().id, "orange", an_alert().query)
        assert told["title"].startswith("**停水**")
        assert not set(told["title"]) & set("\r\n")
        reasons = str(office.standing(an_alert().id))
        logged = "\n".join(record.getMessage() for record in caplog.records if record.name.startswith("pipeline"))
        assert "geheim" not in reasons + logged


def composed(tmp_path: Path, **changes: Any) -> str:
    root = tmp_path / "p"
    init_project(root)
    with (root / "config" / "settings.yaml").open("a", encoding="utf-8") as file:
        file.write("alerts: {link_url: 'https://yq.example.gov.cn'}\ndashboard: {url: 'https://kb.example.gov.cn'}\n")
    project = open_project(root, {})
    return Composer(project, Templates.of(project)).chat(PARCEL, Contents([an_alert(**changes)]))


def test_a_message_for_a_chat_room_is_short_and_holds_no_markup_of_others(tmp_path: Path) -> None:
    said = composed(tmp_path, title=HOSTILE, reason=[HOSTILE] * 9, figures=[(HOSTILE, HOSTILE)] * 9)
    assert len(said.encode()) <= 2_048
    ours = [one for one in said.splitlines() if "://" in one]
    assert [one.split("//")[1].split("/")[0] for one in ours] == ["kb.example.gov.cn", "yq.example.gov.cn"]
    others = "\n".join(one for one in said.splitlines() if "://" not in one)
    assert not set(others) & set("*[]()<>@`#")
    assert "＊＊停水＊＊ ［点这里］" in others


def test_a_message_says_what_a_person_needs(tmp_path: Path) -> None:
    said = composed(tmp_path)
    assert said.splitlines()[0] == "【橙色】丽发新城 搅拌站 噪音：3 天 6 条、6 个声音，往常 0.1 条"
    assert "条数：6" in said


@pytest.mark.parametrize(
    ("kind", "address", "begins"),
    [
        ("wecom", "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=abc-123", "wecombot://abc-123"),
        ("wecom", "wecombot://abc-123", "wecombot://abc-123"),
        ("dingding", "https://oapi.dingtalk.com/robot/send?access_token=abc&secret=SEC1", "dingtalk://SEC1@abc/"),
        ("dingding", "https://oapi.dingtalk.com/robot/send?access_token=abc", "dingtalk://abc/"),
        ("feishu", "https://open.feishu.cn/open-apis/bot/v2/hook/ab-cd", "feishu://ab-cd/"),
        ("webhook", "https://h.example/x", "jsons://h.example/x?"),
        ("webhook", "http://h.example:8080/x?a=b", "json://h.example:8080/x?-a=b&"),
        ("wecom", "https://evil.example/cgi-bin/webhook/send?key=abc", ""),
        ("wecom", "http://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=abc", ""),
        ("wecom", "mailto://x", ""),
        ("webhook", "file:///etc/passwd", ""),
        ("feishu", "http://[", ""),
    ],
)
def test_addresses_are_taken_as_the_services_give_them(kind: str, address: str, begins: str) -> None:
    made = apprise_url(kind, address, "k")
    assert made.startswith(begins)
    assert bool(made) == bool(begins)
    if made:
        assert library().Apprise.instantiate(made) is not None


def test_who_may_not_send_does_not(tmp_path: Path) -> None:
    with hook() as listening:
        channels = Channels({"A": f"http://127.0.0.1:{listening.port}/"})
        never: Callable[[], bool] = lambda: False  # noqa: E731
        assert channels.send("webhook", "A", "k", "m", never).kind == "lost"
        assert channels.send("webhook", "A", "k", "m", lambda: True).kind == "sent"
        assert len(listening.taken) == 1


def test_people_and_channels_of_a_group_are_told_side_by_side(stores: Stores, tmp_path: Path) -> None:
    with (
        hook() as listening,
        an_office(stores, tmp_path / "p", groups={"值班": {**ONE, "channels": HOOK["channels"]}}) as office,
    ):
        office.raise_alerts(an_alert(delivery=Delivery(["值班"])))
        assert office.deliver({"ALERT_HOOK": f"http://127.0.0.1:{listening.port}/"}) == "告警：送出 2"
