"""`qingyu health`: asks the running process, or looks itself where none answers."""

from __future__ import annotations

import http.client
import ipaddress
import json
from contextlib import closing
from typing import Any

from config.errors import StageError
from config.locks import take
from config.project import Project
from config.settings import Health as HealthSettings
from config.text import tr
from pipeline.health import Watch, instance_of

# Longer than the page itself waits for its parts.
_PATIENCE_S = 30.0


def health_asked(project: Project) -> dict[str, Any]:
    """The health as JSON values. Raises StageError where something else answers on that port."""
    settings = project.settings.health
    if settings.port:
        found = _page(settings)
        if found is not None:
            if found.get("instance") != instance_of(project):
                raise StageError(_other(settings))
            return found
    return Watch(project).look(running=_running(project)).to_dict()


def _page(settings: HealthSettings) -> dict[str, Any] | None:
    """What the page says; None where nothing listens."""
    address = ipaddress.ip_address(settings.address)
    # Who listens everywhere is asked on loopback.
    host = ("::1" if address.version == 6 else "127.0.0.1") if address.is_unspecified else str(address)
    with closing(http.client.HTTPConnection(host, settings.port, timeout=_PATIENCE_S)) as connection:
        try:
            connection.connect()
        except OSError:
            return None
        try:
            connection.request("GET", "/health")
            found = json.loads(connection.getresponse().read())
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise StageError(_other(settings)) from error
    if not isinstance(found, dict) or "checks" not in found:
        raise StageError(_other(settings))
    return found


def _other(settings: HealthSettings) -> str:
    return tr(
        "端口 {p} 上答话的不是本项目的 qingyu run；改 health.port",
        "what answers on port {p} is not the qingyu run of this project; change health.port",
        p=settings.port,
    )


def _running(project: Project) -> bool:
    """Whether a schedule works for the project: its lock is held."""
    if not (project.data_dir / "run.lock").exists():
        return False
    try:
        take(project.data_dir / "run.lock", "").close()
    except StageError:
        return True
    return False
