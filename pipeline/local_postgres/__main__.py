"""`python -m pipeline.local_postgres up|down [--port N] [--folder F]`: what `make pg-up` and `make pg-down` do."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from config.errors import QingyuError
from config.text import tr
from pipeline.local_postgres.server import Plan, Server


def main() -> int:
    """Start or stop, and say how to use it; 1 where it does not go."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("verb", choices=["up", "down"])
    parser.add_argument("--port", type=int, default=5433)
    parser.add_argument("--folder", type=Path, default=Path("var/postgres"))
    options = parser.parse_args()
    server = Server(Plan(options.folder.resolve(), options.port))
    try:
        if options.verb == "down":
            server.stop()
            said = tr(
                "PostgreSQL 已停止，数据保留在 {f}", "PostgreSQL is stopped; its data stays in {f}", f=options.folder
            )
        else:
            if not server.running():
                server.start()
            said = tr(
                "PostgreSQL 在运行；用法：export QINGYU_STORE__URL={u}",
                "PostgreSQL runs; use it by: export QINGYU_STORE__URL={u}",
                u=server.plan.url(),
            )
    except QingyuError as error:
        sys.stderr.write(error.message + "\n")
        return 1
    sys.stdout.write(said + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
