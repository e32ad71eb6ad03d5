"""Wheel and sdist: everything that the program needs is in them, and the wheel alone runs it."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

import click
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


def test_the_wheel_runs_where_it_is_installed(wheel: zipfile.Path, tmp_path: Path) -> None:
    """In an empty environment with what it requires: program, manual page, completion, demo."""
    venv.create(tmp_path / "there", with_pip=False)
    program = tmp_path / "there" / "bin" / "embedconsole"
    python = program.with_name("python")
    install = [sys.executable, "-m", "pip", "--python", str(python), "install", "--no-deps", "--no-index"]
    subprocess.run([*install, "--no-compile", "--quiet", str(wheel.root.filename)], check=True)
    (site,) = (tmp_path / "there" / "lib").glob("python3*/site-packages")
    (site / "required.pth").write_text(str(Path(click.__file__).parents[1]))
    # No network: a request would be sent to a proxy that is not there.
    environment = {"PATH": "", "HTTPS_PROXY": "http://127.0.0.1:9", "EMBEDCONSOLE_STATE_DIR": str(tmp_path)}

    def run(*command: str | Path) -> str:
        ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert ran.returncode in (0, 1), ran.stderr
        return ran.stdout

    assert run(program, "--version") == f"embedconsole, version {__version__}\n"
    assert run(program, "completion", "bash").startswith("_embedconsole_completion()")
    assert (tmp_path / "there/share/man/man1/embedconsole.1").exists()
    imported = run(python, "-c", "import embedconsole.console.app as console; print(console.__file__)")
    assert imported.startswith(str(site))
    assert '"outcome"' in run(program, "demo", "--products", "20", "--headless", "--once", "--json")


def test_the_sdist_has_all_that_the_work_needs(sdist: set[str]) -> None:
    """Sources, tests, documents, what is deployed, and the examples that the tests read."""
    for folder in ("src", "tests", "docs", "benchmarks", "deploy"):
        missing = {
            name for name in _tree(ROOT / folder) - sdist if ".egg-info" not in name and ".pytest" not in name
        }
        assert missing == set(), folder
    assert {
        "config.example.yaml",
        "constraints.txt",
        "docs/embedconsole.1",
        "README.md",
        "CHANGELOG.md",
        "LICENSE",
        "pyproject.toml",
    } <= sdist
    assert not [name for name in sdist if "cache" in name or name.endswith(".pyc")]
