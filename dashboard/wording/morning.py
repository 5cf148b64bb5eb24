"""Wordings of 今日."""

from __future__ import annotations

TEXTS: dict[str, tuple[str, str]] = {}
