"""The process of the embedded engine: `python -m embedconsole.collection.embedded.engine_worker PATH NAME`.

The engine never releases the GIL, so it would stall everything beside it. Requests come as frames on stdin
and are answered in order on stdout; the end of stdin is the end of the parent, and of this process.
"""

from __future__ import annotations

import contextlib
import errno
import os
import queue
import signal
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, cast
from urllib.parse import quote

import orjson

from embedconsole.collection.embedded.edge_filters import engine_filter
from embedconsole.collection.embedded.edge_search import Asked, NoPoint
from embedconsole.collection.embedded.edge_store import CollectionExists, EdgeStore, NoCollection
from embedconsole.collection.embedded.frames import LENGTHS, pack
from embedconsole.collection.embedded.lock import DirectoryLock

if TYPE_CHECKING:
    from embedconsole.collection.embedded.edge_search import EngineId
    from embedconsole.collection.embedded.edge_store import Specs
    from embedconsole.items import JsonObject, JsonValue, PointId

FLUSH_SECONDS = 5.0
"""How much a power cut can lose at most; a kill loses nothing that was confirmed."""

_LOCK_SECONDS = 10.0
"""How long to wait for the lock of a dead holder: the engine of a process that was killed ends soon."""

_SHAPE = ("Vector dimension error", "Not existing vector name")
_Header: TypeAlias = "JsonObject"
_Request: TypeAlias = "tuple[_Header, bytes] | None"


@dataclass(frozen=True, slots=True)
class EngineReply:
    """The words in which faults cross the pipe; the parent makes them faults."""

    error: str
    message: str


class InUse(Exception):
    """Another process has the collection open."""

    def __init__(self, path: Path, holder: str) -> None:
        message = f"the embedded collection at {path} is open in another process (pid {holder})"
        super().__init__(message)
        self.answer = EngineReply("locked", message)


def main() -> None:
    """Serve one collection until stdin ends."""
    # A terminal's ^C and a service manager's SIGTERM reach every process; the parent drains, then ends us.
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    output = os.dup(1)
    os.dup2(2, 1)  # whatever the engine prints must not get between the frames
    path, name = Path(sys.argv[1]), sys.argv[2]
    requests: queue.SimpleQueue[_Request] = queue.SimpleQueue()
    threading.Thread(target=_read, args=(requests,), daemon=True).start()
    try:
        store = _open(path, name)
    except Exception as error:  # noqa: BLE001 - the engine raises nothing more precise
        refusal = error.answer if isinstance(error, InUse) else None
        with contextlib.suppress(BrokenPipeError):
            _send(output, _failure(refusal or EngineReply("refused-open", f"can't be opened: {error}"), 0))
        os._exit(1)
    _send(output, {"n": 0, "result": None})
    with contextlib.suppress(BrokenPipeError):
        _serve(store, requests, output)
    store.flush()
    store.tidy()
    store.close()
    os._exit(0)  # the reading thread may still sit in a read


def _open(path: Path, name: str) -> EdgeStore:
    path.mkdir(parents=True, exist_ok=True)
    file_name = quote(name, safe="")
    lock = DirectoryLock(path / f"{file_name}.lock")
    end = time.monotonic() + _LOCK_SECONDS
    while (holder := lock.acquire(os.getppid())) is not None:
        if time.monotonic() > end or _lives(holder):
            raise InUse(path, holder)
        time.sleep(0.05)
    return EdgeStore(path / file_name)


def _lives(holder: str) -> bool:
    """Whether the process that holds the lock runs; on Windows there is no harmless way to ask."""
    if not holder.isdecimal() or sys.platform == "win32":
        return True
    try:
        os.kill(int(holder), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _read(requests: queue.SimpleQueue[_Request]) -> None:
    """Bytes of stdin to requests. By descriptor, as sys.stdin's lock would stop the interpreter's end."""
    while (lengths := _exactly(LENGTHS.size)) is not None:
        header_size, blob_size = LENGTHS.unpack(lengths)
        header, blob = _exactly(header_size), _exactly(blob_size)
        if header is None or blob is None:
            break
        requests.put((orjson.loads(header), blob))
    requests.put(None)


def _exactly(size: int) -> bytes | None:
    """So many bytes; None when stdin ends before."""
    parts: list[bytes] = []
    while size:
        part = os.read(0, min(size, 1 << 20))
        if not part:
            return None
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def _serve(store: EdgeStore, requests: queue.SimpleQueue[_Request], output: int) -> None:
    flushed = time.monotonic()
    untidy = False
    while True:
        try:
            request = requests.get(timeout=FLUSH_SECONDS)
        except queue.Empty:  # idle: the time for what holds up requests
            store.flush()
            if untidy:
                store.tidy()
                untidy = False
            continue
        if request is None:
            return
        header, blob = request
        number = header.get("n")
        try:
            reply: JsonObject = {"n": number, "result": _do(store, header, blob)}
        except Exception as error:  # noqa: BLE001 - the engine raises nothing more precise
            reply = _failure(_answer_of(error), number)
        _send(output, reply)
        untidy = untidy or store.dirty
        if store.dirty and time.monotonic() - flushed > FLUSH_SECONDS:
            store.flush()
            flushed = time.monotonic()


def _do(store: EdgeStore, header: _Header, blob: bytes) -> JsonValue:
    """One request; the parent is of the same version, so the form of its frames is taken for granted."""
    match header["op"]:
        case "describe":
            return store.describe()
        case "create":
            store.create(cast("Specs", header["vectors"]), cast("dict[str, str]", header["indexes"]))
        case "add_vector":
            store.add_vector(str(header["name"]), cast("dict[str, int | str]", header["spec"]))
        case "drop":
            store.drop()
        case "create_index":
            store.create_index(str(header["path"]), str(header["kind"]))
        case "upsert":
            payloads = cast("list[JsonObject]", header["payloads"])
            store.upsert(cast("list[PointId]", header["ids"]), header["shapes"], blob, payloads)
        case "update":
            payloads = cast("list[JsonObject]", header["payloads"])
            ids = cast("list[PointId]", header["ids"])
            gone = cast("list[str]", header["without_vectors"]), cast("list[str]", header["without_fields"])
            return cast("list[JsonValue]", store.update(ids, header["shapes"], blob, payloads, *gone))
        case "delete":
            store.delete(cast("list[EngineId]", header["ids"]))
        case "retrieve":
            return store.retrieve(cast("list[EngineId]", header["ids"]))
        case "stored":
            return store.stored(cast("list[EngineId]", header["ids"]))
        case "scroll":
            start = cast("EngineId | None", header["start"])
            fields = cast("list[str] | None", header["fields"])
            return store.scroll(start, fields, cast("int", header["limit"]))
        case "search":
            return store.search(header["shapes"], blob, _asked(header))
        case "similar":
            return store.similar(cast("EngineId", header["id"]), _asked(header))
    return None


def _asked(header: _Header) -> Asked:
    group_by = header["group_by"]
    return Asked(
        using=str(header["using"]),
        limit=cast("int", header["limit"]),
        filter=engine_filter(header["filter"]),
        group_by=None if group_by is None else str(group_by),
    )


def _answer_of(error: Exception) -> EngineReply:
    text = str(error)
    match error:
        case NoCollection():
            return EngineReply("missing", "does not exist")
        case CollectionExists():
            return EngineReply("refused", "exists already")
        case OSError() if error.errno == errno.ENOSPC:
            return EngineReply("transient", f"out of disk: {text}")
        case PermissionError():
            return EngineReply("refused", text)
        case NoPoint() | TypeError() | ValueError():
            return EngineReply("item", text)
    if any(words in text for words in _SHAPE):
        return EngineReply("shape", text)
    return EngineReply("transient", text)


def _failure(answer: EngineReply, number: JsonValue) -> JsonObject:
    return {"n": number, "error": answer.error, "message": answer.message}


def _send(output: int, reply: JsonObject) -> None:
    frame = memoryview(pack(reply))
    while frame:
        frame = frame[os.write(output, frame) :]


if __name__ == "__main__":
    main()
