"""A site sees one crawler at a time, whoever starts it."""

from pathlib import Path
from urllib.parse import urlsplit

from config.project import open_project
from crawlers.leases import leases
from crawlers.store import open_store
from tests.crawlers.crawling import Site, asked_of, bad_server, board_yaml


def test_a_site_that_is_being_crawled_is_left_to_the_first(tmp_path: Path) -> None:
    with bad_server() as url:
        site = Site.make(tmp_path, board_yaml(url, native="a"))
        store = open_store(open_project(site.root, {}))
        with leases(store, [f"site {urlsplit(url).netloc}"]) as had:
            assert had
            ended = site.run()
        assert (ended.code, ended.last["outcome"]) == (0, "limited")
        assert "another process" in ended.last["reason"]
        assert _crawled(url) == []
        # Nothing of it stays: the next run is the first.
        assert site.rows("SELECT * FROM run") == []
        site.run()
        assert _crawled(url) != []
        store.dispose()


def _crawled(url: str) -> list[str]:
    return [path for path, _, _ in asked_of(url) if path != "/__asked"]
