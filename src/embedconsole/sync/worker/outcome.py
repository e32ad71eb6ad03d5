"""What has been decided about the items of a batch so far."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from embedconsole.ledger.records.work import Settlement

if TYPE_CHECKING:
    from embedconsole.ledger.records.items import Hashes
    from embedconsole.ledger.records.work import Batch, ClaimedItem, Failure


@dataclass(slots=True)
class BatchOutcome:
    """A `Settlement` in the making."""

    written: list[tuple[ClaimedItem, Hashes]] = field(default_factory=list)
    deleted: list[ClaimedItem] = field(default_factory=list)
    gone: list[ClaimedItem] = field(default_factory=list)
    back: list[tuple[ClaimedItem, Hashes]] = field(default_factory=list)
    unsynced: list[ClaimedItem] = field(default_factory=list)
    failed: list[Failure] = field(default_factory=list)

    def settlement(self, batch: Batch) -> Settlement:
        """Everything decided so far; what is not decided is given back."""
        decided = {item.id for item, _ in (*self.written, *self.back)}
        decided |= {item.id for item in (*self.deleted, *self.gone, *self.unsynced)}
        decided |= {failure.item.id for failure in self.failed}
        released = [item for item in batch.items if item.id not in decided]
        return Settlement(
            self.written, self.deleted, self.gone, self.back, self.unsynced, self.failed, released
        )
