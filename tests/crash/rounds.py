"""The crash harness: a shop that is never quiet, a program that is killed again and again, and the count.

A round: changes; the program is killed, at a chosen point or at any moment, while the shop goes on; it is
started again, and then everything has to agree. After a kill at any moment the shop goes on for one run more.
"""

from __future__ import annotations

import random
import threading
from collections import Counter
from dataclasses import dataclass, field
from itertools import product
from typing import TYPE_CHECKING

from crash.audit import audit, wrong_vectors
from support.kill_points import OFTEN, STAGES, KillPoint, Side
from support.processes import running
from support.shop_life import ShopLife

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from support.fixtures_shop import Stage
    from support.ledger_rows import LedgerRows

_SIDES: tuple[Side, ...] = ("before", "after")
_ONCE = ("--headless", "--once", "--json")
_LONGEST_LIFE = 0.4
"""Seconds after which a program that dies at any moment is killed, at most: about as long as a run takes."""


@dataclass
class Report:
    """What came of all rounds.

    Attributes:
        kills: How often it was killed, by the point.
        items: Products that were in the catalog at the ends of the rounds, all together.
        paid_again: Embeddings that were paid for a second time.
        in_flight: Items that were to be embedded in the batches that kills left behind.
    """

    rounds: int = 0
    kills: Counter[str] = field(default_factory=Counter)
    items: int = 0
    lost: int = 0
    duplicated: int = 0
    stale: int = 0
    paid_again: int = 0
    in_flight: int = 0

    def __str__(self) -> str:
        where = ", ".join(f"{count} {point}" for point, count in sorted(self.kills.items()))
        return (
            f"{self.rounds} rounds, {self.kills.total()} kills, {self.items:,} items checked:"
            f" {self.lost} lost, {self.duplicated} duplicated, {self.stale} stale;"
            f" {self.paid_again} embeddings paid for again, {self.in_flight} items in flight at the kills\n"
            f"  killed {where}"
        )


def kill_points(seed: int) -> Iterator[KillPoint | None]:
    """Every point once, in an order of the seed's, then again; None, any moment, once after every fourth."""
    chance = random.Random(seed)
    while True:
        chosen = list(product(_SIDES, STAGES))
        chance.shuffle(chosen)
        for number, (side, stage) in enumerate(chosen):
            yield KillPoint(side, stage, chance.randrange(1, 4) if stage in OFTEN else 1)
            if number % 4 == 3:
                yield None


@dataclass
class CrashTest:
    """Rounds on one stage."""

    stage: Stage
    ledger: LedgerRows
    chance: random.Random
    report: Report = field(default_factory=Report)

    def play(self, points: Sequence[KillPoint | None]) -> Report:
        """A round for each point; AssertionError as soon as something is not as it must be."""
        life = ShopLife(self.stage.shop, self.chance)
        life.add(60)
        self._restart()
        for point in points:
            life.work()
            with life.going_on():
                self._kill(point)
                assert not wrong_vectors(self.stage.points.all(vectors=True)), f"killed {point}"
                if point is None:
                    self._restart()
            self._restart()
            self._check(point)
        return self.report

    def _kill(self, point: KillPoint | None) -> None:
        environment = self.stage.installation.environment
        environment.update(point.environment if point is not None else {})
        with running(self.stage.installation, *_ONCE) as program:
            environment.clear()
            if point is None:
                # Any moment is meant: nothing is waited for.
                threading.Event().wait(self.chance.uniform(0.05, _LONGEST_LIFE))
                ended = program.kill()
            else:
                ended = program.wait()
        if point is not None or ended.code == -9:
            assert ended.code == -9, f"it never came to {point}: {ended}"
            self.report.kills[str(point or "at any moment")] += 1
        assert "Traceback" not in ended.err
        self.report.in_flight += self.ledger.to_be_embedded()

    def _restart(self) -> None:
        ended = self.stage.installation.sync()
        assert ended.code == 0, ended

    def _check(self, point: KillPoint | None) -> None:
        found = audit(self.stage, self.ledger)
        report = self.report
        report.rounds += 1
        report.items += found.items
        report.lost += len(found.lost)
        report.duplicated += len(found.duplicated)
        report.stale += len(found.stale)
        report.paid_again = self.stage.service.stats().repeated
        assert found.clean, f"killed {point}: {found}"
        assert report.paid_again <= report.in_flight, f"killed {point}: {report}"
        flags = self.stage.shop.column("needs_embedding").values()
        assert not any(flags), f"killed {point}: {sum(map(bool, flags))} flags left"
