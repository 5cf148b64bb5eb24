"""Ports of the nodes: rows from a first port on, or free ones."""

from __future__ import annotations

import socket
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass

from config.errors import StageError
from config.text import tr
from pipeline.local_elasticsearch.home import NodePlan
from pipeline.serving import port_is_free


@dataclass(frozen=True, slots=True)
class Ports:
    """http, transport: the first port of each row; None: free ports."""

    http: int | None = None
    transport: int | None = None

    def pairs(self, count: int) -> list[tuple[int, int]]:
        """HTTP and transport port of each of `count` nodes."""
        free = free_ports(2 * count)
        http = free[:count] if self.http is None else range(self.http, self.http + count)
        transport = free[count:] if self.transport is None else range(self.transport, self.transport + count)
        return list(zip(http, transport, strict=True))


def free_ports(count: int) -> list[int]:
    """Different ports of the loopback address on which nothing listens now."""
    with ExitStack() as held:
        probes = [held.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]


def refuse_taken(plans: Iterable[NodePlan]) -> None:
    """Raises: StageError that names the ports of `plans` on which something listens."""
    taken = [port for plan in plans for port in (plan.http, plan.transport) if not port_is_free(port)]
    if taken:
        message = tr(
            "端口 {p} 已被占用。make es-status 看是否已经启动；或换端口：make es-up PORT=9500",
            "port {p} is taken. make es-status tells whether it runs already; or take others: make es-up PORT=9500",
            p=", ".join(map(str, taken)),
        )
        raise StageError(message, ports=taken)
