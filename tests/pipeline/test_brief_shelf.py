"""Numbers of briefs, each once, on both databases; the schedule's briefs made and handed over once, whoever is killed when."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, func, select, update

from config.errors import ConfigError, QingyuError
from config.project import Project, open_project
from crawlers.schema import audit
from crawlers.store import opened, read
from pipeline.alerts.model import Letter
from pipeline.alerts.outbox import enqueue_letter
from pipeline.alerts.tables import alert, alert_attachment
from pipeline.briefs import due as schedule
from pipeline.briefs import shelf
from pipeline.briefs.due import make_due_briefs
from pipeline.briefs.making import FOLDER
from pipeline.briefs.periods import Period, period_of
from pipeline.briefs.sending import send_brief
from pipeline.briefs.tables import brief
from pipeline.query.times import SHANGHAI
from pipeline.sources_view import store_engine
from tests.pipeline.commanding import asked, environment, qingyu
from tests.stores import Stores

NOW = datetime(2026, 11, 23, 8, 20, tzinfo=SHANGHAI)
SETTINGS = 'briefs: {daily_at: "08:00", formats: [html], groups: [leaders, duty]}\n'
GROUPS = """
groups:
  street:
    people:
      - {name: 李主任, address: li@street.example.gov.cn}
"""
AGAIN = NOW + timedelta(minutes=11)


@pytest.fixture
def project(stores: Stores, tmp_path: Path) -> Iterator[Project]:
    root = tmp_path / "project"
    made = stores.project(root)
    with (made.root / "config" / "settings.yaml").open("a", encoding="utf-8") as file:
        file.write(SETTINGS)
    opened_ = open_project(made.root, {})
    yield opened_
    store_engine(opened_).dispose()  # one a process, which outlives the test


@pytest.fixture
def engine(project: Project) -> Iterator[Engine]:
    with opened(project) as found:
        yield found


class Outbox:
    """Keeps letters as the outbox does: by id, in the transaction it is given."""

    def __init__(self) -> None:
        self.letters: list[Letter] = []

    def __call__(self, connection: Connection, letter: Letter) -> None:
        assert connection.in_transaction()
        self.letters.append(letter)


def daily(day: int) -> Period:
    return period_of("daily", date(2026, 11, day))


def test_numbers_follow_each_other_by_kind_and_year(engine: Engine) -> None:
    placed = [shelf.begin(engine, daily(n), "", NOW) for n in (1, 2, 3)]
    assert [one.number for one in placed] == [1, 2, 3]
    assert shelf.begin(engine, daily(2), "", NOW) == placed[1]
    assert shelf.begin(engine, period_of("weekly", date(2026, 11, 3)), "", NOW).number == 1
    new_year = shelf.begin(engine, period_of("daily", date(2027, 1, 1)), "", NOW)
    assert (new_year.year, new_year.number) == (2027, 1)
    # The week that ends in January is of the new year.
    assert shelf.begin(engine, period_of("weekly", date(2026, 12, 30)), "", NOW).year == 2027


def test_two_subjects_are_two_briefs(engine: Engine) -> None:
    period = Period("topic", date(2026, 11, 1), date(2026, 11, 7))
    assert shelf.begin(engine, period, "供水", NOW).number == 1
    assert shelf.begin(engine, period, " 供水 ", NOW).number == 1
    assert shelf.begin(engine, period, "\ud800'; drop table brief; --", NOW).number == 2


def test_numbers_given_at_the_same_time_differ(engine: Engine) -> None:
    with ThreadPoolExecutor(8) as pool:
        placed = list(pool.map(lambda n: shelf.begin(engine, daily(n), "", NOW), range(1, 25)))
    assert sorted(one.number for one in placed) == list(range(1, 25))


def test_a_making_is_begun_by_one_and_again_when_it_was_abandoned(engine: Engine) -> None:
    first = shelf.begin_due(engine, daily(22), NOW)
    assert first is not None
    assert shelf.begin_due(engine, daily(22), NOW + timedelta(minutes=9)) is None
    assert shelf.begin_due(engine, daily(22), AGAIN) == first


def test_what_is_due_is_made_once_and_sent_once(project: Project) -> None:
    outbox = Outbox()
    (made,) = make_due_briefs(project, now=NOW, send=outbox)
    assert make_due_briefs(project, now=NOW, send=outbox) == []
    assert make_due_briefs(project, now=AGAIN, send=outbox) == []
    (letter,) = outbox.letters
    assert (letter.subject, letter.groups) == (made.subject, ("leaders", "duty"))
    assert letter.subject == "2026年11月22日（星期日）云水县网情（〔2026〕第 1 期）"
    (file,) = letter.attachments
    assert (file.name, file.media_type) == ("daily_2026-11-22_2026-001.html", "text/html")
    assert file.content == Path(made.paths["html"]).read_bytes()
    assert "没有一次成功的采集" in letter.paragraphs[0]
    assert not any("<" in line for line in letter.paragraphs)
    assert "全文见附件" in letter.paragraphs[-1]


def test_without_send_it_waits(project: Project) -> None:
    (made,) = make_due_briefs(project, now=NOW)
    assert [one.id for one in make_due_briefs(project, now=NOW)] == [made.id]
    outbox = Outbox()
    assert [one.id for one in make_due_briefs(project, now=AGAIN, send=outbox)] == [made.id]
    assert len(outbox.letters) == 1


def test_nobody_named_nobody_written_to_not_even_later(stores: Stores, tmp_path: Path) -> None:
    root = stores.project(tmp_path / "project").root
    settings = root / "config" / "settings.yaml"
    plain = settings.read_text(encoding="utf-8")
    settings.write_text(plain + 'briefs: {daily_at: "08:00", formats: [html]}\n', encoding="utf-8")
    outbox = Outbox()
    assert len(make_due_briefs(open_project(root, {}), now=NOW, send=outbox)) == 1
    settings.write_text(plain + SETTINGS, encoding="utf-8")
    assert make_due_briefs(open_project(root, {}), now=AGAIN, send=outbox) == []
    assert outbox.letters == []
    store_engine(open_project(root, {})).dispose()


def test_an_outbox_that_fails_leaves_the_brief_to_be_sent(project: Project) -> None:
    def full(connection: Connection, letter: Letter) -> None:
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        make_due_briefs(project, now=NOW, send=full)
    outbox = Outbox()
    assert len(make_due_briefs(project, now=NOW, send=outbox)) == 1


def test_one_brief_that_fails_does_not_hold_back_the_others(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        schedule, "due_periods", lambda settings, now: [daily(22), period_of("weekly", date(2026, 11, 16))]
    )
    real = schedule.finish

    def fails_daily(project: Project, order: object, place: object, *, now: datetime) -> object:
        if order.period.kind == "daily":  # type: ignore[attr-defined]
            raise QingyuError("模板坏了")
        return real(project, order, place, now=now)  # type: ignore[arg-type]

    monkeypatch.setattr(schedule, "finish", fails_daily)
    outbox = Outbox()
    with pytest.raises(QingyuError, match="模板坏了"):
        make_due_briefs(project, now=NOW, send=outbox)
    assert [letter.subject[:14] for letter in outbox.letters] == ["2026年11月16日至22"]
    monkeypatch.setattr(schedule, "finish", real)
    make_due_briefs(project, now=AGAIN, send=outbox)
    assert len(outbox.letters) == 2


def test_a_brief_made_by_hand_before_is_made_anew_with_its_number(project: Project, engine: Engine) -> None:
    placed = shelf.begin(engine, daily(22), "", NOW - timedelta(hours=1))
    (made,) = make_due_briefs(project, now=NOW, send=Outbox())
    assert (made.id, made.number) == (placed.id, placed.number)


def test_a_file_that_is_gone_is_not_attached(project: Project) -> None:
    (made,) = make_due_briefs(project, now=NOW)
    Path(made.paths["html"]).unlink()
    outbox = Outbox()
    make_due_briefs(project, now=NOW, send=outbox)
    assert outbox.letters[0].attachments == ()
    assert "已不在原处" in outbox.letters[0].paragraphs[-1]


def test_sent_by_hand_to_other_groups(project: Project) -> None:
    (made,) = make_due_briefs(project, now=NOW, send=Outbox())
    outbox = Outbox()
    send_brief(project, made.id[:8], ["street"], send=outbox)
    send_brief(project, made.id, ["street"], send=outbox)
    send_brief(project, made.id, ["county"], send=outbox)
    first, again, other = outbox.letters
    assert first.groups == ("street",)
    assert first.id == again.id != other.id  # the outbox takes the same letter once
    for wrong in ("ffffffff", "%", "_"):
        with pytest.raises(ConfigError, match="没有编号为"):
            send_brief(project, wrong, ["street"], send=outbox)
    with pytest.raises(ConfigError, match="--group"):
        send_brief(project, made.id, [], send=outbox)


def test_the_outbox_keeps_the_letter_with_its_files_once(project: Project, engine: Engine) -> None:
    (made,) = make_due_briefs(project, now=NOW, send=enqueue_letter)
    send_brief(project, made.id, ["leaders", "duty"], send=enqueue_letter)  # the same groups: the same letter
    with read(engine) as connection:
        (letter,) = connection.execute(select(alert)).all()
        (file,) = connection.execute(select(alert_attachment)).all()
    assert (letter.kind, letter.title) == ("letter", made.subject)
    assert file.content == Path(made.paths["html"]).read_bytes()


def test_the_command_sends_to_groups_that_are_known(project: Project) -> None:
    (made,) = make_due_briefs(project, now=NOW)
    (project.config_dir / "groups.yaml").write_text(GROUPS, encoding="utf-8")
    told = asked("brief", "send", made.id[:8], "--group", "street", project=project.root)
    assert told == {"id": made.id, "subject": made.subject, "groups": ["street"]}
    assert [one["kind"] for one in asked("alerts", project=project.root)] == ["letter"]
    assert "nobody" in qingyu("brief", "send", made.id, "--group", "nobody", project=project.root, code=2).stderr
    assert "没有编号为" in qingyu("brief", "send", "ffff", "--group", "street", project=project.root, code=2).stderr


# Where a process is killed: as its making begins, with the files there but not on the shelf, before and within the sending.
_KILLED = """
import os, signal, sys
from datetime import datetime
from pathlib import Path
from config.project import open_project
from crawlers.schema import audit
from pipeline.briefs import due, making, sending, shelf
from sqlalchemy import insert

where, root, now = sys.argv[1:4]

def die(*a, **k):
    os.kill(os.getpid(), signal.SIGKILL)

def send(connection, letter):
    connection.execute(insert(audit).values(at_ms=1, who=letter.id, action="letter"))
    if where == "sending":
        die()

if where == "begun": due.finish = die
if where == "files": making.shelf.end = die
if where == "made": due.hand_over = die
due.make_due_briefs(open_project(Path(root), {}), now=datetime.fromisoformat(now), send=send)
"""


def run_due(project: Project, where: str, now: datetime) -> subprocess.Popen[str]:
    arguments = [sys.executable, "-c", _KILLED, where, str(project.root), now.isoformat()]
    here = {"PYTHONPATH": os.pathsep.join([str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")])}
    return subprocess.Popen(arguments, text=True, stderr=subprocess.PIPE, env=environment(**here))


def letters(engine: Engine) -> int:
    with read(engine) as connection:
        asked = select(func.count()).select_from(audit).where(audit.c.action == "letter")
        return int(connection.execute(asked).scalar_one())


@pytest.mark.parametrize("where", ["begun", "files", "made", "sending"])
def test_killed_at_any_step_it_is_made_and_sent_once(project: Project, engine: Engine, where: str) -> None:
    child = run_due(project, where, NOW)
    child.communicate(timeout=60)
    assert child.returncode == -signal.SIGKILL
    assert letters(engine) == 0
    outcome = run_due(project, "", AGAIN)
    _, said = outcome.communicate(timeout=60)
    assert outcome.returncode == 0, said
    assert letters(engine) == 1
    with read(engine) as connection:
        (row,) = connection.execute(select(brief)).all()
    assert (row.state, row.number, row.handed_ms is not None) == ("made", 1, True)
    assert [path.name for path in (project.root / FOLDER).iterdir()] == ["daily_2026-11-22_2026-001.html"]


def test_two_processes_make_and_send_one(project: Project, engine: Engine) -> None:
    children = [run_due(project, "", NOW) for _ in range(3)]
    for child in children:
        _, said = child.communicate(timeout=60)
        assert child.returncode == 0, said
    # Who came while another was making it has sent nothing; what is left is sent by the next run.
    make_due_briefs(project, now=AGAIN, send=Outbox())
    assert letters(engine) <= 1
    with read(engine) as connection:
        (row,) = connection.execute(select(brief)).all()
    assert (row.state, row.number, row.handed_ms is not None) == ("made", 1, True)


def test_the_list_has_the_latest_first(project: Project, engine: Engine) -> None:
    for day in (20, 21):
        make_due_briefs(project, now=datetime(2026, 11, day, 9, tzinfo=SHANGHAI))
    found = shelf.listed(engine, project.root)
    assert [(one.last_day, one.number) for one in found] == [("2026-11-20", 2), ("2026-11-19", 1)]
    with engine.begin() as connection:
        connection.execute(update(brief).values(state="making"))
    assert shelf.listed(engine, project.root) == []
