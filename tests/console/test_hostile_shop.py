"""The real program on a shop, a service and an operator's search that all try to be more than text."""

from __future__ import annotations

import os
import re
import sqlite3
import sys
from typing import TYPE_CHECKING

import pytest

if sys.platform == "win32":
    pytest.skip("no terminals to make here", allow_module_level=True)

from console.terminal import Terminal
from support.embedding_service import Behaviour, EmbeddingService

if TYPE_CHECKING:
    from pathlib import Path

EVIL = "\x1b]52;c;aGk=\x07\x1b[7;7Hevil\x9b31m\u202e\x00[@click=app.quit]go[/] [bold]x[/]"
PIECES = (b"\x1b]52", b"\x1b[7;7Hevil", b"\x07", b"\xc2\x9b", "\u202e".encode(), b"\x00")
"""What of it must not reach the terminal."""

CONFIGURATION = """\
embedders:
  ml: {{type: http, url: "{url}", batch_size: 1}}
pipelines:
  products:
    catalog: {{url: "sqlite:///{folder}/shop.db", table: products, key: sku}}
    embed: {{embedder: ml, text: "{{title}}"}}
    collection: {{path: "{folder}/qdrant", name: products, indexes: {{category: keyword}}}}
retry: {{attempts: 1}}
"""

WALK = (
    ("2", "What happened"),
    ("\r", "key "),
    ("\r", "Sent to the embedder"),
    ("\x1b", "tries"),
    ("3", "Schema"),
    ("4", "outcome"),
    ("\r", "What went wrong"),
    ("5", "customer would"),
    ("evil\r", "score"),
    ("\r", "esc back"),
    ("6", "Events of all"),
    ("\r", "Entry"),
    ("0", "Processes"),
    ("1", "Backlog"),
    ("t", "All is well|failed"),
    ("\x1b", "Backlog"),
    ("?", "On this screen"),
    ("\x1b", "Backlog"),
)
"""What is pressed, and what can then be read."""

PANELS = ("Sent to the embedder", "Entry")
"""Where a click does nothing, and would do what a text asks for if a text could ask."""


def make_shop(path: Path) -> None:
    """Every text of every product is hostile; the embedding service refuses some."""
    with sqlite3.connect(path) as shop:
        shop.execute("CREATE TABLE products (sku TEXT PRIMARY KEY, title TEXT, category TEXT)")
        shop.executemany(
            "INSERT INTO products VALUES (?, ?, ?)",
            [
                (f"{number}{EVIL}", f"{EVIL} {'refused' if number % 3 == 0 else 'fine'}", EVIL)
                for number in range(30)
            ],
        )


def test_no_field_on_any_screen_is_more_than_text(tmp_path: Path) -> None:
    make_shop(tmp_path / "shop.db")
    config = tmp_path / "embedconsole.yaml"
    kept = {name: value for name, value in os.environ.items() if not name.startswith("EMBEDCONSOLE_")}
    kept.pop("NO_COLOR", None)
    environment = {**kept, "EMBEDCONSOLE_STATE_DIR": str(tmp_path), "EMBEDCONSOLE_LOG_DIR": str(tmp_path)}
    written = bytearray()
    with EmbeddingService(size=8, in_process=True) as service:
        service.behave(Behaviour("status", times=None, mark="refused", status=422, body=f"boom {EVIL}"))
        config.write_text(CONFIGURATION.format(folder=tmp_path, url=service.url), encoding="utf-8")
        with Terminal(("--mouse", "--config", str(config)), environment) as terminal:
            terminal.read_until("10 products failed")
            for keys, shown in WALK:
                written += terminal.written
                terminal.written.clear()
                terminal.press(keys)
                terminal.read_until(shown)
                for row in range(2, 24) if shown in PANELS else ():
                    terminal.press(f"\x1b[<0;30;{row}M\x1b[<0;30;{row}m")
                terminal.read(0.3)
            terminal.press("qq")
            code = terminal.ended()
            written += terminal.written

    assert code == 0
    # The shape of the mouse's pointer, which Textual asks for, ends with a bell of its own.
    told = re.sub(rb"\x1b\]22;[a-z-]*\x07", b"", written)
    for piece in PIECES:
        assert piece not in told, f"{piece!r}"
    assert b"Traceback" not in written
    assert b"error of embedconsole itself" not in written
    assert b"[@click=app.quit]go[/]" in written
