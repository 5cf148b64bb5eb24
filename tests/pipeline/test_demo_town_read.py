"""The real adapters read the demo town, declared as the demo project declares it: every post, its time, its text."""

from datetime import datetime

import pytest

from config.project import open_project
from crawlers.adapters.base import FetchedPage
from crawlers.adapters.board import BoardAdapter
from crawlers.adapters.forum import ForumAdapter
from crawlers.adapters.sitemap import SitemapAdapter
from pipeline.demo.project import consecutive_ports, write_demo_project
from pipeline.demo.site import Clock, TownServer
from pipeline.demo.town import CST, generate

NOW = datetime(2026, 11, 22, 18, 0, tzinfo=CST)
# Guests see no text of these, so nothing is taken.
SHUT = {"members", "locked"}


def read(server, adapter, site):
    todo, seen, posts = list(adapter.start()), set(), {}
    while todo:
        link = todo.pop()
        if link.url in seen:
            continue
        seen.add(link.url)
        status, _, body = server.answer(site, link.url.removeprefix(server.base(site)))
        page = FetchedPage(link.url, link.role, body, body.encode(), NOW, status=status, meta=link.meta)
        found = adapter.parse(page)
        assert not found.problems
        posts |= {post.native_id or post.url: post for post in found.posts}
        todo += [*found.links, *found.more]
    return posts


@pytest.mark.parametrize(("site", "kind"), [("news", SitemapAdapter), ("board", BoardAdapter), ("forum", ForumAdapter)])
def test_every_post_is_read_with_its_time_and_text(tmp_path, site, kind):
    server = TownServer(generate(1, NOW), ports=consecutive_ports(0), clock=Clock(NOW))
    with server:
        write_demo_project(tmp_path, ports=server.ports, anchor=NOW)
        posts = read(server, kind(open_project(tmp_path, {}).source(site), {}), site)
        base = server.base(site)
    shown = [p for p in server.view.town.visible(NOW) if p.site == site and p.trait not in SHUT]
    truth = {base + p.path if site == "news" else str(p.number): p for p in shown}
    assert set(posts) == set(truth)
    for key, post in posts.items():
        assert post.published == truth[key].at
        if truth[key].trait != "invisible":
            assert post.text.split() == truth[key].text.split()
