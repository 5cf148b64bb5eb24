"""What tests of cases share: posts, events and flags put into the store as the rooms before this one leave them."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select, update

from config.project import Project, open_project
from crawlers.rows import to_ms
from crawlers.schema import annotation, post
from crawlers.store import insert_rows, opened, read, write
from pipeline.cases.keeping import all_cases, changes_of
from pipeline.cases.model import Case, Change, Doing
from pipeline.cases.opening import Asked, open_case
from pipeline.cases.tables import case_post, cases
from pipeline.events.model import Event, Flag, Level
from pipeline.events.rows import event_row, flag_row
from pipeline.events.tables import event, event_post, flag

# A Friday noon in Shanghai, before the eight days of the National Day of 2025 (28 September was worked, as was 11 October).
NOW = datetime(2025, 9, 26, 4, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
AUTHOR = "f00dfeedf00dfeed"


def post_id(number: int) -> str:
    """The id of a post put in by `put_posts`."""
    return f"{number:032x}"


def put_posts(project: Project, count: int = 3, *, first: int = 1, **values: Any) -> list[str]:
    """Posts as landed and annotated; values: of columns of either table."""
    ids = [post_id(first + n) for n in range(count)]
    with opened(project) as store, write(store) as connection:
        for number, one in enumerate(ids, start=first):
            row = {
                "id": one, "source": "board", "kind": "message", "url": f"https://board.example/{number}",
                "thread_url": "", "parent_id": "", "title": f"滨河苑停水第{number}天", "text": "城关镇滨河苑停水，盼解决",
                "author": AUTHOR, "published_ms": to_ms(NOW - DAY), "collected_ms": to_ms(NOW), "edited_ms": None,
                "region": "", "category": "", "content_hash": one, "landed_seq": number, "page_id": "",
                "official_unit": None, "official_replied_ms": None, "official_text": None,
            }  # fmt: skip
            added = {
                "post_id": one, "landed_seq": number, "model": "m", "status": "annotated", "sectors": "construction",
                "places": "chengguan", "duty": "自来水公司", "topics": "water", "annotated_ms": 1,
            }  # fmt: skip
            insert_rows(connection, post, [row | {k: v for k, v in values.items() if k in row}])
            insert_rows(connection, annotation, [added | {k: v for k, v in values.items() if k in added}])
    return ids


def reply_to(
    project: Project, post_id: str, *, at: datetime | None, unit: str = "自来水公司", text: str = "已修好"
) -> None:
    """The crawler finds an official reply on the page of a post."""
    found = {"official_unit": unit, "official_replied_ms": to_ms(at), "official_text": text}
    with opened(project) as store, write(store) as connection:
        connection.execute(update(post).where(post.c.id == post_id).values(**found))


def put_event(project: Project, one: str, posts: list[str], *, merged_into: str = "") -> None:
    """An event of these posts."""
    made = Event(
        id=one, title="滨河苑 停水", state="growing", first_at=NOW - DAY, last_at=NOW, posts=len(posts),
        originals=len(posts), voices=len(posts), negative_share=1.0, answered=0, topics=["water"],
        sectors=["construction"], places=["chengguan"], duty="自来水公司", phrases=["停水"],
        first_post=posts[0] if posts else "", representatives=posts[:2], curve=[(date(2025, 9, 26), len(posts))],
        merged_into=merged_into,
    )  # fmt: skip
    with opened(project) as store, write(store) as connection:
        insert_rows(connection, event, [event_row(made, {})])
        insert_rows(connection, event_post, [{"post_id": p, "event_id": one} for p in posts])


def merge_event(project: Project, one: str, into: str) -> None:
    """The event becomes part of another."""
    with opened(project) as store, write(store) as connection:
        connection.execute(update(event).where(event.c.id == one).values(merged_into=into))
        connection.execute(update(event_post).where(event_post.c.event_id == one).values(event_id=into))


def put_flag(project: Project, one: str, *, event_id: str = "", level: Level = "orange", posts: list[str]) -> None:
    """A flag of these posts."""
    made = Flag(
        id=one, kind="event" if event_id else "topic", series=event_id or "water", label="供水", query="停水",
        since_day=date(2025, 9, 24), until_day=date(2025, 9, 26), count=5, expected=0.1, probability=1e-6,
        adjusted=1e-4, voices=5, negative_share=1.0, phrases=["停水"], level=level, rule="5 个声音", flagged_at=NOW,
        event_id=event_id, posts=posts, similar=[], duty="自来水公司",
    )  # fmt: skip
    with opened(project) as store, write(store) as connection:
        insert_rows(connection, flag, [flag_row(made)])


def by(who: str = "张三", *, now: datetime = NOW, why: str = "", version: int | None = None) -> Doing:
    """Who does something."""
    return Doing(who, now, why, version)


def opened_by_hand(project: Project, title: str = "滨河苑停水", *, now: datetime = NOW, **said: Any) -> Case:
    """A case opened by hand."""
    return open_case(project, Asked("hand", title=title, **said), by(now=now)).case


def held(project: Project) -> list[Case]:
    """All cases, the newest first."""
    with opened(project) as store, read(store) as connection:
        return all_cases(connection)


def course_of(project: Project, number: str) -> list[Change]:
    """The changes of a case."""
    with opened(project) as store, read(store) as connection:
        return changes_of(connection, number)


def rows_of(project: Project) -> tuple[list[Any], list[Any]]:
    """The rows that can be made anew."""
    with opened(project) as store, read(store) as connection:
        return (
            [tuple(row) for row in connection.execute(select(cases).order_by(cases.c.number))],
            [
                tuple(row)
                for row in connection.execute(select(case_post).order_by(case_post.c.number, case_post.c.rank))
            ],
        )


def with_settings(project: Project, text: str) -> Project:
    """The project with a section `cases` in its settings."""
    path: Path = project.config_dir / "settings.yaml"
    lines = "".join(f"  {line}\n" for line in text.strip().splitlines())
    path.write_text(path.read_text(encoding="utf-8") + "cases:\n" + lines, encoding="utf-8")
    return open_project(project.root, {})
