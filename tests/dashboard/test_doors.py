"""The doors of the dashboard as it is served: who is let in, forms that no other site can send, headers, an identity provider."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml

from config.errors import ConfigError
from config.project import Project, init_project, open_project
from crawlers.store import opened
from dashboard.doors import PAGE_POLICY, onward_of
from dashboard.serve import serve_command
from pipeline.access import accounts
from pipeline.access.model import Role
from pipeline.serving import dashboard_process, free_port
from tests.dashboard.provider import Vouching, vouching

GOOD = "一句很长的话 correct horse"
PROXY = "https://yuqing.example.gov.cn"


@pytest.fixture(scope="module")
def provider() -> Iterator[Vouching]:
    with vouching() as state:
        yield state


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, provider: Vouching) -> Iterator[tuple[Project, str]]:
    root, port = tmp_path_factory.mktemp("doors"), free_port()
    init_project(root, region="云水县")
    (root / "secrets" / "oidc").write_text("s3cret", encoding="utf-8")
    settings = {
        "dashboard": {"port": port},
        "oidc": {
            "discovery": f"{provider.issuer}/.well-known/openid-configuration",
            "client_id": "qingyu",
            "client_secret_file": "../secrets/oidc",
            "groups": {"研判组": "analyst"},
            "title": "统一认证<b>",
        },
    }
    (root / "config" / "settings.yaml").write_text(yaml.safe_dump(settings, allow_unicode=True), encoding="utf-8")
    project = open_project(root, {})
    with opened(project) as store:
        accounts.add(store, "admin1", [Role.ADMIN], password=GOOD, least=10, now=datetime.now(UTC))
        accounts.add(store, "new1", [Role.DUTY], password=GOOD, least=10, now=datetime.now(UTC), must_change=True)
    with dashboard_process(root, port):
        yield project, f"http://127.0.0.1:{port}"


def secret_of(answer: requests.Response) -> str:
    found = re.search(r'name="secret" value="([^"]+)"', answer.text)
    assert found is not None
    return found[1]


def sign_in(base: str, name: str, password: str, **more: Any) -> tuple[requests.Session, requests.Response]:
    browser = requests.Session()
    form = {"secret": secret_of(browser.get(f"{base}/signin")), "name": name, "password": password, **more}
    return browser, browser.post(f"{base}/signin", data=form, allow_redirects=False)


def test_every_page_leads_to_the_door(served: tuple[Project, str]) -> None:
    _, base = served
    for path in ("/", "/search?q=停水", "/audit", "/nothing"):
        answer = requests.get(base + path, allow_redirects=False)
        assert answer.status_code == 303 and answer.headers["location"].startswith("/signin"), path
    assert requests.get(f"{base}/_stcore/health").ok


def test_the_right_password_opens_and_leads_on(served: tuple[Project, str]) -> None:
    _, base = served
    browser, answer = sign_in(base, "admin1", GOOD, next="/search?q=停水")
    assert answer.status_code == 303 and answer.headers["location"].startswith("/search?q=")
    cookie = next(h for h in answer.raw.headers.getlist("set-cookie") if h.startswith("qy_session="))
    assert "HttpOnly" in cookie and "SameSite=lax" in cookie and "Secure" not in cookie and "Max-Age" not in cookie
    assert browser.get(f"{base}/", allow_redirects=False).status_code == 200
    form = {"secret": secret_of(browser.get(f"{base}/signout"))}
    assert browser.post(f"{base}/signout", data=form, allow_redirects=False).headers["location"] == "/signin"
    assert browser.get(f"{base}/", allow_redirects=False).status_code == 303


def test_a_wrong_password_says_so_and_keeps_the_name_as_text(served: tuple[Project, str]) -> None:
    _, base = served
    _, answer = sign_in(base, '"><script>alert(1)</script>', "x")
    assert answer.status_code == 401 and "账户名或密码不对" in answer.text
    assert "<script>" not in answer.text and "&quot;&gt;&lt;script&gt;" in answer.text


@pytest.mark.parametrize("path", ["/signin", "/signout"])
def test_a_form_that_another_site_sends_is_refused(served: tuple[Project, str], path: str) -> None:
    _, base = served
    form = {"name": "admin1", "password": GOOD, "secret": "x" * 32}
    assert requests.post(base + path, data=form, allow_redirects=False).status_code == 400
    assert requests.post(base + path, data=b"\xff" * 9_000, allow_redirects=False).status_code == 400
    browser = requests.Session()
    form["secret"] = secret_of(browser.get(f"{base}/signin"))
    answer = browser.post(base + path, data=form, headers={"Origin": "http://evil.example"}, allow_redirects=False)
    assert answer.status_code == 400


@pytest.mark.parametrize(
    "text",
    ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "", "/a\nb", "/signout"],
)
def test_nobody_is_sent_elsewhere(text: str) -> None:
    assert onward_of(text) == "/"
    assert onward_of("/trends?by=topic&v=a%0Ab") == "/trends?by=topic&v=a%0Ab"


def test_a_password_that_was_given_is_changed_first(served: tuple[Project, str]) -> None:
    _, base = served
    browser, answer = sign_in(base, "new1", GOOD)
    assert answer.headers["location"] == "/password"
    assert browser.get(f"{base}/", allow_redirects=False).headers["location"] == "/password"

    def change(**form: str) -> requests.Response:
        form["secret"] = secret_of(browser.get(f"{base}/password"))
        return browser.post(f"{base}/password", data=form, allow_redirects=False)

    new = "新的一句话 battery staple"
    assert "不一样" in change(password=GOOD, new=new, again="x").text
    assert "相同" in change(password=GOOD, new=GOOD, again=GOOD).text
    assert "至少" in change(password=GOOD, new="short", again="short").text
    assert "不对" in change(password="wrong", new=new, again=new).text
    done = change(password=GOOD, new=new, again=new)
    assert done.status_code == 303 and done.headers["location"] == "/"
    assert browser.get(f"{base}/", allow_redirects=False).status_code == 200
    assert sign_in(base, "new1", GOOD)[1].status_code == 401


def test_what_browsers_may_do_with_an_answer_is_said(served: tuple[Project, str]) -> None:
    _, base = served
    browser, _ = sign_in(base, "admin1", GOOD)
    for path in ("/", "/signin", "/_stcore/health", "/static/nothing"):
        headers = browser.get(base + path).headers
        assert headers["x-content-type-options"] == "nosniff", path
        assert headers["x-frame-options"] == "DENY" and "frame-ancestors 'none'" in headers["content-security-policy"]
    assert browser.get(f"{base}/").headers["content-security-policy"] == PAGE_POLICY
    door = requests.get(f"{base}/signin")
    assert "default-src 'none'" in door.headers["content-security-policy"]
    assert door.headers["cache-control"] == "no-store"
    assert "统一认证&lt;b&gt;" in door.text


def outside(base: str, provider: Vouching, **claims: Any) -> requests.Response:
    provider.claims = claims
    browser = requests.Session()
    return browser.get(f"{base}/signin/oidc?next=/trends")


def test_whom_the_provider_vouches_for_gets_in_by_a_group(served: tuple[Project, str], provider: Vouching) -> None:
    project, base = served
    provider.fault = ""
    answer = outside(base, provider, preferred_username="zhang3", name="张三", groups=["研判组"])
    assert answer.ok and answer.url == f"{base}/trends"
    with opened(project) as store:
        made = next(one for one in accounts.accounts(store) if one.name == "zhang3")
    assert made.roles == {Role.ANALYST} and made.shown == "张三"
    refused = outside(base, provider, preferred_username="li4", groups=["别的组"])
    assert refused.status_code == 401 and "没有角色" in refused.text
    taken = outside(base, provider, preferred_username="admin1", groups=["研判组"])
    assert taken.status_code == 401 and "本地密码" in taken.text
    nameless = outside(base, provider, groups=["研判组"])
    assert nameless.status_code == 401 and "oidc.name_claim" in nameless.text


@pytest.mark.parametrize("fault", ["issuer", "audience", "expired", "nonce", "key", "unsigned"])
def test_a_token_that_is_not_for_us_opens_nothing(served: tuple[Project, str], provider: Vouching, fault: str) -> None:
    _, base = served
    provider.fault = fault
    answer = outside(base, provider, preferred_username="zhang3", groups=["研判组"])
    provider.fault = ""
    assert answer.status_code == 401 and "身份提供方" in answer.text
    assert "qy_session" not in answer.cookies


def test_a_way_back_that_did_not_begin_here_opens_nothing(served: tuple[Project, str], provider: Vouching) -> None:
    _, base = served
    provider.claims = {"preferred_username": "zhang3", "groups": ["研判组"]}
    begun = requests.get(f"{base}/signin/oidc", allow_redirects=False)
    back = requests.get(begun.headers["location"], allow_redirects=False).headers["location"]
    assert requests.get(back).status_code == 401
    mine = requests.get(back, cookies=begun.cookies, allow_redirects=False)
    assert mine.status_code == 303 and "qy_session" in mine.cookies
    assert requests.get(back, cookies=begun.cookies).status_code == 401


def test_an_address_others_can_reach_is_served_where_people_sign_in(
    served: tuple[Project, str], tmp_path: Path
) -> None:
    project, _ = served
    assert "--server.address=0.0.0.0" in serve_command(project, port=8501, address="0.0.0.0")
    init_project(tmp_path)
    with pytest.raises(ConfigError, match="qingyu user add"):
        serve_command(open_project(tmp_path, {}), port=8501, address="0.0.0.0")
