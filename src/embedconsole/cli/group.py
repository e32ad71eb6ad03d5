"""Commands and groups of commands: imported when they are called, listed in sections by `--help`.

Every text of `--help` is whole, however narrow the terminal is.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Iterable

    from click.shell_completion import CompletionItem

SECTIONS = ("Start", "Sync", "Look", "Repair", "Services and settings")
"""The sections of commands, in their order."""
OPTIONS = "Options"
"""The section of options without another one."""
SAFETY = "Safety"
"""The section of options that confirm, or allow what is refused without them."""
COMMON = "Common options"
"""The section of the options that all commands have; it is the last one."""


class Option(click.Option):
    """An option in a section.

    Args:
        section: The heading of its section.
    """

    # click's options take more than a dozen arguments of all types, and pass them on like this too.
    def __init__(self, *args: Any, section: str = OPTIONS, **more: Any) -> None:
        super().__init__(*args, **more)
        self.section = section


class Command(click.Command):
    """A command whose options are in sections."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write a list for each section of options."""
        found: dict[str, list[tuple[str, str]]] = {}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is not None and isinstance(parameter, click.Option):
                found.setdefault(_section_of(parameter), []).append(record)
        for section in sorted(found, key=lambda name: name == COMMON):
            _write(formatter, section, found[section])


@dataclass(frozen=True, slots=True)
class CommandEntry:
    """A command that is imported when it is called.

    Attributes:
        section: One of `SECTIONS`.
        summary: The first sentence of its help, so that a list of commands imports none of them.
        module: The module that defines it as `<name>_command`.
    """

    name: str
    section: str
    summary: str
    module: str

    def load(self) -> click.Command:
        """Import the command."""
        command = getattr(import_module(self.module), f"{self.name}_command")
        assert isinstance(command, click.Command)
        return command


class CommandGroup(Command, click.Group):
    """A command with commands below it.

    Args:
        entries: Those that are imported when they are called; others are added as click does it.
    """

    def __init__(self, *args: Any, entries: Iterable[CommandEntry] = (), **more: Any) -> None:
        super().__init__(*args, **more)
        self.entries = {entry.name: entry for entry in entries}

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names in the order in which they were given."""
        return [*self.entries, *self.commands]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command of a name; None where there is none."""
        entry = self.entries.get(cmd_name)
        return self.commands.get(cmd_name) if entry is None else entry.load()

    def loaded(self) -> dict[str, click.Command]:
        """All commands by their names, imported."""
        return {**{name: entry.load() for name, entry in self.entries.items()}, **self.commands}

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Commands by their entries, then the options."""
        from click.shell_completion import CompletionItem

        found = [
            CompletionItem(entry.name, help=entry.summary)
            for entry in self.entries.values()
            if entry.name.startswith(incomplete)
        ]
        return [*found, *(super().shell_complete(ctx, incomplete) if not found else ())]

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands, then the options."""
        self.format_commands(ctx, formatter)
        Command.format_options(self, ctx, formatter)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write a list for each section of commands, with the first sentence of each whole."""
        found: dict[str, list[tuple[str, str]]] = {section: [] for section in SECTIONS}
        for entry in self.entries.values():
            found[entry.section].append((entry.name, entry.summary))
        below = [(name, command.get_short_help_str(limit=1000)) for name, command in self.commands.items()]
        for section, records in {**found, "Commands": below}.items():
            _write(formatter, section, records)


def _section_of(parameter: click.Parameter) -> str:
    if isinstance(parameter, Option):
        return parameter.section
    return COMMON if {"--help", "--version"} & {*parameter.opts} else OPTIONS


def _write(formatter: click.HelpFormatter, heading: str, records: Iterable[tuple[str, str]]) -> None:
    if records := list(records):
        with formatter.section(heading):
            formatter.write_dl(records)
