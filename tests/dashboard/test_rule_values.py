"""A rule between its file and the form: every kind can be asked for, and nothing is lost on the way."""

import pytest

from config.rule_files import Checks, checked, load_rules
from config.rules import KINDS
from config.settings import SHIPPED
from dashboard.rule_values import (
    beginning,
    fields_of,
    how,
    keys_of,
    options_of,
    put_together,
    taken_apart,
    values_of,
    written,
)
from dashboard.wording.rules import CHOICES, FIELDS, RULE_KINDS

# What a form does not ask for in a field of its own.
_ELSEWHERE = {"name", "kind", "enabled", "match"}


def test_every_kind_has_its_word_and_every_field_of_it_is_asked_for() -> None:
    assert set(RULE_KINDS) == set(KINDS)
    for kind in KINDS:
        asked = [key for some in fields_of(kind) for key in some]
        assert len(asked) == len(set(asked))
        left = set(keys_of(kind)) - set(asked) - _ELSEWHERE
        assert left <= ({"query", "language", "query_key"} if kind == "source_silent" else set())
        for key in asked:
            assert key in FIELDS, key
            for option in options_of(kind, key) if how(kind, key) in ("choice", "choices") and key != "level" else ():
                assert option in CHOICES, (kind, key, option)


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_form_begins_with_is_a_rule(kind: str) -> None:
    made, faults = checked({"name": "x", "kind": kind, **beginning(kind)}, Checks())
    assert made is not None and not faults


def test_a_rule_read_into_a_form_and_written_is_the_same_rule() -> None:
    for one in load_rules([SHIPPED / "rules"]):
        values = values_of(one.rule)
        again, faults = checked({**values, "enabled": one.rule.enabled}, Checks())
        assert not faults and again == one.rule, one.rule.name
        assert "enabled" not in values


def test_durations_are_written_as_people_write_them() -> None:
    assert [written(one) for one in (604_800, 86_400, 5_400, 3_600, 45, 0)] == ["1w", "1d", "90m", "1h", "45s", "0s"]
    for text in ("2h", "90m", "3d", "1w"):
        assert put_together(*taken_apart(text)) == text
    assert taken_apart("30s") == (0.5, "m")
    assert taken_apart(None, otherwise="m") == (None, "m") and put_together(None, "d") is None
