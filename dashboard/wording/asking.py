"""Wordings of 检索."""

from __future__ import annotations

TEXTS: dict[str, tuple[str, str]] = {}
