"""What a county, a city, a province and the whole country would need, from what was measured on this machine:
`python -m bench.sizing [--node-docs-s N] [--index-bytes N] … [--json | --markdown]`.

docs/scale.md holds what `--markdown` prints and says where each figure comes from; give your own after measuring on your
machines. Assumed, not measured: the busiest hour brings five times the mean, a shard of 40 GB, nodes of 16 processors with
4 TB (hot) or 12 TB (warm) in use, 20 posts a page of a forum and one of a board, machines that scale with their processors.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from math import ceil

from config.settings import Index, Pace, Retention
from nlp.copies import BANDS
from pipeline.copy_index import FULL
from pipeline.crawl import PARALLEL

PEAK = 5.0
SHARD_BYTES = 40e9
HOT_NODE_BYTES, WARM_NODE_BYTES = 4e12, 12e12
NODE_CORES, MEASURED_CORES = 16, 2
FORUM_PAGE_POSTS, BOARD_PAGE_POSTS = 20, 1
# Below that nobody needs a cluster: one disk, and a word's trend over all years in about a second on two processors.
ONE_NODE_BYTES = 200e9
# A row of the index of copies: an id and a key for each band, see `pipeline.copy_segments`.
COPY_BYTES = 8 * (2 + BANDS)
# After that many days a month goes to the warm tier, see `Elastic.lifecycle`.
HOT_DAYS = 60
MONTH_DAYS = 30
DAY_S = 86_400
SIZES = {"county": 10**4, "city": 10**6, "province": 10**7, "country": 10**9}
NAMES = {"county": "县", "city": "市", "province": "省", "country": "全国"}


@dataclass(frozen=True, slots=True)
class Measured:
    """On a machine of 2 cores. Measured: node_docs_s: posts a second into one node; index_bytes: a post, one copy;
    process_s: posts a second annotated and handed over by four workers; landing_s: posts a second landed; rebuild_s: posts
    a second into a new generation; trend_ms, trend_ns: a word's trend, at once and for each post held; copy_look_us: to look
    one post up in one full segment of the index of copies.

    Derived: holder_s, posts a second one holder of the index groups and writes while it holds few. Assumed: store_bytes, a
    post in PostgreSQL."""

    node_docs_s: float = 7_700
    index_bytes: float = 1_045
    store_bytes: float = 1_900
    process_s: float = 1_640
    holder_s: float = 3_000
    landing_s: float = 12_600
    rebuild_s: float = 7_900
    trend_ms: float = 13
    trend_ns: float = 84
    copy_look_us: float = 7.1


@dataclass(frozen=True, slots=True)
class Need:
    """What so many posts a day need. *_load: of the one that can do it, in the busiest hour (above 1 it cannot keep up);
    copies_days: days of posts held after which one holder falls behind the mean rate, None for never within retention;
    hosts, board_hosts: sites that would have to be read day and night at 20 posts a page, and at one."""

    posts_a_day: int
    posts_kept: int
    peak_s: float
    landing_load: float
    holder_load: float
    copies_days: float | None
    copies_tb: float
    process_cores: int
    store_tb: float
    index_tb: float
    shards_a_month: int
    shards: int
    hot_nodes: int
    warm_nodes: int
    week_trend_s: float
    whole_trend_s: float
    rebuild_days: float
    hosts: int
    board_hosts: int
    crawl_machines: int
    board_crawl_machines: int


def copies_of() -> int:
    """Copies of each shard, the first one too, as the settings have it."""
    return 1 + Index().replicas


def nodes_of(posts_a_day: int, kept_days: int, measured: Measured) -> tuple[int, int]:
    """Nodes of the hot and of the warm tier: one of all where a single one does, else three at least, of which any may die."""
    a_day = posts_a_day * measured.index_bytes
    if a_day * kept_days <= ONE_NODE_BYTES:
        return 1, 0
    copies = copies_of()
    by_speed = PEAK * posts_a_day / DAY_S * copies / (measured.node_docs_s * NODE_CORES / MEASURED_CORES)
    hot = a_day * min(HOT_DAYS, kept_days) * copies / HOT_NODE_BYTES
    warm = a_day * max(0, kept_days - HOT_DAYS) * copies / WARM_NODE_BYTES
    return max(3, ceil(hot), ceil(by_speed)), max(copies, ceil(warm)) if warm else 0


def copies_days(posts_a_day: int, kept_days: int, measured: Measured) -> float | None:
    """Days of posts after which looking a post up in the index of copies takes longer than there is until the next one:
    each full segment is asked, so that the time grows with what is held. None where retention comes first."""
    spare_us = 1e6 * DAY_S / posts_a_day - 1e6 / measured.holder_s
    days = max(0.0, spare_us / measured.copy_look_us * FULL / posts_a_day)
    return None if days > kept_days else round(days, 1)


def trend_s(posts: int, cores: int, measured: Measured) -> float:
    """Seconds of a word's trend over so many posts. Linear: see docs/scale.md for why not the fitted power."""
    return measured.trend_ms / 1e3 + measured.trend_ns * posts / 1e9 * MEASURED_CORES / cores


def hosts_of(posts_a_day: int, page_posts: int) -> int:
    """Sites read day and night at the default pace that give so many posts."""
    return ceil(posts_a_day / page_posts / (DAY_S / Pace().delay_s))


def need(posts_a_day: int, measured: Measured) -> Need:
    """The sizing for so many posts a day."""
    kept_days = Retention().posts_days
    kept, peak_s, copies = posts_a_day * kept_days, PEAK * posts_a_day / DAY_S, copies_of()
    hot, warm = nodes_of(posts_a_day, kept_days, measured)
    single = hot + warm == 1
    # A single small node is taken to be a machine like the one that was measured.
    cores = MEASURED_CORES if single else (hot + warm) * NODE_CORES
    shards = max(1, ceil(MONTH_DAYS * posts_a_day * measured.index_bytes / SHARD_BYTES))
    hosts, board_hosts = (hosts_of(posts_a_day, posts) for posts in (FORUM_PAGE_POSTS, BOARD_PAGE_POSTS))
    return Need(
        posts_a_day=posts_a_day,
        posts_kept=kept,
        peak_s=round(peak_s, 1),
        landing_load=round(peak_s / measured.landing_s, 6),
        holder_load=round(peak_s / measured.holder_s, 6),
        copies_days=copies_days(posts_a_day, kept_days, measured),
        copies_tb=round(kept * COPY_BYTES / 1e12, 3),
        process_cores=max(1, ceil(peak_s / (measured.process_s / MEASURED_CORES))),
        store_tb=round(kept * measured.store_bytes / 1e12, 3),
        index_tb=round(kept * measured.index_bytes * (1 if single else copies) / 1e12, 3),
        shards_a_month=shards,
        shards=ceil(kept_days / MONTH_DAYS) * shards * (1 if single else copies),
        hot_nodes=hot,
        warm_nodes=warm,
        week_trend_s=round(trend_s(7 * posts_a_day, cores, measured), 2),
        whole_trend_s=round(trend_s(kept, cores, measured), 2),
        rebuild_days=round(kept / measured.rebuild_s / DAY_S, 2),
        hosts=hosts,
        board_hosts=board_hosts,
        crawl_machines=ceil(hosts / PARALLEL),
        board_crawl_machines=ceil(board_hosts / PARALLEL),
    )


# Of each row of the table: what it is called, and the fields of a cell.
ROWS: Mapping[str, str] = {
    "每天帖数": "{posts_a_day:,}",
    "三年留存帖数": "{posts_kept:,}",
    "最忙一小时，每秒帖数": "{peak_s:,}",
    "落地的负荷（最忙时，1 为满）": "{landing_load:.2g}",
    "索引持有者的负荷（同上，转载索引还空时）": "{holder_load:.2g}",
    "转载索引满多少天后，一个持有者跟不上平均速度": "{copies_days}",
    "转载索引，持有者本机磁盘，TB": "{copies_tb:,}",
    "标注与处理，处理器数": "{process_cores:,}",
    "数据库，TB": "{store_tb:,}",
    "索引（含副本），TB": "{index_tb:,}",
    "每月分片数（主）": "{shards_a_month:,}",
    "分片总数（含副本）": "{shards:,}",
    "索引节点，热 + 暖": "{hot_nodes:,} + {warm_nodes:,}",
    "一个词一周的走势，秒": "{week_trend_s:,}",
    "一个词三年的走势，秒": "{whole_trend_s:,}",
    "重建索引，天": "{rebuild_days:,}",
    "须昼夜不停采的网站数：每页 20 帖 / 每页 1 帖": "{hosts:,} / {board_hosts:,}",
    "采集机器数（每台同时两个网站）：同上": "{crawl_machines:,} / {board_crawl_machines:,}",
}


def markdown(needs: Mapping[str, Need]) -> str:
    """The table of docs/scale.md."""
    lines = ["| |" + "".join(f" {NAMES[name]} |" for name in needs), "|---|" + "---:|" * len(needs)]
    for title, cell in ROWS.items():
        cells = (cell.format(**(asdict(one) | _said(one))) for one in needs.values())
        lines.append(f"| {title} |" + "".join(f" {text} |" for text in cells))
    return "\n".join(lines)


def _said(one: Need) -> dict[str, str]:
    if one.copies_days is None:
        return {"copies_days": "留存期内不会"}
    return {"copies_days": f"{one.copies_days:g}" if one.copies_days else "一开始就"}


def main() -> None:
    """Print the sizes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    default = Measured()
    for name, value in asdict(default).items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=float, default=value)
    shape = parser.add_mutually_exclusive_group()
    shape.add_argument("--json", action="store_true")
    shape.add_argument("--markdown", action="store_true", help="the table of docs/scale.md")
    options = vars(parser.parse_args())
    as_json, as_markdown = options.pop("json"), options.pop("markdown")
    needs = {name: need(posts, Measured(**options)) for name, posts in SIZES.items()}
    if as_json:
        print(json.dumps({name: asdict(one) for name, one in needs.items()}, ensure_ascii=False))
    elif as_markdown:
        print(markdown(needs))
    else:
        for field in asdict(needs["county"]):
            print(f"{field:21}" + "".join(f"{_shown(getattr(one, field)):>20}" for one in needs.values()))


def _shown(value: float | None) -> str:
    return "never" if value is None else f"{value:,}"


if __name__ == "__main__":
    main()
