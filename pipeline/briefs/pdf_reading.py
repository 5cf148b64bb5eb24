"""What a PDF made here carries, and what it shows: the attached record, and the text at each link to a figure's origin.

It reads what typst writes (plain objects, Flate streams, tagged links, ToUnicode maps), not every PDF there is: one that was
saved anew by another program may have lost the attachment, and then that is what is said.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

from config.errors import RecordError
from config.text import tr

_OBJECT = re.compile(rb"(?:^|\s)(\d{1,7}) 0 obj\b(.*?)\bendobj", re.S)
_STREAM = re.compile(rb"stream\r?\n(.*?)\r?\n?endstream", re.S)
_MARKED = re.compile(rb"<</MCID (\d+)>>\s*BDC(.*?)\bEMC", re.S)
_TEXT = rb"\((?:\\.|[^\\)])*\)|<[0-9a-fA-F]*>"
_FONT_OR_TEXT = re.compile(
    rb"/(\w+)\s+[\d.]+\s+Tf|\[((?:[^\[\]\\()<>]|" + _TEXT + rb")*)\]\s*TJ|(?:" + _TEXT + rb")\s*Tj", re.S
)
_STRING = re.compile(rb"\(((?:\\.|[^\\)])*)\)|<([0-9a-fA-F]*)>", re.S)
_ESCAPED = re.compile(rb"\\([0-7]{1,3}|.)", re.S)
_PAIR = re.compile(rb"<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>")
_PLAIN = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}
# A brief has some hundred kilobytes; a stream that grows beyond this is no brief of ours.
_MOST = 50_000_000


@dataclass(frozen=True, slots=True)
class Pdf:
    """Objects of a file by number: the dictionary, and the stream unpacked (empty without one)."""

    heads: dict[int, bytes]
    streams: dict[int, bytes]


def parsed(data: bytes) -> Pdf:
    """The objects of a file."""
    heads, streams = {}, {}
    for found in _OBJECT.finditer(data):
        body = found[2]
        held = _STREAM.search(body)
        number = int(found[1])
        heads[number] = body[: held.start()] if held else body
        streams[number] = _unpacked(heads[number], held[1]) if held else b""
    return Pdf(heads, streams)


def _unpacked(head: bytes, raw: bytes) -> bytes:
    if b"/FlateDecode" not in head or b"/Subtype/Image" in head:
        return raw
    try:
        return zlib.decompressobj().decompress(raw, _MOST)
    except zlib.error:
        return b""


def record_of(pdf: Pdf) -> str:
    """The attached record. Raises RecordError where there is none."""
    for number, head in pdf.heads.items():
        if b"/EmbeddedFile" in head and b"/EmbeddedFiles" not in head:
            text = pdf.streams[number].decode("ascii", "replace")
            if text.startswith('{"qingyu_brief"'):
                return text
    message = tr(
        "这个 PDF 里没有数字出处：不是本程序做的，或被别的程序另存过",
        "no origins in this PDF: not ours, or saved anew by another program",
    )
    raise RecordError(message)


def texts_of(pdf: Pdf, order: Sequence[str]) -> dict[str, list[str]]:
    """The text at each link to a figure's origin, by the figure's id. order: ids as they follow each other in the text.

    Raises RecordError where the file has more or fewer such links than the record says: text was taken out or put in.
    """
    pages = {number: _marked(pdf, head) for number, head in pdf.heads.items() if re.search(rb"/Type\s*/Page\b", head)}
    links = [head for _, head in sorted(pdf.heads.items()) if b"/S/Link" in head and _within(pdf, head)]
    if len(links) != len(order):
        message = tr(
            "这个 PDF 的正文与所带的记录对不上：被改动过",
            "the text of this PDF does not go with its record: it was altered",
        )
        raise RecordError(message)
    found: dict[str, list[str]] = {}
    for name, head in zip(order, links, strict=True):
        found.setdefault(name, []).append("".join(_kids(head, int(_first(rb"/Pg (\d+) 0 R>>\s*$", head) or 0), pages)))
    return found


def _kids(head: bytes, page: int, pages: dict[int, dict[int, str]]) -> list[str]:
    """The texts of a structure element; a link that is torn by a page's end has marks on both pages."""
    listed = head[head.find(b"/K") :]
    texts = []
    for kid in re.finditer(rb"<<([^<>]*?/MCID (\d+)[^<>]*?)>>|<<[^<>]*>>|/Pg \d+ 0 R|\b(\d+) 0 R|\b(\d+)\b", listed):
        if kid[2]:
            texts.append(pages.get(int(_first(rb"/Pg (\d+)", kid[1]) or page), {}).get(int(kid[2]), ""))
        elif kid[4]:
            texts.append(pages.get(page, {}).get(int(kid[4]), ""))
    return texts


def _within(pdf: Pdf, head: bytes) -> bool:
    """Whether a link leads to a place within the file, as those of figures do."""
    annotation = _first(rb"/Obj (\d+) 0 R", head)
    return b"/Dest" in pdf.heads.get(int(annotation or 0), b"")


def _first(pattern: bytes, text: bytes) -> bytes | None:
    found = re.search(pattern, text)
    return found[1] if found else None


def _marked(pdf: Pdf, page: bytes) -> dict[int, str]:
    """The text of each marked piece of a page."""
    maps = _maps(pdf, page)
    content = pdf.streams.get(int(_first(rb"/Contents (\d+) 0 R", page) or 0), b"")
    return {int(piece[1]): _shown(piece[2], maps) for piece in _MARKED.finditer(content)}


def _maps(pdf: Pdf, page: bytes) -> dict[bytes, dict[int, str]]:
    """What the glyphs of each font of a page mean."""
    resources = pdf.heads.get(int(_first(rb"/Resources (\d+) 0 R", page) or 0), page)
    fonts = _first(rb"/Font\s*<<(.*?)>>", resources) or b""
    found = {}
    for name, number in re.findall(rb"/(\w+) (\d+) 0 R", fonts):
        to_unicode = _first(rb"/ToUnicode (\d+) 0 R", pdf.heads.get(int(number), b""))
        found[name] = _glyphs(pdf.streams.get(int(to_unicode or 0), b""))
    return found


def _glyphs(cmap: bytes) -> dict[int, str]:
    meant = {}
    for part in re.findall(rb"beginbfchar(.*?)endbfchar", cmap, re.S):
        for code, text in _PAIR.findall(part):
            meant[int(code, 16)] = bytes.fromhex(text.decode("ascii")).decode("utf-16-be", "replace")
    return meant


def _shown(content: bytes, maps: dict[bytes, dict[int, str]]) -> str:
    glyphs: dict[int, str] = {}
    text = []
    for found in _FONT_OR_TEXT.finditer(content):
        if found[1]:
            glyphs = maps.get(found[1], {})
            continue
        for string in _STRING.finditer(found[0]):
            codes = bytes.fromhex(string[2].decode("ascii")) if string[2] is not None else _bytes_of(string[1])
            text += [glyphs.get(int.from_bytes(codes[n : n + 2], "big"), "") for n in range(0, len(codes), 2)]
    return "".join(text)


def _bytes_of(escaped: bytes) -> bytes:
    def plain(found: re.Match[bytes]) -> bytes:
        sign = found[1]
        return bytes([int(sign, 8) & 255]) if sign[:1].isdigit() else _PLAIN.get(sign, sign)

    return _ESCAPED.sub(plain, escaped)
