"""All actions, once: the bindings, the line of keys, the help and the palette are made from this table."""

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
    """What belongs together in the help."""

    WORK = "Work"
    LOOK = "Look"
    MOVE = "Move"
    LEAVE = "Help and leave"


class Effect(StrEnum):
    """What an action can do to the world; all but `NONE` are greyed out when read-only."""

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

    @property
    def changes(self) -> bool:
        """Whether it does anything to the world."""
        return self.effect is not Effect.NONE

    @property
    def key(self) -> str:
        """The key that is shown."""
        return shown_key(self.keys.split(",")[0])


def _move(action: str, keys: str, title: str, group: Group, text: str, call: str) -> Action:
    """What only moves about has no place in the palette."""
    return Action(action, keys, title, group, text, call=call, in_palette=False)


ACTIONS: tuple[Action, ...] = (
    Action(
        "sync",
        "s",
        "Sync now",
        Group.WORK,
        "Looks for changes in the catalog and embeds them, without waiting for the schedule.",
        "sync",
        Effect.CHANGES,
        rank=1,
    ),
    Action(
        "pause",
        "space",
        "Pause or resume",
        Group.WORK,
        "Claims nothing new while paused; what is in flight is finished.",
        "pause",
        Effect.CHANGES,
        rank=2,
    ),
    Action(
        "retry",
        "r",
        "Retry failures",
        Group.WORK,
        "Puts all failed items of this pipeline back, with all their attempts.",
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
        rank=6,
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
        "test",
        "t",
        "Test everything",
        Group.LOOK,
        "Tries ledger, catalog, each embedder (one real embedding) and the collection, a line each.",
        "test",
        rank=4,
    ),
    Action(
        "init",
        "i",
        "Init the collection",
        Group.WORK,
        "Creates the collection, or adds missing payload indexes and lists what differs. Drops nothing.",
        "init",
        Effect.WRITES,
        rank=7,
    ),
    Action("next_pipeline", "right_square_bracket", "Next pipeline", Group.LOOK, "Shows the next pipeline."),
    Action(
        "previous_pipeline",
        "left_square_bracket",
        "Previous pipeline",
        Group.LOOK,
        "Shows the pipeline before.",
    ),
    _move("dashboard", "1", "Dashboard", Group.LOOK, "This screen.", "show('dashboard')"),
    _move("failures", "2", "Failures", Group.LOOK, "Still to come.", "show('failures')"),
    _move("collection", "3", "Collection", Group.LOOK, "Still to come.", "show('collection')"),
    _move("runs", "4", "Runs", Group.LOOK, "Still to come.", "show('runs')"),
    _move("search", "5", "Search", Group.LOOK, "Still to come.", "show('search')"),
    _move("next_panel", "tab", "Next panel", Group.MOVE, "Moves between the panels.", "app.focus_next"),
    _move("previous_panel", "shift+tab", "Previous panel", Group.MOVE, "Back.", "app.focus_previous"),
    _move(
        "up", "up,k", "Up", Group.MOVE, "Scrolls the panel; a tail stands still then.", "screen.scroll(-1)"
    ),
    _move("down", "down,j", "Down", Group.MOVE, "Scrolls the panel.", "screen.scroll(1)"),
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

_SHOWN = {
    "question_mark": "?",
    "plus": "+",
    "minus": "-",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
}


def shown_key(key: str) -> str:
    """A key as the operator knows it."""
    return _SHOWN.get(key, key)


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
    """What Textual is told."""
    return [
        Binding(action.keys, action.call or action.id, action.title, id=action.id, show=False)
        for action in ACTIONS
    ]
