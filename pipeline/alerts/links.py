"""Links in alerts: signed ones that acknowledge, and those to the dashboard."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode

from config.errors import ConfigError
from config.project import Project
from config.text import tr
from pipeline.query.times import SHANGHAI

# Where the health server answers; the one path a proxy has to let through.
ACK_PATH = "/alerts/ack"
_KEY_BYTES = 32
_MAC_BYTES = 16
_MOST_TOKEN = 200


@dataclass(frozen=True, slots=True)
class Claim:
    """What a valid token says: the parcel it stands in, and until when it is good (seconds since 1970)."""

    parcel_id: str
    expires: int


def link_key(project: Project) -> bytes:
    """The secret that signs links, kept beside the key of pseudonyms with mode 600; made when it is first needed.

    A new one makes old links invalid and harms nothing else. Raises ConfigError where it cannot be read.
    """
    path = project.key_file.with_name("links.key")
    try:
        if not path.exists():
            _make(path)
        key = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except (OSError, ValueError) as error:
        raise ConfigError(_unreadable(path)) from error
    if len(key) < _KEY_BYTES:
        raise ConfigError(_unreadable(path))
    return key


def _unreadable(path: Path) -> str:
    return tr(
        "确认链接的密钥 {p} 读不了；检查属主与权限，或删去它（旧链接随之失效）",
        "the key of acknowledging links {p} cannot be read; see owner and mode, or remove it (old links end with it)",
        p=path,
    )


def _make(path: Path) -> None:
    """Whole or not at all, and of two that make it at once one wins."""
    path.parent.mkdir(mode=0o700, exist_ok=True)
    draft = path.with_name(f".links.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secrets.token_hex(_KEY_BYTES) + "\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def token_of(parcel_id: str, until: datetime, key: bytes) -> str:
    """A token that acknowledges what stands in a parcel, good until `until`."""
    body = f"{parcel_id}.{int(until.timestamp())}"
    return f"{body}.{_mac(body, key)}"


def claim_of(token: str, now: datetime, key: bytes) -> Claim | None:
    """What `token` says; None where it is not ours or no longer good."""
    if len(token) > _MOST_TOKEN or not token.isascii():
        return None
    body, _, given = token.rpartition(".")
    if not hmac.compare_digest(_mac(body, key), given):
        return None
    parcel_id, _, until = body.rpartition(".")
    claim = Claim(parcel_id, int(until))
    return claim if now.timestamp() < claim.expires else None


def _mac(body: str, key: bytes) -> str:
    digest = hmac.new(key, f"acknowledge\x1f{body}".encode(), hashlib.sha256).digest()[:_MAC_BYTES]
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def ack_link(project: Project, parcel_id: str, made_at: datetime) -> str:
    """The address by which a parcel is acknowledged; "" where settings name none."""
    alerts = project.settings.alerts
    if not alerts.link_url:
        return ""
    token = token_of(parcel_id, made_at + timedelta(days=alerts.link_days), link_key(project))
    return f"{alerts.link_url}{ACK_PATH}?{urlencode({'t': token})}"


def search_link(base: str, query: str, since: datetime, until: datetime) -> str:
    """The dashboard's search for what an alert counted; "" where settings name no address, or the query is too long."""
    if not base or len(query) > 2000:
        return ""
    last = (until - timedelta(microseconds=1)).astimezone(SHANGHAI).date()
    first = min(since.astimezone(SHANGHAI).date(), last)
    return f"{base}/search?{urlencode({'q': query, 'from': first.isoformat(), 'to': last.isoformat()})}"
