"""Pictures on this machine: only those below one folder. Blocks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedconsole.faults import BadInput, Transient
from embedconsole.pictures.reference import SOURCE

if TYPE_CHECKING:
    from pathlib import Path

    from embedconsole.pictures.policy import PictureLimits
    from embedconsole.pictures.reference import LocalPicture


def read_local(picture: LocalPicture, limits: PictureLimits) -> bytes:
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


def stamp(picture: LocalPicture, limits: PictureLimits) -> str:
    """What changes when the file is written: its time and size; raises as `read_local`."""
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
