"""`init`: create a collection, or compare the one that is there. Never drops anything."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from embedconsole.collection.compare import differences
from embedconsole.items import EmbedInput
from embedconsole.sync.wanted import wanted_schema

if TYPE_CHECKING:
    from embedconsole.collection.compare import Difference
    from embedconsole.items import CollectionSchema
    from embedconsole.sync.assembly import Assembly

_SAMPLE = "embedconsole"


@dataclass(frozen=True, slots=True)
class Initialised:
    """What `init` found and did.

    Attributes:
        created: The collection did not exist and was created.
        added: Payload indexes that were added to an existing one.
        left: Differences that `init` does not mend; some may forbid writing.
    """

    target: str
    schema: CollectionSchema
    created: bool
    added: tuple[str, ...] = ()
    left: tuple[Difference, ...] = ()


async def initialise(assembly: Assembly) -> Initialised:
    """Create the pipeline's collection and payload indexes, or compare and add missing indexes.

    Raises:
        Transient, Refused: the collection, or the embedder that was asked for a size, fails.
    """
    collection = assembly.collection
    state = await collection.describe()
    have = {} if state is None else {name: spec.size for name, spec in state.vectors.items()}
    schema = wanted_schema(assembly.pipeline, have | await _asked_sizes(assembly, have))
    if state is None:
        await collection.create(schema)
        return Initialised(collection.target, schema, created=True)
    added, left = [], []
    for difference in differences(schema, state):
        path = difference.field.removeprefix("indexes.")
        if difference.have is None and path in schema.indexes and path != difference.field:
            await collection.create_index(path, schema.indexes[path])
            added.append(path)
        else:
            left.append(difference)
    return Initialised(collection.target, schema, created=False, added=tuple(added), left=tuple(left))


async def _asked_sizes(assembly: Assembly, have: dict[str, int]) -> dict[str, int]:
    """The sizes that neither the configuration nor the collection tells, by one embedding each."""
    sizes = {}
    for name, config in assembly.pipeline.vectors.items():
        if config.size or assembly.pipeline.collection.size or name in have:
            continue
        sample = EmbedInput(0, _SAMPLE, None, {"name": _SAMPLE, "description": ""})
        embedded = await assembly.embedders[name].embed([sample])
        if not embedded.rejected:
            sizes[name] = int(embedded.vectors.shape[1])
    return sizes
