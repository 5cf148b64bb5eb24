"""规则 by AppTest: the list, a rule, a draft with its sentence, faults in their place, back-test, switch, silence."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from config.project import Project, init_project, open_project
from config.text import set_language
from dashboard.rule_trial import change_said
from pipeline.alerts.outbox import enqueue
from pipeline.rules.evaluate import evaluate
from pipeline.rules.reading import rules_of
from tests.pipeline.ruled import Said, put, write_rule

ROOT = Path(__file__).resolve().parents[2]
NOW = datetime.now(UTC).replace(microsecond=0)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
HOSTILE = "<script>alert(1)</script>停水 **粗** \u202e"
_PATIENCE_S = 60


@pytest.fixture
def project(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Project]:
    init_project(tmp_path, region="云水县")
    monkeypatch.setenv("QINGYU_PROJECT", str(tmp_path))
    monkeypatch.syspath_prepend(str(ROOT))
    st.cache_resource.clear()
    st.cache_data.clear()
    found = open_project(tmp_path, {})
    write_rule(found, "name: water\ndescription: 停水 <b>\nkind: any\nquery: 停水\nrealert: 0\n")
    put(found, [Said(n, NOW - 5 * DAY - n * HOUR, "停水", title=HOSTILE) for n in range(1, 5)])
    put(found, [Said(50, NOW - 60 * DAY), Said(51, NOW - HOUR / 2)])
    yield found
    set_language("zh")


def page(**params: str) -> AppTest:
    app = AppTest.from_file(str(ROOT / "dashboard" / "app.py"), default_timeout=60).run()
    app.switch_page("views/rules.py")
    for name, value in params.items():
        app.query_params[name] = value
    return app.run()


def said(app: AppTest) -> str:
    blocks = [*app.get("html"), *app.info, *app.caption, *app.error, *app.warning]
    return " ".join(str(getattr(b, "value", "") or getattr(b, "body", "") or b.proto) for b in blocks)


def until(app: AppTest, landmark: str) -> AppTest:
    """The page once it shows that: work goes on in a thread."""
    deadline = time.monotonic() + _PATIENCE_S
    while landmark not in said(app):
        assert time.monotonic() < deadline, said(app)
        time.sleep(0.1)
        app.run()
    return app


def press(app: AppTest, key: str) -> AppTest:
    app.button(key=key).click().run()
    assert not app.exception
    return app


def test_every_rule_stands_in_a_sentence(project: Project) -> None:
    app = page()
    assert not app.exception
    text = said(app)
    assert "● 启用" in text and "停水 &lt;b&gt;" in text and "每来一条时报黄色告警" in text
    assert "还没有人判定" in text and "还没有查看过" in text


def test_a_rule_shows_its_firings_and_takes_verdicts(project: Project) -> None:
    evaluate(project, [one.rule for one in rules_of(project)], now=NOW, send=enqueue)
    app = page(rule="water")
    assert not app.exception and "上次触发" in said(app)
    (key,) = [one.key for one in app.button if str(one.key).endswith("-noise")]
    press(app, str(key))
    assert "判定 1 次" in said(app) and "判定少" in said(app) and "评为：误报" in said(app)
    gone = page(rule="<b>nothing")
    assert not gone.exception and "没有名为" in gone.warning[0].value


def test_silence_needs_a_reason(project: Project) -> None:
    app = page(rule="water")
    press(app, "silence-water")
    assert "为什么静默" in said(app)
    app.text_input(key="silence-why-water").set_value("计划检修 <b>").run()
    press(app, "silence-water")
    assert "‖ 静默到" in said(app) and "计划检修 &lt;b&gt;" in said(app)
    press(app, "unsilence-water")
    assert "‖ 静默到" not in said(app)


def test_a_draft_is_written_tested_kept_and_switched_on(project: Project) -> None:
    app = page(draft="new")
    form = "rf-new|-frequency"
    app.text_area(key=f"{form}-query").set_value("停水").run()
    assert "符合“停水”的帖子，1天内达到 3 条时报黄色告警" in said(app)  # before it has a name
    press(app, "draft-keep")
    assert "只用" in said(app) or "用作标识" in said(app)
    app.text_input(key=f"{form}-name").set_value("停水多").run()
    press(app, "rt-start")
    until(app, "会报 1 次")
    text = said(app)
    assert "现在" in text and "达到多少条 4" in text and "更松" in text and "没有一次说的是" in text
    assert "&lt;script&gt;alert(1)" in text and "<script>alert" not in text and "\u202e" not in text
    assert "先存为草稿" in text
    press(app, "draft-keep")
    assert "已存为草稿" in app.success[0].value
    path = project.config_dir / "rules" / "own-停水多.yaml"
    assert "enabled: false" in path.read_text(encoding="utf-8")
    press(app, "switch-停水多")
    assert "已启用" in app.success[0].value and "enabled: true" in path.read_text(encoding="utf-8")
    press(app, "switch-停水多")
    assert "已停用" in app.success[0].value


def test_what_is_wrong_stands_below_its_field_and_untested_rules_stay_off(project: Project) -> None:
    app = page(draft="new")
    form = "rf-new|-frequency"
    app.text_area(key=f"{form}-query").set_value("停水 AND (").run()
    app.number_input(key=f"{form}-num_events").set_value(0).run()
    errors = " ".join(str(one.value) for one in app.error)
    assert "≥ 1" in errors and "还没有写完" in said(app)
    app.number_input(key=f"{form}-num_events").set_value(2).run()
    assert "查询有误" in " ".join(str(one.value) for one in app.error)
    app.text_area(key=f"{form}-query").set_value("停水").run()
    assert not app.error
    app.text_input(key=f"{form}-name").set_value("own").run()
    press(app, "draft-keep")
    assert app.button(key="switch-own").disabled and "还没有回测" in said(app)
    assert page(rule="own").button(key="switch-own").disabled


@pytest.mark.parametrize("kind", ["spike", "flatline", "new_term", "cardinality", "percentage_match", "metric", "change",
                                  "event", "source_silent", "any"])  # fmt: skip
def test_every_kind_can_be_drafted(project: Project, kind: str) -> None:
    app = page(draft="new")
    app.selectbox(key="rf-new|-kind").select(kind).run()
    assert not app.exception and not app.error
    app.text_input(key=f"rf-new|-{kind}-name").set_value(f"mine-{kind}").run()
    press(app, "draft-keep")
    assert [one.rule.kind for one in rules_of(project) if one.rule.name == f"mine-{kind}"] == [kind]
    press(app, "rt-start")
    until(app, "本机 于")


def test_a_rule_that_was_written_by_hand_is_not_changed_here(project: Project) -> None:
    app = page(draft="water")
    assert not app.exception and "只有在看板上起草" in app.warning[0].value
    like = page(draft="new", like="water")
    assert like.text_area(key="rf-new|water-any-query").value == "停水"


def test_a_faulty_file_is_told_with_its_place(project: Project) -> None:
    (project.config_dir / "rules" / "bad.yaml").write_text("name: x\nkind: nothing\n", encoding="utf-8")
    app = page()
    assert not app.exception and "bad.yaml:2" in said(app)


def test_variants_are_told_in_words() -> None:
    assert change_said("window: 5400") == "多长时间内 90 分钟"
    assert change_said("level: red") == "告警的级别 ■ 红"
    assert change_said("above: 0.7, below: 0.1") == "高于它就报 0.7；低于它就报 0.1"
