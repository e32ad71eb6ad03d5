"""The collection: where Qdrant is, and what is there already."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import anyio
from pydantic import ValidationError

from embedconsole.collection.build import build_collection
from embedconsole.collection.compare import differences
from embedconsole.config.sections.collection import CollectionConfig
from embedconsole.config.types import FOLDER
from embedconsole.faults import ConfigError
from embedconsole.items import UNNAMED, CollectionSchema, PointPage, VectorSpec
from embedconsole.redact import mask_url
from embedconsole.setup.answers import CollectionAnswers
from embedconsole.setup.questions import NONE, Question, is_address
from embedconsole.setup.variables import as_reference, variable_name
from embedconsole.sync.inspect.checks import describe_collection

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from embedconsole.items import CollectionState, JsonObject, PointId
    from embedconsole.setup.questions import Questions
    from embedconsole.setup.variables import Variables

_URL = "QDRANT_URL"
_KEY = "QDRANT_API_KEY"
_FOLDER = "./qdrant"
_HELP = (
    "http://HOST:6333, or a variable that holds it; or a folder like ./qdrant (beside the configuration)\n"
    "  for the embedded engine, which needs no server and serves one process."
)

_LOOKED_AT = 100


@dataclass(frozen=True, slots=True)
class Found:
    """What a look at a collection shows: in words, and the payloads of some of its points."""

    words: str
    payloads: Mapping[PointId, JsonObject] = field(default_factory=dict)


def ask_collection(questions: Questions, variables: Variables, name: str) -> CollectionAnswers:
    """Where the points go.

    Args:
        name: Suggested for the collection.
    """

    def parse(text: str) -> str:
        variable = as_reference(text)
        if variable is not None:
            return variables.refer(variable, "Qdrant's address", stand_in="http://127.0.0.1:6333")
        if not text:
            raise ConfigError("an address or a folder is needed; ? explains it")
        if not is_address(text):
            return text
        shown = mask_url(text)
        return text if shown == text else variables.keep(_URL, text, shown, "Qdrant's address")

    default = _URL if variables.is_set(_URL) else _FOLDER
    place = questions.ask(Question("qdrant", "Qdrant's address, or a folder", _HELP, default, parse))
    server = place.startswith("${") or is_address(place)
    key = _api_key(questions, variables) if server else None
    chosen = questions.ask(
        Question("collection", "Collection", "It is created by the first sync.", name, _collection_name)
    )
    if server:
        return CollectionAnswers(chosen, url=place, api_key=key)
    return CollectionAnswers(chosen, path=place)


def try_collection(
    answers: CollectionAnswers, variables: Variables, folder: Path, dimensions: int | None
) -> Found:
    """Ask for the collection, and for some of its points.

    Args:
        folder: Where a relative path begins.
        dimensions: Of the embedder's vectors; None when not known.

    Raises:
        ConfigError: it can't take our vectors.
        Throttled, Transient, Refused: Qdrant fails.
    """
    written = {"url": answers.url, "path": answers.path, "api_key": answers.api_key}
    tree = {name: variables.value(value) or None for name, value in written.items() if value is not None}
    try:
        config = CollectionConfig.model_validate({**tree, "name": answers.name}, context={FOLDER: folder})
    except ValidationError as error:
        raise ConfigError(error.errors()[0]["msg"]) from None

    async def look() -> tuple[str, CollectionState | None, PointPage]:
        collection = build_collection(config)
        try:
            state = await collection.describe()
            page = await collection.scroll(None, limit=_LOOKED_AT) if state else PointPage((), None)
            return collection.target, state, page
        finally:
            await collection.aclose()

    if config.path is not None and not config.path.exists():
        # Opening it would make the folder, and so far nothing is to be left behind.
        return Found(_new_folder(config.path))
    target, state, page = anyio.run(look)
    if state is not None and dimensions is not None:
        want = CollectionSchema({UNNAMED: VectorSpec(dimensions, config.distance)})
        for difference in differences(want, state):
            if difference.blocking:
                raise ConfigError(
                    f"{target} exists, and its {difference.field} is {difference.have or 'missing'}; "
                    f"the embedder wants {difference.want}. Choose another name"
                )
    return Found(describe_collection(target, state), dict(page.points))


def _new_folder(path: Path) -> str:
    there = next(parent for parent in path.absolute().parents if parent.exists())
    if not os.access(there, os.W_OK):
        raise ConfigError(f"{path}: the folder can't be made: {there} can't be written by this user")
    return f"{path} does not exist yet; the first sync, or init, makes it"


def _api_key(questions: Questions, variables: Variables) -> str | None:
    name = questions.ask(
        Question(
            "qdrant-key-env",
            "Environment variable with its API key",
            "Keys stay in the environment: the file only names the variable. - where it needs none.",
            _KEY if variables.is_set(_KEY) else NONE,
            lambda text: variable_name(text) if text else None,
        )
    )
    return None if name is None else variables.refer_if_set(name, "Qdrant's API key (may be left out)")


def _collection_name(text: str) -> str:
    if not text or "/" in text:
        raise ConfigError("should be a name without /")
    return text
