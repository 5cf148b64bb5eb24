"""Passwords: argon2id hashes (RFC 9106, the parameters of argon2-cffi), and which passwords are taken.

Length counts and nothing else is demanded of the signs in it (NIST SP 800-63B): what is refused is what is guessed first.
"""

from __future__ import annotations

import secrets
import unicodedata
from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from config.errors import ConfigError
from config.text import tr

LONGEST = 200
_ROWS = ("0123456789", "abcdefghijklmnopqrstuvwxyz", "qwertyuiop", "asdfghjkl", "zxcvbnm", "1qaz2wsx3edc4rfv5tgb")
# Without signs that are taken for each other when read aloud or copied by hand.
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
_GUESSED = ("password", "passw0rd", "admin", "administrator", "qingyu", "welcome", "letmein", "iloveyou", "woaini")
_hasher = PasswordHasher()


def hashed(password: str) -> str:
    """The hash to keep."""
    return _hasher.hash(_plain(password))


def right(kept: str, password: str) -> bool:
    """Whether that is the password. Without a hash (no such account, one without password) it takes as long, and is no."""
    known = bool(kept)
    try:
        _hasher.verify(kept or _nobody(), _plain(password)[:LONGEST])
    except (VerificationError, InvalidHashError):
        return False
    return known


def outdated(kept: str) -> bool:
    """Whether the hash was made with weaker parameters than those of today."""
    return _hasher.check_needs_rehash(kept)


def check(password: str, *, name: str, least: int) -> None:
    """Nothing where the password may be taken. Raises ConfigError that says what to change."""
    plain = _plain(password)
    low = plain.lower()
    if len(plain) < least:
        raise ConfigError(tr("密码至少 {n} 个字符", "a password has {n} characters at least", n=least))
    if len(plain) > LONGEST:
        raise ConfigError(tr("密码最多 {n} 个字符", "a password has {n} characters at most", n=LONGEST))
    if name.lower() in low and len(low.replace(name.lower(), "")) <= least // 2:
        raise ConfigError(tr("密码不要由账户名构成", "the password must not be made of the name of the account"))
    if len(set(low)) < 5:
        raise ConfigError(tr("密码里不同的字符太少", "the password has too few different characters"))
    rest = low
    for word in _GUESSED:
        rest = rest.replace(word, "")
    if _in_a_row(low) > len(low) // 2 or len(rest) < least // 2:
        message = tr(
            "这个密码太容易猜到；用几个不相干的词或一句话",
            "this password is guessed easily; use some words or a sentence",
        )
        raise ConfigError(message)


def made() -> str:
    """A password for the first sign-in: four groups of four signs, 79 bits."""
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(4)) for _ in range(4))


def _plain(password: str) -> str:
    return unicodedata.normalize("NFKC", password)


@lru_cache(maxsize=1)
def _nobody() -> str:
    return _hasher.hash(secrets.token_hex(16))


def _in_a_row(text: str) -> int:
    """How many signs stand in runs of four or more as they lie on a keyboard or in a row, either way round."""
    rows = [*_ROWS, *(row[::-1] for row in _ROWS)]
    covered: set[int] = set()
    for start in range(len(text) - 3):
        if any(text[start : start + 4] in row for row in rows):
            covered.update(range(start, start + 4))
    return len(covered)
