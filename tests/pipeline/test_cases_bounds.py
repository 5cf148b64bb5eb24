"""The bounds: a case is about a matter. Nothing in it names who wrote, and nothing it can do touches a post."""

import inspect
import json
import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import typer
from sqlalchemy import select

import pipeline.cli.commands  # noqa: F401 - registers the commands
from config.project import Project
from crawlers.store import opened, read
from pipeline.cases import acting, figures, importing, opening, quoting, reminders, replies, sheets, standing, tables
from pipeline.cases.model import ACTS, NAMES, Case, Change, Linked
from pipeline.cases.moves import MOVES
from pipeline.cases.opening import Asked, open_case
from pipeline.cases.quoting import Quotation, quotations
from pipeline.cases.reminders import remind
from pipeline.cases.replies import link_replies
from pipeline.cases.standing import CaseLine
from pipeline.cli.app import app
from pipeline.cli.commands.cases import told
from tests.pipeline.cased import (
    AUTHOR,
    DAY,
    HOUR,
    NOW,
    by,
    course_of,
    held,
    put_event,
    put_flag,
    put_posts,
    reply_to,
    with_settings,
)
from tests.stores import Stores

TABLES = (tables.cases, tables.case_post, tables.case_change, tables.case_reminder)
ROOMS = (acting, figures, importing, opening, quoting, reminders, replies, sheets, standing)
# Who wrote, and what might be done to them or to what they wrote.
PERSON = re.compile(r"author|pseudonym|voice|writer|poster|user|作者|发帖人|网民|化名|用户|昵称|账号", re.I)
DEED = re.compile(
    r"delete|remove|hide|block|ban\b|report_|mute|censor|takedown|publish\b|comment|删|屏蔽|封|举报|禁言|撤帖|压|跟帖|回帖",
    re.I,
)


def commands() -> dict[str, Any]:
    group: Any = typer.main.get_command(app).commands["cases"]  # type: ignore[attr-defined]
    return {"cases": group, **group.commands}


def words() -> dict[str, str]:
    """Everything a person can see or say of cases, by where it stands."""
    found = {f"{t.name}.{c.name}": c.name for t in TABLES for c in t.columns}
    found |= {
        f"{kind.__name__}.{f.name}": f.name
        for kind in (Case, Change, Linked, Quotation, CaseLine)
        for f in fields(kind)
    }
    found |= {f"column {name}": name for name in sheets.COLUMNS}
    found |= {f"state {key}": f"{key} {names}" for key, names in NAMES.items()}
    found |= {f"act {key}": f"{key} {names}" for key, names in ACTS.items()}
    found |= {f"move {key}": f"{move.zh} {move.en}" for key, move in MOVES.items()}
    for name, command in commands().items():
        found[f"command {name}"] = f"{name} {command.help}"
        found |= {f"{name} {p.name}": f"{' '.join(p.opts)} {getattr(p, 'help', '')}" for p in command.params}
    return found


def test_nothing_names_an_author() -> None:
    said = words()
    assert len(said) > 120
    assert {where: word for where, word in said.items() if PERSON.search(word)} == {}


def test_no_act_touches_a_post_or_its_author() -> None:
    assert {where: word for where, word in words().items() if DEED.search(word)} == {}
    public = {name for room in ROOMS for name, _ in inspect.getmembers(room, inspect.isfunction) if name[0] != "_"}
    own = {name for name in public if DEED.search(name)}
    assert own == set()


def test_the_room_writes_its_own_tables_and_the_audit_and_asks_no_network() -> None:
    folder = Path(inspect.getfile(acting)).parent
    for path in folder.glob("*.py"):
        text = path.read_text(encoding="utf-8")
        for call in re.findall(r"(?:insert_rows|upsert|delete|update|insert)\((?:connection, )?([a-z_]+)", text):
            assert call in {"case_change", "case_post", "case_reminder", "cases"}, f"{path.name}: {call}"
        assert not re.search(r"^(?:from|import) (?:requests|httpx|urllib|socket|smtplib|scrapy)", text, re.M), path.name


@pytest.fixture
def project(tmp_path: Path, stores: Stores) -> Project:
    return with_settings(stores.project(tmp_path), "groups: [值班]\nchief: [领导]")


def test_no_pseudonym_ever_gets_into_what_a_case_keeps_tells_or_sends(project: Project) -> None:
    posts = put_posts(project, 3)
    put_event(project, "e" * 32, posts)
    put_flag(project, "f" * 32, event_id="e" * 32, posts=posts)
    for asked in (Asked("flag", "f" * 32), Asked("event", "e" * 32), Asked("post", posts[2])):
        open_case(project, asked, by())
    reply_to(project, posts[0], at=NOW + HOUR)
    link_replies(project, now=NOW + DAY)
    alerts: list[Any] = []
    remind(project, now=NOW + 9 * DAY, send=lambda _, some: alerts.extend(some))
    kept = [rows for table in TABLES for rows in _rows(project, table)]
    shown = [told(one, NOW) for one in held(project)]
    quoted = [quotations(project, one, who="t") for one in held(project)]
    steps = [course_of(project, one.number) for one in held(project)]
    sheets.write_sheet(held(project), project.root / "x.xlsx", sheets.Words({}, {}, {}, {}), now=NOW)
    assert alerts and kept and quoted[0]
    text = json.dumps([shown], default=str, ensure_ascii=False) + repr((kept, quoted, steps, alerts))
    assert posts[0] in text and AUTHOR not in text


def _rows(project: Project, table: Any) -> list[Any]:
    with opened(project) as store, read(store) as connection:
        return list(connection.execute(select(table)).all())


def test_a_post_is_quoted_short_and_as_text(project: Project) -> None:
    (one,) = put_posts(
        project, 1, text="<script>alert(1)</script>\u202e\x1b[2J" + "很长的话" * 200, title="=1+1\n" + "题" * 200
    )
    case = open_case(project, Asked("post", one), by()).case
    (quoted,) = quotations(project, case, who="t")
    assert len(quoted.text) <= 160 and len(quoted.title) <= 60 and len(case.title) <= 60
    for said in (quoted.text, quoted.title, case.title):
        assert not re.search("[\x00-\x1f\u202a-\u202e]", said)
    kept = repr([_rows(project, table) for table in TABLES])
    assert "很长的话" not in kept  # of the post only its title is in the case
