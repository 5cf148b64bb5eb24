"""Which adapter reads which kind of source. Loaded when needed: a board needs no feed parser."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any, cast

from config.errors import ConfigError
from config.sources import Source
from config.text import tr
from crawlers.adapters.base import Adapter

ADAPTERS = {
    "board": "crawlers.adapters.board:BoardAdapter",
    "feed": "crawlers.adapters.feed:FeedAdapter",
    "forum": "crawlers.adapters.forum:ForumAdapter",
    "sitemap": "crawlers.adapters.sitemap:SitemapAdapter",
    "wordpress": "crawlers.adapters.wordpress:WordPressAdapter",
}


def make_adapter(source: Source, state: Mapping[str, Any]) -> Adapter:
    """The adapter of `source`, with what the source remembers from earlier runs.

    Raises ConfigError for a kind that is not crawled (import).
    """
    kind = getattr(source, "kind", "")
    if kind not in ADAPTERS:
        raise ConfigError(tr("来源种类 {k} 不经网络采集", "sources of kind {k} are not crawled", k=kind))
    module, _, name = ADAPTERS[kind].partition(":")
    return cast(Adapter, getattr(importlib.import_module(module), name)(source, state))
