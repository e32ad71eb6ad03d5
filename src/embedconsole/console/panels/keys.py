"""The line of keys: as many as fit, the most needed ones longest."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from embedconsole.console.actions import Group
from embedconsole.console.text import Span, width

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from embedconsole.console.actions import Action
    from embedconsole.console.text import Line


def keys_line(
    actions: Sequence[Action], cells: int, *, disabled: Collection[str], renamed: Mapping[str, str]
) -> Line:
    """ "s sync  space pause  r retry  ...", in the order of the table; disabled ones are in brackets.

    Where not all fit, the screens become one, "0-6 screens": there is a way to all of them, or to none.

    Args:
        disabled: Ids of the actions that can't be used now.
        renamed: Ids to words, for actions that do something else now ("resume").
    """
    shown = [action for action in actions if action.short]
    line = _line(shown, disabled, renamed)
    if width(line) <= cells:
        return line
    shown = _with_screens_as_one(shown)
    while shown:
        line = _line(shown, disabled, renamed)
        if width(line) <= cells:
            return line
        shown.remove(max(reversed(shown), key=lambda action: action.rank))
    return ()


def hints_line(hints: Sequence[tuple[str, str]], cells: int) -> Line:
    """Keys and words that are no actions of the table: those of a line that is typed into; as many as fit."""
    line = tuple(
        span
        for index, (key, word) in enumerate(hints)
        for span in (Span("  " if index else " "), Span(key, "strong"), Span(f" {word}", "muted"))
    )
    return line if width(line) <= cells or len(hints) == 1 else hints_line(hints[:-1], cells)


def _with_screens_as_one(actions: Sequence[Action]) -> list[Action]:
    screens = [action for action in actions if action.group is Group.SCREENS]
    if not screens:
        return list(actions)
    first, *others = screens
    one = replace(first, keys=_together([action.key for action in screens]), short="screens", rank=1)
    return [one if action is first else action for action in actions if action not in others]


def _together(keys: Sequence[str]) -> str:
    """ "0-6" for digits without a gap; else the keys one after the other."""
    digits = "".join(sorted(keys))
    return f"{digits[0]}-{digits[-1]}" if digits in "0123456789" else " ".join(keys)


def _line(actions: Sequence[Action], disabled: Collection[str], renamed: Mapping[str, str]) -> Line:
    spans: list[Span] = []
    for action in actions:
        word = renamed.get(action.id, action.short)
        spans.append(Span("  " if spans else " "))
        if action.id in disabled:
            spans.append(Span(f"({action.key} {word})", "muted"))
        else:
            spans += [Span(action.key, "strong"), Span(f" {word}", "muted")]
    return tuple(spans)
