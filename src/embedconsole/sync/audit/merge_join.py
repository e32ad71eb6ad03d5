"""Two streams that are sorted by point, side by side: a window of both at a time, in constant memory."""

from __future__ import annotations

from bisect import bisect_right
from operator import attrgetter
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

import anyio

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Sequence


class Sorted(Protocol):
    """Something with a place in the order."""

    @property
    def point(self) -> bytes: ...


A = TypeVar("A", bound=Sorted)
B = TypeVar("B", bound=Sorted)

_PLACE = attrgetter("point")


class Stream(Generic[A]):
    """A sorted stream, a page at a time.

    Args:
        fetch: Gives the next page; an empty one is the end.
    """

    def __init__(self, fetch: Callable[[], Awaitable[Sequence[A]]]) -> None:
        self._fetch = fetch
        self._page: Sequence[A] = ()
        self._ended = False

    async def fill(self) -> None:
        """Read the next page, unless one is buffered or the end was reached."""
        if not self._page and not self._ended:
            self._page = await self._fetch()
            self._ended = not self._page

    @property
    def reaches(self) -> bytes | None:
        """The last point in the buffer; None while it is empty."""
        return self._page[-1].point if self._page else None

    def take(self, bound: bytes) -> Sequence[A]:
        """Take the buffered entries up to a point, itself included."""
        end = bisect_right(self._page, bound, key=_PLACE)
        taken, self._page = self._page[:end], self._page[end:]
        return taken


async def side_by_side(left: Stream[A], right: Stream[B]) -> AsyncIterator[tuple[Sequence[A], Sequence[B]]]:
    """Windows of both streams: all that each has between two points."""
    while True:
        await _both(left.fill, right.fill)
        reached = [bound for bound in (left.reaches, right.reaches) if bound is not None]
        if not reached:
            return
        bound = min(reached)
        yield left.take(bound), right.take(bound)


async def _both(*fetches: Callable[[], Awaitable[None]]) -> None:
    """Do both at once; what goes wrong comes as it is, and not in a group."""
    failures: list[Exception] = []

    async def fetched(fetch: Callable[[], Awaitable[None]]) -> None:
        try:
            await fetch()
        except Exception as error:  # noqa: BLE001 - raised below
            failures.append(error)

    async with anyio.create_task_group() as group:
        for fetch in fetches:
            group.start_soon(fetched, fetch)
    if failures:
        raise failures[0]
