"""The recipe of a pipeline before its configuration changed, kept while its vectors are searched.

It is noted in the ledger with each generation, without secrets: those come from the configuration of now.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from pydantic import SecretStr, TypeAdapter, ValidationError

from embedconsole.config.sections.base import Section
from embedconsole.config.sections.collection import CollectionConfig
from embedconsole.config.sections.embedder import EmbedderConfig
from embedconsole.config.sections.vector import VectorConfig
from embedconsole.faults import ConfigError
from embedconsole.redact import MASK, mask_url, redacted

if TYPE_CHECKING:
    from collections.abc import Iterable

    from embedconsole.config.pipeline import Pipeline
    from embedconsole.items import CollectionState, VectorSpec

_Plain: TypeAlias = "dict[str, _Plain] | list[_Plain] | str | int | float | bool | None"

_EMBEDDER: TypeAdapter[EmbedderConfig] = TypeAdapter(EmbedderConfig)
_PLACE = ("url", "path", "api_key", "name", "timeout")
_CONTENT = ("payload", "indexes")
_ROWS = ("query", "table", "key", "json_columns", "html_columns")
_OF_A_ROW = ("vectors", "collection", "catalog")


def recipe_text(pipeline: Pipeline) -> str:
    """The record that `former_pipeline` reads: JSON without secrets, in the configuration's order."""
    return json.dumps(
        {
            "vectors": {name: _masked(vector) for name, vector in pipeline.vectors.items()},
            "embedders": {name: _masked(config) for name, config in pipeline.embedders.items()},
            "collection": _only(_masked(pipeline.collection), _CONTENT),
            "catalog": _only(_masked(pipeline.catalog), _ROWS),
        },
        separators=(",", ":"),
    )


def fields_written(recipe: str | None) -> frozenset[str]:
    """The top-level payload fields that points may have which were filled by this recipe or one before it."""
    noted = {} if recipe is None else json.loads(recipe)
    return frozenset(noted.get("fields") or noted.get("collection", {}).get("payload") or ())


def with_fields(recipe: str, fields: Iterable[str]) -> str:
    """The recipe with these fields noted as written."""
    return json.dumps({**json.loads(recipe), "fields": sorted(fields)}, separators=(",", ":"))


def without_fields(recipe: str | None) -> str | None:
    """The recipe as `recipe_text` gives it."""
    if recipe is None:
        return None
    return json.dumps({k: v for k, v in json.loads(recipe).items() if k != "fields"}, separators=(",", ":"))


def makes_the_same(one: str, other: str) -> bool:
    """Whether two recipes make the same content of a row: who embeds it, and where, is another matter."""
    was, now = json.loads(one), json.loads(other)
    # As text: the order of a mapping counts.
    return all(json.dumps(was.get(part)) == json.dumps(now.get(part)) for part in _OF_A_ROW)


def former_pipeline(now: Pipeline, recipe: str, state: CollectionState) -> Pipeline:
    """The pipeline as it was when the recipe was noted, on the catalog and the Qdrant of now.

    Args:
        state: The collection that it fills: sizes and distances are what they are there.

    Raises:
        ConfigError: an embedder of then can't be used any more, or its secrets are not in the configuration.
    """
    noted = json.loads(recipe)
    try:
        embedders = {
            name: _EMBEDDER.validate_python(_unmasked(name, config, _plain(now.known_embedders.get(name))))
            for name, config in noted["embedders"].items()
        }
        collection = CollectionConfig.model_validate(
            {**_only(_plain(now.collection), _PLACE), **noted["collection"]}
        )
        vectors = {
            name: VectorConfig.model_validate({**config, **_shape(state.vectors.get(name))})
            for name, config in noted["vectors"].items()
        }
    except (KeyError, ValidationError) as error:
        raise ConfigError(
            f"pipeline {now.name}: how its collection was filled before can't be read any more: {error}"
        ) from error
    return replace(now, vectors=vectors, embedders=embedders, collection=collection)


def _shape(spec: VectorSpec | None) -> dict[str, int | str]:
    return {} if spec is None else {"size": spec.size, "distance": spec.distance}


def _plain(value: Any) -> Any:
    """A section as the plain values it is made of, secrets in clear; what has its default is left out."""
    if isinstance(value, Section):
        return {name: _plain(getattr(value, name)) for name in sorted(value.model_fields_set)}
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, dict):
        return {str(name): _plain(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_plain(part) for part in value]
    return str(value) if isinstance(value, Path) else value


def _masked(value: Any) -> _Plain:
    """The same without secrets."""
    if isinstance(value, Section):
        return {name: _masked(getattr(value, name)) for name in sorted(value.model_fields_set)}
    if isinstance(value, SecretStr):
        return MASK
    if isinstance(value, dict):
        return {str(name): _masked(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_masked(part) for part in value]
    plain: _Plain = mask_url(redacted(value)) if isinstance(value, str) else _plain(value)
    return plain


def _only(values: Any, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: values[name] for name in names if name in values}


def _unmasked(embedder: str, noted: Any, now: Any) -> Any:
    """The record, with the secrets that are in the same places now."""
    if isinstance(noted, dict):
        inner = now if isinstance(now, dict) else {}
        return {name: _unmasked(embedder, part, inner.get(name)) for name, part in noted.items()}
    if isinstance(noted, str) and MASK in noted:
        if not isinstance(now, str):
            raise ConfigError(
                f"the secrets of embedder {embedder!r}, which made what is searched now, are not in the "
                f"configuration any more: keep embedders.{embedder} until the re-index is done"
            )
        return now
    return noted
