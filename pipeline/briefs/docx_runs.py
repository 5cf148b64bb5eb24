"""Text, figures and tables of a brief as the XML of Word. Everything that comes from posts is escaped here, in one place."""

from __future__ import annotations

from collections.abc import Sequence
from xml.sax.saxutils import escape, quoteattr

from pipeline.briefs.model import Cell, Figure, Link, Piece, Table
from pipeline.briefs.showing import fit, fit_kept, web_address
from pipeline.briefs.words import measure_words

# The block is 156 mm wide: 8844 twips.
WIDTH_TWIPS = 8844
TAG = "qingyu-"


class Raw:
    """XML that stands in the document as it is."""

    def __init__(self, xml: str) -> None:
        self._xml = xml

    def __html__(self) -> str:
        return self._xml

    __str__ = __html__


def run(text: str, *, style: str = "") -> str:
    """A run of plain text; here all text of a brief is made fit for XML."""
    looks = f"<w:rPr><w:rStyle w:val={quoteattr(style)}/></w:rPr>" if style else ""
    return f'<w:r>{looks}<w:t xml:space="preserve">{escape(fit_kept(text))}</w:t></w:r>'


def figure(one: Figure) -> str:
    """A content control that holds the figure: Word shows its name, and `qingyu brief verify` finds it again."""
    name = quoteattr(fit(measure_words(one))[:60])
    known = f"<w:alias w:val={name}/><w:tag w:val={quoteattr(TAG + one.id)}/>"
    return f"<w:sdt><w:sdtPr>{known}</w:sdtPr><w:sdtContent>{run(one.shown)}</w:sdtContent></w:sdt>"


def link(one: Link) -> str:
    """A field that leads to a page; a field needs no relationship, so it can stand in any template."""
    target = web_address(one.url)
    if not target:
        return run(one.text)
    code = f'<w:r><w:instrText xml:space="preserve"> HYPERLINK "{escape(target)}" </w:instrText></w:r>'
    parts = ('<w:r><w:fldChar w:fldCharType="begin"/></w:r>', code, '<w:r><w:fldChar w:fldCharType="separate"/></w:r>')
    return "".join(parts) + run(one.text, style="LinkOfBrief") + '<w:r><w:fldChar w:fldCharType="end"/></w:r>'


def piece(one: Piece) -> str:
    """A piece of a paragraph."""
    if isinstance(one, Figure):
        return figure(one)
    return link(one) if isinstance(one, Link) else run(one)


def runs(cell: Cell, lead: str = "") -> Raw:
    """The runs of a paragraph, bold words first."""
    return Raw((run(lead, style="LeadOfBrief") if lead else "") + "".join(map(piece, cell)))


def _paragraph(cell: Cell, style: str, *, right: bool = False, keep: bool = False) -> str:
    side = '<w:jc w:val="right"/>' if right else ""
    together = "<w:keepNext/>" if keep else ""
    return f"<w:p><w:pPr><w:pStyle w:val={quoteattr(style)}/>{together}{side}</w:pPr>{''.join(map(piece, cell))}</w:p>"


def table(
    columns: Sequence[str], widths: Sequence[float], rows: Sequence[Sequence[Cell]], right: Sequence[int], style: str
) -> Raw:
    """A table as wide as the text: fixed columns, its head repeated on each page, no row torn apart."""
    twips = [round(WIDTH_TWIPS * share) for share in widths]
    grid = "".join(f'<w:gridCol w:w="{width}"/>' for width in twips)
    looks = (
        f'<w:tblPr><w:tblStyle w:val="QingyuTable"/><w:tblW w:w="{sum(twips)}" w:type="dxa"/><w:jc w:val="center"/>'
        '<w:tblLayout w:type="fixed"/><w:tblLook w:val="0420" w:firstRow="1" w:lastRow="0" w:firstColumn="0" '
        'w:lastColumn="0" w:noHBand="0" w:noVBand="1"/></w:tblPr>'
    )
    head = _row([(name,) for name in columns], twips, right, style, head=True)
    body = "".join(_row(row, twips, right, style) for row in rows)
    return Raw(f"<w:tbl>{looks}<w:tblGrid>{grid}</w:tblGrid>{head}{body}</w:tbl>")


def _row(row: Sequence[Cell], twips: Sequence[int], right: Sequence[int], style: str, *, head: bool = False) -> str:
    shade = '<w:shd w:val="clear" w:color="auto" w:fill="EEF3F5"/>' if head else ""
    cells = "".join(
        f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/>{shade}<w:vAlign w:val="center"/></w:tcPr>'
        f"{_paragraph(cell, style, right=n in right, keep=head)}</w:tc>"
        for n, (cell, width) in enumerate(zip(row, twips, strict=True))
    )
    return f"<w:tr><w:trPr><w:cantSplit/>{'<w:tblHeader/>' if head else ''}</w:trPr>{cells}</w:tr>"


def block_table(block: Table, style: str) -> Raw:
    """The XML of a table of the brief."""
    return table(block.columns, block.widths, block.rows, block.right, style)


def origins(lines: Sequence[str], style: str) -> Raw:
    """The list of origins as small paragraphs."""
    return Raw("".join(_paragraph((line,), style) for line in lines))
