"""The commands of the documents that are for the demo, and what is shown as printed by them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from docs.conftest import run
from docs.documents import PAGES, blocks, shown_commands
from embedconsole import __version__
from embedconsole.cli.commands.status import print_processes
from embedconsole.items import MARKER
from embedconsole.ledger.records.processes import Process
from support.outsider import outsider_of_a_synced_shop

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from embedconsole.items import JsonObject
    from support.fixtures_shop import Stage

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


def test_verify_prints_what_its_page_shows(sqlite_stage: Stage, tmp_path: Path) -> None:
    others = outsider_of_a_synced_shop(sqlite_stage, "server", tmp_path)
    point, other = others.points()[2], others.points()[6]
    others.put({700: _marked(point, key="700"), 900: {"title": "of another program"}, 901: {}})
    others.remove(3, 4)
    others.set_payloads({5: {"title": "replaced"}, 6: _marked(other, payload_hash="0" * 32)})

    printed = lines(sqlite_stage.installation.run("verify").out)

    (shown,) = (block for block in blocks("docs/collections.md", "") if "missing 2" in block)
    assert lines(shown) == printed


def test_status_prints_the_processes_as_its_page_shows(capsys: pytest.CaptureFixture[str]) -> None:
    rates = {"web-1": (24915, 412.0, 0.4), "web-2": (25331, 398.0, 1.1)}
    print_processes(
        [
            Process(
                host, host, "here", pid, __version__, silent_for=silent, role="daemon",
                status={"state": "running", "rate": rate},
            )
            for host, (pid, rate, silent) in rates.items()
        ]
    )  # fmt: skip

    (shown,) = (block for block in blocks("docs/scaling.md", "") if block.startswith("process  host"))
    assert lines(shown) == lines(capsys.readouterr().out)


def _marked(payload: JsonObject, **changes: str) -> JsonObject:
    marker = payload[MARKER]
    assert isinstance(marker, dict)
    return {**payload, MARKER: {**marker, **changes}}


def _entries(log: str) -> list[str]:
    """The lines of a log, without when and how long, and by which batch."""
    return [re.sub(r"batch \d+\]", "batch N]", line.partition(" ")[2]) for line in lines(log)]
