"""Wordings of 趋势."""

from __future__ import annotations

TEXTS: dict[str, tuple[str, str]] = {}
