"""What a brief says: right figures with a question each, sentences where there is nothing, no author, nothing made up."""

import json
from collections.abc import Iterator
from dataclasses import asdict, replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert, select, update

from config.errors import ConfigError, QueryError
from config.project import Project, open_project
from crawlers.schema import post, run, set_aside
from crawlers.store import opened, read, write
from pipeline.briefs.measures import MEASURES, wilson
from pipeline.briefs.model import Figure, Quotation, Table
from pipeline.briefs.periods import Period, period_of
from pipeline.briefs.record import dumped, loaded
from pipeline.briefs.showing import close, cut, fit, named, shown
from pipeline.briefs.words import NAMES
from pipeline.cases.standing import CaseLine, case_lines
from pipeline.events.verdicts import judge
from pipeline.query.layer import QueryLayer
from pipeline.sources_view import store_engine
from tests.pipeline.briefing import (
    DAY,
    HOSTILE_TEXT,
    HOSTILE_TITLE,
    MADE_AT,
    MATTER,
    at,
    composed,
    figure_of,
    land,
    project_in,
    row,
    text_of,
)  # fmt: skip
from tests.pipeline.cased import opened_by_hand
from tests.pipeline.flagged import FLAG, put_flag
from tests.stores import Stores


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return project_in(tmp_path)


@pytest.fixture
def empty(stores: Stores, tmp_path: Path) -> Iterator[Project]:
    made = stores.project(tmp_path / "empty")
    yield made
    store_engine(made).dispose()  # one a process, which outlives the test


def test_the_whole_day(project: Project) -> None:
    brief = composed(project)
    overall = text_of(brief, "overall")
    assert "采集到公开帖文11条，不计转载6条，来自11个声音。" in overall
    assert "此前8周的星期四中位数为4条，每个时段都是如此；本期11条，高于往常的最大值。" in overall
    assert "比前一日（4条）增加175%（条数很少）；比上周同日（4条）增加175%" in overall
    assert "比去年同日（2条）增加450%" in overall
    assert brief.masthead == "云水县网情日报"
    assert brief.title == "2026年11月19日（星期四）云水县网情"
    assert brief.issuer == "云水县网信中心"


def test_every_number_in_the_text_is_a_figure_or_ours(project: Project) -> None:
    """What is counted stands as a figure with its origin, not as loose text."""
    brief = composed(project)
    assert len(brief.figures()) > 60
    for figure in brief.figures():
        assert figure.shown == shown(figure.value, figure.form)
    assert len({figure.id for figure in brief.figures()}) == len({figure.origin for figure in brief.figures()})


def test_the_matter_of_the_day_with_what_is_said_verbatim(project: Project) -> None:
    brief = composed(project)
    text = text_of(brief, "matters")
    assert "（一）丽景新城 搅拌站 噪音（橙色）" in text
    assert "11月17日至19日共5条，没有转载，来自5个声音；往常同样长的时间有0.1条。" in text
    assert "11月19日 09:30，云水留言板，《丽景新城旁边的混凝土搅拌站太吵》（原帖）。" in text
    (section,) = [one for one in brief.sections if one.name == "matters"]
    said = [block.text.shown for block in section.blocks if isinstance(block, Quotation)]
    assert said == [MATTER[0][1], MATTER[1][1]]


def test_a_long_quotation_breaks_off_visibly(project: Project) -> None:
    with opened(project) as engine, write(engine) as connection:
        connection.execute(update(post).where(post.c.title == MATTER[0][0]).values(text="搅" * 500))
    assert figure_of(composed(project), "quote").value == "搅" * 160 + "……"


def test_two_that_say_the_same_are_quoted_once(project: Project) -> None:
    with opened(project) as engine, write(engine) as connection:
        connection.execute(update(post).where(post.c.title == MATTER[1][0]).values(text=MATTER[0][1] + "又来了"))
    (section,) = [one for one in composed(project).sections if one.name == "matters"]
    said = [block.text.shown for block in section.blocks if isinstance(block, Quotation)]
    assert said == [MATTER[0][1], MATTER[2][1]]


def test_noise_is_left_out_and_said(project: Project) -> None:
    judge(project, FLAG.id, "noise", who="duty", now=MADE_AT)
    text = text_of(composed(project), "matters")
    assert "本期没有预警的事件。" in text
    assert "另有1项预警经研判为误报，未列入。" in text


def test_more_matters_than_are_told_at_length(project: Project) -> None:
    with opened(project) as engine:
        for n in range(7):
            put_flag(engine, replace(
                FLAG, id=f"{n:032x}", event_id="", label=f"话题{n}", query="停水", level="blue", posts=(),
                flagged_at=at(DAY, 12),
            ))  # fmt: skip
    text = text_of(composed(project), "matters")
    assert "（五）话题3（蓝色）" in text
    assert "另有预警3项：话题4；话题5；话题6。" in text


def test_how_messages_were_answered(project: Project) -> None:
    week = period_of("weekly", date(2026, 11, 9))
    text = text_of(composed(project, week), "replies")
    assert "本期收到留言28件" in text
    assert (
        "本期给出官方答复4件（含以前的留言），5个工作日内答复的2件，按时率50.0%（条数很少），用时中位数15.8天。" in text
    )
    rows = [block for s in composed(project, week).sections if s.name == "replies" for block in s.blocks]
    (table,) = [block for block in rows if isinstance(block, Table)]
    units = [(row[0][0], *(cell[0].shown for cell in row[1:] if isinstance(cell[0], Figure))) for row in table.rows]
    assert units == [("城管局", "2", "2", "1.2"), ("水务局", "2", "0", "30.2")]


def test_the_posts_of_a_topic_brief(project: Project) -> None:
    period = Period("topic", DAY - timedelta(days=6), DAY)
    brief = composed(project, period, subject="搅拌站")
    assert brief.title == "关于“搅拌站”的网情专报"
    assert figure_of(brief, "count").value == 6
    assert "（一）丽景新城 搅拌站 噪音（橙色）" in text_of(brief, "matters")
    assert "本报只统计所列专题的帖文。" in text_of(brief, "coverage")
    about_water = composed(project, period, subject="供水")
    assert "没有预警的事件" in text_of(about_water, "matters")
    assert about_water.title == "关于“供水”的网情专报"


def test_a_topic_brief_needs_a_subject_that_can_be_asked(project: Project) -> None:
    period = Period("topic", DAY, DAY)
    with pytest.raises(ConfigError, match="专题"):
        composed(project, period, subject="  ")
    with pytest.raises(QueryError):
        composed(project, period, subject='没有:"完')


def test_a_period_that_is_not_over_says_until_when(project: Project) -> None:
    brief = composed(project, period_of("daily", date(2026, 11, 20)))
    assert "期间尚未结束，数字截至11月20日 08:20。" in text_of(brief, "overall")
    assert "确无新帖" not in text_of(brief, "overall")
    land(project, [row(9500, at(date(2026, 11, 20), 7), "早", "早上好", "e1")], "more")
    brief = composed(project, period_of("daily", date(2026, 11, 20)))
    assert "期间尚未结束，数字截至11月20日 08:20。" in text_of(brief, "overall")


def test_nothing_collected_is_said_and_nothing_made_up(empty: Project) -> None:
    brief = composed(empty)
    assert text_of(brief, "overall").endswith("条。期间没有一次成功的采集，没有数据不等于没有意见。")
    assert "本期没有预警的事件。" in text_of(brief, "matters")
    assert "本期没有帖文，没有可列的话题、领域与地点。" in text_of(brief, "spread")
    assert "本期没有收到留言，也没有官方答复。" in text_of(brief, "replies")
    assert "未接入办理清单" in text_of(brief, "cases")
    assert "还没有声明任何来源。" in text_of(brief, "coverage")
    assert {figure.value for figure in brief.figures()} == {0}
    assert brief.issuer == "（单位名称未设置）"


def test_a_quiet_day_is_told_from_a_blind_one(project: Project) -> None:
    sunday = period_of("daily", date(2026, 9, 1))  # before the first post of this year, no run
    assert "没有一次成功的采集" in text_of(composed(project, sunday), "overall")
    with opened(project) as engine, write(engine) as connection:
        connection.execute(insert(run).values(
            id="q" * 32, source="lines", started_ms=_ms(at(date(2026, 9, 1), 9)), finished_ms=_ms(at(date(2026, 9, 1), 10)),
            outcome="finished", counts="{}",
        ))  # fmt: skip
    assert "有来源采集成功，确无新帖" in text_of(composed(project, sunday), "overall")


def test_days_nobody_looked_at_are_no_zeros_in_the_comparison(project: Project) -> None:
    early = period_of("daily", date(2026, 9, 14))
    text = text_of(composed(project, early, made_at=at(date(2026, 9, 15), 8)), "overall")
    assert "不足4个，不作比较" in text
    assert "比去年同日" not in text


def test_sources_late_and_failing_are_told(project: Project) -> None:
    with opened(project) as engine, write(engine) as connection:
        connection.execute(update(run).values(outcome="failed", reason="timeout", finished_ms=_ms(MADE_AT) - 1000))
        connection.execute(insert(set_aside).values(stage="crawl", source="lines", reason="x", at_ms=_ms(at(DAY))))
    text = text_of(composed(project), "coverage")
    assert "采集有误的1个" in text
    assert "搁置（读不出、用不了）1件" in text
    assert "取不到页面" in text
    assert "去除转载前11条，去除转载后6条" in text


def cases_at(now: datetime) -> list[CaseLine]:
    opened_at = now - timedelta(days=4)
    late = CaseLine("1", "搅拌站\x0b扰民<b>", "住建局", "办理中", opened_at, now - timedelta(hours=2), overdue=True)
    return [CaseLine("2", "路灯", "", "已交办", opened_at, now + timedelta(days=1), overdue=False), late]


def test_cases_overdue_first(project: Project) -> None:
    text = text_of(composed(project, cases=cases_at), "cases")
    assert "目前在办2件，其中超期1件。" in text
    assert text.index("超期·办理中") < text.index("已交办")
    assert "11月20日 06:20" in text
    assert "目前没有在办或超期的事项。" in text_of(composed(project, cases=lambda now: []), "cases")


def test_the_cases_of_the_store_as_they_stood(project: Project) -> None:
    opened_by_hand(project, title="丽景新城搅拌站扰民", now=MADE_AT - timedelta(days=30))
    opened_by_hand(project, title="后来才立的", now=MADE_AT + timedelta(hours=1))
    text = text_of(composed(project, cases=case_lines(project)), "cases")
    assert "目前在办1件，其中超期1件。" in text
    assert "丽景新城搅拌站扰民" in text


def test_authors_are_counted_and_never_named(project: Project) -> None:
    whole = json.dumps([asdict(section) for section in composed(project).sections], default=str, ensure_ascii=False)
    with opened(project) as engine, read(engine) as connection:
        authors = set(connection.execute(select(post.c.author)).scalars())
    assert authors
    assert not [author for author in authors if author and author in whole]


def test_hostile_text_is_only_text(project: Project) -> None:
    land(project, [row(9600, at(DAY, 8), HOSTILE_TITLE, HOSTILE_TEXT, "h")], "hostile")
    with opened(project) as engine, read(engine) as connection:
        found = connection.execute(select(post.c.id).where(post.c.title.contains("calc"))).scalar_one()
    with opened(project) as engine:
        put_flag(engine, replace(
            FLAG, id="a" * 32, event_id="", label=HOSTILE_TITLE, query="搅拌站", posts=(found,), rule=HOSTILE_TEXT,
            phrases=(HOSTILE_TITLE,), duty="<b>局", flagged_at=at(DAY, 18),
        ))  # fmt: skip
    text = text_of(composed(project), "matters")
    assert "alert(1)" in text
    assert not set(text) & set("\x00\x08\x0b\u202e\u200b\ufffe")


def test_the_record_comes_back_whole(project: Project) -> None:
    brief = composed(project, cases=cases_at)
    text = dumped(brief)
    assert text.isascii()
    back = loaded(text)
    assert list(back.figures) == brief.figures()
    assert (back.period, back.title, back.number, back.made_at) == (brief.period, brief.title, 7, MADE_AT)


def test_the_summary_is_plain_and_short(project: Project) -> None:
    lines = composed(project).summary.splitlines()
    assert 5 <= len(lines) <= 8
    assert lines[4] == "重点事件：丽景新城 搅拌站 噪音（橙色）。"


def test_settings_say_how_it_is_called(project: Project) -> None:
    file = project.root / "config" / "settings.yaml"
    text = file.read_text(encoding="utf-8").replace(
        "briefs: {", "briefs: {place: 云水, masthead: 网情要报, on_time_workdays: 30, "
    )
    file.write_text(text, encoding="utf-8")
    brief = composed(open_project(project.root, {}), period_of("weekly", date(2026, 11, 9)))
    assert (brief.masthead, brief.title) == ("网情要报", "2026年11月9日至15日云水网情")
    assert "30个工作日内答复的4件" in text_of(brief, "replies")


def test_each_question_asks_the_layer_as_the_auditor_sees_it(project: Project) -> None:
    """A figure of the brief is what `qingyu search` with its question counts."""
    brief = composed(project)
    with QueryLayer.open(project, who="test", now=lambda: MADE_AT) as layer:
        for figure in brief.figures():
            if figure.origin.measure == "count":
                assert layer.count(figure.origin.questions[0]) == figure.value


@given(of=st.integers(1, 10_000), share=st.floats(0, 1))
def test_the_interval_holds_the_share(of: int, share: float) -> None:
    hits = round(of * share)
    low, high = wilson(hits, of)
    assert 0 <= low <= hits / of <= high <= 1


def test_the_interval_of_a_textbook() -> None:
    # Newcombe 1998, table I: 81 of 263, score method without correction.
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=1e-4)


@given(st.text())
def test_fit_text_is_one_line_that_xml_can_hold(text: str) -> None:
    from lxml import etree

    done = fit(text)
    assert fit(done) == done
    assert not [c for c in done if ord(c) < 32 or 0x202A <= ord(c) <= 0x202E or 0x2066 <= ord(c) <= 0x2069]
    node = etree.Element("p")
    node.text = done
    assert etree.fromstring(etree.tostring(node)).text in (done, None)


def test_cut_ends_with_a_sentence_where_one_is_near() -> None:
    assert cut("一二三四。五六七八", 6) == "一二三四。"
    assert cut("一。二三四五六七八", 6) == "一。二三四五"
    assert cut("短", 6) == "短"


@pytest.mark.parametrize(
    ("value", "form", "told"),
    [
        (None, "count", "—"), (1234.0, "count", "1,234"), (0.5, "percent", "50.0%"), (1, "percent", "100%"), (-0.25, "change", "25%"),
        (0.01, "expected", "不到0.1"), (0.13, "expected", "0.1"), (1234.5, "expected", "1,234"), (2.25, "days", "2.2"),
    ],
)  # fmt: skip
def test_how_values_are_written(value: float | None, form: str, told: str) -> None:
    assert shown(value, form) == told  # type: ignore[arg-type]


def test_no_blanks_between_numbers_and_characters() -> None:
    assert close("14 天内 3 个以上声音，约 50% 负面 in two words") == "14天内3个以上声音，约50%负面in two words"


def test_masked_places_have_their_capital_again() -> None:
    assert named("a7县荣盛 b市 ba区 c12区") == "A7县荣盛 B市 ba区 C12区"


def _ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def test_every_measure_has_a_name() -> None:
    assert set(NAMES) == set(MEASURES)
