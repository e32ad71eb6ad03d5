"""An input that was embedded in an earlier run: what speaks for an embedder that fails now."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import anyio.to_thread

from embedconsole.sync.content.slots import vector_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from embedconsole.catalog.base import Catalog
    from embedconsole.items import EmbedInput
    from embedconsole.ledger.ledger import Ledger
    from embedconsole.sync.content.recipe import Recipe

_LOOKED_AT = 20


@dataclass(slots=True)
class KnownGood:
    """Inputs of items that are synced and unchanged; looked for once, when they are first needed."""

    ledger: Ledger
    catalog: Catalog
    recipe: Recipe
    generation_id: int
    _found: Mapping[str, EmbedInput] | None = field(default=None)

    async def of(self, vector: str) -> EmbedInput | None:
        """An input that a vector (by its name) was made of; None where there is none."""
        if self._found is None:
            self._found = await anyio.to_thread.run_sync(self._look)
        return self._found.get(vector)

    def _look(self) -> dict[str, EmbedInput]:
        synced = {
            item.key: item.synced_embed
            for item in self.ledger.synced_items.synced(self.generation_id, _LOOKED_AT)
        }
        found: dict[str, EmbedInput] = {}
        for key, row in self.catalog.read(list(synced)).items():
            content = self.recipe.content(row)
            if content.problem is None and content.hashes.embed == synced[key]:
                found |= {vector_of(slot): entry for slot, entry in content.inputs.items()}
        return found
