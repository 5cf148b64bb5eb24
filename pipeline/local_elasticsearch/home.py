"""The folder of one node: settings, JVM options, the transport module, data and logs."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from pipeline.local_elasticsearch.artefacts import VERSION

_DESCRIPTOR = f"""name=transport-netty4
description=Netty 4 based transport implementation
version={VERSION}
elasticsearch.version={VERSION}
java.version=21
classname=org.elasticsearch.transport.netty4.Netty4Plugin
"""
# Code outside modules, Elasticsearch's own library and Lucene call native functions.
_NATIVE = "ALL-UNNAMED,org.elasticsearch.nativeaccess,org.apache.lucene.core"


@dataclass(frozen=True, slots=True)
class NodePlan:
    """One node. name: "node-1"; folder: made where it is missing; http, transport: ports on 127.0.0.1; heap_mb: -Xmx;
    more: Elasticsearch settings that win over the ones made here."""

    name: str
    folder: Path
    http: int
    transport: int
    heap_mb: int = 512
    more: Mapping[str, object] = field(default_factory=dict)

    @property
    def log(self) -> Path:
        """What the process says; the run before is beside it as node.log.1."""
        return self.folder / "logs" / "node.log"

    @property
    def options(self) -> Path:
        """The options of the JVM, one a line."""
        return self.folder / "config" / "jvm.options"


def prepare(plan: NodePlan, jars: Path, together: Sequence[NodePlan], *, founding: bool) -> None:
    """Make the node's folder; data that is there stays.

    together: all nodes of the cluster; founding: the nodes elect their first master, which must happen only once.
    """
    for name in ("config", "data", "logs", "plugins", "modules", "tmp"):
        (plan.folder / name).mkdir(parents=True, exist_ok=True)
    _put_transport(plan.folder / "modules" / "transport-netty4", jars)
    text = yaml.safe_dump(settings(plan, together, founding=founding), allow_unicode=True)
    (plan.folder / "config" / "elasticsearch.yml").write_text(text, encoding="utf-8")
    plan.options.write_text("\n".join(jvm_options(plan, jars)) + "\n", encoding="utf-8")


def settings(plan: NodePlan, together: Sequence[NodePlan], *, founding: bool) -> dict[str, object]:
    """The contents of elasticsearch.yml."""
    made: dict[str, object] = {
        "cluster.name": "qingyu-local",
        "node.name": plan.name,
        "network.host": "127.0.0.1",
        "http.port": plan.http,
        "transport.port": plan.transport,
        "discovery.seed_hosts": [f"127.0.0.1:{one.transport}" for one in together],
        # The disk of a trial is often nearly full of other things.
        "cluster.routing.allocation.disk.threshold_enabled": False,
    }
    if founding:
        made["cluster.initial_master_nodes"] = [one.name for one in together]
    return made | dict(plan.more)


def jvm_options(plan: NodePlan, jars: Path) -> list[str]:
    """How the JVM is started, the module path included."""
    modules = [str(jar) for jar in sorted(jars.glob("*.jar")) if not _of_transport(jar)]
    return [
        f"-Xms{min(plan.heap_mb, 128)}m",  # the heap grows only where it is used
        f"-Xmx{plan.heap_mb}m",
        "-XX:+UseSerialGC",  # the smallest collector, and the quickest to start
        "-XX:+ExitOnOutOfMemoryError",
        "-Xrs",  # signals stay the process's own, see node.py
        "-Dlog4j2.disable.jmx=true",
        "-Dorg.apache.logging.log4j.level=INFO",
        f"-Des.path.home={plan.folder}",
        f"-Djava.io.tmpdir={plan.folder / 'tmp'}",
        f"-XX:ErrorFile={plan.folder / 'logs' / 'hs_err.log'}",
        f"--module-path={os.pathsep.join(modules)}",
        "--add-modules=ALL-MODULE-PATH",
        f"--enable-native-access={_NATIVE}",
    ]


def read_plan(folder: Path) -> NodePlan:
    """The plan a folder was prepared with, as far as asking and ending the node needs it."""
    text = (folder / "config" / "elasticsearch.yml").read_text(encoding="utf-8")
    made: dict[str, Any] = yaml.safe_load(text)
    return NodePlan(made["node.name"], folder, made["http.port"], made["transport.port"])


def _of_transport(jar: Path) -> bool:
    """Whether a jar belongs to the transport module and must not stand on the module path."""
    return jar.name.startswith(("netty-", "transport-netty4"))


def _put_transport(module: Path, jars: Path) -> None:
    """Made anew each time, from the checked jars."""
    shutil.rmtree(module, ignore_errors=True)
    module.mkdir()
    (module / "plugin-descriptor.properties").write_text(_DESCRIPTOR, encoding="ascii")
    for jar in filter(_of_transport, jars.glob("*.jar")):
        shutil.copyfile(jar, module / jar.name)
