"""Scrapy's settings of one run, made from the source's pace and limits."""

from __future__ import annotations

import logging
from typing import Any

from scrapy.crawler import AsyncCrawlerProcess

from crawlers.job import Job

_MIDDLEWARES_OFF = (
    "offsite.OffsiteMiddleware",
    "robotstxt.RobotsTxtMiddleware",
    "httpauth.HttpAuthMiddleware",
    "useragent.UserAgentMiddleware",
    "retry.RetryMiddleware",
    "redirect.MetaRefreshMiddleware",
    "redirect.RedirectMiddleware",
    "cookies.CookiesMiddleware",
    "httpproxy.HttpProxyMiddleware",
    "stats.DownloaderStats",
    "httpcache.HttpCacheMiddleware",
)
_SPIDER_MIDDLEWARES_OFF = (
    "start.StartSpiderMiddleware",
    "httperror.HttpErrorMiddleware",
    "referer.RefererMiddleware",
    "urllength.UrlLengthMiddleware",
    "depth.DepthMiddleware",
    "metacopy.MetaCopyDetectionMiddleware",
)
_EXTENSIONS_OFF = (
    "corestats.CoreStats",
    "logcount.LogCount",
    "telnet.TelnetConsole",
    "memusage.MemoryUsage",
    "memdebug.MemoryDebugger",
    "closespider.CloseSpider",
    "feedexport.FeedExporter",
    "logstats.LogStats",
    "spiderstate.SpiderState",
    "throttle.AutoThrottle",
    "remote_control.RemoteControl",
)
# Order: the smaller number is nearer to the spider. A request passes guard → robots → pace → meter; compression is undone
# before redirects and retries look at a response.
_MIDDLEWARES_ON = {
    "crawlers.middlewares.guard.GuardMiddleware": 50,
    "crawlers.middlewares.robots.RobotsMiddleware": 100,
    "crawlers.middlewares.redirects.RedirectMiddleware": 500,
    "crawlers.middlewares.pace.PaceMiddleware": 550,
    "crawlers.middlewares.meter.MeterMiddleware": 850,
}


def scrapy_settings(job: Job) -> dict[str, Any]:
    """Scrapy settings that hold the job's pace and limits; cookies, proxies, telnet and remote control are off."""
    pace, limits = job.pace, job.limits
    off = {f"scrapy.downloadermiddlewares.{name}": None for name in _MIDDLEWARES_OFF}
    return {
        "BOT_NAME": "qingyu",
        "TELNETCONSOLE_ENABLED": False,
        "DOWNLOADER_MIDDLEWARES": {**off, **_MIDDLEWARES_ON},
        "SPIDER_MIDDLEWARES": {f"scrapy.spidermiddlewares.{name}": None for name in _SPIDER_MIDDLEWARES_OFF},
        "EXTENSIONS": {
            **{f"scrapy.extensions.{name}": None for name in _EXTENSIONS_OFF},
            "crawlers.middlewares.pace.Throttle": 500,
        },
        "DUPEFILTER_CLASS": "scrapy.dupefilters.BaseDupeFilter",
        # No more in flight than the site may be asked at once: then a Retry-After holds for all that follow.
        "CONCURRENT_REQUESTS": pace.concurrency,
        "CONCURRENT_REQUESTS_PER_DOMAIN": pace.concurrency,
        "DOWNLOAD_DELAY": pace.delay_s,
        "DOWNLOAD_DELAY_JITTER": 0.0,
        "DOWNLOAD_TIMEOUT": pace.timeout_s,
        "DNS_TIMEOUT": pace.timeout_s,
        "TWISTED_DNS_RESOLVER": "scrapy.resolver.CachingHostnameResolver",
        "DOWNLOAD_MAXSIZE": limits.page_bytes,
        "DOWNLOAD_WARNSIZE": 0,
        "DOWNLOAD_FAIL_ON_DATALOSS": True,
        "DOWNLOAD_VERIFY_CERTIFICATES": True,
        "DOWNLOAD_HANDLERS": {"data": None, "file": None, "ftp": None, "s3": None},
        "DEFAULT_REQUEST_HEADERS": {
            "User-Agent": job.user_agent,
            "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
            "Accept-Language": "zh-CN,zh;q=0.9,en;q=0.5",
        },
        # The spider yields requests only, no items. Scrapy starts this many tasks for each response: 100 by default.
        "CONCURRENT_ITEMS": 1,
        # Inspects the source of a generator callback at each response; ours return nothing.
        "WARN_ON_GENERATOR_RETURN_VALUE": False,
        "STATS_DUMP": False,
        "LOG_ENABLED": False,
        "LOG_INSTALL_ROOT_HANDLER": False,
        "LOG_LEVEL": "WARNING",
        "TWISTED_REACTOR_ENABLED": True,
    }


def make_process(job: Job) -> AsyncCrawlerProcess:
    """A process for one crawl with the job's settings; Scrapy's own logs are kept to warnings."""
    process = AsyncCrawlerProcess(scrapy_settings(job))
    # Scrapy sets its loggers to DEBUG when the process is made.
    for chatty in ("scrapy", "twisted", "asyncio", "protego"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    return process
