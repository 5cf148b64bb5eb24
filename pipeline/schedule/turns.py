"""The schedule's engine: begins what is due in its lane, writes how it ended and what is due next, turn after turn."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from config.errors import QingyuError
from config.logs import place_of
from config.project import Project
from config.text import tr
from pipeline.jobs import Jobs
from pipeline.schedule.clock import Clock
from pipeline.schedule.job import Job
from pipeline.schedule.lanes import Lanes
from pipeline.schedule.ledger import Begun, Ended, Ledger, Planned, patiently, refused
from pipeline.schedule.plan import corrected, following

logger = logging.getLogger(__name__)
# One that another process has, or that could not be begun, is looked at again so much later.
_AGAIN = timedelta(seconds=5)
# One whose end could not be written, or that went wrong outside of its body.
_MENDED = timedelta(seconds=60)
# When nothing is known of what is due.
_LOOK = timedelta(seconds=1)
# A clock further from the store's server than this begins nothing; it is asked so often.
_AHEAD_S, _ASK_S = 60.0, 60.0
# How long the end of a run is tried to be written while the store is away, as often as this.
_PATIENCE_S, _PAUSE_S = 120.0, 1.0
Tell = Callable[[str, str], None]


@dataclass(frozen=True, slots=True)
class Around:
    """What the engine works with. tell: told (job, sentence) of what was done or went wrong, from any thread; stop: once set
    nothing is begun."""

    clock: Clock
    lanes: Lanes
    tell: Tell
    stop: threading.Event


class Turns:
    """Does `jobs` when they are due. machine: identity of this one, for jobs that each machine does; "" where there is one."""

    def __init__(
        self, project: Project, jobs: Sequence[Job], ledger: Ledger, around: Around, *, machine: str = ""
    ) -> None:
        self.project, self.ledger, self.around = project, ledger, around
        self.book = Jobs()
        self._jobs = {row_of(job, machine): job for job in jobs}
        self._lock = threading.Lock()
        self._busy: set[str] = set()
        self._later: dict[str, datetime] = {}
        self._working: dict[str, Begun] = {}
        self._asked: float | None = None
        self._wrong = False

    def begin(self) -> None:
        """Make the jobs known to the store. Raises QingyuError."""
        now = self.around.clock.now()
        self.ledger.know([Planned(name, job.when) for name, job in self._jobs.items()], now)
        self.look()

    def run(self, until: datetime | None = None) -> None:
        """Turn after turn until asked to stop, or before the clock reaches `until`."""
        clock, stop = self.around.clock, self.around.stop
        while not stop.is_set():
            upcoming = self.turn()
            if until is not None and upcoming >= until:
                clock.wait_until(until)
                return
            clock.wait_until(upcoming)

    def turn(self) -> datetime:
        """Hand every due job to its lane; returns when to look again. A store that is away is logged, and looked at again."""
        now = self.around.clock.now()
        try:
            if self._is_wrong(now):
                return now + _LOOK
            return self._handed(now)
        except QingyuError as error:
            logger.warning("schedule turn failed=%s reason=%s", type(error).__name__, error.message)
            return now + _LOOK

    def look(self) -> None:
        """Note how the jobs are, for the health page. Raises QingyuError."""
        mine = {name: job.name for name, job in self._jobs.items()}
        self.book.put(replace(one, name=mine[one.name]) for one in self.ledger.states() if one.name in mine)

    def renew(self) -> None:
        """A sign of life of every run in progress."""
        with self._lock:
            working = list(self._working.values())
        for begun in working:
            try:
                self.ledger.renew(begun, self.around.clock.now())
            except QingyuError as error:
                logger.warning("schedule renew job=%s failed=%s", begun.name, type(error).__name__)

    # ── what is due ────────────────────────────────────────────────────────────────────────────────────────────────
    def _handed(self, now: datetime) -> datetime:
        slots = self.ledger.slots()
        due: list[tuple[datetime, str]] = []
        upcoming = [now + timedelta(days=1)]
        for name, job in self._jobs.items():
            if name in self._busy or name not in slots:
                upcoming.append(now + _LOOK)
                continue
            slot = corrected(job.when, slots[name], now)
            if slot != slots[name]:
                logger.warning("schedule job=%s planned anew: the clock went back", name)
                self.ledger.move(name, slots[name], slot)
            later = self._later.get(name, now)
            if slot.due_at > now:
                upcoming.append(slot.due_at)
            elif now < later <= now + _MENDED:
                upcoming.append(later)
            else:
                due.append((slot.due_at, name))
        for _, name in sorted(due, key=lambda one: one[0]):  # stable: of one time in the order of the registry
            self._submit(name)
        return self.around.clock.now() if due else min(upcoming)

    def _submit(self, name: str) -> None:
        with self._lock:
            self._busy.add(name)
        self.around.lanes.submit(self._jobs[name].lane, lambda: self._do(name))

    def _is_wrong(self, now: datetime) -> bool:
        """Whether this machine's clock is far from the server's: jobs that machines share would then be done at odd times."""
        if not self.around.clock.real or (self._asked is not None and time.monotonic() - self._asked < _ASK_S):
            return self._wrong
        wrong = abs(self.ledger.ahead_s(now)) > _AHEAD_S
        self._asked = None if wrong else time.monotonic()
        if wrong and not self._wrong:
            logger.error("schedule clock wrong; no job is begun")
            self.around.tell("run", refused())
        self._wrong = wrong
        return wrong

    # ── in a lane ──────────────────────────────────────────────────────────────────────────────────────────────────
    def _do(self, name: str) -> None:
        """One run of a job, unless another process has it."""
        try:
            if self.around.stop.is_set():
                return
            lease = self.ledger.lease(name)
            if lease is None:
                self._later[name] = self.around.clock.now() + _AGAIN
                return
            try:
                self._held(name)
            finally:
                lease.release()
        except QingyuError as error:
            logger.error("schedule job=%s failed=%s reason=%s", name, type(error).__name__, error.message)
            self._later[name] = self.around.clock.now() + _MENDED
        except Exception as error:  # noqa: BLE001 - the lane goes on
            logger.error("schedule job=%s unforeseen=%s at=%s", name, type(error).__name__, place_of(error))
            self._later[name] = self.around.clock.now() + _MENDED
        finally:
            with self._lock:
                self._busy.discard(name)
            self.around.clock.wake()

    def _held(self, name: str) -> None:
        begun = self.ledger.begin(name, self.around.clock.now())
        if begun is None:
            self._later[name] = self.around.clock.now() + _AGAIN
            return
        if begun.again:
            logger.warning("schedule job=%s did not end before; done again", name)
        with self._lock:
            self._working[name] = begun
        try:
            self.look()
            ended = self._ended(self._jobs[name], begun)
            self._write(name, begun, ended)
            self.look()
        finally:
            with self._lock:
                del self._working[name]

    def _ended(self, job: Job, begun: Begun) -> Ended | None:
        """Do a job; None where it was stopped before its end, as asked."""
        began = time.monotonic()
        try:
            said, wrong = job.do(self.project, now=begun.at), ""
        except QingyuError as error:
            said, wrong = "", error.message or type(error).__name__
            if self.around.stop.is_set():
                return None
            logger.error("schedule job=%s failed=%s reason=%s", job.name, type(error).__name__, wrong)
            self.around.tell(job.name, wrong)
        except Exception as error:  # noqa: BLE001 - the schedule goes on; its message may quote a post, so only the place is logged
            said, wrong = "", type(error).__name__
            logger.error("schedule job=%s unforeseen=%s at=%s", job.name, wrong, place_of(error))
            told = tr("程序出错（{k}），详见日志", "a mistake of the program ({k}); see the log", k=wrong)
            self.around.tell(job.name, told)
        if said:
            self.around.tell(job.name, said)
        return Ended(self.around.clock.now(), wrong or said, bool(wrong), time.monotonic() - began)

    def _write(self, name: str, begun: Begun, ended: Ended | None) -> None:
        if ended is None:
            self.ledger.leave(begun)
            return
        slot = following(self._jobs[name].when, begun.slot, begun.at, ended.at)
        give_up = time.monotonic() + _PATIENCE_S

        def pause() -> bool:
            return not self.around.stop.wait(_PAUSE_S) and time.monotonic() < give_up

        if not patiently(lambda: self.ledger.end(begun, ended, slot), pause=pause):
            logger.warning("schedule job=%s was given up meanwhile; its end is not noted", name)


def row_of(job: Job, machine: str) -> str:
    """The name of a job's row in the store."""
    return f"{job.name}@{machine}"[:120] if job.each_machine and machine else job.name
