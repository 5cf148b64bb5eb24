"""The schedule: what `qingyu run` does, when, and what became of it. Its state stands in table `job` of the store.

plan      when a job is due: pure
ledger    table `job`: what is due, who is at it, how it ended
clock     the machine's clock, and one for tests that jumps
lanes     where jobs run: in threads, or one after the other
turns     one turn after the other: begins what is due, writes how it ended
registry  the jobs of a project
running   the long-running process
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipeline.schedule.running import Schedule

__all__ = ["Schedule"]


def __getattr__(name: str) -> Any:
    """`Schedule`, loaded when it is asked for: the tables and the planner are used without it."""
    if name == "Schedule":
        from pipeline.schedule.running import Schedule

        return Schedule
    raise AttributeError(name)
