"""The colours.

Grey is fine, the accent is work, amber waits, red needs attention; nothing else has a colour.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.style import Style
from textual.theme import Theme

if TYPE_CHECKING:
    from collections.abc import Mapping

    from embedconsole.console.text import Tone

DARK = Theme(
    name="embedconsole-dark",
    primary="#7aa2c8",
    secondary="#7aa2c8",
    accent="#7aa2c8",
    warning="#d7a65f",
    error="#e06c6c",
    success="#8fae8b",
    foreground="#d4d4d4",
    background="#15171a",
    surface="#1c1f23",
    panel="#24282d",
    boost="#24282d",
    dark=True,
    variables={"tone-muted": "#8a9099"},
)

LIGHT = Theme(
    name="embedconsole-light",
    primary="#1f5f99",
    secondary="#1f5f99",
    accent="#1f5f99",
    warning="#8a5a00",
    error="#b3261e",
    success="#3d6b38",
    foreground="#1d2126",
    background="#fafafa",
    surface="#f0f0f0",
    panel="#e4e6e8",
    boost="#e4e6e8",
    dark=False,
    variables={"tone-muted": "#5c646e"},
)

_ANSI: dict[Tone, Style] = {
    "plain": Style(),
    "muted": Style(dim=True),
    "strong": Style(bold=True),
    "work": Style(color="cyan"),
    "wait": Style(color="yellow"),
    "alert": Style(color="red", bold=True),
    "focus": Style(color="cyan", bold=True),
    "bright": Style(reverse=True),
}


def tone_styles(variables: Mapping[str, str], *, ansi: bool) -> Mapping[Tone, Style]:
    """A style a tone; in ANSI themes the terminal's own colours."""
    if ansi:
        return _ANSI
    muted = variables.get("tone-muted") or "#8a9099"
    return {
        "plain": Style(color=variables["foreground"]),
        "muted": Style(color=muted),
        "strong": Style(color=variables["foreground"], bold=True),
        "work": Style(color=variables["primary"]),
        "wait": Style(color=variables["warning"]),
        "alert": Style(color=variables["error"], bold=True),
        "focus": Style(color=variables["primary"], bold=True),
        "bright": Style(bgcolor=variables["panel"]),
    }
