"""What the sheets say: the help, the checks of `test` and what `init` found."""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedconsole.console.actions import Effect, Group, shown_key
from embedconsole.console.panels.wrapping import words_in, wrapped
from embedconsole.console.questions import difference_words
from embedconsole.console.text import BLANK, Span, clean, left, right

if TYPE_CHECKING:
    from collections.abc import Sequence

    from embedconsole.collection.compare import Difference
    from embedconsole.console.actions import Action
    from embedconsole.console.text import Line, Tone
    from embedconsole.sync.inspect.checks import Check
    from embedconsole.sync.inspect.init import Initialised, InitPlan

_KEYS = 10
_TITLE = 20
_SUBJECT = 22


def help_lines(actions: Sequence[Action], place: str, cells: int) -> list[Line]:
    """All actions, those of the screen `place` first, those of other screens last."""
    chapters = [(f"On this screen ({place})", [one for one in actions if place in one.where])]
    chapters += [(group, [one for one in actions if one.group is group and not one.where]) for group in Group]
    chapters.append(("On other screens", [one for one in actions if one.where and place not in one.where]))
    lines: list[Line] = []
    for title, chapter in chapters:
        if chapter:
            lines += [*([BLANK] if lines else ()), (Span(f" {title}", "muted"),)]
            lines += [line for action in chapter for line in _help(action, place, cells)]
    return lines


def _help(action: Action, place: str, cells: int) -> list[Line]:
    text = action.help
    if action.effect in (Effect.COSTS, Effect.WRITES):
        text += f" ({action.effect})"
    if action.where and place not in action.where:
        text = f"{', '.join(action.where)}: {text}"
    first, *rest = words_in(text, max(10, cells - _KEYS - _TITLE - 2)) or [""]
    keys = " ".join(dict.fromkeys(shown_key(key) for key in action.keys.split(",")))
    return [
        (Span(f" {left(keys, _KEYS)}", "strong"), Span(left(action.title, _TITLE)), Span(first, "muted")),
        *((Span(" " * (_KEYS + _TITLE + 1) + more, "muted"),) for more in rest),
    ]


def check_lines(
    checks: Sequence[Check], subjects: Sequence[str], cells: int, failed: str | None
) -> list[Line]:
    """A line each, in the order they are tried; those still to come are grey."""
    lines: list[Line] = []
    for check in checks:
        mark = Span(" ok   ", "muted") if check.ok else Span(" FAIL ", "alert")
        head = (mark, Span(left(clean(check.subject), _SUBJECT)), Span(_milliseconds(check.seconds), "muted"))
        lines += _beside(head, clean(check.detail), cells, "muted" if check.ok else "alert")
    done = len(checks)
    for index, subject in enumerate(subjects[done:]):
        trying = index == 0 and failed is None
        lines.append((Span("  ... " if trying else "      ", "work"), Span(clean(subject), "muted")))
    if failed is not None:
        lines += [BLANK, *wrapped(clean(failed), cells, "alert")]
    elif done >= len(subjects):
        bad = sum(not check.ok for check in checks)
        text = f"{bad} of {done} failed." if bad else "All is well."
        lines += [BLANK, (Span(f" {text}", "alert" if bad else "strong"),)]
    return lines


def _milliseconds(seconds: float) -> str:
    return right(f"{seconds * 1000:,.0f} ms", 10)


def _beside(head: Line, text: str, cells: int, tone: Tone) -> list[Line]:
    """The text at the right of a head, going on below it, indented."""
    indent = 6
    room = cells - indent - 1
    return [head, *((Span(" " * indent + line, tone),) for line in words_in(text, room))]


def initialised_lines(result: Initialised, cells: int) -> list[Line]:
    """What `init` did and found."""
    vectors = ", ".join(
        f"{name + ' ' if name else ''}{spec.words}" for name, spec in result.schema.vectors.items()
    )
    target = clean(result.target)
    if result.created:
        lines = wrapped(f"Created {target}.", cells, "strong")
        lines += wrapped(f"vectors: {clean(vectors)}", cells, "plain")
        for path, kind in result.schema.indexes.items():
            lines += wrapped(f"payload index {clean(path)} {kind}", cells, "muted")
        return lines
    lines = wrapped(f"{target} exists; nothing was dropped.", cells, "strong")
    for path in result.added:
        lines += wrapped(
            f"added the payload index {clean(path)} {result.schema.indexes[path]}", cells, "work"
        )
    return [*lines, *_left(result.left, cells)]


def compared_lines(plan: InitPlan, cells: int) -> list[Line]:
    """What `init` found where there is nothing for it to do."""
    target = clean(plan.target)
    if not plan.left:
        return wrapped(f"{target} exists and is as configured: there is nothing to do.", cells, "strong")
    text = f"{target} exists. There is nothing to add, but it is not as configured:"
    return [*wrapped(text, cells, "strong"), BLANK, *_left(plan.left, cells)]


def _left(left: Sequence[Difference], cells: int) -> list[Line]:
    lines: list[Line] = []
    for one in left:
        words = f"{'REFUSED' if one.blocking else 'differs'}: {difference_words(one)}"
        lines += wrapped(clean(words), cells, "alert" if one.blocking else "wait")
    return lines
