"""The one module that talks to Elasticsearch: its client behind the few calls the engine makes, its errors as ours."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import elastic_transport
import elasticsearch

from config.errors import ConfigError, QingyuError, StageError, TransientError
from config.settings import Index
from config.text import tr

logger = logging.getLogger(__name__)
# Trouble that passes: too many requests or a full disk, a node or a shard away.
PASSING = frozenset({429, 502, 503, 504})
# Errors that other states come with, and that pass as well: writes are barred (a disk is full), a node is going or gone.
_PASSING_KINDS = frozenset(
    {
        "already_closed_exception",
        "cluster_block_exception",
        "connect_transport_exception",
        "illegal_index_shard_state_exception",
        "index_shard_closed_exception",
        "index_shard_not_recovering_exception",
        "index_shard_not_started_exception",
        "master_not_discovered_exception",
        "node_closed_exception",
        "node_disconnected_exception",
        "node_not_connected_exception",
        "receive_timeout_transport_exception",
        "retry_on_primary_exception",
        "send_request_transport_exception",
        "shard_not_found_exception",
        "shard_not_in_primary_mode_exception",
        "unavailable_shards_exception",
    }
)
# Nodes asked before a call fails; each has its own timeout.
_RETRIES = 3
# A node that does not answer so small a question at once is gone round, until the cluster has noticed it too (half a minute).
_AT_ONCE_S, _AROUND_S = 2.0, 60.0
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Item:
    """What became of one line of a bulk: status as of HTTP; error: type and reason, "" for none; passing: whether it may
    go well later."""

    status: int
    error: str
    passing: bool = False


class _Way(NamedTuple):
    """How to read: through which nodes, and copies of which nodes to prefer (None: any)."""

    client: elasticsearch.Elasticsearch
    preference: str | None


class Elastic:
    """A cluster, asked through `settings` (section `index`). Safe to share between threads.

    Every call raises TransientError where trying again later may work (no node answers, too many requests, disk full),
    ConfigError where the cluster refuses the user or key, StageError for the rest.
    """

    def __init__(self, settings: Index) -> None:
        self._settings = settings
        self._client = _client(settings, _urls(settings))
        # For reading: a question that ran out of time is asked again by `_read`, not by the client.
        self._usual = _Way(self._client.options(retry_on_timeout=False), None)
        self._around, self._around_until = self._usual, 0.0
        self._clients: dict[tuple[str, ...], elasticsearch.Elasticsearch] = {}
        self.address = settings.url

    def close(self) -> None:
        """Close the connections."""
        for one in (self._client, *self._clients.values()):
            one.close()

    def _read(self, ask: Callable[[elasticsearch.Elasticsearch, str | None], T]) -> T:
        """What `ask` (client, preferred nodes) answers. A node that stands still holds up whoever asks for a part it has a
        copy of, whichever node is asked: after a time-out only nodes that answer are asked, and for their copies."""
        way = self._around if time.monotonic() < self._around_until else self._usual
        with _told():
            try:
                return ask(*way)
            except elastic_transport.ConnectionTimeout:
                self._go_round()
                return ask(*self._around)

    def _go_round(self) -> None:
        """Find out which nodes answer, and ask those for a while."""
        urls = _urls(self._settings)
        with ThreadPoolExecutor() as beside:
            found = {url: one for url, one in zip(urls, beside.map(self._identity, urls), strict=True) if one}
        logger.warning("a question to the index ran out of time; nodes that answer: %s of %s", len(found), len(urls))
        if not found:
            self._around = self._usual
            return
        if (client := self._clients.get(tuple(found))) is None:
            client = self._clients.setdefault(tuple(found), _client(self._settings, list(found)))
        around = f"_prefer_nodes:{','.join(sorted(set(found.values())))}"
        self._around = _Way(client.options(retry_on_timeout=False), around)
        self._around_until = time.monotonic() + _AROUND_S

    def _identity(self, url: str) -> str:
        """The identity of the node at `url`, "" where it does not answer at once."""
        with _client(self._settings, [url]) as one:
            try:
                found = one.options(request_timeout=_AT_ONCE_S, max_retries=0).nodes.info(
                    node_id="_local", metric="_none"
                )
            except (elasticsearch.ApiError, elastic_transport.TransportError):
                return ""
        return next(iter(found["nodes"]), "")

    def search(self, index: str | None, body: Mapping[str, Any], *, global_scores: bool = False) -> dict[str, Any]:
        """The answer of all shards; one that is away is an error, for a figure without it would be wrong.

        index: None where the body names a point in time. global_scores: words are weighed over all indices alike.
        """
        options: dict[str, Any] = {"index": index, "allow_partial_search_results": False, **body}
        if global_scores:
            options["search_type"] = "dfs_query_then_fetch"
        if index is None:
            with _told():
                return dict(self._client.search(**options).body)
        return dict(self._read(lambda client, around: client.search(preference=around, **options)).body)

    def count(self, index: str, query: Mapping[str, Any]) -> int:
        """How many documents match."""
        found = self.search(index, {"query": query, "size": 0, "track_total_hits": True})
        return int(found["hits"]["total"]["value"])

    def point_in_time(self, index: str, keep: str) -> str:
        """A state of the index that stays as it is for `keep` ("5m") after each use."""
        open_ = self._read(
            lambda client, around: client.open_point_in_time(index=index, keep_alive=keep, preference=around)
        )
        return str(open_["id"])

    def drop_point_in_time(self, pit: str) -> None:
        """Free it; one that has run out is passed over."""
        try:
            with _told():
                self._client.close_point_in_time(id=pit)
        except QingyuError as error:
            logger.debug("point in time not dropped: %s", error)

    def bulk(self, lines: Sequence[bytes]) -> list[Item]:
        """What became of each operation, in order. lines: the JSON of actions and documents."""
        with _told():
            answer = self._client.bulk(operations=lines)  # type: ignore[arg-type]  # it takes bytes as they are
        return [_item(next(iter(one.values()))) for one in answer["items"]]

    def get(self, index: str, document: str) -> dict[str, Any] | None:
        """The newest state of a document, None where there is none (or no such index)."""
        try:
            found = self._read(lambda client, around: client.get(index=index, id=document, preference=around))
        except MissingError:
            return None
        return dict(found["_source"])

    def put(self, index: str, document: str, body: Mapping[str, Any]) -> None:
        """Write one document."""
        with _told():
            self._client.index(index=index, id=document, document=body, refresh=True)

    def refresh(self, index: str) -> None:
        """Make all that was written visible; an index that is not there is passed over."""
        with _told():
            answer = self._client.indices.refresh(index=index, ignore_unavailable=True)
        reached = answer["_shards"]
        # A part without any copy is passed over in silence, and what it holds would stay unseen.
        if reached["failed"] or (reached["successful"] < reached["total"] and self._red(index)):
            raise TransientError(tr("索引的一部分暂时不可用", "a part of the index cannot be reached now"), **reached)

    def indices(self, pattern: str) -> dict[str, dict[str, Any]]:
        """The indices that match (an alias or a pattern), with their mappings; empty where there are none."""
        try:
            with _told():
                return dict(self._client.indices.get_mapping(index=pattern, ignore_unavailable=True).body)
        except MissingError:
            return {}

    def create(self, index: str, body: Mapping[str, Any]) -> bool:
        """Make an index; False where it is there already (another process was faster)."""
        try:
            with _told():
                self._client.indices.create(index=index, **body)
        except StageError as error:
            if error.context.get("type") == "resource_already_exists_exception":
                return False
            raise
        return True

    def drop(self, indices: Sequence[str]) -> None:
        """Remove indices for good."""
        if indices:
            with _told():
                self._client.indices.delete(index=",".join(indices), ignore_unavailable=True)

    def switch(self, alias: str, old: Sequence[str], new: Sequence[str]) -> None:
        """Let `alias` name the new indices in place of the old, at one instant."""
        actions = [{"remove": {"index": one, "alias": alias}} for one in old]
        actions += [{"add": {"index": one, "alias": alias}} for one in new]
        if actions:
            with _told():
                self._client.indices.update_aliases(actions=actions)

    def template(self, name: str, body: Mapping[str, Any]) -> None:
        """Write an index template."""
        with _told():
            self._client.indices.put_index_template(name=name, **body)

    def health(self) -> dict[str, Any]:
        """The cluster's own report: status, nodes, shards."""
        with _told():
            return dict(self._client.cluster.health().body)

    def _red(self, index: str) -> bool:
        with _told():
            return bool(self._client.cluster.health(index=index, level="cluster")["status"] == "red")

    def blocks(self, prefix: str) -> set[str]:
        """Why indices whose name begins so, or the whole cluster, take no writes; empty where they do."""
        with _told():
            found = self._client.cluster.state(metric="blocks").get("blocks", {})
        barred = [found.get("global", {})]
        barred += [one for name, one in found.get("indices", {}).items() if name.startswith(prefix)]
        return {str(block["description"]) for one in barred for block in one.values()}

    def lifecycle(self, name: str) -> bool:
        """Write a lifecycle of that name; False where the cluster knows none (a bare node)."""
        warm = {"min_age": "60d", "actions": {"forcemerge": {"max_num_segments": 1}, "set_priority": {"priority": 50}}}
        phases = {"hot": {"actions": {"set_priority": {"priority": 100}}}, "warm": warm}
        return self._has(lambda client: client.ilm.put_lifecycle(name=name, policy={"phases": phases}))

    def secured(self) -> bool:
        """Whether the cluster asks who is asking."""
        return self._has(lambda client: client.security.authenticate())

    def _has(self, call: Callable[[elasticsearch.Elasticsearch], object]) -> bool:
        try:
            call(self._client)
        except (elasticsearch.ApiError, elasticsearch.UnsupportedProductError):
            return False
        except elastic_transport.TransportError as error:
            raise _away(error) from error
        return True


class MissingError(StageError):
    """There is no such document or index."""


def _item(one: Mapping[str, Any]) -> Item:
    error = one.get("error")
    if error is None:
        return Item(int(one["status"]), "")
    cause = error.get("caused_by") or {}
    text = f"{error.get('type')}: {error.get('reason')}" + (f" ({cause['reason']})" if "reason" in cause else "")
    return Item(int(one["status"]), text, passing=_passes(int(one["status"]), {str(error.get("type"))}))


def _passes(status: int, kinds: Set[str]) -> bool:
    return status in PASSING or not kinds.isdisjoint(_PASSING_KINDS)


def _urls(settings: Index) -> list[str]:
    return [one.strip() for one in settings.url.split(",")]


def _client(settings: Index, urls: Sequence[str]) -> elasticsearch.Elasticsearch:
    options: dict[str, Any] = {
        "request_timeout": settings.timeout_s,
        "retry_on_timeout": True,
        "max_retries": _RETRIES,
        "retry_on_status": (502, 503, 504),
    }
    if settings.ca_file:
        if not Path(settings.ca_file).is_file():
            raise ConfigError(tr("index.ca_file：没有文件 {p}", "index.ca_file: there is no {p}", p=settings.ca_file))
        options["ca_certs"] = settings.ca_file
    if settings.fingerprint:
        options["ssl_assert_fingerprint"] = settings.fingerprint
    if settings.api_key is not None:
        options["api_key"] = settings.api_key.get_secret_value()
    elif settings.user and settings.password is not None:
        options["basic_auth"] = (settings.user, settings.password.get_secret_value())
    try:
        return elasticsearch.Elasticsearch(list(urls), **options)
    except (ValueError, OSError) as error:
        message = tr("index 一节的地址或证书有误：{e}", "the address or certificate under index is wrong: {e}", e=error)
        raise ConfigError(message) from error


@contextmanager
def _told() -> Iterator[None]:
    """Errors of the client as ours."""
    try:
        yield
    except elasticsearch.ApiError as error:
        raise _refused(error) from error
    except elastic_transport.TransportError as error:
        raise _away(error) from error


def _away(error: elastic_transport.TransportError) -> TransientError:
    message = tr(
        "Elasticsearch 没有回应（{e}）；检查它是否在运行、网络是否通；恢复后会自动继续",
        "Elasticsearch does not answer ({e}); see whether it runs and can be reached; work goes on by itself then",
        e=str(error.message)[:200],
    )
    return TransientError(message, kind=type(error).__name__)


def _refused(error: elasticsearch.ApiError) -> QingyuError:
    status, kind = error.status_code, str(error.error)
    reason = _reason(error)
    if _passes(status, _kinds(error)):
        message = tr(
            "Elasticsearch 暂时不接受（{s}：{r}）；稍后自动再试；磁盘写满时请先腾出空间",
            "Elasticsearch does not take it now ({s}: {r}); it is tried again; free space first where a disk is full",
            s=status,
            r=reason,
        )
        return TransientError(message, status=status, type=kind)
    if status in (401, 403):
        message = tr(
            "Elasticsearch 不接受这个用户或密钥（{r}）；检查 index 一节的 user、password_file、api_key_file",
            "Elasticsearch refuses this user or key ({r}); see user, password_file, api_key_file under index",
            r=reason,
        )
        return ConfigError(message, status=status)
    message = tr(
        "Elasticsearch 拒绝了请求（{s}：{r}）；索引缺失或损坏时运行 qingyu index rebuild",
        "Elasticsearch refused the request ({s}: {r}); where the index is missing or damaged run qingyu index rebuild",
        s=status,
        r=reason,
    )
    return (MissingError if status == 404 else StageError)(message, status=status, type=kind)


def _kinds(error: elasticsearch.ApiError) -> set[str]:
    """Types of the error and of what led to it."""
    body = error.body
    found = body.get("error") if isinstance(body, dict) else None
    causes = [found, *found.get("root_cause", [])] if isinstance(found, dict) else []
    return {str(one.get("type")) for one in causes}


def _reason(error: elasticsearch.ApiError) -> str:
    body = error.body
    if isinstance(body, dict) and isinstance(body.get("error"), dict):
        found = body["error"]
        causes = found.get("root_cause") or [found]
        return f"{causes[0].get('type')}: {causes[0].get('reason')}"[:300]
    return str(error.message)[:300]


__all__ = ["PASSING", "Elastic", "Item", "MissingError"]
