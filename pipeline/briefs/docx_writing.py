"""The brief as a Word file, from a template the office can edit, with the record of its figures in a part of its own."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from docx.opc.constants import RELATIONSHIP_TYPE
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.shared import Mm
from docxtpl import DocxTemplate
from jinja2 import TemplateError
from jinja2.sandbox import SandboxedEnvironment
from lxml import etree

from config.errors import ConfigError
from config.text import tr
from pipeline.briefs.docx_runs import Raw, block_table, origins, runs
from pipeline.briefs.model import Block, Brief, Chart, Heading, Paragraph, Quotation, Table
from pipeline.briefs.origins import origin_lines
from pipeline.briefs.record import dumped
from pipeline.briefs.showing import fit
from pipeline.briefs.titling import issue_line, made_day

NAMESPACE = "urn:qingyu:brief:1"
PART = "/customXml/qingyu1.xml"
# Pictures are drawn twice as fine as they stand, at 96 points an inch.
_PICTURE_MM = 150
# What an expression of a template may raise: it is the office's own, and anything may stand there.
_FAULTS = (TemplateError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError)


class _Picture:
    """A picture put into the document when the template is rendered; alt: what it shows, for those who do not see it."""

    def __init__(self, template: Any, data: bytes, alt: str) -> None:
        self._template, self._data, self._alt = template, data, alt

    def __html__(self) -> str:
        width, height = struct.unpack(">II", self._data[16:24])
        wide = min(Mm(_PICTURE_MM), Mm(_PICTURE_MM) * width // 1120)
        inline = self._template.docx.part.new_pic_inline(io.BytesIO(self._data), wide, wide * height // width)
        inline.docPr.set("descr", fit(self._alt))
        return f"<w:r><w:drawing>{inline.xml}</w:drawing></w:r>"

    __str__ = __html__


def write_docx(brief: Brief, template: Path, pictures: Mapping[str, bytes]) -> bytes:
    """The file. pictures: of charts by title. Raises ConfigError for a template that cannot be used."""
    made = DocxTemplate(template)
    styles = {}
    try:
        made.init_docx()
        styles = {style.name: style.style_id for style in made.docx.styles}
        context = _context(brief, made, pictures, styles)
        made.render(context, jinja_env=SandboxedEnvironment(autoescape=True), autoescape=True)
    except (*_FAULTS, OSError, zipfile.BadZipFile, etree.LxmlError) as error:
        message = tr(
            "Word 模板 {p} 用不了（{e}）；改正它，或删去它以用自带的", "the Word template {p} cannot be used ({e}); mend or remove it",
            p=template, e=str(error).splitlines()[0][:200] if str(error) else type(error).__name__,
        )  # fmt: skip
        raise ConfigError(message) from error
    _carry(made.docx, dumped(brief))
    made.docx.core_properties.title = fit(brief.title)
    made.docx.core_properties.author = fit(brief.issuer)
    made.docx.core_properties.created = made.docx.core_properties.modified = brief.made_at.replace(tzinfo=None)
    raw = io.BytesIO()
    made.docx.save(raw)
    return raw.getvalue()


def _context(brief: Brief, template: Any, pictures: Mapping[str, bytes], styles: Mapping[str, str]) -> dict[str, Any]:
    small = styles.get("简报附录字", "Normal")
    return {
        "masthead": fit(brief.masthead),
        "issue": issue_line(brief),
        "issuer": fit(brief.issuer),
        "date": made_day(brief),
        "title": fit(brief.title),
        "kind": brief.period.kind,
        "sections": [
            {"name": s.name, "blocks": [b for block in s.blocks for b in _blocks(block, template, pictures, styles)]}
            for s in brief.sections
        ],
        "origins": origins([f"{ground}：{told}" for ground, told in origin_lines(brief)], small),
    }


def _blocks(
    block: Block, template: Any, pictures: Mapping[str, bytes], styles: Mapping[str, str]
) -> Iterator[dict[str, Any]]:
    if isinstance(block, Heading):
        yield {"kind": f"heading{block.level}", "text": fit(block.text)}
    elif isinstance(block, Paragraph):
        yield {"kind": "note" if block.small else "paragraph", "runs": _styled(runs(block.pieces, block.lead), styles)}
    elif isinstance(block, Quotation):
        yield {"kind": "quotation", "runs": _styled(runs(("“", block.text, "”")), styles)}
        yield {"kind": "told", "runs": _styled(runs(block.told), styles)}
    elif isinstance(block, Table):
        if block.title:
            yield {"kind": "caption", "text": fit(block.title)}
        yield {"kind": "table", "table": _styled(block_table(block, styles.get("简报表格字", "Normal")), styles)}
    elif isinstance(block, Chart):
        yield from _chart(block, template, pictures)


def _chart(block: Chart, template: Any, pictures: Mapping[str, bytes]) -> Iterator[dict[str, Any]]:
    if block.title in pictures:
        yield {"kind": "caption", "text": fit(block.title)}
        yield {"kind": "picture", "picture": _Picture(template, pictures[block.title], block.alt)}
    else:
        yield {"kind": "note", "runs": runs((f"{block.title}：{block.alt}",))}


def _styled(raw: Raw, styles: Mapping[str, str]) -> Raw:
    """With the ids that the template gives the styles of leads and links; Word takes an unknown one for none."""
    xml = str(raw)
    for ours, name in (("LeadOfBrief", "简报段首"), ("LinkOfBrief", "简报链接")):
        xml = xml.replace(f'<w:rStyle w:val="{ours}"/>', f"<w:rStyle w:val={quoteattr(styles.get(name, ours))}/>")
    return Raw(xml)


def _carry(document: Any, record: str) -> None:
    """Put the record into a part of custom XML, which Word and LibreOffice keep when they save."""
    xml = (
        f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<brief xmlns="{NAMESPACE}">{escape(record)}</brief>'
    )
    part = Part(PackURI(PART), "application/xml", xml.encode("ascii"), document.part.package)
    document.part.relate_to(part, RELATIONSHIP_TYPE.CUSTOM_XML)
