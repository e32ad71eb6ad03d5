"""The write-back columns kept true: rows that are in sync but still marked as not are noted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedconsole.catalog.base import Settled
from embedconsole.items import point_id, point_order
from embedconsole.ledger.state import State

if TYPE_CHECKING:
    from embedconsole.catalog.base import Catalog
    from embedconsole.ledger.ledger import Ledger
    from embedconsole.sync.content.recipe import Recipe


def settle_flags(catalog: Catalog, ledger: Ledger, generation_id: int, recipe: Recipe) -> int:
    """Note rows as synced whose note got lost, or which were only touched; returns how many.

    Such a row is not embedded again: its content is what the collection holds.
    """
    noted = 0
    for keys in catalog.unsettled():
        points = {point_order(point_id(key)): key for key in keys}
        known = ledger.planned_items.known(generation_id, list(points))
        in_sync = [points[point] for point, item in known.items() if item.state == State.SYNCED]
        settled = []
        for row in catalog.read(in_sync).values() if in_sync else ():
            content = recipe.content(row)
            item = known[point_order(content.point)]
            if content.hashes.embed == item.synced_embed and content.hashes.payload == item.synced_payload:
                settled.append(Settled(row))
        if settled:
            catalog.write_back(settled)
            noted += len(settled)
    return noted
