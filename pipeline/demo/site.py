"""The demo town on loopback: news, board and forum, each on a port of its own.

    python -m pipeline.demo.site --project demo    (anchor, seed and ports as it remembers; writes it where it is new)
    python -m pipeline.demo.site --port 0 --today 2026-11-22 [--now 2026-11-22T18:00:00+08:00] [--seed 1]

Prints one JSON line with the ports when ready. Control, not part of the sites: GET /__clock, POST /__clock
{"now": "2026-11-23T08:00:00+08:00"} (or {"now": null} for the real time again), GET /__log (path, status, user agent).
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import ClassVar
from urllib.parse import parse_qs, urlsplit

from config.errors import ConfigError
from config.text import tr
from pipeline.demo import forum_pages, pages
from pipeline.demo.project import DEFAULT_PORT, FILE, SITES, Demo, consecutive_ports, read_demo, write_demo_project
from pipeline.demo.town import CST, Town, TownPost, generate

HOST = "127.0.0.1"
START = {"news": "/news/", "board": "/board/", "forum": "/forum.php"}
Answer = tuple[int, str, str]  # status, content type, body
HTML, XML = "text/html; charset=utf-8", "application/xml; charset=utf-8"


class Clock:
    """The time the sites believe in: the real one, or one that was set."""

    def __init__(self, fixed: datetime | None = None) -> None:
        self.fixed = fixed

    def now(self) -> datetime:
        """Aware, +08:00."""
        return (self.fixed or datetime.now(UTC)).astimezone(CST)


class View:
    """What the three sites show at a moment; rebuilt when the set of published posts has changed."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self.lock = threading.Lock()
        self.count = -1
        self.news: list[TownPost] = []
        self.board: list[TownPost] = []
        self.threads: dict[int, forum_pages.Thread] = {}
        self.by_path: dict[str, TownPost] = {}
        self.before: dict[str, TownPost] = {}

    def refresh(self, now: datetime) -> None:
        """Take in what was published by `now`."""
        with self.lock:
            published = self.town.visible(now)
            if len(published) == self.count:
                return
            self.news = [p for p in reversed(published) if p.site == "news"]
            self.board = [p for p in reversed(published) if p.site == "board"]
            self.before = pages.neighbours(self.news[::-1])
            self.by_path = {p.path: p for p in (*self.news, *self.board)}
            self.threads = forum_pages.threads_at(self.town, now)
            self.count = len(published)


def news_page(view: View, path: str, query: Mapping[str, str], now: datetime, base: str) -> Answer:
    """The news site's answer to one request."""
    if path in {"/", "/news/", "/news/index.html"}:
        return 200, HTML, pages.news_list(view.news, 1)
    if path == "/news/feed.xml":
        return 200, XML, pages.feed(view.news, base, now)
    if path == "/sitemap.xml":
        return 200, XML, pages.sitemap(view.news, base)
    if found := re.fullmatch(r"/news/list_(\d{1,5})\.html", path):
        page = int(found[1])
        if 1 <= page <= pages.slice_of(view.news, page)[1]:
            return 200, HTML, pages.news_list(view.news, page)
    post = view.by_path.get(path)
    if post is not None and post.site == "news":
        earlier = view.before.get(post.id)
        return 200, HTML, pages.article(post, [earlier] if earlier else [])
    return 404, HTML, pages.not_found()


def board_page(view: View, path: str, query: Mapping[str, str], now: datetime, base: str) -> Answer:
    """The board's answer to one request."""
    if path in {"/", "/board/", "/board/index.html"}:
        return 200, HTML, pages.board_list(view.board, 1, now)
    if found := re.fullmatch(r"/board/list_(\d{1,5})\.html", path):
        page = int(found[1])
        if 1 <= page <= pages.slice_of(view.board, page)[1]:
            return 200, HTML, pages.board_list(view.board, page, now)
    post = view.by_path.get(path)
    if post is not None and post.site == "board":
        return 200, HTML, pages.message(post, now)
    return 404, HTML, pages.not_found()


def forum_page(view: View, path: str, query: Mapping[str, str], now: datetime, base: str) -> Answer:
    """The forum's answer to one request, static or dynamic address."""
    if found := re.fullmatch(r"/forum-(\d{1,4})-(\d{1,5})\.html", path):
        return _board(view, int(found[1]), int(found[2]), now)
    if found := re.fullmatch(r"/thread-(\d{1,9})-(\d{1,5})-\d{1,5}\.html", path):
        return _thread(view, int(found[1]), int(found[2]), now)
    if path not in {"/", "/forum.php", "/index.php"}:
        return 404, HTML, forum_pages.message("抱歉，您访问的页面不存在")
    mod, page = query.get("mod", ""), _int(query.get("page"), 1)
    if mod == "forumdisplay":
        return _board(view, _int(query.get("fid"), 0), page, now, by_start=query.get("orderby") == "dateline")
    if mod == "viewthread":
        return _thread(view, _int(query.get("tid"), 0), page, now)
    if mod == "rss":
        return 200, XML, _rss(view, _int(query.get("fid"), 0), base)
    return 200, HTML, forum_pages.index(view.threads)


def _int(raw: str | None, default: int) -> int:
    return int(raw) if raw and raw.isascii() and raw.isdigit() and len(raw) < 10 else default


def _board(view: View, fid: int, page: int, now: datetime, *, by_start: bool = False) -> Answer:
    if fid not in forum_pages.BOARDS:
        return 404, HTML, forum_pages.message("抱歉，指定的版块不存在")
    return 200, HTML, forum_pages.board(fid, view.threads, page, now, by_start=by_start)


def _thread(view: View, tid: int, page: int, now: datetime) -> Answer:
    if tid not in view.threads:
        return 404, HTML, forum_pages.message("抱歉，指定的主题不存在或已被删除或正在被审核")
    return 200, HTML, forum_pages.thread(view.threads[tid], page, now)


def _rss(view: View, fid: int, base: str) -> str:
    newest = sorted(view.threads.values(), key=lambda t: t.first.at, reverse=True)
    return forum_pages.rss([t for t in newest if not fid or t.first.board == fid], base)


ROUTES: dict[str, Callable[[View, str, Mapping[str, str], datetime, str], Answer]] = {
    "news": news_page,
    "board": board_page,
    "forum": forum_page,
}


class TownServer:
    """Three listeners over one town. Use as a context manager; `ports` tells where each site listens."""

    def __init__(self, town: Town, *, ports: Mapping[str, int], clock: Clock) -> None:
        """Raises ConfigError when a port is taken."""
        self.clock, self.view = clock, View(town)
        self.log: deque[dict[str, object]] = deque(maxlen=20_000)
        self._servers: dict[str, _Listener] = {}
        for site in SITES:
            try:
                self._servers[site] = _Listener((HOST, ports[site]), partial(_Handler, town_server=self, site=site))
            except OSError as error:
                self._close()
                raise _port_taken(ports[site]) from error
        self.ports = {site: int(server.server_address[1]) for site, server in self._servers.items()}
        self._threads: list[threading.Thread] = []

    def base(self, site: str) -> str:
        """Address of a site without the end slash."""
        return f"http://{HOST}:{self.ports[site]}"

    def __enter__(self) -> TownServer:
        for server in self._servers.values():
            thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
            thread.start()
            self._threads.append(thread)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for server in self._servers.values():
            server.shutdown()
        self._close()
        for thread in self._threads:
            thread.join(timeout=5)

    def _close(self) -> None:
        for server in self._servers.values():
            server.server_close()

    def answer(self, site: str, target: str) -> Answer:
        """Status, content type and body for a GET of `target`."""
        parts = urlsplit(target)
        now = self.clock.now()
        self.view.refresh(now)
        if parts.path == "/robots.txt":
            return 200, "text/plain; charset=utf-8", pages.ROBOTS
        if parts.path.startswith("/admin/"):
            return 200, HTML, pages.not_found()
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        return ROUTES[site](self.view, parts.path, query, now, self.base(site))


def _port_taken(port: int) -> ConfigError:
    message = tr(
        "端口 {p} 已被占用：可能演示站点已在运行；否则用 --port 另选一个（并对演示项目重新生成来源文件）",
        "port {p} is taken: the demo town may be running already; else choose another with --port "
        "(and write the demo project's sources anew)",
        p=port,
    )
    return ConfigError(message, port=port)


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "YunshuiDemo/1"
    wbufsize = -1  # head and body leave in one packet; else each answer waits for a delayed ACK
    timeout: ClassVar[float] = 30.0
    disable_nagle_algorithm = True

    def __init__(self, *args: object, town_server: TownServer, site: str) -> None:
        self.town_server, self.site = town_server, site
        super().__init__(*args)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        """Answers a page, or 304 when the caller has it already."""
        if self.path == "/__clock":
            return self._send_json({"now": self.town_server.clock.now().isoformat()})
        if self.path == "/__log":
            return self._send_json(list(self.town_server.log))
        status, kind, body = self.town_server.answer(self.site, self.path)
        raw = body.encode("utf-8", "replace")
        etag = f'"{hashlib.blake2b(raw, digest_size=10).hexdigest()}"'
        if status == 200 and self.headers.get("If-None-Match") == etag:
            status, raw = 304, b""
        self._note(status)
        return self._send(status, kind, raw, etag)

    def do_HEAD(self) -> None:
        """The head of what GET answers."""
        self.do_GET()

    def do_POST(self) -> None:
        """Sets the clock."""
        body = self.rfile.read(min(_int(self.headers.get("Content-Length"), 0), 10_000))
        if self.path != "/__clock":
            return self._send(404, HTML, b"", "")
        try:
            wanted = json.loads(body)["now"]
            at = datetime.fromisoformat(wanted) if wanted else None
        except (ValueError, KeyError, TypeError):
            return self._send(400, HTML, b"now: an ISO time or null\n", "")
        self.town_server.clock.fixed = at.replace(tzinfo=CST) if at and at.tzinfo is None else at
        return self._send_json({"now": self.town_server.clock.now().isoformat()})

    def _send_json(self, value: object) -> None:
        self._send(200, "application/json", json.dumps(value, ensure_ascii=False).encode(), "")

    def _send(self, status: int, kind: str, raw: bytes, etag: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        if status != 304:
            self.send_header("Content-Length", str(len(raw)))
        if etag:
            self.send_header("ETag", etag)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(raw)

    def _note(self, status: int) -> None:
        agent = self.headers.get("User-Agent", "")
        self.town_server.log.append({"site": self.site, "path": self.path, "status": status, "agent": agent})

    def log_message(self, format: str, *args: object) -> None:
        """Nothing on the terminal: /__log tells."""


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m pipeline.demo.site", description=tr("演示城镇的三个网站", "The demo town's three sites")
    )
    parser.add_argument("--project", "--folder", dest="project", type=Path, help=tr("演示项目目录", "the demo project"))
    parser.add_argument(
        "--port", type=int, help=tr("首个端口，其后两个相连；0 任选", "first of three ports; 0 for any")
    )
    parser.add_argument("--today", help=tr("内容的最后一天，2026-11-22", "last day of the content"))
    parser.add_argument("--now", help=tr("固定的时刻；不写则用真实时间", "a fixed moment; the real time otherwise"))
    parser.add_argument("--seed", type=int, help=tr("种子", "seed"))
    return parser.parse_args(argv)


def moment(text: str) -> datetime:
    """An ISO day (its last second) or time, +08:00 unless it says otherwise. Raises ConfigError."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise ConfigError(tr("{t} 不是日期：写作 2026-11-22", "{t} is no date: write 2026-11-22", t=text)) from error
    at = at if at.tzinfo else at.replace(tzinfo=CST)
    return at + timedelta(days=1, seconds=-1) if len(text) == 10 else at


def _remembered(folder: Path | None) -> Demo | None:
    """What the demo project remembers; None where there is none yet (it is written once the ports are known)."""
    return read_demo(folder) if folder is not None and (folder / FILE).exists() else None


def main(argv: Sequence[str] | None = None) -> int:
    """Serves until SIGTERM or SIGINT. Exit codes: 0 stopped, 2 wrong usage or a taken port."""
    options = _parse(argv)
    try:
        demo = _remembered(options.project)
        fixed = moment(options.now) if options.now else None
        default = demo.anchor if demo else fixed or datetime.now(UTC)
        town = generate(
            options.seed if options.seed is not None else demo.seed if demo else 1,
            moment(options.today) if options.today else default,
        )
        ports = (
            demo.ports
            if demo and options.port is None
            else consecutive_ports(DEFAULT_PORT if options.port is None else options.port)
        )
        server = TownServer(town, ports=ports, clock=Clock(fixed))
        if options.project:
            write_demo_project(options.project, ports=server.ports, anchor=town.anchor, seed=town.seed)
    except ConfigError as error:
        sys.stderr.write(error.message + "\n")
        return 2
    except OSError as error:
        sys.stderr.write(f"{error.filename or ''} {error.strerror}\n")
        return 2
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    with server:
        urls = {site: server.base(site) + START[site] for site in SITES}
        ready = {
            "ready": True,
            "ports": server.ports,
            "urls": urls,
            "anchor": town.anchor.isoformat(),
            "posts": len(town.posts),
        }
        sys.stdout.write(json.dumps(ready) + "\n")
        sys.stdout.flush()
        stop.wait()
    return 0


__all__ = ["DEFAULT_PORT", "Clock", "TownServer", "main"]

if __name__ == "__main__":
    raise SystemExit(main())
