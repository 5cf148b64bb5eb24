"""The settings of an installation: one frozen, typed object, built once at the edge and passed down.

Defaults < `config/settings.yaml` of the program < `config/settings.yaml` of the project < environment
(`QINGYU_CRAWL__DELAY_S=5` sets `crawl.delay_s`). Secrets come from the environment or from files only.
"""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator

from config.access import Access, Oidc
from config.alerts import Alerts, web_base
from config.briefs import Briefs
from config.cases import Cases
from config.errors import ConfigError
from config.events import Events
from config.mail import Mail as Mail
from config.model import Model as Model  # where the other rooms look for it
from config.text import tr
from config.yamlfile import KeyPath, YamlFile, config_error, read_yaml

SHIPPED = Path(__file__).resolve().parent
ENV_PREFIX = "QINGYU_"
# Variables of the same prefix that are no settings: they choose where and in which language the program starts.
ENV_NOT_SETTINGS = {"QINGYU_PROJECT", "QINGYU_LANGUAGE"}


# Without a user and password in it: they have keys of their own.
_ADDRESS = re.compile(r"https?://[^\s/@:,]+(:\d{1,5})?(/[^\s@,]*)?|https?://\[[0-9a-fA-F:]+\](:\d{1,5})?/?")


class Operator(Model):
    """Who runs this installation; the honest half of the User-Agent."""

    name: str = Field("", description="单位名称，写进 User-Agent")
    contact: str = Field("", description="网站管理员可以联系到的邮箱或网址，写进 User-Agent；采集公网来源时必填")


class Paths(Model):
    """Folders, relative to the project directory unless absolute."""

    data: str = Field("data", description="数据库与索引所在目录")
    secrets: str = Field("secrets", description="密钥目录，须在数据目录之外")
    logs: str = Field("logs", description="日志目录")


class Store(Model):
    """The landing store."""

    url: SecretStr | None = Field(
        None, description="SQLAlchemy 地址；空则为数据目录下的 qingyu.db（SQLite）。只能由环境变量或 url_file 给出"
    )
    url_file: str | None = Field(None, description="存有数据库地址的文件")
    busy_timeout_s: Annotated[float, Field(gt=0, le=600)] = Field(30.0, description="数据库被占用时最多等待的秒数")


class Index(Model):
    """The search index; it can always be rebuilt from the store."""

    url: str = Field(
        "",
        description="Elasticsearch 的地址，多个节点以逗号分隔（http://a:9200,http://b:9200）；空则用内嵌引擎 Tantivy",
    )
    path: str = Field("index", description="索引目录，相对数据目录")
    writer_heap_mb: Annotated[int, Field(ge=15, le=4000)] = Field(96, description="内嵌引擎的写入缓冲（MB）")
    alias: str = Field(
        "qingyu", pattern=r"^[a-z][a-z0-9_]{0,30}$", description="Elasticsearch 里的别名；各索引的名称由它开头"
    )
    shards: Annotated[int, Field(ge=1, le=64)] = Field(1, description="每月索引的分片数")
    replicas: Annotated[int, Field(ge=0, le=5)] = Field(1, description="副本数；节点不够时自动减少")
    timeout_s: Annotated[float, Field(gt=0, le=600)] = Field(30.0, description="一次请求的超时（秒），超时换下一个节点")
    wait_s: Annotated[float, Field(ge=0)] = Field(86_400.0, description="写入时集群不在，最多等待的秒数")
    user: str = Field("", description="用户名")
    password: SecretStr | None = Field(
        None, description="密码，只能由环境变量 QINGYU_INDEX__PASSWORD 或 password_file 给出"
    )
    password_file: str | None = Field(None, description="存有密码的文件")
    api_key: SecretStr | None = Field(
        None, description="API 密钥，只能由环境变量 QINGYU_INDEX__API_KEY 或 api_key_file 给出"
    )
    api_key_file: str | None = Field(None, description="存有 API 密钥的文件")
    ca_file: str = Field("", description="CA 证书文件（https）")
    fingerprint: str = Field("", description="节点证书的 SHA-256 指纹，可代替 CA 证书")

    @field_validator("url")
    @classmethod
    def _addresses(cls, value: str) -> str:
        for one in value.split(",") if value else ():
            if not _ADDRESS.fullmatch(one.strip()):
                raise ValueError(tr("应写作 http(s)://主机:端口", "must be written http(s)://host:port"))
        return value


class Limits(Model):
    """Bounds of one run of one source; reaching one ends the run in good order and is said in the report."""

    pages: Annotated[int, Field(ge=1)] = Field(20_000, description="一次最多请求的页数")
    depth: Annotated[int, Field(ge=1)] = Field(2_000, description="列表最多翻的页数")
    page_bytes: Annotated[int, Field(ge=1_000)] = Field(10_000_000, description="单页最大字节数（解压后）")
    run_bytes: Annotated[int, Field(ge=1_000)] = Field(2_000_000_000, description="一次采集最多接收的字节数")
    run_s: Annotated[float, Field(gt=0)] = Field(4 * 3600.0, description="一次采集最长秒数")
    text_chars: Annotated[int, Field(ge=100)] = Field(200_000, description="单帖正文最长字数，超出的整帖搁置")


class Pace(Model):
    """How gently a site is asked."""

    delay_s: Annotated[float, Field(ge=0, le=3600)] = Field(2.0, description="同一网站两次请求的间隔（秒）")
    concurrency: Annotated[int, Field(ge=1, le=16)] = Field(1, description="同一网站同时进行的请求数")
    autothrottle: bool = Field(True, description="网站变慢时自动放慢")
    timeout_s: Annotated[float, Field(gt=0, le=600)] = Field(30.0, description="一次请求的超时（秒）")
    retries: Annotated[int, Field(ge=0, le=10)] = Field(3, description="失败后重试次数")
    max_retry_after_s: Annotated[float, Field(ge=0)] = Field(
        600.0, description="Retry-After 最多遵从的秒数，更长则留待下次"
    )


class Crawl(Model):
    """Defaults for all sources; a source may set its own pace and limits."""

    pace: Pace = Field(default_factory=Pace, description="节奏")
    limits: Limits = Field(default_factory=Limits, description="上限")
    user_agent: str = Field("qingyu/{version} (+{contact}; {name})", description="User-Agent 模板")


class Process(Model):
    """The annotation stage."""

    batch: Annotated[int, Field(ge=1, le=100_000)] = Field(10_000, description="每批处理的帖子数")
    workers: Annotated[int, Field(ge=0, le=64)] = Field(0, description="标注进程数；0 表示处理器数目减一")


class Nlp(Model):
    """Which language tools are used. A change re-annotates what is stale."""

    segmenter: Literal["rjieba", "jieba"] = Field("rjieba", description="分词器（词典相同）")
    sentiment: Literal["linear", "snownlp"] = Field("linear", description="情感模型")
    user_words: str = Field(
        "dictionaries/user_words.txt", description="用户词典，相对 config 目录；每行：词 [词频] [词性]"
    )
    stop_words: str = Field("dictionaries/stop_words.txt", description="停用词表，相对 config 目录")
    topics: str = Field("topics.yaml", description="话题体系，相对 config 目录")
    places: str = Field("places.yaml", description="地名表，相对 config 目录")
    units: str = Field("units.yaml", description="责任单位规则，相对 config 目录")


class Retention(Model):
    """How long data is kept; `qingyu purge` and the schedule enforce it."""

    posts_days: Annotated[int, Field(ge=1)] = Field(1095, description="帖子自发布起保留天数")
    revisions_days: Annotated[int, Field(ge=1)] = Field(365, description="旧版本保留天数")
    set_aside_days: Annotated[int, Field(ge=1)] = Field(30, description="搁置材料保留天数")
    runs_days: Annotated[int, Field(ge=1)] = Field(365, description="采集报告保留天数")
    alerts_days: Annotated[int, Field(ge=30)] = Field(365, description="发件箱里已了结的告警保留天数")
    audit_days: Annotated[int, Field(ge=180)] = Field(1095, description="查询与导出的审计记录保留天数，至少 180 天")


class Schedule(Model):
    """What `qingyu run` does and when."""

    process_every_s: Annotated[float, Field(ge=1)] = Field(60.0, description="处理的间隔（秒）")
    deliver_every_s: Annotated[float, Field(ge=1)] = Field(15.0, description="送告警、告诉下一位的间隔（秒）")
    purge_at: str = Field("03:30", pattern=r"^([01]\d|2[0-3]):[0-5]\d$", description="每日清理的时刻（Asia/Shanghai）")
    backup_at: str = Field(
        "",
        pattern=r"^$|^([01]\d|2[0-3]):[0-5]\d$",
        description="每日备份的时刻（Asia/Shanghai），空则不备份；只用于内嵌数据库",
    )


class Backup(Model):
    """Where `qingyu run` puts backups, and how many it keeps."""

    folder: str = Field("backups", description="备份目录，相对项目目录；最好在另一块磁盘上")
    keep: Annotated[int, Field(ge=1, le=10_000)] = Field(7, description="保留最近几份，较早的删去")
    with_secrets: bool = Field(False, description="备份里是否含化名密钥与设置所指的机密文件")


class Health(Model):
    """Where `qingyu run` answers /health and /metrics."""

    address: str = Field("127.0.0.1", description="监听的 IP 地址；没有登录功能，改为非本机地址时请用防火墙限定来源")
    port: Annotated[int, Field(ge=0, le=65535)] = Field(0, description="端口，如 9300；0 为不监听")

    @field_validator("address")
    @classmethod
    def _ip(cls, value: str) -> str:
        try:
            return str(ipaddress.ip_address(value))
        except ValueError as error:
            raise ValueError(tr("应为 IP 地址，如 127.0.0.1", "must be an IP address, such as 127.0.0.1")) from error


class Dashboard(Model):
    """Where the dashboard listens."""

    address: str = Field("127.0.0.1", description="监听地址；本机回环地址以外的，先建账户（qingyu user add）")
    port: Annotated[int, Field(ge=0, le=65535)] = Field(8501, description="端口；0 表示任选空闲端口")
    url: str = Field("", description="收件人打开看板的地址，如 https://yuqing.example.gov.cn；空则信里没有看板链接")

    @field_validator("url")
    @classmethod
    def _base(cls, value: str) -> str:
        return web_base(value)


class Log(Model):
    """Logs: one line an event, never post text or authors."""

    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="级别")
    format: Literal["keyvalue", "json"] = Field("keyvalue", description="每行的写法")


class Settings(Model):
    """All settings of an installation."""

    language: Literal["zh", "en"] = Field("zh", description="界面与消息的语言")
    region: str = Field("", description="本地区名称，来源没有写明地区时用它")
    operator: Operator = Field(default_factory=Operator, description="运行单位")
    paths: Paths = Field(default_factory=Paths, description="目录")
    store: Store = Field(default_factory=Store, description="数据库")
    index: Index = Field(default_factory=Index, description="索引")
    crawl: Crawl = Field(default_factory=Crawl, description="采集")
    process: Process = Field(default_factory=Process, description="处理")
    nlp: Nlp = Field(default_factory=Nlp, description="语言处理")
    events: Events = Field(default_factory=Events, description="事件与预警的发现")
    cases: Cases = Field(default_factory=Cases, description="清单")
    retention: Retention = Field(default_factory=Retention, description="保留期限")
    schedule: Schedule = Field(default_factory=Schedule, description="定时")
    backup: Backup = Field(default_factory=Backup, description="备份")
    health: Health = Field(default_factory=Health, description="健康页")
    dashboard: Dashboard = Field(default_factory=Dashboard, description="看板")
    access: Access = Field(default_factory=Access, description="看板的登录")
    oidc: Oidc = Field(default_factory=Oidc, description="用单位的身份提供方（OpenID Connect）登录看板")
    mail: Mail = Field(default_factory=Mail, description="邮件")
    alerts: Alerts = Field(default_factory=Alerts, description="告警的送达")
    briefs: Briefs = Field(default_factory=Briefs, description="简报")
    log: Log = Field(default_factory=Log, description="日志")

    @field_validator("region")
    @classmethod
    def _short(cls, value: str) -> str:
        if len(value) > 40:
            raise ValueError(tr("最多 40 个字", "at most 40 characters"))
        return value.strip()

    @model_validator(mode="after")
    def _folders_apart(self) -> Settings:
        data, secrets = Path(self.paths.data), Path(self.paths.secrets)
        if secrets == data or data in secrets.parents:
            message = tr("paths.secrets 必须在 paths.data 之外", "paths.secrets must lie outside paths.data")
            raise ValueError(message)
        return self


# Key paths that may never stand in a YAML file.
SECRETS: tuple[KeyPath, ...] = (
    ("store", "url"),
    ("index", "password"),
    ("index", "api_key"),
    ("mail", "password"),
    ("oidc", "client_secret"),
)


def load_settings(config_dir: Path, environment: Mapping[str, str] | None = None) -> Settings:
    """The settings of the project whose YAML files lie in `config_dir`.

    Raises ConfigError that names file, line, key and remedy for each fault.
    """
    env = os.environ if environment is None else environment
    files = [read_yaml(SHIPPED / "settings.yaml", shown_as="config/settings.yaml")]
    own = config_dir / "settings.yaml"
    if own.is_file() and own.resolve() != (SHIPPED / "settings.yaml").resolve():
        files.append(read_yaml(own))
    merged: dict[str, Any] = {}
    for file in files:
        _refuse_secrets(file)
        _refuse_non_mapping(file)
        merged = _merge(merged, file.data or {})
    from_env, env_file = _environment(env)
    merged = _merge(merged, from_env)
    try:
        settings = Settings.model_validate(merged)
    except ValidationError as error:
        raise config_error(error, Settings, [env_file, *reversed(files)]) from error
    return _with_secret_files(settings, config_dir)


def _refuse_non_mapping(file: YamlFile) -> None:
    if file.data is not None and not isinstance(file.data, dict):
        message = tr("{f}:1: 应为“键: 值”的形式", "{f}:1: must be a mapping of keys to values", f=file.name)
        raise ConfigError(message)


def _refuse_secrets(file: YamlFile) -> None:
    for path in SECRETS:
        if path in file.lines:
            variable = ENV_PREFIX + "__".join(str(p).upper() for p in path)
            message = tr(
                "{f}:{n}: {k} 是机密，不能写在 YAML 里；请用环境变量 {v} 或 {k}_file",
                "{f}:{n}: {k} is a secret and may not stand in YAML; use the variable {v} or {k}_file",
                f=file.name,
                n=file.line_of(path),
                k=".".join(map(str, path)),
                v=variable,
            )
            raise ConfigError(message)


def _environment(env: Mapping[str, str]) -> tuple[dict[str, Any], YamlFile]:
    """Settings given by environment variables; values are read as YAML scalars, so `true` and `2.5` have their types."""
    values: dict[str, Any] = {}
    lines: dict[KeyPath, int] = {}
    for name in sorted(env):
        if not name.startswith(ENV_PREFIX) or name in ENV_NOT_SETTINGS:
            continue
        path = tuple(name.removeprefix(ENV_PREFIX).lower().split("__"))
        at = values
        for part in path[:-1]:
            at = at.setdefault(part, {})
        at[path[-1]] = env[name] if path in SECRETS else _scalar(env[name])
        lines[path] = 1
    return values, YamlFile(name=tr("环境变量", "environment"), data=values, lines=lines)


def _scalar(raw: str) -> Any:
    try:
        return yaml.safe_load(raw)
    except yaml.YAMLError:
        return raw


def _merge(below: dict[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for key, value in above.items():
        old = merged.get(key)
        merged[key] = _merge(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return merged


def _with_secret_files(settings: Settings, config_dir: Path) -> Settings:
    """The settings with the secrets that files hold (key `NAME_file`), where the environment gives none."""
    for room, name in SECRETS:
        section = getattr(settings, str(room))
        file = getattr(section, f"{name}_file")
        if getattr(section, str(name)) is None and file:
            secret = _secret(config_dir, file, f"{room}.{name}_file")
            settings = settings.model_copy(update={str(room): section.model_copy(update={str(name): secret})})
    return settings


def _secret(config_dir: Path, name: str, key: str) -> SecretStr:
    path = config_dir / name
    try:
        return SecretStr(path.read_text(encoding="utf-8").strip())
    except OSError as error:
        message = tr("{k}：读不了 {p}（{e}）", "{k}: cannot read {p} ({e})", k=key, p=path, e=error.strerror)
        raise ConfigError(message) from error
