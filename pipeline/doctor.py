"""`qingyu doctor`: checks a machine and a configuration, and says what to do about each finding."""

from __future__ import annotations

import shutil
import smtplib
import stat
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import psutil
from sqlalchemy import Connection, func, select

from config.errors import ConfigError, QingyuError
from config.project import Project
from config.sources import SourceConfig
from config.text import tr
from config.yamlfile import read_yaml
from crawlers.schema import post
from crawlers.store import open_store, opened, read
from pipeline.alerts.smtp import connect
from pipeline.schedule.reading import job_views
from pipeline.workers import AtWork, at_work

State = Literal["ok", "warning", "failed"]
# Below 1 GB SQLite and index merges may fail in the middle; below 5 GB someone should look.
_DISK_FAIL, _DISK_WARN = 1_000_000_000, 5_000_000_000
# A process may take 800 MB; three run side by side.
_MEMORY_WARN = 2_500_000_000
_MAIL_TIMEOUT_S = 10.0


@dataclass(frozen=True)
class Finding:
    """One check. check: what was looked at; state: ok, warning, failed; message: what was found; remedy: what to do."""

    check: str
    state: State
    message: str
    remedy: str = ""

    def to_dict(self) -> dict[str, Any]:
        """As JSON values."""
        return asdict(self)


def examine(project: Project, *, now: datetime) -> list[Finding]:
    """All findings, in the order a person would look. Nothing is changed, no source is asked."""
    checks: tuple[Callable[[], Iterator[Finding]], ...] = (
        lambda: _paths(project),
        lambda: _disk(project),
        _memory,
        lambda: _clock(project, now),
        lambda: _key(project),
        lambda: _language_tools(project),
        lambda: _store(project),
        lambda: _index(project),
        lambda: _workers(project),
        lambda: _jobs(project, now),
        lambda: _mail(project),
        lambda: _sources(project),
    )
    return [finding for check in checks for finding in check()]


def _paths(project: Project) -> Iterator[Finding]:
    for name, path in (("data", project.data_dir), ("logs", project.log_dir)):
        try:
            path.mkdir(parents=True, exist_ok=True)
            probe = path / ".doctor"
            probe.write_bytes(b"")
            probe.unlink()
        except OSError as error:
            message = tr("{p} 不可写：{e}", "{p} cannot be written: {e}", p=path, e=error.strerror)
            remedy = tr(
                "改正目录的属主与权限，或修改 paths.{n}",
                "mend owner and mode of the folder, or change paths.{n}",
                n=name,
            )
            yield Finding(f"paths.{name}", "failed", message, remedy)
        else:
            yield Finding(f"paths.{name}", "ok", tr("{p} 可写", "{p} can be written", p=path))


def _disk(project: Project) -> Iterator[Finding]:
    path = project.data_dir if project.data_dir.exists() else project.root
    free = shutil.disk_usage(path).free
    state: State = "failed" if free < _DISK_FAIL else "warning" if free < _DISK_WARN else "ok"
    message = tr("剩余 {g:.1f} GB", "{g:.1f} GB free on the data disk", g=free / 1e9)
    remedy = tr("腾出空间；qingyu purge 按保留期限清理", "free some space; qingyu purge enforces the retention")
    yield Finding("disk", state, message, "" if state == "ok" else remedy)


def _memory() -> Iterator[Finding]:
    memory = psutil.virtual_memory()
    state: State = "warning" if memory.available < _MEMORY_WARN else "ok"
    message = tr("可用 {g:.1f} GB", "{g:.1f} GB of memory available", g=memory.available / 1e9)
    remedy = tr("关闭其他程序，或把 process.workers 设为 1", "close other programs, or set process.workers to 1")
    yield Finding("memory", state, message, "" if state == "ok" else remedy)


def _clock(project: Project, now: datetime) -> Iterator[Finding]:
    try:
        ZoneInfo("Asia/Shanghai")
    except ZoneInfoNotFoundError:
        message = tr("没有时区数据 Asia/Shanghai", "no zone data for Asia/Shanghai")
        yield Finding("timezone", "failed", message, tr("安装 tzdata", "install tzdata"))
    else:
        offset = now.astimezone().utcoffset()
        shown = now.astimezone().strftime("%Z%z")
        message = tr(
            "系统时区 {z}；一切按 Asia/Shanghai 计日", "system zone {z}; days are those of Asia/Shanghai", z=shown
        )
        yield Finding("timezone", "ok" if offset is not None else "warning", message)
    newest = _newest_collected(project)
    if newest is not None and newest > now:
        message = tr("系统时钟 {n} 早于已采集的 {c}", "the clock {n} is before what was collected {c}", n=now, c=newest)
        yield Finding(
            "clock", "failed", message, tr("校准系统时钟（如启用 NTP）", "set the clock right (for example by NTP)")
        )
    else:
        yield Finding("clock", "ok", now.astimezone(ZoneInfo("Asia/Shanghai")).strftime("%Y-%m-%d %H:%M:%S +08:00"))


def _newest_collected(project: Project) -> datetime | None:
    try:
        engine = open_store(project)
        with read(engine) as connection:
            newest = connection.execute(select(func.max(post.c.collected_ms))).scalar()
    except (QingyuError, OSError):
        return None  # `_store` says what is wrong with it
    engine.dispose()
    return datetime.fromtimestamp(newest / 1000, UTC) if newest else None


def _key(project: Project) -> Iterator[Finding]:
    try:
        project.author_key()
    except ConfigError as error:
        remedy = tr(
            "从备份恢复密钥；没有备份则运行 qingyu init 生成新的",
            "restore the key from a backup; where there is none, qingyu init makes a new one",
        )
        yield Finding("author_key", "failed", error.message, remedy)
        return
    mode = stat.S_IMODE(project.key_file.stat().st_mode)
    if mode & 0o077:
        message = tr("{p} 可被他人读取（{m:o}）", "{p} can be read by others ({m:o})", p=project.key_file, m=mode)
        yield Finding("author_key", "failed", message, f"chmod 600 {project.key_file}")
    else:
        yield Finding("author_key", "ok", tr("仅属主可读", "only the owner can read it"))


def _language_tools(project: Project) -> Iterator[Finding]:
    from nlp.annotator import load_annotator

    try:
        annotator = load_annotator(project.settings.nlp, project.file)
    except QingyuError as error:
        yield Finding("dictionaries", "failed", error.message, tr("按提示改正该文件", "mend the file as said"))
    except (OSError, ImportError) as error:
        remedy = tr("检查 nlp 一节的设置；classic 工具需另装", "check the nlp settings; classic tools are an extra")
        yield Finding("dictionaries", "failed", str(error), remedy)
    else:
        yield Finding("dictionaries", "ok", tr("可用，{m}", "usable, {m}", m=annotator.model))


def _store(project: Project) -> Iterator[Finding]:
    try:
        engine = open_store(project)
        with read(engine) as connection:
            posts = connection.execute(select(func.count()).select_from(post)).scalar_one()
            damage = "" if connection.dialect.name != "sqlite" else _damage(connection)
    except (QingyuError, OSError) as error:
        message = error.message if isinstance(error, QingyuError) else f"{project.data_dir}: {error.strerror}"
        yield Finding("store", "failed", message, _mend_store(project))
        return
    engine.dispose()
    if damage:
        yield Finding(
            "store",
            "failed",
            tr("数据库文件已损坏：{d}", "the store's file is damaged: {d}", d=damage),
            _mend_store(project),
        )
    else:
        yield Finding("store", "ok", tr("可用，{n} 条帖子", "it answers, {n} posts", n=posts))


def _mend_store(project: Project) -> str:
    if project.settings.store.url is not None:
        return tr(
            "检查数据库服务器在运行、store.url 正确；数据损坏时从 pg_dump 的备份恢复",
            "see that the database server runs and store.url is right; restore damaged data from a backup by pg_dump",
        )
    return tr(
        "检查磁盘与 store 一节；文件损坏时从备份恢复 data/qingyu.db，或移开它后重新采集",
        "check the disk and the store settings; restore a damaged data/qingyu.db from a backup, or move it away and crawl anew",
    )


def _damage(connection: Connection) -> str:
    """What SQLite's own quick check finds wrong, "" for nothing."""
    said = str(connection.exec_driver_sql("PRAGMA quick_check(1)").scalar())
    return "" if said == "ok" else said.splitlines()[-1][:200]


def _index(project: Project) -> Iterator[Finding]:
    from pipeline.index.engines import engine_of
    from pipeline.query.layer import QueryLayer

    found = engine_of(project).condition()
    if found.state == "ok":
        try:
            # Posts that were indexed once, and no index: a loss that the engine alone does not know of. What else is wrong
            # with the folders is told above.
            with suppress(OSError), QueryLayer.open(project, who="doctor"):
                pass
        except QingyuError as error:
            yield Finding("index", "failed", error.message, tr("运行 qingyu index rebuild", "run qingyu index rebuild"))
            return
    yield Finding("index", found.state, found.message, found.remedy)


def _workers(project: Project) -> Iterator[Finding]:
    try:
        engine = open_store(project)
        found = at_work(engine)
    except (QingyuError, OSError):
        return  # `_store` says what is wrong with it
    engine.dispose()
    if not found:
        yield Finding("workers", "ok", tr("没有处理进程在工作", "no process is annotating or indexing"))
        return
    waiting = any(one.note for one in found)
    remedy = (
        tr("消除所等的原因，处理会自动继续", "mend what they wait for; they go on by themselves") if waiting else ""
    )
    yield Finding("workers", "warning" if waiting else "ok", "; ".join(map(_worker, found)), remedy)


def _jobs(project: Project, now: datetime) -> Iterator[Finding]:
    """Whether the periodic jobs are done: what failed last, what was not ended, what is due for long."""
    try:
        with opened(project) as store:
            views = job_views(store, now)
    except (QingyuError, OSError):
        return  # `_store` says what is wrong with it
    if not views:
        yield Finding("jobs", "ok", tr("qingyu run 还没有运行过", "qingyu run was never started"))
        return
    bad = [view.state.name for view in views if view.state.errors_in_a_row or view.lost or view.overdue]
    if not bad:
        yield Finding("jobs", "ok", tr("{n} 个定时任务正常", "{n} periodic jobs are fine", n=len(views)))
        return
    names = tr("、", ", ").join(bad[:10])
    message = tr("要看看的定时任务：{s}", "periodic jobs that need a look: {s}", s=names)
    remedy = tr("看 qingyu jobs；确认 qingyu run 在运行", "see qingyu jobs; make sure that qingyu run is working")
    yield Finding("jobs", "warning", message, remedy)


def _worker(one: AtWork) -> str:
    """Machine and process, when it was last heard of, and what it waits for."""
    name = one.machine.partition(" ")[0]
    doing = tr("等待：{w}", "waits: {w}", w=one.note) if one.note else tr("在工作", "at work")
    return tr(
        "{m} 进程 {p}（{s:.0f} 秒前有音信）{d}",
        "{m} process {p} (heard of {s:.0f} s ago) {d}",
        m=name,
        p=one.pid,
        s=one.silent_s,
        d=doing,
    )


def _mail(project: Project) -> Iterator[Finding]:
    mail = project.settings.mail
    if not mail.host:
        yield Finding("mail", "ok", tr("没有设置邮件", "mail is not set up"))
        return
    try:
        with connect(mail.model_copy(update={"timeout_s": min(mail.timeout_s, _MAIL_TIMEOUT_S)})):
            pass
    except ConfigError as error:
        yield Finding("mail", "failed", error.message, tr("改正 mail 一节", "mend the section mail"))
    except (OSError, smtplib.SMTPException) as error:
        remedy = tr("检查 mail 一节的主机、端口、加密与登录", "check host, port, security and login under mail")
        yield Finding("mail", "failed", f"{mail.host}:{mail.port} {type(error).__name__}: {error}", remedy)
    else:
        yield Finding("mail", "ok", tr("{h}:{p} 可用", "{h}:{p} answers", h=mail.host, p=mail.port))


def _sources(project: Project) -> Iterator[Finding]:
    from config.sources import read_sources

    folder = project.config_dir / "sources"
    files = sorted(folder.glob("*.y*ml"))
    if not files:
        message = tr("还没有来源", "no source is declared yet")
        yield Finding("sources", "warning", message, tr("qingyu sources add 网址", "qingyu sources add URL"))
    readable = True
    for path in files:
        try:
            sources = read_sources(read_yaml(path))
        except ConfigError as error:
            readable = False
            yield Finding(f"sources/{path.name}", "failed", error.message, tr("按行号改正", "mend the line named"))
            continue
        for source in sources:
            yield _source(project, path, source)
    if readable:
        try:
            _ = project.sources
        except ConfigError as error:
            yield Finding("sources", "failed", error.message, tr("改正来源文件", "mend the source files"))


def _source(project: Project, path: Path, source: SourceConfig) -> Finding:
    check = f"sources/{path.name}"
    local = {"127.0.0.1", "localhost", "::1"}
    if source.start_urls() and not project.settings.operator.contact and not source.allowed_hosts() <= local:
        message = tr("{n}：没有填写联系方式", "{n}: no contact is given", n=source.name)
        remedy = tr("在 config/settings.yaml 填 operator.contact", "set operator.contact in config/settings.yaml")
        return Finding(check, "failed", message, remedy)
    state = "" if source.enabled else tr("，已停用", ", switched off")
    return Finding(check, "ok", f"{source.name} {source.kind}{state}")
