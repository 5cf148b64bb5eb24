"""Wordings of 设置."""

from __future__ import annotations

TEXTS: dict[str, tuple[str, str]] = {}
