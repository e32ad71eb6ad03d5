"""The manual page is that of this version, and a manual page."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import click
import pytest

from embedconsole.cli.exits import SENTENCES
from embedconsole.cli.main import cli
from embedconsole.cli.manpage import manual

PAGE = Path(__file__).parents[2] / "docs" / "embedconsole.1"


def test_it_is_the_one_that_is_shipped() -> None:
    assert PAGE.read_text(encoding="utf-8") == manual(), (
        "stale; make it again: python -m embedconsole.cli.manpage > docs/embedconsole.1"
    )


@pytest.mark.skipif(shutil.which("groff") is None, reason="there is no groff here")
def test_it_is_read_without_a_complaint_and_names_everything() -> None:
    done = subprocess.run(
        ["groff", "-ww", "-man", "-K", "utf8", "-T", "utf8", "-P", "-cbou", str(PAGE)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    text = " ".join(done.stdout.replace("\N{HYPHEN}", "-").split())
    for name in cli.list_commands(click.Context(cli)):
        assert f"embedconsole {name}" in text
    for sentence in SENTENCES.values():
        assert sentence.split(";")[0] in text
    assert "\\" not in text.replace("\\n", "")
