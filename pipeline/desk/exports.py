"""Files of posts for people: each says what was asked, when and by whom, and what is not known of that time."""

from __future__ import annotations

import io
import tempfile
import zipfile
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from pathlib import Path

from docx import Document
from docx.shared import Pt

from config.errors import ConfigError
from config.text import tr
from pipeline.access.model import Action
from pipeline.desk.desk import Desk, verb
from pipeline.export import export_file, plain
from pipeline.query.asked import describe
from pipeline.query.breaking import Split
from pipeline.query.model import Question
from pipeline.query.times import SHANGHAI
from pipeline.sources_view import days_crawled, health_of

KINDS = ("csv", "xlsx", "jsonl", "docx")
# A list to read; more is a table.
CLIPPINGS = 500
_EXCERPT = 300
_LONGEST_SPAN = timedelta(days=3_660)


@verb(Action.EXPORT_POSTS)
def about(desk: Desk, /, asked: Question) -> list[tuple[str, str]]:
    """What a file says of itself: the question, how many posts, when and by whom it was made, of which days nothing was
    collected, how the sources were."""
    now = desk.now().astimezone(SHANGHAI)
    by_source = desk.layer.breakdown(asked, Split(("source",), (200,)), ("count",))
    titles = {one.name: one.title or one.name for one in desk.project.sources}
    sources = health_of(desk.project, now=desk.now())
    bad = [f"{one.title}（{one.health}）" for one in sources if one.health not in {"fine", "new", "disabled"}]
    gaps = _gaps(desk, asked, now)
    return [
        (tr("问题", "question"), describe(asked)),
        (tr("时段", "period"), f"{_day(asked.since)} – {_day(asked.until, before=True)}"),
        (tr("帖子", "posts"), f"{desk.layer.count(asked):,}"),
        (tr("做于", "made"), f"{now:%Y-%m-%d %H:%M} · {desk.person.name}"),
        (
            tr("来源", "sources"),
            "、".join(f"{titles.get(r.keys[0], r.keys[0])} {int(r.figures[0] or 0):,}" for r in by_source) or "—",
        ),
        (tr("不正常的来源", "sources not fine"), "、".join(bad) or tr("无", "none")),
        (tr("没有数据的日子", "days without data"), gaps),
        (
            tr("说明", "note"),
            tr("个人信息已遮盖；情感与话题由模型判断，可能有误。", "personal data is masked; labels are a model's."),
        ),
    ]


@verb(Action.EXPORT_POSTS)
def exported(desk: Desk, /, asked: Question, kind: str) -> bytes:
    """The posts as a file of one of KINDS, with what `about` says in it: Excel in a second sheet, Word at the beginning, CSV and
    JSONL in a zip beside it. The layer audits it. Raises ConfigError (kind, too many for Word), StageError."""
    if kind not in KINDS:
        raise ConfigError(tr("没有格式 {k}；可用：{f}", "no format {k}; known: {f}", k=kind, f=" ".join(KINDS)))
    told = about(desk, asked)
    if kind == "docx":
        return _clippings(desk, asked, told)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"posts.{kind}"
        export_file(desk.layer, asked, path, kind, notes=told)
        if kind == "xlsx":
            return path.read_bytes()
        made = io.BytesIO()
        with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.write(path, path.name)
            text = "\r\n".join(f"{name}：{value}" for name, value in told)
            archive.writestr(tr("说明.txt", "about.txt"), text.encode("utf-8-sig", "replace"))
        return made.getvalue()


def _clippings(desk: Desk, asked: Question, told: Sequence[tuple[str, str]]) -> bytes:
    total = desk.layer.count(asked)
    if total > CLIPPINGS:
        message = tr(
            "共 {n} 条，Word 剪报最多 {m} 条；请缩小范围，或导出为 Excel、CSV",
            "{n} posts; a list in Word has {m} at most: narrow the question, or take Excel or CSV",
            n=total,
            m=CLIPPINGS,
        )
        raise ConfigError(message)
    titles = {one.name: one.title or one.name for one in desk.project.sources}
    document = Document()
    style = document.styles["Normal"]
    style.font.name, style.font.size = "宋体", Pt(10.5)
    document.add_heading(tr("剪报", "Clippings"), level=1)
    table = document.add_table(rows=0, cols=2)
    for name, value in told:
        cells = table.add_row().cells
        cells[0].text, cells[1].text = plain(name), plain(value)
    for number, post in enumerate(desk.layer.export(asked), start=1):
        document.add_heading(plain(f"{number}. {_short(post['title'], 80) or tr('（无题）', '(untitled)')}"), level=2)
        feeling = (post.get("sentiment") or {}).get("label", "")
        facts = [titles.get(post["source"], post["source"]), _moment(post.get("published")), _feeling(feeling)]
        document.add_paragraph(plain(" · ".join(one for one in facts if one)))
        document.add_paragraph(plain(_short(post["text"], _EXCERPT)))
        official = post.get("official") or {}
        if official.get("text"):
            reply = f"{tr('官方答复', 'official reply')}（{official.get('unit') or '—'}）：{_short(official['text'], _EXCERPT)}"
            document.add_paragraph(plain(reply))
        document.add_paragraph(plain(post["url"]))
    made = io.BytesIO()
    document.save(made)
    return made.getvalue()


def _feeling(label: str) -> str:
    words = {"negative": ("负面", "negative"), "neutral": ("中性", "neutral"), "positive": ("正面", "positive")}
    return tr(*words[label]) if label in words else ""


def _short(text: str, size: int) -> str:
    clean = " ".join(text.split())
    return clean if len(clean) <= size else clean[: size - 1] + "…"


def _moment(value: str | None) -> str:
    return datetime.fromisoformat(value).astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M") if value else ""


def _day(at: datetime | None, *, before: bool = False) -> str:
    if at is None:
        return "…"
    return (at - timedelta(microseconds=before)).astimezone(SHANGHAI).date().isoformat()


def _gaps(desk: Desk, asked: Question, now: datetime) -> str:
    """The days of the question's time of which nothing was collected, in words."""
    until = min(asked.until or now, now)
    since = max(asked.since or until - _LONGEST_SPAN, until - _LONGEST_SPAN)
    rows = desk.layer.breakdown(Question(since=since, until=until), Split(interval="day"), ("count",))
    seen = {date.fromisoformat(row.keys[-1]) for row in rows}
    crawled, last_ok = days_crawled(desk.project, since=since)
    first = min(seen, default=None)
    begin = since.astimezone(SHANGHAI).date() if asked.since else first
    if begin is None:
        return tr("没有任何帖子", "there are no posts at all")
    last = (until - timedelta(microseconds=1)).astimezone(SHANGHAI).date()
    ended = last_ok.astimezone(SHANGHAI).date() if last_ok else None
    days = (begin + timedelta(days=n) for n in range((last - begin).days + 1))
    missing = [
        day
        for day in days
        if day not in seen
        and not (
            first is not None
            and ended is not None
            and first <= day <= ended
            and (day in crawled or day + timedelta(days=1) in crawled)
        )
    ]
    if not missing:
        return tr("无", "none")
    shown = "、".join(day.isoformat() for day in missing[:20])
    return shown if len(missing) <= 20 else tr("{d} 等 {n} 天", "{d} … {n} days", d=shown, n=len(missing))
