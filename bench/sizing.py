"""What a county, a province and the whole country would need, from what was measured on this machine:
`python -m bench.sizing [--node-docs-s N] [--index-bytes N] [--store-bytes N] [--process-s N] [--group-s N] [--json]`.

Every default is a figure of docs/scale.md; give your own after measuring on your machines. Assumed, not measured: the busiest
hour brings five times the mean, three years are kept, one copy beside each shard, a shard of 40 GB and a node of 4 TB and 16
processors at most, 20 posts a page, 2 s between two pages of one site.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict, dataclass
from math import ceil

PEAK = 5.0
KEPT_DAYS = 1_095
COPIES = 2
SHARD_BYTES = 40e9
NODE_BYTES = 4e12
NODE_CORES, MEASURED_CORES = 16, 2
PAGE_POSTS, PAUSE_S = 20, 2.0
DAY_S = 86_400
SIZES = {"county": 10**4, "province": 10**7, "country": 10**9}


@dataclass(frozen=True, slots=True)
class Measured:
    """On a machine of 2 cores. node_docs_s: posts a second into one node; index_bytes, store_bytes: a post, one copy;
    process_s: posts a second annotated and handed over by all its processes; group_s: posts a second one holder of the index
    groups and hands to a cluster; crawl_pages_s: pages a second of one crawling process."""

    node_docs_s: float = 2_500
    index_bytes: float = 1_100
    store_bytes: float = 1_900
    process_s: float = 1_900
    group_s: float = 4_000
    crawl_pages_s: float = 60


@dataclass(frozen=True, slots=True)
class Need:
    """What so many posts a day need. peak_s: posts a second in the busiest hour; holders: processes that would have to group
    copies and write the index at once (the design has one)."""

    posts_a_day: int
    peak_s: float
    process_cores: int
    holders: float
    shards_a_month: int
    index_tb: float
    nodes: int
    store_tb: float
    sites_at_once: int
    crawl_processes: int


def need(posts_a_day: int, measured: Measured) -> Need:
    """The sizing for so many posts a day."""
    mean_s = posts_a_day / DAY_S
    peak_s = PEAK * mean_s
    index_bytes = posts_a_day * KEPT_DAYS * measured.index_bytes * COPIES
    by_speed = peak_s * COPIES / (measured.node_docs_s * NODE_CORES / MEASURED_CORES)
    nodes = max(ceil(index_bytes / NODE_BYTES), ceil(by_speed), 1)
    pages_s = peak_s / PAGE_POSTS
    return Need(
        posts_a_day=posts_a_day,
        peak_s=round(peak_s, 1),
        process_cores=max(1, ceil(peak_s / (measured.process_s / MEASURED_CORES))),
        holders=round(peak_s / measured.group_s, 3),
        shards_a_month=max(1, ceil(30 * posts_a_day * measured.index_bytes / SHARD_BYTES)),
        index_tb=round(index_bytes / 1e12, 3),
        nodes=nodes if nodes == 1 else max(3, nodes),
        store_tb=round(posts_a_day * KEPT_DAYS * measured.store_bytes / 1e12, 3),
        sites_at_once=max(1, ceil(pages_s * PAUSE_S)),
        crawl_processes=max(1, ceil(pages_s / measured.crawl_pages_s)),
    )


def main() -> None:
    """Print the three sizes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    default = Measured()
    for name, value in asdict(default).items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=float, default=value)
    parser.add_argument("--json", action="store_true")
    options = vars(parser.parse_args())
    as_json = options.pop("json")
    needs = {name: need(posts, Measured(**options)) for name, posts in SIZES.items()}
    if as_json:
        print(json.dumps({name: asdict(one) for name, one in needs.items()}, ensure_ascii=False))
        return
    for field in asdict(needs["county"]):
        print(f"{field:18}" + "".join(f"{getattr(one, field):>16,}" for one in needs.values()))


if __name__ == "__main__":
    main()
