"""Each kind of rule over posts in a real store and index: when it fires, and when it does not."""

from datetime import timedelta
from pathlib import Path

import pytest

from config.project import Project, init_project, open_project
from config.rules import AnyKind
from pipeline.query.layer import QueryLayer, Question
from tests.pipeline.ruled import DAY, HOUR, NOW, Said, look, put, reported, rule


@pytest.fixture
def project(tmp_path: Path) -> Project:
    init_project(tmp_path, region="云水县")
    return open_project(tmp_path, {})


def old(project: Project) -> None:
    """History, so that windows can be compared: one post long ago."""
    put(project, [Said(1, NOW - 60 * DAY, "公园 很 美")])


def hours(*ago: float, first: int = 100, **more: object) -> list[Said]:
    return [Said(first + n, NOW - HOUR * h, **more) for n, h in enumerate(ago)]  # type: ignore[arg-type]


FREQUENCY = rule("kind: frequency\nquery: 停水\nnum_events: 3\nwindow: 6h\n")


def test_frequency_fires_at_so_many_posts_in_a_window(project: Project) -> None:
    put(project, [*hours(20, 10, 5), *hours(1, 2, 3, first=200, text="路灯 坏 了")])
    assert look(project, FREQUENCY) == []
    put(project, hours(1, first=300))
    assert look(project, FREQUENCY, now=NOW + HOUR) == []  # 10, 5 and 1 hours ago: nine hours
    put(project, hours(4.5, first=400))
    (alert,) = look(project, FREQUENCY, now=NOW + HOUR)
    assert alert.figures[0][1] == "3"
    assert (alert.since, alert.until) == (NOW - 10 * HOUR, NOW - 4.5 * HOUR + timedelta(milliseconds=1))
    with QueryLayer.open(project) as layer:  # every figure can be asked for again
        assert layer.count(Question(alert.query, since=alert.since, until=alert.until)) == 3
    assert [int(one, 16) for one in alert.posts] == [101, 102, 400]


def test_posts_of_one_window_lie_less_than_it_apart(project: Project) -> None:
    put(project, hours(7, 4, 1))
    assert look(project, FREQUENCY) == []
    put(project, hours(1.001, first=200))
    assert len(look(project, FREQUENCY)) == 1


def test_any_tells_of_each_post_once_and_of_those_that_came_in_the_silence(project: Project) -> None:
    wanted = rule("kind: any\nquery: 停水\nrealert: 1h\n")
    put(project, hours(0.5))
    assert [a.figures[0][1] for a in look(project, wanted)] == ["1"]
    put(project, [Said(200, NOW + 10 * HOUR / 60), Said(201, NOW + 20 * HOUR / 60)])
    at = NOW + HOUR / 2
    assert reported(project, wanted, now=at).held == 1
    assert look(project, wanted, now=at) == []
    (alert,) = look(project, wanted, now=NOW + HOUR)
    assert alert.figures[0][1] == "2"
    assert [int(one, 16) for one in alert.posts] == [200, 201]
    assert look(project, wanted, now=NOW + 3 * HOUR) == []


SPIKE = "kind: spike\nquery: 停水\nwindow: 1d\nspike_height: 3\n"


def test_spike_compares_with_the_window_before(project: Project) -> None:
    old(project)
    put(project, hours(47, 45, *range(2, 7)))  # two yesterday, five today
    assert look(project, rule(SPIKE)) == []
    put(project, hours(1, first=200))
    (alert,) = look(project, rule(SPIKE))
    assert [value for _, value in alert.figures] == ["6", "2"]


def test_spike_needs_history_and_its_thresholds(project: Project) -> None:
    put(project, hours(*range(1, 7)))
    assert look(project, rule(SPIKE)) == []  # nothing is known of the day before
    assert len(look(project, rule(SPIKE.replace("kind", "name: b\nalert_on_new_data: true\nkind")))) == 1
    old(project)
    assert look(project, rule(SPIKE.replace("kind", "name: c\nthreshold_ref: 1\nkind"))) == []
    assert look(project, rule(SPIKE.replace("kind", "name: d\nthreshold_cur: 7\nkind"))) == []
    assert len(look(project, rule(SPIKE.replace("kind", "name: e\nthreshold_cur: 6\nkind")))) == 1


def test_spike_down_is_seen_as_time_goes_by(project: Project) -> None:
    wanted = rule(SPIKE + "spike_type: both\nthreshold_ref: 4\n")
    old(project)
    put(project, hours(*range(1, 7)))
    assert look(project, wanted) == []
    assert look(project, wanted, now=NOW + 20 * HOUR) == []
    (alert,) = look(project, wanted, now=NOW + 40 * HOUR)
    assert [value for _, value in alert.figures] == ["0", "6"]


def test_flatline_is_told_once_in_each_realert_while_it_lasts(project: Project) -> None:
    wanted = rule("kind: flatline\nquery: 停水\nwindow: 1d\nthreshold: 2\nrealert: 1d\n")
    old(project)
    put(project, hours(1, 2))
    assert look(project, wanted) == []
    (alert,) = look(project, wanted, now=NOW + 22.5 * HOUR)
    assert (alert.figures[0][1], alert.until - alert.since) == ("1", DAY)
    assert look(project, wanted, now=NOW + 30 * HOUR) == []
    (again,) = look(project, wanted, now=NOW + 50 * HOUR)
    assert again.id != alert.id and again.figures[0][1] == "0"


def test_flatline_by_key_names_the_value_that_fell_silent(project: Project) -> None:
    wanted = rule("kind: flatline\nwindow: 1d\nthreshold: 1\nquery_key: source\n")
    old(project)
    put(project, [*hours(30, source="forum"), *hours(3, first=200), *hours(31, first=300)])
    (alert,) = look(project, wanted)
    assert (alert.key, alert.query) == ("forum", 'source:"forum"')


def test_a_new_term_is_told_once(project: Project) -> None:
    wanted = rule("kind: new_term\nfield: keyphrase\nwindow: 30d\n")
    put(project, [Said(1, NOW - 10 * DAY, keyphrases=("停水",)), Said(2, NOW - 9 * DAY, keyphrases=("夜市",))])
    look(project, wanted, now=NOW - HOUR)
    put(
        project,
        [Said(3, NOW - HOUR / 2, keyphrases=("停水", "搅拌站")), Said(4, NOW - HOUR / 3, keyphrases=("搅拌站",))],
    )
    (alert,) = look(project, wanted)
    assert (alert.key, alert.query, alert.figures[0][1]) == ("搅拌站", 'keyphrase:"搅拌站"', "2")
    put(project, [Said(5, NOW, keyphrases=("搅拌站",))])
    assert look(project, wanted, now=NOW + HOUR) == []


def test_cardinality_counts_voices_and_never_names_them(project: Project) -> None:
    wanted = rule("kind: cardinality\nquery: 停水\nfield: voices\nwindow: 1d\nmax_cardinality: 3\n")
    put(project, [Said(n, NOW - HOUR * n, voice=f"a{n % 3}") for n in range(1, 12)])
    assert look(project, wanted) == []
    put(project, [Said(50, NOW - HOUR, voice="another")])
    (alert,) = look(project, wanted)
    assert alert.figures[1] == ("声音", "4")
    assert "another" not in repr(alert)


def test_cardinality_counts_places_themselves_not_what_they_lie_in(project: Project) -> None:
    wanted = rule("kind: cardinality\nfield: place\nwindow: 1d\nmax_cardinality: 1\n")
    put(project, hours(2, places=("binhe_shequ",)))  # lies in 城关镇, in 云水县
    assert look(project, wanted) == []
    put(project, hours(1, first=200, places=("shiqiao",)))
    assert look(project, wanted)[0].figures[1] == ("地点", "2")


def test_too_few_distinct_is_seen_as_time_goes_by(project: Project) -> None:
    wanted = rule("kind: cardinality\nfield: source\nwindow: 1d\nmin_cardinality: 2\n")
    old(project)
    put(project, [*hours(5), *hours(20, first=200, source="forum")])
    assert look(project, wanted) == []
    assert look(project, wanted, now=NOW + 10 * HOUR)[0].figures[1][1] == "1"


def test_percentage_match_needs_enough_posts(project: Project) -> None:
    text = "kind: percentage_match\nquery: 停水\nmatch_query: sentiment:negative\nwindow: 1d\nmax_percentage: 60\n"
    wanted = rule(text + "min_denominator: 5\n")
    put(project, [Said(n, NOW - HOUR * n, sentiment="negative" if n > 2 else "neutral") for n in range(1, 6)])
    assert look(project, wanted) == []  # 3 of 5 are 60 %
    put(project, [Said(50, NOW, sentiment="negative")])
    (alert,) = look(project, wanted)
    assert [value for _, value in alert.figures] == ["6", "67%"]


@pytest.mark.parametrize(
    ("metric", "bound", "shown"),
    [
        ("mean_sentiment", "below: -0.2", "-0.30"),
        ("negative_share", "above: 0.5", "0.60"),
        ("mean_engagement", "above: 5", "8.00"),
    ],
)
def test_metric_is_a_mean_of_the_window(project: Project, metric: str, bound: str, shown: str) -> None:
    wanted = rule(f"kind: metric\nmetric: {metric}\nwindow: 1d\n{bound}\n")
    put(project, [Said(n, NOW - 40 * HOUR, sentiment="positive") for n in range(1, 9)])
    assert look(project, wanted) == []
    put(
        project,
        [Said(100 + n, NOW - HOUR, sentiment="negative" if n < 3 else "neutral", likes=8) for n in range(5)],
    )
    assert look(project, wanted)[0].figures[1][1] == shown


def test_a_query_key_is_judged_apart_by_value(project: Project) -> None:
    wanted = rule("kind: frequency\nnum_events: 3\nwindow: 1d\nquery_key: topic\n")
    put(
        project,
        [*hours(1, 2, topics=("water",)), *hours(3, 4, first=200, topics=("roads", "water")), *hours(5, first=300)],
    )
    (alert,) = look(project, wanted)
    assert (alert.key, alert.topics, alert.figures[0][1]) == ("water", ["water", "roads"], "4")
    assert alert.title == "r：供水 4 条" or "4" in alert.title


def test_a_place_holds_what_lies_in_it(project: Project) -> None:
    wanted = rule("kind: frequency\nnum_events: 2\nwindow: 1d\nquery_key: place\n")
    put(project, [*hours(1, places=("binhe_shequ",)), *hours(2, first=200, places=("chengguan",))])
    assert {a.key for a in look(project, wanted)} == {"chengguan"}


def test_patterns_narrow_a_query_down(project: Project) -> None:
    wanted = rule(
        "kind: frequency\nquery: 停水\nnum_events: 2\nwindow: 1d\nmatch: {title: '^紧急', text: ['三天', '两天']}\n"
    )
    put(project, [Said(1, NOW - HOUR, "停水 三天", title="紧急：停水"), Said(2, NOW - HOUR, "停水 两天", title="停水")])
    assert look(project, wanted) == []
    put(
        project,
        [Said(3, NOW - HOUR, "停水 两天", title="紧急求助"), Said(4, NOW - HOUR, "停水 一天", title="紧急求助")],
    )
    (alert,) = look(project, wanted)
    assert alert.figures[0][1] == "2"
    assert any("正则" in one for one in alert.reason)


def test_a_rule_in_kql_gives_a_query_of_our_own(project: Project) -> None:
    wanted = rule("kind: frequency\nlanguage: kql\nquery: source:board and 停水\nnum_events: 2\nwindow: 1d\n")
    put(project, [*hours(1, 2), *hours(3, first=200, source="forum")])
    (alert,) = look(project, wanted)
    with QueryLayer.open(project) as layer:
        assert layer.count(Question(alert.query, since=alert.since, until=alert.until)) == 2


HOSTILE = "<script>alert(1)</script>\u202e=1+1\r\nBcc: x@y.z\0"


def test_web_text_cannot_break_out_of_a_title(project: Project) -> None:
    wanted: AnyKind = rule("kind: new_term\nfield: keyphrase\n")
    put(
        project,
        [Said(1, NOW - 40 * DAY), Said(2, NOW - HOUR / 2, keyphrases=(HOSTILE.replace("\0", ""),), title=HOSTILE[:20])],
    )
    (alert,) = look(project, wanted)
    for text in (alert.title, *alert.reason):
        assert not set(text) & set("\r\n\0\u202e")
    with QueryLayer.open(project) as layer:
        assert layer.count(Question(alert.query)) == 1
