"""The pages, in the order of the navigation, and the right each needs. Which a person sees follows from the roles; that a
page does nothing beyond them is held by the verbs it uses."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.access.model import Action


@dataclass(frozen=True, slots=True)
class Page:
    """file: below this folder; path: in the address; title: key of `dashboard.texts`; group: likewise, "" for the first row;
    action: None for whoever is signed in."""

    file: str
    path: str
    title: str
    action: Action | None
    group: str = ""


PAGES = (
    Page("views/today.py", "today", "today", Action.SEE_FIGURES),
    Page("views/trends.py", "trends", "trends", Action.SEE_FIGURES),
    Page("views/topics.py", "topics", "topics", Action.READ_POSTS),
    Page("views/search.py", "search", "search", Action.READ_POSTS),
    Page("views/flags.py", "flags", "flags", Action.SEE_FLAGS),
    Page("views/rules.py", "rules", "rules", Action.SEE_FLAGS),
    Page("views/cases.py", "cases", "cases", Action.SEE_CASES),
    Page("views/briefs.py", "briefs", "briefs", Action.SEE_BRIEFS),
    Page("views/dashboards.py", "dashboards", "dashboards", Action.READ_POSTS),
    Page("views/sources.py", "sources", "sources", Action.SEE_SOURCES, "house"),
    Page("views/settings.py", "settings", "settings", Action.SEE_SETTINGS, "house"),
    Page("views/users.py", "users", "users", Action.MANAGE_USERS, "house"),
    Page("views/audit.py", "audit", "audit", Action.READ_AUDIT, "house"),
    Page("views/account.py", "account", "account", None, "house"),
)
