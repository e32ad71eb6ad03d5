"""A client without an engine: shows what it is given, and notes what it is asked."""

from __future__ import annotations

from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, TypeVar, cast

from console import samples
from embedconsole.items import CollectionSchema, VectorSpec
from embedconsole.sync.observe.past import PastDay
from embedconsole.sync.run.init import Initialised, InitPlan

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from embedconsole.sync.daemon.orders import OrderedRun
    from embedconsole.sync.inspect.checks import Check
    from embedconsole.sync.observe.snapshot import Snapshot
    from embedconsole.sync.run.engine import Engine

T = TypeVar("T")

TARGET = "collection products at http://qdrant:6333"
DEFAULTS: dict[str, object] = {"past_day": PastDay(samples.WALL, samples.DAY)}
"""What is asked whenever a screen comes up."""

SCHEMA = CollectionSchema({"": VectorSpec(512, "cosine")}, {"title": "text", "price": "float"})


@dataclass
class FakeEngine:
    """See `client.EngineClient`.

    Attributes:
        asked: What was asked of it, in order.
        answers: What `ask` answers, by the name of the function that was to do the work; a function of its
            arguments that does; or a future.
        lookups: The functions that were to do the work, with their arguments.
        stays: Drained, it does not come to its end by itself.
    """

    shown: Snapshot
    asked: list[object] = field(default_factory=list)
    answers: dict[str, object] = field(
        default_factory=lambda: {"init_planned": InitPlan(TARGET, False, SCHEMA.vectors, (), SCHEMA.indexes)}
    )
    lookups: list[tuple[str, dict[str, object]]] = field(default_factory=list)
    stopped: bool = False
    stopped_by: str | None = None
    wishes: list[OrderedRun] = field(default_factory=list)
    stays: bool = False
    attached: bool = False
    checks: list[Check] = field(default_factory=list)
    fault: BaseException | None = None
    looks: int = 0
    _tell: list[Callable[[], None]] = field(default_factory=list)

    @contextmanager
    def open(self) -> Iterator[FakeEngine]:
        """As `open_local_engine`."""
        yield self
        self.asked.append("closed")

    def when_stopped(self, tell: Callable[[], None]) -> None:
        self._tell.append(tell)

    def look(self) -> Snapshot:
        self.looks += 1
        return self.shown

    def ask(self, work: Callable[[Engine], Awaitable[T]]) -> Future[T]:
        function, arguments = (work.func, work.keywords) if isinstance(work, partial) else (work, {})
        self.lookups.append((function.__name__, arguments))
        answer = (DEFAULTS | self.answers)[function.__name__]
        if isinstance(answer, Future):
            return answer
        return self._answer(cast("T", answer(**arguments) if callable(answer) else answer))

    @property
    def controls(self) -> FakeEngine:
        return self

    def sync(self, wish: OrderedRun) -> Future[str]:
        self.wishes.append(wish)
        return self._note("force" if wish.force else "sync", "Looking for changes now.")

    def cancel(self, pipeline: str) -> Future[str]:
        return self._note("cancel", "The run ends with what is in flight.")

    def pause(self) -> Future[str]:
        return self._note("pause", "")

    def resume(self) -> Future[str]:
        return self._note("resume", "")

    def set_workers(self, count: int) -> Future[str]:
        return self._note(("workers", count), "")

    def _note(self, asked: object, words: str) -> Future[str]:
        self.asked.append(asked)
        return self._answer(words)

    def retry(self, pipeline: str) -> Future[int]:
        self.asked.append(("retry", pipeline))
        return self._answer(3)

    def initialise(self, pipeline: str) -> Future[Initialised]:
        self.asked.append(("init", pipeline))
        return self._answer(Initialised(TARGET, SCHEMA, created=True))

    def test(self, pipeline: str, tell: Callable[[Check], None]) -> Future[None]:
        self.asked.append(("test", pipeline))
        for check in self.checks:
            tell(check)
        return self._answer(None)

    def drain(self) -> None:
        self.asked.append("drain")
        if not self.stays:
            self._end()

    def stop(self) -> None:
        self.asked.append("stop")
        self._end()

    def _end(self) -> None:
        self.stopped = True
        for tell in self._tell:
            tell()

    def _answer(self, value: T) -> Future[T]:
        future: Future[T] = Future()
        if self.fault is not None:
            future.set_exception(self.fault)
        else:
            future.set_result(value)
        return future
