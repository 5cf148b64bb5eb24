"""A file of a brief read again: its record, and what it shows at the place of each figure."""

from __future__ import annotations

import html.parser
import io
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lxml import etree

from config.errors import RecordError
from config.text import tr
from pipeline.briefs.docx_runs import TAG
from pipeline.briefs.docx_writing import NAMESPACE
from pipeline.briefs.pdf_reading import parsed, record_of, texts_of
from pipeline.briefs.record import Carried, loaded

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
# A brief has some hundred kilobytes.
_MOST_BYTES = 100_000_000


@dataclass(frozen=True, slots=True)
class Read:
    """record: of the file; shown: figure id → what stands at each of its places."""

    record: Carried
    shown: Mapping[str, list[str]]


def read_brief(path: Path) -> Read:
    """What the file carries and shows. Raises RecordError where it is no brief of ours; OSError."""
    if path.stat().st_size > _MOST_BYTES:
        raise RecordError(tr("{p} 太大，不是简报", "{p} is too large for a brief", p=path))
    data = path.read_bytes()
    if data.startswith(b"%PDF"):
        pdf = parsed(data)
        record = loaded(record_of(pdf))
        return Read(record, texts_of(pdf, record.order))
    return _read_docx(data) if data.startswith(b"PK") else _read_html(data)


def _none(what: str) -> RecordError:
    return RecordError(
        tr(
            "这个{w}里没有数字出处：不是本程序做的简报，或出处已被删去",
            "no origins in this {w}: no brief of ours, or they were removed",
            w=what,
        )
    )


def _tree(data: bytes) -> etree._Element:
    # Nothing outside the file is read, and no entity is expanded: the file may come from anywhere.
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True)
    return etree.fromstring(data, parser)


def _read_docx(data: bytes) -> Read:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as file:
            if sum(part.file_size for part in file.infolist()) > _MOST_BYTES:
                raise _none("Word 文件")
            document = _tree(file.read("word/document.xml"))
            parts = [
                _tree(file.read(name))
                for name in file.namelist()
                if name.startswith("customXml/") and name.endswith(".xml")
            ]
    except (zipfile.BadZipFile, KeyError, etree.XMLSyntaxError, ValueError) as error:
        raise _none("Word 文件") from error
    ours = [part for part in parts if part.tag == f"{{{NAMESPACE}}}brief"]
    if not ours:
        raise _none("Word 文件")
    record = loaded("".join(ours[0].itertext()))
    return Read(record, _by_name(_controls(document), record.order))


def _controls(document: etree._Element) -> list[tuple[str, str]]:
    """Tag ("" without one) and text of each content control, in the order of the text."""
    found = []
    for control in document.iter(f"{_W}sdt"):
        tag = control.find(f"{_W}sdtPr/{_W}tag")
        texts = control.iterfind(f"{_W}sdtContent//{_W}t")
        found.append((tag.get(f"{_W}val", "") if tag is not None else "", "".join(text.text or "" for text in texts)))
    return found


def _by_name(controls: Sequence[tuple[str, str]], order: Sequence[str]) -> dict[str, list[str]]:
    """The texts by the id of their figure. Older LibreOffice keeps the controls and forgets their tags; then their order
    tells. Raises RecordError where it cannot: then nobody knows which text is which figure."""
    named = [(tag.removeprefix(TAG), text) for tag, text in controls if tag.startswith(TAG)]
    if not named and order:
        if len(controls) != len(order):
            message = tr(
                "正文里的数字标记已被别的程序去掉，认不出哪个是哪个；请用原来的文件核对",
                "another program removed the marks of the figures: nobody can tell which is which; verify the file as it was",
            )
            raise RecordError(message)
        named = [(name, text) for name, (_, text) in zip(order, controls, strict=True)]
    found: dict[str, list[str]] = {}
    for name, text in named:
        found.setdefault(name, []).append(text)
    return found


class _Page(html.parser.HTMLParser):
    """Collects the record and the text of each figure."""

    def __init__(self) -> None:
        super().__init__()
        self.record: list[str] = []
        self.shown: dict[str, list[str]] = {}
        self._into: list[str] | None = None
        self._figure = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag == "template" and values.get("id") == "qingyu-brief":
            self._into = self.record
        elif tag == "data" and values.get("data-figure"):
            self._figure, self._into = str(values["data-figure"]), []

    def handle_data(self, data: str) -> None:
        if self._into is not None:
            self._into.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "data" and self._figure:
            self.shown.setdefault(self._figure, []).append("".join(self._into or []))
        if tag in ("data", "template"):
            self._figure, self._into = "", None


def _read_html(data: bytes) -> Read:
    page = _Page()
    page.feed(data.decode("utf-8", "replace"))
    page.close()
    if not page.record:
        raise _none("文件")
    return Read(loaded("".join(page.record)), page.shown)
