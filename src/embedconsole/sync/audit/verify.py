"""`verify`: catalog, ledger and collection of a pipeline against each other. Repairs nothing by itself."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

import anyio
import anyio.to_thread

from embedconsole.faults import ConfigError, Fault, is_misconfigured
from embedconsole.ledger.records.items import Generation
from embedconsole.sync.audit.catalog import audit_catalog
from embedconsole.sync.audit.collection import AuditProgress, CollectionAuditor, leave_alone
from embedconsole.sync.audit.report import Audit, CollectionAudit, NotChecked, SchemaAudit
from embedconsole.sync.audit.vectors import Reservoir, audit_vectors
from embedconsole.sync.resilience.gate import Gate, Stop
from embedconsole.sync.run.components import components_of
from embedconsole.sync.run.generations import check_models, current_generation
from embedconsole.sync.run.init import compared

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from embedconsole.items import CollectionState
    from embedconsole.ledger.ledger import Ledger
    from embedconsole.sync.audit.collection import Repair
    from embedconsole.sync.audit.report import CatalogAudit, VectorAudit
    from embedconsole.sync.run.components import Components
    from embedconsole.sync.run.engine import Engine

T = TypeVar("T")

_NOBODYS = 0
"""The number of no generation: what was never synced has no items."""

NOT_SAMPLED = NotChecked("ask for it with --sample K; it costs K embeddings")


async def verify(
    engine: Engine, *, pipeline: str, sample: int = 0, progress: AuditProgress | None = None
) -> Audit:
    """Compare, and note in the ledger what was found.

    Args:
        sample: How many items to embed again and compare with their vectors.

    Raises:
        Fault: the ledger does not answer.
    """
    components = components_of(engine.all_components, pipeline)
    generation = await anyio.to_thread.run_sync(current_generation, components, engine.ledger)
    audit = await Verification(
        engine.ledger, components, generation, sample, progress or AuditProgress()
    ).audit()
    await anyio.to_thread.run_sync(note_audit, engine.ledger, pipeline, audit)
    return audit


def note_audit(ledger: Ledger, pipeline: str, audit: Audit) -> None:
    """Enter what was found into the ledger, and among the events where that is more than nothing; blocks."""
    ledger.audits.add(pipeline, audit.as_json())
    if audit.known_drift:
        message = f"a verify found differences: {audit.in_words}"
        ledger.history.record(pipeline, [("warning", "verify", message, None)])


@dataclass(slots=True)
class Verification:
    """One verify of one pipeline.

    Args:
        generation: None where nothing was ever synced.
        repair: Called with each difference in the collection.
    """

    ledger: Ledger
    components: Components
    generation: Generation | None
    sample: int = 0
    progress: AuditProgress = field(default_factory=AuditProgress)
    repair: Repair = leave_alone
    _state: CollectionState | None = None
    _gate: Gate = field(init=False)
    _ended: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        name = f"collection {self.components.pipeline.collection.name}"
        self._gate = Gate(name, concurrency=2, patient=False, drained=anyio.Event())

    async def audit(self) -> Audit:
        """Check everything; what can't be checked says why.

        Raises:
            Fault: the ledger does not answer.
        """
        began = time.monotonic()
        catalog: CatalogAudit | NotChecked = NotChecked("not looked at")
        reservoir = Reservoir(self.sample)

        async def scan() -> None:
            nonlocal catalog
            catalog = await self._catalog()

        async with anyio.create_task_group() as group:
            group.start_soon(scan)
            schema = await _checked(self._schema)
            collection: CollectionAudit | NotChecked
            if isinstance(schema, NotChecked) and schema.failed:
                collection = schema
            else:
                collection = await _checked(lambda: self._collection(reservoir))
        vectors: VectorAudit | NotChecked = NOT_SAMPLED
        if self.sample:
            vectors = await _checked(lambda: self._vectors(collection, reservoir))
        return Audit(catalog, collection, schema, vectors, time.monotonic() - began)

    async def _catalog(self) -> CatalogAudit | NotChecked:
        generation = self.generation or Generation(_NOBODYS, "", "", "", None, None)

        async def scan() -> CatalogAudit:
            return await anyio.to_thread.run_sync(
                audit_catalog,
                self.components,
                self.ledger,
                generation,
                self.progress.scan,
                self._ended.is_set,
                abandon_on_cancel=True,
            )

        try:
            if self.generation is not None:
                await anyio.to_thread.run_sync(check_models, generation, self.components, self.ledger)
            return await _checked(scan)
        except ConfigError as error:
            return _not_checked(error)
        finally:
            self._ended.set()

    async def _schema(self) -> SchemaAudit | NotChecked:
        self._state = await self._gate.call(
            self.components.collection.describe, self.components.pipeline.retry
        )
        if self._state is None:
            return NotChecked("the collection does not exist")
        return SchemaAudit(tuple(compared(self.components, self._state)))

    async def _collection(self, reservoir: Reservoir) -> CollectionAudit:
        auditor = CollectionAuditor(
            pipeline=self.components.pipeline.name,
            generation_id=_NOBODYS if self.generation is None else self.generation.id,
            ledger=self.ledger,
            collection=None if self._state is None else self.components.collection,
            catalog=self.components.catalog,
            gate=self._gate,
            retry=self.components.pipeline.retry,
            progress=self.progress,
            agreeing=reservoir if self.sample else None,
            repair=self.repair,
        )
        return await auditor.audit()

    async def _vectors(
        self, collection: CollectionAudit | NotChecked, reservoir: Reservoir
    ) -> VectorAudit | NotChecked:
        if isinstance(collection, NotChecked):
            return NotChecked(f"the collection was not: {collection.why}")
        return await audit_vectors(self.components, reservoir.kept)


async def _checked(check: Callable[[], Awaitable[T]]) -> T | NotChecked:
    """The result of a check, or why it could not be made."""
    try:
        return await check()
    except Stop as stop:
        return _not_checked(stop.fault)
    except Fault as fault:
        return _not_checked(fault)


def _not_checked(error: Fault | ConfigError) -> NotChecked:
    return NotChecked(str(error), failed=True, misconfigured=is_misconfigured(error))
