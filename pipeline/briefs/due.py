"""Briefs made by the schedule: each period once, however often it is asked, by however many processes."""

from __future__ import annotations

import logging
from datetime import datetime, time, timedelta

from config.briefs import Briefs
from config.errors import QingyuError
from config.project import Project
from crawlers.store import opened
from pipeline.briefs import shelf
from pipeline.briefs.making import Order, finish
from pipeline.briefs.measures import Cases
from pipeline.briefs.model import MadeBrief
from pipeline.briefs.periods import Period, latest_over
from pipeline.briefs.sending import Send, hand_over
from pipeline.query.times import SHANGHAI

log = logging.getLogger(__name__)


def due_periods(settings: Briefs, now: datetime) -> list[Period]:
    """The latest period of each kind whose time has come; earlier ones that were missed are not made up for."""
    if not settings.daily_at:
        return []
    at = time.fromisoformat(settings.daily_at)
    # What is due is what was over when the clock last showed the hour.
    local = now.astimezone(SHANGHAI)
    struck = local if local.time() >= at else local - timedelta(days=1)
    found = [latest_over("daily", struck)]
    if settings.weekly_on:
        found.append(latest_over("weekly", struck - timedelta(days=settings.weekly_on - 1)))
    if settings.monthly_on:
        found.append(latest_over("monthly", struck - timedelta(days=settings.monthly_on - 1)))
    return found


def make_due_briefs(
    project: Project, *, now: datetime, cases: Cases | None = None, send: Send | None = None
) -> list[MadeBrief]:
    """Makes what is due and hands it to the mails; returns what was handed over, the oldest first.

    send: puts a letter into the outbox, within the transaction that marks the brief as handed over; without it nothing is
    handed over, and what waits for it is returned. Safe to be killed at any instant: a making that did not end is begun again
    after ten minutes, with the same number; a brief that was made and not handed over is handed over the next time. Raises
    what one brief failed with, after the others were made and handed over; it is tried again after ten minutes.
    """
    settings = project.settings.briefs
    failed: list[QingyuError] = []
    with opened(project) as engine:
        for period in due_periods(settings, now):
            place = shelf.begin_due(engine, period, now)
            try:
                if place is not None:
                    _made(project, period, place, now, cases)
            except QingyuError as error:
                log.error("brief kind=%s not made: %s", period.kind, error.message)
                failed.append(error)
        found = shelf.not_handed(engine, project.root, settings.groups)
        if send is not None:
            found = [one for one in found if hand_over(engine, one, now=now, send=send)]
    if failed:
        raise failed[0]
    return found


def _made(project: Project, period: Period, place: shelf.Numbered, now: datetime, cases: Cases | None) -> None:
    formats = project.settings.briefs.formats
    done = finish(project, Order(period, formats, who="schedule", cases=cases), place, now=now)
    log.info("brief kind=%s number=%d formats=%s", period.kind, place.number, ",".join(done.files))
    for kind, why in done.failed.items():
        log.warning("brief kind=%s number=%d format=%s not made: %s", period.kind, place.number, kind, why)


def told(made: list[MadeBrief]) -> str:
    """What was made in a sentence; "" for nothing. For the health page and the log."""
    return "；".join(f"{one.title} 第 {one.number} 期" for one in made)


__all__ = ["due_periods", "make_due_briefs", "told"]
