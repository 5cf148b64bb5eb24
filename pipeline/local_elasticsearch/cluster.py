"""One to three nodes on this machine as one cluster."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from config.errors import StageError
from config.text import tr
from pipeline.local_elasticsearch import health, process
from pipeline.local_elasticsearch.fetching import jars
from pipeline.local_elasticsearch.home import NodePlan, prepare
from pipeline.local_elasticsearch.ports import Ports, refuse_taken
from pipeline.local_elasticsearch.records import Records

_READY_S = 120.0
_POLL_S = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterPlan:
    """folder: data, logs and settings of all nodes, kept between runs; nodes: 1 … 3; heap_mb: -Xmx of each;
    ports: the first of each row, or free ones; settings: for all nodes; per_node: by name ("node-1"), wins over settings;
    artefacts: where the jars are, default the user's cache."""

    folder: Path
    nodes: int = 1
    heap_mb: int = 512
    ports: Ports = field(default_factory=Ports)
    settings: Mapping[str, object] = field(default_factory=dict)
    per_node: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    artefacts: Path | None = None

    def node_plans(self) -> list[NodePlan]:
        """The plan of each node; free ports are chosen here."""
        root = self.folder.resolve()
        return [
            NodePlan(name, root / name, http, transport, self.heap_mb, {**self.settings, **self.per_node.get(name, {})})
            for name, (http, transport) in zip(node_names(self.nodes), self.ports.pairs(self.nodes), strict=True)
        ]


def node_names(count: int) -> list[str]:
    """node-1 … node-COUNT."""
    return [f"node-{number}" for number in range(1, count + 1)]


class LocalCluster:
    """A cluster that this process starts, and ends at the latest when it ends itself (unless tied=False).

    with LocalCluster(ClusterPlan(folder=tmp_path, nodes=3)) as cluster:
        client = Elasticsearch(cluster.urls)
        cluster.kill("node-2")
        cluster.wait_ready("yellow")
        cluster.restart("node-2")
    """

    def __init__(self, plan: ClusterPlan, *, tied: bool = True) -> None:
        self.plan = plan
        self.nodes = {node.name: node for node in plan.node_plans()}
        self._tied = tied
        self._records = Records(plan.folder.resolve())
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    @property
    def urls(self) -> list[str]:
        """The HTTP address of every node, running or not."""
        return [f"http://127.0.0.1:{node.http}" for node in self.nodes.values()]

    def start(self) -> None:
        """Start every node; `wait_ready` tells when they answer.

        Raises: StageError when jars, ports or data do not allow it; nothing was started then.
        """
        lib = jars(self.plan.artefacts)
        self._records.refuse_running()
        self._records.refuse_fewer(len(self.nodes))
        refuse_taken(self.nodes.values())
        for node in self.nodes.values():
            prepare(node, lib, list(self.nodes.values()), founding=not self._records.founded)
        for name in self.nodes:
            self._start(name)

    def wait_ready(self, status: health.Status | None = None, *, timeout_s: float = _READY_S) -> None:
        """Return when all running nodes see each other and the cluster is `status` or better.

        status: default yellow for one node (its replicas have no place), green for several.
        Raises: StageError when a node ends or the time is over.
        """
        wanted = status or ("yellow" if len(self._processes) == 1 else "green")
        give_up = time.monotonic() + timeout_s
        while not self._ready(wanted):
            self._refuse_ended()
            if time.monotonic() > give_up:
                raise self._too_slow(wanted, timeout_s)
            time.sleep(_POLL_S)
        self._records.found()

    def kill(self, name: str) -> None:
        """End a node as a power cut would (SIGKILL)."""
        self._processes[name].kill()
        self._forget(name)

    def restart(self, name: str) -> None:
        """Start a node that was killed, or end and start one that runs; same data, same ports."""
        if name in self._processes:
            self._processes[name].terminate()
            self._forget(name)
        refuse_taken([self.nodes[name]])
        lib = jars(self.plan.artefacts)
        prepare(self.nodes[name], lib, list(self.nodes.values()), founding=not self._records.founded)
        self._start(name)

    def stop(self) -> None:
        """End all nodes; data and logs stay."""
        for begun in self._processes.values():
            begun.terminate()
        for name in list(self._processes):
            self._forget(name)

    @contextmanager
    def stopped_on_failure(self) -> Iterator[None]:
        """Leaves no node behind when the block fails or is interrupted."""
        try:
            yield
        except BaseException:
            self.stop()
            raise

    def __enter__(self) -> Self:
        with self.stopped_on_failure():
            self.start()
            self.wait_ready()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def _start(self, name: str) -> None:
        self._processes[name] = process.start(self.nodes[name], tied=self._tied)

    def _forget(self, name: str) -> None:
        """Wait for the end of a process that was told to end."""
        begun = self._processes.pop(name)
        process.await_end(begun)

    def _ready(self, wanted: health.Status) -> bool:
        running = len(self._processes)
        answers = (health.ask(self.nodes[name].http) for name in self._processes)
        return all(said is not None and said.nodes == running and said.at_least(wanted) for said in answers)

    def _refuse_ended(self) -> None:
        for name, begun in self._processes.items():
            if begun.poll() is not None:
                node = self.nodes[name]
                message = tr(
                    "{name} 启动失败：{why}（日志 {log}）",
                    "{name} did not start: {why} (log: {log})",
                    name=name,
                    why=process.reason(node),
                    log=node.log,
                )
                raise StageError(message, node=name, code=begun.returncode)

    def _too_slow(self, wanted: str, timeout_s: float) -> StageError:
        message = tr(
            "{s:.0f} 秒内没有达到 {w}；看日志 {log}，内存不足时减少节点或 --heap",
            "not {w} within {s:.0f} s; read {log}, and with little memory take fewer nodes or a smaller --heap",
            s=timeout_s,
            w=wanted,
            log=self.plan.folder / "node-*" / "logs" / "node.log",
        )
        return StageError(message)
