"""Between Scrapy's responses and the adapters' pages: validators, decoding, parsing that never ends a run."""

from __future__ import annotations

import logging
import traceback
from datetime import datetime
from pathlib import Path

from lxml.etree import LxmlError
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    IgnoreRequest,
    ResponseDataLossError,
)
from scrapy.http import Response

from config.errors import RecordError
from config.text import tr
from crawlers.adapters.base import Adapter, FetchedPage, Link, ParsedPage, WrongPage
from crawlers.canonical import canonical_url
from crawlers.encoding import decode_body
from crawlers.landing import KnownPage
from crawlers.middlewares.refusals import Refused

logger = logging.getLogger(__name__)

# What hostile pages make parsers raise. Anything else (MemoryError, KeyboardInterrupt …) is no matter of one page.
_PARSER_BUGS = (
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    ArithmeticError,
    RecursionError,
    AssertionError,
    LxmlError,
)


def validators(known: KnownPage | None) -> dict[str, str]:
    """Headers of a conditional request. None for a page that was never read whole: it must come again."""
    if known is None or known.state != "done":
        return {}
    headers = {}
    if known.etag:
        headers["If-None-Match"] = known.etag
    if known.last_modified:
        headers["If-Modified-Since"] = known.last_modified
    return headers


def page_of(response: Response, link: Link, *, declared: str | None, fetched_at: datetime) -> FetchedPage:
    """The page an adapter parses."""
    headers = {name.decode("latin-1").lower(): b", ".join(v).decode("latin-1") for name, v in response.headers.items()}
    return FetchedPage(
        url=canonical_url(response.url) if response.url != link.url else link.url,
        role=link.role,
        text=decode_body(response.body, headers=headers, declared=declared),
        body=response.body,
        fetched_at=fetched_at,
        status=response.status,
        headers=headers,
        meta=link.meta,
    )


def parse_page(adapter: Adapter, page: FetchedPage) -> ParsedPage | str:
    """What the page yields, or why it could not be used."""
    try:
        return adapter.parse(page)
    except WrongPage as error:
        return str(error) or tr("不是应有的页面", "not the page it should be")
    except RecordError as error:
        return error.message
    except _PARSER_BUGS as error:
        logger.warning("crawl role=%s parser_error=%s at=%s", page.role, type(error).__name__, _place(error))
        return tr("解析出错（{e}），请报告", "the parser failed ({e}); please report it", e=type(error).__name__)


def _place(error: Exception) -> str:
    """File and line that raised, never the message: it may quote the page."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "?"


def explain(error: BaseException | None) -> tuple[str, bool]:
    """Why no page came, for the operator, and whether it may come in the next run."""
    if isinstance(error, Refused):
        return error.reason, error.kind == "later"
    if isinstance(error, DownloadCancelledError):
        return tr("页面太大，已放弃", "the page is too large; it was given up"), False
    if isinstance(error, IgnoreRequest):
        return tr("页面解压后太大，已放弃", "the page is too large when decompressed; it was given up"), False
    if isinstance(error, CannotResolveHostError):
        return tr("主机名查不到", "the host name cannot be resolved"), True
    if isinstance(error, DownloadTimeoutError):
        return tr("超时", "timed out"), True
    if isinstance(error, DownloadConnectionRefusedError):
        return tr("连接被拒绝", "connection refused"), True
    if isinstance(error, ResponseDataLossError):
        return tr("页面没有传完", "the page came incomplete"), True
    if isinstance(error, (DownloadFailedError, OSError)):
        return tr("连接失败（{e}）", "the connection failed ({e})", e=type(error).__name__), True
    return tr("没有取到（{e}）", "not fetched ({e})", e=type(error).__name__), True
