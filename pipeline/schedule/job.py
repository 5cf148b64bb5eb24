"""A periodic job."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from config.project import Project
from pipeline.schedule.plan import When


class Body(Protocol):
    """What a job does."""

    def __call__(self, project: Project, *, now: datetime) -> str:
        """A sentence of what was done, "" for nothing worth telling. now: by the schedule's clock, aware.

        It may be killed at any instant and is then called again for the same due time; what it did already must not be done
        twice. Raises QingyuError for what cannot be done now: its message is told, the next due time tries again.
        """


@dataclass(frozen=True, slots=True)
class Job:
    """A periodic job. name: its first word names the stage (see STAGES in pipeline.cli.words), the rest what it is about;
    lane: jobs of one lane run one after the other, in the order of the registry; each_machine: every machine that shares the
    store does it for itself (stages that share the work among them), rather than one for all."""

    name: str
    when: When
    do: Body
    lane: str = "main"
    each_machine: bool = False
