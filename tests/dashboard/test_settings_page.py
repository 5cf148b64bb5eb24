"""设置: a file is judged as the program reads it, written whole with its comments, kept before and after; nobody's change is lost."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from config.errors import AccessError, ConfigError
from config.project import Project, init_project, open_project
from config.text import set_language
from pipeline.access.model import Role
from pipeline.desk import settings
from tests.pipeline.seated import audited, seated

ROOT = Path(__file__).resolve().parents[2]
NOW = datetime.now(UTC)
COMMENT = "# 本县自己加的，别删\n"


@pytest.fixture
def project(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Project]:
    init_project(tmp_path, region="云水县")
    monkeypatch.setenv("QINGYU_PROJECT", str(tmp_path))
    monkeypatch.syspath_prepend(str(ROOT))
    st.cache_resource.clear()
    st.cache_data.clear()
    yield open_project(tmp_path, {})
    set_language("zh")


@pytest.mark.parametrize("name", settings.FILES)
def test_every_file_is_read_checked_and_written_with_its_comments(project: Project, name: str) -> None:
    with seated(project, Role.ADMIN, now=NOW, name="王芳") as desk:
        before = settings.held(desk, name)
        settings.check(desk, name, before.text)
        done = settings.save(desk, name, COMMENT + before.text, digest=before.digest, why="加一行说明")
        assert done.own and done.text == COMMENT + before.text
        assert (project.config_dir / name).read_text(encoding="utf-8") == done.text
        (change,) = settings.history(desk, name, 5)
        assert (change.who, change.why, change.before, change.after) == ("王芳", "加一行说明", before.text, done.text)
        assert ("王芳", "settings") in audited(desk)
    assert not list(project.root.glob(".trial-*"))


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("topics.yaml", "topics: [", "topics.yaml"),
        ("topics.yaml", "nonsense: 1\n", "topics.yaml"),
        ("units.yaml", "units:\n- {unit: 住建局, topics: [no-such-topic]}\n", "no-such-topic"),
        ("settings.yaml", "crawl: {delay_s: -5}\n", "delay_s"),
        ("settings.yaml", "mail: {password: secret}\n", "机密"),
        ("groups.yaml", "x\n", "groups"),
        ("dictionaries/user_words.txt", "词 1 n 多余 的\n", "词频"),
        ("places.yaml", "", "places"),
    ],
)
def test_what_the_program_would_not_take_is_not_written(project: Project, name: str, text: str, told: str) -> None:
    with seated(project, Role.ADMIN, now=NOW) as desk:
        before = settings.held(desk, name)
        with pytest.raises(ConfigError) as found:
            settings.save(desk, name, text, digest=before.digest, why="试试")
        assert told in found.value.message and ".trial-" not in found.value.message
        assert settings.held(desk, name) == before and settings.history(desk, name, 5) == []


def test_a_topic_that_units_need_cannot_be_taken_away(project: Project) -> None:
    with seated(project, Role.ADMIN, now=NOW) as desk:
        before = settings.held(desk, "topics.yaml")
        with pytest.raises(ConfigError, match="units"):
            settings.check(desk, "topics.yaml", before.text.replace("id: water", "id: wasser"))


def test_two_who_change_the_same_file_lose_nothing(project: Project) -> None:
    with seated(project, Role.ADMIN, now=NOW) as desk:
        opened = settings.held(desk, "topics.yaml")
        settings.save(desk, "topics.yaml", "# 甲\n" + opened.text, digest=opened.digest, why="甲")
        with pytest.raises(ConfigError, match="被改过"):
            settings.save(desk, "topics.yaml", "# 乙\n" + opened.text, digest=opened.digest, why="乙")
        assert settings.held(desk, "topics.yaml").text.startswith("# 甲")
        with pytest.raises(ConfigError, match="为什么"):
            settings.save(desk, "topics.yaml", "# 丙\n", digest=opened.digest, why="  ")


@pytest.mark.parametrize("name", ["../secrets/author.key", "sources/x.yaml", "", "/etc/passwd"])
def test_no_other_file_can_be_read_or_written(project: Project, name: str) -> None:
    with seated(project, Role.ADMIN, now=NOW) as desk:
        for act in (
            lambda: settings.held(desk, name),
            lambda: settings.save(desk, name, "x", digest="", why="x"),
            lambda: settings.check(desk, name, "x"),
        ):
            with pytest.raises(ConfigError, match="没有这个设置文件"):
                act()


def test_who_may_not_is_refused(project: Project) -> None:
    with seated(project, Role.ANALYST, now=NOW) as desk, pytest.raises(AccessError):
        settings.held(desk, "topics.yaml")


def page(**params: str) -> AppTest:
    app = AppTest.from_file(str(ROOT / "dashboard" / "app.py"), default_timeout=60).run()
    app.switch_page("views/settings.py")
    for key, value in params.items():
        app.query_params[key] = value
    return app.run()


def test_the_page_shows_what_would_change_and_saves_it(project: Project) -> None:
    for name in settings.FILES:
        assert not page(file=name).exception
    app = page(file="topics.yaml")
    area = app.text_area[0]
    area.set_value(COMMENT + str(area.value)).run()
    assert any("+# 本县自己加的" in one.value for one in app.code)
    app.button(key="settings-save-now").click().run()
    assert not app.exception and "为什么" in str([one.proto for one in app.get("html")])
    app.text_input(key="why|topics.yaml").set_value("试").run()
    app.button(key="settings-save-now").click().run()
    assert not app.exception and "已保存" in app.success[0].value
    assert (project.config_dir / "topics.yaml").read_text(encoding="utf-8").startswith(COMMENT)
