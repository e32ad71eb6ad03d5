"""The commands of the documents that are for the demo, and what is shown as printed by them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from docs.conftest import run
from docs.documents import PAGES, blocks, shown_commands

if TYPE_CHECKING:
    from pathlib import Path

_MEASURED = re.compile(r"[\d.,]+ s\b|[\d,]+ a second")


def lines(text: str) -> list[str]:
    """The lines, without what takes another time each time."""
    return [_MEASURED.sub("N", line.rstrip()) for line in text.splitlines() if line.strip()]


def test_what_is_shown_is_printed(tmp_path: Path) -> None:
    ours = [one for page in PAGES for one in shown_commands(page) if one.words[0] == "embedconsole"]
    shown = [one for one in ours if one.output]
    assert len(shown) >= 5
    missing = []
    printing = [one.words for one in shown]
    # `demo` alone draws.
    others = [
        one for one in ours if one.words[1:2] == ["demo"] != one.words[1:] and one.words not in printing
    ]
    for one in [*shown, *others]:
        assert one.words[1] == "demo", "only the demo says the same to everybody"
        told = run(one.words, tmp_path)
        # Some products of the demo fail, as they should.
        assert one.output or told.code == int("run" in one.words), told.err
        printed = (told.out + told.err).replace(str(tmp_path / "state"), "~/.local/state/embedconsole")
        missing += [f"{one.line}: {line}" for line in lines(one.output) if line not in lines(printed)]
    assert missing == []
    written = _entries((tmp_path / "state" / "demo" / "embedconsole.log").read_text())
    for page in PAGES:
        for entry in (entry for block in blocks(page, "log") for entry in _entries(block)):
            beginning = entry.partition("...")[0]
            assert any(line.startswith(beginning) for line in written), entry


def _entries(log: str) -> list[str]:
    """The lines of a log, without when and how long, and by which batch."""
    return [re.sub(r"batch \d+\]", "batch N]", line.partition(" ")[2]) for line in lines(log)]
