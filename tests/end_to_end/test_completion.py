"""Completion asked for as the shells do it, by the shells themselves where they are there."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from support.fixtures_shop import Stage

_ASKED = """
COMPREPLY=(); COMP_WORDS=({words} "{last}"); COMP_CWORD={at}
_embedconsole_completion embedconsole
echo "${{COMPREPLY[@]}}"
"""
_FISH = """
embedconsole completion fish | source
complete -C "{words} {last}"
"""


@pytest.fixture
def environment(sqlite_stage: Stage, tmp_path: Path) -> Mapping[str, str]:
    """A shell's environment: the program on the path, and a shop with failed items 2 and 21 configured."""
    stage = sqlite_stage
    stage.shop.add([1, 2, 21, 3])
    stage.shop.edit([2, 21], title="", description="", image_url=None)
    assert stage.installation.sync().code == 1
    program = tmp_path / "bin" / "embedconsole"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m embedconsole "$@"\n')
    program.chmod(0o755)
    return {
        **stage.installation.environ,
        "PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}",
        "EMBEDCONSOLE_CONFIG": str(stage.installation.config),
        "HOME": str(tmp_path),
    }


def _run(shell: str, script: str, environment: Mapping[str, str]) -> list[str]:
    done = subprocess.run(
        [shell, "-c", script], env=environment, capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stderr == ""
    return [line.split("\t")[0] for line in done.stdout.splitlines()]


def _bash(environment: Mapping[str, str], *asked: str) -> list[str]:
    """What is completed, a line for each command line; its last word is what is typed so far."""
    script = 'eval "$(embedconsole completion bash)"'
    for line in asked:
        words, _, last = line.rpartition(" ")
        script += _ASKED.format(words=words, last=last, at=len(words.split()))
    return _run("bash", script, environment)


def test_bash_completes_commands_options_pipelines_and_failed_keys(environment: Mapping[str, str]) -> None:
    asked = (
        "embedconsole sta",
        "embedconsole completion ",
        "embedconsole init --pipeline pro",
        "embedconsole retry 2",
    )
    assert _bash(environment, *asked) == ["status", "bash zsh fish", "products", "21 2"]


def test_what_is_not_known_is_no_error(environment: Mapping[str, str], tmp_path: Path) -> None:
    """No configuration, one that is no YAML, a ledger on a server: nothing is completed, nothing is said."""
    broken = tmp_path / "broken.yaml"
    broken.write_text("pipelines: [")
    away = {**environment, "EMBEDCONSOLE_LEDGER": "postgresql://10.255.255.1/ledger"}
    asked = (
        "embedconsole retry ",
        "embedconsole --config /nowhere retry ",
        f"embedconsole --config {broken} init --pipeline ",
        "embedconsole demo init --pipeline ",
    )
    assert _bash(away, *asked) == [""] * len(asked)


def test_fish_and_zsh_complete(environment: Mapping[str, str]) -> None:
    """Fish is asked for an answer; zsh takes the script, and what it would ask is answered."""
    fish = _FISH.format(words="embedconsole init --pipeline", last="pro")
    zsh = "embedconsole completion zsh > $HOME/_embedconsole && zsh -n $HOME/_embedconsole"
    asked = 'COMP_WORDS="embedconsole sta" COMP_CWORD=1 _EMBEDCONSOLE_COMPLETE=zsh_complete embedconsole'
    for shell in filter(shutil.which, ("fish", "zsh")):
        if shell == "fish":
            assert _run(shell, fish, environment) == ["products"]
        else:
            assert _run(shell, f"{zsh} && {asked}", environment)[:2] == ["plain", "status"]
