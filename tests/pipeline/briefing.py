"""A project with ten weeks of messages, an event, a flag and a year before, for tests of briefs: made once, copied for each."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import Engine, func, insert, select, update

from config.project import Project, init_project, open_project
from crawlers.schema import annotation, post, run
from crawlers.store import opened, read, write
from pipeline.briefs.compose import Wanted, compose
from pipeline.briefs.docx_writing import write_docx
from pipeline.briefs.measures import Cases
from pipeline.briefs.model import Brief, Figure, Paragraph
from pipeline.briefs.periods import Period, period_of
from pipeline.crawl import crawl
from pipeline.process import process
from pipeline.query.layer import QueryLayer
from tests.pipeline.flagged import EVENT, FLAG, put_event, put_flag, replace

SHANGHAI = ZoneInfo("Asia/Shanghai")
DAY = date(2026, 11, 19)  # a Thursday
MADE_AT = datetime(2026, 11, 20, 8, 20, tzinfo=SHANGHAI)
DAILY = period_of("daily", DAY)
SOURCE = """
name: lines
title: 云水留言板
kind: import
files: [lines-*.jsonl]
post_kind: message
columns: {id: id, title: title, text: text, published: at, author: who, url: url, reply_text: reply, reply_unit: unit, reply_time: replied}
"""
_EVERYDAY = [
    ("路灯坏了没人修", "城关镇人民路的路灯坏了一周，晚上出行不安全，请尽快维修"),
    ("公交车等太久", "早高峰公交车等了四十分钟，班次太少，希望增加班次"),
    ("自来水水压低", "柳林村自来水水压太低，三楼以上没有水，盼解决"),
    ("感谢办事大厅", "政务大厅工作人员热情周到，办证很快，非常满意，点赞"),
]
MATTER = [
    ("丽景新城旁边的混凝土搅拌站太吵", "丽景新城旁边新建的混凝土搅拌站整夜轰鸣，粉尘很大，窗户都不敢开，请尽快处理。" * 3),
    ("搅拌站粉尘进了丽景新城", "丽景新城小区外的混凝土搅拌站每天扬尘，孩子咳嗽不止，粉尘落满阳台，请环保部门来看看"),
    ("混凝土搅拌站何时搬走", "混凝土搅拌站离丽景新城不到一百米，噪音和粉尘严重影响休息，业主强烈要求搬走"),
    ("搅拌站夜间施工", "丽景新城边上的混凝土搅拌站半夜还在生产，噪音扰民，粉尘飘进屋里"),
    ("丽景新城没法住", "丽景新城的混凝土搅拌站彻夜作业，噪音和粉尘让老人睡不着"),
]  # fmt: skip
# What web text may hold: controls, a turn of the line, a formula, markup, the marks of templates, a sign outside Unicode's use.
HOSTILE_TITLE = '=cmd|"/c calc"!A1<script>alert(1)</script>{{ 7*7 }}\x0b'
HOSTILE_TEXT = "<b>搅拌站</b>&amp;]]>\u202e粉尘\x00\x08\ufffe{% for x in y %}#metadata[*]\\\"'\u200b丽景新城"


def row(number: int, at: datetime, title: str, text: str, who: str, **more: str) -> dict[str, str]:
    """A line of the file that is imported."""
    plain = {"id": str(number), "title": title, "text": text, "at": at.isoformat(), "who": who}
    return {**plain, "url": f"http://board.town.test/{number}.html", "reply": "", "unit": "", "replied": "", **more}


def at(day: date, hour: int = 10, minute: int = 0) -> datetime:
    """A moment in Shanghai."""
    return datetime.combine(day, time(hour, minute), SHANGHAI)


def rows() -> list[dict[str, str]]:
    """Four messages a day for seventy days; the matter of five voices, one copied, on the day; two of the year before."""
    found = []
    for n in range(70 * 4):
        day = DAY - timedelta(days=69 - n // 4)
        title, text = _EVERYDAY[n % 4]
        more = {}
        if n % 8 == 0:  # answered after one day, of which every other after thirty
            unit, days = (("城管局", 1), ("水务局", 30))[n // 8 % 2]
            replied = at(day + timedelta(days=days), 15)
            if replied < MADE_AT:
                more = {"reply": f"您好，第{n}件已处理", "unit": unit, "replied": replied.isoformat()}
        found.append(row(n, at(day, 9 + n % 4), f"{title}{n}", f"第{n}件：{text}", f"a{n % 150}", **more))
    for n, (title, text) in enumerate(MATTER):
        found.append(row(9000 + n, at(DAY, 9 + n, 30), title, text, f"c{n}"))
    found.append(row(9100, at(DAY, 20), MATTER[1][0], MATTER[1][1], "d1"))
    found.append(row(9101, at(DAY, 21), "公告", "x" * 100_000, "d2"))
    for n in range(2):
        found.append(row(9200 + n, at(date(2025, 11, 19), 9 + n), *_EVERYDAY[n], f"b{n}"))
    found.append(row(9210, at(date(2025, 11, 10)), *_EVERYDAY[3], "b9"))
    return found


def land(project: Project, some: Sequence[dict[str, str]], name: str, *, collected: datetime | None = None) -> None:
    """Import and annotate; posts are collected ten minutes after they were published, or when it is said."""
    (project.config_dir / "sources" / "lines.yaml").write_text(SOURCE, encoding="utf-8")
    text = "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in some)
    (project.root / f"lines-{name}.jsonl").write_text(text, encoding="utf-8")
    with opened(project) as engine:
        before = _newest(engine)
        with read(engine) as connection:
            runs = list(connection.execute(select(run.c.id)).scalars())
        (done,) = crawl(project, [project.source("lines")])
        assert done.outcome == "finished", done.reason
        # The clock of the machine is not that of the tale.
        with write(engine) as connection:
            when = post.c.published_ms + 600_000 if collected is None else _ms(collected)
            connection.execute(update(post).where(post.c.landed_seq > before).values(collected_ms=when))
            connection.execute(
                update(run)
                .where(run.c.id.not_in(runs))
                .values(started_ms=_ms(MADE_AT) - 7_260_000, finished_ms=_ms(MADE_AT) - 7_200_000)
            )
        process(project)
        with write(engine) as connection:
            landed = select(post.c.collected_ms).where(post.c.id == annotation.c.post_id).scalar_subquery()
            new = select(post.c.id).where(post.c.landed_seq > before)
            connection.execute(
                update(annotation).where(annotation.c.post_id.in_(new)).values(annotated_ms=landed + 60_000)
            )


def _newest(engine: Engine) -> int:
    with read(engine) as connection:
        return int(connection.execute(select(func.max(post.c.landed_seq))).scalar() or 0)


def _ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def fill(project: Project) -> None:
    """Land everything, with the event, its flag, and a good run of each day."""
    land(project, rows(), "all")
    with opened(project) as engine:
        ids = ids_of(engine, [title for title, _ in MATTER])
        known = at(DAY, 16).astimezone(UTC)
        put_event(engine, replace(
            EVENT, title="丽景新城 搅拌站 噪音", first_at=at(DAY, 9, 30), last_at=at(DAY, 20), posts=6, originals=5,
            first_post=ids[0], representatives=tuple(ids[:2]), curve=((DAY, 6),),
        ), ids)  # fmt: skip
        put_flag(engine, replace(
            FLAG, label="丽景新城 搅拌站", query=f"event:{EVENT.id}", since_day=DAY - timedelta(days=2), until_day=DAY,
            flagged_at=known, posts=tuple(ids),
        ))  # fmt: skip
        with write(engine) as connection:
            good = [
                {"id": f"{n:032x}", "source": "lines", "started_ms": _ms(at(DAY)) - n * 86_400_000, "counts": "{}",
                 "finished_ms": _ms(at(DAY)) - n * 86_400_000 + 60_000, "outcome": "finished", "reason": ""}
                for n in range(60)
            ]  # fmt: skip
            connection.execute(insert(run), good)


def ids_of(engine: Engine, titles: Sequence[str]) -> list[str]:
    """Ids of the earliest posts with these titles, in the order of the titles."""
    with read(engine) as connection:
        asked = select(post.c.title, post.c.id).where(post.c.title.in_(titles)).order_by(post.c.published_ms.desc())
        found = {one.title: one.id for one in connection.execute(asked)}
    return [found[title] for title in titles]


@lru_cache(maxsize=1)
def _made() -> Path:
    """One a process of tests; the folder goes with the temporary ones."""
    root = Path(tempfile.mkdtemp(prefix="qingyu-briefing-")) / "project"
    init_project(root, region="云水县")
    with (root / "config" / "settings.yaml").open("a", encoding="utf-8") as file:
        file.write("briefs: {formats: [docx, html, pdf]}\n")
    text = (root / "config" / "settings.yaml").read_text(encoding="utf-8")
    text = text.replace('name: ""', "name: 云水县网信中心")
    (root / "config" / "settings.yaml").write_text(text, encoding="utf-8")
    fill(open_project(root, {}))
    return root


def project_in(folder: Path) -> Project:
    """The project with everything in it, a copy that the test may change."""
    shutil.copytree(_made(), folder / "project")
    return open_project(folder / "project", {})


def composed(
    project: Project,
    period: Period = DAILY,
    *,
    subject: str = "",
    made_at: datetime = MADE_AT,
    cases: Cases | None = None,
) -> Brief:
    """The brief as a value."""
    wanted = Wanted(period, subject, period.last_day.year, 7, made_at, cases)
    with QueryLayer.open(project, who="test", now=lambda: made_at) as layer:
        return compose(project, layer, wanted)


def text_of(brief: Brief, section: str) -> str:
    """The paragraphs, headings, tables and quotations of a section as text."""
    (found,) = [one for one in brief.sections if one.name == section]
    lines = []
    for block in found.blocks:
        for name in ("lead", "text", "title"):
            value = getattr(block, name, "")
            lines.append(value.shown if isinstance(value, Figure) else value)
        cells = [block.pieces] if isinstance(block, Paragraph) else [c for r in getattr(block, "rows", ()) for c in r]
        lines += [
            "".join(p if isinstance(p, str) else getattr(p, "shown", getattr(p, "text", "")) for p in c) for c in cells
        ]
    return "\n".join(line for line in lines if line)


def figure_of(brief: Brief, measure: str, test: Callable[[Figure], bool] = lambda figure: True) -> Figure:
    """The first figure of a measure."""
    return next(one for one in brief.figures() if one.origin.measure == measure and test(one))


def docx_of(project: Project, brief: Brief) -> bytes:
    """The brief as Word, with the template that comes along, without pictures."""
    return write_docx(brief, project.file(f"templates/brief_{brief.period.kind}.docx"), {})
