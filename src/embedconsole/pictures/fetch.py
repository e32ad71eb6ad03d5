"""The picture behind a reference, wherever it is: within the limits, or a fault with a plain reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio
import anyio.to_thread

from embedconsole.faults import BadInput, Transient
from embedconsole.pictures.reference import SOURCE, InlinePicture, LocalPicture, parse_reference

if TYPE_CHECKING:
    from pathlib import Path

    from aiohttp.abc import AbstractResolver

    from embedconsole.pictures.decode import Picture
    from embedconsole.pictures.policy import PictureLimits
    from embedconsole.pictures.reference import Reference
    from embedconsole.pictures.remote import RemotePictures


class PictureFetcher:
    """Fetches pictures, each once; retries are the caller's. Belongs to the event loop that first uses it.

    Args:
        at_once: Pictures that are fetched at the same time, at most; the others wait for their turn, which
            is not counted as their time.
        lookup: Who knows the addresses of a host's name; None asks the system.
    """

    def __init__(
        self, limits: PictureLimits, *, at_once: int = 8, lookup: AbstractResolver | None = None
    ) -> None:
        self._limits = limits
        self._at_once = at_once
        self._lookup = lookup
        self._turns = anyio.CapacityLimiter(at_once)
        self._remote: RemotePictures | None = None

    async def fetch(self, reference: str) -> Picture:
        """The picture behind a reference.

        Raises:
            BadInput: It is not there, is no picture that can be read, or may not be fetched.
            Transient: It can't be fetched now: its host does not answer, or has too much to do.
        """
        # Pillow: an etag has no use for it.
        from embedconsole.pictures.decode import inspected

        parsed = parse_reference(reference)
        async with self._turns:
            data = await self._read(parsed)
            if len(data) > self._limits.max_bytes:
                raise BadInput(SOURCE, f"its picture is larger than {self._limits.max_bytes / 1e6:,.1f} MB")
            return await anyio.to_thread.run_sync(inspected, data, self._limits.max_pixels)

    async def etag(self, reference: str) -> str | None:
        """A short text that changes when the picture does, without fetching it; raises as `fetch`.

        Returns:
            The server's ETag or Last-Modified, a file's time and size; None where there is nothing to go by
            (a `data:` reference changes with its picture).
        """
        parsed = parse_reference(reference)
        if isinstance(parsed, InlinePicture):
            return None
        async with self._turns:
            if isinstance(parsed, LocalPicture):
                return await anyio.to_thread.run_sync(_stamp, parsed, self._limits)
            return await self._opened().etag(parsed)

    async def aclose(self) -> None:
        """Close all connections."""
        if self._remote is not None:
            await self._remote.aclose()
            self._remote = None

    async def _read(self, parsed: Reference) -> bytes:
        if isinstance(parsed, InlinePicture):
            return parsed.data
        if isinstance(parsed, LocalPicture):
            return await anyio.to_thread.run_sync(_read_local, parsed, self._limits)
        return await self._opened().read(parsed)

    def _opened(self) -> RemotePictures:
        if self._remote is None:
            from embedconsole.pictures.remote import RemotePictures  # aiohttp: local paths do without

            self._remote = RemotePictures(self._limits, connections=self._at_once, lookup=self._lookup)
        return self._remote


def _read_local(picture: LocalPicture, limits: PictureLimits) -> bytes:
    """The file's bytes; one more than allowed where it is larger.

    Raises:
        BadInput: It is not there, is outside of the folder, or may not be read.
        Transient: The folder is not there, or the disk fails.
    """
    path = _located(picture, limits)
    try:
        with path.open("rb") as file:
            return file.read(limits.max_bytes + 1)
    except PermissionError as error:
        raise BadInput(SOURCE, "its picture's file may not be read by us") from error
    except OSError as error:
        raise _unread(error) from error


def _stamp(picture: LocalPicture, limits: PictureLimits) -> str:
    """What changes when the file is written: its time and size; raises as `_read_local`."""
    try:
        state = _located(picture, limits).stat()
    except OSError as error:
        raise _unread(error) from error
    return f"{state.st_mtime_ns}-{state.st_size}"


def _located(picture: LocalPicture, limits: PictureLimits) -> Path:
    if limits.folder is None:
        raise BadInput(SOURCE, "its picture is a local path: set pictures.folder to where those begin")
    try:
        folder = limits.folder.resolve(strict=True)
    except OSError as error:
        # A share that is not mounted: nothing is known of what is in it.
        raise Transient(SOURCE, "the folder of the pictures (pictures.folder) is not there") from error
    try:
        # Links are followed before it is compared: none may lead out.
        path = (folder / picture.path).resolve()
        inside, regular = path.is_relative_to(folder), path.is_file()
    except (OSError, RuntimeError, ValueError) as error:
        raise BadInput(SOURCE, "its picture's path can't be used") from error
    if not inside:
        raise BadInput(SOURCE, "its picture's path leads out of pictures.folder")
    if not regular:
        raise BadInput(SOURCE, "its picture is not there: no such file in pictures.folder")
    return path


def _unread(error: OSError) -> Transient:
    return Transient(
        SOURCE, f"its picture's file can't be read now: {error.strerror or type(error).__name__}"
    )
