"""Faulty settings and sources name file, line and remedy."""

from pathlib import Path

import pytest

from config.errors import ConfigError
from config.project import find_root, init_project, open_project
from config.settings import load_settings
from config.text import set_language
from config.yamlfile import parse_yaml, read_yaml


@pytest.fixture
def project_dir(tmp_path: Path) -> Path:
    init_project(tmp_path, region="云水县", contact="mail@example.org")
    return tmp_path


def settings_error(project_dir: Path, text: str) -> str:
    (project_dir / "config" / "settings.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_settings(project_dir / "config", {})
    return caught.value.message


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("crawl:\n  pace:\n    delay_s: -3\n", 3, ["crawl.pace.delay_s", "≥ 0"]),
        ("region: a\nopertor: {}\n", 2, ["opertor", "operator"]),
        ("crawl:\n  pace:\n    dely_s: 3\n", 3, ["dely_s", "delay_s"]),
        ("index:\n  url: localhost:9200\n", 2, ["index.url", "http"]),
        ("language: zh\nlanguage: en\n", 2, ["language"]),
        ("crawl: [\n", 2, ["YAML"]),
        ("mail:\n  password: geheim\n", 2, ["QINGYU_MAIL__PASSWORD"]),
        ("paths:\n  data: d\n  secrets: d/s\n", 1, ["paths.secrets"]),
        ("- a\n", 1, [""]),
    ],
)
def test_a_fault_names_file_line_and_remedy(project_dir: Path, text: str, line: int, words: list[str]) -> None:
    message = settings_error(project_dir, text)
    assert f"settings.yaml:{line}:" in message
    for word in words:
        assert word in message


def test_every_fault_is_listed_at_once(project_dir: Path) -> None:
    message = settings_error(project_dir, "retention:\n  posts_days: 0\nprocess:\n  batch: many\n")
    assert len(message.splitlines()) == 2


def test_a_file_that_is_not_utf8_says_so(project_dir: Path) -> None:
    (project_dir / "config" / "settings.yaml").write_bytes("region: 云水县".encode("gb18030"))
    with pytest.raises(ConfigError, match="UTF-8"):
        load_settings(project_dir / "config", {})


def test_environment_is_above_the_file_and_typed(project_dir: Path) -> None:
    settings = load_settings(
        project_dir / "config", {"QINGYU_CRAWL__PACE__DELAY_S": "5", "QINGYU_MAIL__PASSWORD": "123"}
    )
    assert settings.crawl.pace.delay_s == 5
    assert settings.mail.password is not None
    assert settings.mail.password.get_secret_value() == "123"
    assert "123" not in repr(settings)


def test_a_faulty_variable_is_named(project_dir: Path) -> None:
    with pytest.raises(ConfigError, match=r"retention\.posts_days"):
        load_settings(project_dir / "config", {"QINGYU_RETENTION__POSTS_DAYS": "0"})
    with pytest.raises(ConfigError, match=r"retention\.post_days"):
        load_settings(project_dir / "config", {"QINGYU_RETENTION__POST_DAYS": "9"})


def test_secret_from_a_file(project_dir: Path) -> None:
    (project_dir / "config" / "pw").write_text("s3cret\n", encoding="utf-8")
    (project_dir / "config" / "settings.yaml").write_text("mail: {password_file: pw}\n", encoding="utf-8")
    settings = load_settings(project_dir / "config", {})
    assert settings.mail.password is not None
    assert settings.mail.password.get_secret_value() == "s3cret"


def test_messages_in_english(project_dir: Path) -> None:
    set_language("en")
    try:
        assert "did you mean operator?" in settings_error(project_dir, "opertor: {}\n")
    finally:
        set_language("zh")


BOARD = """
name: board
kind: board
urls: http://127.0.0.1:8811/
list: {row: "table.list tr", link: "td.title a::attr(href)"}
detail:
  title: h2.subject
  text: .content
  published: span.time
"""


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("title: h2.subject", 'title: "h2["', ["detail.title", "选择器"]),
        ("title: h2.subject", "titel: h2", ["detail.titel", "title"]),
        ("urls: http://127.0.0.1:8811/", "urls: ftp://a/", ["http"]),
        ("urls: http://127.0.0.1:8811/", "urls: http://me:pw@a/", ["登录"]),
        ("kind: board", "kind: bord", ["kind", "board"]),
        ("name: board", "name: 留言板", ["name"]),
        ("kind: board", "kind: board\nrobots: false", ["robots"]),
        ("kind: board", "kind: board\nevery: soon", ["every", "30s"]),
    ],
)
def test_a_faulty_source_names_its_line(project_dir: Path, old: str, new: str, words: list[str]) -> None:
    path = project_dir / "config" / "sources" / "b.yaml"
    path.write_text(BOARD.replace(old, new), encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        _ = open_project(project_dir, {}).sources
    assert "b.yaml:" in caught.value.message
    for word in words:
        assert word in caught.value.message


def test_two_sources_of_one_name(project_dir: Path) -> None:
    for name in ("a.yaml", "b.yaml"):
        (project_dir / "config" / "sources" / name).write_text(BOARD, encoding="utf-8")
    with pytest.raises(ConfigError, match="board"):
        _ = open_project(project_dir, {}).sources


def test_a_list_of_sources_in_one_file(project_dir: Path) -> None:
    two = "- {name: a, kind: feed, urls: 'http://h.example/f'}\n- {name: b, kind: forum, urls: 'http://h.example/'}\n"
    (project_dir / "config" / "sources" / "x.yaml").write_text(two, encoding="utf-8")
    assert [s.name for s in open_project(project_dir, {}).sources] == ["a", "b"]


def test_alias_bombs_and_large_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "big.yaml"
    path.write_text("a: " + "x" * 4_000_001, encoding="utf-8")
    with pytest.raises(ConfigError):
        read_yaml(path)
    assert parse_yaml("", name="empty").data is None


def test_a_folder_that_is_no_project(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="qingyu init"):
        find_root(None, {}, tmp_path)
    init_project(tmp_path)
    assert find_root(None, {}, tmp_path) == tmp_path.resolve()
    assert find_root(None, {"QINGYU_PROJECT": str(tmp_path)}, Path("/")) == tmp_path.resolve()


def test_init_keeps_what_is_there_and_guards_the_key(project_dir: Path) -> None:
    key = (project_dir / "secrets" / "author.key").read_text()
    assert init_project(project_dir) == []
    assert (project_dir / "secrets" / "author.key").read_text() == key
    assert (project_dir / "secrets" / "author.key").stat().st_mode & 0o077 == 0


def test_hostile_names_cannot_break_out_of_the_settings_file(tmp_path: Path) -> None:
    init_project(tmp_path, region='云"水\nmail: {host: evil}', name="a: b # c")
    settings = load_settings(tmp_path / "config", {})
    assert settings.mail.host == ""
    assert settings.operator.name == "a: b # c"
