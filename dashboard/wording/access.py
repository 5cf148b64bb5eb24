"""Wordings of accounts, sign-in, the audit."""

from __future__ import annotations

TEXTS: dict[str, tuple[str, str]] = {}
