"""The address of 检索 holds the whole view, and nothing in it can break the page."""

from datetime import UTC, date, datetime

from hypothesis import given
from hypothesis import strategies as st

from config.errors import QueryError
from dashboard.address import View, quoted, thread_query, view_of, with_word
from dashboard.texts import SORTS
from pipeline.query.language import parse

days = st.dates(date(1990, 1, 1), date(2100, 1, 1))
lists = st.lists(st.text(min_size=1, max_size=8), max_size=3, unique=True).map(tuple)


def there_and_back(view: View) -> View:
    return view_of({k: v if isinstance(v, list) else [v] for k, v in view.to_params().items()})


@given(
    st.text(max_size=80), days, days, lists, lists, st.sampled_from(list(SORTS)), st.text(max_size=20), st.booleans()
)
def test_a_view_survives_its_address(
    query: str,
    one: date,
    other: date,
    sources: tuple[str, ...],
    topics: tuple[str, ...],
    sort: str,
    after: str,
    kql: bool,
) -> None:
    first, last = sorted((one, other))
    view = View(query=query, first=first, last=last, sources=sources, topics=topics, sort=sort, after=after, kql=kql)
    assert there_and_back(view) == view


def test_the_plain_view_has_a_plain_address() -> None:
    assert View().to_params() == {}
    assert view_of({}) == View()


def test_what_cannot_be_read_is_passed_over() -> None:
    view = view_of(
        {"from": ["gestern"], "to": ["9999-99-99"], "sort": ["author"], "x": ["y"], "q": ["停" * 5_000], "topic": []}
    )
    assert (view.first, view.last, view.sort, view.topics) == (None, None, "-published", ())
    assert len(view.query) == 2_000


def test_days_given_the_wrong_way_round_are_turned() -> None:
    view = view_of({"from": ["2026-11-09"], "to": ["2026-11-01"]})
    assert (view.first, view.last) == (date(2026, 11, 1), date(2026, 11, 9))


def test_days_are_whole_days_of_shanghai() -> None:
    asked = View(first=date(2026, 11, 1), last=date(2026, 11, 1)).question()
    assert asked.since == datetime(2026, 10, 31, 16, tzinfo=UTC)
    assert asked.until == datetime(2026, 11, 1, 16, tzinfo=UTC)


def test_narrowing_to_a_day_goes_back_to_the_first_page() -> None:
    narrowed = View(query="停水", after="x", post="y").narrowed(date(2026, 11, 2))
    assert narrowed == View(query="停水", first=date(2026, 11, 2), last=date(2026, 11, 2))


@given(st.text(min_size=1, max_size=20))
def test_any_word_makes_a_query_that_can_be_read(word: str) -> None:
    now = datetime(2026, 11, 20, tzinfo=UTC)
    try:
        parse(quoted(word), now=now, names={})
    except QueryError as error:
        # Nothing searchable in it (signs only): said in words; the quotes themselves were read.
        assert error.position == 0
        return
    parse(with_word("停水 OR 停电", word), now=now, names={})
    parse(thread_query(word), now=now, names={})
