"""Wordings of 清单."""

from __future__ import annotations

TEXTS: dict[str, tuple[str, str]] = {}
