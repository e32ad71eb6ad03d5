"""The dialogs: a sheet of lines, a question, the choice of what to embed again; and their texts."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, Literal, TypeVar

from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Static

from embedconsole.console.actions import Effect, Group, shown_key
from embedconsole.console.text import BLANK, Span, clean, left, right, words_in, wrapped
from embedconsole.console.widgets.base import Lines, Panel
from embedconsole.faults import ConfigError, Fault
from embedconsole.sync.daemon.orders import OrderedRun

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Sequence

    from textual.app import ComposeResult
    from textual.binding import BindingType
    from textual.events import Key

    from embedconsole.collection.compare import Difference
    from embedconsole.console.actions import Action
    from embedconsole.console.text import Glyphs, Line, Tone
    from embedconsole.sync.inspect.checks import Check
    from embedconsole.sync.run.init import Initialised, InitPlan


Answer = TypeVar("Answer")

_USUAL_WIDTH = 72
_AROUND = 5


class Sheet(ModalScreen[None]):
    """Shows `lines_of(cells)`; `redraw` after something came in."""

    CSS_PATH = "dialogs.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,enter", "dismiss", "Close", show=False),
        Binding("up,k", "scroll(-1)", show=False),
        Binding("down,j", "scroll(1)", show=False),
        Binding("pageup", "scroll(-10)", show=False),
        Binding("pagedown,space", "scroll(10)", show=False),
        Binding("home,g", "scroll(-1000000)", show=False),
        Binding("end,G", "scroll(1000000)", show=False),
    ]

    def __init__(self, title: str, lines_of: Callable[[int], list[Line]], glyphs: Glyphs) -> None:
        super().__init__()
        self._lines_of = lines_of
        self._changes = 0
        self._panel: Panel[int] = Panel(
            title, 0, lambda _, cells, height: lines_of(cells), glyphs=glyphs, id="sheet"
        )

    def compose(self) -> ComposeResult:
        """The panel, and how to close it."""
        with Vertical(id="box"):
            yield self._panel
            yield Lines([(Span("esc", "strong"), Span(" closes", "muted"))], id="hint")

    def on_mount(self) -> None:
        """Ready to be sized."""
        self._take_room()

    def on_resize(self) -> None:
        """More or less room."""
        self._take_room()

    def redraw(self) -> None:
        """The lines are others now."""
        self._changes += 1
        self._panel.show(self._changes)
        self._take_room()

    def action_scroll(self, lines: int) -> None:
        """Scroll it."""
        self._panel.scroll(lines)

    def _take_room(self) -> None:
        """As high as its lines, at most as high as the screen."""
        lines = self._lines_of(self._panel.size.width or _USUAL_WIDTH)
        self._panel.styles.height = max(2, min(len(lines) + 1, self.app.size.height - _AROUND))


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
    """The text at the right of a heading, continued below it, indented."""
    indent = 6
    room = cells - indent - 1
    return [head, *((Span(" " * indent + line, tone),) for line in words_in(text, room))]


def initialised_lines(result: Initialised, cells: int) -> list[Line]:
    """The result of `init`."""
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


def difference_words(one: Difference) -> str:
    """A difference and what to do about it, in a line."""
    return f"{one.field} is {one.have or 'missing'}, configured is {one.want or 'nothing'}: {one.remedy}"


def compared_lines(plan: InitPlan, cells: int) -> list[Line]:
    """The comparison by `init` where it has nothing to do."""
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


class AskDialog(ModalScreen[Answer]):
    """Asks before money is spent or something changes: only a key typed at what is drawn answers it."""

    CSS_PATH = "dialogs.tcss"
    EARLY: ClassVar[Collection[str]] = ()
    """Keys that are taken before the question is drawn: they do nothing but open an input."""

    _drawn_at: float | None = None

    def takes(self, key: Key) -> bool:
        """Whether the key was typed after the question was drawn as it is now, or is text."""
        seen = self._drawn_at is not None and key.time > self._drawn_at
        return seen or isinstance(self.focused, Input) or key.key in self.EARLY

    def changed(self) -> None:
        """The text is another one: no key is taken until it is drawn."""
        self._drawn_at = None
        self.call_after_refresh(self._drawn)

    def _drawn(self) -> None:
        self._drawn_at = time.monotonic()


class ConfirmDialog(AskDialog[bool]):
    """Gives True only when the operator chose to.

    Args:
        yes: What the button that does it says.
        focus: The answer that enter gives: No, but for what costs and removes nothing.
    """

    AUTO_FOCUS = ""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,n,q", "answer(False)", "No", show=False),
        Binding("y", "answer(True)", "Yes", show=False),
        Binding("left,up,h,k", "app.focus_previous", show=False),
        Binding("right,down,l,j", "app.focus_next", show=False),
    ]

    def __init__(self, title: str, text: str, yes: str, *, focus: Literal["no", "yes"] = "no") -> None:
        super().__init__()
        self._title = title
        self._text = text
        self._yes = yes
        self._focus = focus

    def compose(self) -> ComposeResult:
        """Title, text, two answers."""
        with Vertical(id="box"):
            yield Static(self._title, id="title", markup=False)
            yield Static(self._text, id="text", markup=False)
            with Horizontal(id="answers"):
                yield Button("n  No, leave it", id="no", compact=True)
                yield Button(f"y  {self._yes}", id="yes", compact=True)

    def on_mount(self) -> None:
        """Enter gives the answer that is safe."""
        self.changed()
        self.query_one(f"#{self._focus}").focus()

    def action_answer(self, answer: bool) -> None:
        """Answer by key."""
        self.dismiss(answer)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Answer by button."""
        self.dismiss(event.button.id == "yes")


_HINT = "everything, or some: category=shoes, 35"


class ForceDialog(AskDialog[OrderedRun | None]):
    """Gives what is to be done; None when the operator leaves it. No is focused.

    Args:
        shown: The pipeline that is shown: the first offer. `a` offers all of them.
        text_of: What a wish would do, in numbers; its second argument is how many items a choice comes to,
            None while that is not known.
        count: Counts what a choice comes to; may take as long as reading the catalog.
    """

    AUTO_FOCUS = "#no"
    EARLY = ("o", "slash")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,n,q", "answer(False)", "No", show=False),
        Binding("y", "answer(True)", "Yes", show=False),
        Binding("a", "all_pipelines", "All pipelines", show=False),
        Binding("o,slash", "choose", "Only some", show=False),
        Binding("left,up,h,k", "app.focus_previous", show=False),
        Binding("right,down,l,j", "app.focus_next", show=False),
    ]

    def __init__(
        self,
        shown: str,
        others: int,
        text_of: Callable[[OrderedRun, int | None], str],
        count: Callable[[OrderedRun], Awaitable[int]],
    ) -> None:
        super().__init__()
        self._shown = shown
        self._others = others
        self._text_of = text_of
        self._count = count
        self._wish = OrderedRun(force=True, pipelines=(shown,) if others else None)
        self._counted: int | None = None

    def compose(self) -> ComposeResult:
        """Title, text, the choice, two answers."""
        with Vertical(id="box"):
            yield Static("Force a re-sync", id="title", markup=False)
            yield Static(self._text_of(self._wish, None), id="text", markup=False)
            with Horizontal(id="choice"):
                yield Static("o  only ", markup=False)
                only = Input(placeholder=_HINT, id="only", compact=True)
                # A cursor that blinks would be 2 KB a second.
                only.cursor_blink = False
                yield only
            with Horizontal(id="answers"):
                yield Button("n  No, leave it", id="no", compact=True)
                yield Button("y  Yes, embed again", id="yes", compact=True)
                if self._others:
                    yield Button("a  All pipelines", id="all", compact=True)

    def on_mount(self) -> None:
        """To be read before it is answered."""
        self.changed()

    @property
    def answerable(self) -> bool:
        """Whether what Yes does is known: a choice is complete and counted."""
        return not self._wish.only or self._counted is not None

    def action_answer(self, answer: bool) -> None:
        """By key; in the choice's line, escape only leaves that line."""
        if isinstance(self.focused, Input):
            self.query_one("#no").focus()
        elif not answer:
            self.dismiss(None)
        elif self.answerable:
            self.dismiss(self._wish)

    def action_choose(self) -> None:
        """Only some."""
        self.query_one("#only").focus()

    def action_all_pipelines(self) -> None:
        """All pipelines, or the one that is shown."""
        if self._others:
            self._want(replace(self._wish, pipelines=None if self._wish.pipelines else (self._shown,)))
            self._count_it()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """By button."""
        if event.button.id == "all":
            self.action_all_pipelines()
        else:
            self.action_answer(event.button.id == "yes")

    def on_input_changed(self, event: Input.Changed) -> None:
        """Another choice; it is counted when it is complete."""
        only = tuple(part.strip() for part in event.value.split(",") if part.strip())
        self._want(replace(self._wish, only=only))

    def on_input_submitted(self) -> None:
        """Count it."""
        self.query_one("#no").focus()
        self._count_it()

    def _want(self, wish: OrderedRun) -> None:
        # A count of the previous choice says nothing about this one.
        self.workers.cancel_group(self, "count")
        self._wish, self._counted = wish, None
        self._say(self._text_of(wish, None))

    def _count_it(self) -> None:
        if self._wish.only:
            self._say("Counting what that comes to.")
            self.run_worker(self._counting(self._wish), group="count", exclusive=True, exit_on_error=False)

    async def _counting(self, wish: OrderedRun) -> None:
        try:
            self._counted = await self._count(wish)
        except (ConfigError, Fault) as fault:
            self._say(str(fault))
        else:
            self._say(self._text_of(wish, self._counted))

    def _say(self, text: str) -> None:
        self.query_one("#text", Static).update(text)
        self.query_one("#yes").disabled = not self.answerable
        self.changed()
