"""Canonical URLs: one page, one address, so that it is fetched once and its post keeps one id."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import unquote, urljoin, urlsplit

MAX_CHARS = 8_192  # longer addresses are traps; servers refuse them
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_PATH = _UNRESERVED | frozenset("!$&'()*+,;=:@/")
_QUERY = _PATH | frozenset("?[]")
_HEX = frozenset("0123456789abcdefABCDEF")
_HOST = re.compile(r"[a-z0-9_](?:[a-z0-9._-]*[a-z0-9_])?")
_JSESSION = re.compile(r";(?:jsessionid|phpsessid)=[^/;]*", re.I)
_PORTS = {"http": 80, "https": 443}
_EDGE = "".join(map(chr, range(0x21))) + "\u3000\xa0\ufeff\u200b"

# Where a visitor came from, and who the visit is: never which page it is.
_SESSIONS = ("phpsessid", "jsessionid", "sessionid", "session_id")
_CLICKS = (
    "spm",
    "replytocom",
    "gclid",
    "fbclid",
    "msclkid",
    "yclid",
    "dclid",
    "igshid",
    "mc_cid",
    "mc_eid",
    "bd_vid",
    "_ga",
)
_SHARES = ("share_from", "share_source", "share_medium", "share_token", "isappinstalled", "nsukey")
_DROPPED = frozenset((*_SESSIONS, *_CLICKS, *_SHARES))
_DROPPED_PREFIXES = ("utm_", "aspsessionid", "hmsr", "hmpl", "hmcu", "hmkw", "hmci")
_SESSION_VALUE = re.compile(r"(?=.*[a-z_-])[\w,-]{6,}|\d{16,}|", re.I)


def canonical_url(url: str, base: str | None = None) -> str:
    """The one address of the page `url` names, seen from the page `base`.

    Absolute; scheme and host in lower case, IDNA, no default port, no fragment, no dot segments; percent-encoding in its one
    normal form (UTF-8); tracking and session parameters off, the others in their order. Idempotent.
    `sid` goes only where its value looks like a session, `from` only where its value holds no digit: elsewhere they tell
    pages apart (a section, an offset, a day).
    Raises: ValueError for anything but http(s), without a host, with a login, or longer than 8,192 characters.
    """
    plain = url.strip(_EDGE)
    if len(plain) > MAX_CHARS:
        raise ValueError("the address is too long")
    plain = re.sub(r"[\t\r\n]", "", plain)
    before, mark, rest = plain.partition("?")
    plain = before.replace("\\", "/") + mark + rest  # as browsers do
    parts = urlsplit(urljoin(base, plain) if base else plain)
    scheme = parts.scheme.lower()
    if scheme not in _PORTS:
        raise ValueError(f"not an http(s) address: {plain[:80]!r}")
    if "@" in parts.netloc:
        raise ValueError("an address with a login is not public")
    host, port = _host(parts.hostname or ""), parts.port
    if port == 0:
        raise ValueError("port 0 cannot be asked")
    where = host if port is None or port == _PORTS[scheme] else f"{host}:{port}"
    path = _without_dots(_JSESSION.sub("", _percent(parts.path, _PATH))) or "/"
    query = _query(parts.query)
    result = f"{scheme}://{where}{path}" + (f"?{query}" if query else "")
    if len(result) > MAX_CHARS:
        raise ValueError("the address is too long")
    return result


def _host(name: str) -> str:
    if ":" in name:
        return f"[{ipaddress.IPv6Address(name).compressed}]"
    plain = name.lower()
    if not plain.isascii():
        plain = plain.encode("idna").decode("ascii")  # UnicodeError is a ValueError
    plain = plain.removesuffix(".")
    if not _HOST.fullmatch(plain) or ".." in plain:
        raise ValueError(f"no host: {name[:80]!r}")
    return plain


def _percent(text: str, allowed: frozenset[str]) -> str:
    """`text` with unreserved characters plain and all others than `allowed` as %XX in capitals; a stray % becomes %25."""
    if text.isascii() and "%" not in text and allowed.issuperset(text):
        return text
    out, i = [], 0
    while i < len(text):
        c = text[i]
        if c == "%" and len(text) > i + 2 and text[i + 1] in _HEX and text[i + 2] in _HEX:
            plain = chr(int(text[i + 1 : i + 3], 16))
            out.append(plain if plain in _UNRESERVED else text[i : i + 3].upper())
            i += 3
            continue
        out.append(c if c in allowed else "".join(f"%{b:02X}" for b in c.encode("utf-8", "replace")))
        i += 1
    return "".join(out)


def _without_dots(path: str) -> str:
    """RFC 3986, 5.2.4."""
    if "/." not in path:
        return path
    kept: list[str] = []
    segments = path.split("/")
    for index, segment in enumerate(segments):
        last = index == len(segments) - 1
        if segment == "..":
            if len(kept) > 1:
                kept.pop()
            if last:
                kept.append("")
        elif segment == ".":
            if last:
                kept.append("")
        else:
            kept.append(segment)
    return "/".join(kept)


def _query(query: str) -> str:
    pieces = (p for p in query.split("&") if p)
    return "&".join(p for p in (_percent(piece, _QUERY) for piece in pieces) if not _is_noise(p))


def _is_noise(piece: str) -> bool:
    raw, _, value = piece.partition("=")
    name = unquote(raw).lower()
    if name in _DROPPED or name.startswith(_DROPPED_PREFIXES):
        return True
    if name == "sid":
        return _SESSION_VALUE.fullmatch(value) is not None
    return name == "from" and not any(c.isdigit() for c in unquote(value))
