"""`qingyu alerts …` and `groups check` as a person types them."""

from pathlib import Path

import pytest

from tests.pipeline.alerting import DUTY, LI, ONE, ZHANG, an_alert, an_office, groups_of
from tests.pipeline.commanding import asked, qingyu
from tests.stores import Stores


def test_alerts_are_delivered_listed_shown_and_acknowledged(stores: Stores, tmp_path: Path) -> None:
    refuse = lambda stage, to: "550 5.1.1 unknown" if (stage, to) == ("RCPT", LI) else ""  # noqa: E731
    with an_office(stores, tmp_path / "p", plan=refuse) as office:
        root = office.project.root
        assert "没有告警" in qingyu("alerts", project=root).stdout
        office.raise_alerts(an_alert(1), an_alert(2))
        done = qingyu("alerts", "deliver", project=root, code=3)
        assert "送出 2" in done.stdout
        assert "retry" in done.stderr
        listed = qingyu("alerts", project=root).stdout
        assert "已送到 1" in listed
        assert "已放弃 1" in listed
        (one, _) = asked("alerts", "--state", "given_up", project=root)
        assert {told["person"]: told["state"] for told in one["told"]} == {"张三": "sent", "李四": "given_up"}
        assert asked("alerts", "--state", "held", project=root) == []
        shown = qingyu("alerts", "show", an_alert(1).id, project=root).stdout
        assert "5.1.1 unknown" in shown
        assert LI not in shown
        office.server.plan = lambda stage, to: ""
        assert asked("alerts", "retry", an_alert(1).id, project=root) == {"asked": 1}
        assert "1 份" in qingyu("alerts", "deliver", project=root, code=3).stderr  # the other alert's
        assert asked("alerts", "retry", an_alert(1).id, project=root) == {"asked": 0}
        acknowledged = asked("alerts", "ack", an_alert(1).id, "--who", "王五", project=root)
        assert (acknowledged["who"], acknowledged["first"]) == ("王五", True)
        assert "早已确认" in qingyu("alerts", "ack", an_alert(1).id, "--who", "x", project=root).stdout
        assert asked("alerts", "show", an_alert(1).id, project=root)["acknowledged_by"] == "王五"


@pytest.mark.parametrize("command", [("show", "no"), ("ack", "no"), ("retry", "no"), ("test", "no")])
def test_what_is_not_there_is_said(stores: Stores, tmp_path: Path, command: tuple[str, str]) -> None:
    with an_office(stores, tmp_path / "p") as office:
        done = qingyu("alerts", *command, project=office.project.root, code=2)
        assert "no" in done.stderr


def test_a_test_says_what_the_server_said(stores: Stores, tmp_path: Path) -> None:
    refuse = lambda stage, to: "550 5.1.1 unknown" if (stage, to) == ("RCPT", LI) else ""  # noqa: E731
    with an_office(stores, tmp_path / "p", plan=refuse) as office:
        root = office.project.root
        done = qingyu("alerts", "test", "值班", project=root, code=1).stdout
        assert "2.0.0 queued" in done
        assert "5.1.1 unknown" in done
        assert "测试" in office.subjects(ZHANG)[0]
        assert asked("alerts", project=root) == []  # past the outbox
        office.server.plan = lambda stage, to: ""
        assert [one["outcome"] for one in asked("alerts", "test", "值班", project=root)["tried"]] == ["sent"] * 2


def test_groups_are_checked(stores: Stores, tmp_path: Path) -> None:
    strange = {**DUTY, "topics": ["供水", "没有这个"], "places": ["城关镇", "外地"], "quiet": "22:00-07:00", "wake": "red",
               "channels": [{"kind": "wecom", "env": "ALERT_NOT_SET"}]}  # fmt: skip
    with an_office(stores, tmp_path / "p", groups={"值班": ONE}) as office:
        root = office.project.root
        assert "张三；关于一切" in qingyu("groups", "check", project=root).stdout
        groups_of(root, {"值班": strange})
        done = qingyu("groups", "check", project=root, code=1)
        assert "张三 → 李四" in done.stdout
        for word in ("没有这个", "外地", "ALERT_NOT_SET"):
            assert word in done.stderr
        assert "供水" not in done.stderr


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("groups:\n  a:\n    people: [{name: 张, address: 'x@y\\r\\nBcc: z'}]\n", ":3"),
        ("groups:\n  a:\n    people:\n      - {name: 张, adress: z@example.org}\n", "address"),
        ("groups:\n  a:\n    channels: [{kind: wecom, env: 'https://qyapi.weixin.qq.com/send?key=abc'}]\n", "环境变量"),
        ("groups:\n  a:\n    channels: [{kind: wecom, env: QINGYU_HOOK}]\n", "QINGYU_"),
        ("groups:\n  a: {quiet: '22-7', people: [{name: 张, address: z@example.org}]}\n", "22:00-07:00"),
        ("groups:\n  a: {}\n", "people"),
        ("groups:\n  'a b': {people: [{name: 张, address: z@example.org}]}\n", "组名"),
        ("groups:\n  a: {people: [{name: 张, address: z@example.org}, {name: 李, address: Z@example.org}]}\n", "两次"),
    ],
)
def test_a_faulty_groups_file_is_refused_with_its_line(tmp_path: Path, stores: Stores, written: str, said: str) -> None:
    project = stores.project(tmp_path / "p")
    (project.config_dir / "groups.yaml").write_text(written, encoding="utf-8")
    done = qingyu("groups", "check", project=project.root, code=2)
    assert "groups.yaml:" in done.stderr
    assert said in done.stderr
