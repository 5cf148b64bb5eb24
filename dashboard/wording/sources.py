"""Wordings of 来源."""

from __future__ import annotations

TEXTS: dict[str, tuple[str, str]] = {}
