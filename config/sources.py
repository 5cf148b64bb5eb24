"""Sources: the public places that are read, each declared in `config/sources/*.yaml`, no code for the common case.

A file holds one source, or a list of them. Robots.txt is always obeyed; there is no key to switch that off.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, TypeAdapter, ValidationError, field_validator, model_validator

from config.errors import ConfigError
from config.settings import Limits, Model, Pace
from config.text import tr
from config.yamlfile import YamlFile, config_error, read_yaml

NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(s|m|h|d|w)")
_UNIT_S = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}


def seconds(value: Any) -> float:
    """Seconds of `90`, `30m`, `2h`, `1d`, `2w`. Raises ValueError for anything else."""
    if isinstance(value, int | float) and not isinstance(value, bool) and value >= 0:
        return float(value)
    if isinstance(value, str) and (found := _DURATION.fullmatch(value.strip())):
        return float(found[1]) * _UNIT_S[found[2]]
    raise ValueError(tr("时长写作 30s、15m、2h、1d 或 2w", "a duration is written 30s, 15m, 2h, 1d or 2w"))


class Pick(Model):
    """How one value is taken from a page: a CSS or XPath selector, then optionally a regex whose group 1 is kept."""

    css: str | None = Field(None, description="CSS 选择器，可带 ::text 或 ::attr(名)；不带则取元素内全部文字")
    xpath: str | None = Field(None, description="XPath 表达式")
    regex: str | None = Field(None, description="对取出的文字再匹配，保留第 1 组（无组则整个匹配）")

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, value: Any) -> Any:
        """A plain string is a CSS selector; one that starts with / or ( or ./ is XPath."""
        if isinstance(value, str):
            return {"xpath": value} if value.startswith(("/", "./", "(", "xpath:")) else {"css": value}
        return value

    @model_validator(mode="after")
    def _compiles(self) -> Pick:
        from cssselect import SelectorError
        from lxml import etree
        from parsel.csstranslator import HTMLTranslator

        if (self.css is None) == (self.xpath is None):
            raise ValueError(tr("css 和 xpath 必须且只能写一个", "give either css or xpath"))
        try:
            if self.css is not None:
                HTMLTranslator().css_to_xpath(self.css)
            if self.xpath is not None:
                etree.XPath(self.xpath.removeprefix("xpath:"))
            if self.regex is not None:
                re.compile(self.regex)
        except (SelectorError, etree.XPathSyntaxError, re.error, SyntaxError) as error:
            raise ValueError(tr("选择器写法有误：{e}", "the selector is faulty: {e}", e=error)) from error
        return self


class Revisit(Model):
    """When known threads are read again, so that new replies, edits and official answers under old ones are found.

    After the n-th visit without change the next is due `after[n]` later (the last value repeats until `stop_after`);
    a change starts the series anew. `spare`: pages left of `max_pages` are used for threads not yet due.
    """

    after: tuple[float, ...] = Field(
        (21_600, 86_400, 259_200, 604_800, 1_209_600, 2_592_000), description="各次复访的间隔，如 [6h, 1d, 3d, 7d]"
    )
    stop_after: float = Field(180 * 86_400.0, description="帖子最后一次变动之后多久不再复访")
    max_pages: Annotated[int, Field(ge=0)] = Field(300, description="一次采集最多复访的页数")
    spare: bool = Field(False, description="复访名额有余时，也复访未到期的")

    @field_validator("after", mode="before")
    @classmethod
    def _durations(cls, value: Any) -> Any:
        return tuple(seconds(v) for v in value) if isinstance(value, list | tuple) else value

    @field_validator("stop_after", mode="before")
    @classmethod
    def _duration(cls, value: Any) -> Any:
        return seconds(value)


class Source(Model):
    """What all kinds of sources have."""

    name: str = Field(description="来源的名字，小写字母、数字、- 和 _，用作标识，不宜再改")
    title: str = Field("", description="显示用的名称")
    region: str = Field("", description="地区；空则用设置里的 region")
    hosts: tuple[str, ...] = Field((), description="允许采集的主机；空则取起始地址的主机")
    allow_private: tuple[str, ...] = Field(
        (), description="允许的内网或本机地址（按名写出，如 127.0.0.1），默认一概拒绝"
    )
    every: float = Field(3_600.0, description="多久采集一次，如 30m、2h")
    enabled: bool = Field(True, description="是否采集")
    pace: Pace | None = Field(None, description="本来源的节奏；空则用设置里的")
    limits: Limits | None = Field(None, description="本来源的上限；空则用设置里的")
    revisit: Revisit = Field(default_factory=Revisit, description="复访")
    encoding: str | None = Field(None, description="网页编码；一般不必写，自动判断")
    timezone: str = Field("Asia/Shanghai", description="网页上没有时区的时间按此时区")

    @field_validator("name")
    @classmethod
    def _name(cls, value: str) -> str:
        if not NAME.fullmatch(value):
            message = tr(
                "只用小写字母、数字、- 和 _，最多 40 个", "use lower-case letters, digits, - and _, at most 40"
            )
            raise ValueError(message)
        return value

    @field_validator("every", mode="before")
    @classmethod
    def _every(cls, value: Any) -> Any:
        return seconds(value)

    def start_urls(self) -> tuple[str, ...]:
        """Where a crawl of this source begins."""
        return ()

    def allowed_hosts(self) -> frozenset[str]:
        """Hosts (lower case, no port) a crawl may ask."""
        named = {h.lower() for h in self.hosts}
        return frozenset(named or {urlsplit(u).hostname or "" for u in self.start_urls()})


def _web(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError(
            tr("应为 http:// 或 https:// 开头的网址", "must be an address that starts with http:// or https://")
        )
    if parts.username or parts.password:
        raise ValueError(
            tr("网址里不能带登录名或密码：只采集公开内容", "no login in addresses: only public pages are read")
        )
    return url


class WebSource(Source):
    """A source that begins at one or more addresses."""

    urls: tuple[str, ...] = Field(min_length=1, description="起始地址")

    @field_validator("urls", mode="before")
    @classmethod
    def _one_or_many(cls, value: Any) -> Any:
        return (value,) if isinstance(value, str) else value

    @field_validator("urls")
    @classmethod
    def _are_web(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(_web(v) for v in value)

    def start_urls(self) -> tuple[str, ...]:
        return self.urls


class RssHub(Model):
    """A route of an RSSHub instance."""

    base: str = Field(description="RSSHub 实例的地址")
    route: str = Field(description="路由，如 /gov/zhengce/zuixin")

    @field_validator("base")
    @classmethod
    def _base(cls, value: str) -> str:
        return _web(value)


class FeedSource(Source):
    """RSS or Atom: news, notices, comment feeds, RSSHub routes."""

    kind: Literal["feed"] = Field(description="种类")
    urls: tuple[str, ...] = Field((), description="订阅地址")
    rsshub: RssHub | None = Field(None, description="RSSHub 路由，可代替 urls")
    content: Literal["article", "comments"] = Field("article", description="条目是文章还是评论")
    follow: bool = Field(True, description="是否打开条目的链接取全文；否则用订阅里的文字")

    @field_validator("urls", mode="before")
    @classmethod
    def _one_or_many(cls, value: Any) -> Any:
        return (value,) if isinstance(value, str) else value

    @field_validator("urls")
    @classmethod
    def _are_web(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(_web(v) for v in value)

    @model_validator(mode="after")
    def _somewhere(self) -> FeedSource:
        if not self.urls and self.rsshub is None:
            raise ValueError(tr("urls 和 rsshub 至少写一个", "give urls or rsshub"))
        return self

    def start_urls(self) -> tuple[str, ...]:
        if self.rsshub is None:
            return self.urls
        return (*self.urls, self.rsshub.base.rstrip("/") + "/" + self.rsshub.route.lstrip("/"))


class SitemapSource(WebSource):
    """A news site by its sitemap or sitemap index."""

    kind: Literal["sitemap"] = Field(description="种类")
    include: str | None = Field(None, description="只采集网址匹配此正则的页面")
    exclude: str | None = Field(None, description="不采集网址匹配此正则的页面")
    max_age: float | None = Field(None, description="只采集 lastmod 在此时长之内的页面，如 30d")

    @field_validator("max_age", mode="before")
    @classmethod
    def _age(cls, value: Any) -> Any:
        return None if value is None else seconds(value)

    @field_validator("include", "exclude")
    @classmethod
    def _regex(cls, value: str | None) -> str | None:
        if value is not None:
            try:
                re.compile(value)
            except re.error as error:
                raise ValueError(tr("正则写法有误：{e}", "the regex is faulty: {e}", e=error)) from error
        return value


class BoardList(Model):
    """Selectors of a list page of a message board; all but `row` are relative to the row, `next` to the page."""

    row: Pick = Field(description="每条留言所在的行")
    link: Pick = Field(description="行内指向详情页的链接")
    id: Pick | None = Field(None, description="留言编号")
    state: Pick | None = Field(None, description="办理状态；它一变就重新打开详情页")
    category: Pick | None = Field(None, description="类别")
    next: Pick | None = Field(None, description="下一页的链接")
    walk: Literal["all", "known"] = Field(
        "all", description="all：每次看完全部列表页（旧留言的新答复由此发现）；known：见到已知的就停"
    )


class BoardReply(Model):
    """Selectors of the official reply in a detail page, relative to `block`."""

    block: Pick = Field(description="官方答复所在的块；没有则视为未答复")
    text: Pick = Field(description="答复正文")
    unit: Pick | None = Field(None, description="答复单位")
    time: Pick | None = Field(None, description="答复时间")


class BoardDetail(Model):
    """Selectors of a detail page."""

    title: Pick = Field(description="标题")
    text: Pick = Field(description="正文")
    published: Pick = Field(description="留言时间")
    id: Pick | None = Field(None, description="留言编号；空则用网址")
    author: Pick | None = Field(None, description="留言人（只存化名）")
    category: Pick | None = Field(None, description="类别")
    state: Pick | None = Field(None, description="办理状态")
    likes: Pick | None = Field(None, description="点赞数")
    dislikes: Pick | None = Field(None, description="反对数")
    views: Pick | None = Field(None, description="浏览数")
    reply: BoardReply | None = Field(None, description="官方答复")


class BoardSource(WebSource):
    """A government message board: list → detail, with the official reply."""

    kind: Literal["board"] = Field(description="种类")
    list: BoardList = Field(description="列表页")
    detail: BoardDetail = Field(description="详情页")
    revisit: Revisit = Field(
        default_factory=lambda: Revisit(after=(86_400, 259_200, 604_800, 1_209_600, 2_592_000)), description="复访"
    )


class ForumSource(WebSource):
    """A Discuz! X forum: boards → threads → floors."""

    kind: Literal["forum"] = Field(description="种类")
    boards: tuple[int, ...] = Field((), description="只采集这些版块（fid）；空则采集首页列出的全部版块")
    revisit: Revisit = Field(default_factory=lambda: Revisit(spare=True, max_pages=1_000), description="复访")


class WordPressSource(WebSource):
    """A WordPress site: posts and comments, by REST where it is open, else by feeds and pages."""

    kind: Literal["wordpress"] = Field(description="种类")
    via: Literal["auto", "rest", "pages"] = Field("auto", description="auto：REST 开放则用 REST，否则用网页")
    comments: bool = Field(True, description="是否采集评论")
    revisit: Revisit = Field(default_factory=lambda: Revisit(spare=True, max_pages=1_000), description="复访")


class Columns(Model):
    """Which column of the file is which field of the post."""

    text: str = Field(description="正文列")
    id: str | None = Field(None, description="编号列；空则由标题、正文和时间算出")
    title: str | None = Field(None, description="标题列")
    published: str | None = Field(None, description="时间列")
    author: str | None = Field(None, description="作者列（只存化名）")
    url: str | None = Field(None, description="网址列")
    region: str | None = Field(None, description="地区列")
    category: str | None = Field(None, description="类别列")
    likes: str | None = Field(None, description="点赞数列")
    views: str | None = Field(None, description="浏览数列")
    reply_text: str | None = Field(None, description="官方答复列")
    reply_unit: str | None = Field(None, description="答复单位列")
    reply_time: str | None = Field(None, description="答复时间列")


class ImportSource(Source):
    """Exports of hotlines and other systems: CSV, Excel, JSONL."""

    kind: Literal["import"] = Field(description="种类")
    files: tuple[str, ...] = Field(min_length=1, description="文件或通配符，相对项目目录")
    columns: Columns = Field(description="列的对应")
    post_kind: Literal["article", "thread", "message", "comment"] = Field("message", description="帖子的种类")
    sheet: str | None = Field(None, description="Excel 工作表；空则取第一个")

    @field_validator("files", mode="before")
    @classmethod
    def _one_or_many(cls, value: Any) -> Any:
        return (value,) if isinstance(value, str) else value


SourceConfig = Annotated[
    FeedSource | SitemapSource | BoardSource | ForumSource | WordPressSource | ImportSource, Field(discriminator="kind")
]
KINDS: dict[str, type[Source]] = {
    "feed": FeedSource,
    "sitemap": SitemapSource,
    "board": BoardSource,
    "forum": ForumSource,
    "wordpress": WordPressSource,
    "import": ImportSource,
}
_ADAPTER: TypeAdapter[SourceConfig] = TypeAdapter(SourceConfig)


def load_sources(folder: Path) -> list[SourceConfig]:
    """All sources of `folder`, by name. Raises ConfigError that names file, line and remedy; two of one name are an error."""
    sources: dict[str, tuple[SourceConfig, str]] = {}
    for path in sorted(folder.glob("*.y*ml")):
        for source in read_sources(read_yaml(path)):
            if source.name in sources:
                message = tr(
                    "{f}：来源 {n} 已在 {o} 中声明，请换一个名字",
                    "{f}: source {n} is already declared in {o}; choose another name",
                    f=path,
                    n=source.name,
                    o=sources[source.name][1],
                )
                raise ConfigError(message)
            sources[source.name] = (source, str(path))
    return [source for _, (source, _) in sorted(sources.items())]


def read_sources(file: YamlFile) -> list[SourceConfig]:
    """The one source, or the list of sources, in a parsed file."""
    if isinstance(file.data, list):
        return [_one(file, item, (index,)) for index, item in enumerate(file.data)]
    return [_one(file, file.data, ())]


def _one(file: YamlFile, data: Any, prefix: tuple[int, ...]) -> SourceConfig:
    kind = data.get("kind") if isinstance(data, dict) else None
    if kind not in KINDS:
        message = tr(
            "{f}:{n}: kind 必须是 {k} 之一，现为 {g!r}",
            "{f}:{n}: kind must be one of {k}, got {g!r}",
            f=file.name,
            n=file.line_of((*prefix, "kind")),
            k=", ".join(KINDS),
            g=kind,
        )
        raise ConfigError(message)
    try:
        return KINDS[kind].model_validate(data)  # type: ignore[return-value]
    except ValidationError as error:
        raise config_error(error, KINDS[kind], [file], prefix=prefix) from error


__all__ = ["KINDS", "SourceConfig", "load_sources", "read_sources", "seconds"]
