"""The one place where the dashboard asks: the project, the person's desk, and answers kept while the index stands still."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import streamlit as st
from sqlalchemy import Engine

from config.dashboards import Dashboard
from config.errors import QingyuError, StageError, TransientError
from config.project import Project, find_root, open_project
from config.text import set_language
from dashboard import visiting
from pipeline.access.model import Action, Person
from pipeline.desk import asking as verbs
from pipeline.desk.desk import Desk
from pipeline.panels.naming import Naming
from pipeline.query.layer import QueryLayer
from pipeline.query.model import PostView, Question, SearchResult
from pipeline.sources_view import store_engine
from pipeline.vocabulary import place_names, topic_names

# Answers that depend on `now` (now-7d) may be this old; everything else changes with the index's version.
_KEEP_S = 60
# Files of dashboards are read anew after this long.
_FILES_S = 10


@st.cache_resource(show_spinner=False)
def project() -> Project:
    """The project this server was started for (QINGYU_PROJECT). Raises ConfigError when there is none."""
    found = open_project(find_root(None, os.environ, Path.cwd()))
    set_language(found.settings.language)
    return found


@st.cache_resource(show_spinner=False)
def _layer() -> QueryLayer:
    """The query layer, its connections shared by all sessions; read-only."""
    return QueryLayer.open(project(), who="dashboard")


def store() -> Engine:
    """The store, its connections shared by all sessions."""
    return store_engine(project())


def person() -> Person:
    """Who sits before this session's screen. Raises AccessError where the session has ended."""
    return visiting.person(project(), store())


class _Away:
    """Stands for the query layer while the index does not answer: what asks nothing of it works on."""

    def __init__(self, error: QingyuError) -> None:
        self._error = error

    def __getattr__(self, name: str) -> Any:
        raise self._error


def desk() -> Desk:
    """The desk of this session's person: what verbs of `pipeline.desk` take first."""
    who = person()
    try:
        layer = _layer().speaking_for(who.name)
    except (StageError, TransientError) as error:
        layer = cast(QueryLayer, _Away(error))
    return Desk(project(), who, layer, store(), now)


def may(action: Action) -> bool:
    """Whether this session's person may do that; to leave out what would be refused."""
    return person().may(action)


def version() -> str:
    """The version of the index as of now."""
    _layer().refresh()
    return _layer().version()


def now() -> datetime:
    """The present, aware."""
    return datetime.now(UTC)


@st.cache_data(show_spinner=False, ttl=_KEEP_S, max_entries=400)
def _kept(verb: str, question: Question, options: Mapping[str, Any], of_version: str) -> Any:
    return getattr(_layer(), verb)(question, **options)


def ask(verb: str, question: Question, /, **options: Any) -> Any:
    """The answer of the query layer's `verb` (count, by_day, by, …): figures only, so that keeping it reads no post.

    Whether the person may have it is decided anew each time. Raises AccessError, QueryError.
    """
    verbs.check_figures(desk(), verb, question, **options)
    return _kept(verb, question, options, version())


def search(question: Question, *, sort: str, size: int, after: str = "") -> SearchResult:
    """A page of posts, read anew each time: each read is audited."""
    return verbs.search(desk(), question, sort=sort, size=size, after=after)


def post(post_id: str) -> PostView | None:
    """One post with its revisions and thread; None when there is none."""
    return verbs.post(desk(), post_id)


@st.cache_data(show_spinner=False)
def topics() -> dict[str, str]:
    """Names of the topics by id, in the user's language, in the taxonomy's order."""
    return topic_names(project())


@st.cache_data(show_spinner=False)
def places() -> dict[str, str]:
    """Names of the places by id, in the gazetteer's order."""
    return place_names(project())


@st.cache_resource(show_spinner=False)
def naming() -> Naming:
    """Names of the values that panels show."""
    return Naming(project())


@st.cache_data(show_spinner=False, ttl=_FILES_S)
def dashboards() -> dict[str, Dashboard]:
    """The dashboards by name; a file that was added is seen without a restart. Raises ConfigError for a faulty one."""
    return open_project(project().root).dashboards


def source_titles() -> dict[str, str]:
    """Titles of the declared sources by name."""
    return {s.name: s.title or s.name for s in project().sources}
