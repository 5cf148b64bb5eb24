"""Logs: one line an event, `key=value` or JSON, with the run id; never post text, authors or addresses of persons."""

from __future__ import annotations

import json
import logging
import re
import sys
import time
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Literal

# Control characters would let hostile text forge log lines.
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]")
_MAX_LINE = 2_000
# Ten files of 10 MB: some weeks of an office installation.
_FILE_BYTES, _FILES = 10_000_000, 10


def one_line(value: object) -> str:
    """`value` as text without control characters, cut to a length a log line can bear."""
    text = _CONTROL.sub("�", str(value))
    return text if len(text) <= _MAX_LINE else text[:_MAX_LINE] + "…"


def place_of(error: BaseException | None) -> str:
    """File and line that raised; never the message, it may quote a post."""
    at = error.__traceback__ if error is not None else None
    while at is not None and at.tb_next is not None:
        at = at.tb_next
    return f"{at.tb_frame.f_code.co_filename}:{at.tb_lineno}" if at is not None else "?"


class EventFormatter(logging.Formatter):
    """`2026-11-22T08:20:00Z INFO pipeline.process run=ab12 event posts=20`. run: id said in each line."""

    def __init__(self, *, style: Literal["keyvalue", "json"], run: str) -> None:
        super().__init__()
        self.shape, self.run = style, run

    def format(self, record: logging.LogRecord) -> str:
        at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(record.created))
        message = one_line(record.getMessage())
        if record.exc_info:
            message += " error=" + one_line(self.formatException(record.exc_info))
        if self.shape == "json":
            fields = {"at": at, "level": record.levelname, "logger": record.name, "run": self.run, "event": message}
            return json.dumps(fields, ensure_ascii=False)
        return f"{at} {record.levelname} {record.name} run={self.run} {message}"


def configure_logs(*, level: str, style: Literal["keyvalue", "json"], run: str, file: Path | None = None) -> None:
    """Send logs of the process to `file` (rotated at 10 MB), or to standard error without one. Called once at the edge."""
    handler: logging.Handler
    if file is None:
        handler = logging.StreamHandler(sys.stderr)
    else:
        file.parent.mkdir(parents=True, exist_ok=True)
        handler = RotatingFileHandler(file, maxBytes=_FILE_BYTES, backupCount=_FILES, encoding="utf-8", delay=True)
    handler.setFormatter(EventFormatter(style=style, run=run))
    # A log that cannot be written (read-only folder, full disk) must not show as a traceback; doctor names the folder.
    logging.raiseExceptions = False
    root = logging.getLogger()
    for old in root.handlers[:]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level)
    for chatty in ("scrapy", "twisted", "urllib3", "alembic", "trafilatura", "htmldate", "jieba", "apscheduler"):
        logging.getLogger(chatty).setLevel(max(logging.WARNING, getattr(logging, level)))
