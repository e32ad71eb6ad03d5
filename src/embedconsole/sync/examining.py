"""One item looked at closely: what it is, what was sent for it, what follows, and what happened to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread

from embedconsole.faults import ConfigError, Fault
from embedconsole.items import point_id
from embedconsole.ledger.states import State
from embedconsole.sync.assembly import assembly_of
from embedconsole.sync.diff import state_of
from embedconsole.sync.generation import current_generation
from embedconsole.sync.hits import title_of
from embedconsole.sync.journal import product_column
from embedconsole.sync.remedies import remedy_for
from embedconsole.sync.template import as_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from embedconsole.items import CatalogRow, JsonObject, PointId
    from embedconsole.ledger.ledger import Ledger
    from embedconsole.ledger.records.history import Event
    from embedconsole.ledger.records.items import Hashes, LedgerItem
    from embedconsole.sync.assembly import Assembly
    from embedconsole.sync.content import Content
    from embedconsole.sync.engine import Engine

_EVENTS = 100
_PATIENCE = 5.0
_SILENT = f"no answer in {_PATIENCE:.0f} s"


@dataclass(frozen=True, slots=True)
class Sent:
    """What goes to the embedder for one vector; `fields` is what the `items` shape sends beside the image."""

    vector: str
    text: str | None
    image: str | None
    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class InCatalog:
    """An item as the catalog has it now.

    Attributes:
        values: Column to value; None when there is no such row.
        sent: What would be sent for it.
        hashes: What the collection should then hold.
        problem: Why nothing can be sent.
        fault: Why the catalog can't be read; then the rest is not known.
    """

    name: str = ""
    values: JsonObject | None = None
    sent: tuple[Sent, ...] = ()
    hashes: Hashes | None = None
    problem: str | None = None
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class InCollection:
    """Its point: the payload, None when there is no such point; or why the collection can't be read."""

    point: PointId
    payload: JsonObject | None = None
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class Examined:
    """All that can be told of an item.

    Attributes:
        tries: How many attempts an item has in all.
        known: What the ledger has of it; None when it has never heard of it.
        follows: What that means, a sentence each.
        remedy: What the operator can do; empty where nothing went wrong.
        events: What happened to it, oldest first.
    """

    pipeline: str
    key: str
    tries: int
    known: LedgerItem | None
    catalog: InCatalog
    collection: InCollection
    follows: tuple[str, ...] = ()
    remedy: str = ""
    events: tuple[Event, ...] = ()


async def examine_item(engine: Engine, *, pipeline: str, key: str) -> Examined:
    """Look at an item by the parts of a running engine. Raises as `examine` does."""
    return await examine(engine.ledger, assembly_of(engine.assemblies, pipeline), key)


async def examine(ledger: Ledger | None, assembly: Assembly, key: str) -> Examined:
    """Look at an item in ledger, catalog and collection; the last two may be away.

    Args:
        ledger: None where nothing has ever run.

    Raises:
        Transient, Refused: the ledger does not answer.
    """
    known: LedgerItem | None = None
    events: tuple[Event, ...] = ()
    if ledger is not None:
        known, events = await anyio.to_thread.run_sync(_remember, ledger, assembly, key)
    catalog = InCatalog(fault=_SILENT)
    collection = InCollection(point_id(key), fault=_SILENT)

    async def read() -> None:
        nonlocal catalog
        catalog = await anyio.to_thread.run_sync(_in_catalog, assembly, key, abandon_on_cancel=True)

    async def retrieve() -> None:
        nonlocal collection
        collection = await _in_collection(assembly, key)

    with anyio.move_on_after(_PATIENCE):
        async with anyio.create_task_group() as group:
            group.start_soon(read)
            group.start_soon(retrieve)
    return Examined(
        pipeline=assembly.pipeline.name,
        key=key,
        tries=assembly.pipeline.retry.attempts,
        known=known,
        catalog=catalog,
        collection=collection,
        follows=what_follows(known, catalog, tries=assembly.pipeline.retry.attempts),
        remedy="" if known is None or not known.error else remedy_for(known.error_class or "", known.error),
        events=events,
    )


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


def _remember(ledger: Ledger, assembly: Assembly, key: str) -> tuple[LedgerItem | None, tuple[Event, ...]]:
    generation = current_generation(assembly, ledger)
    if generation is None:
        return None, ()
    events = ledger.history.events_of(assembly.pipeline.name, key, limit=_EVENTS)
    return ledger.overview.item(generation.id, key), tuple(events)


def _in_catalog(assembly: Assembly, key: str) -> InCatalog:
    catalog = assembly.catalog
    try:
        row = catalog.read([key]).get(key)
        if row is None:
            return InCatalog()
        recipe = assembly.recipe()
        content = recipe.content(row)
    except (Fault, ConfigError) as fault:
        return InCatalog(fault=str(fault))
    return InCatalog(
        name=_name(assembly, row),
        values=row.values,
        sent=_sent(content),
        hashes=content.hashes,
        problem=content.problem,
    )


def _sent(content: Content) -> tuple[Sent, ...]:
    return tuple(Sent(vector, one.text, one.image, one.fields) for vector, one in content.inputs.items())


def _name(assembly: Assembly, row: CatalogRow) -> str:
    """What a person knows it by; of a picture also whose it is."""
    config = assembly.pipeline.catalog
    product = product_column(config.product, assembly.catalog.columns, config.key)
    whose = "" if product is None else f"picture of product {as_text(row.values.get(product))}"
    return ", ".join(part for part in (title_of(row.values), whose) if part)


async def _in_collection(assembly: Assembly, key: str) -> InCollection:
    point = point_id(key)
    try:
        found = await assembly.collection.retrieve([point])
    except (Fault, ConfigError) as fault:
        return InCollection(point, fault=str(fault))
    return InCollection(point, found.get(point))
