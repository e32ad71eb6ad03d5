"""Wheel and sdist: everything that the program needs is in them, and the wheel alone runs it."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from hatchling.builders.sdist import SdistBuilder
from hatchling.builders.wheel import WheelBuilder

from embedconsole import __version__

ROOT = Path(__file__).parents[2]
_PACKAGE = ROOT / "src" / "embedconsole"
_DATA = (".tcss", ".typed", ".mako", ".yaml", ".json", ".txt")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.Path:
    """The wheel, built once."""
    (path,) = WheelBuilder(str(ROOT)).build(
        directory=str(tmp_path_factory.mktemp("wheel")), versions=["standard"]
    )
    return zipfile.Path(path)


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The names in the sdist, below its folder."""
    (path,) = SdistBuilder(str(ROOT)).build(directory=str(tmp_path_factory.mktemp("sdist")))
    with tarfile.open(path) as archive:
        return {name.partition("/")[2] for name in archive.getnames()}


def _tree(folder: Path) -> set[str]:
    """The files of a folder as paths from the top; what Python makes by itself is none."""
    return {
        path.relative_to(ROOT).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_the_wheel_is_the_package_and_nothing_else(wheel: zipfile.Path) -> None:
    names = {name for name in wheel.root.namelist() if not name.endswith("/")}
    ours = {name.removeprefix("src/") for name in _tree(_PACKAGE)} | {"embedconsole/config.example.yaml"}
    made = f"embedconsole-{__version__}"
    assert {name for name in names if not name.startswith(made)} == ours
    assert f"{made}.data/data/share/man/man1/embedconsole.1" in names
    for needed in ("py.typed", "ledger/migrations/versions/0001_the_first_schema.py", "demo/catalog.py"):
        assert f"embedconsole/{needed}" in names
    assert any(name.endswith(".tcss") for name in names)


def test_the_wheel_says_what_it_is(wheel: zipfile.Path) -> None:
    about = wheel / f"embedconsole-{__version__}.dist-info"
    scripts = (about / "entry_points.txt").read_text()
    metadata = (about / "METADATA").read_text()
    assert "embedconsole = embedconsole.cli.main:main" in scripts
    assert f"\nVersion: {__version__}\n" in metadata
    assert "\nRequires-Python: >=3.11\n" in metadata
    example = (wheel / "embedconsole" / "config.example.yaml").read_text()
    assert example == (ROOT / "config.example.yaml").read_text()
    assert (about / "licenses" / "LICENSE").read_text() == (ROOT / "LICENSE").read_text()


def test_the_wheel_alone_runs(wheel: zipfile.Path, tmp_path: Path) -> None:
    """From a folder that it was unpacked into: migrations, the demo's catalog, the console's stylesheets."""
    wheel.root.extractall(tmp_path / "site")
    arguments = ["demo", "--products", "20", "--headless", "--once", "--json"]
    code = (
        "import sys, embedconsole.console.app, embedconsole.cli.main as program; print(program.__file__);"
        f"sys.argv[1:] = {arguments}; program.main()"
    )
    environment = {"PYTHONPATH": str(tmp_path / "site"), "PATH": "", "EMBEDCONSOLE_STATE_DIR": str(tmp_path)}

    ran = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False
    )

    assert ran.returncode in (0, 1), ran.stderr
    program, report = ran.stdout.splitlines()
    assert program.startswith(str(tmp_path / "site"))
    assert '"outcome"' in report


def test_the_sdist_has_all_that_the_work_needs(sdist: set[str]) -> None:
    """Sources, tests, documents, what is deployed, and the examples that the tests read."""
    for folder in ("src", "tests", "docs", "benchmarks", "deploy"):
        missing = {
            name for name in _tree(ROOT / folder) - sdist if ".egg-info" not in name and ".pytest" not in name
        }
        assert missing == set(), folder
    assert {"config.example.yaml", "README.md", "CHANGELOG.md", "LICENSE", "pyproject.toml"} <= sdist
    assert not [name for name in sdist if "cache" in name or name.endswith(".pyc")]
