"""Bytes of a web page or feed as text, whatever was declared and whatever is true.

Order of trust: a byte-order mark, then the source's declaration, the HTTP header, the page's own declaration, detection.
Declarations are checked: pages sent as UTF-8 that are GB18030 (and the reverse) are common, so a declared encoding that
does not decode, or that decodes to characters nobody writes, gives way to the one that reads best.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping
from functools import cache

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# Labels as browsers read them (WHATWG Encoding): GB2312 and GBK are subsets of GB18030, "latin-1" is windows-1252.
_SUPERSET = {"gb2312": "gb18030", "gbk": "gb18030", "hz": "gb18030", "big5": "big5hkscs", "cp950": "big5hkscs"}
_SUPERSET |= {"iso8859-1": "cp1252", "ascii": "cp1252", "euc_kr": "cp949", "shift_jis": "cp932", "utf-8-sig": "utf-8"}
_ALIAS = {
    "x-gbk": "gb18030",
    "gb_2312-80": "gb18030",
    "gb_2312": "gb18030",
    "x-x-big5": "big5hkscs",
    "utf8mb4": "utf-8",
}
# Codecs that are no encodings of web pages (rot13, base64 … are no text encodings at all).
_NO_ENCODINGS = {"utf_7", "idna", "punycode", "raw_unicode_escape", "unicode_escape", "undefined", "mbcs", "oem"}
_CHARSET = re.compile(r"charset\s*=\s*[\"']?\s*([\w:.-]+)", re.I)
_META = re.compile(rb"<meta\b[^>]{0,400}?charset\s*=\s*[\"']?\s*([\w:.-]+)", re.I)
_XML = re.compile(rb"\s*<\?xml\b[^>]{0,200}?encoding\s*=\s*[\"']\s*([\w:.-]+)", re.I)
_COMMENT = re.compile(rb"<!--.*?-->", re.S)
_DIRT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufeff\ufffe\uffff]")
_OTHER_SCRIPT = re.compile(r"[^\x00-\x7f]+")
_ASCII = bytes(range(128))
_HEAD = 4096  # declarations stand in the first 4 KB
_SAMPLE = 4_000  # characters outside ASCII that are judged: enough to be sure, little to count
_FEW = 64  # below so many bytes outside ASCII, bytes of GB18030 can be valid UTF-8 by chance (联通 is)
# How much better another encoding must read before a declaration that decodes without error gives way.
_TRUST = 0.5

# The commonest characters of Chinese, simplified and traditional: two of five in any text, one of fifty in a wrong reading.
_FREQUENT = frozenset(
    "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里用道行所然家种事成方多"
    "经么去法学如都同现当没动面起看定天分还进好小部其些主样理心她本前开但因只从想实日军者意无力它与长把机十民第公此已工使情明性知"
    "全三又关点正业外将两高间由问很最重并物手应战向头文体政美相见被利什二等产新己制身果加西斯月话合回特代内信表化老给世位次度门任"
    "常先海通教儿原东声提立及比员解水名真论处走义各入几口认条平系气题活尔更别打女变四神总何电数安少报才结反受目太量再感建务做接必"
    "場這個們來為國時說會對後過發經學現當沒動還進樣實無從與長機關點業將兩間問應戰頭體見產給話內門東聲員題變總電數報結認幾"
    "，。！？、：；“”（）《》"
)  # fmt: skip


def decode_body(body: bytes, *, headers: Mapping[str, str], declared: str | None = None) -> str:
    """`body` as text: no NUL, no other control characters than tab and line ends, no lone surrogates, no byte-order mark.

    headers: of the response, lower-case names; declared: what the source's declaration says, or None. Bytes that no encoding
    explains become U+FFFD. Never raises.
    """
    for mark, encoding in _BOMS:
        if body.startswith(mark):
            return clean(body[len(mark) :].decode(encoding, "replace"))
    hints = _hints(body, headers, declared)
    if (wide := _wide(body, hints)) is not None:
        return clean(body.decode(wide, "replace"))
    return clean(_decode(body, [h for h in hints if not h.startswith(("utf-16", "utf-32"))]))


def clean(text: str) -> str:
    """`text` without NUL, control characters (but tab and line ends), lone surrogates and non-characters."""
    return _DIRT.sub("", text)


def encoding_name(label: str) -> str | None:
    """The codec a declared label means, wide enough for what such pages hold; None for an unknown one."""
    plain = label.strip().strip("\"'").lower()
    if plain in _ALIAS:
        return _ALIAS[plain]
    try:
        info = codecs.lookup(plain)
    except (LookupError, ValueError):
        return None
    if not info._is_text_encoding or info.name.replace("-", "_") in _NO_ENCODINGS:
        return None
    return _SUPERSET.get(info.name, info.name)


def _hints(body: bytes, headers: Mapping[str, str], declared: str | None) -> list[str]:
    head = _COMMENT.sub(b"", body[:_HEAD])
    labels = [declared or ""]
    if found := _CHARSET.search(headers.get("content-type", "")):
        labels.append(found[1])
    for pattern in (_XML, _META):
        inside = pattern.match(head) if pattern is _XML else pattern.search(head)
        if inside:
            labels.append(inside[1].decode("ascii", "replace"))
    named = [encoding_name(label) for label in labels if label]
    return list(dict.fromkeys(n for n in named if n))


def _wide(body: bytes, hints: list[str]) -> str | None:
    """UTF-16 without a mark: markup in it has a NUL in every other byte; text alone only where it is declared."""
    sample = body[:2048]
    if len(sample) < 4:
        return None
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    half = len(sample) // 2
    if odd > 0.3 * half and even < 0.05 * half:
        return "utf-16-le"
    if even > 0.3 * half and odd < 0.05 * half:
        return "utf-16-be"
    said = next((h for h in hints if h.startswith("utf-16")), None)
    if said is None or _strict(body, "utf-8") is not None:
        return None
    return "utf-16-be" if said == "utf-16-be" else "utf-16-le"


def _decode(body: bytes, hints: list[str]) -> str:
    if body.isascii():
        return body.decode("ascii")
    return _best(body, hints)[1]


def _best(body: bytes, hints: list[str]) -> tuple[str, str]:
    """The encoding that explains `body` best, and the text it gives."""
    utf8 = _strict(body, "utf-8")
    few = len(body.translate(None, _ASCII)) < _FEW
    if utf8 is not None and (not few or not hints or hints[0] == "utf-8"):
        return "utf-8", utf8  # so many bytes are valid UTF-8 only where they are UTF-8
    if utf8 is None and _mostly_utf8(repaired := body.decode("utf-8", "replace")):
        return "utf-8", repaired
    best, text, best_score = "utf-8", "", float("-inf")
    for encoding in dict.fromkeys([*hints, "utf-8", "gb18030", "big5hkscs"]):
        read = _strict(body, encoding)
        if read is None:
            read = body.decode(encoding, "replace")
        score = readability(read) + (_TRUST if encoding in hints else 0.0)
        if score > best_score:
            best, text, best_score = encoding, read, score
    return best, text


def _mostly_utf8(text: str) -> bool:
    """True where whole three-byte sequences outnumber the faults two to one: in GB18030 or Big5 they are rare accidents."""
    faults = text.count("\ufffd")
    whole = (
        sum(1 for c in text[:200_000] if "\u0800" <= c <= "\uffef" and c != "\ufffd") if faults < len(text) / 3 else 0
    )
    return whole >= 2 * faults


def sniff_encoding(sample: bytes) -> str:
    """The codec of a file without declarations, from its beginning; byte-order marks are not part of what it decodes.

    sample: whole lines, or the whole file: a character cut in half counts against its encoding.
    """
    for mark, encoding in _BOMS:
        if sample.startswith(mark):
            return {"utf-8": "utf-8-sig"}.get(encoding, encoding.removesuffix("-le").removesuffix("-be"))
    return _wide(sample, []) or _best(sample, [])[0]


def _strict(body: bytes, encoding: str) -> str | None:
    try:
        return body.decode(encoding)
    except (UnicodeError, LookupError):
        return None


def readability(text: str) -> float:
    """How much `text` looks like Chinese somebody wrote, about −10 … 4: frequent characters count most, level-1 characters
    of GB2312 and Big5 some, replacement and private characters against it. 0 for text without any but ASCII."""
    length, weight = 0, 0.0
    for found in _OTHER_SCRIPT.finditer(text):
        run = found[0][: _SAMPLE - length]
        length += len(run)
        weight += sum(_weight(c) for c in run)
        if length >= _SAMPLE:
            break
    return weight / length if length else 0.0


def _weight(c: str) -> float:
    if c in _FREQUENT:
        return 4.0
    if c == "\ufffd" or "\ue000" <= c <= "\uf8ff" or "\x80" <= c <= "\x9f":
        return -10.0
    return 1.0 if c in _level1() else -0.5


@cache
def _level1() -> frozenset[str]:
    """The 3,755 commonest simplified and 5,401 commonest traditional characters, as their standards order them."""
    gb = bytes(b for high in range(0xB0, 0xD8) for low in range(0xA1, 0xFF) for b in (high, low))
    lows = [*range(0x40, 0x7F), *range(0xA1, 0xFF)]
    big5 = bytes(b for high in range(0xA4, 0xC7) for low in lows for b in (high, low))
    return frozenset(gb.decode("gb2312", "ignore")) | frozenset(big5.decode("big5", "ignore"))
