"""What a page shows, as it stands in its address: a copied link shows the same to someone else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from dashboard.display import SHANGHAI
from dashboard.texts import SORTS
from pipeline.query.layer import Question

_LISTS = {
    "place": "places",
    "topic": "topics",
    "source": "sources",
    "region": "regions",
    "kind": "kinds",
    "sentiment": "sentiments",
    "category": "categories",
    "intent": "intents",
    "sector": "sectors",
    "duty": "duties",
    "answered": "answered",
}
# Limits that the query language says; the others are parts of a question.
_WRITTEN = {
    "categories": "category",
    "intents": "intent",
    "sectors": "sector",
    "duties": "duty",
    "answered": "answered",
}
# What all pages share, by its key in the address: a person who narrows on one page finds the same on the next.
COMMON = {
    "from": "first",
    "to": "last",
    "place": "places",
    "topic": "topics",
    "source": "sources",
    "copies": "originals",
}
# A day before that is a slip of the keyboard.
_OLDEST = date(2000, 1, 1)
# Longer is no question a person writes; the address of a page should not carry more.
_LONGEST = 2_000


@dataclass(frozen=True, slots=True)
class View:
    """What is looked at. first, last: days of Asia/Shanghai, both included; places: ids of the gazetteer; originals: without
    posts that repeat an earlier one; kql: the query is Kibana's; after: mark of the page; post: id of the post opened."""

    query: str = ""
    first: date | None = None
    last: date | None = None
    sources: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    sentiments: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    intents: tuple[str, ...] = ()
    sectors: tuple[str, ...] = ()
    duties: tuple[str, ...] = ()
    answered: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    originals: bool = False
    kql: bool = False
    sort: str = "-published"
    after: str = ""
    post: str = ""

    def question(self) -> Question:
        """What this view asks of the query layer."""
        return Question(
            query=self.query,
            since=start_of(self.first) if self.first else None,
            until=start_of(self.last + timedelta(days=1)) if self.last else None,
            sources=self.sources,
            topics=self.topics,
            regions=self.regions,
            kinds=self.kinds,
            sentiments=self.sentiments,
            places=self.places,
            originals=self.originals,
            language="kql" if self.kql else "qingyu",
            also=tuple(self._also()),
        )

    def _also(self) -> Iterator[Question]:
        for name, field in _WRITTEN.items():
            if values := getattr(self, name):
                yield Question(query=" OR ".join(f"{field}:{quoted(value)}" for value in values))

    def narrowed(self, day: date) -> View:
        """The same on one day only, from its first page."""
        return replace(self, first=day, last=day, after="", post="")

    def common(self) -> View:
        """Only what all pages share."""
        return View(**{name: getattr(self, name) for name in COMMON.values()})

    def with_common(self, shared: View) -> View:
        """The same with the shared part of another."""
        return replace(self, **{name: getattr(shared, name) for name in COMMON.values()}, after="", post="")

    def to_params(self) -> dict[str, str | list[str]]:
        """The address's parameters; what stands at its default is left out."""
        params: dict[str, str | list[str]] = {}
        if self.query:
            params["q"] = self.query
        if self.first:
            params["from"] = self.first.isoformat()
        if self.last:
            params["to"] = self.last.isoformat()
        for key, name in _LISTS.items():
            if values := getattr(self, name):
                params[key] = list(values)
        if self.originals:
            params["copies"] = "0"
        if self.kql:
            params["kql"] = "1"
        if self.sort != "-published":
            params["sort"] = self.sort
        for key in ("after", "post"):
            if value := getattr(self, key):
                params[key] = value
        return params


ALL = View()


def start_of(day: date) -> datetime:
    """The first instant of a day of Asia/Shanghai."""
    return datetime.combine(day, time.min, SHANGHAI)


def day_of(text: str, today: date) -> date:
    """The day an address names; today for none, for one that cannot be read, and for days to come."""
    try:
        wanted = date.fromisoformat(text)
    except ValueError:
        return today
    return min(max(wanted, _OLDEST), today)


def quoted(value: str) -> str:
    """`value` as a phrase of the query language that stands for itself, whatever signs it holds."""
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def thread_query(thread: str) -> str:
    """The query for all posts of a thread."""
    return f"thread:{quoted(thread)}"


def with_word(query: str, word: str) -> str:
    """`query` narrowed to posts with that word."""
    return f"({query}) AND {quoted(word)}" if query else quoted(word)


def view_of(params: Mapping[str, Sequence[str]]) -> View:
    """The view that parameters (each with all its values) describe; what cannot be read is passed over."""

    def one(key: str) -> str:
        values = params.get(key) or [""]
        return values[0][:_LONGEST]

    first, last = _day(one("from")), _day(one("to"))
    if first and last and last < first:
        first, last = last, first
    lists = {name: tuple(dict.fromkeys(v[:_LONGEST] for v in params.get(key, ()) if v)) for key, name in _LISTS.items()}
    lists["answered"] = tuple(v for v in lists["answered"] if v in {"0", "1"})
    sort = one("sort")
    return View(
        query=one("q"),
        first=first,
        last=last,
        originals=one("copies") == "0",
        kql=one("kql") == "1",
        sort=sort if sort in SORTS else "-published",
        after=one("after"),
        post=one("post"),
        **lists,
    )


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
