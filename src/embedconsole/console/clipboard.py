"""Copying over SSH: the terminal is asked by OSC 52 to take a text into the operator's clipboard.

The terminal does not report whether it did, and some refuse; so the text is also written to a file.
"""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

LARGEST = 74_994
"""Bytes that may be copied: what xterm's and tmux's limit of 100,000 leaves before base64."""

FILE = "copied.txt"


@dataclass(frozen=True, slots=True)
class Copied:
    """The result of copying a text.

    Attributes:
        sequence: What to send to the terminal; None when the text is too long for it.
        file: Where it was left too; None where no file could be written.
    """

    sequence: str | None
    file: Path | None

    @property
    def words(self) -> str:
        """The notice for the operator."""
        left = f"in {self.file}" if self.file is not None else "nowhere: no file could be written"
        if self.sequence is None:
            return f"Too long for the clipboard; it is {left}."
        return f"Copied. Where your terminal does not take it, it is {left}."


def copied(text: str, folder: Path, environ: Mapping[str, str]) -> Copied:
    """Leave the text in a file of `folder` that only its owner can read, and put it into a sequence."""
    data = text.encode("utf-8", errors="replace")
    return Copied(osc52(data, environ) if len(data) <= LARGEST else None, _left_in(folder, data))


def osc52(data: bytes, environ: Mapping[str, str]) -> str:
    """The sequence; within tmux in the wrapping that makes it pass it on to the terminal around it."""
    sequence = f"\x1b]52;c;{b64encode(data).decode('ascii')}\x07"
    if environ.get("TMUX"):
        return "\x1bPtmux;" + sequence.replace("\x1b", "\x1b\x1b") + "\x1b\\"
    return sequence


def _left_in(folder: Path, data: bytes) -> Path | None:
    path = folder / FILE
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_bytes(data)
    except OSError:
        return None
    return path
