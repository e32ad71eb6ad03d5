"""A collection in the embedded engine: Qdrant's own, in a process of its own, without a server."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, cast

import anyio
import numpy as np

from embedconsole.collection.embedded.aliases import read_aliases, write_alias
from embedconsole.collection.embedded.engine_process import EngineEnded, EngineFault, EngineProcess
from embedconsole.collection.embedded.frames import pack_vectors
from embedconsole.collection.filters import to_filter
from embedconsole.collection.qdrant.errors import REMEDY_INIT, REMEDY_SHAPE, SOURCE, ServerAddress
from embedconsole.collection.qdrant.server import parse_records, stored_point
from embedconsole.faults import BadInput, Fault, Refused, Transient
from embedconsole.filters import EVERYTHING
from embedconsole.items import CollectionState, Hit, Naming, PointPage, VectorSpec
from embedconsole.payload_paths import paths_of
from embedconsole.pieces import portions

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from embedconsole.filters import Scope
    from embedconsole.items import (
        CollectionSchema,
        Distance,
        IndexType,
        JsonObject,
        JsonValue,
        Optimizations,
        PointId,
        Points,
        StoredPoint,
    )


_HOLDER_BYTES = 32
_LOCKED_BYTE = 1024
"""The byte that Windows locks, away from the holder's number, which others have to read."""


class DirectoryLock:
    """Held from `acquire` until the process ends.

    Args:
        path: The lock's file; made when it is not there, and left behind.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: int | None = None

    def acquire(self, holder: int) -> str | None:
        """Take the lock.

        Args:
            holder: The process id that other processes see.

        Returns:
            None when it is ours now, else the process id of the holder, or "unknown".

        Raises:
            OSError: The file can't be made.
        """
        file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o644)
        if not _try_lock(file):
            known = os.read(file, _HOLDER_BYTES)
            os.close(file)
            return known.decode("ascii", "replace").strip() or "unknown"
        os.ftruncate(file, 0)
        os.write(file, f"{holder}\n".encode())
        self._file = file
        return None


if sys.platform == "win32":
    import msvcrt

    def _try_lock(file: int) -> bool:
        os.lseek(file, _LOCKED_BYTE, os.SEEK_SET)
        try:
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        finally:
            os.lseek(file, 0, os.SEEK_SET)
        return True
else:
    import fcntl

    def _try_lock(file: int) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


_CLOSE_SECONDS = 30.0
_PAGE = 10_000
_STORED_PAGE = 1_000


class EmbeddedCollection:
    """One collection in a directory, as a `Collection`.

    Searches are exact, about 0.1 ms for a thousand points of 512 dimensions. Only one process at a time can
    have it open; the first call that needs it starts the engine's process.

    Args:
        path: The directory of all embedded collections; made when it is not there.
        name: The collection; a directory of its own in there.
        timeout: Seconds for one call.
    """

    def __init__(self, path: Path, name: str, *, timeout: float = 60.0) -> None:
        self._place = ServerAddress(f"collection {name} in {path}")
        self._folder = path
        self._name = name
        self._timeout = timeout
        self._engine = EngineProcess(path, name)
        self._turn = anyio.Lock()

    @property
    def target(self) -> str:
        return self._place.target

    @property
    def engine_pid(self) -> int | None:
        """The id of the engine's process while it runs."""
        return self._engine.pid

    async def describe(self) -> CollectionState | None:
        found = await self._ask({"op": "describe"})
        if not isinstance(found, dict):
            return None
        specs = cast("dict[str, dict[str, int | str]]", found["vectors"])
        return CollectionState(
            status="green",
            points=cast("int", found["points"]),
            indexed_vectors=cast("int", found["indexed_vectors"]),
            segments=cast("int", found["segments"]),
            vectors={
                name: VectorSpec(
                    int(spec["size"]), cast("Distance", spec["distance"]), bool(spec.get("multivector"))
                )
                for name, spec in specs.items()
            },
            indexes=cast("dict[str, str]", found["indexes"]),
            queue=0,
            disk_bytes=cast("int", found["disk_bytes"]),
            indexed_points=cast("dict[str, int]", found["indexed_points"]),
        )

    async def naming(self) -> Naming:
        with self._files():
            aliases = read_aliases(self._folder)
        own_name = aliases.get(self._name, self._name)
        return Naming(own_name, tuple(sorted(alias for alias, to in aliases.items() if to == own_name)))

    async def optimizations(self) -> Optimizations | None:
        return None  # it optimizes only while it is idle, and then answers no request

    async def create(self, schema: CollectionSchema) -> None:
        vectors: JsonObject = {name: asdict(spec) for name, spec in schema.vectors.items()}
        await self._ask({"op": "create", "vectors": vectors, "indexes": dict(schema.indexes)})

    async def create_index(self, path: str, kind: IndexType) -> None:
        await self._ask({"op": "create_index", "path": path, "kind": kind})

    async def add_vector(self, name: str, spec: VectorSpec) -> bool:
        await self._ask({"op": "add_vector", "name": name, "spec": asdict(spec)})
        return True

    async def set_indexing_threshold(self, kilobytes: int) -> None:
        """Do nothing: the engine builds no index and searches all points."""

    async def take_alias(self, alias: str) -> None:
        with self._files():
            write_alias(self._folder, alias, self._name)

    async def drop(self) -> None:
        await self._ask({"op": "drop"})

    async def upsert(self, points: Points) -> None:
        if not points.ids:
            return
        shapes, blob = pack_vectors(points.vectors)
        header: JsonObject = {
            "op": "upsert",
            "ids": list(points.ids),
            "payloads": list(points.payloads),
            "shapes": shapes,
        }
        await self._ask(header, blob)

    async def update(self, points: Points) -> frozenset[PointId]:
        if not points.ids:
            return frozenset()
        shapes, blob = pack_vectors(points.vectors)
        header: JsonObject = {
            "op": "update",
            "ids": list(points.ids),
            "payloads": list(points.payloads),
            "shapes": shapes,
            "without_vectors": list(points.without_vectors),
            "without_fields": list(paths_of(points.without_fields)),
        }
        return frozenset(cast("list[PointId]", await self._ask(header, blob)))

    async def delete(self, ids: Sequence[PointId]) -> None:
        for some in portions(ids, _PAGE):
            await self._ask({"op": "delete", "ids": list(some)})

    async def retrieve(self, ids: Sequence[PointId]) -> Mapping[PointId, JsonObject]:
        found: dict[PointId, JsonObject] = {}
        for some in portions(ids, _PAGE):
            pairs = await self._ask({"op": "retrieve", "ids": list(some)})
            found.update(cast("list[tuple[PointId, JsonObject]]", pairs))
        return found

    async def stored(self, ids: Sequence[PointId]) -> Mapping[PointId, StoredPoint]:
        found: dict[PointId, StoredPoint] = {}
        for some in portions(ids, _STORED_PAGE):
            records = await self._ask({"op": "stored", "ids": list(some)})
            found |= {point: stored_point(record) for point, record in parse_records(records)}
        return found

    async def scroll(
        self, start: PointId | None, *, fields: Sequence[str] | None = None, limit: int
    ) -> PointPage:
        wanted: JsonValue = None if fields is None else list(fields)
        page = await self._ask({"op": "scroll", "start": start, "fields": wanted, "limit": limit})
        points, following = cast("tuple[list[tuple[PointId, JsonObject]], PointId | None]", page)
        return PointPage([(point, payload) for point, payload in points], following)

    async def search(
        self, vector: NDArray[np.float32], *, using: str, limit: int, scope: Scope = EVERYTHING
    ) -> list[Hit]:
        shapes, blob = pack_vectors({"query": np.asarray(vector, dtype=np.float32).reshape(1, -1)})
        return _hits(await self._ask({"op": "search", "shapes": shapes, **_asked(using, limit, scope)}, blob))

    async def similar(
        self, point: PointId, *, using: str, limit: int, scope: Scope = EVERYTHING
    ) -> list[Hit]:
        return _hits(await self._ask({"op": "similar", "id": point, **_asked(using, limit, scope)}))

    async def aclose(self) -> None:
        async with self._turn:
            await self._engine.close(_CLOSE_SECONDS)

    async def _ask(self, header: JsonObject, blob: bytes = b"") -> JsonValue:
        """One call of the engine's process; what goes wrong becomes a fault."""
        async with self._turn:
            try:
                with anyio.fail_after(self._timeout or None):
                    return await self._engine.ask(header, blob)
            except EngineFault as error:
                if error.kind in ("locked", "refused-open"):
                    await self._engine.close(_CLOSE_SECONDS)
                raise self._fault(error) from error
            except EngineEnded as error:
                raise Transient(SOURCE, f"{self.target}: {self._place.clean(str(error))}") from error
            except TimeoutError as error:
                raise Transient(SOURCE, f"{self.target} did not answer in time") from error
            except OSError as error:
                raise Transient(SOURCE, f"{self.target}: the engine can't be started: {error}") from error

    @contextmanager
    def _files(self) -> Iterator[None]:
        try:
            yield
        except (OSError, ValueError) as error:
            raise Refused(SOURCE, f"{self.target}: its aliases can't be used: {error}") from error

    def _fault(self, said: EngineFault) -> Fault:
        text = self._place.clean(said.message)
        match said.kind:
            case "missing":
                return Refused(SOURCE, f"{self.target} does not exist", remedy=REMEDY_INIT)
            case "locked":
                return Refused(SOURCE, text, remedy="Use a Qdrant server to share it")
            case "shape":
                return Refused(SOURCE, f"{self.target}: {text}", remedy=REMEDY_SHAPE)
            case "refused" | "refused-open":
                return Refused(SOURCE, f"{self.target} {text}")
            case "item":
                return BadInput(SOURCE, f"{self.target}: {text}")
        return Transient(SOURCE, f"{self.target}: {text}")


def _asked(using: str, limit: int, scope: Scope) -> JsonObject:
    return {
        "using": using,
        "limit": limit,
        "filter": to_filter(scope.where),
        "group_by": scope.group_by,
    }


def _hits(found: JsonValue) -> list[Hit]:
    return [Hit(*hit) for hit in cast("list[tuple[PointId, float, JsonObject, str | int | None]]", found)]
