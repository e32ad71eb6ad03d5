"""A type of embedder is complete: its settings, its module, its identity; and one line adds another."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import embedconsole
from embedconsole.config.sections.embedder import EMBEDDERS

if TYPE_CHECKING:
    from embedconsole.config.sections.embedders.base import EmbedderSection

_SETTINGS = '''
"""Settings of an embedder that rolls dice."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from embedconsole.config.sections.embedders.base import EmbedderSection
from embedconsole.config.sections.embedders.guide import SetupGuide, SetupSetting


class DiceConfig(EmbedderSection):
    """Vectors of dice."""

    type: Literal["dice"]
    """Which type of embedder it is."""
    sides: Annotated[int, Field(ge=8)]
    """How many sides a die has."""

    guide: ClassVar[SetupGuide] = SetupGuide(
        "casino", "rolls dice", (SetupSetting("sides", "Sides", "Of a die.", "20"),)
    )

    @property
    def identity(self) -> str:
        return f"dice:{self.sides}"
'''
_MODULE = '''
"""Vectors of dice; as those of the hashing embedder are."""

from embedconsole.config.sections.embedders.hashing import HashingConfig
from embedconsole.embedders.hashing import build as build_hashing


def build(name, config, expected_size, tickets):
    return build_hashing(name, HashingConfig(type="hashing", size=config.sides), expected_size, tickets)
'''


@pytest.mark.parametrize(("name", "settings"), EMBEDDERS.items())
def test_every_type_has_a_module_and_an_identity_of_its_name(
    name: str, settings: type[EmbedderSection]
) -> None:
    required = {"url": "http://ml", "model": "owner/name"}
    given = {key: value for key, value in required.items() if key in settings.model_fields}
    config = settings.model_validate({"type": name, **given})

    assert callable(import_module(f"embedconsole.embedders.{name}").build)
    assert config.identity.startswith(f"{name}:")


@pytest.mark.parametrize("settings", EMBEDDERS.values(), ids=EMBEDDERS)
def test_setup_asks_for_settings_that_the_type_has(settings: type[EmbedderSection]) -> None:
    guide = settings.guide
    asked = {one.setting for one in guide.settings} | {*guide.for_pictures} | {*(guide.fields_if or {})}
    asked |= {guide.token.setting.replace("authorization", "headers")} if guide.token else set()

    assert asked <= settings.model_fields.keys()


def test_a_type_is_added_by_its_modules_and_a_line_in_the_registry(tmp_path: Path) -> None:
    package = tmp_path / "embedconsole"
    shutil.copytree(Path(embedconsole.__file__).parent, package, ignore=shutil.ignore_patterns("__pycache__"))
    (package / "config/sections/embedders/dice.py").write_text(_SETTINGS)
    (package / "embedders/dice.py").write_text(_MODULE)
    registry = package / "config/sections/embedder.py"
    text = registry.read_text()
    assert text.count("| HashingConfig,") == 1
    registry.write_text(
        text.replace("| HashingConfig,", "| HashingConfig | DiceConfig,").replace(
            "from pydantic",
            "from embedconsole.config.sections.embedders.dice import DiceConfig\nfrom pydantic",
            1,
        )
    )
    config = tmp_path / "embedconsole.yaml"
    setup = (
        "setup", "--yes", "--no-test", "--config", str(config), "--embedder", "dice",
        "--preset", "woocommerce", "--database-url-env", "SHOP", "--qdrant", "QDRANT_URL",
    )  # fmt: skip

    page = _run(tmp_path, "-m", "embedconsole.config.reference")
    refused = _run(tmp_path, "-m", "embedconsole", *setup, "--set", "sides=6")
    done = _run(tmp_path, "-m", "embedconsole", *setup, "--set", "sides=12")
    served = _run(
        tmp_path,
        "-c",
        """
from embedconsole.config.service_settings import ServiceSettings
from embedconsole.service.embedder import open_embedder
tree = {"embedders": {"casino": {"type": "dice", "sides": 12}}}
print(open_embedder(ServiceSettings.model_validate(tree)).config.identity)
""",
    )

    assert "`embedders.NAME` (dice)" in page.stdout, page.stderr
    assert "| `sides` | whole number | required | How many sides a die has. |" in page.stdout
    assert "--sides: should be greater than or equal to 8" in refused.stderr
    assert done.returncode == 0, done.stderr
    assert "  casino:\n    type: dice\n    sides: 12\n" in config.read_text()
    assert served.stdout == "dice:12\n", served.stderr


def _run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        env={**os.environ, "PYTHONPATH": str(folder), "EMBEDCONSOLE_STATE_DIR": str(folder / "state")},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
