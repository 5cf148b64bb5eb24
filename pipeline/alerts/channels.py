"""Chat rooms and webhooks by Apprise. Its services answer yes or no, and know no Message-ID: see decision 0012."""

from __future__ import annotations

import logging
import re
import warnings
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

from config.text import tr
from pipeline.alerts.cleaning import said
from pipeline.alerts.leasing import Outcome

# What these services name as the end of a hook's address is all that Apprise wants to know.
_FEISHU = re.compile(r"/open-apis/bot/v2/hook/([\w-]+)/?")
_WORDS = {"wecom": "wecombot", "dingding": "dingtalk", "feishu": "feishu"}
_TIMEOUT_S = 10


class Channels:
    """Sends to channels whose addresses stand in `environment`."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment

    def send(self, kind: str, variable: str, key: str, message: str, about_to_end: Callable[[], bool]) -> Outcome:
        """Send `message`. key: of the parcel, for receivers that know repeats by it; about_to_end: as for mail."""
        address = self._environment.get(variable, "").strip()
        if not address:
            return Outcome("away", 0, tr("环境变量 {v} 没有设置", "the variable {v} is not set", v=variable))
        url = apprise_url(kind, address, key)
        apprise = _apprise()
        service = apprise.Apprise.instantiate(url, suppress_exceptions=True) if url else None
        if service is None:
            what = tr("环境变量 {v} 不是 {k} 的地址", "the variable {v} holds no address of {k}", v=variable, k=kind)
            return Outcome("away", 0, what)
        if not about_to_end():
            return Outcome("lost")
        with apprise.LogCapture(level=logging.WARNING, fmt="%(message)s") as told:
            done = service.notify(body=message, title="", body_format=apprise.NotifyFormat.TEXT)
            note = said(told.getvalue().replace(address, "…"))
        if done:
            return Outcome("sent", 0, tr("对方收下了", "taken"))
        # A refusal and an answer that was too late look the same here; sent again, at worst it is read twice.
        return Outcome("put_off", 0, note or tr("对方没有收下", "not taken"))


@cache
def _apprise() -> Any:
    """The library, which loads all its services at their first use, and with them what is deprecated."""
    # Its log is what it says of a failure; it goes nowhere else, since it may quote what was sent and to where.
    logging.getLogger("apprise").propagate = False
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        import apprise

        apprise.Apprise.instantiate("json://localhost/")
    return apprise


def apprise_url(kind: str, address: str, key: str) -> str:
    """The Apprise address of what an operator wrote: an Apprise address of that kind, or the service's own; "" for neither.

    Of a webhook the body is JSON {version, title, message, id …}, and the header Idempotency-Key holds `key`.
    """
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    if kind == "webhook":
        return _webhook(address, key)
    if parts.scheme == _WORDS[kind]:
        return address
    if parts.scheme != "https":
        return ""
    return _own(kind, address)


def _webhook(address: str, key: str) -> str:
    parts = urlsplit(address)
    scheme = {"http": "json", "https": "jsons"}.get(parts.scheme, parts.scheme)
    if scheme not in {"json", "jsons"}:
        return ""
    asked = parts.query
    if scheme != parts.scheme:  # a plain address: its own parameters go along, which Apprise marks by a minus
        asked = urlencode([(f"-{name}", value) for name, value in parse_qsl(asked, keep_blank_values=True)])
    ours = urlencode(
        [(":id", key), ("+Idempotency-Key", key), ("cto", 5), ("rto", _TIMEOUT_S), ("overflow", "upstream")]
    )
    return f"{scheme}://{parts.netloc}{parts.path or '/'}?{asked}{'&' if asked else ''}{ours}"


def _own(kind: str, address: str) -> str:
    parts = urlsplit(address)
    asked = parse_qs(parts.query)
    if kind == "wecom" and parts.hostname == "qyapi.weixin.qq.com" and "key" in asked:
        return f"wecombot://{asked['key'][0]}"
    if kind == "dingding" and parts.hostname == "oapi.dingtalk.com" and "access_token" in asked:
        secret = f"{asked['secret'][0]}@" if "secret" in asked else ""
        return f"dingtalk://{secret}{asked['access_token'][0]}/"
    found = _FEISHU.fullmatch(parts.path)
    if kind == "feishu" and parts.hostname == "open.feishu.cn" and found:
        return f"feishu://{found[1]}/"
    return ""
