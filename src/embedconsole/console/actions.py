"""What an action of the operator is; all of them are in `action_table`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Group(StrEnum):
    """What belongs together in the help."""

    WORK = "Work"
    LOOK = "Look"
    SCREENS = "Screens"
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
