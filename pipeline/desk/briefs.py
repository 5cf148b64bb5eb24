"""简报: those that were made, their files and the check of their figures, making one, sending one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from config.errors import ConfigError
from config.groups import Group, find_group, load_groups
from config.text import tr
from crawlers.store import read
from pipeline.access.model import Action
from pipeline.alerts.outbox import enqueue_letter
from pipeline.alerts.reading import Told, letters
from pipeline.briefs import shelf
from pipeline.briefs.carried import read_brief
from pipeline.briefs.making import FORMATS, Order
from pipeline.briefs.making import make as made_now
from pipeline.briefs.measures import Ground
from pipeline.briefs.model import MadeBrief
from pipeline.briefs.periods import Period, period_of
from pipeline.briefs.plain import plain_text
from pipeline.briefs.sending import send_brief
from pipeline.briefs.verifying import verify as verified
from pipeline.briefs.words import ground_words, measure_words
from pipeline.cases.standing import case_lines
from pipeline.desk.desk import Desk, verb

_MOST_DAYS = 400
# A brief of ours refuses all scripts by itself; one that does not is shown as text.
_SEALED = b'<meta http-equiv="Content-Security-Policy" content="default-src \'none\';'


@dataclass(frozen=True, slots=True)
class Sent:
    """A letter with a brief. groups: for whom; told: where it stands at each recipient, addresses masked."""

    at: datetime
    groups: tuple[str, ...]
    told: Sequence[Told]


@dataclass(frozen=True, slots=True)
class Shelved:
    """A brief that was made, and its letters, the newest first. formats: those whose files are there."""

    brief: MadeBrief
    sent: Sequence[Sent]
    formats: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Preview:
    """What a brief says. html: the whole page, without any script, None where there is none; text: its words otherwise."""

    html: bytes | None
    text: str


@dataclass(frozen=True, slots=True)
class Doubt:
    """A figure that did not come out the same: what it is, in words; state: see `verifying.Checked`."""

    name: str
    ground: str
    state: str
    text: str
    now: str
    why: str


@dataclass(frozen=True, slots=True)
class Seal:
    """The check of a brief. counts: figures by state; absent: how many stand no longer in the text; whole: each came out the
    same; right: none differs, none was altered."""

    at: datetime
    figures: int
    counts: Mapping[str, int]
    absent: int
    whole: bool
    right: bool
    doubts: Sequence[Doubt]


@dataclass(frozen=True, slots=True)
class Wish:
    """A brief to be made. first_day, last_day: of Asia/Shanghai, included; of a daily, weekly or monthly one any day in it;
    subject: topic or query of a 专报, "" otherwise."""

    kind: str
    first_day: date
    last_day: date
    subject: str = ""
    formats: tuple[str, ...] = FORMATS

    def period(self) -> Period:
        """The days it is about. Raises ConfigError."""
        if self.kind in ("daily", "weekly", "monthly"):
            return period_of(self.kind, self.first_day)  # type: ignore[arg-type]  # looked at a line above
        if self.kind != "topic" or not self.subject.strip():
            raise ConfigError(tr("专报要写明话题或查询", "a topic brief needs a topic or a query"))
        if not 0 <= (self.last_day - self.first_day).days < _MOST_DAYS:
            message = tr(
                "结束不能早于开始，至多 {n} 天", "the end must not lie before the start, {n} days at most", n=_MOST_DAYS
            )
            raise ConfigError(message)
        return Period("topic", self.first_day, self.last_day)


@verb(Action.SEE_BRIEFS)
def listed(desk: Desk, /, *, size: int = 100) -> list[Shelved]:
    """Briefs that were made, the latest first, with whom they were sent to."""
    found = shelf.listed(desk.store, desk.project.root, size=size)
    with read(desk.store) as connection:
        sent = letters(connection, [one.subject for one in found])
    return [Shelved(one, [Sent(*letter) for letter in sent.get(one.subject, ())], _there(one)) for one in found]


@verb(Action.SEE_BRIEFS)
def groups(desk: Desk, /) -> dict[str, Group]:
    """The groups that a brief may go to, by name, as the file says now."""
    return load_groups(desk.project.file("groups.yaml"))


@verb(Action.SEE_BRIEFS)
def file(desk: Desk, /, brief_id: str, kind: str) -> tuple[str, bytes]:
    """Name and bytes of a brief's file, audited: it quotes posts. Raises ConfigError where it is not there."""
    path = _path(desk, brief_id, kind)
    desk.audit("brief_file", f"{brief_id} {kind}")
    return path.name, path.read_bytes()


@verb(Action.SEE_BRIEFS)
def preview(desk: Desk, /, brief_id: str) -> Preview:
    """What a brief says, audited. Raises ConfigError where none of its files is there, RecordError for a damaged one."""
    kinds = _there(shelf.by_id(desk.store, desk.project.root, brief_id))
    if not kinds:
        raise ConfigError(tr("简报文件已不在原处，请重做一份", "its files are gone; make it again"))
    desk.audit("brief_seen", brief_id)
    if "html" in kinds:
        data = _path(desk, brief_id, "html").read_bytes()
        return Preview(data, "") if _SEALED in data[:2_000] else Preview(None, plain_text(data, "html"))
    return Preview(None, plain_text(_path(desk, brief_id, kinds[0]).read_bytes(), kinds[0]))


@verb(Action.SEE_BRIEFS)
def verify(desk: Desk, /, brief_id: str) -> Callable[[], Seal]:
    """The work of recomputing every figure of a brief; call it where it can be left. Raises ConfigError where its files are
    gone; the work: RecordError for a file that is none of ours."""
    kinds = _there(shelf.by_id(desk.store, desk.project.root, brief_id))
    path = _path(desk, brief_id, kinds[0] if kinds else "docx")
    desk.audit("brief_verify", brief_id)
    return lambda: _sealed(desk, path)


def _sealed(desk: Desk, path: Path) -> Seal:
    now = desk.now()
    carried = read_brief(path)
    ground = Ground(desk.project, desk.layer, carried.record.made_at, case_lines(desk.project), later=now)
    verdict = verified(carried, ground)
    doubts = [
        Doubt(measure_words(one.figure), ground_words(one.figure.origin), one.state, one.text, one.now, one.why)
        for one in verdict.checked
        if one.state not in ("same", "late")
    ]
    counts = Counter(str(one.state) for one in verdict.checked)
    return Seal(now, len(verdict.checked), counts, len(verdict.absent), verdict.whole, verdict.right, doubts)


@verb(Action.MAKE_BRIEFS, changes=True)
def make(desk: Desk, /, wish: Wish) -> Callable[[], tuple[str, Mapping[str, str]]]:
    """The work of making a brief; call it where it can be left. It returns its id, and of each format that could not be made
    why. Raises ConfigError for a wish that makes no sense."""
    period, subject = wish.period(), wish.subject.strip() if wish.kind == "topic" else ""
    order = Order(period, wish.formats, subject=subject, who=desk.person.name, cases=case_lines(desk.project))

    def work() -> tuple[str, Mapping[str, str]]:
        done = made_now(desk.project, order, now=desk.now())
        return shelf.id_of(period, subject), done.failed

    return work


@verb(Action.SEND_BRIEFS, changes=True)
def send(desk: Desk, /, brief_id: str, to: Sequence[str]) -> MadeBrief:
    """Put a brief into the outbox for groups; the same brief to the same groups goes once. Raises ConfigError."""
    known = load_groups(desk.project.file("groups.yaml"))
    for name in to:
        find_group(known, name)
    return send_brief(desk.project, brief_id, to, send=enqueue_letter)


def _there(one: MadeBrief) -> tuple[str, ...]:
    return tuple(kind for kind in FORMATS if kind in one.paths and Path(one.paths[kind]).is_file())


def _path(desk: Desk, brief_id: str, kind: str) -> Path:
    one = shelf.by_id(desk.store, desk.project.root, brief_id)
    if kind not in _there(one):
        raise ConfigError(
            tr("这份简报没有 {k} 文件，请重做一份", "there is no {k} file of it; make it again", k=kind[:8])
        )
    return Path(one.paths[kind])
