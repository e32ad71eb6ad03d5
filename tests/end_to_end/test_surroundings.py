"""What surrounds the process: streams, folders, user, variables. None of it is an internal error."""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from support.installation import Ended

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.fixtures_shop import Stage
    from support.qdrant_server import QdrantServer

_RUN = ("--headless", "--once", "--json")


def shell(stage: Stage, redirection: str, *arguments: str, environ: dict[str, str] | None = None) -> Ended:
    """The program in a shell of its own, its streams redirected."""
    command = shlex.join([sys.executable, "-m", "embedconsole", *stage.installation.command(*arguments)])
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {command} {redirection}"],
        env={**(stage.installation.environ if environ is None else environ)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert "Traceback" not in done.stderr
    assert "error of embedconsole itself" not in done.stderr
    return Ended(done.returncode, done.stdout, done.stderr)


@pytest.mark.parametrize(
    "redirection",
    ["2>&-", ">&-", "<&- >&- 2>&-", "| true", "> /dev/full", "2> /dev/full", "> /dev/full 2>&1"],
)
def test_output_that_cannot_be_written_decides_nothing(sqlite_stage: Stage, redirection: str) -> None:
    sqlite_stage.shop.add([1, 2])
    ended = shell(sqlite_stage, redirection, *_RUN)
    assert ended.code == 0
    assert len(sqlite_stage.points.all()) == 2
    if redirection == "> /dev/full":
        assert "output could be written: No space left" in ended.err


@pytest.mark.parametrize("arguments", [("status",), ("test",), ("config", "show"), ("doctor",)])
@pytest.mark.parametrize("redirection", ["<&- >&- 2>&-", "> /dev/full", "| true"])
def test_nor_of_any_other_command(sqlite_stage: Stage, redirection: str, arguments: tuple[str, ...]) -> None:
    assert shell(sqlite_stage, redirection, *arguments).code == 0


def test_a_ledger_is_not_where_a_closed_stream_was(sqlite_stage: Stage) -> None:
    """Else it is opened under number 2, and whatever a library says there is written into it."""
    sqlite_stage.shop.add([1, 2])
    assert shell(sqlite_stage, "2>&- >&-", *_RUN).code == 0
    assert shell(sqlite_stage, "", *_RUN).products["unchanged"] == 2


needs_root = pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("setpriv") is None, reason="becomes another user"
)


@pytest.fixture
def open_folder(qdrant: QdrantServer, collection_name: str) -> Iterator[Path]:
    """A folder that every user may read, with a shop and a configuration in it."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    with contextlib.closing(sqlite3.connect(folder / "shop.db")) as shop:
        shop.executescript("CREATE TABLE products (id INTEGER PRIMARY KEY); INSERT INTO products VALUES (1)")
    (folder / "embedconsole.yaml").write_text(
        "embedders: {ml: {type: hashing, size: 8}}\n"
        f"pipelines: {{products: {{catalog: {{url: 'sqlite:///{folder}/shop.db', table: products}}, "
        "embed: {embedder: ml, text: '{id}'}, "
        f"collection: {{url: '{qdrant.url}', name: {collection_name}}}}}}}\n"
    )
    own = folder / "own"
    own.mkdir()
    os.chown(own, 12345, 12345)
    yield folder
    shutil.rmtree(folder)


@needs_root
@pytest.mark.usefixtures("program_for_all")
@pytest.mark.parametrize(
    ("environ", "place"),
    [
        ({}, "/var/lib/embedconsole"),
        ({"HOME": "/"}, "/.local"),
        ({"HOME": "/nonexistent"}, "/nonexistent"),
        ({"EMBEDCONSOLE_STATE_DIR": "/nonexistent/x"}, "/nonexistent"),
    ],
)
def test_a_user_without_a_home_or_a_place_for_the_state(
    open_folder: Path, environ: dict[str, str], place: str
) -> None:
    for arguments in (("--headless", "--once"), ("test",)):
        ended = _as_nobody(open_folder, environ, *arguments)
        assert ended.code == 3
        assert f"the folder {place}" in ended.out + ended.err
        assert "can't be made: Permission denied. Name another" in (ended.out + ended.err).replace(
            "; no attempts used", ""
        )
    assert _as_nobody(open_folder, environ, "config", "show").code == 0


@needs_root
@pytest.mark.usefixtures("program_for_all")
def test_a_user_without_a_home_who_has_a_place_for_the_state(open_folder: Path) -> None:
    own = open_folder / "own"
    ended = _as_nobody(open_folder, {"EMBEDCONSOLE_STATE_DIR": str(own)}, "--headless", "--once")
    assert ended.code == 0, ended
    assert (own / "ledger.db").exists()
    assert (own / "log" / "embedconsole.log").exists()


_NOBODY = ["setpriv", "--reuid", "12345", "--regid", "12345", "--clear-groups"]


@pytest.fixture
def program_for_all() -> None:
    """A virtual environment in a private folder is nothing that another user could start."""
    command = [*_NOBODY, sys.executable, "-c", "import embedconsole"]
    if subprocess.run(command, cwd="/", capture_output=True, check=False).returncode != 0:
        pytest.skip(f"other users may not read {sys.prefix}")


def _as_nobody(folder: Path, environ: dict[str, str], *arguments: str) -> Ended:
    """As a user by number, as containers have them: no name, no home."""
    command = [
        sys.executable,
        "-m",
        "embedconsole",
        *arguments,
        "--config",
        str(folder / "embedconsole.yaml"),
    ]
    done = subprocess.run(
        [*_NOBODY, *command],
        env={"PATH": os.environ["PATH"], **environ},
        cwd="/",
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert "Traceback" not in done.stderr
    assert "error of embedconsole itself" not in done.stderr
    return Ended(done.returncode, done.stdout, done.stderr)


def test_a_current_folder_that_was_deleted(sqlite_stage: Stage, tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    command = sqlite_stage.installation.command("config", "show")
    done = subprocess.run(
        [
            "bash",
            "-c",
            f"cd {gone} && rmdir {gone} && {shlex.join([sys.executable, '-m', 'embedconsole', *command])}",
        ],
        env=sqlite_stage.installation.environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("key", ["abc\u2013def", "\ufeffabc123", "a\nb"])
def test_a_key_with_an_odd_character_is_said_alike_by_all(sqlite_stage: Stage, key: str) -> None:
    sqlite_stage.pipeline["collection"]["api_key"] = "${K}"
    sqlite_stage.installation.environment["K"] = key
    run, tried = sqlite_stage.installation.run("--headless", "--once"), sqlite_stage.installation.run("test")
    assert (run.code, tried.code) == (2, 2)
    for said in (run.err, tried.out):
        assert "collection.api_key: has a character that no HTTP header can carry" in said
        assert key not in said


def test_bytes_that_are_no_text(sqlite_stage: Stage) -> None:
    sqlite_stage.pipeline["collection"]["api_key"] = "${K}"
    environ = {**sqlite_stage.installation.environ, "K": os.fsdecode(b"abc\xff")}
    ended = shell(sqlite_stage, "", "status", environ=environ)
    assert ended.code == 2
    assert "K is not valid UTF-8 text" in ended.err
    ended = shell(sqlite_stage, "", "search", os.fsdecode(b"a\xffb"))
    assert ended.code == 2
    assert "not valid UTF-8 text" in ended.err
