"""How a cluster is, asked of one of its nodes over loopback HTTP (no client library, no proxy)."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass
from typing import Any, Literal

Status = Literal["red", "yellow", "green"]
_ORDER: tuple[Status, ...] = ("red", "yellow", "green")
_ANSWER_S = 5.0


@dataclass(frozen=True, slots=True)
class Health:
    """status: red, yellow or green; nodes: how many this node sees, itself included."""

    status: Status
    nodes: int

    def at_least(self, wanted: Status) -> bool:
        """Whether the status is `wanted` or better."""
        return _ORDER.index(self.status) >= _ORDER.index(wanted)


def ask(port: int) -> Health | None:
    """What the node on `port` answers, or None while it does not answer or knows no master."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_ANSWER_S)
    try:
        connection.request("GET", "/_cluster/health?timeout=1s")
        response = connection.getresponse()
        said: dict[str, Any] = json.loads(response.read())
    except (OSError, http.client.HTTPException, ValueError):
        return None
    finally:
        connection.close()
    return Health(said["status"], said["number_of_nodes"]) if response.status == http.HTTPStatus.OK else None
