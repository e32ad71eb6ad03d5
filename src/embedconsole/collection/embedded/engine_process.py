"""The embedded engine's process seen from ours: started when needed, asked one thing at a time."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from contextlib import suppress
from typing import IO, TYPE_CHECKING

import anyio
import orjson
from anyio.streams.buffered import BufferedByteReceiveStream

from embedconsole.collection.embedded.frames import LENGTHS, pack

if TYPE_CHECKING:
    from pathlib import Path

    from anyio.abc import ByteSendStream, Process

    from embedconsole.items import JsonObject, JsonValue

_STDERR_TAIL = 2000
_LAST_WORDS_SECONDS = 2.0
_ENDED = (anyio.EndOfStream, anyio.IncompleteRead, anyio.BrokenResourceError, ConnectionError)


class EngineEnded(Exception):
    """The process ended while it was asked; its last words are the text."""


class EngineFault(Exception):
    """The engine's process answered with a fault: its kind, as `edge_child.Answer` words it, and its text."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message


class EngineProcess:
    """One process that serves one collection.

    A request that is cancelled leaves its answer in the pipe: answers carry the number of their request, and
    the next request reads over those it did not ask for.

    Args:
        path: The directory of all collections.
        name: The collection.
    """

    def __init__(self, path: Path, name: str) -> None:
        self._command = [
            sys.executable,
            "-m",
            "embedconsole.collection.embedded.engine_worker",
            str(path),
            name,
        ]
        self._process: Process | None = None
        self._input: ByteSendStream | None = None
        self._output: BufferedByteReceiveStream | None = None
        self._stderr: IO[bytes] | None = None
        self._number = 0
        self._greeted = False
        self._expected: int | None = None

    @property
    def pid(self) -> int | None:
        """The process's id while it runs."""
        return self._process.pid if self._process is not None else None

    async def ask(self, header: JsonObject, blob: bytes = b"") -> JsonValue:
        """Send one request and return the `result` of its answer. Not for two tasks at once.

        Raises:
            EngineEnded: The process ended; the next call starts another.
            EngineSaid: It answered with a fault.
            OSError: It can't be started.
        """
        if self._process is None:
            with anyio.CancelScope(shield=True):
                await self._start()
        try:
            if not self._greeted:
                self._result(await self._answer(0))
                self._greeted = True
            self._number += 1
            number = self._number
            await self._send(self._packed({**header, "n": number}, blob))
            answer = await self._answer(number)
        except _ENDED as error:
            with anyio.CancelScope(shield=True):
                raise EngineEnded(await self._bury(dying=True)) from error
        return self._result(answer)

    def _packed(self, header: JsonObject, blob: bytes) -> bytes:
        try:
            return pack(header, blob)
        except TypeError as error:
            raise EngineFault("item", f"a payload can't be written as JSON: {error}") from error

    async def _send(self, frame: bytes) -> None:
        assert self._input is not None
        try:
            await self._input.send(frame)
        except anyio.get_cancelled_exc_class():
            # Half a frame would spoil all that follow. What was confirmed is in the engine's log.
            with anyio.CancelScope(shield=True):
                await self._bury()
            raise

    async def close(self, seconds: float) -> None:
        """Let it finish, flush and end; kill it when that takes longer than so many seconds."""
        if self._process is None:
            return
        assert self._input is not None
        with suppress(anyio.BrokenResourceError, anyio.ClosedResourceError):
            await self._input.aclose()
        with anyio.move_on_after(seconds):
            await self._process.wait()
        await self._bury()

    async def _start(self) -> None:
        self._stderr = tempfile.TemporaryFile()  # noqa: SIM115 - open as long as the process lives
        self._process = await anyio.open_process(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._stderr,  # never the terminal: the console draws there
            start_new_session=True,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._input = self._process.stdin
        self._output = BufferedByteReceiveStream(self._process.stdout)
        self._number, self._greeted, self._expected = 0, False, None

    async def _answer(self, number: int) -> JsonObject:
        """The answer to one request; those to cancelled ones before it are dropped.

        May be cancelled anywhere: what was read of an answer is kept for the next call.
        """
        assert self._output is not None
        while True:
            if self._expected is None:
                self._expected, _ = LENGTHS.unpack(await self._output.receive_exactly(LENGTHS.size))
            frame = await self._output.receive_exactly(self._expected)
            self._expected = None
            answer: JsonObject = orjson.loads(frame)
            if answer["n"] == number:
                return answer

    def _result(self, answer: JsonObject) -> JsonValue:
        if "error" in answer:
            raise EngineFault(str(answer["error"]), str(answer["message"]))
        return answer["result"]

    async def _bury(self, *, dying: bool = False) -> str:
        """Make sure that it has ended, release everything, and say how it ended.

        Args:
            dying: Its output has ended, so that it is about to end by itself.
        """
        assert self._process is not None
        assert self._stderr is not None
        process, self._process, self._input, self._output = self._process, None, None, None
        if dying:  # asyncio loses the exit code of a process that `kill` finds dead already
            with anyio.move_on_after(_LAST_WORDS_SECONDS):
                await process.wait()
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
        await process.aclose()
        self._stderr.seek(0)
        last = self._stderr.read()[-_STDERR_TAIL:].decode("utf-8", "replace").strip().splitlines()
        self._stderr.close()
        code = process.returncode
        ended = f"signal {-code}" if code is not None and code < 0 else f"exit code {code}"
        return f"the engine's process ended ({ended})" + (f": {last[-1]}" if last else "")
