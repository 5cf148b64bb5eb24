"""A small HTTP server for `/health`, `/metrics` and the acknowledging of alerts, in threads of the process it tells of."""

from __future__ import annotations

import ipaddress
import json
import logging
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

from config.errors import StageError
from config.logs import place_of
from config.settings import Health as HealthSettings
from config.text import tr
from pipeline.health import Watch
from pipeline.metrics import CONTENT_TYPE, families_of, render

logger = logging.getLogger(__name__)
# A client that says nothing for so long is let go; answers are made within this too.
_CLIENT_S = 10.0
# A prober asks one at a time; more than this are someone's mistake, and are turned away.
_AT_ONCE = 8


_MOST_POSTED = 4_096


@dataclass(frozen=True, slots=True)
class Answer:
    """What is sent. status: of HTTP; kind: the content type; headers: further ones."""

    status: int
    kind: str
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Asked:
    """What a form is asked. posted: by POST; values: of the address and of what was posted, the first of each name."""

    posted: bool
    values: Mapping[str, str]


Pages = Mapping[str, Callable[[], Answer]]
Forms = Mapping[str, Callable[[Asked], Answer]]


@contextmanager
def served(settings: HealthSettings, pages: Pages, forms: Forms | None = None) -> Iterator[int]:
    """Answer `pages` and `forms` while the block lasts, on the port that is given. Raises StageError where that cannot be had.

    forms: pages that take values; only by POST may they change anything.
    """
    try:
        server = _Server(settings.address, settings.port, pages, forms or {})
    except OSError as error:
        message = tr(
            "健康页不能在 {a} 端口 {p} 上监听：{e}；改 health.address 或 health.port",
            "the health page cannot listen on {a} port {p}: {e}; change health.address or health.port",
            a=settings.address,
            p=settings.port,
            e=error.strerror or error,
        )
        raise StageError(message) from error
    if not ipaddress.ip_address(settings.address).is_loopback:
        logger.warning("health address=%s is no loopback address; anyone who reaches it can read it", settings.address)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.2}, name="health", daemon=True)
    thread.start()
    try:
        yield int(server.server_address[1])
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def pages_of(watch: Watch, *, running: Callable[[], bool], engine: str) -> Pages:
    """The two pages. running: whether the schedule is at work; engine: name of the index engine."""

    def health() -> Answer:
        found = watch.look(running=running())
        status = HTTPStatus.SERVICE_UNAVAILABLE if found.state == "failed" else HTTPStatus.OK
        body = json.dumps(found.to_dict(), ensure_ascii=False).encode("utf-8", "replace")
        return Answer(status, "application/json; charset=utf-8", body)

    def metrics() -> Answer:
        text = render(families_of(watch, watch.look(running=running()), engine=engine))
        return Answer(HTTPStatus.OK, CONTENT_TYPE, text.encode())

    return {"/health": health, "/metrics": metrics}


_NOT_FOUND = Answer(HTTPStatus.NOT_FOUND, "text/plain", b"not found\n")


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, address: str, port: int, pages: Pages, forms: Forms) -> None:
        self.address_family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self.pages, self.forms = pages, forms
        self._places = threading.BoundedSemaphore(_AT_ONCE)
        super().__init__((address, port), _Handler)

    def server_bind(self) -> None:
        """Bind, without the look-up of this machine's name that the standard library makes."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])

    def process_request(self, request: Any, client_address: Any) -> None:
        """In a thread of its own, where there is a place."""
        if not self._places.acquire(blocking=False):
            self.shutdown_request(request)
            return
        try:
            super().process_request(request, client_address)
        except RuntimeError:  # no thread could be started
            self._places.release()
            raise

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Give the place back in the end."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._places.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away; nothing to do."""
        logger.debug("health client went away")


class _Handler(BaseHTTPRequestHandler):
    timeout = _CLIENT_S
    server: _Server

    def do_GET(self) -> None:
        """Answer a page."""
        self._answer(body=True)

    def do_HEAD(self) -> None:
        """Answer without the page itself."""
        self._answer(body=False)

    def do_POST(self) -> None:
        """Answer a form that was sent; nothing else is posted to."""
        path, _, query = self.path.partition("?")
        form = self.server.forms.get(path)
        length = self.headers.get("Content-Length", "")
        if form is None or not length.isdecimal() or int(length) > _MOST_POSTED:
            self.close_connection = True
            self._send(_NOT_FOUND, body=True)
            return
        try:
            posted = self.rfile.read(int(length)).decode("ascii", "replace")
        except OSError:  # it went away, or was too slow
            self.close_connection = True
            return
        self._send(_made(lambda: form(Asked(True, _values(query) | _values(posted)))), body=True)

    def _answer(self, *, body: bool) -> None:
        path, _, query = self.path.partition("?")
        page, form = self.server.pages.get(path), self.server.forms.get(path)
        if form is not None:
            page = partial(form, Asked(False, _values(query)))
        self._send(_NOT_FOUND if page is None else _made(page), body=body)

    def _send(self, found: Answer, *, body: bool) -> None:
        self.send_response(found.status)
        self.send_header("Content-Type", found.kind)
        self.send_header("Content-Length", str(len(found.body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        for name, value in found.headers:
            self.send_header(name, value)
        self.end_headers()
        if body:
            self.wfile.write(found.body)

    def version_string(self) -> str:
        """No versions for strangers."""
        return "qingyu"

    def log_message(self, format: str, *args: Any) -> None:
        """Probes come every few seconds; they are not logged."""


def _values(text: str) -> dict[str, str]:
    """The first value of each name; too many names are someone's mistake."""
    try:
        return {name: found[0] for name, found in parse_qs(text[:_MOST_POSTED], max_num_fields=20).items()}
    except ValueError:
        return {}


def _made(page: Callable[[], Answer]) -> Answer:
    try:
        return page()
    except Exception as error:  # noqa: BLE001 - told to the prober; the message may quote anything, so it is not shown
        logger.error("health unforeseen=%s at=%s", type(error).__name__, place_of(error))
        return Answer(HTTPStatus.INTERNAL_SERVER_ERROR, "text/plain", b"failed\n")
