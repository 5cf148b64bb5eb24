"""`qingyu sources …` on real sites: an address is recognised and written down, a source is looked at before it is crawled."""

import socket
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from config.errors import ConfigError
from config.project import init_project, open_project
from config.sources import read_sources
from config.yamlfile import parse_yaml, read_yaml
from crawlers.recognising import recognise_url
from pipeline.demo.project import consecutive_ports, write_demo_project
from pipeline.demo.site import Clock, TownServer
from pipeline.demo.town import CST, generate
from tests.crawlers.crawling import REPLAY, replay_board
from tests.pipeline.commanding import asked, qingyu
from tests.sites.discuz import make_forum, serve

NOW = datetime(2026, 11, 22, 18, 0, tzinfo=CST)


@pytest.fixture(scope="module")
def town() -> Iterator[TownServer]:
    with TownServer(generate(1, NOW), ports=consecutive_ports(0), clock=Clock(NOW)) as running:
        yield running


@pytest.fixture
def project(tmp_path: Path) -> Path:
    init_project(tmp_path, region="云水县", name="测试", contact="test@example.org")
    return tmp_path


@pytest.fixture(scope="module")
def demo(town: TownServer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("demo")
    write_demo_project(root, ports=town.ports, anchor=NOW)
    return root


@pytest.mark.parametrize(
    ("site", "path", "kind"),
    [
        ("news", "/news/", "feed"),
        ("news", "/sitemap.xml", "sitemap"),
        ("board", "/board/", "board"),
        ("forum", "/forum.php", "forum"),
    ],
)
def test_the_town_is_recognised(town: TownServer, project: Path, site: str, path: str, kind: str) -> None:
    proposals = asked("sources", "add", town.base(site) + path, "--allow-private", project=project)
    assert proposals[0]["kind"] == kind
    for proposal in proposals:
        (source,) = read_sources(parse_yaml(proposal["yaml"], name="proposal"))
        assert source.name == proposal["name"]
        assert source.allow_private == ("127.0.0.1",)
        assert 0 < proposal["confidence"] <= 1
    assert not list((project / "config" / "sources").iterdir())


def test_a_forum_in_gbk_is_written_down_and_then_readable(project: Path) -> None:
    with serve(make_forum(encoding="gbk")) as site:
        said = qingyu("sources", "add", site.url, "--allow-private", "--name", "luntan", "--write", project=project)
        report = asked("sources", "check", "luntan", project=project)
    path = project / "config" / "sources" / "luntan.yaml"
    assert str(path) in said.stdout
    (source,) = read_sources(read_yaml(path))
    assert (source.name, source.kind, source.start_urls()) == ("luntan", "forum", (f"{site.url}forum.php",))
    assert "?" not in path.read_text(encoding="utf-8").splitlines()[0]
    assert report["ok"] is True
    assert [page["role"] for page in report["pages"]][:2] == ["index", "board"]


def test_a_feed_that_is_written_down_can_be_crawled(town: TownServer, project: Path) -> None:
    url = town.base("news") + "/news/feed.xml"
    qingyu("sources", "add", url, "--allow-private", "--name", "xinwen", "--write", project=project)
    path = project / "config" / "sources" / "xinwen.yaml"
    path.write_text(path.read_text(encoding="utf-8") + "pace: {delay_s: 0}\n", encoding="utf-8")
    (ended,) = asked("crawl", "xinwen", project=project)
    assert ended["outcome"] == "finished"
    assert ended["counts"]["posts_new"] > 0


def test_nothing_is_overwritten_and_no_name_given_twice(town: TownServer, project: Path) -> None:
    url = town.base("news") + "/news/feed.xml"
    add = ("sources", "add", url, "--allow-private")
    qingyu(*add, "--name", "xinwen", "--write", project=project)
    path = project / "config" / "sources" / "xinwen.yaml"
    before = path.read_bytes()
    assert "xinwen" in qingyu(*add, "--name", "xinwen", "--write", project=project, code=2).stderr
    assert path.read_bytes() == before
    path.rename(path.with_name("other.yaml"))
    assert "xinwen" in qingyu(*add, "--name", "xinwen", project=project, code=2).stderr
    path.write_text("# 尚未写完\n[]\n", encoding="utf-8")
    path.with_name("other.yaml").unlink()
    assert "已经存在" in qingyu(*add, "--name", "xinwen", "--write", project=project, code=2).stderr
    assert path.read_text(encoding="utf-8") == "# 尚未写完\n[]\n"


def test_without_a_name_a_free_one_is_made(town: TownServer, project: Path) -> None:
    add = ("sources", "add", town.base("news") + "/news/feed.xml", "--allow-private")
    qingyu(*add, "--write", project=project)
    qingyu(*add, "--write", project=project)
    names = sorted(source["name"] for source in asked("sources", "list", project=project))
    assert names == ["127-0-0-1", "127-0-0-1-2"]


@pytest.mark.parametrize(
    ("path", "options", "code", "says"),
    [
        ("/news/feed.xml", (), 1, "--allow-private"),
        ("/admin/todo.html", ("--allow-private",), 1, "robots.txt 不允许"),
        ("/nothing-here.html", ("--allow-private",), 1, "404"),
        ("/robots.txt", ("--allow-private",), 1, "没有认出"),
        ("/news/feed.xml", ("--allow-private", "--name", "新闻"), 2, "小写字母"),
    ],
)
def test_what_cannot_be_read_says_why(
    town: TownServer, project: Path, path: str, options: tuple[str, ...], code: int, says: str
) -> None:
    assert says in qingyu("sources", "add", town.base("news") + path, *options, project=project, code=code).stderr


def test_addresses_that_are_none(project: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        closed = f"http://127.0.0.1:{probe.getsockname()[1]}/"
    said = qingyu("sources", "add", closed, "--allow-private", project=project, code=1).stderr
    assert "连接被拒绝" in said
    for url in ("ftp://example.org/", "http://user:pass@127.0.0.1/", "http://", "http://a b/", "http://[::1", "-"):
        with pytest.raises(ConfigError, match="网址"):
            recognise_url(open_project(project, {}), url, name="", allow_private=True)


def test_no_contact_no_public_address(tmp_path: Path) -> None:
    init_project(tmp_path)
    assert "operator.contact" in qingyu("sources", "add", "http://example.org/", project=tmp_path, code=2).stderr


@pytest.mark.parametrize(
    ("name", "roles", "fields"),
    [
        ("news", ["sitemap", "article"], {"title", "text", "published", "author"}),
        ("board", ["list", "detail"], {"title", "text", "published", "author", "category", "native_id"}),
        ("forum", ["index", "board", "thread"], {"title", "text", "published", "author", "native_id"}),
    ],
)
def test_check_shows_each_kind_of_page(demo: Path, name: str, roles: list[str], fields: set[str]) -> None:
    report = asked("sources", "check", name, project=demo)
    assert report["ok"] is True
    assert [page["role"] for page in report["pages"]] == roles
    post = report["pages"][-1]["posts"][0]
    assert fields <= {key for key, value in post.items() if value}
    assert post["missing"] == []
    assert not (demo / "data" / "qingyu.db").exists()


def test_check_tells_a_person_in_words(demo: Path) -> None:
    said = qingyu("sources", "check", "board", project=demo).stdout
    for word in ("列表页", "详情页", "标题：", "正文：", "发布时间：20", "（存为化名）", "可以采集"):
        assert word in said
    assert "published" not in said


def test_check_names_what_a_wrong_selector_misses(town: TownServer, demo: Path, project: Path) -> None:
    declared = (demo / "config" / "sources" / "board.yaml").read_text(encoding="utf-8")
    half = declared.replace("author: p.meta span.author", "author: p.meta span.nobody")
    (project / "config" / "sources" / "board.yaml").write_text(half, encoding="utf-8")
    said = qingyu("sources", "check", "board", project=project).stdout
    assert "没有取到：作者" in said
    wrong = declared.replace("row: table.list tr.row", "row: table.no-such-list tr")
    (project / "config" / "sources" / "board.yaml").write_text(wrong, encoding="utf-8")
    said = qingyu("sources", "check", "board", project=project, code=1).stdout
    assert "list.row" in said
    assert "取不到帖子" in said


@pytest.mark.shared
@pytest.mark.skipif(not REPLAY.exists(), reason="../shared is not here")
def test_the_replay_board_is_recognised_and_its_reply_shown(project: Path) -> None:
    with replay_board() as board:
        proposals = asked("sources", "add", board.url, "--allow-private", "--name", "minsheng", project=project)
        found = next(p for p in proposals if p["kind"] == "board")
        text = found["yaml"].partition("detail:")[0] + (
            "detail:\n  title: h2.subject\n  text: div.content\n  published: .time\n  author: span.user\n"
            "  reply: {block: div.reply, text: div.reply-content, unit: span.unit, time: span.reply-time}\n"
            "allow_private: [127.0.0.1]\npace: {delay_s: 0}\n"
        )
        (project / "config" / "sources" / "minsheng.yaml").write_text(text, encoding="utf-8")
        report = asked("sources", "check", "minsheng", project=project)
    detail = report["pages"][-1]
    assert report["ok"] is True
    assert detail["replied"] or "官方答复" in detail["note"]
    assert detail["posts"][0]["missing"] == []
