"""What a type of embedder says about itself to `embedconsole setup`, which asks for it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class SetupSetting:
    """A setting that is asked for.

    Attributes:
        setting: Its key.
        text: The question.
        help: What `?` explains.
        default: What the enter key takes.
        choices: The values that it may have; empty: the setting's own type checks it.
        variable: For an address that may hold credentials: the environment variable that keeps it then.
        option: Of the command line; default: the setting's key.
    """

    setting: str
    text: str
    help: str
    default: str
    choices: tuple[str, ...] = ()
    variable: str | None = None
    option: str = ""


@dataclass(frozen=True, slots=True)
class SetupToken:
    """The secret that is asked for, by the name of an environment variable.

    Attributes:
        variable: The usual one.
        setting: Where its value goes; `authorization` is the header.
        usual: Whether it is suggested also where that variable is not set.
        needed: Whether nothing works without.
    """

    variable: str
    setting: str
    usual: bool = True
    needed: bool = False


@dataclass(frozen=True, slots=True)
class SetupGuide:
    """All of it.

    Attributes:
        name: What an embedder of this type is called, unless it is named otherwise.
        summary: The type in a few words.
        for_pictures: Further settings of one that embeds pictures.
        fields_if: Settings with which the parts of an item's text are sent under their names; None: never.
    """

    name: str
    summary: str
    settings: tuple[SetupSetting, ...] = ()
    token: SetupToken | None = None
    for_pictures: Mapping[str, str] = field(default_factory=dict)
    fields_if: Mapping[str, str] | None = None


MODEL_HELP = "As its maker names it; on Replicate owner/name, or owner/name:version."
