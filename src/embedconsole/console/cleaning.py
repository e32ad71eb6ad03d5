"""The net below the cleaning of outside text: a terminal is sent nothing that harms it or that it lacks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.segment import Segment
from textual.filter import LineFilter

from embedconsole.console.text import clean, is_clean

if TYPE_CHECKING:
    from textual.color import Color

_PLAIN = str.maketrans("…─━│┃╭╮╰╯┌┐└┘▔▁→•", "~--||++++++++-_>*")


class ControlFilter(LineFilter):
    """Replaces control characters in everything that is about to be written to the terminal."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The same segments; those that are Textual's own control codes are left alone."""
        return [
            segment
            if segment.control or is_clean(segment.text)
            else Segment(clean(segment.text), segment.style)
            for segment in segments
        ]


class EncodingFilter(LineFilter):
    """Replaces what a terminal's encoding has no character for by something as wide.

    Args:
        encoding: The terminal's.
    """

    def __init__(self, encoding: str) -> None:
        super().__init__()
        self._encoding = encoding

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The same segments, in characters that it has."""
        return [
            segment
            if segment.control or segment.text.isascii()
            else Segment("".join(map(self._shown, segment.text.translate(_PLAIN))), segment.style)
            for segment in segments
        ]

    def _shown(self, character: str) -> str:
        try:
            character.encode(self._encoding)
        except UnicodeEncodeError:
            return "?" * cell_len(character)
        return character
