"""What the documents show as printed by the demo, it prints."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from docs.conftest import run
from docs.documents import PAGES, shown_commands

if TYPE_CHECKING:
    from pathlib import Path

_MEASURED = re.compile(r"[\d.,]+ s\b|[\d,]+ a second")


def _lines(text: str) -> list[str]:
    """The lines, without what takes another time each time."""
    return [_MEASURED.sub("N", line.rstrip()) for line in text.splitlines() if line.strip()]


def test_what_is_shown_is_printed(tmp_path: Path) -> None:
    shown = [one for page in PAGES for one in shown_commands(page) if one.output]
    assert len(shown) >= 5
    missing = []
    for one in shown:
        assert one.words[:2] == ["embedconsole", "demo"], "only the demo says the same to everybody"
        told = run(one.words, tmp_path)
        printed = (told.out + told.err).replace(str(tmp_path / "state"), "~/.local/state/embedconsole")
        missing += [f"{one.line}: {line}" for line in _lines(one.output) if line not in _lines(printed)]
    assert missing == []
