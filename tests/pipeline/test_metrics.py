"""`/metrics`: text that Prometheus reads, figures that are so, labels that cannot break out or tell of anyone."""

import json
import math
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update

from bench.process import land
from bench.texts import posts as made_up
from config.project import Project, init_project, open_project
from crawlers.schema import annotation, post
from crawlers.store import open_store, write
from pipeline.audit import append_audit
from pipeline.health import Watch
from pipeline.health_server import pages_of
from pipeline.jobs import BATCH_BOUNDS_S, Batches, Jobs, JobState
from pipeline.metrics import Family, families_of, label, number, render
from pipeline.process import process
from pipeline.store_counts import store_counts
from tests.pipeline.commanding import asked

SOURCE = "{name: hotline, kind: import, files: in/*.jsonl, columns: {id: id, text: text}}\n"
# The grammar of the text format, version 0.0.4.
SAMPLE = re.compile(r"([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (NaN|[+-]Inf|-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)")
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(,|$)')
Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def parsed(text: str) -> Samples:
    """Samples by name and labels, read strictly: each family once, HELP and TYPE before its samples."""
    assert text.endswith("\n")
    samples: Samples = {}
    kinds: dict[str, str] = {}
    current = ""
    for line in text.removesuffix("\n").split("\n"):
        if line.startswith("# HELP "):
            current = line.split(" ")[2]
            assert current not in kinds
        elif line.startswith("# TYPE "):
            _, _, name, kinds[current] = line.split(" ")
            assert name == current
        else:
            found = SAMPLE.fullmatch(line)
            assert found, line
            name, inside, value = found[1], found[2] or "", float(found[3].replace("Inf", "inf"))
            suffixes = ("_bucket", "_sum", "_count") if kinds[current] == "histogram" else ("",)
            assert name in {current + suffix for suffix in suffixes}, line
            assert (kinds[current] == "counter") == name.endswith("_total")
            key = (name, frozenset(labels_of(inside)))
            assert key not in samples, line
            samples[key] = value
    return samples


def labels_of(inside: str) -> list[tuple[str, str]]:
    pairs, at = [], 0
    while at < len(inside):
        found = LABEL.match(inside, at)
        assert found, inside
        unescaped = re.sub(r"\\(.)", lambda m: {"n": "\n"}.get(m[1], m[1]), found[2])
        pairs.append((found[1], unescaped))
        at = found.end()
    return pairs


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    root = tmp_path_factory.mktemp("metrics") / "a"
    init_project(root, region="云水县")
    (root / "config" / "sources" / "hotline.yaml").write_text(SOURCE, encoding="utf-8")
    (root / "in").mkdir()
    rows = [{"id": str(n), "text": text} for n, text in enumerate(made_up(40, 3))]
    (root / "in" / "a.jsonl").write_text("\n".join(json.dumps(row) for row in rows) + "\n{", encoding="utf-8")
    asked("crawl", project=root, code=3)
    made = open_project(root, {})
    process(made)
    land(made, made_up(25, 4), "r")
    store = open_store(made)
    for _ in range(3):
        append_audit(store, "甲", "search", "停水", 1)
    with write(store) as connection:
        for status, number_ in (("annotated", 4), ("set_aside", 2)):
            some = list(connection.execute(annotation.select().where(annotation.c.status == "indexed").limit(number_)))
            ids = [row.post_id for row in some]
            connection.execute(update(annotation).where(annotation.c.post_id.in_(ids)).values(status=status))
    store.dispose()
    return made


def metrics(project: Project, jobs: Jobs | None = None) -> str:
    watch = Watch(project, jobs=jobs)
    return render(families_of(watch, watch.look(running=True), engine="tantivy"))


def test_the_figures_are_those_of_the_store(project: Project) -> None:
    jobs = Jobs()
    process = JobState("process", next_at=datetime(2026, 11, 23, tzinfo=UTC), result="failed", runs=2, failures=1)
    jobs.put([replace(process, errors_in_a_row=1), JobState("crawl hotline", result="ok", runs=1)])
    batches = Batches(jobs)
    for done in (10, 10, 20, 40):
        batches.tell(done)
    samples = parsed(metrics(project, jobs))

    def of(name: str, **labels: str) -> float:
        return samples[name, frozenset(labels.items())]

    # 40 from the file and 25 more; of the 40 annotated 4 wait for the index and 2 are set aside.
    assert of("qingyu_posts_landed") == 65
    assert of("qingyu_posts_annotated") == 40
    assert of("qingyu_posts_indexed") == 34
    assert of("qingyu_posts_waiting") == 29
    assert of("qingyu_set_aside", stage="crawl") == 1
    assert of("qingyu_set_aside", stage="process") == 0
    assert of("qingyu_outbox", state="given_up") == of("qingyu_flags", level="red") == of("qingyu_cases_waiting") == 0
    assert of("qingyu_audit_rows") == 3
    assert 0 <= of("qingyu_source_age_seconds", source="hotline") < 300
    assert of("qingyu_job_runs_total", job="process", source="") == 2
    assert of("qingyu_job_failures_total", job="process", source="") == 1
    assert of("qingyu_job_runs_total", job="crawl", source="hotline") == 1
    assert of("qingyu_job_errors_in_a_row", job="process", source="") == 1
    assert of("qingyu_job_next_run_seconds", job="process", source="") == 1_795_392_000
    assert of("qingyu_process_batch_seconds_count") == 3
    assert of("qingyu_process_batch_seconds_bucket", le="+Inf") == 3
    buckets = [of("qingyu_process_batch_seconds_bucket", le=f"{bound:g}") for bound in BATCH_BOUNDS_S]
    assert buckets == sorted(buckets) and buckets[-1] == 3
    assert of("qingyu_index_condition", state="ok") == 1
    assert of("qingyu_health", state="ok") + of("qingyu_health", state="warning") == 1
    (build,) = [dict(labels) for name, labels in samples if name == "qingyu_build_info"]
    assert build["version"] == "0.1.0" and build["engine"] == "tantivy"


def test_nothing_of_anyone_is_in_it(project: Project) -> None:
    text = metrics(project, Jobs())
    assert not re.search("[\u4e00-\u9fff]|http|/", text.replace("http_", "")), "names, counts and times only"


def test_changed_posts_and_those_of_another_model_wait(project: Project, tmp_path: Path) -> None:
    init_project(tmp_path)
    made = open_project(tmp_path, {})
    land(made, made_up(10, 5), "r")
    model = process(made).model
    store = open_store(made)
    assert store_counts(store).waiting == store_counts(store, model).waiting == 0
    assert store_counts(store, "another").waiting == 10
    with write(store) as connection:
        connection.execute(update(post).where(post.c.landed_seq == 3).values(landed_seq=99))
    found = store_counts(store, model)
    store.dispose()
    assert (found.landed, found.annotated, found.indexed, found.waiting) == (10, 10, 9, 1)


def test_without_a_store_there_are_no_figures_but_a_state(tmp_path: Path) -> None:
    init_project(tmp_path)
    made = open_project(tmp_path, {})
    made.data_dir.joinpath("qingyu.db").write_bytes(b"x" * 9_000)
    pages = pages_of(Watch(made, jobs=Jobs()), running=lambda: True, engine="tantivy")
    answer = pages["/metrics"]()
    samples = parsed(answer.body.decode())
    assert answer.status == 200
    assert answer.kind.startswith("text/plain; version=0.0.4")
    assert samples["qingyu_check", frozenset({("check", "store"), ("state", "failed")})] == 1
    assert not [name for name, _ in samples if name.startswith("qingyu_posts")]
    assert pages["/health"]().status == 503


@given(st.text(), st.text(), st.floats(allow_nan=False))
def test_whatever_a_label_is_it_reads_back(one: str, other: str, value: float) -> None:
    family = Family("x", "gauge", one).add(value, "", a=one, b=other)
    (((name, labels), read),) = parsed(render(iter([family]))).items()
    sound = [text.encode("utf-8", "replace").decode() for text in (one, other)]
    assert name == "x" and dict(labels) == {"a": sound[0], "b": sound[1]}
    assert read == value


def test_numbers_and_names() -> None:
    assert [number(x) for x in (3, 3.0, 0.25, math.inf, -math.inf, math.nan)] == [
        "3",
        "3",
        "0.25",
        "+Inf",
        "-Inf",
        "NaN",
    ]
    assert label('a"b\\c\nd') == 'a\\"b\\\\c\\nd'
    with pytest.raises(ValueError, match="no name"):
        render(iter([Family("x", "gauge", "").add(1, "", **{'a="': "b"})]))
