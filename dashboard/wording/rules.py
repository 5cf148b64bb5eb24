"""Wordings of rules on 预警."""

from __future__ import annotations

TEXTS: dict[str, tuple[str, str]] = {}
