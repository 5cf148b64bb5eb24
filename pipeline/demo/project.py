"""The demo project: a project directory whose sources are the demo town's three sites on loopback."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from config.errors import ConfigError
from config.project import init_project
from config.text import tr

# Fixed, so that the addresses in the store stay the same from run to run.
DEFAULT_PORT = 8871
SITES = ("news", "board", "forum")
FILE = "demo.json"

_COMMON = """\
region: 云水县
allow_private: [127.0.0.1]   # 演示站点就在本机
every: 1h
# 这是自己的演示服务器（本机回环），所以不设间隔；采集公网来源时不要这样写
pace: {{delay_s: 0, concurrency: 4, autothrottle: false}}
"""
_SOURCES = {
    "news": """\
# 云水新闻网（演示）：按网站地图采集
name: news
kind: sitemap
title: 云水新闻网
urls: http://127.0.0.1:{port}/sitemap.xml
include: /news/\\d{{6}}/t\\d+_\\d+\\.html
""",
    "board": """\
# 云水县网上民声（演示）：列表页 → 详情页 → 官方答复
name: board
kind: board
title: 云水县网上民声
urls: http://127.0.0.1:{port}/board/
list:
  row: table.list tr.row
  link: td.title a::attr(href)
  id: td.id
  state: td.state
  category: td.category
  next: a.next::attr(href)
detail:
  id: p.meta span.id
  title: div.message h1.title
  text: div.message > div.text
  published: p.meta span.time
  author: p.meta span.author
  category: p.meta span.category
  state: p.meta span.state
  likes: span.likes
  views: span.views
  reply:
    block: div.reply
    text: div.reply-text
    unit: span.unit
    time: span.reply-time
""",
    "forum": """\
# 云水论坛（演示）：Discuz! X 论坛，版块 → 主题 → 楼层
name: forum
kind: forum
title: 云水论坛
urls: http://127.0.0.1:{port}/forum.php
""",
}


@dataclass(frozen=True)
class Demo:
    """What a demo project remembers. anchor: the moment its town was made for; ports: of each site."""

    seed: int
    anchor: datetime
    ports: dict[str, int]


def consecutive_ports(first: int = DEFAULT_PORT) -> dict[str, int]:
    """A port for each site from `first` on; all 0 (any free one) for 0."""
    return {site: first + number if first else 0 for number, site in enumerate(SITES)}


def write_demo_project(
    root: Path, *, ports: Mapping[str, int] | None = None, anchor: datetime | None = None, seed: int = 1
) -> Demo:
    """Make `root` the demo project; returns what it remembers.

    anchor: aware; default the real time now. A project that is there keeps its anchor, seed and (unless `ports` says
    otherwise) its ports, so that a later run finds the same town grown, not another one.
    """
    old = read_demo(root) if (root / FILE).exists() else None
    demo = Demo(
        seed=old.seed if old else seed,
        anchor=old.anchor if old else (anchor or datetime.now(UTC)).replace(microsecond=0),
        ports=dict(ports or (old.ports if old else consecutive_ports())),
    )
    init_project(root, region="云水县", name="云水县网络信息中心（演示）", contact="demo@example.com")
    for site in SITES:
        text = _SOURCES[site].format(port=demo.ports[site]) + _COMMON.format()
        (root / "config" / "sources" / f"{site}.yaml").write_text(text, encoding="utf-8")
    facts = {"seed": demo.seed, "anchor": demo.anchor.isoformat(), "ports": demo.ports}
    (root / FILE).write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
    return demo


def read_demo(root: Path) -> Demo:
    """What the demo project at `root` remembers. Raises ConfigError when it is none."""
    try:
        facts = json.loads((root / FILE).read_text(encoding="utf-8"))
        ports = {site: int(facts["ports"][site]) for site in SITES}
        return Demo(seed=int(facts["seed"]), anchor=datetime.fromisoformat(facts["anchor"]), ports=ports)
    except (OSError, ValueError, KeyError, TypeError) as error:
        message = tr(
            "{p} 读不了：不是演示项目，或文件已损坏；删去它再运行 make run",
            "{p} cannot be read: no demo project, or a damaged file; delete it and run make run",
            p=root / FILE,
        )
        raise ConfigError(message) from error
