"""The replay of rules: only what was known counts, what was right and how early, and what stricter rules would have done."""

import json
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert

from config.project import Project, init_project, open_project
from crawlers.schema import run
from crawlers.store import opened, write
from pipeline.crawl import crawl
from pipeline.events.backtest import Listed
from pipeline.events.rows import flag_row
from pipeline.events.tables import flag, verdict
from pipeline.process import process
from pipeline.query.times import milliseconds
from pipeline.rules.backtest import Outcome, backtest, lead_h
from pipeline.rules.evaluate import evaluate
from pipeline.rules.stricter import stricter
from tests.crawlers.crawling import SHARED
from tests.pipeline.commanding import asked, qingyu
from tests.pipeline.ruled import DAY, HOUR, NOW, Outbox, Said, look, put, rule, write_rule
from tests.pipeline.test_events_backtest import SOURCE as BOARD_SOURCE
from tests.pipeline.test_rules_state import a_flag

SINCE, UNTIL = NOW - 28 * DAY, NOW
TEXT = "kind: frequency\nquery: 停水\nnum_events: 3\nwindow: 6h\nrealert: 2h\n"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    init_project(tmp_path, region="云水县")
    return open_project(tmp_path, {})


def outcome(project: Project, text: str, *listed: Listed) -> Outcome:
    (found,) = backtest(project, [rule(text)], since=SINCE, until=UNTIL, now=NOW, listed=listed)
    return found


def burst(day: int, count: int, *, first: int, text: str = "停水") -> list[Said]:
    return [Said(first + n, NOW - day * DAY + HOUR * n, text) for n in range(count)]


def test_a_burst_is_told_when_its_posts_were_known(project: Project) -> None:
    late = [Said(900 + n, NOW - 9 * DAY, collected=NOW - 8 * DAY) for n in range(3)]
    put(project, [Said(1, NOW - 60 * DAY), *burst(20, 4, first=100), *late])
    found = outcome(project, TEXT)
    at = [one.at for one in found.firings]
    assert len(at) == 2
    assert timedelta() <= at[0] - (NOW - 20 * DAY + 2 * HOUR) < timedelta(minutes=10)
    assert timedelta() <= at[1] - (NOW - 8 * DAY) < timedelta(minutes=10)
    assert found.firings[1].until < NOW - 8 * DAY  # where they belong


@pytest.mark.parametrize(
    "text", ["kind: new_term\nfield: place\n", "kind: frequency\nnum_events: 1\nwindow: 1d\nquery_key: place\n"]
)
def test_posts_without_any_value_of_the_key_are_told_of_by_nobody(project: Project, text: str) -> None:
    put(project, burst(20, 4, first=100))
    assert outcome(project, text).firings == []
    assert look(project, rule(text)) == []


def test_the_replay_tells_what_looking_each_hour_would_have_told(project: Project) -> None:
    """The same rules, live, with the same posts."""
    texts = [TEXT, "name: s\nkind: spike\nquery: 停水\nwindow: 1d\nspike_height: 3\nrealert: 1d\n",
             "name: v\nkind: cardinality\nfield: voices\nwindow: 1d\nmax_cardinality: 4\nquery_key: source\nrealert: 1d\n",
             "name: a\nkind: any\nquery: 停水\nrealert: 6h\n",
             "name: q\nkind: flatline\nquery: 停水\nwindow: 3d\nthreshold: 1\nrealert: 3d\n"]  # fmt: skip
    rules = [rule(text) for text in texts]
    posts = [Said(1, NOW - 60 * DAY), *burst(6, 5, first=100), *burst(4, 3, first=200), *burst(1, 6, first=300)]
    live: dict[str, int] = {one.name: 0 for one in rules}
    now, said = NOW - 7 * DAY, sorted(posts, key=lambda one: one.at)
    put(project, [one for one in said if one.at <= now])
    for alert in evaluate(project, rules, now=now, send=Outbox().send).alerts:
        live[alert.rule] += 1
    while now < NOW:
        now += HOUR
        if some := [one for one in said if now - HOUR < one.at <= now]:
            put(project, some)
        for alert in look(project, *rules, now=now):
            live[alert.rule] += 1
    found = backtest(project, rules, since=NOW - 7 * DAY, until=NOW, now=NOW)
    assert {one.rule: len(one.firings) for one in found} == live
    assert all(live.values())


def test_hits_are_held_against_what_people_listed_and_judged(project: Project) -> None:
    put(project, [*burst(20, 4, first=100), *burst(10, 4, first=200), *burst(5, 4, first=300)])
    judged = a_flag(1, event_id="", label="停水一事", posts=[f"{200 + n:032x}" for n in range(4)])
    with opened(project) as store, write(store) as connection:
        connection.execute(insert(flag), [flag_row(judged)])
        connection.execute(
            insert(verdict), {"flag_id": judged.id, "verdict": "true", "who": "a", "why": "", "at_ms": 1}
        )
    listed = Listed("一件事", frozenset(f"{100 + n:032x}" for n in range(4)))
    found = outcome(project, TEXT, listed)
    assert [one.matter for one in found.firings] == ["一件事", "停水一事", ""]
    figures = found.figures()
    assert (figures["alerts"], figures["hits"], figures["weeks"]) == (3, 2, 4.0)
    assert figures["alerts_a_week"] == 0.75


def test_lead_is_counted_to_the_day_with_most_posts(project: Project) -> None:
    put(project, [*burst(20, 3, first=100), *burst(18, 9, first=200)])
    first = outcome(project, TEXT).firings[0]
    assert first.peak_day == (NOW - 18 * DAY).date()
    assert first.lead_h is not None and 24 < first.lead_h < 48


def test_lead_is_nothing_on_the_day_itself_and_negative_behind_it() -> None:
    midnight_ms = milliseconds(NOW - 8 * HOUR)
    assert [lead_h(midnight_ms + h * 3_600_000, date(2026, 11, 20)) for h in (-3, 0, 23, 26)] == [3.0, 0.0, 0.0, -2.0]


def test_stricter_rules_tell_no_more(project: Project) -> None:
    put(project, [*burst(20, 3, first=100), *burst(15, 5, first=200), *burst(10, 9, first=300)])
    found = outcome(project, TEXT)
    counts = [one.alerts for one in found.stricter]
    assert [one.change for one in found.stricter] == [
        "num_events: 4",
        "num_events: 5",
        "num_events: 6",
        "num_events: 9",
    ]
    assert counts == sorted(counts, reverse=True) and counts[0] <= len(found.firings)


@pytest.mark.parametrize(
    "text",
    [
        TEXT,
        "kind: spike\nwindow: 1d\nspike_height: 2\n",
        "kind: flatline\nwindow: 1d\nthreshold: 1\n",
        "kind: cardinality\nfield: voices\nwindow: 1d\nmax_cardinality: 5\n",
        "kind: percentage_match\nmatch_query: a\nwindow: 1d\nmax_percentage: 50\n",
        "kind: metric\nmetric: mean_sentiment\nwindow: 1d\nbelow: -0.2\n",
        "kind: metric\nmetric: mean_engagement\nwindow: 1d\nabove: 5\n",
        "kind: new_term\nfield: place\n",
        "kind: source_silent\nwindow: 1d\n",
        "kind: event\nlevel: blue\n",
    ],
)
def test_three_to_five_stricter_ones_of_every_kind_that_has_a_threshold(text: str) -> None:
    found = stricter(rule(text))
    assert 3 <= len(found) <= 5 and len({said for said, _ in found}) == len(found)


def test_flags_and_silent_sources_are_replayed(project: Project) -> None:
    (project.config_dir / "sources" / "news.yaml").write_text(
        "name: news\nkind: feed\nurls: [http://news.example/feed]\n", encoding="utf-8"
    )
    reopened = open_project(project.root, {})
    ended = [NOW - 20 * DAY, NOW - 19.5 * DAY, NOW - 10 * DAY]
    row = {"source": "news", "outcome": "finished", "reason": "", "counts": "{}"}
    with opened(project) as store, write(store) as connection:
        for n, at in enumerate(ended):
            connection.execute(
                insert(run), {**row, "id": str(n), "started_ms": milliseconds(at), "finished_ms": milliseconds(at)}
            )
        connection.execute(
            insert(flag), [flag_row(a_flag(1, flagged_at=NOW - 5 * DAY)), flag_row(a_flag(2, level="blue"))]
        )
    silent = outcome(reopened, "kind: source_silent\nof: runs\nwindow: 2d\n")
    assert [one.at for one in silent.firings] == [NOW - 17.5 * DAY, NOW - 8 * DAY]
    assert [one.at for one in outcome(reopened, "kind: event\n").firings] == [NOW - 5 * DAY]


def test_the_command_tells_it_in_words_and_in_json(project: Project) -> None:
    put(project, burst(20, 4, first=100))
    file = project.root / "停水.yaml"
    file.write_text("name: 停水\n" + TEXT, encoding="utf-8")
    span = ("--from", "2026-10-23", "--to", "2026-11-19")
    (found,) = asked("backtest", str(file), *span, project=project.root)
    assert (found["rule"], found["alerts"], len(found["stricter"])) == ("停水", 1, 4)
    told = qingyu("backtest", str(file), *span, project=project.root).stdout
    assert "更严的门槛" in told and "每周" in told
    assert "--events" in qingyu("backtest", str(file), "--events", *span, project=project.root, code=2).stderr
    file.write_text("name: x\nkind: zzz\n", encoding="utf-8")
    assert "停水.yaml:2:" in qingyu("backtest", str(file), *span, project=project.root, code=2).stderr


def test_the_commands_for_rules(project: Project) -> None:
    write_rule(project, "name: 停水\n" + TEXT)
    put(project, burst(0, 1, first=1) + [Said(n, NOW - HOUR * n) for n in (2, 3)])
    assert "6小时内达到 3 条" in qingyu("rules", "check", project=project.root).stdout
    assert "3 or more within 6 h" in qingyu("rules", "check", project=project.root, language="en").stdout
    dry = asked("rules", "run", "--dry", "--now", "2026-11-20T08:00", project=project.root)
    assert [one["rule"] for one in dry["alerts"]] == ["停水"]
    assert "停水：3 条" in qingyu("rules", "run", "--now", "2026-11-20T08:00", project=project.root).stdout
    assert "没有要报的" in qingyu("rules", "run", "--now", "2026-11-20T08:00", project=project.root).stdout
    qingyu("rules", "silence", "停水", "--for", "2h", project=project.root)
    (listed,) = asked("rules", "list", project=project.root)
    assert (listed["firings"], listed["fired_at"]) == (1, "2026-11-20T00:00:00Z") and listed["silenced_till"]
    qingyu("rules", "silence", "停水", "--for", "0", project=project.root)
    assert asked("rules", "list", project=project.root)[0]["silenced_till"] is None
    assert "停水" in qingyu("rules", "silence", "停电", project=project.root, code=2).stderr
    assert "--for" in qingyu("rules", "silence", "停水", "--for", "x", project=project.root, code=2).stderr
    assert "--now" in qingyu("rules", "run", "--now", "x", project=project.root, code=2).stderr


BOARD = SHARED / "data" / "board" / "messages.jsonl.gz"


@pytest.mark.shared
@pytest.mark.skipif(not BOARD.exists(), reason="../shared is not here")
def test_a_rule_over_the_real_board_finds_its_best_known_matter_in_time(tmp_path: Path) -> None:
    import gzip

    init_project(tmp_path, region="")
    (tmp_path / "config" / "sources" / "board.yaml").write_text(BOARD_SOURCE, encoding="utf-8")
    lines = gzip.decompress(BOARD.read_bytes()).decode().splitlines()
    some = [line for line in lines if '"2019-1' in line or '"2020-' in line]
    (tmp_path / "board.jsonl").write_text("\n".join(some), encoding="utf-8")
    made = open_project(tmp_path, {})
    crawl(made, [made.source("board")])
    process(made)
    text = "name: 丽发\nkind: cardinality\nquery: 丽发新城\nfield: voices\nwindow: 14d\nmax_cardinality: 3\n"
    file = tmp_path / "r.yaml"
    file.write_text(text, encoding="utf-8")
    (found,) = asked("backtest", str(file), "--from", "2019-10-01", "--to", "2020-01-26", project=tmp_path)
    assert 1 <= found["alerts"] <= 5
    assert json.dumps(found).find("author") < 0
