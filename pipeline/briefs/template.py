"""Makes the Word templates of briefs: `python -m pipeline.briefs.template OUT`; the office edits copies of them in Word.

The layout is that of GB/T 9704-2012: A4, 37 mm above and 28 mm left of a block of 156 × 225 mm, 22 lines of 28 characters of
size 3 (16 pt), title 方正小标宋 size 2, body 仿宋_GB2312, 一、黑体, （一）楷体_GB2312, 1. and （1） bold 仿宋, page numbers — 1 — of size
4 宋体 at the outer corner. Fonts stand by name, with others Word may take where one is not installed (w:altName).
"""

from __future__ import annotations

import argparse
import io
import zipfile
from pathlib import Path
from typing import Any

import docx
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING, WD_TAB_ALIGNMENT
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Mm, Pt, RGBColor

from pipeline.briefs.periods import KINDS

# 225 mm / 22 lines, a trifle less: of 29 points each the last line would not fit. And 28 characters of 16 pt in 156 mm, which
# is a quarter of a point less for each; set as spacing of characters, not as a grid of them: in a grid narrower than its
# characters LibreOffice gives each two cells.
LINE_TWIPS, CHAR_TWIPS = 579, -5
LINE_PT, GRID_PT = LINE_TWIPS / 20, 16
BODY, SONG, TITLE, BLACK, KAI = "仿宋_GB2312", "宋体", "方正小标宋简体", "黑体", "楷体_GB2312"
LATIN = "Times New Roman"
# Other names of a font, or others of the same cut, which Word takes where the first is not installed.
ALTERNATIVES = {
    BODY: "仿宋,FangSong,FangSong_GB2312,STFangsong,Noto Serif CJK SC",
    KAI: "楷体,KaiTi,KaiTi_GB2312,STKaiti,Noto Serif CJK SC",
    TITLE: "FZXiaoBiaoSong-B05S,方正小标宋_GBK,华文中宋,STZhongsong,Noto Serif CJK SC",
    BLACK: "SimHei,STHeiti,Microsoft YaHei,Noto Sans CJK SC",
    SONG: "SimSun,STSong,Noto Serif CJK SC",
}
RED = RGBColor(0xC8, 0x10, 0x1A)
TABLE_STYLE = "简报表格"
_EPOCH = (1980, 1, 1, 0, 0, 0)
_TWO = "{%p for section in sections %}", "{%p for block in section.blocks %}"


def build() -> bytes:
    """A template as a .docx file; the same bytes each time."""
    document = docx.Document()
    _page(document)
    _styles(document)
    _table_style(document)
    _footers(document)
    _body(document)
    _font_table(document)
    core = document.core_properties
    core.author, core.title, core.comments = "", "", ""
    return _steady(document)


def _page(document: Any) -> None:
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin, section.bottom_margin = Mm(37), Mm(35)
    section.left_margin, section.right_margin = Mm(28), Mm(26)
    # The number stands 7 mm below the block.
    section.header_distance, section.footer_distance = Mm(15), Mm(23)
    grid = section._sectPr.find(qn("w:docGrid"))
    if grid is None:
        grid = OxmlElement("w:docGrid")
        section._sectPr.append(grid)
    for name, value in (("type", "lines"), ("linePitch", LINE_TWIPS)):
        grid.set(qn(f"w:{name}"), str(value))
    document.settings.odd_and_even_pages_header_footer = True


def _fonts(style: Any, east: str, size: float, *, bold: bool = False) -> None:
    style.font.name, style.font.size, style.font.bold = LATIN, Pt(size), bold
    fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
    for name in [key for key in fonts.attrib if "Theme" in key]:
        del fonts.attrib[name]
    for slot in ("ascii", "hAnsi", "cs"):
        fonts.set(qn(f"w:{slot}"), LATIN)
    fonts.set(qn("w:eastAsia"), east)


def _spaced(style: Any, line: float = LINE_PT, *, indent: bool = False) -> None:
    shape = style.paragraph_format
    shape.space_before = shape.space_after = Pt(0)
    shape.line_spacing_rule, shape.line_spacing = WD_LINE_SPACING.EXACTLY, Pt(line)
    if indent:
        _indented(style)


def _indented(style: Any) -> None:
    """Two characters before the first line, whatever their size."""
    spot = style.element.get_or_add_pPr().get_or_add_ind()
    spot.set(qn("w:firstLineChars"), "200")
    spot.set(qn("w:firstLine"), str(round((style.font.size or Pt(16)).pt * 40)))


def _new(document: Any, name: str, east: str, size: float, *, bold: bool = False, line: float = LINE_PT) -> Any:
    style = document.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
    style.base_style = document.styles["Normal"]
    style.quick_style = True
    _fonts(style, east, size, bold=bold)
    _spaced(style, line)
    if size != GRID_PT:
        _off_grid(style)
        _narrowed(style, 0)
    return style


def _narrowed(style: Any, twips: int) -> None:
    """Characters so much closer to each other (negative) than they are wide."""
    spacing = OxmlElement("w:spacing")
    spacing.set(qn("w:val"), str(twips))
    style.element.get_or_add_rPr().insert_element_before(
        spacing, "w:w", "w:kern", "w:position", "w:sz", "w:szCs", "w:snapToGrid"
    )


def _off_grid(style: Any) -> None:
    """Text of another size does not follow the grid of 28 characters and 22 lines."""
    off = OxmlElement("w:snapToGrid")
    off.set(qn("w:val"), "0")
    style.element.get_or_add_pPr().insert_element_before(off, "w:spacing", "w:ind", "w:contextualSpacing", "w:jc")
    again = OxmlElement("w:snapToGrid")
    again.set(qn("w:val"), "0")
    style.element.get_or_add_rPr().append(again)


def _styles(document: Any) -> None:
    defaults = "w:docDefaults/w:rPrDefault/w:rPr/"
    for size in document.styles.element.xpath(f"{defaults}w:sz | {defaults}w:szCs"):
        size.set(qn("w:val"), "32")
    for language in document.styles.element.xpath(f"{defaults}w:lang"):
        language.set(qn("w:eastAsia"), "zh-CN")
    normal = document.styles["Normal"]
    _fonts(normal, BODY, 16)
    _narrowed(normal, CHAR_TWIPS)
    _spaced(normal)
    for name in ("w:autoSpaceDE", "w:autoSpaceDN"):  # no blanks between numbers and characters: 28 to the line
        none = OxmlElement(name)
        none.set(qn("w:val"), "0")
        normal.element.get_or_add_pPr().insert_element_before(none, "w:snapToGrid", "w:spacing", "w:ind", "w:jc")
    normal.paragraph_format.widow_control = False
    for level, (font, bold) in enumerate(((BLACK, False), (KAI, False), (BODY, True), (BODY, True)), 1):
        style = document.styles[f"Heading {level}"]
        _fonts(style, font, 16, bold=bold)
        style.font.color.rgb, style.font.italic = RGBColor(0, 0, 0), False
        _spaced(style, indent=True)
        style.paragraph_format.keep_with_next = True
    _small_styles(document)
    masthead = _new(document, "简报版头", TITLE, 48, line=66)
    masthead.font.color.rgb = RED
    masthead.paragraph_format.alignment = WD_ALIGN_PARAGRAPH.CENTER
    number = _new(document, "简报期号", BODY, 16)
    number.paragraph_format.alignment = WD_ALIGN_PARAGRAPH.CENTER
    issuer = _new(document, "简报版头行", BODY, 16)
    issuer.paragraph_format.tab_stops.add_tab_stop(Mm(156), WD_TAB_ALIGNMENT.RIGHT)
    _ruled(issuer, "C8101A", 12)
    title = _new(document, "简报标题", TITLE, 22, line=35)
    title.paragraph_format.alignment = WD_ALIGN_PARAGRAPH.CENTER
    title.paragraph_format.space_before, title.paragraph_format.space_after = Pt(29), Pt(16)


def _small_styles(document: Any) -> None:
    body = _new(document, "简报正文", BODY, 16)
    _indented(body)
    body.paragraph_format.alignment = WD_ALIGN_PARAGRAPH.JUSTIFY
    quoted = _new(document, "简报摘录", KAI, 16)
    _indented(quoted)
    quoted.paragraph_format.keep_with_next = True
    note = _new(document, "简报附注", BODY, 12, line=20)
    note.paragraph_format.space_before = note.paragraph_format.space_after = Pt(4)
    source = _new(document, "简报摘录出处", BODY, 12, line=20)
    source.paragraph_format.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    source.paragraph_format.space_after = Pt(6)
    caption = _new(document, "简报图表题", BLACK, 12, line=22)
    caption.paragraph_format.alignment = WD_ALIGN_PARAGRAPH.CENTER
    caption.paragraph_format.keep_with_next = True
    caption.paragraph_format.space_before = Pt(6)
    picture = _new(document, "简报图", BODY, 12)
    picture.paragraph_format.alignment = WD_ALIGN_PARAGRAPH.CENTER
    # A picture is higher than a line: with an exact height it would be cut.
    picture.paragraph_format.line_spacing_rule = WD_LINE_SPACING.SINGLE
    picture.paragraph_format.space_after = Pt(8)
    _new(document, "简报表格字", BODY, 12, line=20)
    _new(document, "简报附录字", BODY, 9, line=13)
    character = document.styles.add_style("简报段首", WD_STYLE_TYPE.CHARACTER)
    character.font.bold = True
    link = document.styles.add_style("简报链接", WD_STYLE_TYPE.CHARACTER)
    link.font.color.rgb, link.font.underline = RGBColor(0x1F, 0x4E, 0x79), True


def _ruled(style: Any, colour: str, eighths: int) -> None:
    """A line below the paragraphs of a style."""
    border = (
        f'<w:pBdr {nsdecls("w")}><w:bottom w:val="single" w:sz="{eighths}" w:space="4" w:color="{colour}"/></w:pBdr>'
    )
    properties = style.element.get_or_add_pPr()
    properties.insert_element_before(
        parse_xml(border), "w:shd", "w:tabs", "w:suppressAutoHyphens", "w:spacing", "w:ind", "w:jc"
    )


def _table_style(document: Any) -> None:
    line = 'w:val="single" w:sz="{s}" w:space="0" w:color="4A4A4A"'
    thick, thin = line.format(s=10), line.format(s=4)
    whole = (
        f'<w:style {nsdecls("w")} w:type="table" w:customStyle="1" w:styleId="QingyuTable"><w:name w:val="{TABLE_STYLE}"/>'
        '<w:basedOn w:val="TableNormal"/><w:qFormat/><w:tblPr><w:tblBorders>'
        f"<w:top {thick}/><w:bottom {thick}/><w:insideH {thin}/></w:tblBorders>"
        '<w:tblCellMar><w:top w:w="28" w:type="dxa"/><w:left w:w="85" w:type="dxa"/>'
        '<w:bottom w:w="28" w:type="dxa"/><w:right w:w="85" w:type="dxa"/></w:tblCellMar></w:tblPr></w:style>'
    )
    document.styles.element.append(parse_xml(whole))


def _footers(document: Any) -> None:
    style = document.styles["Footer"]
    _fonts(style, SONG, 14)
    _off_grid(style)
    fonts = style.element.rPr.rFonts
    for slot in ("ascii", "hAnsi", "cs"):
        fonts.set(qn(f"w:{slot}"), SONG)
    _spaced(style, 20)
    section = document.sections[0]
    _numbered(section.footer, WD_ALIGN_PARAGRAPH.RIGHT)
    _numbered(section.even_page_footer, WD_ALIGN_PARAGRAPH.LEFT)


def _numbered(footer: Any, side: Any) -> None:
    """— 1 — one character in from the outer edge."""
    footer.is_linked_to_previous = False
    paragraph = footer.paragraphs[0]
    paragraph.alignment = side
    if side == WD_ALIGN_PARAGRAPH.RIGHT:
        paragraph.paragraph_format.right_indent = Pt(14)
    else:
        paragraph.paragraph_format.left_indent = Pt(14)
    paragraph.add_run("— ")
    for kind in ("begin", None, "end"):
        run = paragraph.add_run()
        if kind is None:
            element = OxmlElement("w:instrText")
            element.set(qn("xml:space"), "preserve")
            element.text = " PAGE "
        else:
            element = OxmlElement("w:fldChar")
            element.set(qn("w:fldCharType"), kind)
        run._r.append(element)
    paragraph.add_run(" —")


# What each kind of block is set as: (test, style, what stands there).
_BLOCKS = (
    ('block.kind == "heading1"', "Heading 1", "{{ block.text }}"),
    ('block.kind == "heading2"', "Heading 2", "{{ block.text }}"),
    ('block.kind == "heading3"', "Heading 3", "{{ block.text }}"),
    ('block.kind == "heading4"', "Heading 4", "{{ block.text }}"),
    ('block.kind == "paragraph"', "简报正文", "{{r block.runs }}"),
    ('block.kind == "note"', "简报附注", "{{r block.runs }}"),
    ('block.kind == "quotation"', "简报摘录", "{{r block.runs }}"),
    ('block.kind == "told"', "简报摘录出处", "{{r block.runs }}"),
    ('block.kind == "caption"', "简报图表题", "{{ block.text }}"),
    ('block.kind == "picture"', "简报图", "{{r block.picture }}"),
    ('block.kind == "table"', "简报表格字", "{{p block.table }}"),
)


def _body(document: Any) -> None:
    def add(text: str, style: str = "Normal") -> None:
        document.add_paragraph(text, style=style)

    add("{{ masthead }}", "简报版头")
    add("{{ issue }}", "简报期号")
    add("{{ issuer }}\t{{ date }}", "简报版头行")
    add("{{ title }}", "简报标题")
    for opened in _TWO:
        add(opened)
    for n, (test, style, text) in enumerate(_BLOCKS):
        add(f"{{%p {'elif' if n else 'if'} {test} %}}")
        add(text, style)
    for closed in ("{%p endif %}", "{%p endfor %}", "{%p endfor %}"):
        add(closed)
    add("附：数字出处", "Heading 1")
    # On a page of its own: who prints the brief for reading can leave it out.
    document.paragraphs[-1].paragraph_format.page_break_before = True
    add("{{p origins }}", "简报附录字")
    first = document.element.body[0]
    if first.tag == qn("w:p") and not first.xpath(".//w:t"):
        document.element.body.remove(first)


def _font_table(document: Any) -> None:
    entries = "".join(
        f'<w:font w:name="{name}"><w:altName w:val="{others}"/><w:charset w:val="86"/><w:family w:val="auto"/>'
        '<w:pitch w:val="variable"/></w:font>'
        for name, others in ALTERNATIVES.items()
    )
    xml = f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<w:fonts {nsdecls("w")}>{entries}</w:fonts>'
    for relation in document.part.rels.values():
        if relation.reltype == RELATIONSHIP_TYPE.FONT_TABLE:
            relation.target_part._blob = xml.encode()


def _steady(document: Any) -> bytes:
    """The file without the time of its making, so that it is the same each time."""
    for relation in [one for one in document.part.package.rels.values() if "thumbnail" in one.reltype]:
        document.part.package.rels.pop(relation.rId)
    document.core_properties.created = document.core_properties.modified = _midnight()
    raw, out = io.BytesIO(), io.BytesIO()
    document.save(raw)
    with zipfile.ZipFile(raw) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in sorted(old.namelist(), key=lambda one: (one != "[Content_Types].xml", one)):
            new.writestr(zipfile.ZipInfo(name, _EPOCH), old.read(name), zipfile.ZIP_DEFLATED)
    return out.getvalue()


def _midnight() -> Any:
    from datetime import datetime

    return datetime(2026, 1, 1)  # noqa: DTZ001 - the format has naive times


def main() -> None:
    """Write the template of each kind of brief into a folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    for kind in KINDS:
        (folder / f"brief_{kind}.docx").write_bytes(build())


if __name__ == "__main__":
    main()
