"""Wordings of 简报."""

from __future__ import annotations

TEXTS: dict[str, tuple[str, str]] = {}
