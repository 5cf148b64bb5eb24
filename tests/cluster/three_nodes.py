"""What the fault tests share: three real nodes, faults done to them, and the state of waiting."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psutil
from elasticsearch import Elasticsearch

from pipeline.local_elasticsearch import process
from pipeline.local_elasticsearch.cluster import LocalCluster

WATERMARK = "cluster.routing.allocation.disk.watermark"
# More free space than any disk has: every disk is full at once. Then: any disk has enough.
FULL = {"threshold_enabled": True, "watermark": {"low": "1002tb", "high": "1001tb", "flood_stage": "1000tb"}}
FREE = {"threshold_enabled": True, "watermark": {"low": "3b", "high": "2b", "flood_stage": "1b"}}


@dataclass(slots=True)
class Told:
    """What a writer says of its waiting, in order, with the time (monotonic s)."""

    notes: list[tuple[float, str]] = field(default_factory=list)

    def __call__(self, note: str) -> None:
        self.notes.append((time.monotonic(), note))

    @property
    def reasons(self) -> set[str]:
        return {note for _, note in self.notes if note}

    @property
    def waiting(self) -> bool:
        return bool(self.notes) and self.notes[-1][1] != ""


def until(true: Callable[[], bool], *, within_s: float, what: str) -> float:
    """Seconds until it was true."""
    began = time.monotonic()
    while not true():
        assert time.monotonic() - began < within_s, f"not within {within_s} s: {what}"
        time.sleep(0.2)
    return time.monotonic() - began


def client(cluster: LocalCluster) -> Elasticsearch:
    return Elasticsearch(cluster.urls, request_timeout=20, retry_on_timeout=True, max_retries=5)


def set_disks(cluster: LocalCluster, disk: Mapping[str, Any]) -> None:
    """Let the nodes believe that their disks are FULL or FREE."""
    with client(cluster) as asked:
        settings = {
            "cluster": {"info": {"update": {"interval": "10s"}}, "routing": {"allocation": {"disk": dict(disk)}}}
        }
        asked.cluster.put_settings(persistent=settings)


@contextmanager
def stopped(cluster: LocalCluster, name: str) -> Iterator[psutil.Process]:
    """The node's process stands still while the block lasts: its sockets are open, nothing answers."""
    found = process.find(cluster.nodes[name].folder)
    assert found is not None
    found.suspend()
    try:
        yield found
    finally:
        found.resume()


def kill_all(cluster: LocalCluster) -> None:
    for name in cluster.nodes:
        cluster.kill(name)


def start_all(cluster: LocalCluster) -> None:
    for name in cluster.nodes:
        cluster.restart(name)
