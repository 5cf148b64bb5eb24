"""Web text made harmless for headers, mails and chat rooms. It is text, never markup, and one line stays one line."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import urlsplit

# What has no width or turns the direction of reading, and so can hide or forge what a reader sees.
_INVISIBLE = re.compile(
    "[\u00ad\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\ufff0-\ufffb\U000e0000-\U000e0fff]"
)
_SPACES = re.compile(r"\s+")
_ADDRESS = re.compile(r"([A-Za-z0-9._%+-])[A-Za-z0-9._%+-]*@([A-Za-z0-9.-]+)")
_WEB_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*://\S+", re.I)
# Signs that Markdown of 企业微信, 钉钉 and 飞书 reads, and what mentions people, as their full-width likenesses: those stand for
# themselves everywhere, while a backslash is shown as it is where a message is plain text.
_MARKUP = str.maketrans({sign: chr(ord(sign) + 0xFEE0) for sign in "*_`~#[]()<>|\\!@&{}"})
# Combining signs heaped on a letter run over the lines around it.
_MOST_MARKS = 3


def line(text: object, most: int = 200) -> str:
    """`text` in one line of at most `most` characters (≥ 1), without control, invisible and direction characters.

    What looks like an encoded word (RFC 2047) is broken, since a header would have it decoded.
    """
    # Cut before the work, so that a text of megabytes costs no more than a long one.
    raw = str(text)[: most * 8 + 1000]
    kept = _without_heaps("".join(c if _shown(c) else " " for c in _INVISIBLE.sub("", raw)))
    one = _SPACES.sub(" ", kept).strip().replace("=?", "= ?")
    return one if len(one) <= most else one[: most - 1].rstrip() + "…"


def quotation(text: object, most: int) -> str:
    """`text` as a quotation of at most `most` characters: as `line`, but paragraphs stay apart."""
    paragraphs = (line(part, most) for part in str(text)[: most * 8 + 1000].splitlines())
    whole = "\n".join(part for part in paragraphs if part)
    return whole if len(whole) <= most else whole[: most - 1].rstrip() + "…"


def chat(text: object, most: int = 80) -> str:
    """`text` for a chat room: as `line`, no Markdown, mention or link in it taken for one."""
    return line(text, most).replace("://", "：//").translate(_MARKUP)


def web_link(url: object) -> str:
    """`url` where it is a plain address of the web, "" for anything else (javascript:, data:, a login in it)."""
    text = str(url)
    if (
        len(text) > 2000
        or not text.isascii()
        or any(c.isspace() or not c.isprintable() or c in "<>\"'`\\" for c in text)
    ):
        return ""
    try:
        parts = urlsplit(text)
    except ValueError:
        return ""
    good = parts.scheme in {"http", "https"} and bool(parts.hostname) and "@" not in parts.netloc
    return text if good else ""


def masked(text: str) -> str:
    """`text` with every mail address in it masked: z***@example.gov.cn."""
    return _ADDRESS.sub(r"\1***@\2", text)


def said(text: str) -> str:
    """What a server said, for the log and the store: a line, addresses masked and web addresses left out (they hold keys)."""
    return masked(_WEB_ADDRESS.sub("…", line(text, 300)))


def storable(text: str) -> str:
    """`text` as every database takes it: no lone surrogates, no NUL."""
    return text.encode("utf-8", "replace").decode("utf-8").replace("\0", "\ufffd")


def _shown(character: str) -> bool:
    return unicodedata.category(character) not in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def _without_heaps(text: str) -> str:
    kept: list[str] = []
    heap = 0
    for character in text:
        heap = heap + 1 if unicodedata.combining(character) else 0
        if heap <= _MOST_MARKS:
            kept.append(character)
    return "".join(kept)
