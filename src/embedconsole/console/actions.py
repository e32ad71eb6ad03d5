"""Actions of the operator and their fields; `action_table` lists them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from textual.binding import Binding

from embedconsole.faults import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from textual.binding import BindingType


class Group(StrEnum):
    """The sections of the help."""

    WORK = "Work"
    LOOK = "Look"
    SCREENS = "Screens"
    MOVE = "Move"
    LEAVE = "Help and leave"


class Effect(StrEnum):
    """The effect of an action outside the console; all but `NONE` are greyed out when read-only."""

    NONE = ""
    CHANGES = "changes what the engine does"
    COSTS = "may cost money"
    WRITES = "writes to the collection"


@dataclass(frozen=True, slots=True)
class Action:
    """One thing the operator can do.

    Attributes:
        id: Its name in `keys:` of the configuration, and of the method `action_<id>`.
        keys: The keys, comma-separated, as Textual names them; the first is the one that is shown.
        title: For help and palette.
        short: For the line of keys; empty keeps it out of there.
        help: What happens, in a sentence.
        rank: The lower, the longer it stays in the line of keys when that gets narrow.
        call: The Textual action; empty where it is the id.
        where: The screens it is for, as `Place.place` names them; empty for all.
    """

    id: str
    keys: str
    title: str
    group: Group
    help: str
    short: str = ""
    effect: Effect = Effect.NONE
    rank: int = 5
    call: str = ""
    in_palette: bool = True
    where: tuple[str, ...] = ()

    @property
    def changes(self) -> bool:
        """Whether it does anything to the world."""
        return self.effect is not Effect.NONE

    @property
    def key(self) -> str:
        """The key that is shown."""
        return shown_key(self.keys.split(",")[0])


_SHOWN = {
    "escape": "esc",
    "less_than_sign": "<",
    "greater_than_sign": ">",
    "left_curly_bracket": "{",
    "right_curly_bracket": "}",
    "question_mark": "?",
    "plus": "+",
    "minus": "-",
    "slash": "/",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
}


def shown_key(key: str) -> str:
    """A key as the operator knows it."""
    return _SHOWN.get(key, key)


def _move(action: str, keys: str, title: str, group: Group, text: str, call: str) -> Action:
    """An action that only moves the cursor; it is not in the palette."""
    return Action(action, keys, title, group, text, call=call, in_palette=False)


def _screen(name: str, key: str, text: str) -> Action:
    """Its key is the first that a narrow line of keys does without: it is a number on every screen."""
    return Action(
        f"show_{name}", key, name.capitalize(), Group.SCREENS, text, name, rank=9, call=f"show('{name}')"
    )


def _here(
    action: str,
    keys: str,
    title: str,
    text: str,
    *where: str,
    short: str = "",
    effect: Effect = Effect.NONE,
    rank: int = 2,
) -> Action:
    """An action on the focused list or panel."""
    return Action(
        action,
        keys,
        title,
        Group.LOOK,
        text,
        short,
        effect,
        rank=rank,
        call=f"screen.{action}",
        in_palette=False,
        where=where,
    )


def _leap(action: str, keys: str, title: str, seconds: int) -> Action:
    """Along the past."""
    text = f"Back in time: {title.lower()}."
    return replace(_here(action, keys, title, text, "dashboard"), call=f"screen.leap({seconds})")


_LISTS = ("failures", "runs", "log", "pipelines")

ACTIONS: tuple[Action, ...] = (
    Action(
        "sync",
        "s",
        "Sync now",
        Group.WORK,
        "Looks for changes in the catalog and embeds them, without waiting for the schedule.",
        "sync",
        Effect.CHANGES,
        rank=3,
    ),
    Action(
        "pause",
        "space",
        "Pause or resume",
        Group.WORK,
        "Claims nothing new while paused; what is in flight is finished.",
        "pause",
        Effect.CHANGES,
        rank=4,
    ),
    Action(
        "retry",
        "r",
        "Retry failures",
        Group.WORK,
        "Puts failed items back, with all their attempts: all of the pipeline, or on the failures screen the "
        "marked ones or what the cursor is on.",
        "retry",
        Effect.COSTS,
        rank=3,
    ),
    Action(
        "force",
        "f",
        "Force a re-sync",
        Group.WORK,
        "Embeds everything again, changed or not. Asks first, and says how many, how long and how much.",
        "force",
        Effect.COSTS,
        rank=7,
    ),
    Action(
        "workers_more",
        "plus,+",
        "More workers",
        Group.WORK,
        "One more batch embeds at the same time, until the console ends.",
        effect=Effect.CHANGES,
    ),
    Action(
        "workers_fewer",
        "minus,-",
        "Fewer workers",
        Group.WORK,
        "One batch fewer embeds at the same time.",
        effect=Effect.CHANGES,
    ),
    Action(
        "cancel",
        "x",
        "Cancel the run",
        Group.WORK,
        "Ends the run with what is in flight; the next one follows the schedule. Nothing is lost.",
        effect=Effect.CHANGES,
    ),
    Action(
        "test",
        "t",
        "Test everything",
        Group.LOOK,
        "Tries ledger, catalog, each embedder (one real embedding) and the collection, a line each.",
        "test",
        rank=6,
    ),
    Action(
        "verify",
        "c",
        "Verify",
        Group.LOOK,
        "Compares catalog, ledger and collection with each other, point by point. Changes nothing.",
        "verify",
        rank=6,
        where=("collection",),
    ),
    Action(
        "init",
        "i",
        "Init the collection",
        Group.WORK,
        "Shows what is missing or differs, asks, then creates the collection or its indexes. Drops nothing.",
        "init",
        Effect.WRITES,
        rank=8,
    ),
    Action("next_pipeline", "right_square_bracket", "Next pipeline", Group.LOOK, "Shows the next pipeline."),
    Action(
        "previous_pipeline",
        "left_square_bracket",
        "Previous pipeline",
        Group.LOOK,
        "Shows the previous pipeline.",
    ),
    _here(
        "filter",
        "slash,/",
        "Filter",
        "Type to filter; enter keeps it, esc ends it, up recalls.",
        *_LISTS,
        short="filter",
    ),
    _here(
        "open",
        "enter",
        "Details",
        "Opens what the cursor is on; esc goes back.",
        *_LISTS,
        "search",
        short="details",
    ),
    _here(
        "back",
        "escape,backspace",
        "Back",
        "Back to where this was opened from.",
        "failures",
        "runs",
        "search",
        "log",
        short="back",
    ),
    _here(
        "mark",
        "v",
        "Mark",
        "Marks the row for the next action; again takes the mark away.",
        "failures",
        "log",
    ),
    _here(
        "skip",
        "d",
        "Skip",
        "Skip it until its content changes; r undoes it.",
        "failures",
        short="skip",
        effect=Effect.CHANGES,
    ),
    _here(
        "source",
        "o",
        "Other source",
        "The events of all processes in the ledger, or this machine's log file.",
        "log",
        short="source",
    ),
    _here("level", "l", "Level", "Everything, warnings and errors, or errors.", "log", short="level"),
    _here("export", "e", "Export", "Writes what passes the filter to a file.", "log", short="export", rank=5),
    _here("query", "slash,/", "Search", "Type a text, or #35 for what is like 35.", "search", short="search"),
    _here("similar", "m", "Similar", "More like the hit under the cursor.", "search", short="more like it"),
    _here("vector", "n,ctrl+n", "Next vector", "Searches by the next of several named vectors.", "search"),
    _here("filter_errors", "slash,/", "Filter errors", "Shows those that have what you type.", "dashboard"),
    _here("open_panel", "enter", "Open a panel", "The screen that has all of it.", "dashboard"),
    _here("replay", "b", "Back in time", "Shows the dashboard as it was; b or esc is now.", "dashboard"),
    _here("earlier", "left", "Earlier", "Back in time: the moment before (h too).", "dashboard"),
    _here("later", "right", "Later", "Back in time: the moment after (l too).", "dashboard"),
    _leap("ten_minutes_earlier", "less_than_sign,<,shift+left", "10 minutes earlier", -600),
    _leap("ten_minutes_later", "greater_than_sign,>,shift+right", "10 minutes later", 600),
    _leap("hour_earlier", "left_curly_bracket,{", "An hour earlier", -3600),
    _leap("hour_later", "right_curly_bracket,}", "An hour later", 3600),
    _here("now", "escape", "Now", "Back in time: the present again.", "dashboard"),
    _here("copy", "y", "Copy", "Copies what the focus is on to your clipboard (OSC 52), and to a file."),
    _screen("dashboard", "1", "Whether all is well, and what is running."),
    _screen("failures", "2", "What failed, by cause, down to the product."),
    _screen(
        "collection", "3", "What Qdrant says of the collection, and what differs from the configuration."
    ),
    _screen("runs", "4", "What the runs did, how long they took and what they cost."),
    _screen("search", "5", "Type, and see what the shop's customers would find."),
    _screen("log", "6", "Everything that happened, with filter and levels."),
    _screen("pipelines", "0", "All pipelines at a glance; enter shows one."),
    _move("next_panel", "tab", "Next panel", Group.MOVE, "Moves between the panels.", "app.focus_next"),
    _move("previous_panel", "shift+tab", "Previous panel", Group.MOVE, "Back.", "app.focus_previous"),
    _move(
        "up",
        "up,k",
        "Up",
        Group.MOVE,
        "Moves the cursor, or scrolls the panel; the log stops following then.",
        "screen.scroll(-1)",
    ),
    _move("down", "down,j", "Down", Group.MOVE, "The same.", "screen.scroll(1)"),
    _move("page_up", "pageup", "A page up", Group.MOVE, "Ten lines up.", "screen.scroll(-10)"),
    _move("page_down", "pagedown", "A page down", Group.MOVE, "Ten lines down.", "screen.scroll(10)"),
    _move("top", "home,g", "To the top", Group.MOVE, "The first line.", "screen.scroll(-1000000)"),
    _move(
        "end", "end,G", "To the end", Group.MOVE, "The last line; follows it again.", "screen.scroll(1000000)"
    ),
    Action("help", "question_mark,f1", "Help", Group.LEAVE, "This list.", "help", rank=0),
    _move("palette", "ctrl+p", "Palette", Group.LEAVE, "All actions by name.", "app.command_palette"),
    _move("suspend", "ctrl+z", "Suspend", Group.LEAVE, "To the shell; fg comes back.", "app.suspend_process"),
    Action(
        "quit",
        "q,ctrl+q,ctrl+c",
        "Quit",
        Group.LEAVE,
        "Finishes what is in flight, then leaves; pressed again it leaves at once. Nothing is lost.",
        "quit",
        rank=0,
    ),
)

BY_ID = {action.id: action for action in ACTIONS}


def remapped(keys: Mapping[str, str]) -> tuple[Action, ...]:
    """The actions under the operator's keys.

    Raises:
        ConfigError: there is no such action.
    """
    for name in keys:
        if name not in BY_ID:
            raise ConfigError(f"keys: no action {name!r}; known: {', '.join(BY_ID)}")
    return tuple(replace(action, keys=keys.get(action.id, action.keys)) for action in ACTIONS)


def bindings() -> list[BindingType]:
    """The binding for Textual."""
    return [
        Binding(action.keys, action.call or action.id, action.title, id=action.id, show=False)
        for action in ACTIONS
    ]
