"""The verbs of 简报: made, previewed, checked, sent; by whom, and what is refused."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from config.errors import AccessError, ConfigError
from config.project import Project
from crawlers.store import read
from pipeline.access.model import Role
from pipeline.alerts.reading import standings
from pipeline.briefs.plain import plain_text
from pipeline.desk import briefs
from pipeline.desk.briefs import Wish
from tests.pipeline.alerting import groups_of
from tests.pipeline.briefing import DAY, MADE_AT, MATTER, project_in
from tests.pipeline.seated import audited, seated

WISH = Wish("daily", DAY, DAY)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return project_in(tmp_path)


def test_a_brief_is_made_previewed_verified_and_sent_once(project: Project) -> None:
    groups_of(project.root, {"街道": {"people": [{"name": "李主任", "address": "li@street.example.gov.cn"}]}})
    with seated(project, Role.REVIEWER, now=MADE_AT) as desk:
        made_id, failed = briefs.make(desk, WISH)()
        assert failed == {}
        (one,) = briefs.listed(desk)
        assert one.brief.id == made_id and one.formats == ("docx", "html", "pdf") and not one.sent
        found = briefs.preview(desk, made_id)
        assert found.html is not None and b"<script" not in found.html
        seal = briefs.verify(desk, made_id)()
        assert seal.whole and seal.right and seal.figures > 50 and not seal.doubts
        for _ in range(2):
            briefs.send(desk, made_id, ["街道"])
        (one,) = briefs.listed(desk)
        assert [(sent.groups, sent.at) for sent in one.sent] == [(("街道",), one.brief.made_at)]
        with read(desk.store) as connection:
            assert len(standings(connection, kind="letter")) == 1
        for act in (lambda: briefs.send(desk, made_id, ["没有"]), lambda: briefs.send(desk, made_id, [])):
            with pytest.raises(ConfigError):
                act()
        name, data = briefs.file(desk, made_id, "pdf")
        assert name.endswith(".pdf") and data.startswith(b"%PDF")
        said = {action for who, action in audited(desk) if who == "张三"}
        assert {"make", "brief_seen", "brief_verify", "brief_file", "send"} <= said


def test_what_was_altered_is_told_and_a_page_that_is_not_ours_is_text(project: Project) -> None:
    with seated(project, Role.REVIEWER, now=MADE_AT) as desk:
        made_id, _ = briefs.make(desk, Wish("daily", DAY, DAY, formats=("html",)))()
        path = Path(briefs.listed(desk)[0].brief.paths["html"])
        whole = path.read_text(encoding="utf-8")
        at = whole.index("<data data-figure") if "<data data-figure" in whole else whole.index("<data ")
        start = whole.index(">", at) + 1
        path.write_text(whole[:start] + "9" + whole[start:], encoding="utf-8")
        seal = briefs.verify(desk, made_id)()
        assert not seal.right and [one.state for one in seal.doubts] == ["altered"]
        path.write_text("<p>停水<script>alert(1)</script></p><p>第二段</p>", encoding="utf-8")
        found = briefs.preview(desk, made_id)
        assert found.html is None and found.text == "停水\n第二段"
        path.unlink()
        assert briefs.listed(desk)[0].formats == ()
        for act in (lambda: briefs.preview(desk, made_id), lambda: briefs.verify(desk, made_id)):
            with pytest.raises(ConfigError):
                act()


def test_a_word_brief_alone_is_previewed_as_its_words(project: Project) -> None:
    with seated(project, Role.REVIEWER, now=MADE_AT) as desk:
        made_id, _ = briefs.make(desk, Wish("topic", DAY - timedelta(days=6), DAY, "搅拌站", ("docx",)))()
        found = briefs.preview(desk, made_id)
    assert found.html is None and "搅拌站" in found.text and MATTER[0][1][:12] in found.text
    assert "PDF" in plain_text(b"%PDF", "pdf")


@pytest.mark.parametrize(
    "wish",
    [
        Wish("topic", DAY, DAY), Wish("topic", DAY, DAY - timedelta(days=1), "停水"), Wish("yearly", DAY, DAY),
        Wish("topic", date(2019, 1, 1), DAY, "停水"),
    ],
)  # fmt: skip
def test_a_wish_that_makes_no_sense_is_refused(project: Project, wish: Wish) -> None:
    with seated(project, Role.REVIEWER, now=MADE_AT) as desk, pytest.raises(ConfigError):
        briefs.make(desk, wish)


def test_who_may_what(project: Project) -> None:
    for role in (Role.DUTY, Role.ANALYST):
        with seated(project, role, now=MADE_AT) as desk:
            assert briefs.listed(desk) == []
            for act in (lambda: briefs.make(desk, WISH), lambda: briefs.send(desk, "x", ["街道"])):
                with pytest.raises(AccessError):
                    act()
    for role in (Role.VISITOR, Role.ADMIN, Role.AUDITOR):
        with seated(project, role, now=MADE_AT) as desk:
            for act in (
                lambda: briefs.listed(desk),
                lambda: briefs.preview(desk, "x"),
                lambda: briefs.file(desk, "x", "pdf"),
                lambda: briefs.verify(desk, "x"),
                lambda: briefs.groups(desk),
            ):
                with pytest.raises(AccessError):
                    act()
