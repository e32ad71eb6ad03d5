"""A small valid configuration that tests bend, loaded without touching a disk."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from embedconsole.config.load import Loaded, settle
from embedconsole.config.yaml_source import parse_source

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

BASE = """\
embedders:
  ml: {type: http, url: "http://ml:8000/embed"}
pipelines:
  products:
    catalog: {url: "sqlite:///shop.db", table: products}
    embed: {embedder: ml, text: "{title}"}
    collection: {url: "http://qdrant:6333", name: products}
"""


def settled(
    text: str,
    environ: Mapping[str, str] | None = None,
    overrides: Mapping[str, object] | None = None,
    folder: Path = Path("/etc/shop"),
) -> Loaded:
    path = folder / "c.yaml"
    return settle(
        parse_source(text, "c.yaml"), path, environ=environ or {}, overrides=overrides or {}, cwd=Path("/cwd")
    )


@pytest.fixture(scope="session")
def base() -> str:
    return BASE


@pytest.fixture(scope="session")
def loaded() -> Callable[..., Loaded]:
    return settled
