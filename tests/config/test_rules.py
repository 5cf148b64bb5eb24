"""Rules in YAML: what is shipped is sound, elastalert2's words are understood, every fault names file, line and what to do."""

import time
from pathlib import Path

import pytest

from config.errors import ConfigError
from config.patterns import compiled
from config.rule_files import Checks, load_rules, read_rules
from config.rules import KINDS, AnyKind, CardinalityRule, ChangeRule, Key, MetricRule, PercentageRule
from config.settings import SHIPPED
from config.yamlfile import parse_yaml
from pipeline.events.model import LEVELS
from pipeline.query.breaking import GROUPINGS
from pipeline.rules.reading import check_query
from pipeline.rules.saying import explain

HISTORY = Checks(query=check_query, groups=["值班", "住建"], sources=["board"], history_days=90)


def one(text: str) -> AnyKind:
    (found,) = read_rules([parse_yaml(text, name="r.yaml")], HISTORY)
    return found.rule


def fault(*texts: str, checks: Checks = HISTORY) -> str:
    with pytest.raises(ConfigError) as caught:
        read_rules([parse_yaml(text, name=f"{'rst'[n]}.yaml") for n, text in enumerate(texts)], checks)
    return caught.value.message


def test_those_shipped_are_sound_and_show_every_kind() -> None:
    found = load_rules([SHIPPED / "rules"], Checks(query=check_query))
    assert {d.rule.kind for d in found} == set(KINDS)
    assert {d.rule.name for d in found if d.rule.enabled} == {"new-event", "silent-source"}
    assert not any(d.rule.groups for d in found)  # nobody is told before the office says whom


def test_a_project_replaces_a_shipped_file_or_empties_it(tmp_path: Path) -> None:
    (tmp_path / "events.yaml").write_text("# none\n", encoding="utf-8")
    (tmp_path / "mine.yaml").write_text("name: mine\nkind: any\n", encoding="utf-8")
    names = {d.rule.name for d in load_rules([SHIPPED / "rules", tmp_path])}
    assert "mine" in names and "silent-source" in names and "new-event" not in names


FREQUENCY = "name: a\nkind: frequency\nnum_events: 3\nwindow: 2h\n"


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("name: a\nkind: frequency\nnum_event: 3\nwindow: 2h\n", 3, ["num_event", "num_events"]),
        ("name: a\nkind: frequncy\n", 2, ["frequency"]),
        ("name: a\nkind: zzz\n", 2, ["any", "spike", "source_silent"]),
        ("name: a\n", 1, ["kind", "any"]),
        ("name: a\nkind: frequency\nwindow: 2h\n", 1, ["num_events", "必须填写"]),
        ("name: a\nkind: frequency\nnum_events: 3\nwindow: 0s\n", 4, ["window", "大于 0"]),
        ("name: a\nkind: frequency\nnum_events: 3\ntimeframe: {hours: 0}\n", 4, ["window", "大于 0"]),
        ("name: a\nkind: frequency\nnum_events: 3\ntimeframe: {hour: 1}\n", 4, ["{hours: 2}"]),
        ("name: a\nkind: frequency\nnum_events: 3\nwindow: 91d\n", 4, ["window", "90"]),
        ("name: a\nkind: spike\nspike_height: 3\nwindow: 46d\n", 4, ["window", "一半", "90"]),
        ("name: a\nkind: spike\nspike_height: 1\nwindow: 1d\n", 3, ["spike_height", "> 1"]),
        ("name: a\nkind: spike\nspike_height: 3\nwindow: 1d\nspike_type: down\n", 1, ["threshold_ref"]),
        (FREQUENCY + "match:\n  title: '(a+)\\1'\n", 6, ["match.title", "回溯"]),
        (FREQUENCY + "match:\n  text: ['ok', '(?=a)b']\n", 6, ["match.text[1]", "回溯"]),
        (FREQUENCY + "match:\n  text: '('\n", 6, ["正则表达式有误"]),
        (FREQUENCY + "query: '(停水'\n", 5, ["query", "第 1 个字", "括号"]),
        (FREQUENCY + "query: 'author:a1'\n", 5, ["query", "作者"]),
        (FREQUENCY + "query_key: author\n", 5, ["query_key"]),
        (FREQUENCY + "query_key: voices\n", 5, ["query_key"]),
        (FREQUENCY + "groups: [值日]\n", 5, ["groups", "值日", "值班"]),
        (FREQUENCY + "late: 8d\n", 5, ["late", "7d"]),
        (FREQUENCY + "quiet: '22-7'\n", 5, ["quiet", "22:00-07:00"]),
        (FREQUENCY + "digest: '0 25 * * *'\n", 5, ["digest", "25"]),
        (FREQUENCY + "realert: 2h\nexponential_realert: 1h\n", 1, ["exponential_realert"]),
        (FREQUENCY + "filter: [{term: {a: b}}]\n", 5, ["filter", "query"]),
        (FREQUENCY + "index: logs-*\n", 5, ["index", "删去"]),
        (FREQUENCY + "email: a@b.c\n", 5, ["groups"]),
        (FREQUENCY + "spike_height: 3\n", 5, ["spike_height", "spike"]),
        (FREQUENCY + "timeframe: {hours: 2}\n", 1, ["window", "timeframe"]),
        ("name: a b\nkind: any\n", 1, ["name"]),
        ("name: a\nkind: cardinality\nfield: voices\nwindow: 1d\n", 1, ["min_cardinality", "max_cardinality"]),
        ("name: a\nkind: cardinality\nfield: author_name\nwindow: 1d\nmax_cardinality: 3\n", 3, ["voices"]),
        ("name: a\nkind: metric\nmetric: mean_sentiment\nwindow: 1d\nbelow: -3\n", 1, ["-1.0"]),
        (
            "name: a\nkind: percentage_match\nmatch_query: 'sentiment:'\nwindow: 1d\nmax_percentage: 3\n",
            3,
            ["match_query"],
        ),
        ("name: a\nkind: change\nfrom: replied\nto: replied\n", 1, ["waiting→replied"]),
        ("name: a\nkind: source_silent\nwindow: 1d\nsources: [bord]\n", 4, ["bord", "board"]),
        ("name: a\nkind: source_silent\nwindow: 1d\nquery: x\n", 1, ["sources"]),
        ("- name: a\n  kind: any\n- x\n", 3, ["[1]"]),
    ],
)
def test_a_fault_names_file_line_and_what_to_do(text: str, line: int, words: list[str]) -> None:
    message = fault(text)
    assert f"r.yaml:{line}:" in message, message
    for word in words:
        assert word in message, message


def test_every_fault_is_listed_at_once() -> None:
    message = fault(
        "- {name: a, kind: frequency, num_event: 1, window: 0}\n- {name: b, kind: zzz}\n- {name: c, kind: any, query: '('}\n"
    )
    assert len([line for line in message.splitlines() if line.startswith("r.yaml")]) == 5


def test_two_rules_of_one_name_are_refused_with_both_places() -> None:
    message = fault("name: a\nkind: any\n", "# x\n- kind: any\n  name: a\n")
    assert "s.yaml:3:" in message and "r.yaml:1" in message


def test_groups_and_queries_are_not_checked_where_nothing_is_known_of_them() -> None:
    assert read_rules([parse_yaml(FREQUENCY + "groups: 任何\n", name="r.yaml")])[0].rule.groups == ("任何",)


def test_a_rule_of_elastalert2_is_understood() -> None:
    theirs = """
name: heat
type: percentage_match
timeframe: {hours: 6}
match_bucket_filter: sentiment:negative
query: topic:heating
max_percentage: 60
min_denominator: 10
query_key: [place]
realert: {minutes: 30}
exponential_realert: {hours: 8}
aggregation: {schedule: '0 8 * * 1-5'}
is_enabled: false
priority: 1
"""
    ours = """
name: heat
kind: percentage_match
window: 6h
match_query: sentiment:negative
query: topic:heating
max_percentage: 60
min_denominator: 10
query_key: place
realert: 30m
exponential_realert: 8h
digest: 0 8 * * 1-5
enabled: false
level: red
"""
    assert one(theirs) == one(ours)
    assert isinstance(one(ours), PercentageRule)


def test_more_words_of_elastalert2() -> None:
    counted = one("name: a\ntype: cardinality\ncardinality_field: author\ntimeframe: {days: 1}\nmax_cardinality: 3\n")
    assert isinstance(counted, CardinalityRule) and counted.field == "voices"
    mean = one(
        "name: a\ntype: metric_aggregation\nmetric_agg_key: score\nbuffer_time: {days: 1}\nmin_threshold: -0.5\n"
    )
    assert isinstance(mean, MetricRule) and (mean.metric, mean.below, mean.window) == ("mean_sentiment", -0.5, 86_400)
    assert one(FREQUENCY + "aggregation: {hours: 2}\n").digest == "7200s"
    answered = one("name: a\nkind: change\nfrom: 办理中\nto: 已回复\n")
    assert isinstance(answered, ChangeRule) and (answered.before, answered.after) == ("waiting", "replied")


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|aa)+$", "(.*a){20}$"])
def test_what_would_backtrack_for_ever_elsewhere_is_read_once(pattern: str) -> None:
    began = time.monotonic()
    assert not compiled(pattern).search("a" * 100_000 + "停" * 1000 + "b") or pattern == "(.*a){20}$"
    assert time.monotonic() - began < 2


def test_a_pattern_that_unfolds_without_end_is_refused() -> None:
    with pytest.raises(ValueError, match="正则表达式有误"):
        compiled("(((a{100}){100}){100}){100}")


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_kind_is_explained_in_one_sentence(kind: str) -> None:
    (shown,) = [d.rule for d in load_rules([SHIPPED / "rules"]) if d.rule.kind == kind][:1]
    sentence = explain(shown)
    assert sentence.endswith("。") and sentence.count("。") == 1
    assert kind == "event" or kind == "source_silent" or not shown.query or shown.query in sentence


def test_alerts_are_kept_apart_by_what_posts_may_be_grouped_by_and_never_by_author() -> None:
    keys = set(Key.__args__)  # type: ignore[attr-defined]
    assert keys - {"event"} <= set(GROUPINGS)
    assert not keys & {"author", "voice", "voices"}
    assert set(LEVELS) == {"blue", "yellow", "orange", "red"}
