"""docs/installation.md says what is so."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from embedconsole.setup.presets import PRESETS
from support.command_lines import understand, words_of

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "installation.md").read_text(encoding="utf-8")


def test_its_commands_are_understood() -> None:
    lines = [line for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL) for line in block.splitlines()]
    ours = [line for line in lines if line.startswith("embedconsole ")]
    assert len(ours) > 5
    for line in ours:
        understand(words_of(line))


def test_it_lists_every_extra_and_every_preset() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    for name in {*project["optional-dependencies"], *PRESETS} - {"dev"}:
        assert f"\n| `{name}` | " in PAGE
    for preset in PRESETS.values():
        (row,) = [line for line in PAGE.splitlines() if line.startswith(f"| `{preset.name}`")]
        assert re.findall(r"`(\w+)`", row.split("|")[3]) == [
            parameter.name for parameter in preset.parameters
        ]


def test_the_files_that_it_names_are_there() -> None:
    named = re.findall(r"`((?:systemd|cron|docker|kubernetes)/[\w.-]+)`", PAGE)
    assert len(named) >= 5
    for name in [*named, "environment.example", "systemd/embedconsole-once.timer"]:
        assert (ROOT / "deploy" / name).is_file(), name
