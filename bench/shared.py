"""Posts a second of `qingyu process` on PostgreSQL by number of worker processes: `python -m bench.shared [--posts N]
[--workers 1,2,4] [--json]`. A server of its own runs on the same processors and takes its share of them."""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
import time
from pathlib import Path

from bench.process import LENGTH, land
from bench.texts import pieces
from bench.texts import posts as made_up
from config.project import init_project, open_project
from pipeline.local_postgres.server import Plan, Server
from pipeline.process import process
from pipeline.query.layer import QueryLayer, Question


def measure(server: Server, folder: Path, count: int, workers: int) -> dict[str, float]:
    """Landed and processed posts a second; every one is found afterwards."""
    root = folder / f"w{workers}"
    init_project(root)
    project = open_project(root, {"QINGYU_STORE__URL": server.make_database(f"w{workers}")})
    landed = land(project, pieces(count, LENGTH) or made_up(count, 11), "bench")
    began = time.perf_counter()
    process(project, workers=workers)
    spent = time.perf_counter() - began
    with QueryLayer.open(project) as layer:
        found = layer.count(Question())
    if found != count:
        raise SystemExit(f"{found} of {count} posts were found")
    return {"workers": workers, "landed_s": round(landed), "processed_s": round(count / spent)}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--posts", type=int, default=60_000)
    parser.add_argument("--workers", default="1,2,4")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    # Apart: the server runs as a user of its own where this runs as root.
    folder, data = Path(tempfile.mkdtemp(prefix="shared")), Path(tempfile.mkdtemp(prefix="pg"))
    rows = []
    try:
        with Server(Plan(data)) as server:
            for workers in map(int, options.workers.split(",")):
                rows.append(measure(server, folder, options.posts, workers))
                rows[-1]["ratio"] = round(rows[-1]["processed_s"] / rows[0]["processed_s"], 2)
                print(json.dumps(rows[-1]) if options.json else rows[-1], flush=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        shutil.rmtree(data, ignore_errors=True)


if __name__ == "__main__":
    main()
