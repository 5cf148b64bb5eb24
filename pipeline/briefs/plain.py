"""The words of a brief's file, for places that show text alone."""

from __future__ import annotations

import html.parser
import io
import zipfile

from lxml import etree

from config.errors import RecordError
from config.text import tr

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_BREAKS = {"p", "h1", "h2", "h3", "h4", "h5", "tr", "li", "blockquote", "figcaption", "caption", "section"}
_UNSHOWN = {"style", "script", "template", "title", "head"}


def plain_text(data: bytes, kind: str) -> str:
    """The paragraphs of a docx or html, each a line; of a pdf a sentence that says to open it. Raises RecordError."""
    if kind == "docx":
        return _docx(data)
    if kind == "html":
        return _html(data)
    return tr("这一份只有 PDF，请下载后打开。", "There is a PDF only: download and open it.")


def _docx(data: bytes) -> str:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as whole:
            parser = etree.XMLParser(resolve_entities=False, no_network=True)
            root = etree.fromstring(whole.read("word/document.xml"), parser)
    except (zipfile.BadZipFile, KeyError, etree.XMLSyntaxError) as error:
        raise RecordError(tr("Word 文件已损坏，请重做一份", "the Word file is damaged; make it again")) from error
    lines = ("".join(text.text or "" for text in one.iter(f"{_W}t")) for one in root.iter(f"{_W}p"))
    return "\n".join(line for line in lines if line.strip())


def _html(data: bytes) -> str:
    page = _Words()
    page.feed(data.decode("utf-8", "replace"))
    page.close()
    return "\n".join(line for line in "".join(page.words).splitlines() if line.strip())


class _Words(html.parser.HTMLParser):
    """Collects what a reader would see."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._hidden += tag in _UNSHOWN
        if tag in _BREAKS:
            self.words.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in _UNSHOWN and self._hidden > 0

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.words.append(" ".join(data.split()))
