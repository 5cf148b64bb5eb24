"""The whole way in real parts: messages → event → flag → rule → one e-mail → acknowledged → case with a clock → answered
by the unit → closed; and the morning's brief that tells of it."""

from datetime import timedelta
from pathlib import Path

from docx import Document

from crawlers.store import opened, read
from pipeline.events.reading import flags
from tests.pipeline import test_events_store as matter
from tests.pipeline.alerting import ZHANG, an_office, texts
from tests.pipeline.commanding import asked, qingyu
from tests.stores import Stores

SENDER = {"link_url": "http://127.0.0.1:8990", "groups": ["值班"]}


def test_from_movement_to_answer(tmp_path: Path) -> None:
    stores = Stores(tmp_path, None)
    with an_office(stores, tmp_path / "p", alerts=SENDER, briefs={"place": "云水县"}) as office:
        root = office.project.root
        matter.land(office.project, matter.rows(), "all")
        asked("detect", project=root)
        with opened(office.project) as store, read(store) as connection:
            flag = next(one for one in flags(connection) if one.kind == "event" and one.level == "yellow")
        now = flag.flagged_at + timedelta(minutes=5)

        ran = asked("rules", "run", "--now", now.isoformat(), project=root)
        (alert,) = [one for one in ran["alerts"] if one["rule"] == "new-event"]
        assert alert["flag_id"] == flag.id and alert["event_id"] == flag.event_id
        assert asked("rules", "run", "--now", now.isoformat(), project=root)["alerts"] == []

        office.at = now
        assert "送出 2" in office.deliver()  # 张三 and 李四
        assert office.deliver() == ""
        (mail,) = [one for one in office.server.box.read(ZHANG) if "丽景新城" in str(one["Subject"])]
        assert str(mail["Subject"]).startswith("【黄色】")
        plain, html = texts(mail)
        for words in ("5 个声音", "丽景新城旁边的混凝土搅拌站太吵", "http://127.0.0.1:8990/alerts/ack"):
            assert words in plain and words in html, words

        qingyu("alerts", "ack", alert["id"], "--who", "张三", project=root)
        office.at += timedelta(hours=5)
        assert office.deliver() == ""

        opened_case = asked("cases", "open", "--flag", flag.id, "--unit", "生态环境局", "--who", "张三", project=root)
        number = opened_case["number"]
        for state, why in (("已交办", "交办"), ("办理中", "接收"), ("已反馈", "已停产整改"), ("已办结", "核实")):
            qingyu("cases", "move", number, state, "--who", "张三", "--why", why, project=root)
        case = asked("cases", "show", number, project=root)
        assert "办结" in str(case), case

        made = asked("brief", "daily", "--day", (now - timedelta(days=2)).date().isoformat(), project=root)
        (file,) = [Path(one) for one in made["files"].values()]
        text = "\n".join(paragraph.text for paragraph in Document(str(root / file)).paragraphs)
        assert "云水县" in text and "丽景新城" in text
        qingyu("brief", "verify", str(root / file), project=root)
