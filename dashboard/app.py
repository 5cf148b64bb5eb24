"""晴雨: navigation only. Each page is a file of `views/` (a folder called `pages` would be served by Streamlit
without this file, where the first address asked for is not the start page)."""

from __future__ import annotations

from pathlib import Path

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from config.errors import QingyuError
from dashboard import asking, parts
from dashboard.pages import PAGES, Page
from dashboard.texts import t
from dashboard.visiting import SignInNeededError

# A picture of our own: a named icon would be fetched from the network.
_ICON = Path(__file__).resolve().parent / "icon.svg"


def may_see(page: Page) -> bool:
    """Whether it stands in this person's navigation."""
    return asking.may(page.action) if page.action is not None else not asking.person().open_


def navigation() -> StreamlitPage:
    """The page chosen, of those the person may see; the house's own stand together."""
    groups: dict[str, list[StreamlitPage]] = {}
    for page in PAGES:
        if not may_see(page):
            continue
        made = st.Page(page.file, title=t(page.title), url_path=page.path, default=not groups)
        groups.setdefault(t(page.group) if page.group == "house" else "", []).append(made)
    return st.navigation(groups, position="top")


def main() -> None:
    """Show the page chosen; an error of ours is told in words, without its traceback."""
    st.set_page_config(page_title="晴雨", page_icon=str(_ICON), layout="wide")
    parts.style()
    try:
        asking.project()
        page = navigation()
        parts.page_heading(page.title)
        if asking.person().open_:
            st.caption(t("open_mode"))
        page.run()
    except SignInNeededError as error:
        parts.to_the_door(error)
    except QingyuError as error:
        parts.complain(error)


main()
