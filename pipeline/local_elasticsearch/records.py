"""What the folder of a cluster says of earlier runs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from config.errors import StageError
from config.text import tr
from pipeline.local_elasticsearch import process
from pipeline.local_elasticsearch.home import NodePlan, read_plan


@dataclass(frozen=True, slots=True)
class Records:
    """folder: holds node-1, node-2 … and the mark that these once formed a cluster."""

    folder: Path

    @property
    def founded(self) -> bool:
        """Whether the nodes have elected a master once. To let them found a cluster again could split it in two."""
        return self._mark.exists()

    def found(self) -> None:
        """Remember that the nodes formed a cluster."""
        self._mark.touch()

    def plans(self) -> list[NodePlan]:
        """Each node that was ever prepared here."""
        return [read_plan(made.parents[1]) for made in sorted(self.folder.glob("node-*/config/elasticsearch.yml"))]

    def running(self) -> list[str]:
        """Names of the nodes of this folder that run."""
        return [plan.name for plan in self.plans() if process.find(plan.folder)]

    def refuse_running(self) -> None:
        """Raises: StageError while a node of this folder runs."""
        if running := self.running():
            message = tr(
                "{f} 里的 {n} 正在运行；先 make es-down",
                "{n} of {f} runs already; make es-down first",
                f=self.folder,
                n=", ".join(running),
            )
            raise StageError(message)

    def refuse_fewer(self, nodes: int) -> None:
        """Raises: StageError when the data was made by more nodes: fewer have no majority and not all of it."""
        before = len(self.plans())
        if self.founded and before > nodes:
            message = tr(
                "{f} 里是 {b} 个节点的数据；用 make es-up NODES={b} 启动，或删除该目录重新开始",
                "{f} holds the data of {b} nodes; start with make es-up NODES={b}, or remove the folder to begin anew",
                f=self.folder,
                b=before,
            )
            raise StageError(message)

    @property
    def _mark(self) -> Path:
        return self.folder / "founded"
