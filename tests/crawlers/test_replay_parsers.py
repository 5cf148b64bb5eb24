"""Feed, sitemap, list and message pages of the replayed message board, read and recognised over HTTP."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from config.sources import read_sources
from config.yamlfile import parse_yaml
from crawlers.adapters.base import FetchedPage
from crawlers.adapters.feed import read_feed
from crawlers.adapters.sitemap import read_sitemap
from crawlers.encoding import decode_body
from crawlers.extraction import extract_article
from crawlers.recognise import recognise

BOARD = Path(__file__).resolve().parents[2] / ".." / "shared" / "replay" / "board.py"
pytestmark = [pytest.mark.shared, pytest.mark.skipif(not BOARD.exists(), reason="../shared/replay is absent")]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module", params=["utf-8", "gb18030"])
def site(request: pytest.FixtureRequest) -> Iterator[str]:
    base = f"http://127.0.0.1:{(port := free_port())}"
    command = [sys.executable, str(BOARD), "--port", str(port), "--now", "2019-08-20", "--encoding", request.param]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            try:
                urllib.request.urlopen(base + "/robots.txt", timeout=5).close()
                break
            except (urllib.error.URLError, ConnectionError):
                assert process.poll() is None
        yield base
        process.terminate()


def get(url: str) -> FetchedPage:
    with urllib.request.urlopen(url, timeout=30) as response:
        body, headers = response.read(), {k.lower(): v for k, v in response.headers.items()}
    return FetchedPage(url, "", decode_body(body, headers=headers), body, datetime.now(UTC), headers=headers)


def test_each_entrance_is_recognised_and_its_declaration_loads(site: str) -> None:
    kinds = []
    for path in ("/", "/rss.xml", "/sitemap.xml", "/robots.txt"):
        best = recognise(get(site + path), allow_private=["127.0.0.1"])[0]
        (source,) = read_sources(parse_yaml(best.yaml, name="proposal"))
        kinds.append(source.kind)
    assert kinds == ["board", "feed", "sitemap", "sitemap"]


def test_the_feed_and_the_sitemap_name_the_messages(site: str) -> None:
    assert len(read_feed(get(site + "/rss.xml").text)) == 30
    entries = read_sitemap(get(site + "/sitemap.xml").text).entries
    assert sum(1 for entry in entries if "/msg/" in entry.loc) > 4_000
    assert all(entry.lastmod for entry in entries if "/msg/" in entry.loc)


def test_a_message_is_extracted_without_any_selector(site: str) -> None:
    entries = [entry for entry in read_sitemap(get(site + "/sitemap.xml").text).entries if "/msg/" in entry.loc]
    newest = get(entries[0].loc)
    found = extract_article(newest.text, newest.url, now=newest.fetched_at)
    assert found.title == "带着情怀提升A市规划建设水平，带动经济发展"
    assert found.text.startswith("带着情怀提升规划建设水平带动经济发展领导，您好！") and found.text.endswith(
        "愿A市的新区成为示范新区！"
    )
    assert found.published == datetime(2019, 8, 19, 14, 27, 22, tzinfo=UTC)
