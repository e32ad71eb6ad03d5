"""`verify --repair`: the ledger is set right by the collection, and a normal run does the rest.

Nothing is deleted or paid for here. A point that is missing is forgotten, so that the run embeds it or writes
it from its kept vectors; of one that is stale the ledger believes what its marker says; one that the ledger
does not know is entered as planned, and the run's full scan decides, under its guard, whether it goes.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import anyio.to_thread

from embedconsole.faults import Fault
from embedconsole.ledger.records.items import Adoption, Hashes
from embedconsole.ledger.state import UNKNOWN
from embedconsole.sync.audit.adopt import check_model, found_in
from embedconsole.sync.audit.collection import AuditProgress
from embedconsole.sync.audit.report import NotChecked
from embedconsole.sync.audit.verify import Verification, note_audit, verify
from embedconsole.sync.run.generations import check_models, current_generation, settled_generation
from embedconsole.sync.run.init import initialise
from embedconsole.sync.shared.options import RunOptions
from embedconsole.sync.shared.report import Outcome, RunReport, none_ran
from embedconsole.sync.shared.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from embedconsole.ledger.ledger import Ledger
    from embedconsole.sync.audit.collection import Finding
    from embedconsole.sync.audit.report import Audit
    from embedconsole.sync.run.components import Components
    from embedconsole.sync.run.engine import Engine


_LOST_MARKER = Hashes(UNKNOWN, UNKNOWN)
"""Payload fields of a point that another program replaced: its own fields there have to stay."""


@dataclass(frozen=True, slots=True)
class Repaired:
    """A repair of several pipelines, by name.

    Attributes:
        found: What was not as it should be.
        run: The run that repaired it.
        left: What a verify found after it; that of a pipeline that could not be verified is as `found`.
    """

    found: Mapping[str, Audit]
    run: RunReport
    left: Mapping[str, Audit]


@dataclass(slots=True)
class LedgerRepairer:
    """Has the ledger believe what the collection holds."""

    ledger: Ledger
    generation_id: int
    _adopting: bool = field(default=False)

    async def repair(self, findings: Sequence[Finding]) -> None:
        """Set these right.

        Raises:
            Fault: the ledger does not answer.
        """
        await anyio.to_thread.run_sync(self._repair, findings)

    def _repair(self, findings: Sequence[Finding]) -> None:
        wrong = [
            (one.item, one.holds or (_LOST_MARKER if one.verdict is Verdict.STALE else None))
            for one in findings
            if one.item is not None and one.verdict is not Verdict.TAKEN
        ]
        unknown = [
            Adoption(one.point, one.key, one.holds, one.holds)
            for one in findings
            if one.item is None and one.holds is not None
        ]
        if unknown and not self._adopting:
            # Before: should we be killed, every later run is to look at them.
            self.ledger.generations.forget_scans(self.generation_id)
            self._adopting = True
        if wrong:
            self.ledger.synced_items.correct(self.generation_id, wrong)
        self.ledger.synced_items.adopt(self.generation_id, unknown)


async def repair(
    engine: Engine,
    *,
    sample: int = 0,
    allow_deletes: bool = False,
    progress: Mapping[str, AuditProgress],
) -> Repaired:
    """Verify the engine's pipelines, repair what is wrong, and verify again.

    Args:
        allow_deletes: The operator's word that any share of the items may be deleted.
        progress: By pipeline.

    Raises:
        ConfigError: a pipeline can't run as configured; nothing was done.
        Fault: the ledger does not answer.
    """
    # All of it under the lease, as any other work on the ledger: a concurrent run would see half a repair.
    async with engine.leases.held(list(progress), "wait") as holder:
        if holder is None:
            return await _repaired(engine, sample, allow_deletes, progress)
    # Only a drain ends the wait.
    return Repaired({}, none_ran(progress, Outcome.INTERRUPTED, f"{holder} runs it still"), {})


async def _repaired(
    engine: Engine, sample: int, allow_deletes: bool, progress: Mapping[str, AuditProgress]
) -> Repaired:
    found = {}
    for components in engine.all_components:
        name = components.pipeline.name
        found[name] = await _set_right(engine.ledger, components, sample, progress[name])
    sound = frozenset(name for name, audit in found.items() if not audit.failed)
    run = RunReport(None)
    if sound:
        options = RunOptions(full=True, allow_deletes=allow_deletes, pipelines=sound)
        run = await engine.run(options, kind="repair", overlap="wait")
    left = {}
    for name, audit in found.items():
        done = run.pipelines.get(name)
        if done is None or done.outcome is Outcome.INTERRUPTED:
            left[name] = audit
        else:
            after = await verify(engine, pipeline=name)
            left[name] = replace(after, vectors=audit.vectors)
    return Repaired(found, run, left)


async def _set_right(ledger: Ledger, components: Components, sample: int, progress: AuditProgress) -> Audit:
    if await anyio.to_thread.run_sync(current_generation, components, ledger) is None:
        # The lost ledger knew by which model; now only the points tell.
        await _check_model(components)
    generation = await anyio.to_thread.run_sync(settled_generation, components, ledger)
    await anyio.to_thread.run_sync(check_models, generation, components, ledger)
    repairer = LedgerRepairer(ledger, generation.id)
    audit = await Verification(ledger, components, generation, sample, progress, repairer.repair).audit()
    await anyio.to_thread.run_sync(note_audit, ledger, components.pipeline.name, audit)
    if not isinstance(audit.schema, NotChecked) and audit.schema.drift:
        await initialise(components)
    return audit


async def _check_model(components: Components) -> None:
    try:
        if await components.collection.describe() is None:
            return
        found = await found_in(components, AuditProgress(), unmarked=False)
    except Fault:
        return  # the verify says why
    check_model(components.pipeline.name, found)
