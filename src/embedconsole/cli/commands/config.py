"""`config` and `completion`: the configuration in use, and the script for the shell."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from embedconsole.cli.group import Command, CommandGroup
from embedconsole.cli.options import common_options
from embedconsole.faults import ConfigError

if TYPE_CHECKING:
    from embedconsole.cli.invocation import Invocation


@click.group("config", cls=CommandGroup)
@common_options
def config_command() -> None:
    """Show and check the configuration in use.

    \b
    Examples:
      embedconsole config path
      embedconsole config show
    """


@config_command.command("show", cls=Command)
@common_options
@click.pass_obj
def config_show(invocation: Invocation) -> None:
    """Print all settings in use as YAML, with where each comes from; secrets are masked.

    \b
    Examples:
      embedconsole config show
    """
    from embedconsole.cli.output import put_text
    from embedconsole.config.show import show

    put_text(show(invocation.loaded()).rstrip("\n"))


@config_command.command("check", cls=Command)
@common_options
@click.pass_obj
def config_check(invocation: Invocation) -> None:
    """Check the configuration without connecting to anything.

    \b
    Examples:
      embedconsole config check --config new.yaml
    """
    from embedconsole.cli.output import put
    from embedconsole.ops.targets import check_extra

    session = invocation.session()
    check_extra(session.loaded.settings.notify)
    names = ", ".join(pipeline.name for pipeline in session.pipelines)
    put(f"{session.loaded.path}: valid; pipelines {names}")


@config_command.command("path", cls=Command)
@common_options
@click.pass_obj
def config_path(invocation: Invocation) -> None:
    """Print which file is used, and on stderr the places that are searched.

    \b
    Examples:
      embedconsole config path
    """
    from pathlib import Path

    from embedconsole.cli.output import note, put
    from embedconsole.config.load import places

    note("Searched: --config, $EMBEDCONSOLE_CONFIG, " + ", ".join(map(str, places(Path.cwd()))))
    put(str(invocation.loaded().path))


_SHELLS = ("bash", "zsh", "fish")
_VARIABLE = "_EMBEDCONSOLE_COMPLETE"


@click.command("completion", cls=Command)
@click.argument("shell", type=click.Choice(_SHELLS))
@click.pass_context
def completion_command(context: click.Context, shell: str) -> None:
    """Print the script that lets a shell complete commands, options, pipelines and failed keys.

    For this shell alone: eval "$(embedconsole completion bash)".

    \b
    Examples:
      embedconsole completion bash > ~/.bash_completion
      embedconsole completion zsh > "${fpath[1]}/_embedconsole"
      embedconsole completion fish > ~/.config/fish/completions/embedconsole.fish
    """
    from click.shell_completion import get_completion_class

    from embedconsole.cli.output import put_text

    kind = get_completion_class(shell)
    if kind is None:
        raise ConfigError(f"no completion for {shell}; there is one for {', '.join(_SHELLS)}")
    root = context.find_root()
    put_text(kind(root.command, {}, "embedconsole", _VARIABLE).source().rstrip("\n"))
