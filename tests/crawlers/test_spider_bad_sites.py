"""The spider against a server of bad, slow and broken responses: a clear reason for each, and the rest goes on."""

import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.crawlers.crawling import Ended, Site, asked_of, bad_server, board_yaml

SMALL = "limits: {page_bytes: 1000000, depth: 30}"
HOSTS = "127.0.0.1, localhost, 169.254.169.254"


def crawl(root: Path, url: str, **options: object) -> tuple[Site, Ended]:
    site = Site.make(root, board_yaml(url, **options))
    return site, site.run(timeout=100)


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Site, Ended, str]]:
    """One crawl of a list that leads to every kind of trouble."""
    with bad_server() as url:
        options = {"hosts": HOSTS, "timeout_s": 2, "retries": 1, "more": SMALL}
        site, ended = crawl(tmp_path_factory.mktemp("mixed") / "p", f"{url}mix/", **options)
        yield site, ended, url


def test_the_rest_goes_on(mixed: tuple[Site, Ended, str]) -> None:
    site, ended, _ = mixed
    assert ended.last["outcome"] == "finished", ended.stderr
    assert ended.code == 3
    assert {"good-1", "good-2", "nul", "wrong-charset", "surrogate"} <= set(site.posts())


@pytest.mark.parametrize(
    ("page", "reason"),
    [
        ("huge", "too large"),
        ("bomb", "too large when decompressed"),
        ("loop", "too many redirects"),
        ("to-metadata", "private or loopback"),
        ("to-other", "not among the declared hosts"),
        ("slow", "timed out"),
        ("truncated", "incomplete"),
        ("no-title", "detail.title"),
        ("empty", "detail.title"),
        ("binary", "detail.title"),
        ("deep", "detail."),
        ("broken", "HTTP 500"),
    ],
)
def test_each_trouble_has_its_reason(mixed: tuple[Site, Ended, str], page: str, reason: str) -> None:
    site, _, url = mixed
    assert page not in site.posts()
    found = [row["reason"] for row in site.rows("SELECT * FROM set_aside WHERE url = ?", f"{url}mix/{page}")]
    known = site.rows("SELECT state FROM page WHERE url = ?", f"{url}mix/{page}")
    if found:
        assert any(reason in shown for shown in found)
    else:  # failed in passing: stays pending, counted with its reason
        assert known == [{"state": "pending"}]
        counts = site.rows("SELECT counts FROM run")[0]["counts"]
        assert reason in counts


@pytest.mark.parametrize(
    ("page", "state"),
    [
        ("slow", "pending"),
        ("broken", "pending"),
        ("truncated", "pending"),
        ("gone", "gone"),
        ("no-title", "failed"),
        ("huge", "failed"),
        ("good-1", "done"),
    ],
)
def test_passing_failures_stay_pending(mixed: tuple[Site, Ended, str], page: str, state: str) -> None:
    site, _, url = mixed
    assert site.rows("SELECT state FROM page WHERE url = ?", f"{url}mix/{page}") == [{"state": state}]


def test_dirty_text_is_clean_in_the_store(mixed: tuple[Site, Ended, str]) -> None:
    posts = mixed[0].posts()
    assert posts["nul"]["text"] == "水管爆裂，无人维修。"
    assert posts["wrong-charset"]["text"].startswith("公交车经常晚点，")
    assert posts["surrogate"]["text"].startswith("乱码")
    assert not any(
        "\x00" in row["text"] or any(0xD800 <= ord(c) <= 0xDFFF for c in row["text"]) for row in posts.values()
    )


def test_the_user_agent_is_honest(mixed: tuple[Site, Ended, str]) -> None:
    agents = {agent for path, _, agent in asked_of(mixed[2]) if path != "/__asked"}
    assert len(agents) == 1
    assert agents.pop().startswith("qingyu/") and "test@example.org" in str(asked_of(mixed[2])[0][2])


@pytest.mark.parametrize(("kind", "least", "most"), [("same", 1, 4), ("circle", 2, 10), ("endless", 31, 40)])
def test_endless_lists_end(tmp_path: Path, kind: str, least: int, most: int) -> None:
    with bad_server() as url:
        _, ended = crawl(tmp_path / "p", f"{url}{kind}/", more=SMALL)
        lists = [path for path, _, _ in asked_of(url) if path.startswith(f"/{kind}/")]
    assert ended.last["outcome"] == "limited" and ended.last["reason"]
    assert least <= len(lists) <= most


@pytest.mark.parametrize(
    ("limits", "said"), [("pages: 10", "10 pages"), ("run_bytes: 4000", "4000 bytes"), ("run_s: 0.001", "0.001 s")]
)
def test_limits_of_a_run_are_said_and_the_rest_comes_next_time(tmp_path: Path, limits: str, said: str) -> None:
    with bad_server() as url:
        site, ended = crawl(tmp_path / "p", f"{url}endless/", more=f"limits: {{{limits}}}", concurrency=1)
    assert said in ended.last["reason"]
    assert ended.last["outcome"] in {"limited", "failed"}
    assert site.rows("SELECT walk_complete FROM source_state") == [{"walk_complete": 0}]


def test_retry_after_is_waited_for(tmp_path: Path) -> None:
    with bad_server() as url:
        site, ended = crawl(tmp_path / "p", f"{url}patient/")
        times = [at for path, at, _ in asked_of(url) if path == "/patient/"]
    assert ended.last["outcome"] == "finished" and len(site.posts()) == 1
    assert len(times) == 2 and times[1] - times[0] >= 0.95


def test_a_long_retry_after_is_left_for_later(tmp_path: Path) -> None:
    with bad_server() as url:
        _, ended = crawl(tmp_path / "p", f"{url}refusing/")
        asked = [path for path, _, _ in asked_of(url) if path == "/refusing/"]
    assert len(asked) == 1
    assert "86400" in ended.last["reason"] and ended.code == 1


@pytest.mark.parametrize(("robots", "pages"), [("open", 2), ("none", 2), ("closed", 0), ("failing", 0)])
def test_robots_txt_decides(tmp_path: Path, robots: str, pages: int) -> None:
    with bad_server(robots) as url:
        _, ended = crawl(tmp_path / "p", f"{url}two/", retries=1)
        asked = [path for path, _, _ in asked_of(url) if path != "/robots.txt" and not path.startswith("/__")]
    assert len([path for path in asked if path.startswith("/two/")]) == pages
    if not pages:
        assert asked == [] and ended.code == 1 and "robots.txt" in ended.last["reason"]


def test_crawl_delay_is_kept(tmp_path: Path) -> None:
    with bad_server("delay") as url:
        _, ended = crawl(tmp_path / "p", f"{url}two/")
        times = [at for path, at, _ in asked_of(url) if not path.startswith("/__")]
    assert ended.last["outcome"] == "finished"
    gaps = [after - before for before, after in zip(times[1:], times[2:], strict=False)]
    assert len(gaps) >= 2 and min(gaps) >= 0.45


def test_pace_is_kept_with_autothrottle(tmp_path: Path) -> None:
    with bad_server() as url:
        source = board_yaml(f"{url}two/", concurrency=1).replace("delay_s: 0,", "delay_s: 0.3,")
        ended = Site.make(tmp_path / "p", source).run()
        times = [at for path, at, _ in asked_of(url) if not path.startswith("/__")]
    assert ended.last["outcome"] == "finished" and len(times) == 5
    assert min(after - before for before, after in zip(times, times[1:], strict=False)) >= 0.27


def test_a_name_that_leads_inside_is_refused(tmp_path: Path) -> None:
    with bad_server() as url:
        local = url.replace("127.0.0.1", "localhost")
        source = board_yaml(f"{local}two/", hosts="localhost").replace("allow_private: [127.0.0.1]", "")
        ended = Site.make(tmp_path / "p", source).run()
        asked = [path for path, _, _ in asked_of(url) if not path.startswith("/__")]
    assert asked == []
    assert "private or loopback" in ended.last["reason"] and ended.code == 1


def test_public_sources_need_a_contact(tmp_path: Path) -> None:
    site = Site.make(tmp_path / "p", board_yaml("http://board.example/", hosts="board.example"))
    site.env["QINGYU_OPERATOR__CONTACT"] = ""
    ended = site.run()
    assert ended.code == 2 and "operator.contact" in ended.stderr and ended.events == []


def test_stopped_in_good_order(tmp_path: Path) -> None:
    with bad_server() as url:
        site = Site.make(tmp_path / "p", board_yaml(f"{url}endless/", more="limits: {depth: 100000}", concurrency=1))
        crawl = site.start()
        assert crawl.stdout is not None
        crawl.stdout.readline()
        crawl.send_signal(signal.SIGTERM)
        out, _ = crawl.communicate(timeout=30)
        assert '"outcome": "stopped"' in out.splitlines()[-1]
        assert site.rows("SELECT outcome FROM run") == [{"outcome": "stopped"}]
        assert len(site.posts()) > 0
        assert isinstance(crawl, subprocess.Popen) and crawl.returncode == 1


def test_check_shows_each_role_and_writes_nothing(tmp_path: Path) -> None:
    with bad_server() as url:
        site = Site.make(tmp_path / "p", board_yaml(f"{url}two/"))
        ended = site.run(verb="check")
    report = ended.last
    assert ended.code == 0 and report["ok"] is True
    assert [page["role"] for page in report["pages"]] == ["list", "detail"]
    assert report["pages"][1]["posts"][0]["title"] == "路灯不亮 1"
    assert not (tmp_path / "p" / "data" / "qingyu.db").exists()


def test_check_says_what_does_not_match(tmp_path: Path) -> None:
    with bad_server() as url:
        ended = Site.make(tmp_path / "p", board_yaml(f"{url}feed.xml")).run(verb="check")
    assert ended.code == 1 and "list.row" in ended.last["pages"][0]["problem"]


def test_html_where_a_feed_was_promised_says_so(tmp_path: Path) -> None:
    with bad_server() as url:
        source = f"{{name: board, kind: feed, urls: '{url}feed.xml', allow_private: [127.0.0.1], pace: {{delay_s: 0}}}}"
        site = Site.make(tmp_path / "p", source)
        ended = site.run()
    assert ended.last["outcome"] == "failed" and ended.code == 1
    assert "expected RSS or Atom" in ended.last["reason"]
    assert len(site.rows("SELECT * FROM set_aside")) == 1
