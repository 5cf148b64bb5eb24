"""Briefs as HTML and PDF: nothing a post says is markup there, nothing is fetched, text can be taken out again."""

import html.parser
import shutil
import subprocess
from pathlib import Path

import pytest

from config.errors import ConfigError, StageError
from config.project import Project
from pipeline.briefs.fonts import installed, present
from pipeline.briefs.html_writing import write_html
from pipeline.briefs.making import rendered
from pipeline.briefs.model import Brief, Chart, Figure, Heading, Link, Origin, Paragraph, Quotation, Section, Table
from pipeline.briefs.pdf_reading import parsed, texts_of
from pipeline.briefs.pdf_writing import write_pdf
from tests.pipeline.briefing import DAILY, HOSTILE_TEXT, HOSTILE_TITLE, MADE_AT, composed, project_in

LAYOUT = Path(__file__).parents[2] / "config" / "templates" / "brief.typ"
needs_font = pytest.mark.skipif(not present("body", installed()), reason="no Chinese font")


def figure(shown: str, n: int = 1) -> Figure:
    return Figure(f"f{n}", shown, shown, "text", Origin("quote", ids=("a" * 32,)))


def hostile() -> Brief:
    blocks = [
        Heading(2, HOSTILE_TITLE),
        Paragraph((HOSTILE_TITLE, figure(HOSTILE_TEXT)), lead="<i>。"),
        Quotation(figure("#let x = 1; $y$ *b* _c_ `d` @e <f> // g", 2), (Link(HOSTILE_TITLE, "javascript:alert(1)"),)),
        Quotation(figure("x" * 100_000, 3), (Link("原帖", 'http://a.test/"onclick="x&<>'),)),
        Table(HOSTILE_TITLE, (HOSTILE_TITLE, "乙"), (0.5, 0.5), [[(HOSTILE_TITLE,), (figure("=1+1", 4),)]]),
        Chart("names", HOSTILE_TITLE, (HOSTILE_TITLE,), (1,), HOSTILE_TITLE, (figure("1", 5),)),
    ]
    return Brief(
        DAILY,
        HOSTILE_TITLE,
        HOSTILE_TITLE,
        HOSTILE_TITLE,
        2026,
        7,
        HOSTILE_TITLE,
        MADE_AT,
        [Section("overall", blocks)],
        "",
    )


class _Page(html.parser.HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def page_of(data: bytes) -> _Page:
    page = _Page()
    page.feed(data.decode("utf-8"))
    return page


def test_html_has_nothing_that_runs_or_is_fetched() -> None:
    page = page_of(write_html(hostile(), {}))
    tags = {tag for tag, _ in page.tags}
    assert not tags & {"script", "iframe", "object", "embed", "link", "form", "svg", "base"}
    assert "i" not in tags
    for tag, values in page.tags:
        assert not [name for name in values if name.startswith("on")], (tag, values)
        assert not str(values.get("src", "data:")).startswith("http")
        assert not str(values.get("href", "")).startswith("javascript")
    policies = [values["content"] for tag, values in page.tags if values.get("http-equiv") == "Content-Security-Policy"]
    assert policies and "default-src 'none'" in str(policies[0])


def test_html_shows_what_was_said() -> None:
    text = "".join(page_of(write_html(hostile(), {})).text)
    assert "<script>alert(1)</script>{{ 7*7 }}" in text
    assert "x" * 100_000 in text
    assert not set(text) & set("\x00\x08\x0b\u202e\u200b\ufffe")


def test_html_of_a_whole_brief(tmp_path: Path) -> None:
    project = project_in(tmp_path)
    brief = composed(project)
    page = page_of(rendered(project, brief, ["html"])[0]["html"])
    assert [str(values["data-figure"]) for tag, values in page.tags if tag == "data"] == brief.order()
    assert all(str(values["alt"]) for tag, values in page.tags if tag == "img")
    assert sum(tag == "h1" for tag, _ in page.tags) == 1


@needs_font
def test_pdf_takes_hostile_text_as_text(tmp_path: Path) -> None:
    brief = hostile()
    data = write_pdf(brief, LAYOUT, {}, installed())
    shown = texts_of(parsed(data), brief.order())
    assert "".join(shown["f2"]).replace(" ", "") == "#letx=1;$y$*b*_c_`d`@e<f>//g"
    assert "".join(shown["f4"]) == "=1+1"
    assert "".join(shown["f3"]).count("x") == 100_000


@needs_font
@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="pdftotext is not installed")
def test_the_text_of_a_pdf_can_be_taken_out(tmp_path: Path) -> None:
    project = project_in(tmp_path)
    (tmp_path / "brief.pdf").write_bytes(rendered(project, composed(project), ["pdf"])[0]["pdf"])
    told = subprocess.run(
        ["pdftotext", "-layout", str(tmp_path / "brief.pdf"), "-"], capture_output=True, check=True, timeout=60
    )
    pages = told.stdout.decode("utf-8").split("\f")[:-1]
    plain = "".join(told.stdout.decode("utf-8").split())
    assert "2026年11月19日（星期四），采集到公开帖文11条，不计转载6条，来自11个声音。" in plain
    assert "丽景新城小区外的混凝土搅拌站每天扬尘" in plain
    assert [page.split()[-1] for page in pages] == [f"—{n}—" for n in range(1, len(pages) + 1)] or "— 1 —" in pages[0]
    # Odd pages have their number at the right, even ones at the left.
    sides = [next(line for line in reversed(page.splitlines()) if line.strip()) for page in pages[:2]]
    assert len(sides[0]) - len(sides[0].lstrip()) > 20 > len(sides[1]) - len(sides[1].lstrip())


@needs_font
@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="pdftotext is not installed")
def test_a_page_of_the_pdf_has_22_lines_of_28_characters(tmp_path: Path) -> None:
    long = "云水县互联网信息中心每天早上都要看一看公众在说什么" * 80
    brief = Brief(
        DAILY, "网情", "网情", "网信中心", 2026, 7, "", MADE_AT, [Section("overall", [Paragraph((long,))])], ""
    )
    (tmp_path / "brief.pdf").write_bytes(write_pdf(brief, LAYOUT, {}, installed()))
    told = subprocess.run(
        ["pdftotext", "-layout", str(tmp_path / "brief.pdf"), "-"], capture_output=True, check=True, timeout=60
    )
    lines = ["".join(line.split()) for line in told.stdout.decode("utf-8").split("\f")[1].splitlines() if line.strip()]
    assert [len(line) for line in lines[:-1]] == [28] * 22
    assert lines[-1] == "—2—"


def test_without_a_chinese_font_the_pdf_says_what_to_install() -> None:
    with pytest.raises(StageError, match="fonts-noto-cjk"):
        write_pdf(hostile(), LAYOUT, {}, frozenset({"DejaVu Sans"}))


def test_one_format_that_fails_leaves_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project: Project = project_in(tmp_path)
    monkeypatch.setattr("pipeline.briefs.making.installed", lambda: frozenset())
    made, failed = rendered(project, composed(project), ["docx", "pdf", "html"])
    assert set(made) == {"docx", "html"}
    assert "fonts-noto-cjk" in failed["pdf"]
    # A chart would show boxes: its words stand in its place.
    assert "每日条数柱状图" in made["html"].decode("utf-8")


@needs_font
def test_a_broken_layout_is_named(tmp_path: Path) -> None:
    broken = tmp_path / "brief.typ"
    broken.write_text("#let x = (", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"brief\.typ"):
        write_pdf(hostile(), broken, {}, installed())


@needs_font
def test_a_layout_cannot_read_other_files(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("key", encoding="utf-8")
    wicked = tmp_path / "brief.typ"
    wicked.write_text(f'#read("{tmp_path / "secret.txt"}")', encoding="utf-8")
    with pytest.raises(ConfigError):
        write_pdf(hostile(), wicked, {}, installed())
