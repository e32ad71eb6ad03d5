"""A canary in every place where a secret may stand, and in some where it may not: nothing prints it."""

from __future__ import annotations

import copy
import re
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from config.reading import said
from embedconsole.config.pipeline import resolve_pipelines
from embedconsole.config.sections.embedders.replicate import ReplicateConfig
from embedconsole.config.show import show
from embedconsole.faults import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable

    from embedconsole.config.load import Loaded

CANARY = "k4n4r1"
FULL = f"""\
ledger: mysql://ops:{CANARY}@ledger-host/ops
embedders:
  ml:
    type: http
    url: "http://u:{CANARY}@ml-host/e?token={CANARY}"
    headers: {{Authorization: "Bearer {CANARY}"}}
  oa:
    type: openai
    model: m
    url: "https://{CANARY}@oa-host/v1"
    api_key: {CANARY}
    headers: {{X-Key: {CANARY}}}
  rp: {{type: replicate, token: {CANARY}, model: openai/clip}}
  env: {{type: replicate, token: "${{TOKEN}}", model: openai/clip}}
  local: {{type: fastembed, model: m, path: ./m}}
  trial: {{type: hashing}}
pipelines:
  products:
    catalog:
      url: postgres://shop:{CANARY}@shop-host:5432/shop-db?sslpassword={CANARY}
      query: |
        SELECT *
          FROM products
      writeback: {{flag: dirty}}
    vectors:
      text: {{embedder: ml, text: "{{title}}\\n$${{x}}", fields: {{name: title}}}}
      image: {{embedder: rp, image: "{{image}}"}}
    collection:
      url: https://u:{CANARY}@qdrant-host:6333
      api_key: {CANARY}
      name: products
      payload: {{a: b, c: {{d: e}}}}
      indexes: {{a: keyword}}
    retry: {{attempts: 4}}
workers: 3
log: {{path: x.log}}
"""
ENVIRON = {
    "TOKEN": CANARY,
    "EMBEDCONSOLE_EMBEDDERS__OA__API_KEY": CANARY + "-2",
    "EMBEDCONSOLE_RETRY__ATTEMPTS": "5",
}


def test_nothing_printed_holds_a_secret(loaded: Callable[..., Loaded]) -> None:
    result = loaded(FULL, ENVIRON)
    embedder = result.settings.embedders["env"]
    assert isinstance(embedder, ReplicateConfig)
    assert embedder.token == SecretStr(CANARY)
    pipelines = resolve_pipelines(result.settings)
    shown = show(result, environ={})
    outputs = [
        shown, repr(result), str(result), repr(result.settings), str(result.settings), repr(pipelines),
        f"{result.settings.embedders}", f"{pipelines[0].catalog!r}",
        f"{result.settings.model_dump()['ledger']}",
    ]  # fmt: skip
    for output in outputs:
        assert CANARY not in output
    for host in ("ledger-host/ops", "ml-host/e", "oa-host/v1", "shop-host:5432/shop-db", "qdrant-host:6333"):
        assert host in shown
    assert "shop:***@" in shown


def test_show_tells_where_each_value_comes_from(loaded: Callable[..., Loaded]) -> None:
    attempts = next(at for at, line in enumerate(FULL.splitlines(), 1) if "attempts" in line)
    lines = show(loaded(FULL, ENVIRON, {"workers": 2}), environ={}).splitlines()
    for line in (
        "workers: 2  # command line",
        "  attempts: 5  # environment EMBEDCONSOLE_RETRY__ATTEMPTS",
        "chunk_size: 100  # default",
        f"      attempts: 4  # line {attempts}",
    ):
        assert line in lines


def test_what_show_prints_loads_to_the_same_settings(loaded: Callable[..., Loaded]) -> None:
    shown = show(loaded(FULL, ENVIRON), environ={})
    again = loaded(shown)
    assert re.sub(r"  # .*", "", show(again, environ={})) == re.sub(r"  # .*", "", shown)
    vector = again.settings.pipelines["products"].vectors or {}
    assert vector["text"].text == "{title}\n${x}"
    assert again.settings.pipelines["products"].catalog.query == "SELECT *\n  FROM products\n"


@settings(deadline=None)
@given(
    text=st.text(
        alphabet=st.one_of(st.sampled_from(" \n\t#:'\"{}$-|>é\x85\u2028😀"), st.characters()), max_size=30
    ),
    word=st.text(max_size=10),
)
@example(text="${x} $${y}", word="${x}")
@example(text="${x}\n$${y}", word="no")
def test_any_text_survives_show(base: str, loaded: Callable[..., Loaded], text: str, word: str) -> None:
    overrides = {"pipelines.products.catalog.key": word or "id", "pipelines.products.catalog.changed": text}
    try:
        first = loaded(base, None, overrides)
    except ConfigError:  # lone surrogates are no text
        return
    catalog = first.settings.pipelines["products"].catalog
    assert loaded(show(first, environ={})).settings.pipelines["products"].catalog == catalog


def _paths(tree: object, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    if not isinstance(tree, dict):
        return [path]
    return [path, *(found for key, inner in tree.items() for found in _paths(inner, (*path, key)))]


@pytest.mark.parametrize("path", [path for path in _paths(yaml.safe_load(FULL)) if path], ids=".".join)
@pytest.mark.parametrize("wrong", [CANARY, [CANARY], {"a": CANARY}, [{"a": [CANARY]}]], ids=str)
def test_errors_hold_no_secret_wherever_it_stands(
    loaded: Callable[..., Loaded], path: tuple[str, ...], wrong: object
) -> None:
    tree = copy.deepcopy(yaml.safe_load(FULL))
    section = tree
    for key in path[:-1]:
        section = section[key]
    section[path[-1]] = wrong
    try:
        result = loaded(yaml.safe_dump(tree), ENVIRON)
    except ConfigError as fault:
        printed = "".join(traceback.format_exception(fault)) + str(fault)
    else:
        # A canary where a name or a column belongs is no secret, so only errors are searched then.
        assert result.path == Path("/etc/shop/c.yaml")
        printed = ""
    assert CANARY not in printed


@pytest.mark.parametrize("key", ["abc\u2013def", "\ufeffabc123", "clé", "a\nb", "a\x00b"])
@pytest.mark.parametrize(
    ("setting", "embedder", "collection"),
    [
        ("embedders.ml.api_key", 'type: openai, model: m, api_key: "${K}"', ""),
        ("embedders.ml.token", 'type: replicate, model: a/b, token: "${K}"', ""),
        ("pipelines.p.collection.api_key", "type: hashing", ', api_key: "${K}"'),
    ],
)
def test_a_key_that_no_header_can_carry(
    loaded: Callable[..., Loaded], key: str, setting: str, embedder: str, collection: str
) -> None:
    """Said by every command, with its place and without the key."""
    (line,) = said(
        loaded,
        f"embedders: {{ml: {{{embedder}}}}}\n"
        'pipelines: {p: {catalog: {url: "sqlite:///a.db", table: a}, embed: {embedder: ml, text: "{a}"}, '
        f'collection: {{url: "http://q", name: p{collection}}}}}}}\n',
        environ={"K": key},
    )
    assert setting in line
    assert "no HTTP header can carry" in line
    assert key not in line
