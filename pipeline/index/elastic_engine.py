"""The Elasticsearch engine: monthly indices of one generation behind an alias, and a note of which generation is live."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from config.errors import QingyuError, StageError
from config.locks import take
from config.settings import Index
from config.text import tr
from pipeline.index.elastic_client import Elastic
from pipeline.index.elastic_document import SCHEMA_VERSION, mapping, settings
from pipeline.index.elastic_patience import Patience
from pipeline.index.elastic_reader import ElasticReader
from pipeline.index.elastic_writer import ElasticWriter, Generation
from pipeline.index.engine import Condition, lost, unusable

logger = logging.getLogger(__name__)
_STATE_MAPPING = {
    "dynamic": "strict",
    "properties": {name: {"type": "keyword"} for name in ("generation", "schema", "commit")},
}
_LIVE = "live"


class ElasticEngine:
    """The index in the cluster that `settings` (section `index`) names. folder: for the writer's lock on this machine;
    epoch: see `ElasticWriter`; told: hears why it waits for the cluster, and "" when it goes on."""

    def __init__(
        self, settings: Index, folder: Path, *, epoch: int = 0, told: Callable[[str], None] = lambda note: None
    ) -> None:
        self._settings, self._folder, self._epoch = settings, folder, epoch
        self._patience = Patience(settings.wait_s, told)
        self.elastic = Elastic(settings)
        self._state_index = f"{settings.alias}-state"

    def exists(self) -> bool:
        """Whether an index was ever made here. Waits for a cluster that is away: who asks is about to write."""
        return self._patience.until(self._state) is not None

    def never_made(self) -> bool:
        """Whether there is no trace of an index here."""
        return not self.exists() and not self.elastic.indices(f"{self._settings.alias}-posts-*")

    def reader(self) -> ElasticReader:
        """A reader; of nothing where no index was ever made."""
        return ElasticReader(self.elastic, self._settings.alias, self._state)

    def writer(self) -> ElasticWriter:
        """The one writer, making the index where there is none. Raises StageError while another process writes."""
        lock = self._lock()
        try:
            state = self._patience.until(self._live)
            if state["schema"] != SCHEMA_VERSION:
                raise unusable(tr("版本 {f}，需要 {w}", "version {f}, needed {w}", f=state["schema"], w=SCHEMA_VERSION))
            return self._writer(self._generation(state["generation"], live=True), lock)
        except BaseException:
            lock.close()
            raise

    @contextmanager
    def rebuild(self) -> Iterator[ElasticWriter]:
        """A writer into a new generation. When the block ends well, and the cluster holds what was put, the alias names
        the new indices in place of the old at one instant, and the old are dropped; readers go on all the while."""
        lock = self._lock()
        generation = self._generation(f"g{uuid.uuid4().hex[:8]}", live=False)
        try:
            self._patience.until(self.set_up)
            try:
                with self._writer(generation, None) as writer:
                    yield writer
                    writer.commit()
                    self._patience.until(lambda: self._agree(generation, writer))
                self._patience.until(lambda: self._switch(generation))
            except BaseException:
                self._give_up(generation)
                raise
        finally:
            lock.close()

    def set_up(self) -> list[str]:
        """Write the index template (with a lifecycle where the cluster has such) and the state's index."""
        one, alias = self._settings, self._settings.alias
        made = settings(shards=one.shards, replicas=one.replicas)
        done = [tr("索引模板 {a}-posts 已写入", "index template {a}-posts written", a=alias)]
        if self.elastic.lifecycle(f"{alias}-posts"):
            made["index.lifecycle.name"] = f"{alias}-posts"
            done.append(tr("有生命周期管理：旧月份转入暖层", "lifecycles are known: past months go to the warm tier"))
        else:
            done.append(tr("没有生命周期管理：不需要", "no lifecycles are known: none are needed"))
        body = {
            "index_patterns": [f"{alias}-posts-*"],
            "priority": 200,
            "template": {"mappings": mapping(), "settings": made},
        }
        self.elastic.template(f"{alias}-posts", body)
        state: dict[str, Any] = {"number_of_shards": 1, "auto_expand_replicas": f"0-{max(1, one.replicas)}"}
        self.elastic.create(self._state_index, {"mappings": _STATE_MAPPING, "settings": state})
        safe = self.elastic.secured()
        done.append(
            tr("安全功能已启用", "security is on")
            if safe
            else tr(
                "安全功能没有启用：只应在本机或封闭网络使用", "security is off: for loopback or a closed network only"
            )
        )
        return done

    def condition(self) -> Condition:
        """How the cluster is: away, a disk full, shards missing, copies missing, or well."""
        try:
            health = self.elastic.health()
            barred = self.elastic.blocks(f"{self._settings.alias}-")
            made = health["status"] != "red" and not barred and self._state() is not None
            missing = made and not self.elastic.indices(self._settings.alias)
            posts = self.elastic.count(self._settings.alias, {"match_all": {}}) if made and not missing else 0
        except QingyuError as error:
            return Condition("failed", error.message, tr("检查集群与网络", "see to the cluster and the network"))
        facts = tr("{n} 个节点，{s}", "{n} nodes, {s}", n=health["number_of_nodes"], s=health["status"])
        if barred:
            return _barred(facts, barred)
        if health["status"] == "red":
            message = tr("{f}：部分数据不可用", "{f}: a part of the data cannot be reached", f=facts)
            return Condition("failed", message, tr("让缺少的节点回来", "bring the missing nodes back"))
        if missing:
            return Condition("failed", lost().message, tr("运行 qingyu index rebuild", "run qingyu index rebuild"))
        if health["status"] == "yellow" and health["number_of_nodes"] > 1:
            message = tr(
                "{f}：副本不全，再坏一个节点就会缺数据",
                "{f}: copies are missing, one more node lost loses data",
                f=facts,
            )
            return Condition("warning", message, tr("让缺少的节点回来", "bring the missing nodes back"))
        return Condition("ok", tr("{f}，{p} 条", "{f}, {p} posts", f=facts, p=posts))

    def _writer(self, generation: Generation, lock: IO[str] | None) -> ElasticWriter:
        def committed() -> None:
            if generation.live:
                self._note(generation.name)

        return ElasticWriter(
            self.elastic,
            generation,
            lock=lock,
            patience=self._patience,
            epoch=self._epoch,
            committed=committed,
        )

    def _generation(self, name: str, *, live: bool) -> Generation:
        one = self._settings
        return Generation(one.alias, name, live, one.shards, one.replicas)

    def _lock(self) -> IO[str]:
        message = tr(
            "另一个进程正在写索引；等它结束后再运行一次",
            "another process is writing the index; run again when it has ended",
        )
        return take(self._folder / "writer.lock", message)

    def _state(self) -> dict[str, Any] | None:
        return self.elastic.get(self._state_index, _LIVE)

    def _note(self, generation: str) -> dict[str, Any]:
        state = {"generation": generation, "schema": SCHEMA_VERSION, "commit": uuid.uuid4().hex[:12]}
        self.elastic.put(self._state_index, _LIVE, state)
        return state

    def _agree(self, generation: Generation, writer: ElasticWriter) -> None:
        """Raises StageError unless the new indices hold as many posts as were put, with the same sum of versions."""
        pattern = generation.pattern
        refused = writer.refused_count
        if not self.elastic.indices(pattern):
            return
        count = self.elastic.count(pattern, {"match_all": {}})
        summed = {"size": 0, "aggs": {"seq": {"sum": {"field": "landed_seq"}}}}
        total = self.elastic.search(pattern, summed)["aggregations"]["seq"]["value"]
        if count + refused != writer.put_count or (not refused and round(total) != writer.put_sum):
            message = tr(
                "新索引与数据库不符（写入 {p}，索引中 {c}）；旧索引照常使用；再运行一次 qingyu index rebuild",
                "the new index does not agree with the store ({p} put, {c} held); the old one stays in use; run "
                "qingyu index rebuild again",
                p=writer.put_count,
                c=count,
            )
            raise StageError(message)

    def _give_up(self, generation: Generation) -> None:
        """Drop what was made of a generation that nobody reads; what cannot be dropped now is at the next rebuild."""
        try:
            read = self.elastic.indices(
                self._settings.alias
            )  # the switch may have gone through, and only its answer not
            self.elastic.drop([one for one in self.elastic.indices(generation.pattern) if one not in read])
        except QingyuError as error:
            logger.warning("indices of generation=%s were not dropped: %s", generation.name, error.message)

    def _switch(self, generation: Generation) -> None:
        """Let readers see this generation, and drop all others."""
        alias = self._settings.alias
        every = self.elastic.indices(f"{alias}-posts-*")
        new = [one for one in every if one.startswith(generation.pattern[:-1])]
        named = self.elastic.indices(alias)
        self.elastic.switch(alias, [one for one in named if one not in new], new)
        self._note(generation.name)
        self.elastic.drop([one for one in every if one not in new])

    def _live(self) -> dict[str, Any]:
        """What is noted of the live generation, a first one where there is none. The alias is right where the two differ:
        whoever switched it was stopped before noting it."""
        state = self._state()
        if state is None:
            self.set_up()
            return self._note(f"g{uuid.uuid4().hex[:8]}")
        start = f"{self._settings.alias}-posts-"
        read = {one.removeprefix(start).partition("-")[0] for one in self.elastic.indices(self._settings.alias)}
        if read and state["generation"] not in read:
            return self._note(min(read))
        return state


def _barred(facts: str, reasons: set[str]) -> Condition:
    """What to say where indices take no writes, mostly for want of disk space."""
    said = "; ".join(sorted(reasons))
    if any("disk" in one or "create-index" in one for one in reasons):
        message = tr(
            "{f}：磁盘快满，索引只读（{r}）", "{f}: a disk is nearly full, no writes are taken ({r})", f=facts, r=said
        )
        remedy = tr("腾出磁盘空间，写入会自动继续", "free disk space; writing goes on by itself")
        return Condition("failed", message, remedy)
    message = tr("{f}：索引不接受写入（{r}）", "{f}: no writes are taken ({r})", f=facts, r=said)
    return Condition(
        "failed", message, tr("在集群上解除封锁，写入会自动继续", "lift the block; writing goes on by itself")
    )
