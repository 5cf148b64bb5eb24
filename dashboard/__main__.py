"""`python -m dashboard --project DIR --port N`: becomes the Streamlit server of that project."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from config.errors import QingyuError
from config.project import find_root, open_project
from dashboard.serve import serve_command


def main() -> int:
    """Replace this process by the server, so that a signal sent to it ends the server. Returns only on an error."""
    parser = argparse.ArgumentParser(prog="python -m dashboard")
    parser.add_argument("--project", type=Path)
    parser.add_argument("--port", type=int, default=8501)
    parser.add_argument("--address", default="127.0.0.1")
    said = parser.parse_args()
    try:
        project = open_project(find_root(said.project, os.environ, Path.cwd()))
        argv = serve_command(project, port=said.port, address=said.address)
    except QingyuError as error:
        sys.stderr.write(error.message + "\n")
        return 2
    os.environ["QINGYU_PROJECT"] = str(project.root)
    os.execv(argv[0], argv)  # noqa: S606 - a fixed argument list, no shell
    return 1


if __name__ == "__main__":
    sys.exit(main())
