"""The outbox on both databases: nothing lost, nothing twice, each recipient told what is his and when."""

import threading
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from config.errors import ConfigError
from crawlers.store import opened, read, write
from pipeline.alerts.deliver import deliver
from pipeline.alerts.escalation import acknowledge, escalate
from pipeline.alerts.leasing import Outcome, Patience, ask_again, mark, settle, take
from pipeline.alerts.model import Attachment, Delivery, Letter
from pipeline.alerts.outbox import enqueue, enqueue_letter, forget
from pipeline.alerts.reading import attempts, counts, standings
from pipeline.alerts.spreading import MOST_IN_A_PARCEL
from pipeline.alerts.tables import alert, alert_attachment, alert_attempt, alert_group, alert_item, alert_parcel
from pipeline.query.times import milliseconds
from pipeline.retention import enforce
from tests.pipeline.alerting import DUTY, LI, NOW, ONE, WANG, ZHANG, Office, an_alert, an_office, groups_of, texts
from tests.stores import Stores

PATIENCE = Patience(worth_s=3 * 86_400, first_s=30, most_s=3600, lease_s=120, unknown_s=600)


def outcomes(office: Office, alert_id: str) -> list[str]:
    with opened(office.project) as store, read(store) as connection:
        return [one.outcome for one in attempts(connection, alert_id)]


def test_an_alert_reaches_everybody_once_however_often_it_is_raised_and_delivered(
    stores: Stores, tmp_path: Path
) -> None:
    with an_office(stores, tmp_path / "p") as office:
        one = an_alert()
        office.raise_alerts(one, one)
        office.raise_alerts(one)
        assert office.deliver() == "告警：送出 2"
        assert office.deliver() == ""
        office.raise_alerts(one)
        assert office.deliver() == ""
        assert office.server.box.raw() == 2
        assert office.subjects(ZHANG) == office.subjects(LI) == [f"【橙色】{one.title}"]
        assert office.states(one.id) == ["sent", "sent"]


def test_what_is_raised_in_a_transaction_that_fails_was_never_raised(stores: Stores, tmp_path: Path) -> None:
    with an_office(stores, tmp_path / "p") as office:
        with opened(office.project) as store:
            with pytest.raises(RuntimeError), write(store) as connection:
                enqueue(connection, [an_alert()])
                raise RuntimeError
            with read(store) as connection:
                assert standings(connection) == []
        assert office.deliver() == ""


def test_ids_titles_and_keys_may_hold_anything(stores: Stores, tmp_path: Path) -> None:
    with an_office(stores, tmp_path / "p", groups={"值班": ONE}) as office:
        odd = an_alert(
            id="x" * 3000, title="a\0b\ud800c" * 1000, key="k\0\r\n", rule="r\ud800", reason=["\0"], query=""
        )
        office.raise_alerts(odd)
        assert office.deliver() == "告警：送出 1"
        assert len(office.subjects()[0]) <= 160


def test_a_group_gets_what_is_about_its_topics_and_places(stores: Stores, tmp_path: Path) -> None:
    groups = {
        "水": {**ONE, "topics": ["供水"]},
        "城关": {"people": [{"name": "李四", "address": LI}], "places": ["城关镇"]},
        "县": {"people": [{"name": "王五", "address": WANG}], "places": ["云水县"]},
    }
    everyone = Delivery(list(groups))
    with an_office(stores, tmp_path / "p", groups=groups) as office:
        cases = [
            an_alert(1, topics=["water"], places=["binhe_shequ"], delivery=everyone),  # lies in 城关镇
            an_alert(2, topics=["noise"], places=["baima"], delivery=everyone),  # another town of the county
            an_alert(3, topics=[], places=[], delivery=everyone),  # a source fell silent: about nothing in particular
            an_alert(4, topics=["water"], places=["yunshui"], delivery=everyone),  # the whole county, not 城关镇
        ]
        office.raise_alerts(*cases)
        office.deliver()
        told = {one.id: sorted(t.person for t in office.standing(one.id).told) for one in cases}
        assert [told[one.id] for one in cases] == [
            ["张三", "李四", "王五"], ["王五"], ["张三", "李四", "王五"], ["张三", "王五"],
        ]  # fmt: skip


def test_an_alert_that_no_group_wants_is_kept_and_says_so(stores: Stores, tmp_path: Path) -> None:
    with an_office(stores, tmp_path / "p", groups={"值班": {**ONE, "topics": ["water"]}}) as office:
        office.raise_alerts(an_alert(topics=["noise"]))
        assert office.deliver() == ""
        found = office.standing(an_alert().id)
        assert (found.state, found.told, bool(found.note)) == ("nobody", [], True)


def test_a_group_that_is_written_down_later_is_told_then(stores: Stores, tmp_path: Path) -> None:
    with an_office(stores, tmp_path / "p", groups={"值班": ONE}) as office:
        office.raise_alerts(an_alert(delivery=Delivery(["值班", "住建"])))
        assert office.deliver() == "告警：送出 1"
        assert "住建" in office.standing(an_alert().id).note
        groups_of(office.project.root, {"值班": ONE, "住建": {"people": [{"name": "王五", "address": WANG}]}})
        office.reopen()
        assert office.deliver() == "告警：送出 1"
        assert (office.server.box.raw(), office.standing(an_alert().id).state) == (2, "told")


def test_a_faulty_groups_file_holds_back_new_alerts_only(stores: Stores, tmp_path: Path) -> None:
    with an_office(stores, tmp_path / "p", groups={"值班": ONE}, plan=lambda stage, to: "451 later") as office:
        office.raise_alerts(an_alert(1))
        office.deliver()
        office.server.plan = lambda stage, to: ""
        office.raise_alerts(an_alert(2))
        (office.project.config_dir / "groups.yaml").write_text("groups:\n  值班: {peple: []}\n", encoding="utf-8")
        office.reopen()
        office.later(minutes=5)
        with pytest.raises(ConfigError, match=r"groups\.yaml:2.*people"):
            office.deliver()
        assert (office.states(an_alert(1).id), office.standing(an_alert(2).id).state) == (["sent"], "new")


def test_one_mailbox_in_two_groups_gets_one_mail(stores: Stores, tmp_path: Path) -> None:
    same = {"people": [{"name": "张主任", "address": ZHANG.upper().replace("EXAMPLE.GOV.CN", "example.gov.cn")}]}
    with an_office(stores, tmp_path / "p", groups={"值班": ONE, "领导": same}) as office:
        office.raise_alerts(an_alert(delivery=Delivery(["值班", "领导"])))
        office.deliver()
        assert office.server.box.raw() == 1


def test_quiet_hours_hold_back_and_send_one_mail_afterwards(stores: Stores, tmp_path: Path) -> None:
    groups = {"值班": {**ONE, "quiet": "22:00-07:00", "wake": "red"}}
    with an_office(stores, tmp_path / "p", groups=groups) as office:
        office.at = NOW.replace(hour=15)  # 23:00
        for number in range(3):
            office.raise_alerts(an_alert(number))
            assert office.deliver() == ""
            office.later(minutes=30)
        office.raise_alerts(an_alert(9, level="red"))
        assert office.deliver() == "告警：送出 1"
        office.at = NOW.replace(hour=22, minute=59)  # 06:59
        assert office.deliver() == ""
        assert office.states(an_alert(1).id) == ["held"]
        office.later(minutes=1)
        assert office.deliver() == "告警：送出 1"
        woken, caught_up = office.server.box.read(ZHANG)
        assert str(woken["Subject"]).startswith("【红色】")
        assert str(caught_up["Subject"]).startswith("【橙色】3 条告警：")
        assert len(str(caught_up["X-Qingyu-Alert"]).split()) == 3
        assert office.deliver() == ""


@pytest.mark.parametrize(("digest", "hours"), [("2h", 2), ("0 18 * * *", 4), ("5 16 * * 5", 2)])
def test_a_digest_is_one_mail_at_its_time(stores: Stores, tmp_path: Path, digest: str, hours: int) -> None:
    with an_office(stores, tmp_path / "p", groups={"值班": ONE}) as office:
        delivery = Delivery(["值班"], digest=digest)
        for number in range(3):
            office.raise_alerts(an_alert(number, delivery=delivery))
            assert office.deliver() == ""
            office.later(minutes=20)
        office.at = NOW + timedelta(hours=hours) - timedelta(minutes=6)
        assert office.deliver() == ""
        office.at = NOW + timedelta(hours=hours)
        assert office.deliver() == "告警：送出 1"
        assert office.subjects()[0].startswith("【橙色】3 条告警")


def test_a_digest_that_is_sent_again_is_the_same_though_more_came_meanwhile(stores: Stores, tmp_path: Path) -> None:
    with an_office(
        stores, tmp_path / "p", groups={"值班": ONE}, plan=lambda s, to: "drop" if s == "TAKEN" else ""
    ) as office:
        delivery = Delivery(["值班"], digest="1h")
        office.raise_alerts(an_alert(1, delivery=delivery), an_alert(2, delivery=delivery))
        office.deliver()
        office.later(hours=1)
        assert office.deliver() == "告警：不知收没收下 1"
        office.raise_alerts(an_alert(3, delivery=delivery))
        office.server.plan = lambda stage, to: ""
        office.later(hours=2)
        office.deliver()
        office.later(hours=2)
        office.deliver()
        seen = [str(one["X-Qingyu-Alert"]).split() for one in office.server.box.read(ZHANG)]
        assert ([len(some) for some in seen], office.server.box.raw()) == ([2, 1], 3)


def test_a_flood_is_cut_into_mails_that_open(stores: Stores, tmp_path: Path) -> None:
    with an_office(stores, tmp_path / "p", groups={"值班": ONE}) as office:
        delivery = Delivery(["值班"], digest="1h")
        office.raise_alerts(*(an_alert(n, delivery=delivery) for n in range(MOST_IN_A_PARCEL + 5)))
        office.deliver()
        office.later(hours=1)
        assert office.deliver() == "告警：送出 2"
        told = [len(str(one["X-Qingyu-Alert"]).split()) for one in office.server.box.read(ZHANG)]
        assert sorted(told) == [5, MOST_IN_A_PARCEL]


def test_an_unreadable_digest_is_sent_at_once(stores: Stores, tmp_path: Path) -> None:
    with an_office(stores, tmp_path / "p", groups={"值班": ONE}) as office:
        office.raise_alerts(
            an_alert(1, delivery=Delivery(["值班"], digest="often")),
            an_alert(2, delivery=Delivery(["值班"], quiet="25:00-7")),
        )
        assert office.deliver() == "告警：送出 2"


def test_the_next_person_is_told_while_nobody_acknowledges(stores: Stores, tmp_path: Path) -> None:
    groups = {"值班": {"people": [{"name": "李四", "address": LI, "order": 2}, {"name": "张三", "address": ZHANG, "order": 1},
                                  {"name": "王五", "address": WANG, "order": 3}]}}  # fmt: skip
    with an_office(stores, tmp_path / "p", groups=groups) as office:
        office.raise_alerts(an_alert(delivery=Delivery(["值班"], escalate_after_s=1800)))
        office.deliver()
        assert [len(office.server.box.mails[a]) for a in (ZHANG, LI, WANG)] == [1, 0, 0]
        office.later(minutes=29)
        assert escalate(office.project, now=office.at) == ""
        office.later(minutes=1)
        assert escalate(office.project, now=office.at) == "升级：又告诉 1 人"
        assert escalate(office.project, now=office.at) == ""
        office.deliver()
        assert [len(office.server.box.mails[a]) for a in (ZHANG, LI, WANG)] == [1, 1, 0]
        assert "无人确认" in office.subjects(LI)[0]
        done = acknowledge(office.project, an_alert().id, who="李四", now=office.at)
        again = acknowledge(office.project, an_alert().id, who="张三", now=office.at + timedelta(hours=1))
        assert (done.first, again.first, again.who) == (True, False, "李四")
        office.later(hours=5)
        assert escalate(office.project, now=office.at) == ""
        assert office.deliver() == ""


def test_who_cannot_be_reached_is_not_waited_for(stores: Stores, tmp_path: Path) -> None:
    plan = lambda stage, to: "550 5.1.1 no such user" if (stage, to) == ("RCPT", ZHANG) else ""  # noqa: E731
    with an_office(stores, tmp_path / "p", plan=plan) as office:
        office.raise_alerts(an_alert(delivery=Delivery(["值班"], escalate_after_s=86_400)))
        assert office.deliver() == "告警：放弃 1"
        office.later(seconds=30)
        assert escalate(office.project, now=office.at) == "升级：又告诉 1 人"
        assert office.deliver() == "告警：送出 1"
        assert len(office.subjects(LI)) == 1


def test_a_letter_goes_as_it_is_to_all_of_its_groups_once(stores: Stores, tmp_path: Path) -> None:
    with an_office(stores, tmp_path / "p", groups={"值班": {**DUTY, "topics": ["water"]}}) as office:
        content = bytes(range(256)) * 100
        files = [Attachment("../日报\r\n第1期.docx", "application/vnd.x", content), Attachment("b", "no type", b"x")]
        letter = Letter("brief/1", "日报\r\nBcc: x@example.org", ["第一段\n<b>", "第二段"], files, ["值班"], NOW)
        for _ in range(2):
            with opened(office.project) as store, write(store) as connection:
                enqueue_letter(connection, letter)
        assert office.deliver() == "告警：送出 2"
        (mail,) = office.server.box.read(LI)
        assert (str(mail["Subject"]), mail["Bcc"]) == ("日报 Bcc: x@example.org", None)
        first, second = mail.iter_attachments()
        assert (first.get_content(), first.get_content_type()) == (content, "application/vnd.x")
        assert (first.get_filename(), second.get_content_type()) == ("日报_第1期.docx", "application/octet-stream")
        plain, html = texts(mail)
        assert "第二段" in plain
        assert "&lt;b&gt;" in html


def test_it_is_tried_for_as_long_as_it_is_worth_and_then_given_up_with_the_reason(
    stores: Stores, tmp_path: Path
) -> None:
    with an_office(stores, tmp_path / "p", groups={"值班": ONE}, plan=lambda s, to: "451 4.7.1 greylisted") as office:
        office.raise_alerts(an_alert())
        waits = []
        for _ in range(500):
            before = office.at
            office.deliver()
            told = office.standing(an_alert().id).told[0]
            if told.state == "given_up":
                break
            assert told.until is not None
            waits.append((told.until - before).total_seconds())
            office.at = told.until
        assert told.state == "given_up"
        assert "greylisted" in told.reason
        assert office.at - NOW >= timedelta(days=3)
        assert 20 <= waits[0] <= 40
        assert waits[0] < waits[2] < waits[4] < waits[6]  # each doubled, whatever the jitter
        assert max(waits) <= 3600 * 1.25 + 1
        assert outcomes(office, an_alert().id)[-1] == "given_up"
        office.server.plan = lambda stage, to: ""
        with opened(office.project) as store:
            window = milliseconds(office.at - timedelta(days=3))
            assert ask_again(store, [told.parcel_id], milliseconds(office.at), sent_before_ms=window) == 1
            assert office.deliver() == "告警：送出 1"
            assert ask_again(store, [told.parcel_id], milliseconds(office.at), sent_before_ms=window) == 0


def test_after_a_long_stop_everything_is_tried_once_before_it_is_given_up(stores: Stores, tmp_path: Path) -> None:
    with an_office(stores, tmp_path / "p", groups={"值班": ONE}) as office:
        office.raise_alerts(an_alert())
        office.later(days=30)
        assert office.deliver() == "告警：送出 1"


def test_two_processes_never_have_the_same_parcel(stores: Stores, tmp_path: Path) -> None:
    with an_office(stores, tmp_path / "p") as office:
        many = [an_alert(n, delivery=Delivery(["值班"])) for n in range(15)]
        office.raise_alerts(*many)
        failed: list[Exception] = []

        def work() -> None:
            try:
                deliver(office.project, now=NOW, environment={})
            except Exception as error:  # noqa: BLE001 - told below
                failed.append(error)

        threads = [threading.Thread(target=work) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failed == []
        assert office.server.box.raw() == 30
        assert len(office.server.box.read(ZHANG)) == len(office.server.box.read(LI)) == 15


def test_a_lease_that_ran_out_forbids_to_say_the_end(stores: Stores, tmp_path: Path) -> None:
    with an_office(stores, tmp_path / "p", groups={"值班": ONE}) as office, opened(office.project) as store:
        parcel_waiting(office)
        now = milliseconds(NOW)
        first = take(store, "a", now, PATIENCE, without=frozenset())
        assert first is not None
        assert take(store, "b", now, PATIENCE, without=frozenset()) is None
        late = now + 121_000
        assert not mark(store, first, "a", late, late + 1)  # slow: its time is over before it came to the end
        second = take(store, "b", late, PATIENCE, without=frozenset())
        assert second is not None
        assert not second.repeated  # the first had certainly not sent
        assert mark(store, second, "b", late, late + 60_000)
        assert not mark(store, first, "a", late, late + 1)
        assert settle(store, first, "a", late, Outcome("put_off"), PATIENCE) == "lost"
        assert settle(store, second, "b", late, Outcome("sent", 250), PATIENCE) == "sent"
        assert settle(store, first, "a", late, Outcome("unknown"), PATIENCE) == "lost"
        assert office.states(an_alert().id) == ["sent"]


def parcel_waiting(office: Office) -> None:
    """An alert that came as far as a parcel."""
    office.server.plan = lambda stage, to: "451 later"
    office.raise_alerts(an_alert())
    office.at -= timedelta(hours=1)
    office.deliver()


def test_what_a_killed_process_had_is_taken_up_and_an_unknown_outcome_waited_for(
    stores: Stores, tmp_path: Path
) -> None:
    with an_office(stores, tmp_path / "p", groups={"值班": ONE}) as office, opened(office.project) as store:
        parcel_waiting(office)
        now = milliseconds(NOW)
        first = take(store, "a", now, PATIENCE, without=frozenset())
        assert first is not None
        assert mark(store, first, "a", now, now + 60_000)  # … and is killed here
        gone = now + 61_000
        assert take(store, "b", gone, PATIENCE, without=frozenset()) is None
        assert outcomes(office, an_alert().id)[-1] == "unknown"
        second = take(store, "b", gone + 600_000, PATIENCE, without=frozenset())
        assert second is not None
        assert (second.id, second.repeated) == (first.id, True)
        # The first was alive all the while, and had its answer: what the server took is sent.
        assert settle(store, first, "a", gone, Outcome("sent", 250), PATIENCE) == "sent"
        assert not mark(store, second, "b", gone + 600_001, gone + 700_000)


def test_a_clock_that_was_years_ahead_keeps_nothing_waiting(stores: Stores, tmp_path: Path) -> None:
    with an_office(stores, tmp_path / "p", groups={"值班": ONE}) as office, opened(office.project) as store:
        parcel_waiting(office)
        ahead = milliseconds(NOW + timedelta(days=3650))
        first = take(store, "a", ahead, PATIENCE, without=frozenset())
        assert first is not None
        second = take(store, "b", milliseconds(NOW), PATIENCE, without=frozenset())
        assert second is not None
        assert settle(store, second, "b", ahead, Outcome("put_off"), PATIENCE) == "given_up"


def test_old_alerts_are_forgotten_with_all_that_belongs_to_them(stores: Stores, tmp_path: Path) -> None:
    with an_office(stores, tmp_path / "p", groups={"值班": {**ONE, "quiet": "13:00-13:30"}}) as office:
        letter = Letter("l", "x", [], [Attachment("a", "text/plain", b"x")], ["值班"], NOW)
        office.raise_alerts(an_alert(1))
        with opened(office.project) as store, write(store) as connection:
            enqueue_letter(connection, letter)
        office.deliver()
        office.raise_alerts(an_alert(2, made_at=NOW, delivery=Delivery(["值班"], digest="1000h")))
        office.deliver()
        with opened(office.project) as store:
            with write(store) as connection:
                assert forget(connection, milliseconds(NOW)) == 0
                assert forget(connection, milliseconds(NOW) + 1) == 2
            with read(store) as connection:
                tables = (alert, alert_attachment, alert_attempt, alert_group, alert_item, alert_parcel)
                left = [connection.execute(select(func.count()).select_from(t)).scalar_one() for t in tables]
                assert left == [1, 0, 0, 1, 1, 0]  # the one that is still held
                assert counts(connection)["held"] == 1


def test_retention_takes_old_alerts_with_it(stores: Stores, tmp_path: Path) -> None:
    with an_office(stores, tmp_path / "p", groups={"值班": ONE}) as office:
        office.raise_alerts(an_alert())
        office.deliver()
        later = NOW + timedelta(days=366)
        assert enforce(office.project, now=later, dry_run=True).alerts == 1
        assert enforce(office.project, now=NOW + timedelta(days=364)).alerts == 0
        assert enforce(office.project, now=later).alerts == 1
        assert enforce(office.project, now=later, dry_run=True).alerts == 0
