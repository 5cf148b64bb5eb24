"""The head of a brief in words."""

from __future__ import annotations

from pipeline.briefs.model import Brief
from pipeline.briefs.periods import day_told
from pipeline.query.times import SHANGHAI


def issue_line(brief: Brief) -> str:
    """〔2026〕第 12 期."""
    return f"〔{brief.year}〕第 {brief.number} 期"


def made_day(brief: Brief) -> str:
    """The day it was made, in words."""
    return day_told(brief.made_at.astimezone(SHANGHAI).date())
