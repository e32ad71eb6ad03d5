"""How `--help` reads: commands and options in sections, each text whole however narrow the terminal is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Iterable

SECTIONS = ("Start", "Sync", "Look", "Repair", "Services and settings")
"""The sections of commands, in their order."""
OPTIONS = "Options"
"""The section of options that name no other."""
SAFETY = "Safety"
"""The section of what asks, and of what would not be done without being named."""
COMMON = "Common options"
"""The section of the options that all commands have; it is the last one."""


class Option(click.Option):
    """An option in a section.

    Args:
        section: The heading that it stands under.
    """

    # click's options take more than a dozen arguments of all types, and pass them on like this too.
    def __init__(self, *args: Any, section: str = OPTIONS, **more: Any) -> None:
        super().__init__(*args, **more)
        self.section = section


class Command(click.Command):
    """A command in a section, whose options are in sections.

    Args:
        section: One of `SECTIONS`; empty below a group.
    """

    def __init__(self, *args: Any, section: str = "", **more: Any) -> None:
        super().__init__(*args, **more)
        self.section = section

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write a list for each section of options."""
        found: dict[str, list[tuple[str, str]]] = {}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is not None and isinstance(parameter, click.Option):
                found.setdefault(_section_of(parameter), []).append(record)
        for section in sorted(found, key=lambda name: name == COMMON):
            _write(formatter, section, found[section])


class Group(Command, click.Group):
    """A command with commands below it."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands, then the options."""
        self.format_commands(ctx, formatter)
        Command.format_options(self, ctx, formatter)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write a list for each section of commands, with the first sentence of each whole."""
        found: dict[str, list[tuple[str, str]]] = {section: [] for section in SECTIONS}
        for name, command in self.commands.items():
            section = getattr(command, "section", "") or "Commands"
            found.setdefault(section, []).append((name, command.get_short_help_str(limit=1000)))
        for section, records in found.items():
            _write(formatter, section, records)


def _section_of(parameter: click.Parameter) -> str:
    if isinstance(parameter, Option):
        return parameter.section
    return COMMON if {"--help", "--version"} & {*parameter.opts} else OPTIONS


def _write(formatter: click.HelpFormatter, heading: str, records: Iterable[tuple[str, str]]) -> None:
    if records := list(records):
        with formatter.section(heading):
            formatter.write_dl(records)
