"""docs/installation.md says what is so; its commands are those of tests/docs."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from embedconsole.setup.presets import PRESETS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "installation.md").read_text(encoding="utf-8")


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
