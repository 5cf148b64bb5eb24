"""Real nodes, started from package registries: what they keep, and what they say when they cannot start."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import psutil
import pytest
from elasticsearch import Elasticsearch, helpers

from config.errors import StageError
from pipeline.local_elasticsearch import fetching, health, process
from pipeline.local_elasticsearch.artefacts import VERSION, cache_folder, differing, manifest
from pipeline.local_elasticsearch.cluster import ClusterPlan, LocalCluster
from pipeline.local_elasticsearch.home import NodePlan, prepare, settings
from pipeline.local_elasticsearch.ports import Ports, free_ports
from pipeline.local_elasticsearch.records import Records
from pipeline.serving import port_is_free

ROOT = Path(__file__).parents[2]


@pytest.fixture
def spare_cache(tmp_path: Path) -> Path:
    """A copy of the user's cache that a test may spoil."""
    return Path(shutil.copytree(fetching.jars(), tmp_path / "cache" / VERSION))


def run(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-m", "pipeline.local_elasticsearch", *arguments, "--folder", str(folder)]
    environment = {**os.environ, "QINGYU_LANGUAGE": "en"}
    return subprocess.run(argv, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=200)


def ask(urls: Sequence[str]) -> Elasticsearch:
    return Elasticsearch(list(urls), request_timeout=30, retry_on_timeout=True, max_retries=5)


# One node


def test_a_document_is_indexed_and_found(elasticsearch_url: str) -> None:
    with ask([elasticsearch_url]) as client:
        client.index(index="found", document={"text": "城东停水三天"}, refresh=True)
        found = client.search(index="found", query={"match_phrase": {"text": "停水"}})
    assert [hit["_source"]["text"] for hit in found["hits"]["hits"]] == ["城东停水三天"]


def test_it_listens_on_loopback_only(elasticsearch_url: str) -> None:
    with ask([elasticsearch_url]) as client:
        (node,) = client.nodes.info()["nodes"].values()
    bound = [*node["http"]["bound_address"], *node["transport"]["bound_address"]]
    assert {address.rpartition(":")[0] for address in bound} == {"127.0.0.1"}


def test_the_jars_are_those_of_the_manifest_and_need_no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    held = fetching.jars()
    monkeypatch.setattr(socket, "socket", None)
    assert fetching.jars() == held
    assert differing(held, manifest()) == []


def test_up_status_down(tmp_path: Path) -> None:
    http = first_free_port()
    up = run("up", "--port", str(http), folder=tmp_path)
    try:
        assert up.returncode == 0, up.stderr
        assert f"http://127.0.0.1:{http}" in up.stdout
        again, shown = run("up", "--port", str(http), folder=tmp_path), run("status", folder=tmp_path)
        assert (again.returncode, "run already" in again.stdout) == (0, True)
        assert (shown.returncode, "green" in shown.stdout) == (0, True)
    finally:
        down = run("down", folder=tmp_path)
    assert "1 nodes stopped" in down.stdout
    assert health.ask(http) is None
    assert run("status", folder=tmp_path).returncode == 1


def first_free_port() -> int:
    """An HTTP port for `up`; its transport port, 100 further, is free as well."""
    return next(port for port in free_ports(20) if port < 65_000 and port_is_free(port + 100))


# Three nodes


def test_no_document_is_lost_with_a_node(tmp_path: Path) -> None:
    with LocalCluster(ClusterPlan(folder=tmp_path, nodes=3)) as cluster, ask(cluster.urls) as client:
        client.indices.create(index="kept", settings={"number_of_shards": 3, "number_of_replicas": 1})
        helpers.bulk(client, ({"_index": "kept", "n": n} for n in range(2_000)), refresh=True)
        client.cluster.health(index="kept", wait_for_status="green", timeout="60s")
        cluster.kill("node-2")
        cluster.wait_ready("yellow")
        assert client.count(index="kept")["count"] == 2_000
        cluster.restart("node-2")
        cluster.wait_ready("green")
        assert client.count(index="kept")["count"] == 2_000
    assert Records(tmp_path).running() == []


# What can go wrong


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        cluster = LocalCluster(ClusterPlan(folder=tmp_path, ports=Ports(http=port)))
        with pytest.raises(StageError, match=str(port)):
            cluster.start()
    assert not list(tmp_path.iterdir())


def test_a_node_that_cannot_start_says_why(tmp_path: Path) -> None:
    plan = ClusterPlan(folder=tmp_path, per_node={"node-1": {"no.such.setting": 1}})
    with pytest.raises(StageError, match=r"no\.such\.setting"), LocalCluster(plan):
        raise AssertionError("it must not start")


def test_a_changed_jar_stops_the_start(tmp_path: Path, spare_cache: Path) -> None:
    jar = next(spare_cache.glob("lucene-core-*.jar"))
    jar.write_bytes(jar.read_bytes()[:-1] + b"x")
    with pytest.raises(StageError, match=r"lucene-core-[\d.]+jar") as raised:
        LocalCluster(ClusterPlan(folder=tmp_path / "data", artefacts=spare_cache)).start()
    assert str(spare_cache) in raised.value.message
    assert raised.value.context["jars"] == [jar.name]


def test_a_missing_and_a_foreign_jar_are_told(spare_cache: Path) -> None:
    next(spare_cache.glob("hppc-*.jar")).rename(spare_cache / "other.jar")
    assert [name.partition("-")[0] for name in differing(spare_cache, manifest())] == ["hppc", "other.jar"]


def test_without_network_and_cache_it_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    for name in ("HTTPS_PROXY", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")  # nothing answers there
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder().is_relative_to(tmp_path)
    with pytest.raises(StageError, match=str(tmp_path)):
        fetching.jars()
    assert not cache_folder().exists()


def test_data_of_three_nodes_is_not_started_with_one(tmp_path: Path) -> None:
    for node in ClusterPlan(folder=tmp_path, nodes=3).node_plans():
        prepare(node, tmp_path, [node], founding=True)
    Records(tmp_path).found()
    with pytest.raises(StageError, match="NODES=3"):
        LocalCluster(ClusterPlan(folder=tmp_path)).start()


# Which process is a node


@pytest.fixture
def sleeper(tmp_path: Path) -> Iterator[psutil.Process]:
    """A process with the command line of a node, but for its work."""
    argv = [sys.executable, "-c", "import time; time.sleep(60)", process._MODULE, str(tmp_path)]
    with subprocess.Popen(argv) as begun:
        found = psutil.Process(begun.pid)
        while not found.cmdline():  # the kernel shows it a moment after the program has begun
            time.sleep(0.01)
        yield found
        begun.kill()


def write_record(folder: Path, pid: int, started_at: float) -> None:
    (folder / "node.pid").write_text(json.dumps({"pid": pid, "started_at": started_at}), encoding="ascii")


def test_a_process_is_found_by_pid_start_and_command_line(tmp_path: Path, sleeper: psutil.Process) -> None:
    write_record(tmp_path, sleeper.pid, sleeper.create_time())
    assert process.find(tmp_path) == sleeper


def test_another_process_under_the_same_pid_is_left_alone(tmp_path: Path, sleeper: psutil.Process) -> None:
    write_record(tmp_path, sleeper.pid, sleeper.create_time() - 60)
    assert process.end_all([tmp_path]) == 0
    write_record(tmp_path, os.getpid(), psutil.Process().create_time())
    assert process.end_all([tmp_path]) == 0
    assert sleeper.is_running()


@pytest.mark.parametrize("text", ["", "{}", "12", '{"pid": 0}'])
def test_a_pid_file_that_cannot_be_read_is_no_node(tmp_path: Path, text: str) -> None:
    (tmp_path / "node.pid").write_text(text, encoding="ascii")
    assert process.find(tmp_path) is None


def test_a_node_ends_with_its_starter(tmp_path: Path) -> None:
    code = (
        "import sys, os, signal, pathlib; from pipeline.local_elasticsearch.cluster import *;"
        "c = LocalCluster(ClusterPlan(folder=pathlib.Path(sys.argv[1]))); c.start(); c.wait_ready();"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    starter = subprocess.run([sys.executable, "-c", code, str(tmp_path)], cwd=ROOT, timeout=150)
    assert starter.returncode == -signal.SIGKILL
    left = process.find(tmp_path / "node-1")
    if left is not None:
        left.wait(30)
    assert process.find(tmp_path / "node-1") is None


# Settings


def test_given_settings_win(tmp_path: Path) -> None:
    watermark = "cluster.routing.allocation.disk.watermark.flood_stage"
    plan = ClusterPlan(
        folder=tmp_path,
        nodes=2,
        settings={watermark: "90%", "cluster.routing.allocation.disk.threshold_enabled": True},
        per_node={"node-2": {watermark: "80%"}},
    )
    first, second = (settings(node, [node], founding=False) for node in plan.node_plans())
    assert (first[watermark], second[watermark]) == ("90%", "80%")
    assert first["cluster.routing.allocation.disk.threshold_enabled"] is True


def test_a_cluster_is_founded_once(tmp_path: Path) -> None:
    node = NodePlan("node-1", tmp_path / "node-1", 1, 2)
    assert "cluster.initial_master_nodes" in settings(node, [node], founding=True)
    assert "cluster.initial_master_nodes" not in settings(node, [node], founding=False)
