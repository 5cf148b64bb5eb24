"""What `streamlit run` serves: the pages of `app.py`, with the doors of `doors.py` before them."""

from __future__ import annotations

import os
from pathlib import Path

from streamlit.starlette import App

from config.project import find_root, open_project
from config.text import set_language
from dashboard.doors import Doors

_project = open_project(find_root(None, os.environ, Path.cwd()))
set_language(_project.settings.language)
_doors = Doors(_project)
app = App(Path(__file__).resolve().parent / "app.py", routes=_doors.routes(), middleware=_doors.middleware())
