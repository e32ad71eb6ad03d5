"""Settings that the documents show, put where they belong, make a configuration that loads."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from docs.documents import PAGES, blocks
from embedconsole.config.load import settle
from embedconsole.config.yaml_source import parse_source

_EMBEDDERS: dict[str, Any] = {
    "ml": {"type": "http", "url": "http://ml:8000/embed"},
    "clip": {"type": "replicate", "model": "openai/clip"},
}
_PIPELINE: dict[str, Any] = {
    "catalog": {"url": "sqlite:///shop.db", "table": "products"},
    "embed": {"embedder": "ml", "text": "{title}"},
    "collection": {"url": "http://qdrant:6333", "name": "products"},
}
_OF_OTHERS = {"scrape_configs"}
"""What a block begins with that is no configuration of ours."""


def shown() -> list[tuple[str, dict[str, Any]]]:
    """Page and block."""
    # Scalars stay text, as with our own loader: YAML 1.1 takes `on` for true.
    found = [(page, yaml.load(block, yaml.BaseLoader)) for page in PAGES for block in blocks(page, "yaml")]
    return [(page, tree) for page, tree in found if not _OF_OTHERS & set(tree)]


def completed(tree: dict[str, Any]) -> dict[str, Any]:
    """A whole configuration with what the document shows in it."""
    whole = tree if not set(tree) & {*_PIPELINE, "vectors"} else {"pipelines": {"products": tree}}
    pipelines = {name: _pipeline(one) for name, one in whole.get("pipelines", {"products": {}}).items()}
    return {**whole, "embedders": {**_EMBEDDERS, **whole.get("embedders", {})}, "pipelines": pipelines}


def _pipeline(tree: dict[str, Any]) -> dict[str, Any]:
    whole = dict(tree)
    for name, usual in _PIPELINE.items():
        if name == "embed" and "vectors" in tree:
            continue
        whole[name] = {**usual, **tree[name]} if name in tree and name != "embed" else tree.get(name, usual)
    if "query" in whole["catalog"]:
        del whole["catalog"]["table"]
    return whole


@pytest.mark.parametrize(("page", "tree"), shown(), ids=lambda value: value if isinstance(value, str) else "")
def test_it_loads(page: str, tree: dict[str, Any]) -> None:
    text = yaml.safe_dump(completed(tree), sort_keys=False)
    variables = dict.fromkeys(re.findall(r"\$\{(\w+)\}", text), "http://there:8000")
    variables |= {"DATABASE_URL": "sqlite:///shop.db", "LEDGER_PASSWORD": "secret"}
    folder = Path("/etc/shop")
    settle(parse_source(text, page), folder / "c.yaml", environ=variables, overrides={}, cwd=folder)
