"""晴雨: navigation only. Each page is a file of `views/` (a folder called `pages` would be served by Streamlit
without this file, where the first address asked for is not the start page)."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from config.errors import QingyuError
from dashboard import asking, parts
from dashboard.texts import t

# A picture of our own: a named icon would be fetched from the network.
_ICON = Path(__file__).resolve().parent / "icon.svg"


def main() -> None:
    """Show the page chosen; an error of ours is told in words, without its traceback."""
    st.set_page_config(page_title="晴雨", page_icon=str(_ICON), layout="wide")
    parts.style()
    try:
        asking.project()
        page = st.navigation(
            [
                st.Page("views/today.py", title=t("today"), url_path="today", default=True),
                st.Page("views/flags.py", title=t("flags"), url_path="flags"),
                st.Page("views/cases.py", title=t("cases"), url_path="cases"),
                st.Page("views/search.py", title=t("search"), url_path="search"),
                st.Page("views/dashboards.py", title=t("dashboards"), url_path="dashboards"),
                st.Page("views/sources.py", title=t("sources"), url_path="sources"),
            ],
            position="top",
        )
        parts.page_heading(page.title)
        page.run()
    except QingyuError as error:
        parts.complain(error)


main()
