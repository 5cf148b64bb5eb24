"""Briefs in Word: the layout of GB/T 9704, text that cannot break the file, templates an office edits."""

import io
import re
import shutil
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import docx
import pytest
from docx.document import Document
from docx.shared import Mm, Pt
from lxml import etree

from config.errors import ConfigError, RecordError
from config.project import Project, open_project
from pipeline.briefs import template
from pipeline.briefs.carried import read_brief
from pipeline.briefs.docx_runs import TAG
from pipeline.briefs.docx_writing import write_docx
from pipeline.briefs.fonts import chart_font, installed
from pipeline.briefs.making import rendered
from pipeline.briefs.model import Brief, Figure, Heading, Link, Origin, Paragraph, Quotation, Section, Table
from pipeline.briefs.periods import KINDS
from tests.pipeline.briefing import DAILY, HOSTILE_TEXT, HOSTILE_TITLE, MADE_AT, composed, docx_of, project_in

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
SHIPPED = Path(__file__).parents[2] / "config" / "templates"
needs_office = pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed")


def brief_of(*blocks: Any, title: str = "网情") -> Brief:
    """A brief of these blocks alone."""
    return Brief(DAILY, "云水县网情日报", title, "网信中心", 2026, 7, "", MADE_AT, [Section("overall", blocks)], "")


def written(*blocks: Any, title: str = "网情", folder: Path = SHIPPED) -> bytes:
    return write_docx(brief_of(*blocks, title=title), folder / "brief_daily.docx", {})


def opened_in_word(data: bytes) -> Document:
    return docx.Document(io.BytesIO(data))


def texts(document: Document) -> str:
    return "\n".join("".join(t.text or "" for t in p.iter(f"{_W}t")) for p in document.element.body.iter(f"{_W}p"))


def figure(shown: str, n: int = 1) -> Figure:
    return Figure(f"f{n}", shown, shown, "text", Origin("quote", ids=("a" * 32,)))


@pytest.mark.parametrize("kind", KINDS)
def test_the_templates_that_come_along_are_what_is_built(kind: str) -> None:
    assert (SHIPPED / f"brief_{kind}.docx").read_bytes() == template.build(), (
        "python -m pipeline.briefs.template config/templates"
    )


def test_the_page_is_that_of_gb_t_9704() -> None:
    section = opened_in_word(written(Paragraph(("好",)))).sections[0]
    sides = (section.page_width, section.page_height, section.top_margin, section.left_margin)
    assert [round(side / Mm(1)) for side in sides if side] == [210, 297, 37, 28]
    width = section.page_width - section.left_margin - section.right_margin  # type: ignore[operator]
    height = section.page_height - section.top_margin - section.bottom_margin  # type: ignore[operator]
    assert (round(width / Mm(1)), round(height / Mm(1))) == (156, 225)


def test_lines_and_characters_of_the_body_fill_the_block() -> None:
    document = opened_in_word(written(Paragraph(("好",))))
    normal = document.styles["Normal"]
    line, size = normal.paragraph_format.line_spacing, normal.font.size
    assert isinstance(line, int) and size == Pt(16)
    assert 22 <= Mm(225) / line < 22.1
    spacing = normal.element.rPr.find(f"{_W}spacing").get(f"{_W}val")
    character = size + Pt(int(spacing) / 20)
    assert 28 <= Mm(156) / character < 28.1


@pytest.mark.parametrize(
    ("style", "font", "size"),
    [
        ("简报版头", "方正小标宋简体", 48), ("简报标题", "方正小标宋简体", 22), ("Heading 1", "黑体", 16),
        ("Heading 2", "楷体_GB2312", 16), ("Heading 3", "仿宋_GB2312", 16), ("简报正文", "仿宋_GB2312", 16), ("Footer", "宋体", 14),
    ],
)  # fmt: skip
def test_fonts_by_name(style: str, font: str, size: int) -> None:
    found = opened_in_word(written(Paragraph(("好",)))).styles[style]
    assert found.element.rPr.rFonts.get(f"{_W}eastAsia") == font
    assert found.font.size == Pt(size)


def test_fonts_have_others_to_fall_back_on() -> None:
    with zipfile.ZipFile(io.BytesIO(written(Paragraph(("好",))))) as file:
        table = etree.fromstring(file.read("word/fontTable.xml"))
    others = {font.get(f"{_W}name"): font.find(f"{_W}altName").get(f"{_W}val") for font in table}
    assert set(others) == {"仿宋_GB2312", "楷体_GB2312", "方正小标宋简体", "黑体", "宋体"}
    assert "FangSong" in others["仿宋_GB2312"]


def test_levels_of_headings() -> None:
    heads = [Heading(1, "一、总体"), Heading(2, "（一）水"), Heading(3, "1.城区"), Heading(4, "（1）东街")]
    document = opened_in_word(written(*heads))
    found = [(p.style.name, p.text) for p in document.paragraphs if p.style and p.style.name.startswith("Heading")]
    assert found[:4] == [(f"Heading {head.level}", head.text) for head in heads]
    assert found[4:] == [("Heading 1", "附：数字出处")]


def test_page_numbers_stand_at_the_outer_side() -> None:
    document = opened_in_word(written(Paragraph(("好",))))
    section = document.sections[0]
    for footer, side in ((section.footer, "right"), (section.even_page_footer, "left")):
        paragraph = footer.paragraphs[0]
        code = [node.text for node in paragraph._p.iter(f"{_W}instrText")]
        assert (paragraph.text, code) == ("—  —", [" PAGE "])
        assert paragraph._p.pPr.jc.get(f"{_W}val") == side
    assert document.settings.odd_and_even_pages_header_footer


def test_the_issue_number_and_the_date_stand_in_the_head() -> None:
    lines = texts(opened_in_word(written(Paragraph(("好",)), title="标题"))).splitlines()
    assert lines[:4] == ["云水县网情日报", "〔2026〕第 7 期", "网信中心2026年11月20日", "标题"]


def test_hostile_text_opens_and_is_only_text() -> None:
    blocks = [
        Paragraph((HOSTILE_TITLE, figure(HOSTILE_TEXT)), lead="<w:b/>。"),
        Heading(2, HOSTILE_TITLE),
        Quotation(figure("x" * 100_000, 2), (HOSTILE_TEXT, Link(HOSTILE_TITLE, 'http://a.test/"x\\y z<>\n?a=1&b=2'))),
        Table(HOSTILE_TITLE, ("甲", "乙"), (0.5, 0.5), [[(HOSTILE_TITLE,), (figure("{{ 1 }}", 3),)]], right=(1,)),
    ]
    data = written(*blocks, title=HOSTILE_TITLE)
    document = opened_in_word(data)
    text = texts(document)
    assert "<script>alert(1)</script>{{ 7*7 }}" in text
    assert "{% for x in y %}" in text
    assert "49" not in text
    assert "x" * 100_000 in text
    assert not set(text) & set("\x00\x08\x0b\u202e\u200b\ufffe")
    assert document.core_properties.title.startswith("=cmd|")
    codes = [node.text for node in document.element.body.iter(f"{_W}instrText")]
    assert codes == [' HYPERLINK "http://a.test/xyz?a=1&b=2" ']


def test_a_link_cannot_end_its_field() -> None:
    wicked = 'http://a.test/" \\l "x" \\* MERGEFORMAT \u201c<w:x/>'
    document = opened_in_word(written(Paragraph((Link("原帖", wicked),))))
    (code,) = [node.text for node in document.element.body.iter(f"{_W}instrText")]
    assert code.count('"') == 2
    assert "\\" not in code


def test_figures_are_controls_with_their_names(tmp_path: Path) -> None:
    project = project_in(tmp_path)
    brief = composed(project)
    document = opened_in_word(docx_of(project, brief))
    tags = [node.get(f"{_W}val").removeprefix(TAG) for node in document.element.body.iter(f"{_W}tag")]
    assert tags == brief.order()
    assert {figure.id for figure in brief.figures() if figure.form != "series"} == set(tags)


def edited(folder: Path, change: Any) -> Path:
    """A template as an office changes it in Word."""
    document = docx.Document(str(SHIPPED / "brief_daily.docx"))
    change(document)
    folder.mkdir(parents=True, exist_ok=True)
    document.save(str(folder / "brief_daily.docx"))
    return folder


def test_an_offices_own_template_is_used(tmp_path: Path) -> None:
    project: Project = project_in(tmp_path)

    def change(document: Any) -> None:
        document.paragraphs[0].text = "机密 {{ masthead }}（{{ kind }}）"
        document.styles["简报正文"].font.size = Pt(14)
        document.add_paragraph("审核：张处")

    edited(project.root / "config" / "templates", change)
    brief = composed(project)
    made, failed = rendered(project, brief, ["docx"])
    assert failed == {}
    document = opened_in_word(made["docx"])
    assert document.paragraphs[0].text == "机密 云水县网情日报（daily）"
    assert document.styles["简报正文"].font.size == Pt(14)
    assert document.paragraphs[-1].text == "审核：张处"
    path = tmp_path / "own.docx"
    path.write_bytes(made["docx"])
    assert len(read_brief(path).record.figures) == len(brief.figures())


def test_parts_left_out_of_a_template_are_left_out(tmp_path: Path) -> None:
    def change(document: Any) -> None:
        for paragraph in document.paragraphs[-2:]:
            paragraph._p.getparent().remove(paragraph._p)

    text = texts(opened_in_word(written(Paragraph(("只有正文",)), folder=edited(tmp_path, change))))
    assert "只有正文" in text
    assert "数字出处" not in text


def test_a_section_can_be_left_out_as_the_how_to_says(tmp_path: Path) -> None:
    def change(document: Any) -> None:
        lines = {paragraph.text: paragraph for paragraph in document.paragraphs}
        lines["{%p for block in section.blocks %}"].insert_paragraph_before('{%p if section.name != "spread" %}')
        last = [paragraph for paragraph in document.paragraphs if paragraph.text == "{%p endfor %}"][-1]
        last.insert_paragraph_before("{%p endif %}")

    folder = edited(tmp_path, change)
    sections = [Section("spread", [Paragraph(("地点",))]), Section("cases", [Paragraph(("清单",))])]
    whole = Brief(DAILY, "日报", "网情", "网信中心", 2026, 7, "", MADE_AT, sections, "")
    text = texts(opened_in_word(write_docx(whole, folder / "brief_daily.docx", {})))
    assert "清单" in text
    assert "地点" not in text


@pytest.mark.parametrize(
    "line",
    [
        "{{ masthead",
        "{% for x in %}",
        "{{ masthead.__class__.__mro__[1].__subclasses__() }}",
        "{{ 1 / 0 }}",
        "{{ kind() }}",
    ],
)
def test_a_broken_template_is_named_with_what_to_do(tmp_path: Path, line: str) -> None:
    folder = edited(tmp_path, lambda document: document.add_paragraph(line))
    with pytest.raises(ConfigError, match="删去它以用自带的") as caught:
        written(Paragraph(("好",)), folder=folder)
    assert "brief_daily.docx" in caught.value.message


def test_a_file_that_is_no_word_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "brief_daily.docx").write_bytes(b"PK\x03\x04 not a document")
    with pytest.raises(ConfigError, match="brief_daily.docx"):
        written(Paragraph(("好",)), folder=tmp_path)


def test_charts_have_pictures_and_words(tmp_path: Path) -> None:
    project = project_in(tmp_path)
    if not chart_font(installed()):
        pytest.skip("no Chinese font")
    made, _ = rendered(project, composed(project), ["docx"])
    with zipfile.ZipFile(io.BytesIO(made["docx"])) as file:
        pictures = [name for name in file.namelist() if name.startswith("word/media/")]
        document = file.read("word/document.xml").decode()
    assert len(pictures) == 2
    assert "每日条数柱状图，10月23日至11月19日，最多的一天是11月19日，11条；最后一天11条。" in document


def saved_as(data: bytes, folder: Path, kind: str) -> Path:
    """The file as LibreOffice saves it."""
    (folder / "brief.docx").write_bytes(data)
    home = f"-env:UserInstallation=file://{folder / 'office'}"
    out = folder / "saved"
    subprocess.run(
        ["soffice", home, "--headless", "--convert-to", kind, "--outdir", str(out), str(folder / "brief.docx")],
        check=True, capture_output=True, timeout=180,
    )  # fmt: skip
    return out / f"brief.{kind}"


def pages(data: bytes, folder: Path) -> list[str]:
    """The text of each page as LibreOffice sets it, in lines."""
    told = subprocess.run(
        ["pdftotext", "-layout", str(saved_as(data, folder, "pdf")), "-"], check=True, capture_output=True, timeout=60
    )
    return told.stdout.decode("utf-8").split("\f")[:-1]


@needs_office
@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="pdftotext is not installed")
def test_an_office_suite_sets_22_lines_of_28_characters(tmp_path: Path) -> None:
    long = "云水县互联网信息中心每天早上都要看一看公众在说什么" * 80
    found = pages(written(Paragraph((long,))), tmp_path)
    lines = [re.sub(r"\s", "", line) for line in found[1].splitlines() if line.strip()]
    assert lines[-1] == "—2—"
    assert [len(line) for line in lines[:-1]] == [28] * 22
    assert ["".join(page.split())[-3:] for page in found[:3]] == ["—1—", "—2—", "—3—"]


def test_controls_without_tags_are_known_by_their_order_or_not_at_all(tmp_path: Path) -> None:
    one, two = figure("甲"), figure("乙", 2)
    data = written(Paragraph((one, "与", two, "与", one)))
    bare = tmp_path / "bare.docx"

    def save(change: Any) -> None:
        with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(bare, "w") as new:
            for name in old.namelist():
                held = re.sub(rb"<w:sdtPr>.*?</w:sdtPr>", b"<w:sdtPr/>", old.read(name))
                new.writestr(name, change(held) if name == "word/document.xml" else held)

    save(lambda xml: xml)
    assert read_brief(bare).shown == {"f1": ["甲", "甲"], "f2": ["乙"]}
    save(lambda xml: re.sub(rb"<w:sdt>.*?</w:sdt>", b"", xml, count=1))
    with pytest.raises(RecordError, match="认不出"):
        read_brief(bare)


@needs_office
def test_figures_and_record_outlive_an_office_suite(tmp_path: Path) -> None:
    """Opened and saved again by LibreOffice, the file still says where each figure comes from."""
    brief = composed(project_in(tmp_path))
    project = open_project(tmp_path / "project", {})
    found = read_brief(saved_as(docx_of(project, brief), tmp_path, "docx"))
    assert list(found.record.figures) == brief.figures()
    assert {name: set(texts) for name, texts in found.shown.items()} == {
        figure.id: {figure.shown} for figure in brief.figures() if figure.form != "series"
    }
