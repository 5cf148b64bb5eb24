"""Wordings of 话题与事件."""

from __future__ import annotations

TEXTS: dict[str, tuple[str, str]] = {}
