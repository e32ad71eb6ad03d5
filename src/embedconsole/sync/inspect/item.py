"""One item looked at closely: what it is, what was sent for it, what follows, and what happened to it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread

from embedconsole.faults import ConfigError, Fault, is_misconfigured
from embedconsole.items import point_id, point_order
from embedconsole.ledger.items.difference import state_of
from embedconsole.ledger.state import Reason, State
from embedconsole.sync.content.marker import read_point
from embedconsole.sync.content.slots import slot_words
from embedconsole.sync.content.template import as_text
from embedconsole.sync.plan.feed_intake import FeedFailed
from embedconsole.sync.plan.plan_task import full_scan_due
from embedconsole.sync.run.components import components_of
from embedconsole.sync.run.generations import current_generation
from embedconsole.sync.search.presentation import title_of
from embedconsole.sync.shared.fault_text import remedy_for
from embedconsole.sync.shared.journal import product_column
from embedconsole.sync.shared.verdict import Verdict, judge

if TYPE_CHECKING:
    from collections.abc import Mapping

    from embedconsole.items import CatalogRow, JsonObject, PointId
    from embedconsole.ledger.ledger import Ledger
    from embedconsole.ledger.records.history import Event
    from embedconsole.ledger.records.items import Generation, Hashes, LedgerItem, SyncedItem
    from embedconsole.sync.content.marker import MarkedPoint
    from embedconsole.sync.content.recipe import Content
    from embedconsole.sync.plan.feed_intake import FeedIntake
    from embedconsole.sync.run.components import Components
    from embedconsole.sync.run.engine import Engine


_AMISS = {
    Verdict.MISSING: "Its point is in the ledger, but not in the collection: verify --repair corrects it.",
    Verdict.STALE: "Its point differs from the ledger's record: verify --repair corrects it.",
    Verdict.UNLISTED: "Its point is ours, but not in the ledger: verify --repair enters it.",
    Verdict.ORPHANED: "Its point is ours, but its item is not in the catalog: verify --repair deletes it.",
    Verdict.TAKEN: "A point of another pipeline is where its own should be: they share ids.",
}


_REASONS = {
    Reason.NEW: "the catalog has it, and the collection did not",
    Reason.EDITED: "its row changed",
    Reason.FORCED: "an operator asked for it to be embedded again",
    Reason.MISSING: "its point was not in the collection",
    Reason.RECHECKED: "its point differed from the ledger's record",
    Reason.MODEL: "its content is made another way: another model, text or setting, or a re-index",
}


def why(known: LedgerItem) -> str:
    """Why it was last given work, as a word and in words."""
    if known.reason is None:
        return "not known: it was planned by a version that noted none, or its point was adopted"
    return f"{known.reason.name.lower()}: {_REASONS[known.reason]}"


def what_is_amiss(verdict: Verdict | None) -> tuple[str, ...]:
    """The finding of a verify for it; empty where all is well, or where that is not known."""
    return () if verdict not in _AMISS else (_AMISS[verdict],)


def what_follows(known: LedgerItem | None, catalog: InCatalog, *, tries: int) -> tuple[str, ...]:
    """The consequences of the hashes and the attempts, in sentences."""
    if known is None:
        if catalog.fault is not None:
            return ("The ledger does not have it; whether the catalog has it is not known.",)
        if catalog.values is not None:
            return (f"The ledger does not have it: {_found(catalog)}, and it is embedded.",)
        return ("Neither the ledger nor the catalog has it.",)
    after = _after_a_look(known, catalog)
    if known.state is State.SYNCED and catalog.fault is None and after:
        return ("It holds what was last planned.", *after)
    return (_standing(known, tries), *after)


def _standing(known: LedgerItem, tries: int) -> str:
    if known.batch is not None:
        return f"Batch {known.batch} is working on it now."
    searchable = (
        "its old point stays searchable" if known.synced_embed else "the collection has no point of it"
    )
    if known.state is State.FAILED:
        return f"Failed: untouched until its content changes or it is put back; {searchable}."
    if known.state is State.SKIPPED:
        return f"Skipped until its content changes or it is put back; {searchable}."
    work = _WORK[known.state]
    if known.attempts and known.due_in > 0:
        return f"Attempt {known.attempts + 1} of {tries} in {known.due_in:.0f} s: {work}."
    return f"{work[0].upper()}{work[1:]}."


_WORK = {
    State.EMBED: "it will be embedded",
    State.PAYLOAD: "its payload will be written, its embedding stays",
    State.DELETE: "its point will be deleted, it is gone from the catalog",
    State.SYNCED: "it is in sync, nothing to do",
}


def _after_a_look(known: LedgerItem, catalog: InCatalog) -> list[str]:
    """The changes that the next scan of the catalog makes."""
    if catalog.fault is not None:
        why = "can't be read as configured" if catalog.misconfigured else "does not answer"
        return [f"Whether it was edited since is not known: the catalog {why}."]
    if catalog.values is None:
        if known.desired_embed is None:
            return []
        return [f"It is gone from the catalog by now: {_found(catalog)}, and its point is deleted."]
    assert catalog.hashes is not None
    if (known.desired_embed, known.desired_payload) != catalog.hashes:
        state = state_of(*catalog.hashes, known.synced_embed, known.synced_payload)
        return [f"It was edited since it was last planned: {_found(catalog)}, and {_WORK[state]}."]
    if known.state in (State.FAILED, State.SKIPPED):
        state = state_of(known.desired_embed, known.desired_payload, known.synced_embed, known.synced_payload)
        return [f"Put back as it is, {_WORK[state]}."]
    return []


_EVENTS = 100
_PATIENCE = 5.0
_SILENT = f"no answer in {_PATIENCE:.0f} s"


@dataclass(frozen=True, slots=True)
class SentInput:
    """The input of the embedder for one vector; `fields` are sent with the image by the `items` shape."""

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
        misconfigured: It can't be read because the configuration names what is not there.
        unseen_for: In how many seconds a full scan finds what the next run does not; None where the next run
            finds it.
    """

    name: str = ""
    values: JsonObject | None = None
    sent: tuple[SentInput, ...] = ()
    hashes: Hashes | None = None
    problem: str | None = None
    fault: str | None = None
    misconfigured: bool = False
    unseen_for: float | None = None


@dataclass(frozen=True, slots=True)
class InCollection:
    """Its point: the payload, None when there is no such point; or why the collection can't be read."""

    point: PointId
    payload: JsonObject | None = None
    fault: str | None = None

    @property
    def held(self) -> MarkedPoint | None:
        """The content of its marker; None when there is no such point."""
        return None if self.payload is None else read_point(self.point, self.payload)


@dataclass(frozen=True, slots=True)
class Examined:
    """All that is known of an item.

    Attributes:
        tries: How many attempts an item has in all.
        known: What the ledger has of it; None when it has never heard of it.
        kept: The kept vectors of the planned content, by name, with their sizes.
        verdict: The verdict of comparing ledger and collection; None where one of them can't be read.
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
    kept: Mapping[str, int] = field(default_factory=dict)
    verdict: Verdict | None = None
    follows: tuple[str, ...] = ()
    remedy: str = ""
    events: tuple[Event, ...] = ()


async def examine_item(engine: Engine, *, pipeline: str, key: str) -> Examined:
    """Look at an item by the parts of a running engine. Raises as `examine` does."""
    return await examine(engine.ledger, components_of(engine.all_components, pipeline), key)


async def examine(ledger: Ledger | None, components: Components, key: str) -> Examined:
    """Look at an item in ledger, catalog and collection; the last two may be away.

    Args:
        ledger: None where nothing has ever run.

    Raises:
        Transient, Refused: the ledger does not answer.
    """
    memory = _Memory()
    if ledger is not None:
        memory = await anyio.to_thread.run_sync(_remember, ledger, components, key)
    catalog = InCatalog(fault=_SILENT)
    collection = InCollection(point_id(key), fault=_SILENT)

    async def read() -> None:
        nonlocal catalog
        look = partial(_in_catalog, ledger, components, memory, key)
        catalog = await anyio.to_thread.run_sync(look, abandon_on_cancel=True)

    async def retrieve() -> None:
        nonlocal collection
        collection = await _in_collection(components, key)

    with anyio.move_on_after(_PATIENCE):
        async with anyio.create_task_group() as group:
            group.start_soon(read)
            group.start_soon(retrieve)
    known, tries = memory.known, components.pipeline.retry.attempts
    verdict = _verdict(components.pipeline.name, memory.believed, catalog, collection)
    return Examined(
        pipeline=components.pipeline.name,
        key=key,
        tries=tries,
        known=known,
        catalog=catalog,
        collection=collection,
        kept=memory.kept,
        verdict=verdict,
        follows=(*what_follows(known, catalog, tries=tries), *what_is_amiss(verdict)),
        remedy="" if known is None or not known.error else remedy_for(known.error_class or "", known.error),
        events=memory.events,
    )


def _verdict(
    pipeline: str, believed: SyncedItem | None, catalog: InCatalog, collection: InCollection
) -> Verdict | None:
    held = collection.held
    if collection.fault is not None or (believed is None and held is None):
        return None
    verdict = judge(believed, held, pipeline)
    gone = catalog.values is None and catalog.fault is None
    return Verdict.ORPHANED if verdict is Verdict.UNLISTED and gone else verdict


@dataclass(frozen=True, slots=True)
class _Memory:
    """The ledger's records of an item, and of the scans."""

    generation: Generation | None = None
    known: LedgerItem | None = None
    believed: SyncedItem | None = None
    kept: Mapping[str, int] = field(default_factory=dict)
    events: tuple[Event, ...] = ()


def _remember(ledger: Ledger, components: Components, key: str) -> _Memory:
    generation = current_generation(components, ledger)
    if generation is None:
        return _Memory()
    point = point_order(point_id(key))
    known = ledger.overview.item(generation.id, key)
    return _Memory(
        generation=generation,
        known=known,
        believed=ledger.synced_items.of(generation.id, [point]).get(point),
        kept=_kept(ledger, generation.id, None if known is None else known.desired_embed),
        events=tuple(ledger.history.events_of(components.pipeline.name, key, limit=_EVENTS)),
    )


def _kept(ledger: Ledger, generation_id: int, embed_hash: bytes | None) -> dict[str, int]:
    packed = None if embed_hash is None else ledger.kept.get(generation_id, [embed_hash]).get(embed_hash)
    if packed is None:
        return {}
    # It brings numpy, which a look at an item mostly does without.
    from embedconsole.sync.content.vectors import unpack

    return {slot_words(slot): vector.size for slot, vector in unpack(packed).items()}


def _in_catalog(ledger: Ledger | None, components: Components, memory: _Memory, key: str) -> InCatalog:
    try:
        row = components.catalog.read([key]).get(key)
        if row is None:
            return InCatalog(unseen_for=_unseen_for(ledger, components, memory, key, there=False))
        content = components.recipe().content(row)
        known = memory.known
        differs = known is None or (known.desired_embed, known.desired_payload) != content.hashes
        unseen_for = _unseen_for(ledger, components, memory, key, there=True) if differs else None
    except (Fault, ConfigError) as fault:
        return InCatalog(fault=str(fault), misconfigured=is_misconfigured(fault))
    return InCatalog(
        name=_name(components, row),
        values=row.values,
        sent=_sent(content),
        hashes=content.hashes,
        problem=content.problem,
        unseen_for=unseen_for,
    )


def _unseen_for(
    ledger: Ledger | None, components: Components, memory: _Memory, key: str, *, there: bool
) -> float | None:
    """Whether the next run finds a change of an item that the ledger does not know yet."""
    generation, catalog = memory.generation, components.catalog
    if (
        ledger is None
        or generation is None
        or full_scan_due(components.pipeline, components.catalog, generation)
    ):
        return None
    assert generation.scan_age is not None
    if there and catalog.reads(key, since=generation.watermark):
        return None
    if components.intake is not None and _is_waiting(components.intake):
        return None
    # An item too many or too few makes a run compare the keys.
    known = memory.known is not None and memory.known.desired_embed is not None
    if known != there and catalog.count() != ledger.planned_items.count_wanted(generation.id):
        return None
    return components.pipeline.catalog.full_scan_every - generation.scan_age


def _is_waiting(intake: FeedIntake) -> bool:
    """Whether the change feed names anything; one that fails names nothing."""
    try:
        return intake.waiting()
    except FeedFailed:
        return False


def _sent(content: Content) -> tuple[SentInput, ...]:
    return tuple(
        SentInput(slot_words(slot), one.text, one.image, one.fields) for slot, one in content.inputs.items()
    )


def _name(components: Components, row: CatalogRow) -> str:
    """The name that a person knows it by; of a picture also whose it is."""
    config = components.pipeline.catalog
    product = product_column(config.product, components.catalog.columns, config.key)
    whose = "" if product is None else f"picture of product {as_text(row.values.get(product))}"
    return ", ".join(part for part in (title_of(row.values), whose) if part)


async def _in_collection(components: Components, key: str) -> InCollection:
    point = point_id(key)
    try:
        found = await components.collection.retrieve([point])
    except (Fault, ConfigError) as fault:
        return InCollection(point, fault=str(fault))
    return InCollection(point, found.get(point))


def _found(catalog: InCatalog) -> str:
    """The scan that finds an item that the ledger does not have yet."""
    if catalog.unseen_for is None:
        return "the next run finds it"
    hours = max(0.0, catalog.unseen_for) / 3600
    return (
        "the next run does not, which reads only what `catalog.changed` or a trusted flag names; "
        f"`embedconsole run --full` finds it, or the full scan in {hours:.1f} h"
    )
