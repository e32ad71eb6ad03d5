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

_BASH = """
eval "$(embedconsole completion bash)"
COMP_WORDS=({words} "{last}"); COMP_CWORD={at}
_embedconsole_completion embedconsole
printf '%s\\n' "${{COMPREPLY[@]}}"
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
    if shutil.which(shell) is None:
        pytest.skip(f"there is no {shell} here")
    done = subprocess.run(
        [shell, "-c", script], env=environment, capture_output=True, text=True, check=True, timeout=60
    )
    return [line.split("\t")[0] for line in done.stdout.splitlines()]


def _bash(words: str, last: str, environment: Mapping[str, str]) -> list[str]:
    return _run("bash", _BASH.format(words=words, last=last, at=len(words.split())), environment)


def test_bash_completes_commands_options_pipelines_and_failed_keys(environment: Mapping[str, str]) -> None:
    assert _bash("embedconsole", "sta", environment) == ["status"]
    assert _bash("embedconsole completion", "", environment) == ["bash", "zsh", "fish"]
    assert _bash("embedconsole init --pipeline", "pro", environment) == ["products"]
    assert _bash("embedconsole retry", "2", environment) == ["21", "2"]


def test_what_is_not_known_is_no_error(environment: Mapping[str, str], tmp_path: Path) -> None:
    """No configuration, one that is no YAML, a ledger on a server: nothing is completed, nothing is said."""
    broken = tmp_path / "broken.yaml"
    broken.write_text("pipelines: [")
    away = {**environment, "EMBEDCONSOLE_LEDGER": "postgresql://10.255.255.1/ledger"}
    missing = {**environment, "EMBEDCONSOLE_CONFIG": "/nowhere"}
    assert _bash("embedconsole retry", "", away) == [""]
    assert _bash("embedconsole retry", "", missing) == [""]
    assert _bash(f"embedconsole --config {broken} init --pipeline", "", environment) == [""]
    assert _bash("embedconsole demo init --pipeline", "", environment) == [""]


def test_fish_completes(environment: Mapping[str, str]) -> None:
    found = _run("fish", _FISH.format(words="embedconsole init --pipeline", last="pro"), environment)
    assert found == ["products"]


def test_zsh_takes_the_script_and_is_answered(environment: Mapping[str, str]) -> None:
    _run(
        "zsh", "embedconsole completion zsh > $HOME/_embedconsole && zsh -n $HOME/_embedconsole", environment
    )
    asked = 'COMP_WORDS="embedconsole sta" COMP_CWORD=1 _EMBEDCONSOLE_COMPLETE=zsh_complete embedconsole'
    assert _run("zsh", asked, environment)[:2] == ["plain", "status"]
