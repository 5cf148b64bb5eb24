"""What is in a mail: figures, curve, quotations, links; and that no text of the web can be anything but text there."""

import email
import json
import logging
import re
from datetime import timedelta
from email import policy
from email.message import EmailMessage
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.mail import Mail
from config.settings import SHIPPED
from pipeline.alerts.links import claim_of, link_key, token_of
from pipeline.alerts.message import Envelope, Written, mail_of
from pipeline.alerts.templates import NAMES
from pipeline.crawl import crawl
from pipeline.process import process
from pipeline.query.layer import QueryLayer, Question
from tests.pipeline.alerting import NOW, ONE, ZHANG, Office, an_alert, an_office, texts
from tests.stores import Stores, stores_in

SOURCE = """
name: board
title: 县长信箱
kind: import
files: [board.jsonl]
post_kind: message
columns: {id: id, title: title, text: text, published: at, author: who, url: url}
"""
HOSTILE = [
    "停水\r\nBcc: victim@example.org\r\n\r\n<h1>x</h1>",
    "<script>alert(1)</script><img src=http://evil.example/x.png onerror=alert(1)>停水",
    "\u202e水停\u2066 \u200b\u200b停\ufeff水",
    "=?utf-8?B?SGVsbG8NCkJjYzogeA==?= 停水",
    "停水" * 50_000,
    "{{ 7*7 }} {% raw %} ${7*7} %s %(x)s 停水",
    '"><a href="javascript:alert(1)">停水</a>',
    "停水 [点这里](http://evil.example) @all **x** `y` <@all>",
]


@pytest.fixture
def office(tmp_path: Path) -> Any:
    """An office with posts about water, most of them hostile."""
    with (
        stores_in(tmp_path, None) as stores,
        an_office(
            stores, tmp_path / "p", groups={"值班": ONE}, alerts={"link_url": "https://yq.example.gov.cn/"},
            dashboard={"url": "https://kb.example.gov.cn"},
        ) as made,
    ):  # fmt: skip
        land(made)
        yield made


def land(office: Office) -> None:
    root = office.project.root
    (root / "config" / "sources" / "board.yaml").write_text(SOURCE, encoding="utf-8")
    rows = [
        {"id": str(n), "title": text[:300], "text": f"{text} 停水三天了", "at": (NOW - timedelta(hours=60 - 5 * n)).isoformat(),
         "who": f"a{n}", "url": "javascript:alert(1)" if n == 1 else f"http://board.example.gov.cn/{n}"}
        for n, text in enumerate(["停水三天了没人管", *HOSTILE])
    ]  # fmt: skip
    (root / "board.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    crawl(office.project, [office.project.source("board")])
    process(office.project)


def mailed(office: Office, **changes: Any) -> EmailMessage:
    with QueryLayer.open(office.project) as layer:
        found = [hit.post["id"] for hit in layer.search(Question(query="停水"), sort="published", size=20).hits]
    office.raise_alerts(an_alert(**{"query": "停水", "posts": found, "topics": [], **changes}))
    assert office.deliver() == "告警：送出 1"
    (mail,) = office.server.box.read(ZHANG)
    return mail


class Parts(HTMLParser):
    """Tags and addresses of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.addresses: set[str] = set()
        self.events: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.addresses |= {value or "" for name, value in attrs if name in {"href", "src"}}
        self.events |= {name for name, _ in attrs if name.startswith("on")}


def test_a_mail_says_what_where_and_why_and_shows_the_curve(office: Office) -> None:
    mail = mailed(office)
    plain, html = texts(mail)
    for said in (plain, html):
        for part in ("丽发新城 搅拌站 噪音", "3 天内 6 个声音", "83%", "停水三天了没人管", "县长信箱", "http://board.example.gov.cn/0",
                     "2026-11-17 14:05", "concrete/丽发新城/1", "值班"):  # fmt: skip
            assert part in said, part
    assert plain.count("\n代表：") == 4  # five posts, as the settings say
    (picture,) = [part for part in mail.walk() if part.get_content_type() == "image/png"]
    assert picture.get_content().startswith(b"\x89PNG")
    assert f"cid:{str(picture['Content-ID']).strip('<>')}" in Parts(html).addresses
    assert len(mail.as_bytes()) < 150_000
    assert str(mail["From"]) == "晴雨 <qingyu@example.gov.cn>"
    assert str(mail["To"]) == f"张三 <{ZHANG}>"
    headers = ("List-Id", "Auto-Submitted", "Precedence")
    assert [str(mail[name]) for name in headers] == ["<alerts.example.gov.cn>", "auto-generated", "list"]


def test_hostile_posts_are_text_in_every_part(office: Office) -> None:
    title = HOSTILE[0] + HOSTILE[1] + HOSTILE[3]
    mail = mailed(office, title=title, key=title, rule=title, reason=HOSTILE, figures=[(t[:99], t) for t in HOSTILE])
    raw = office.server.box.mails[ZHANG][0]
    head = raw.split(b"\r\n\r\n")[0].decode("ascii")
    assert all(re.match(r"[A-Za-z-]+: |[ \t]", one) for one in head.split("\r\n"))
    assert max(len(one) for one in raw.split(b"\r\n")) <= 998
    assert (mail["Bcc"], mail["Cc"], len(mail.get_all("To"))) == (None, None, 1)
    subject = str(mail["Subject"])
    assert len(subject) <= 151
    assert "Hello" not in subject  # the encoded word was not decoded
    plain, html = texts(mail)
    parts = Parts(html)
    assert not parts.tags & {"script", "iframe", "form", "link", "object", "style"}
    assert parts.events == set()
    good = ("cid:", "https://kb.example.gov.cn/", "https://yq.example.gov.cn/", "http://board.example.gov.cn/")
    assert all(address.startswith(good) for address in parts.addresses)
    for said in (plain, html, subject):
        assert not set(said) & set("\u202e\u2066\u200b\ufeff")
        assert "停水" * 200 not in said
    assert "49" not in re.sub(r"[\d:.-]{4,}", "", plain)  # no template in it was filled in


def test_mails_of_one_rule_and_key_gather_in_one_thread(office: Office) -> None:
    for number, key in ((1, "a"), (2, "a"), (3, "b")):
        office.raise_alerts(an_alert(number, key=key))
    office.deliver()
    roots = [str(one["References"]) for one in office.server.box.read(ZHANG)]
    assert len(roots) == 3
    assert len(set(roots)) == 2


@pytest.mark.parametrize("damage", ["index", "query"])
def test_an_alert_goes_out_though_the_index_cannot_be_asked(office: Office, damage: str) -> None:
    import shutil

    if damage == "index":
        shutil.rmtree(office.project.index_dir)
    mail = mailed_plainly(office, "(((" if damage == "query" else "停水")
    assert "未附全" in texts(mail)[0]


def mailed_plainly(office: Office, query: str) -> EmailMessage:
    office.raise_alerts(an_alert(query=query))
    assert office.deliver() == "告警：送出 1"
    return office.server.box.read(ZHANG)[0]


def test_no_log_line_holds_an_address_a_title_or_a_post(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    office.server.plan = lambda stage, to: f"550 <{to}> no" if stage == "END" else ""
    office.raise_alerts(an_alert(query="停水"))
    office.deliver()
    ours = "\n".join(record.getMessage() for record in caplog.records if record.name.startswith("pipeline"))
    assert "z***@example.gov.cn" in ours
    assert not re.search("zhang@|搅拌站|停水", ours)


def test_own_templates_come_first_and_a_broken_one_loses_nothing(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    own = office.project.config_dir / "templates"
    own.mkdir()
    (own / "alert_subject.txt").write_text("县里：{{ alerts[0].title }}", encoding="utf-8")
    (own / "alert.txt").write_text("一\n{% if x %}\n{{ alerts[0].titel }}", encoding="utf-8")
    (own / "alert.html").write_text("<b>{{ alerts[0].title }}</b>\n{{ alerts[0].titel }}", encoding="utf-8")
    mail = mailed(office, title="<i>水</i>")
    plain, html = texts(mail)
    assert str(mail["Subject"]) == "县里：<i>水</i>"
    assert "为什么提醒" in plain
    assert "&lt;i&gt;水" in html
    assert "<b>" not in html
    told = "\n".join(record.getMessage() for record in caplog.records)
    assert re.search(r"templates/alert\.txt:\d", told)
    assert re.search(r"templates/alert\.html:2: .*titel", told)


def test_every_template_that_ships_is_one_that_is_used() -> None:
    assert sorted(path.name for path in (SHIPPED / "templates").glob("alert*")) == sorted(NAMES)


def test_a_template_cannot_reach_what_is_not_given_to_it(office: Office) -> None:
    own = office.project.config_dir / "templates"
    own.mkdir()
    (own / "alert.txt").write_text("{{ alerts.__class__.__mro__[1].__subclasses__() }}", encoding="utf-8")
    assert "为什么提醒" in texts(mailed(office))[0]


def test_a_mail_that_cannot_be_laid_out_is_sent_bare(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    from pipeline.alerts import composing

    def spoilt(*unused: object, **also: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(composing, "shown", spoilt)
    mail = mailed_plainly(office, "停水")
    assert str(mail["Subject"]).startswith("丽发新城")
    assert "3 天内 6 个声音" in texts(mail)[0]


@settings(max_examples=200, deadline=None)
@given(st.text(), st.text(), st.text())
def test_whatever_stands_in_it_a_mail_is_one_mail(subject: str, person: str, thread: str) -> None:
    to = Envelope("a" * 32, person, ZHANG, NOW)
    written = Written(subject, "正文", "<p>正文</p>", thread=thread, ids=[thread])
    raw = mail_of(Mail(sender="q@example.gov.cn"), to, written).as_bytes()
    raw.decode("ascii")
    read = email.message_from_bytes(raw, policy=policy.default)
    assert str(read["Message-ID"]) == f"<{'a' * 32}@example.gov.cn>"
    assert set(read.keys()) <= {
        "From", "To", "Subject", "Date", "Message-ID", "In-Reply-To", "References", "List-Id", "Auto-Submitted", "Precedence",
        "X-Auto-Response-Suppress", "X-Qingyu-Alert", "MIME-Version", "Content-Type",
    }  # fmt: skip
    assert [one.addr_spec for one in read["To"].addresses] == [ZHANG]


def test_tokens_are_good_for_what_they_name_until_they_end(tmp_path: Path, stores: Stores) -> None:
    project = stores.project(tmp_path / "p")
    key = link_key(project)
    assert link_key(project) == key
    path = project.key_file.with_name("links.key")
    assert path.stat().st_mode & 0o777 == 0o600
    token = token_of("a" * 32, NOW + timedelta(days=1), key)
    claim = claim_of(token, NOW, key)
    assert claim is not None
    assert claim.parcel_id == "a" * 32
    assert claim_of(token, NOW + timedelta(days=1), key) is None
    forged = [token.replace("a", "b", 1), token[:-1], token + "A", "", ".", "a.b.c", "字", "x" * 5000,
              token_of("a" * 32, NOW + timedelta(days=1), b"x" * 32)]  # fmt: skip
    assert [claim_of(one, NOW, key) for one in forged] == [None] * len(forged)
