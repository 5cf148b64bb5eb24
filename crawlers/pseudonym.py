"""Keyed pseudonyms of authors: they tell voices apart within a month and a source, and lead back to nobody."""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")
_DIGITS = 16


def pseudonym(author: str, *, source: str, at: datetime, key: bytes) -> str:
    """16 hex digits for an author in the month (Asia/Shanghai) of `at`; "" for no author.

    HMAC-SHA256 (RFC 2104) under `key`, so names cannot be tried out without it; the month rotates it, so no one can be
    followed for longer.
    """
    name = author.strip()
    if not name:
        return ""
    month = at.astimezone(SHANGHAI).strftime("%Y-%m")
    message = f"{month}\x1f{source}\x1f{name}".encode("utf-8", "replace")
    return hmac.new(key, message, hashlib.sha256).hexdigest()[:_DIGITS]
