"""Copies within the process stage: which cluster each new post joins, and which posts held before have another original
now. The index of copies is derived data; the clusters stand in the store and last."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sqlalchemy import Connection, Engine, delete, exists, func, select, update

from config.project import Project
from crawlers.schema import annotation, copy_cluster, post
from crawlers.store import read, upsert
from nlp.copies import BANDS, band_keys
from nlp.copy_clusters import REFUSALS, Cluster, Held, Placement, Post, place
from pipeline.annotated import Copy
from pipeline.copy_index import CopyIndex

_IDS = 500
_REBUILT = 10_000
# Clusters are told apart by when they were begun, in the order of landing: those of a batch after all that are held.
_LATER = 1 << 48


@dataclass(slots=True)
class Placed:
    """copies: of each post of a batch; moved: of posts held before whose cluster or original is another now; clusters:
    rows to write; ended: ids of clusters that became part of others."""

    copies: dict[str, Copy] = field(default_factory=dict)
    moved: dict[str, Copy] = field(default_factory=dict)
    clusters: list[dict[str, Any]] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)

    def write(self, connection: Connection) -> None:
        """Into the store, in the transaction that writes the batch's annotations."""
        upsert(connection, copy_cluster, self.clusters)
        for some in _parts(self.ended):
            connection.execute(delete(copy_cluster).where(copy_cluster.c.id.in_(some)))
        for one, copy in self.moved.items():
            moved = update(annotation).where(annotation.c.post_id == one)
            connection.execute(moved.values(copy_cluster=copy.cluster, duplicate_of=copy.duplicate_of))


def place_batch(
    store: Engine, index: CopyIndex, rows: Mapping[str, dict[str, Any]], keys: Mapping[str, bytes]
) -> Placed:
    """The copies of a batch. rows: of table `post`; keys: of the posts annotated anew.

    A post that has a cluster keeps it: also when it is edited, and when another model annotates it. Commit the index of
    copies before `Placed.write`: killed in between, the batch is done again and ends the same.
    """
    with read(store) as connection:
        found = Placed(copies=_had(connection, rows))
        new = sorted(
            (one for one in rows if one in keys and one not in found.copies), key=lambda one: rows[one]["landed_seq"]
        )
        _add(index, list(keys), keys)
        near = _near(index, new, keys)
        met = _met(connection, {one for some in near.values() for one in some}.difference(new))
        held = {one: Held(_said(row), row["copy_cluster"]) for one, row in met.items()}
        clusters = _clusters(connection, met.values())
        posts = [Post(one, _said(rows[one]), _when(rows[one]), rows[one]["source"]) for one in new]
        placement = place(posts, near, held, clusters, seen=_LATER, refusals=REFUSALS)
        _take(connection, found, placement, clusters, rows)
    found.copies |= {one: copy for one, copy in found.moved.items() if one in found.copies}
    return found


def _take(
    connection: Connection,
    found: Placed,
    placement: Placement,
    before: Mapping[str, Cluster],
    rows: Mapping[str, dict[str, Any]],
) -> None:
    for one, placed in placement.posts.items():
        found.copies[one] = Copy(placed.cluster, placed.duplicate_of or "")
    # A post without copies is a cluster without a row: most posts are.
    members = Counter(placed.cluster for placed in placement.posts.values())
    touched = placement.clusters.values()
    lasting = [one for one in touched if one.id in before or members[one.id] > 1]
    found.clusters = [
        _row(one if one.id in before else one._replace(seen=rows[one.id]["landed_seq"])) for one in lasting
    ]
    found.ended = list(placement.merged)
    # Posts held before of clusters that ended, or whose original is another now.
    other = {
        one.id for one in placement.clusters.values() if one.id in before and before[one.id].original != one.original
    }
    for one, cluster in _members(connection, other.union(placement.merged)):
        now = placement.clusters[placement.merged.get(cluster, cluster)]
        found.moved[one] = Copy(now.id, "" if now.original == one else now.original)


def mend_originals(store: Engine) -> Placed:
    """What is to be done where the originals of clusters have left the store: the earliest copy that is left is one now."""
    found = Placed()
    with read(store) as connection:
        gone = ~exists().where(post.c.id == copy_cluster.c.original)
        lost = {row["id"]: dict(row) for row in connection.execute(select(copy_cluster).where(gone)).mappings()}
        left: dict[str, list[tuple[int, str, str]]] = {}
        for some in _parts(lost):
            age = func.coalesce(post.c.published_ms, post.c.collected_ms)
            asked = select(annotation.c.copy_cluster, age, post.c.id, post.c.source)
            joined = asked.join(post, post.c.id == annotation.c.post_id).where(annotation.c.copy_cluster.in_(some))
            for cluster, when, one, source in connection.execute(joined):
                left.setdefault(cluster, []).append((when, one, source))
    found.ended = [one for one in lost if one not in left]
    for cluster, members in left.items():
        when, original, source = min(members)
        found.clusters.append({**lost[cluster], "original": original, "published_ms": when, "source": source})
        found.moved |= {one: Copy(cluster, "" if one == original else original) for _, one, _ in members}
    return found


def rebuild_copies(project: Project, store: Engine) -> None:
    """Make the index of copies anew from the texts of the store; the clusters stay."""
    shutil.rmtree(project.copies_dir, ignore_errors=True)
    with CopyIndex(project.copies_dir) as index, read(store) as connection:
        asked = select(post.c.id, post.c.title, post.c.text).join(annotation, annotation.c.post_id == post.c.id)
        found = connection.execution_options(stream_results=True).execute(asked.where(annotation.c.copy_cluster != ""))
        for rows in found.mappings().partitions(_REBUILT):
            index.add([bytes.fromhex(row["id"]) for row in rows], band_keys([_said(row) for row in rows]))
        index.commit()


def copies_lost(project: Project, store: Engine) -> bool:
    """Whether posts have clusters and there is no index of copies."""
    if (project.copies_dir / "MANIFEST.json").exists():
        return False
    with read(store) as connection:
        return (
            connection.execute(select(annotation.c.post_id).where(annotation.c.copy_cluster != "").limit(1)).first()
            is not None
        )


def _add(index: CopyIndex, ids: Sequence[str], keys: Mapping[str, bytes]) -> None:
    if ids:
        index.add([bytes.fromhex(one) for one in ids], _matrix(ids, keys))


def _near(index: CopyIndex, ids: Sequence[str], keys: Mapping[str, bytes]) -> dict[str, list[str]]:
    if not ids:
        return {}
    found = index.candidates([bytes.fromhex(one) for one in ids], _matrix(ids, keys))
    return {one: [other.hex() for other in others] for one, others in zip(ids, found, strict=True) if others}


def _matrix(ids: Sequence[str], keys: Mapping[str, bytes]) -> Any:
    return np.frombuffer(b"".join(keys[one] for one in ids), np.uint32).reshape(len(ids), BANDS)


def _said(row: Any) -> str:
    return str(row["text"] or row["title"])


def _when(row: Mapping[str, Any]) -> int:
    return int(row["published_ms"] if row["published_ms"] is not None else row["collected_ms"])


def _had(connection: Connection, ids: Iterable[str]) -> dict[str, Copy]:
    columns = (annotation.c.post_id, annotation.c.copy_cluster, annotation.c.duplicate_of)
    rows = [
        row
        for some in _parts(ids)
        for row in connection.execute(
            select(*columns).where(annotation.c.post_id.in_(some), annotation.c.copy_cluster != "")
        )
    ]
    return {one: Copy(cluster, duplicate_of) for one, cluster, duplicate_of in rows}


def _met(connection: Connection, ids: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Posts held before, by id, with their cluster; those that only the index of copies knows are left out."""
    named = ("id", "title", "text", "published_ms", "collected_ms", "source", "landed_seq")
    asked = select(*(post.c[name] for name in named), annotation.c.copy_cluster).join(
        annotation, annotation.c.post_id == post.c.id
    )
    return {
        row["id"]: dict(row)
        for some in _parts(ids)
        for row in connection.execute(asked.where(post.c.id.in_(some), annotation.c.copy_cluster != "")).mappings()
    }


def _clusters(connection: Connection, met: Iterable[dict[str, Any]]) -> dict[str, Cluster]:
    alone = {row["copy_cluster"]: row for row in met}
    rows = [
        dict(row)
        for some in _parts(alone)
        for row in connection.execute(select(copy_cluster).where(copy_cluster.c.id.in_(some))).mappings()
    ]
    stored = {row["id"]: Cluster(**row) for row in rows}
    return {one: stored.get(one) or _alone(row) for one, row in alone.items()}


def _alone(row: dict[str, Any]) -> Cluster:
    return Cluster(row["copy_cluster"], row["landed_seq"], row["id"], _when(row), row["source"])


def _members(connection: Connection, clusters: Iterable[str]) -> list[tuple[str, str]]:
    columns = (annotation.c.post_id, annotation.c.copy_cluster)
    return [
        (one, cluster)
        for some in _parts(clusters)
        for one, cluster in connection.execute(select(*columns).where(annotation.c.copy_cluster.in_(some)))
    ]


def _row(cluster: Cluster) -> dict[str, Any]:
    return cluster._asdict()


def _parts(ids: Iterable[str]) -> Iterator[list[str]]:
    every = list(ids)
    return (every[start : start + _IDS] for start in range(0, len(every), _IDS))
