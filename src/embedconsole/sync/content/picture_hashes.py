"""A catalog whose rows know what the pictures behind their references are: one that changes is noticed.

Where `image_hash` asks for it, a picture's bytes or its server's ETag are part of what is compared. Scan and
worker both come through here, and one look at a picture serves both for some minutes.
"""

from __future__ import annotations

import hashlib
import time
from collections import OrderedDict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

import anyio
import anyio.from_thread

from embedconsole.catalog.base import Page
from embedconsole.config.sections.pictures import PicturesConfig, SentPictures
from embedconsole.faults import BadInput, Transient
from embedconsole.ledger.state import HASH_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from embedconsole.catalog.base import Catalog, Settled, ValueSample
    from embedconsole.config.pipeline import Pipeline
    from embedconsole.config.sections.vector import ImageHash
    from embedconsole.items import CatalogRow
    from embedconsole.pictures.fetch import PictureFetcher

_REMEMBERED = 100_000
_GOOD_FOR = 600.0
"""Seconds for which a look at a picture counts: a scan's, for the worker that comes after it."""


class _Look(NamedTuple):
    """The result of checking a picture; `mark` is None where it could not be made now."""

    mark: str | None
    at: float


@dataclass(slots=True)
class Fingerprints:
    """Marks of pictures, by the kind of mark and by reference.

    Args:
        fetcher: Made at the first look, in the loop that awaits it.
    """

    fetcher: Callable[[], PictureFetcher]
    _opened: PictureFetcher | None = None
    _looks: OrderedDict[tuple[str, str], _Look] = field(default_factory=OrderedDict)

    async def marks(self, wanted: Iterable[tuple[ImageHash, str]]) -> dict[tuple[ImageHash, str], str | None]:
        """The mark of each picture: empty where there is no picture, None where it can't be known now."""
        now = time.monotonic()
        found: dict[tuple[ImageHash, str], str | None] = {}
        async with anyio.create_task_group() as group:
            for one in dict.fromkeys(wanted):
                known = self._looks.get(one)
                if known is not None and now - known.at < _GOOD_FOR:
                    found[one] = known.mark
                else:
                    group.start_soon(self._look, one, found)
        return found

    async def _look(self, one: tuple[ImageHash, str], found: dict[tuple[ImageHash, str], str | None]) -> None:
        how, reference = one
        if self._opened is None:
            self._opened = self.fetcher()
        try:
            if how == "etag":
                mark: str | None = await self._opened.etag(reference) or ""
            else:
                picture = await self._opened.fetch(reference)
                mark = hashlib.blake2b(picture.data, digest_size=HASH_BYTES).hexdigest()
        except BadInput:
            mark = ""  # the embedder says what is wrong with it
        except Transient:
            found[one] = None
            return
        found[one] = mark
        self._looks[one] = _Look(mark, time.monotonic())
        self._looks.move_to_end(one)
        while len(self._looks) > _REMEMBERED:
            self._looks.popitem(last=False)

    async def aclose(self) -> None:
        """Close all connections."""
        if self._opened is not None:
            await self._opened.aclose()


def fingerprints_of(pipeline: Pipeline) -> Fingerprints:
    """Those of a pipeline's pictures; nothing is opened before the first look."""

    def fetcher() -> PictureFetcher:
        from embedconsole.pictures.fetch import PictureFetcher

        return PictureFetcher(_policy(pipeline).limits)

    return Fingerprints(fetcher)


def _policy(pipeline: Pipeline) -> PicturesConfig:
    """The rules for fetching: the embedder's, or the pipeline's where the embedder's service fetches."""
    for vector in pipeline.vectors.values():
        own = getattr(pipeline.embedders[vector.embedder], "pictures", None)
        sends_references = isinstance(own, SentPictures) and own.send == "reference"
        if vector.image_hash != "url" and isinstance(own, PicturesConfig) and not sends_references:
            return own
    return pipeline.pictures


@dataclass(frozen=True, slots=True)
class FingerprintedCatalog:
    """A `Catalog` that adds to each row the hash of its picture.

    Its methods block, and are called in threads that anyio has made.

    Args:
        references: The pictures of a row that count, and the kind of their marks.
    """

    catalog: Catalog
    fingerprints: Fingerprints
    references: Callable[[CatalogRow], Sequence[tuple[ImageHash, str]]]

    @property
    def columns(self) -> tuple[str, ...]:
        return self.catalog.columns

    @property
    def default_payload(self) -> tuple[str, ...]:
        return self.catalog.default_payload

    @property
    def incremental(self) -> bool:
        return self.catalog.incremental

    def scan(self, *, since: str | None = None, changed_only: bool = False) -> Iterator[Page]:
        for page in self.catalog.scan(since=since, changed_only=changed_only):
            yield Page(self._told(page.rows), page.watermark)

    def read(self, keys: Sequence[str]) -> dict[str, CatalogRow]:
        found = self.catalog.read(keys)
        return dict(zip(found, self._told(list(found.values())), strict=True))

    def _told(self, rows: Sequence[CatalogRow]) -> list[CatalogRow]:
        wanted = [self.references(row) for row in rows]
        marks = anyio.from_thread.run(self.fingerprints.marks, [one for some in wanted for one in some])
        return [_with_marks(row, some, marks) for row, some in zip(rows, wanted, strict=True)]

    def sample(self) -> ValueSample:
        return self.catalog.sample()

    def keys(self) -> Iterator[Sequence[str]]:
        return self.catalog.keys()

    def count(self) -> int:
        return self.catalog.count()

    def reads(self, key: str, *, since: str | None) -> bool:
        return self.catalog.reads(key, since=since)

    def unsettled(self) -> Iterator[Sequence[str]]:
        return self.catalog.unsettled()

    def write_back(self, settled: Sequence[Settled]) -> int:
        return self.catalog.write_back(settled)

    def check_write_back(self) -> None:
        self.catalog.check_write_back()

    def close(self) -> None:
        self.catalog.close()


def _with_marks(
    row: CatalogRow,
    wanted: Sequence[tuple[ImageHash, str]],
    marks: Mapping[tuple[ImageHash, str], str | None],
) -> CatalogRow:
    known = {one[1]: mark for one in wanted if (mark := marks[one]) is not None}
    return replace(row, pictures=known, unsure=len(known) < len({one[1] for one in wanted}))
