"""A ledger with a past of one's own making."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sqlalchemy import insert

from embedconsole.ledger.schema import events, runs, samples

if TYPE_CHECKING:
    from collections.abc import Mapping

    from embedconsole.ledger.ledger import Ledger


def picture(
    ledger: Ledger,
    at: float,
    told: Mapping[str, object] | None,
    *,
    pipeline: str = "products",
    worker: str = "web1:1:aa",
    done: int = 0,
) -> None:
    """A sample of a moment (seconds since 1970), with a picture or without."""
    row = {"at": round(at * 1000), "pipeline": pipeline, "worker_id": worker, "done": done, "failed": 0}
    kept = None if told is None else json.dumps(told)
    ledger.database.execute(insert(samples), [{**row, "picture": kept}])


def event(
    ledger: Ledger, at: float, message: str, *, pipeline: str = "products", level: str = "error"
) -> None:
    """Something that happened then."""
    row = {"at": round(at * 1000), "pipeline": "products", "level": level, "kind": "transient", "key": None}
    ledger.database.execute(insert(events), [{**row, "message": message}])


def run(ledger: Ledger, began: float, ended: float, **figures: int) -> None:
    """A run of `products` that ended well."""
    report = {"pipelines": {"products": figures}}
    row = {"worker_id": "web1:1:aa", "kind": "sync", "outcome": "ok", "report": json.dumps(report)}
    times = {"started_at": round(began * 1000), "ended_at": round(ended * 1000)}
    ledger.database.execute(insert(runs), [{**row, **times}])
