"""Which engine an installation uses."""

from __future__ import annotations

from collections.abc import Callable

from config.errors import ConfigError
from config.project import Project
from config.text import tr
from pipeline.index.engine import IndexEngine


def engine_of(project: Project, *, epoch: int = 0, told: Callable[[str], None] = lambda note: None) -> IndexEngine:
    """The engine that the settings of `project` name; nothing is opened or asked yet. epoch, told: see
    `ElasticWriter`."""
    index = project.settings.index
    if index.url:
        try:
            from pipeline.index.elastic_engine import ElasticEngine
        except ImportError as error:
            message = tr(
                "没有安装 Elasticsearch 的客户端；运行 pip install -e '.[elasticsearch]'",
                "the client of Elasticsearch is not installed; run pip install -e '.[elasticsearch]'",
            )
            raise ConfigError(message) from error
        return ElasticEngine(index, project.index_dir, epoch=epoch, told=told)
    from pipeline.index.tantivy_engine import TantivyEngine

    return TantivyEngine(project.index_dir, index.writer_heap_mb)
