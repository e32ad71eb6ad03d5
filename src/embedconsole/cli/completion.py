"""Completion in the shell: the script that turns it on."""

from __future__ import annotations

import click

from embedconsole.cli.group import Command
from embedconsole.faults import ConfigError

_SHELLS = ("bash", "zsh", "fish")
_VARIABLE = "_EMBEDCONSOLE_COMPLETE"


@click.command("completion", cls=Command, section="Services and settings")
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
