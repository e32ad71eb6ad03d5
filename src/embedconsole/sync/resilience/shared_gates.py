"""The gates of a run, shared with all processes on the ledger.

What one process meets, a 429 or an open breaker, holds for all of them; while a breaker is open, one process
at a time sees whether the dependency is back. A gate that is well costs nothing: news are fetched once a
second for all gates together, and written when a gate shuts or its breaker closes. Without the ledger each
process relies on what it meets itself.
"""

from __future__ import annotations

import hashlib
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread
import orjson

from embedconsole.faults import Fault
from embedconsole.ledger.state import GateMark
from embedconsole.redact import mask_url
from embedconsole.sync.resilience.background import alongside
from embedconsole.sync.resilience.gate import Gate, GateState, ReportedGate

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from embedconsole.config.sections.catalog import CatalogConfig
    from embedconsole.config.sections.collection import CollectionConfig
    from embedconsole.config.sections.embedder import EmbedderConfig
    from embedconsole.ledger.ledger import Ledger
    from embedconsole.ledger.records.processes import SharedGate
    from embedconsole.sync.shared.control import RunControl

EXCHANGE_EVERY = 1.0
_LAST_WORDS_SECONDS = 5.0
_LONGEST_WAIT = 3600.0
_UNLIMITED = 64
_MARKS = {state: GateMark[state.name] for state in GateState}


@dataclass(slots=True)
class _Shared:
    gate: Gate
    key: str
    change: int = 0
    to_tell: bool = False


@dataclass(frozen=True, slots=True)
class _Told:
    """The pending write of a gate's state."""

    key: str
    name: str
    state: GateState
    wait: float
    failures: int
    fault: str | None


@dataclass(slots=True)
class Gates:
    """Makes gates, one a dependency, and keeps them and the ledger's word of them the same.

    Args:
        me: Who probes.
        patient: Wait for dependencies that are away.
        turns: The calls at the same time by dependency, for all runs of this process.
    """

    ledger: Ledger
    me: str
    control: RunControl
    patient: bool
    turns: dict[str, anyio.CapacityLimiter] = field(default_factory=dict)
    _shared: dict[str, _Shared] = field(default_factory=dict)
    _news: anyio.Event = field(default_factory=anyio.Event)

    def embedder(self, name: str, config: EmbedderConfig) -> Gate:
        """The gate of an embedder."""
        where = config.model_dump(mode="json", include={"type", "url", "shape", "model"})
        remote = bool(where.get("url"))
        where["url"] = mask_url(str(where.get("url")))
        return self._gate(f"embedder {name}", where, remote=remote, concurrency=config.concurrency)

    def collection(self, config: CollectionConfig, target: str) -> Gate:
        """The gate of a pipeline's collection; `target` is its name and address without secrets."""
        return self._gate(f"collection {config.name}", {"target": target}, remote=config.url is not None)

    def catalog(self, config: CatalogConfig) -> Gate:
        """The gate of a pipeline's catalog."""
        url = mask_url(config.url.get_secret_value())
        return self._gate("catalog", {"url": url}, remote=not url.startswith("sqlite"))

    def _gate(
        self, name: str, where: dict[str, object], *, remote: bool, concurrency: int = _UNLIMITED
    ) -> Gate:
        if not remote:
            where["process"] = self.me  # what runs in this process is no affair of the others
        # By where it is and not by its name: another configuration may call the same service otherwise.
        kind = name.partition(" ")[0]
        digest = hashlib.blake2b(orjson.dumps(where, option=orjson.OPT_SORT_KEYS), digest_size=12)
        key = f"{kind}:{digest.hexdigest()}"
        if key not in self._shared:
            gate = Gate(
                name,
                concurrency=concurrency,
                patient=self.patient,
                drained=self.control.ending,
                board=self,
                turns=self.turns.setdefault(key, anyio.CapacityLimiter(concurrency)),
            )
            self._shared[key] = _Shared(gate, key)
        return self._shared[key].gate

    # The board of `flow.Board`

    def tell(self, gate: Gate) -> None:
        """Write it to the ledger at once."""
        self._of(gate).to_tell = True
        self._news.set()

    async def may_probe(self, gate: Gate) -> bool:
        """Whether no other process probes; without the ledger each one does."""
        shared = self._of(gate)
        if shared.to_tell:
            await self.exchange()
        try:
            return await anyio.to_thread.run_sync(self.ledger.gates.take_probe, shared.key, self.me)
        except Fault:
            return True

    def _of(self, gate: Gate) -> _Shared:
        return next(shared for shared in self._shared.values() if shared.gate is gate)

    # The ledger

    @asynccontextmanager
    async def shared(self) -> AsyncIterator[None]:
        """Exchange news with the other processes meanwhile, and write what is left at the end."""
        await self.exchange()
        try:
            async with alongside(self._keep):
                yield
        finally:
            with anyio.move_on_after(_LAST_WORDS_SECONDS, shield=True):
                if any(shared.to_tell for shared in self._shared.values()):
                    await self.exchange()

    async def _keep(self) -> None:
        while True:
            with anyio.move_on_after(EXCHANGE_EVERY):
                await self._news.wait()
            self._news = anyio.Event()
            await self.exchange()

    async def exchange(self) -> None:
        """Tell the ledger what is new here, and hear what is new elsewhere. Its absence changes nothing."""
        notification = [shared for shared in self._shared.values() if shared.to_tell]
        told = [self._told(shared) for shared in notification]
        for shared in notification:
            shared.to_tell = False
        probing = [one.key for one in self._shared.values() if one.gate.health.state is GateState.PROBING]
        keys = list(self._shared)
        try:
            found = await anyio.to_thread.run_sync(partial(self._exchange, told, probing, keys))
        except Fault:
            for shared in notification:
                shared.to_tell = True
            return
        for row in found:
            self._hear(self._shared[row.key], row, told_now=any(one.key == row.key for one in told))

    def _exchange(self, told: list[_Told], probing: list[str], keys: list[str]) -> list[SharedGate]:
        for one in told:
            if one.state is GateState.CLOSED:
                self.ledger.gates.close(one.key)
            elif one.state is not GateState.PROBING:
                self.ledger.gates.shut(
                    one.key,
                    one.name,
                    _MARKS[one.state],
                    wait=one.wait,
                    failures=one.failures,
                    fault=one.fault,
                )
        for key in probing:
            self.ledger.gates.hold_probe(key, self.me)
        return self.ledger.gates.read(keys)

    def _told(self, shared: _Shared) -> _Told:
        gate = shared.gate
        health = gate.health
        wait = 0.0 if health.until is None else max(0.0, health.until - time.monotonic())
        return _Told(shared.key, gate.name, health.state, wait, gate.failures, health.fault)

    def _hear(self, shared: _Shared, row: SharedGate, *, told_now: bool) -> None:
        if row.change <= shared.change or shared.to_tell:
            return  # known, or older than what we have to tell
        shared.change = row.change
        if row.holder == self.me:
            return
        state = GateState[row.state.name]
        if told_now and state is shared.gate.health.state:
            return  # our own words
        left = min(row.left, _LONGEST_WAIT)
        shared.gate.heard(ReportedGate(state, row.age, left, row.failures, row.fault))
