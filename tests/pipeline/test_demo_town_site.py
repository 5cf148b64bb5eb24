"""The demo town over HTTP: well-formed pages, validators, robots, the clock, and the project that reads it."""

import json
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from datetime import datetime, timedelta
from xml.etree import ElementTree

import pytest
from parsel import Selector

from config.errors import ConfigError
from config.project import open_project
from pipeline.demo.project import consecutive_ports, read_demo, write_demo_project
from pipeline.demo.site import Clock, TownServer, main, moment
from pipeline.demo.town import CST, generate

NOW = datetime(2026, 11, 22, 18, 0, tzinfo=CST)


@pytest.fixture(scope="module")
def server():
    with TownServer(generate(1, NOW), ports=consecutive_ports(0), clock=Clock(NOW)) as running:
        yield running


@pytest.fixture
def town(server):
    return server.view.town


def get(url, **headers):
    request = urllib.request.Request(url, headers=headers)
    with urllib.request.urlopen(request, timeout=10) as answer:
        return answer.headers, answer.read().decode("utf-8")


def page(server, site, path):
    return Selector(get(server.base(site) + path)[1])


def test_an_article_has_the_markup_of_a_county_site(server, town):
    post = [p for p in town.visible(NOW) if p.site == "news"][-1]
    shown = page(server, "news", post.path)
    assert shown.css("h1::text").get() == post.title
    assert shown.css("meta[name=ArticleTitle]::attr(content)").get() == post.title
    assert shown.css("meta[name=PubDate]::attr(content)").get() == f"{post.at:%Y-%m-%d %H:%M:%S}"
    assert "\n".join(shown.css("div.article p::text").getall()) == post.text


def test_sitemap_and_feed_name_what_is_published(server, town):
    posts = [p for p in town.visible(NOW) if p.site == "news"]
    sitemap = ElementTree.fromstring(get(server.base("news") + "/sitemap.xml")[1])
    space = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
    assert {e.text for e in sitemap.iter(space + "loc")} == {server.base("news") + p.path for p in posts}
    feed = ElementTree.fromstring(get(server.base("news") + "/news/feed.xml")[1])
    assert [e.findtext("title") for e in feed.iter("item")] == [p.title for p in reversed(posts)][:30]


def walk_board(server):
    path, found = "/board/", {}
    while path:
        shown = page(server, "board", path)
        for row in shown.css("table.list tr.row"):
            found[row.css("td.title a::attr(href)").get()] = row.css("td.state::text").get()
        path = shown.css("a.next::attr(href)").get()
    return found


def test_the_board_lists_each_message_once_with_its_state(server, town):
    posts = {p.path: p for p in town.visible(NOW) if p.site == "board"}
    found = walk_board(server)
    assert set(found) == set(posts)
    answered = {path for path, p in posts.items() if p.answer and p.answer.at <= NOW}
    assert {path for path, state in found.items() if state == "已答复"} == answered
    assert 0.3 * len(posts) < len(answered) < len(posts)


def test_an_answer_appears_only_when_it_was_given(server, town):
    post = next(p for p in town.posts if p.answer and p.at < NOW < p.answer.at)
    assert not page(server, "board", post.path).css("div.reply")
    server.clock.fixed = post.answer.at + timedelta(seconds=1)
    try:
        shown = page(server, "board", post.path)
    finally:
        server.clock.fixed = NOW
    assert shown.css("div.reply span.unit::text").get() == post.answer.unit


def test_the_forum_shows_each_floor_once(server, town):
    expected = {p.number for p in town.visible(NOW) if p.site == "forum"}
    hidden = {p.number for p in town.posts if p.trait == "members"}
    seen = set()
    for fid in (2, 3, 4, 5, 6):
        path = f"/forum-{fid}-1.html"
        while path:
            board = page(server, "forum", path)
            for link in board.css("#threadlisttableid a.xst::attr(href)").getall():
                seen |= floors(server, "/" + link)
            after = board.css("a.nxt::attr(href)").get()
            path = "/" + after if after else None
    assert seen == expected - hidden


def floors(server, path):
    found = set()
    while path:
        shown = page(server, "forum", path)
        found |= {int(i.removeprefix("post_")) for i in shown.css("#postlist > div::attr(id)").getall()}
        after = shown.css("a.nxt::attr(href)").get()
        path = "/" + after if after else None
    return found


def test_fresh_times_are_relative_with_the_whole_in_the_title(server, town):
    fresh = [p for p in town.visible(NOW) if p.kind == "thread" and not p.trait][-1]
    em = page(server, "forum", fresh.path).css(f"#authorposton{fresh.number}")
    assert em.css("span::attr(title)").get() == f"{fresh.at.year}-{fresh.at.month}-{fresh.at.day} {fresh.at:%H:%M:%S}"
    old = next(p for p in town.posts if p.kind == "thread" and not p.trait)
    assert not page(server, "forum", old.path).css(f"#authorposton{old.number} span")


def test_hostile_text_is_text_and_the_members_thread_stays_shut(server, town):
    odd = {p.trait: p for p in town.posts if p.trait}
    shown = page(server, "forum", odd["hostile"].path)
    assert not shown.css("script, img[onerror], a[href^='javascript:']")
    text = "".join(shown.css(f"#postmessage_{odd['hostile'].number}::text").getall())
    assert "<script>alert" in text and "=HYPERLINK" in text
    shut = page(server, "forum", odd["members"].path)
    assert shut.css("#messagetext.alert_info") and not shut.css("#postlist")


def test_a_page_past_the_end_is_what_discuz_shows(server):
    assert page(server, "forum", "/forum-2-999.html").css("div.pg strong::text").get() == "1"
    with pytest.raises(urllib.error.HTTPError, match="404"):
        get(server.base("forum") + "/thread-1-1-1.html")
    with pytest.raises(urllib.error.HTTPError, match="404"):
        get(server.base("board") + "/board/list_999.html")


@pytest.mark.parametrize("site", ["news", "board", "forum"])
def test_an_unchanged_page_answers_304_and_robots_shut_the_trap(server, site):
    url = server.base(site) + "/"
    headers, body = get(url)
    assert "/admin/todo.html" in body
    with pytest.raises(urllib.error.HTTPError, match="304"):
        get(url, **{"If-None-Match": headers["ETag"]})
    assert "Disallow: /admin/" in get(server.base(site) + "/robots.txt")[1]


def test_the_clock_can_be_set_and_later_posts_appear(server):
    before = walk_board(server)
    url = server.base("board") + "/__clock"
    for wanted in ("2026-11-24T18:00:00+08:00", NOW.isoformat()):
        body = json.dumps({"now": wanted}).encode()
        with urllib.request.urlopen(urllib.request.Request(url, data=body), timeout=10) as answer:
            assert json.load(answer)["now"] == wanted
        after = walk_board(server)
        assert set(after) >= set(before)
        assert (len(after) > len(before)) == (wanted != NOW.isoformat())


def test_the_project_declares_the_three_sites_and_keeps_its_anchor(tmp_path):
    first = write_demo_project(tmp_path, ports=consecutive_ports(9871), anchor=NOW)
    again = write_demo_project(tmp_path, ports=consecutive_ports(9881), anchor=NOW + timedelta(days=3))
    assert (again.anchor, again.seed) == (first.anchor, first.seed)
    assert read_demo(tmp_path) == again
    project = open_project(tmp_path, {})
    assert {s.name: s.kind for s in project.sources} == {"news": "sitemap", "board": "board", "forum": "forum"}
    assert project.settings.region == "云水县"
    assert project.source("board").start_urls() == ("http://127.0.0.1:9882/board/",)
    assert all(s.allow_private == ("127.0.0.1",) and s.pace.delay_s == 0 for s in project.sources)


def test_a_taken_port_is_said_with_the_remedy(capsys):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        assert main(["--port", str(taken.getsockname()[1]), "--today", "2026-11-22"]) == 2
    assert "--port" in capsys.readouterr().err


def test_a_faulty_day_or_project_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="2026-11-22"):
        moment("yesterday")
    with pytest.raises(ConfigError):
        read_demo(tmp_path)


def serve_once(folder, *options):
    command = [sys.executable, "-m", "pipeline.demo.site", "--folder", str(folder), "--port", "0", *options]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        ready = json.loads(running.stdout.readline())
        get(ready["urls"]["news"])
    finally:
        running.send_signal(signal.SIGTERM)
        running.communicate(timeout=20)
    assert running.returncode == 0
    return ready


def test_the_command_writes_a_new_project_and_serves_the_same_town_again(tmp_path):
    first = serve_once(tmp_path, "--now", NOW.isoformat())
    again = serve_once(tmp_path, "--now", (NOW + timedelta(days=1)).isoformat())
    assert (again["anchor"], again["posts"]) == (first["anchor"], first["posts"])
    assert read_demo(tmp_path).ports == again["ports"]
    assert read_demo(tmp_path).anchor == NOW
