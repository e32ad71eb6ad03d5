"""Reports of the work: the log (a line a batch, a line a failed item) and the ledger's events."""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from embedconsole.faults import Fault
from embedconsole.ledger.state import Reason, State
from embedconsole.sync.shared.fault_text import after_failing

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from embedconsole.items import CatalogRow
    from embedconsole.ledger.ledger import Ledger
    from embedconsole.ledger.records.work import Batch, ClaimedItem, Failure, Settlement

log = logging.getLogger("embedconsole")

_VERBS = {State.EMBED: "Indexed", State.PAYLOAD: "Updated", State.DELETE: "Deleted"}
_WAITING_AT_MOST = 1000
_LEVELS = {"info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}


def counted_reasons(items: Iterable[ClaimedItem]) -> dict[str, int]:
    """How many of these items had work for which reason, the most frequent first."""
    counts = Counter(item.reason for item in items if item.reason is not None)
    return {Reason(reason).name.lower(): count for reason, count in counts.most_common()}


def reason_words(reasons: Mapping[str, int]) -> str:
    """The same for a line of the log."""
    return ", ".join(f"{count:,} {reason}" for reason, count in reasons.items())


@dataclass(frozen=True, slots=True)
class _Event:
    level: str
    kind: str
    message: str
    key: str | None


@dataclass(slots=True)
class Journal:
    """The journal of one pipeline. Events wait here until `flush`, so that a batch costs no extra commit.

    Args:
        product: The column with the product's id where items are its pictures; None where they are products.
    """

    pipeline: str
    product: str | None
    _waiting: list[_Event] = field(default_factory=list)

    def batch_done(
        self,
        batch: Batch,
        settlement: Settlement,
        rows: Mapping[str, CatalogRow],
        *,
        lost: int,
        stages: Mapping[str, float],
    ) -> None:
        """Log a batch that has been settled; `stages` gives the seconds it spent in each."""
        keys = [item.key for item, _ in settlement.written] + [item.key for item in settlement.deleted]
        names = ", ".join(self.name(key, rows.get(key)) for key in keys)
        counts = f"{len(keys)} of {len(batch.items)}"
        seconds = ", ".join(f"{stage} {spent:.2f} s" for stage, spent in stages.items())
        reasons = counted_reasons(item for item, _ in settlement.written)
        seconds = "; ".join(filter(None, (seconds, reason_words(reasons))))
        tail = f"; {len(settlement.failed)} failed" if settlement.failed else ""
        tail += f"; {lost} taken over by another worker" if lost else ""
        nothing_done = settlement.released and not (keys or settlement.failed or lost)
        log.info(
            "%s batch %d of %s: %s items (%s)%s%s",
            "Returned" if nothing_done else _VERBS[batch.work],
            batch.token,
            self.pipeline,
            counts,
            seconds,
            tail,
            f": {names}" if names else "",
            extra={
                "event": "batch",
                "pipeline": self.pipeline,
                "batch": batch.token,
                "work": batch.work.name.lower(),
                "reasons": reasons,
                "items": len(batch.items),
                "keys": keys,
                "failed": len(settlement.failed),
                "seconds": {stage: round(spent, 4) for stage, spent in stages.items()},
            },
        )

    def item_failed(self, failure: Failure, row: CatalogRow | None) -> None:
        """Log an item that was charged an attempt."""
        name = self.name(failure.item.key, row)
        attempt = failure.item.attempts + 1
        then = after_failing(failure.delay)
        log.warning(
            "Failed %s of %s - error: %s (%s, attempt %d, %s)",
            name,
            self.pipeline,
            failure.error,
            failure.error_class,
            attempt,
            then,
            extra={
                "event": "item_failed",
                "pipeline": self.pipeline,
                "key": failure.item.key,
                "product": None if row is None or self.product is None else row.values.get(self.product),
                "class": failure.error_class,
                "error": failure.error,
                "attempt": attempt,
                "final": failure.delay is None,
            },
        )
        level = "error" if failure.delay is None else "warning"
        self._waiting.append(_Event(level, failure.error_class, failure.error, failure.item.key))

    def note(self, level: str, kind: str, message: str) -> None:
        """Log something that concerns the pipeline as a whole."""
        log.log(
            _LEVELS[level],
            "%s: %s",
            self.pipeline,
            message,
            extra={"event": kind, "pipeline": self.pipeline},
        )
        self._waiting.append(_Event(level, kind, message, None))

    def flush(self, ledger: Ledger) -> None:
        """Write the waiting events to the ledger; while that is away they go on waiting, the latest of them.

        Raises:
            Fault: the ledger does not take them.
        """
        waiting, self._waiting = self._waiting, []
        events = [(event.level, event.kind, event.message, event.key) for event in waiting]
        try:
            ledger.history.record(self.pipeline, events)
        except Fault:
            self._waiting = (waiting + self._waiting)[-_WAITING_AT_MOST:]
            raise

    def name(self, key: str, row: CatalogRow | None) -> str:
        """How the log names an item: its key, and its product where it is a picture of one."""
        if self.product is None or row is None:
            return f"#{key}"
        return f"#{key} (product #{row.values.get(self.product)})"


def product_column(configured: str | None, columns: Sequence[str], key: str) -> str | None:
    """The column with an item's product: the configured one, or `product_id` where that is not the key."""
    if configured is not None:
        return configured
    return "product_id" if "product_id" in columns and key != "product_id" else None
