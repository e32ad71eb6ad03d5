"""What docs/embedders.md says: its configurations are valid, and requests are as many as its table tells."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from pydantic import TypeAdapter

from embedconsole.config.sections.embedder import EmbedderConfig
from embedconsole.config.yaml_source import parse_source
from embedconsole.embedders.build import build_embedder

if TYPE_CHECKING:
    from backends.line import Line

DOCS = (Path(__file__).parents[2] / "docs" / "embedders.md").read_text()


def documented() -> dict[str, int]:
    rows = re.findall(r"^\| `(.*?) \|.*\| ([\d,]+)(?: predictions)? \|$", DOCS, re.MULTILINE)
    names = ("items", "single", "openai", "replicate", "replicate-lines", "fastembed", "hashing")
    return {name: int(count.replace(",", "")) for name, (_, count) in zip(names, rows, strict=True)}


@pytest.mark.anyio
async def test_requests_of_a_first_sync(line: Line) -> None:
    """Twelve products in batches of ten."""
    report = await line.sync()
    stats = line.service.stats()
    batches = line.backend.batches
    assert stats.requests == report.embed_requests == (2 if batches else 12)
    assert documented()[line.backend.name] == (10 if batches else 1000), "1,000 items in batches of 100"


@pytest.mark.parametrize(
    "block",
    [one for one in re.findall(r"```yaml\n(.*?)```", DOCS, re.DOTALL) if one.startswith("embedders:")],
)
def test_the_configurations_are_valid(block: str) -> None:
    text = re.sub(r"\$\{\w+:-\}", "secret", block)
    embedders = parse_source(text, "docs").tree["embedders"]
    assert isinstance(embedders, dict)
    adapter: TypeAdapter[EmbedderConfig] = TypeAdapter(EmbedderConfig)
    for name, settings in embedders.items():
        assert isinstance(settings, dict)
        config = adapter.validate_python({key: value for key, value in settings.items() if key != "tls"})
        assert build_embedder(str(name), config).name == name
