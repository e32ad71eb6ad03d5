"""The shipped example and the sample of the design both load; the example leaves no setting out."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import pytest
import yaml

from embedconsole.config.load import Loaded, load
from embedconsole.config.pipeline import resolve_pipelines
from embedconsole.config.sections.base import Section
from embedconsole.config.sections.embedders.fastembed import FastembedConfig
from embedconsole.config.sections.embedders.hashing import HashingConfig
from embedconsole.config.sections.embedders.http import HttpConfig
from embedconsole.config.sections.embedders.openai import OpenAIConfig
from embedconsole.config.sections.embedders.replicate import ReplicateConfig
from embedconsole.config.settings import Settings
from embedconsole.config.show import show

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

EXAMPLE = Path(__file__).parents[2] / "config.example.yaml"
ENVIRON = {
    "DATABASE_URL": "mysql://shop:secret@db:3306/shop",
    "ML_EMBEDDING_URL": "http://ml:8000/embed",
    "QDRANT_URL": "http://qdrant:6333",
}
DESIGN = """\
ledger: sqlite:////var/lib/embedconsole/ledger.db   # default: the user state dir
embedders:
  ml:
    type: http                      # http | openai | replicate | fastembed | hashing
    url: ${ML_EMBEDDING_URL}
    shape: items
    batch_size: 100
    concurrency: 8
    timeout: 60
    headers: {Authorization: "Bearer ${ML_TOKEN:-}"}
    requests_per_minute: 600
    price_per_1000: 0.22
  clip: {type: replicate, model: openai/clip, token: "${REPLICATE_API_TOKEN:-}"}
pipelines:
  products:
    catalog:
      url: ${DATABASE_URL}
      query: |
        SELECT p.id, p.sku, p.title, p.description, c.name AS category, p.price, p.stock > 0 AS in_stock,
               p.image_url, p.color, p.size_options, p.created_at, p.updated_at
        FROM products p LEFT JOIN categories c ON c.id = p.category_id WHERE p.deleted_at IS NULL
      key: id
      changed: updated_at
      writeback: {synced_at: embedding_synced_at, flag: needs_embedding, vector: embedding}
    embed:
      embedder: ml
      text: "{title}\\n{description}"
      image: "{image_url}"
      fields: {name: title, description: description}
    collection:
      url: ${QDRANT_URL}
      api_key: ${QDRANT_API_KEY:-}
      name: products
      size: 512
      distance: cosine
      payload: {product_id: sku, title: title, price: price, metadata: {color: color, size: size_options}}
      indexes: {title: text, category: keyword, price: float, in_stock: bool}
chunk_size: 100
workers: 8
retry: {attempts: 3, backoff: [60, 120, 300], call_attempts: 3, call_delay: 1}
schedule: {every: 1h}
keep_vectors: on_failure
max_delete_fraction: 0.2
"""


def sections(annotation: object) -> Iterator[type[Section]]:
    if isinstance(annotation, type) and issubclass(annotation, Section):
        yield annotation
        for field in annotation.model_fields.values():
            yield from sections(field.annotation)
    for part in get_args(annotation):
        yield from sections(part)


def written_keys(text: str) -> set[str]:
    """Every key of the file, commented out or not, at any depth."""
    return set(re.findall(r"(?:^|[{,])\s*(?:#\s*)*([a-z][a-z0-9_]*):(?=\s|$)", text, re.MULTILINE))


@pytest.mark.parametrize("section", sorted(set(sections(Settings)), key=str))
def test_the_example_shows_every_setting(section: type[Section]) -> None:
    assert set(section.model_fields) - written_keys(EXAMPLE.read_text()) == set()


def test_the_example_loads_as_it_is() -> None:
    result = load(EXAMPLE, environ=ENVIRON, cwd=Path("/"))
    assert [pipeline.name for pipeline in resolve_pipelines(result.settings)] == ["products"]
    assert result.notes == ()


def test_the_commented_lines_of_the_example_are_valid_too(loaded: Callable[..., Loaded]) -> None:
    """With every alternative written out, a commented line that has gone stale is an error."""
    text = re.sub(
        r"^( {0,8})# (?=\s*[a-z][a-z0-9_]*:(?:\s|$))", r"\1", EXAMPLE.read_text(), flags=re.MULTILINE
    )
    lines = text.splitlines()
    for alternative in ("table: products             #", "path: ./qdrant"):
        (index,) = [at for at, line in enumerate(lines) if line.strip().startswith(alternative)]
        del lines[index]
    start = next(at for at, line in enumerate(lines) if line.startswith("    vectors:"))
    assert "embedder:" in lines[start + 1]
    del lines[start : start + 3]
    settings = loaded("\n".join(lines), ENVIRON).settings
    assert set(settings.embedders) == {"ml", "clip", "openai", "local", "trial"}
    kinds = {HttpConfig, ReplicateConfig, OpenAIConfig, FastembedConfig, HashingConfig}
    assert {type(embedder) for embedder in settings.embedders.values()} == kinds
    pipeline = settings.pipelines["products"]
    assert pipeline.catalog.writeback is not None
    assert pipeline.retry is not None
    assert settings.keys


def test_the_defaults_that_the_example_shows_are_the_defaults(
    loaded: Callable[..., Loaded], base: str
) -> None:
    shown, plain = load(EXAMPLE, environ=ENVIRON, cwd=Path("/")).settings, loaded(base).settings
    for key in ("chunk_size", "workers", "retry", "schedule", "keep_vectors", "max_delete_fraction", "log"):
        assert getattr(shown, key) == getattr(plain, key), key


def test_the_sample_of_the_design_loads_as_it_is(loaded: Callable[..., Loaded]) -> None:
    result = loaded(DESIGN, ENVIRON)
    (pipeline,) = resolve_pipelines(result.settings)
    ml, clip = pipeline.embedders["ml"], result.settings.embedders["clip"]
    assert isinstance(ml, HttpConfig)
    assert isinstance(clip, ReplicateConfig)
    assert ml.request_headers == {}
    assert (clip.model, clip.token) == ("openai/clip", None)
    assert pipeline.collection.api_key is None
    assert pipeline.catalog.url.get_secret_value() == "mysql+pymysql://shop:secret@db:3306/shop"
    assert result.settings.schedule.every == 3600
    with_token = loaded(DESIGN, ENVIRON | {"ML_TOKEN": "t"}).settings.embedders["ml"]
    assert getattr(with_token, "request_headers", None) == {"Authorization": "Bearer t"}
    assert yaml.safe_load(show(result, environ={}))["retry"]["backoff"] == [60, 120, 300]
