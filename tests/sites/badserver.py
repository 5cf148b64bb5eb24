"""A child process that serves bad, slow and broken responses on loopback: `python badserver.py [--robots KIND]`.

Prints its port as the first line. `/mix/` is a board whose rows lead to one page of each kind of trouble, good ones between.
"""

from __future__ import annotations

import argparse
import gzip
import io
import json
import re
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TROUBLES = [
    "good-1",
    "huge",
    "bomb",
    "loop",
    "to-local",
    "to-metadata",
    "to-other",
    "slow",
    "truncated",
    "nul",
    "wrong-charset",
    "no-title",
    "gone",
    "closed",
    "broken",
    "empty",
    "deep",
    "surrogate",
    "binary",
    "good-2",
]
ROBOTS = {
    "open": (404, ""),
    "none": (200, "User-agent: *\nDisallow:\n"),
    "closed": (200, "User-agent: *\nDisallow: /\n"),
    "failing": (503, ""),
    "delay": (200, "User-agent: qingyu\nCrawl-delay: 0.5\n"),
    "part": (200, "User-agent: *\nDisallow: /mix/good-2\n"),
}


def message(name: str, *, title: str = "路灯不亮", text: str = "小区门口路灯不亮，请尽快修复。") -> str:
    """A detail page of the board."""
    return (
        f'<html><head><title>x</title></head><body><h2 class="subject">{title} {name}</h2>'
        f'<span class="time">2019-05-01 08:00:00</span><div class="content"><p>{text}</p></div></body></html>'
    )


def listing(links: list[str], following: str = "") -> str:
    """A list page of the board."""
    rows = "".join(
        f'<tr><td class="title"><a href="{link}">标题 {link}</a></td><td class="state">办理中</td></tr>'
        for link in links
    )
    after = f'<a class="next" href="{following}">下一页</a>' if following else ""
    return f'<html><body><table class="list"><tr><th>标题</th></tr>{rows}</table>{after}</body></html>'


class Handler(BaseHTTPRequestHandler):
    """One method a trouble; `self.server.asked` counts requests by path."""

    protocol_version = "HTTP/1.1"
    server: Server

    def log_message(self, *args: object) -> None:
        """Quiet."""

    def do_GET(self) -> None:
        path = self.path.split("?")[0]
        with self.server.lock:
            self.server.asked.append((path, time.monotonic(), self.headers.get("User-Agent", "")))
            count = sum(1 for asked, _, _ in self.server.asked if asked == path)
        if path == "/__asked":
            return self.send(json.dumps(self.server.asked), kind="application/json")
        if path == "/robots.txt":
            status, text = ROBOTS[self.server.robots]
            return self.send(text, status=status, kind="text/plain")
        if path == "/mix/":
            return self.send(listing([f"/mix/{name}" for name in TROUBLES]))
        if path.startswith("/mix/"):
            return self.trouble(path.removeprefix("/mix/"))
        if found := re.fullmatch(r"/(same|circle|endless|two)/(\d+)?(?:x/)*", path):
            return self.chain(found[1], int(found[2] or 1))
        if path.startswith("/msg/"):
            return self.send(message(path.removeprefix("/msg/")))
        if path == "/patient/":
            if count == 1:
                return self.send("", status=429, headers={"Retry-After": "1"})
            return self.send(listing(["/msg/1"]))
        if path == "/refusing/":
            return self.send("", status=503, headers={"Retry-After": "86400"})
        if path == "/feed.xml":
            return self.send("<html><body><h1>不是订阅</h1></body></html>")
        return self.send("none", status=404)

    def chain(self, kind: str, page: int) -> None:
        """Lists that never end: the same page again, rows that repeat in a changing page, or ever new rows."""
        following = f"/{kind}/{page + 1}"
        if kind == "same":  # whatever the number, the same bytes with a relative link onward
            return self.send(listing(["/msg/1", "/msg/2"], "x/"))
        if kind == "circle":
            return self.send(listing(["/msg/1", "/msg/2"], following))
        if kind == "two":
            return self.send(listing([f"/msg/{page}"], following if page < 2 else ""))
        return self.send(listing([f"/msg/{page}"], following))

    def trouble(self, name: str) -> None:
        """One bad page."""
        port = self.server.server_address[1]
        targets = {
            "loop": "/mix/loop",
            "to-local": f"http://localhost:{port}/msg/7",
            "to-metadata": "http://169.254.169.254/latest/",
            "to-other": "http://example.invalid/",
        }
        if name in targets:
            return self.send("", status=302, headers={"Location": targets[name]})
        bodies = {
            "nul": message(name, text="水管\x00爆裂\x00，无人维修。").encode(),
            "wrong-charset": message(name, text="公交车经常晚点，" * 30).encode("gb18030"),
            "no-title": b"<html><body><p>nothing here</p></body></html>",
            "empty": b"",
            "deep": b"<html><body>" + b"<div>" * 50_000 + b"deep",
            "surrogate": message(name, text="乱码 &#xD800; &#xDFFF; &#0; 结束").encode(),
            "binary": bytes(range(256)) * 400,
        }
        if name in bodies:
            return self.send(bodies[name])
        statuses = {"gone": 404, "closed": 403, "broken": 500}
        if name in statuses:
            return self.send("", status=statuses[name])
        if name in {"huge", "bomb", "slow", "truncated"}:
            return getattr(self, name)()
        return self.send(message(name))

    def huge(self) -> None:
        """200 MB, streamed."""
        self.start(headers={"Connection": "close"})
        piece = b"x" * 1_000_000
        for _ in range(200):
            self.wfile.write(piece)

    def bomb(self) -> None:
        """40 MB in 40 kB of gzip."""
        packed = io.BytesIO()
        with gzip.GzipFile(fileobj=packed, mode="wb") as out:
            for _ in range(40):
                out.write(b"0" * 1_000_000)
        self.send(packed.getvalue(), headers={"Content-Encoding": "gzip"})

    def slow(self) -> None:
        """A byte at a time, for as long as the other side has patience."""
        self.start(headers={"Connection": "close"})
        while not self.server.ending.wait(0.2):
            self.wfile.write(b"x")
            self.wfile.flush()

    def truncated(self) -> None:
        """Half of what was promised."""
        self.start(headers={"Content-Length": "100000"})
        self.wfile.write(message("truncated").encode())
        self.close_connection = True

    def start(
        self, *, status: int = 200, kind: str = "text/html; charset=utf-8", headers: dict[str, str] | None = None
    ) -> None:
        """Status line and headers."""
        self.send_response(status)
        self.send_header("Content-Type", kind)
        for key, value in (headers or {}).items():
            self.send_header(key, value)
        self.end_headers()

    def send(
        self,
        body: str | bytes,
        *,
        status: int = 200,
        kind: str = "text/html; charset=utf-8",
        headers: dict[str, str] | None = None,
    ) -> None:
        """A whole response."""
        data = body.encode() if isinstance(body, str) else body
        self.start(status=status, kind=kind, headers={**(headers or {}), "Content-Length": str(len(data))})
        self.wfile.write(data)


class Server(ThreadingHTTPServer):
    """Keeps what was asked."""

    daemon_threads = True

    def __init__(self, robots: str) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.robots, self.lock, self.ending = robots, threading.Lock(), threading.Event()
        self.asked: list[tuple[str, float, str]] = []

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that hang up are what this server is for."""


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--robots", choices=sorted(ROBOTS), default="open")
    server = Server(parser.parse_args().robots)
    print(server.server_address[1], flush=True)
    server.serve_forever()
