"""The annotating processes: posts in, what nlp says of them out. Each process loads the models once."""

from __future__ import annotations

import logging
import signal
import sys
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.context import SpawnContext, SpawnProcess
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from config.errors import RecordError, StageError
from config.settings import Nlp
from config.text import tr
from nlp.annotation import Annotation
from nlp.annotator import Annotator, load_annotator
from pipeline.collector import collect_seldom

logger = logging.getLogger(__name__)
# Posts a task: enough for the vectorised parts, little enough that two processes stay busy.
CHUNK = 1_000
# Below this many posts starting processes takes longer than the work.
ALONE = 2_000


class Work(NamedTuple):
    """A post to annotate: title, text and official text as stored."""

    post_id: str
    title: str
    text: str
    official: str


class Done(NamedTuple):
    """What came of a post: an annotation with its content words and the tokens of the official text, or why not."""

    post_id: str
    annotation: Annotation | None
    words: tuple[str, ...] = ()
    official_tokens: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Tools:
    """Where the annotator's settings and files are; can be sent to another process. folders: own first, then shipped."""

    nlp: Nlp
    folders: tuple[Path, ...]

    def find(self, name: str) -> Path:
        """The first of the folders that has `name`."""
        return next((folder / name for folder in self.folders if (folder / name).exists()), self.folders[-1] / name)

    def load(self) -> Annotator:
        """The annotator. Raises ConfigError for a faulty taxonomy or dictionary."""
        return load_annotator(self.nlp, self.find)


def annotate(annotator: Annotator, works: Sequence[Work]) -> list[Done]:
    """What nlp says of each post, in order; a post it cannot take is told with the reason, the rest goes on."""
    try:
        annotations: Sequence[Annotation | RecordError] = annotator.annotate([(w.title, w.text) for w in works])
    except RecordError:
        annotations = [_alone(annotator, work) for work in works]
    return [_done(annotator, work, found) for work, found in zip(works, annotations, strict=True)]


def _alone(annotator: Annotator, work: Work) -> Annotation | RecordError:
    try:
        return annotator.annotate([(work.title, work.text)])[0]
    except RecordError as error:
        return error


def _done(annotator: Annotator, work: Work, found: Annotation | RecordError) -> Done:
    if isinstance(found, RecordError):
        return Done(work.post_id, None, reason=found.message)
    official = " ".join(annotator.segmenter.tokens(work.official)) if work.official else ""
    return Done(work.post_id, found, tuple(annotator.content_words(found)), official)


# One annotator a process, loaded by the pool's initialiser.
_mine: list[Annotator] = []
# Between processes posts travel as plain tuples: pickling objects took a third of the stage's time.
_WorkTuple = tuple[str, str, str, str]
_DoneTuple = tuple[str, tuple[Any, ...] | None, str, str, str]


def _start(tools: Tools) -> None:
    # Ctrl-C reaches every process of the terminal; the one that started these ends them.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _mine.append(tools.load())
    collect_seldom()


def _task(works: Sequence[_WorkTuple]) -> list[_DoneTuple]:
    return [_packed(done) for done in annotate(_mine[0], [Work(*work) for work in works])]


def _packed(done: Done) -> _DoneTuple:
    found = done.annotation
    values = tuple(found) if found is not None else None
    return done.post_id, values, " ".join(done.words), done.official_tokens, done.reason


def _unpacked(packed: _DoneTuple) -> Done:
    post_id, values, words, official_tokens, reason = packed
    found = Annotation(*values) if values is not None else None
    return Done(post_id, found, tuple(words.split(" ")) if words else (), official_tokens, reason)


@dataclass(slots=True, eq=False)
class _Chunk:
    """Posts annotated at once; coming: what a process makes of them, None while no process was given them."""

    works: Sequence[Work]
    coming: Future[list[_DoneTuple]] | None = None


class Annotators:
    """Annotates chunks here or in processes. processes: 0 for here."""

    def __init__(self, annotator: Annotator, pool: ProcessPoolExecutor | None, *, processes: int = 0) -> None:
        self._annotator, self._pool = annotator, pool
        # Few while the processes start (the caller annotates meanwhile); then enough that they have work while the caller
        # groups copies, indexes and commits a batch.
        self._ahead, self._ahead_once_running = processes + 2, 10 * processes
        self._waiting: deque[_Chunk] = deque()
        self._given: list[Future[list[_DoneTuple]]] = []

    def begin(self, works: Sequence[Work]) -> Iterator[list[Done]]:
        """What comes of `works`, in chunks. Processes begin at once; the caller collects when it likes.

        Raises StageError when a process ends unexpectedly (killed, out of memory).
        """
        chunks = deque(_Chunk(works[start : start + CHUNK]) for start in range(0, len(works), CHUNK))
        if self._pool is None:
            return (annotate(self._annotator, chunk.works) for chunk in chunks)
        self._waiting.extend(chunks)
        self._give(self._pool)
        return self._collect(self._pool, chunks)

    def _give(self, pool: ProcessPoolExecutor) -> None:
        """Give the processes the next chunks, a few ahead. What was given is never taken back: when a process dies, a
        cancelled future breaks the executor's own thread, and this process would wait for it for ever (Python 3.11)."""
        running = [coming for coming in self._given if not coming.done()]
        if len(running) < len(self._given):
            self._ahead = self._ahead_once_running
        self._given = running
        while self._waiting and len(self._given) < self._ahead:
            chunk = self._waiting.popleft()
            packed = [(*work,) for work in chunk.works]
            with _told():
                chunk.coming = pool.submit(_task, packed)
            self._given.append(chunk.coming)

    def _collect(self, pool: ProcessPoolExecutor, chunks: deque[_Chunk]) -> Iterator[list[Done]]:
        while chunks:
            self._give(pool)
            first, last = chunks[0].coming, chunks[-1]
            # Rather than wait (for processes to start, for a busy machine), the caller takes what none was given.
            if last.coming is None and not (first and first.done()):
                self._waiting.remove(chunks.pop())
                yield annotate(self._annotator, last.works)
                continue
            chunks.popleft()
            # Chunks are given in their order, so the first was given when the last was, and when it is done.
            assert first is not None
            with _told():
                packed = first.result()
            yield [_unpacked(one) for one in packed]


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except BrokenProcessPool as error:
        message = tr(
            "一个标注进程意外结束（多半是内存不足）；腾出内存后再运行一次 qingyu process 即可继续",
            "an annotating process ended unexpectedly (most likely out of memory); free some and run qingyu process again, "
            "it goes on from there",
        )
        raise StageError(message) from error


class _Process(SpawnProcess):
    """A process that does not import the program's main module: it needs only this one, and the main module may be
    anything (Streamlit puts its pages there)."""

    @staticmethod
    def _Popen(process_obj: Any) -> Any:  # noqa: N802 - the hook's name in multiprocessing
        main = sys.modules["__main__"]
        sys.modules["__main__"] = ModuleType("__main__")
        try:
            return SpawnProcess._Popen(process_obj)
        finally:
            sys.modules["__main__"] = main


class Context(SpawnContext):
    """Starts such processes. "spawn": a fork of a process with threads (the index writer's, the scheduler's) could stand
    still for ever."""

    Process = _Process


@contextmanager
def annotators(tools: Tools, annotator: Annotator, *, processes: int) -> Iterator[Annotators]:
    """Annotators in `processes` processes of their own (0: here), ended with the block."""
    if processes <= 0:
        yield Annotators(annotator, None)
        return
    pool = ProcessPoolExecutor(processes, mp_context=Context(), initializer=_start, initargs=(tools,))
    try:
        yield Annotators(annotator, pool, processes=processes)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
