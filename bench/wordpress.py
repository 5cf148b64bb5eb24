"""Measures the crawl of a real WordPress (Debian's packages): recall, precision, exact text and time, twice.

    python -m bench.wordpress [--only rest|pages|lists] [--theme NAME] [--plain]

A site of some 200 posts and 420 comments is made (nested and paged comments, a post behind a password, drafts, comments that
wait, a post published on schedule), crawled through REST and again with REST closed, by `python -m crawlers`; then posts and
comments are edited and added, and it is crawled a second time. Exit code 0 when every figure reaches its floor.
"""

from __future__ import annotations

import argparse
import random
import re
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bench.wordpress_site import PACKAGES, WordPress, missing, wordpress
from config.project import init_project

FLOORS = {"recall": 0.99, "precision": 0.99, "text": 0.98, "time": 0.99}
START = datetime(2026, 9, 1, 1, 2, 3, tzinfo=UTC)
LOCAL = timedelta(hours=8)
_TYPOGRAPHY = str.maketrans({"“": '"', "”": '"', "‘": "'", "’": "'", "…": "..."})
_WORDS = [
    "小区",
    "停水",
    "供暖",
    "校车",
    "路口",
    "红绿灯",
    "物业",
    "电梯",
    "噪音",
    "施工",
    "公交",
    "医院",
    "菜场",
    "垃圾",
]
_VERBS = [
    "一直没有修好",
    "今天终于通了",
    "希望尽快解决",
    "比去年好多了",
    "已经反映三次",
    "请有关部门看看",
    "排队两个小时",
    "影响老人出行",
]
Truth = dict[str, tuple[str, datetime]]


@dataclass(slots=True)
class Town:
    """A plan for WordPress, and what a guest may read of it. truth: "p12" or "c34" → text, time."""

    plan: dict[str, Any] = field(default_factory=lambda: {"posts": [], "comments": []})
    truth: Truth = field(default_factory=dict)
    hidden: list[str] = field(default_factory=list)  # words no crawl may bring home

    def post(self, number: int, text: Sequence[str], at: datetime, **extra: Any) -> None:
        status = extra.get("post_status", "publish")
        local = (at + LOCAL).strftime("%Y-%m-%d %H:%M:%S")
        row = {
            "import_id": number,
            "post_title": f"第{number}期民情",
            "post_content": "\n\n".join(text),
            "post_date": local,
        }
        row |= {"post_date_gmt": at.strftime("%Y-%m-%d %H:%M:%S"), "post_status": status, "post_author": 1} | extra
        self.plan["posts"].append(row)
        if status == "publish" and not extra.get("post_password") and extra.get("post_type", "post") == "post":
            self.truth[f"p{number}"] = ("\n".join(text), at)
        elif extra.get("post_type", "post") == "post":
            self.hidden.append(text[0])

    def comment(self, number: int, post: int, text: str, at: datetime, *, parent: int = 0, approved: str = "1") -> None:
        self.plan["comments"].append(
            {
                "comment_ID": number,
                "comment_post_ID": post,
                "comment_author": f"网友{number % 37}",
                "comment_type": "comment",
            }
            | {"comment_author_email": f"u{number}@example.org", "comment_content": text, "comment_parent": parent}
            | {"comment_date": f"{at + LOCAL:%Y-%m-%d %H:%M:%S}", "comment_date_gmt": f"{at:%Y-%m-%d %H:%M:%S}"}
            | {"comment_approved": approved, "comment_agent": "", "user_id": 0}
        )
        if approved == "1" and (f"p{post}" in self.truth or post == 900):
            self.truth[f"c{number}"] = (text, at)
        else:
            self.hidden.append(text)


def make_town(*, permalinks: str, seed: int = 7) -> Town:
    """The site before the first visit."""
    rng, town = random.Random(seed), Town()
    town.plan |= {"install": True, "permalinks": permalinks, "options": _options()}
    for number in range(101, 301):
        text = [_sentence(rng, number, k) for k in range(rng.randint(1, 4))]
        if number % 20 == 0:
            text.append('他说："这里 3 < 5 & 7 > 6...真的" -- 就这样。')
        at = START + timedelta(minutes=rng.randint(0, 100_000), seconds=rng.randint(0, 59))
        town.post(number, text, at, **({"post_password": "x"} if number in {150, 250} else {}))
    town.post(901, ["草稿里的话不该被看见"], START, post_status="draft")
    town.post(902, ["只给自己看的话"], START, post_status="private")
    town.post(900, ["留言请写在下面。"], START, post_type="page")
    for number in range(1001, 1421):
        busy = number < 1060  # one post with several pages of comments
        post = 110 if busy else 900 if number < 1066 else rng.randint(101, 300)
        earlier = [
            c["comment_ID"]
            for c in town.plan["comments"]
            if c["comment_post_ID"] == post and c["comment_approved"] == "1"
        ]
        parent = rng.choice(earlier) if earlier and rng.random() < 0.4 else 0
        at = START + timedelta(days=70, minutes=number, seconds=number % 60)
        approved = "0" if number % 25 == 0 else "spam" if number % 60 == 7 else "1"
        town.comment(number, post, _sentence(rng, number, 9), at, parent=parent, approved=approved)
    return town


def second_round(town: Town) -> None:
    """Edits and additions since the first visit, as the next plan."""
    town.plan = {"posts": [], "comments": [], "edit_posts": [], "edit_comments": []}
    for number in (101, 155, 299):
        text = f"第{number}期更正：停水改到周五，请相互转告。"
        town.plan["edit_posts"].append({"ID": number, "post_content": text})
        town.truth[f"p{number}"] = (text, town.truth[f"p{number}"][1])
    for key in ("c1003", "c1030", "c1090", "c1333"):
        text = f"{key} 修改过的评论：已经解决，谢谢。"
        town.plan["edit_comments"].append({"comment_ID": int(key[1:]), "comment_content": text})
        town.truth[key] = (text, town.truth[key][1])
    late = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=30)
    for number in range(1500, 1512):
        post = 110 if number < 1504 else 102 + number % 40
        town.comment(number, post, f"新评论{number}：今天早上又停了。", late + timedelta(seconds=number - 1500))
    town.post(310, ["新的一期，说说暖气。"], late)


def _options() -> dict[str, Any]:
    return {
        "timezone_string": "Asia/Shanghai", "page_comments": 1, "comments_per_page": 10, "thread_comments": 1,
        "thread_comments_depth": 4, "posts_per_page": 10, "posts_per_rss": 10, "blog_public": 1,
    }  # fmt: skip


def _sentence(rng: random.Random, number: int, part: int) -> str:
    return (
        f"{number}-{part}：{rng.choice(_WORDS)}和{rng.choice(_WORDS)}的事，{rng.choice(_VERBS)}，{rng.choice(_VERBS)}。"
    )


def crawl(site: WordPress, project: Path, via: str) -> int:
    """Crawl `site` with the real spider. Returns its exit code."""
    sources = project / "config" / "sources"
    init_project(project, region="测试", contact="bench@example.org")
    lines = ["name: wp", "kind: wordpress", f"urls: {site.url}/", f"via: {via}", "allow_private: [127.0.0.1]"]
    lines += ["pace: {delay_s: 0, concurrency: 4, autothrottle: false}", ""]
    (sources / "wp.yaml").write_text("\n".join(lines), "utf-8")
    command = [sys.executable, "-m", "crawlers", "run", "--project", str(project), "--source", "wp"]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    print("   ", done.stdout.strip().splitlines()[-1:] or "no report")
    return done.returncode


def stored(project: Path) -> dict[str, tuple[str, datetime]]:
    """What the store holds: "p12" or "c34" → text, time."""
    with sqlite3.connect(project / "data" / "qingyu.db") as store:
        rows = store.execute("SELECT url, text, published_ms FROM post").fetchall()
    return {_key(url): (text, datetime.fromtimestamp((ms or 0) / 1000, UTC)) for url, text, ms in rows}


def _key(url: str) -> str:
    if found := re.search(r"#comment-(\d+)$", url):
        return f"c{found[1]}"
    found = re.search(r"(?:/archives/|[?]p=)(\d+)/?$", url)
    return f"p{found[1]}" if found else url


def figures(truth: Truth, got: Mapping[str, tuple[str, datetime]]) -> dict[str, float]:
    """Recall, precision, and of the posts found the share with exact text and with a time within 60 s."""
    both = truth.keys() & got.keys()
    exact = sum(_plain(truth[k][0]) == _plain(got[k][0]) for k in both)
    timely = sum(abs((truth[k][1] - got[k][1]).total_seconds()) <= 60 for k in both)
    found = max(1, len(both))
    return {
        "recall": len(both) / len(truth), "precision": len(both) / max(1, len(got)),
        "text": exact / found, "time": timely / found,
    }  # fmt: skip


def _plain(text: str) -> str:
    return re.sub("[-–—]+", "-", " ".join(text.translate(_TYPOGRAPHY).split()))


def report(name: str, town: Town, project: Path) -> bool:
    """Print the figures of a visit. True when each reaches its floor and nothing hidden was taken."""
    got = stored(project)
    values = figures(town.truth, got)
    taken = [words for words in town.hidden if any(words in text for text, _ in got.values())]
    print(
        f"{name}: {len(town.truth)} public, {len(got)} stored; " + ", ".join(f"{k} {v:.4f}" for k, v in values.items())
    )
    for key in sorted(town.truth.keys() - got.keys())[:5]:
        print("    missing", key)
    for key in sorted(got.keys() - town.truth.keys())[:5]:
        print("    too much", key)
    wrong = [k for k in town.truth.keys() & got.keys() if _plain(town.truth[k][0]) != _plain(got[k][0])]
    for key in sorted(wrong)[:5]:
        print("    text differs", key, repr(got[key][0][:120]), "for", repr(town.truth[key][0][:120]))
    print(f"    hidden texts taken: {len(taken)}")
    return not taken and all(values[k] >= floor for k, floor in FLOORS.items())


def measure(via: str, folder: Path, closed: str, *, theme: str, permalinks: str) -> bool:
    """Make the site, visit it, change it, visit it again. closed: addresses (PHP regex) the server refuses."""
    with wordpress(folder, theme=theme) as site:
        town = make_town(permalinks=permalinks)
        site.seed(town.plan)
        site.close(closed)
        project = folder / "project"
        crawl(site, project, via)
        asked = site.requests()
        fine = report(f"via {via}{' (closed ' + closed + ')' if closed else ''}, first visit", town, project)
        print(
            f"    requests {len(asked)}, replytocom {sum('replytocom' in a for a in asked)}, wp-admin {sum('wp-admin' in a for a in asked)}"
        )
        second_round(town)
        site.seed(town.plan)
        crawl(site, project, via)
        return report("    second visit", town, project) and fine


def main() -> int:
    """Run the measurement. Returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=("rest", "pages", "lists"), help="one way alone")
    parser.add_argument(
        "--theme", default="twentytwentyone", help="an installed theme, e.g. twentytwentythree (blocks)"
    )
    parser.add_argument("--plain", action="store_true", help="addresses of the form /?p=ID")
    ways = {"rest": ("rest", ""), "pages": ("auto", "#^/(wp-json/|index.php/wp-json/)|rest_route=#")}
    ways["lists"] = ("auto", "#^/wp-json/|rest_route=|/feed/|feed=#")
    options = parser.parse_args()
    if lacking := missing():
        print(f"WordPress cannot run here; missing: {', '.join(lacking)}. On Debian: apt-get install {PACKAGES}")
        return 2
    fine, permalinks = True, "" if options.plain else "/archives/%post_id%/"
    for name, (via, closed) in ways.items():
        if options.only in {None, name}:
            with tempfile.TemporaryDirectory(prefix="qingyu-wp-") as folder:
                fine = measure(via, Path(folder), closed, theme=options.theme, permalinks=permalinks) and fine
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())
