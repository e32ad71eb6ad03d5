"""What follows for one item from what ledger, catalog and collection have of it, in sentences. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedconsole.ledger.items.difference import state_of
from embedconsole.ledger.state import State
from embedconsole.sync.shared.verdict import Verdict

if TYPE_CHECKING:
    from embedconsole.ledger.records.items import LedgerItem
    from embedconsole.sync.inspect.item import InCatalog

_AMISS = {
    Verdict.MISSING: "The ledger believes its point to be there, and it is not: verify --repair mends that.",
    Verdict.STALE: "Its point does not hold what the ledger believes: verify --repair sets that right.",
    Verdict.UNLISTED: "Its point is ours, and the ledger does not know it: verify --repair enters it.",
    Verdict.ORPHANED: "Its point is ours, and of no item of the catalog: verify --repair has it deleted.",
    Verdict.TAKEN: "A point of another pipeline stands where its own should be: they share their ids.",
}


def what_is_amiss(verdict: Verdict | None) -> tuple[str, ...]:
    """What a verify would say of it; nothing where all is well, or where that is not known."""
    return () if verdict not in _AMISS else (_AMISS[verdict],)


def what_follows(known: LedgerItem | None, catalog: InCatalog, *, tries: int) -> tuple[str, ...]:
    """What the hashes and the attempts come to, in sentences."""
    if known is None:
        if catalog.values is not None:
            return ("The ledger has not heard of it: the next run finds it, and it is embedded.",)
        return ("Neither the ledger nor the catalog has it.",)
    return (_standing(known, tries), *_after_a_look(known, catalog))


def _standing(known: LedgerItem, tries: int) -> str:
    if known.batch is not None:
        return f"Batch {known.batch} is at it now."
    searchable = (
        "its old point stays searchable" if known.synced_embed else "the collection has no point of it"
    )
    if known.state is State.FAILED:
        return f"It needs a look: untouched until its content changes or it is put back; {searchable}."
    if known.state is State.SKIPPED:
        return f"It is let be until its content changes or it is put back; {searchable}."
    work = _WORK[known.state]
    if known.attempts and known.due_in > 0:
        return f"Attempt {known.attempts + 1} of {tries} is due in {known.due_in:.0f} s: {work}."
    return f"{work[0].upper()}{work[1:]}."


_WORK = {
    State.EMBED: "it will be embedded",
    State.PAYLOAD: "its payload will be written, its embedding stays",
    State.DELETE: "its point will be deleted, it is gone from the catalog",
    State.SYNCED: "it is in sync, nothing is to be done",
}


def _after_a_look(known: LedgerItem, catalog: InCatalog) -> list[str]:
    """What the next look at the catalog will change."""
    if catalog.fault is not None:
        return []
    if catalog.values is None:
        if known.desired_embed is None:
            return []
        return ["It is gone from the catalog by now: the next full scan has its point deleted."]
    assert catalog.hashes is not None
    if (known.desired_embed, known.desired_payload) != catalog.hashes:
        state = state_of(*catalog.hashes, known.synced_embed, known.synced_payload)
        return [f"It was edited since it was last planned: the next run finds it, and {_WORK[state]}."]
    if known.state in (State.FAILED, State.SKIPPED):
        state = state_of(known.desired_embed, known.desired_payload, known.synced_embed, known.synced_payload)
        return [f"Put back as it is, {_WORK[state]}."]
    return []
