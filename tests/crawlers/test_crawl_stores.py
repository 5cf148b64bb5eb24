"""A whole crawl, import and stage by the commands, the store on PostgreSQL: the same posts as on SQLite, twice the same."""

import json
from pathlib import Path
from typing import Any

from sqlalchemy import select

from crawlers.schema import page, post
from crawlers.store import read
from tests.crawlers.crawling import Site, bad_server, board_yaml
from tests.pipeline.commanding import asked, qingyu
from tests.stores import Postgres, Stores, stores_in

HOTLINE = "{name: hotline, kind: import, files: in/*.jsonl, columns: {id: id, text: text}}\n"
# What depends on the moment, on the port of the site, or on which page came first.
PASSING = {"id", "url", "thread_url", "collected_ms", "published_ms", "landed_seq", "page_id", "author"}


# A list that leads to every kind of trouble, and its private addresses.
MIXED = {
    "hosts": "127.0.0.1, localhost, 169.254.169.254",
    "timeout_s": 2,
    "retries": 1,
    "more": "limits: {page_bytes: 1000000, depth: 30}",
}


def test_a_site_crawled_twice_lands_the_same_on_both_databases(tmp_path: Path, postgres: Postgres) -> None:
    landed = {}
    with bad_server() as url:
        for name, server in (("sqlite", None), ("postgresql", postgres)):
            with stores_in(tmp_path, server) as stores:
                address = stores.url()
                site = Site.make(tmp_path / name, board_yaml(f"{url}mix/", **MIXED))
                site.env["QINGYU_STORE__URL"] = address
                ended = [site.run(), site.run()]
                landed[name] = ([(one.code, one.last["outcome"]) for one in ended], rows(stores, address))
    assert landed["sqlite"] == landed["postgresql"]
    assert landed["sqlite"][1][0]


def rows(stores: Stores, address: str) -> tuple[list[Any], list[Any]]:
    with read(stores.open(address)) as connection:
        columns = [column for column in post.c if column.name not in PASSING]
        posts = sorted((tuple(row) for row in connection.execute(select(*columns))), key=repr)
        pages = sorted(tuple(row) for row in connection.execute(select(page.c.role, page.c.state, page.c.failures)))
    return posts, pages


def test_the_commands_from_a_file_to_an_answer(tmp_path: Path, stores: Stores) -> None:
    root = tmp_path / "town"
    project = stores.project(root)
    (root / "config" / "sources" / "hotline.yaml").write_text(HOTLINE, encoding="utf-8")
    (root / "in").mkdir()
    lines = [json.dumps({"id": str(n), "text": f"第{n}条：光明路的路灯不亮，请维修。"}) for n in range(50)]
    (root / "in" / "a.jsonl").write_text("\n".join(lines), encoding="utf-8")
    asked("crawl", project=root)
    assert asked("process", project=root)["indexed"] == 50
    assert asked("search", "路灯", project=root)["total"] == 50
    assert qingyu("index", "rebuild", project=root).returncode == 0
    assert asked("search", "路灯", project=root)["total"] == 50
    found = {one["check"]: one["state"] for one in asked("doctor", project=root)}
    assert (found["store"], found["index"]) == ("ok", "ok")
    assert project.store_url.startswith(stores.kind)


def test_a_server_that_is_away_is_told_with_what_to_do(tmp_path: Path) -> None:
    with stores_in(tmp_path, None) as stores:
        root = stores.project(tmp_path / "town").root
    env = {"QINGYU_STORE__URL": f"postgresql+psycopg://u:s3cret@/d?host={tmp_path}"}
    done = qingyu("process", project=root, code=1, env=env)
    assert "连不上数据库" in done.stderr and "s3cret" not in done.stderr
    found = {one["check"]: one for one in asked("doctor", project=root, code=1, env=env)}
    assert found["store"]["state"] == "failed"
    assert "服务器" in found["store"]["remedy"] and "qingyu.db" not in found["store"]["remedy"]
