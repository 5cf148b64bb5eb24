"""`qingyu brief verify`: every figure of a file comes out again, and what was altered, removed or purged since is told."""

import base64
import io
import json
import re
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, update

from config.errors import RecordError
from config.project import Project
from crawlers.schema import annotation, post
from crawlers.store import opened, read, write
from pipeline.briefs import pdf_reading
from pipeline.briefs.carried import Read, read_brief
from pipeline.briefs.fonts import installed, present
from pipeline.briefs.making import rendered
from pipeline.briefs.measures import Ground
from pipeline.briefs.model import Brief
from pipeline.briefs.record import Carried, dumped
from pipeline.briefs.verifying import Checked, Verdict, verify
from pipeline.query.layer import QueryLayer
from pipeline.retention import enforce
from tests.pipeline.briefing import DAY, MADE_AT, MATTER, at, composed, figure_of, ids_of, land, project_in, row
from tests.pipeline.commanding import asked, qingyu

FORMATS = [
    "docx",
    "html",
    pytest.param("pdf", marks=pytest.mark.skipif(not present("body", installed()), reason="no Chinese font")),
]
LATER = MADE_AT + timedelta(days=3)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return project_in(tmp_path)


def file_of(project: Project, kind: str, brief: Brief | None = None) -> Path:
    made, failed = rendered(project, brief or composed(project), [kind])
    assert failed == {}
    path = project.root / f"brief.{kind}"
    path.write_bytes(made[kind])
    return path


def checked(project: Project, path: Path, *, now: datetime = LATER) -> Verdict:
    return verified(project, read_brief(path), now=now)


def verified(project: Project, found: Read, *, now: datetime = LATER) -> Verdict:
    with QueryLayer.open(project, who="test", now=lambda: now) as layer:
        return verify(found, Ground(project, layer, found.record.made_at, later=now))


def as_it_stands(brief: Brief) -> Read:
    """What a file of the brief would be read as."""
    record = Carried(
        brief.period, brief.title, brief.year, brief.number, brief.subject, brief.made_at, tuple(brief.figures()), tuple(brief.order())
    )  # fmt: skip
    return Read(record, {figure.id: [figure.shown] for figure in brief.figures() if figure.form != "series"})


def of(verdict: Verdict, measure: str) -> Checked:
    return next(one for one in verdict.checked if one.figure.origin.measure == measure)


@pytest.mark.parametrize("kind", FORMATS)
def test_every_figure_comes_out_again(project: Project, kind: str) -> None:
    verdict = checked(project, file_of(project, kind))
    assert len(verdict.checked) > 60
    assert dict(verdict.counts) == {"same": len(verdict.checked)}
    assert verdict.whole
    assert verdict.absent == []


@pytest.mark.parametrize("kind", ["docx", "html"])
def test_one_changed_figure_is_found(project: Project, kind: str) -> None:
    """Each figure in turn would take minutes; one of each measure does."""
    brief = composed(project)
    path = file_of(project, kind, brief)
    whole = path.read_bytes()
    for figure in {one.origin.measure: one for one in brief.figures() if one.form != "series"}.values():
        path.write_bytes(_changed(whole, kind, figure.id))
        verdict = checked(project, path)
        assert not verdict.right, figure
        assert [one.figure.id for one in verdict.checked if one.state == "altered"] == [figure.id]


def _changed(data: bytes, kind: str, name: str) -> bytes:
    """The file with another text in the first place of a figure."""
    if kind == "html":
        text = re.sub(rf'(<data data-figure="{name}"[^>]*>)[^<]*', r"\g<1>12345", data.decode("utf-8"), count=1)
        return text.encode("utf-8")
    return _rezipped(
        data,
        "word/document.xml",
        lambda xml: re.sub(
            rf'(<w:tag w:val="qingyu-{name}"/></w:sdtPr><w:sdtContent><w:r><w:t[^>]*>)[^<]*',
            r"\g<1>12345",
            xml,
            count=1,
        ),
    )


def _rezipped(data: bytes, part: str, change: Callable[[str], str]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            held = old.read(name)
            if name == part:
                other = change(held.decode("utf-8")).encode("utf-8")
                assert other != held
                held = other
            new.writestr(name, held)
    return out.getvalue()


def test_a_changed_figure_of_a_pdf_is_found(project: Project) -> None:
    if not present("body", installed()):
        pytest.skip("no Chinese font")
    path = file_of(project, "pdf")
    data = path.read_bytes()
    count = next(one for one in read_brief(path).record.figures if one.origin.measure == "count")
    assert count.shown == "11"
    path.write_bytes(_with_another_number(data, "11", "6"))
    verdict = checked(project, path)
    assert of(verdict, "count").state == "altered"
    assert of(verdict, "count").text == "6"
    assert not verdict.right


def _with_another_number(data: bytes, old: str, new: str) -> bytes:
    """The PDF with the first piece that shows `old` drawn with the glyphs of one that shows `new`."""
    pdf = pdf_reading.parsed(data)
    pages = [head for head in pdf.heads.values() if re.search(rb"/Type\s*/Page\b", head)]
    number = int(re.search(rb"/Contents (\d+) 0 R", pages[0])[1])  # type: ignore[index]
    maps, stream = pdf_reading._maps(pdf, pages[0]), pdf.streams[number]
    pieces = {
        pdf_reading._shown(piece[2], maps): piece for piece in reversed(list(pdf_reading._MARKED.finditer(stream)))
    }
    there, other = (re.search(rb"Tm(.*?)T[jJ]", pieces[text][0], re.S) for text in (old, new))
    assert there and other
    start = pieces[old].start() + there.start()
    changed = stream[:start] + other[0] + stream[start + len(there[0]) :]
    raw = next(m[1] for m in re.finditer(rb"stream\r?\n(.*?)\r?\n?endstream", data, re.S) if _unpacks_to(m[1], stream))
    return data.replace(raw, zlib.compress(changed))


def _unpacks_to(raw: bytes, stream: bytes) -> bool:
    try:
        return zlib.decompress(raw) == stream
    except zlib.error:
        return False


def test_a_record_changed_with_its_text_is_found(project: Project) -> None:
    """Who changes both still cannot change what the posts say."""
    read_ = as_it_stands(composed(project))
    lied = tuple(replace(f, value=99, shown="99") if f.origin.measure == "count" else f for f in read_.record.figures)
    lie = Read(replace(read_.record, figures=lied), {f.id: [f.shown] for f in lied if f.form != "series"})
    verdict = verified(project, lie)
    assert of(verdict, "count").state == "differs"
    assert not verdict.right


def test_a_sentence_taken_out_is_told(project: Project) -> None:
    brief = composed(project)
    path = file_of(project, "html", brief)
    name = figure_of(brief, "median_days").id
    path.write_bytes(re.sub(rf'<data data-figure="{name}".*?</data>', "", path.read_text("utf-8")).encode("utf-8"))
    verdict = checked(project, path)
    assert list(verdict.absent) == [name]
    assert verdict.right and not verdict.whole  # another number may have been typed in its place


def test_posts_collected_since_are_not_held_against_it(project: Project) -> None:
    brief = composed(project)
    land(
        project, [row(9700, at(DAY, 23), "昨夜停水", "昨夜停水了", "z")], "late", collected=MADE_AT + timedelta(hours=3)
    )
    verdict = verified(project, as_it_stands(brief))
    count = of(verdict, "count")
    assert (count.state, count.text, count.now) == ("late", "11", "12")
    assert verdict.whole


def test_answers_given_since_are_not_counted(project: Project) -> None:
    brief = composed(project)
    replied = (MADE_AT + timedelta(hours=5)).isoformat()
    answered = row(9001, at(DAY, 10, 30), *MATTER[1], "c1", reply="您好，已处理", unit="环保局", replied=replied)
    land(project, [answered], "answers", collected=MADE_AT + timedelta(hours=6))
    verdict = verified(project, as_it_stands(brief))
    assert of(verdict, "answered").state == "same"
    assert of(verdict, "replied").state == "same"


def test_posts_read_anew_since_explain_a_figure_and_no_more(project: Project) -> None:
    brief = composed(project)
    with opened(project) as engine:
        (one,) = ids_of(engine, [MATTER[1][0]])
        with write(engine) as connection:
            connection.execute(update(post).where(post.c.id == one).values(text="改过的说法，以此为准"))
            connection.execute(update(annotation).where(annotation.c.post_id == one).values(annotated_ms=_ms(LATER)))
    verdict = verified(project, as_it_stands(brief))
    quotes = [checked.state for checked in verdict.checked if checked.figure.origin.measure == "quote"]
    assert sorted(quotes) == ["changed", "same"]
    assert verdict.right and not verdict.whole
    # One post that changed explains no difference of two.
    count = figure_of(brief, "count")
    read_ = as_it_stands(brief)
    for value, state in ((12, "changed"), (13, "differs")):
        lied = tuple(replace(f, value=value, shown=str(value)) if f.id == count.id else f for f in read_.record.figures)
        lie = Read(replace(read_.record, figures=lied), {f.id: [f.shown] for f in lied if f.form != "series"})
        assert of(verified(project, lie), "count").state == state


def test_posts_purged_since_are_told(project: Project) -> None:
    brief = composed(project)
    long_after = MADE_AT + timedelta(days=1200)
    enforce(project, now=long_after)
    verdict = verified(project, as_it_stands(brief), now=long_after)
    assert of(verdict, "count").state == "gone"
    assert "1095 天的保留期限已过" in of(verdict, "count").why
    assert of(verdict, "quote").state == "gone"
    assert not {one.state for one in verdict.checked} & {"differs", "altered"}
    assert verdict.right and not verdict.whole


def test_a_small_part_of_the_posts_purged_is_told(project: Project) -> None:
    """The usual of eight weeks before reaches behind the retention while the day itself does not."""
    brief = composed(project)
    after = MADE_AT + timedelta(days=1095 - 20)
    enforce(project, now=after)
    verdict = verified(project, as_it_stands(brief), now=after)
    assert of(verdict, "count").state == "same"
    assert of(verdict, "usual_median").state == "gone"


@pytest.mark.parametrize(
    "data",
    [b"", b"%PDF-1.7 nothing", b"PK\x03\x04", b"<html></html>", b'<template id="qingyu-brief">{"qingyu_brief":1}</template>',
     b'<template id="qingyu-brief">' + b"[" * 100_000 + b"</template>"],
)  # fmt: skip
def test_a_file_that_is_none_of_ours_is_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "file"
    path.write_bytes(data)
    with pytest.raises(RecordError):
        read_brief(path)


@given(data=st.binary(max_size=300), start=st.sampled_from([b"%PDF", b"PK", b'<template id="qingyu-brief">', b""]))
def test_any_bytes_are_read_or_refused(tmp_path_factory: pytest.TempPathFactory, data: bytes, start: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any"
    path.write_bytes(start + data)
    with pytest.raises(RecordError):
        read_brief(path)


def test_entities_and_bombs_are_not_unpacked(project: Project) -> None:
    path = file_of(project, "docx")
    bomb = '<!DOCTYPE b [<!ENTITY a "aaaaaaaaaa"><!ENTITY c SYSTEM "file:///etc/passwd">]>'
    name = "customXml/qingyu1.xml"
    path.write_bytes(
        _rezipped(path.read_bytes(), name, lambda xml: bomb + xml.split("?>", 1)[1].replace("{", "&a;&c;{", 1))
    )
    with pytest.raises(RecordError):
        read_brief(path)


def test_a_stream_of_a_pdf_is_unpacked_to_a_limit() -> None:
    packed = zlib.compress(b"0" * (pdf_reading._MOST + 10_000))
    found = pdf_reading.parsed(b"1 0 obj <</Filter /FlateDecode>> stream\n" + packed + b"\nendstream endobj")
    assert len(found.streams[1]) <= pdf_reading._MOST


def test_a_question_that_asks_for_too_much_is_no_trap(project: Project) -> None:
    """A record made up by somebody: unknown measures, broken queries, endless days."""
    values = json.loads(dumped(composed(project)))
    base = values["figures"][0]
    wicked = [
        {**base, "id": "f1", "measure": "__import__"},
        {**base, "id": "f2", "questions": [{"query": '没有:"'}]},
        {**base, "id": "f3", "measure": "days", "questions": [{"since": "0001-01-01T00:00:00+00:00", "until": "9999-12-31T00:00:00+00:00"}]},
        {**base, "id": "f4", "measure": "on_time", "questions": [], "ids": []},
        {**base, "id": "f5", "measure": "set_aside", "questions": [{}]},
    ]  # fmt: skip
    from pipeline.briefs.record import loaded

    record = loaded(json.dumps({**values, "figures": wicked}))
    verdict = verified(project, Read(record, {}))
    assert {one.state for one in verdict.checked} == {"differs"}


def test_the_command_tells_by_its_exit_code(project: Project, tmp_path: Path) -> None:
    out = tmp_path / "out"
    made = asked("brief", "daily", "--day", str(DAY), "--format", "html", "--out", str(out), project=project.root)
    path = made["files"]["html"]
    told = qingyu("brief", "verify", path, project=project.root).stdout
    assert re.fullmatch(r"共 \d+ 个数字：相同 \d+\n", told)
    whole = Path(path).read_text("utf-8")
    Path(path).write_text(re.sub(r'(<data data-figure="f1"[^>]*>)11<', r"\g<1>12<", whole), encoding="utf-8")
    told = qingyu("brief", "verify", path, project=project.root, code=1).stdout
    assert "f1 条数（2026-11-19）：文中被改动——文中 12，记录 11，现在 11" in told
    values = asked("brief", "verify", path, project=project.root, code=1)
    assert (values["right"], values["counts"]["altered"], values["figures"][0]["state"]) == (False, 1, "altered")
    qingyu("brief", "verify", str(tmp_path / "none.docx"), project=project.root, code=1)
    Path(path).write_bytes(base64.b64decode("AAAA"))
    refused = qingyu("brief", "verify", path, project=project.root, code=1)
    assert "没有数字出处" not in refused.stdout or refused.stderr


def test_the_commands_make_list_and_refuse(project: Project) -> None:
    root = project.root
    made = asked("brief", "weekly", "--day", str(DAY), project=root)
    assert (made["number"], made["year"], list(made["files"])) == (1, 2026, ["docx"])
    topic = asked(
        "brief", "topic", "搅拌站", "--from", "2026-11-13", "--to", "2026-11-19", "--format", "html", project=root
    )
    assert topic["title"] == "关于“搅拌站”的网情专报"
    listed = asked("brief", "list", project=root)
    assert {(one["kind"], one["number"]) for one in listed} == {("weekly", 1), ("topic", 1)}
    assert "--format" in qingyu("brief", "daily", "--format", "doc", project=root, code=2).stderr
    assert (
        "--to"
        in qingyu("brief", "topic", "水", "--from", "2026-11-19", "--to", "2026-11-13", project=root, code=2).stderr
    )
    assert "专题" in qingyu("brief", "topic", " ", project=root, code=2).stderr


def test_reading_the_store_leaves_it_as_it_was(project: Project) -> None:
    with opened(project) as engine, read(engine) as connection:
        before = connection.execute(select(post)).all()
    checked(project, file_of(project, "html"))
    with opened(project) as engine, read(engine) as connection:
        assert connection.execute(select(post)).all() == before


def _ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)
