"""What is particular to the embedded engine: its process, its lock, and what a kill leaves."""

from __future__ import annotations

import os
import signal
import sys
from typing import TYPE_CHECKING

import anyio
import pytest

from collection.samples import PLAIN, payload, payloads, plain_points
from embedconsole.collection.embedded.embedded import EmbeddedCollection
from embedconsole.faults import Refused, Transient

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.anyio

_PARENT = """
import sys, time, anyio
from pathlib import Path
from embedconsole.collection.embedded.embedded import EmbeddedCollection
async def main():
    collection = EmbeddedCollection(Path(sys.argv[1]), "products")
    await collection.describe()
    print(collection.engine_pid, flush=True)
    await anyio.sleep_forever()
anyio.run(main)
"""


async def test_what_was_written_is_there_when_opened_again(tmp_path: Path) -> None:
    for start in (0, 10):
        collection = EmbeddedCollection(tmp_path, "products")
        if start == 0:
            await collection.create(PLAIN)
        await collection.upsert(plain_points(list(range(start, start + 10))))
        await collection.aclose()
    collection = EmbeddedCollection(tmp_path, "products")
    state = await collection.describe()
    assert state is not None
    assert (state.points, state.indexes, state.vectors) == (20, PLAIN.indexes, PLAIN.vectors)
    assert state.disk_bytes is not None
    assert state.disk_bytes > 0
    await collection.aclose()


async def test_collections_of_one_directory_do_not_disturb_each_other(tmp_path: Path) -> None:
    first, second = EmbeddedCollection(tmp_path, "a/../b"), EmbeddedCollection(tmp_path, "other")
    for number, collection in enumerate((first, second)):
        await collection.create(PLAIN)
        await collection.upsert(plain_points([number]))
    assert set(await first.retrieve([0, 1])) == {0}
    assert set(await second.retrieve([0, 1])) == {1}
    await first.aclose()
    await second.aclose()


async def test_a_second_process_is_refused_with_the_holders_pid(
    embedded_collection: EmbeddedCollection, tmp_path: Path
) -> None:
    await embedded_collection.create(PLAIN)
    second = EmbeddedCollection(tmp_path / "qdrant", "products")
    with pytest.raises(Refused, match=rf"open in another process \(pid {os.getpid()}\)") as caught:
        await second.describe()
    assert caught.value.remedy == "Use a Qdrant server to share it"
    await embedded_collection.upsert(plain_points([1]))  # the first goes on
    await embedded_collection.aclose()
    assert set(await second.retrieve([1])) == {1}
    await second.aclose()


async def test_a_killed_engine_loses_no_confirmed_point_and_comes_back(
    embedded_collection: EmbeddedCollection,
) -> None:
    await embedded_collection.create(PLAIN)
    for round_ in range(3):
        first = round_ * 100
        await embedded_collection.upsert(plain_points(list(range(first, first + 100))))
        await embedded_collection.update(payloads({first: {"round": round_}}))
        pid = embedded_collection.engine_pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        with pytest.raises(Transient, match="signal 9"):
            await embedded_collection.describe()
        found = await embedded_collection.retrieve(list(range(first + 101)))
        assert set(found) == set(range(first + 100))
        assert found[first] == {**payload(0), "round": round_}
        assert embedded_collection.engine_pid != pid
    state = await embedded_collection.describe()
    assert state is not None
    assert state.indexes == PLAIN.indexes


async def test_the_engine_ignores_the_terminals_signals(embedded_collection: EmbeddedCollection) -> None:
    await embedded_collection.create(PLAIN)
    pid = embedded_collection.engine_pid
    assert pid is not None
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        os.kill(pid, number)
    assert os.getsid(pid) != os.getsid(0)
    await embedded_collection.upsert(plain_points([1]))
    assert embedded_collection.engine_pid == pid


async def test_the_death_of_the_parent_ends_the_engine(tmp_path: Path) -> None:
    async with await anyio.open_process([sys.executable, "-c", _PARENT, str(tmp_path)]) as parent:
        assert parent.stdout is not None
        engine = int(await parent.stdout.receive())
        ended = os.pidfd_open(engine)
        parent.kill()
    with anyio.fail_after(10):
        await anyio.wait_readable(ended)
    os.close(ended)
    collection = EmbeddedCollection(tmp_path, "products")
    assert await collection.describe() is None  # the lock is free
    await collection.aclose()


async def test_a_cancelled_call_does_not_confuse_the_next(embedded_collection: EmbeddedCollection) -> None:
    await embedded_collection.create(PLAIN)
    await embedded_collection.upsert(plain_points(list(range(2000))))
    for steps in range(12):
        async with anyio.create_task_group() as group:
            group.start_soon(embedded_collection.retrieve, list(range(2000)))
            for _ in range(steps):
                await anyio.lowlevel.checkpoint()
            group.cancel_scope.cancel()
        assert await embedded_collection.retrieve([steps]) == {steps: payload(steps)}


async def test_calls_of_many_tasks_are_served_one_after_the_other(
    embedded_collection: EmbeddedCollection,
) -> None:
    await embedded_collection.create(PLAIN)

    async def write(first: int) -> None:
        await embedded_collection.upsert(plain_points(list(range(first, first + 50))))
        assert len(await embedded_collection.retrieve(list(range(first, first + 50)))) == 50

    async with anyio.create_task_group() as group:
        for worker in range(8):
            group.start_soon(write, worker * 50)
    state = await embedded_collection.describe()
    assert state is not None
    assert state.points == 400


async def test_the_engine_writes_nothing_to_our_terminal(tmp_path: Path) -> None:
    """stderr and stdout of the engine's process are a file and a pipe, whatever ours are."""
    collection = EmbeddedCollection(tmp_path, "products")
    await collection.describe()
    pid = collection.engine_pid
    ours = {(os.fstat(number).st_dev, os.fstat(number).st_ino) for number in (1, 2)}
    for number in (1, 2):
        theirs = await anyio.Path(f"/proc/{pid}/fd/{number}").stat()
        assert (theirs.st_dev, theirs.st_ino) not in ours
    await collection.aclose()


async def test_a_directory_that_cant_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    collection = EmbeddedCollection(tmp_path / "file", "products")
    with pytest.raises(Refused, match="can't be opened"):
        await collection.describe()
    await collection.aclose()


async def test_a_broken_collection_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "products").mkdir()
    meta = tmp_path / "products" / "collection.json"
    meta.write_text('{"version":1,"shard":"shard-gone","vectors":{}}')
    collection = EmbeddedCollection(tmp_path, "products")
    with pytest.raises(Refused, match="can't be opened"):
        await collection.describe()
    await collection.aclose()
    assert meta.exists()
