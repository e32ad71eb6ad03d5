"""The crash harness: a shop that is never quiet, a program that is killed again and again, and the count.

A round: changes; the program meets its end while the shop continues; it is started again, and then everything
has to agree. The end is SIGKILL at a chosen point or at any moment, or two signals, or a service that refuses
everything. Other programs keep fields and vectors on the points, which survive all of it.
"""

from __future__ import annotations

import random
import signal
import threading
from collections import Counter
from dataclasses import dataclass, field
from itertools import product
from typing import TYPE_CHECKING, Literal, get_args

import httpx

from crash.audit import audit, wrong_vectors
from support.embedding_service import Behaviour
from support.kill_points import OFTEN, STAGES, KillPoint, Side
from support.processes import running
from support.shop_life import ShopLife

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from support.fixtures_shop import Stage
    from support.installation import Ended, Json
    from support.ledger_rows import LedgerRows

Moment = Literal[
    "at any moment",  # SIGKILL
    "in a forced run",  # SIGKILL
    "by two signals",
    "by a service that refuses everything",
    "by a service that throttles",
]
MOMENTS: Sequence[Moment] = (*get_args(Moment), "at any moment")

_SIDES: tuple[Side, ...] = ("before", "after")
_ONCE = ("--headless", "--once", "--json")
_REFUSALS = (
    Behaviour("status", status=400, body='{"detail": "bad request"}'),
    Behaviour("status", status=422, body='{"detail": "cannot be processed"}'),
    Behaviour("null", at=None),
    Behaviour(
        "body", status=200, body='{"error": {"code": "gone", "message": "no model", "type": "server"}}'
    ),
)
_THROTTLES = Behaviour("status", times=6, status=429, headers={"Retry-After": "0"})
_REQUESTS_UNDER_WAY = 4
_ITEMS_IN_ONE = 10
_MOST_REFUSED = 40
_SEARCH_TERMS = {"indices": [1, 7], "values": [0.5, 0.25]}
_LONGEST_LIFE = 0.4
"""Seconds after which a program that dies at any moment is killed, at most: about as long as a run takes."""


@dataclass
class Report:
    """What came of all rounds.

    Attributes:
        ends: How often it met each end.
        items: Products that were in the catalog at the ends of the rounds, all together.
        paid_again: Embeddings that were paid for a second time.
        in_flight: Items that were to be embedded in the batches that kills left behind, or in requests that
            two signals cut off, or whose answers were useless.
        forced: Items that were forced, all together.
    """

    rounds: int = 0
    ends: Counter[str] = field(default_factory=Counter)
    items: int = 0
    lost: int = 0
    duplicated: int = 0
    stale: int = 0
    paid_again: int = 0
    in_flight: int = 0
    forced: int = 0

    def __str__(self) -> str:
        where = ", ".join(f"{count} {point}" for point, count in sorted(self.ends.items()))
        return (
            f"{self.rounds} rounds, {self.ends.total()} ends, {self.items:,} items checked:"
            f" {self.lost} lost, {self.duplicated} duplicated, {self.stale} stale;"
            f" {self.paid_again} embeddings paid for again, {self.in_flight} items in flight at the ends,"
            f" {self.forced:,} forced\n  ended {where}"
        )


def ends(seed: int) -> Iterator[KillPoint | Moment]:
    """Every point once, in an order of the seed's, with a moment after every third; then again."""
    chance = random.Random(seed)
    while True:
        chosen = list(product(_SIDES, STAGES))
        moments = list(MOMENTS)
        chance.shuffle(chosen)
        chance.shuffle(moments)
        for number, (side, stage) in enumerate(chosen):
            yield KillPoint(side, stage, chance.randrange(1, 4) if stage in OFTEN else 1)
            if number % 3 == 2:
                yield moments.pop()


@dataclass
class CrashTest:
    """Rounds on one stage."""

    stage: Stage
    ledger: LedgerRows
    chance: random.Random
    report: Report = field(default_factory=Report)
    clicks: dict[int, int] = field(default_factory=dict)
    """What another program keeps on points, by product."""

    def play(self, ends: Sequence[KillPoint | Moment]) -> Report:
        """A round for each end; AssertionError as soon as something is not as it must be."""
        self._create_collection()
        life = ShopLife(self.stage.shop, self.chance)
        life.add(60)
        self._restart()
        for end in ends:
            self._count_clicks(life)
            life.work()
            with life.going_on():
                if isinstance(end, KillPoint):
                    self._die_at(end)
                else:
                    self._end(end, life)
                    assert not wrong_vectors(self.stage.points.all(vectors=True)), f"ended {end}"
                    self._restart()
                assert not wrong_vectors(self.stage.points.all(vectors=True)), f"ended {end}"
            self._restart()
            self._check(end, life)
        return self.report

    def _create_collection(self) -> None:
        """As the program would, with a vector of another program."""
        ours = {"size": self.stage.service.options.size, "distance": "Cosine"}
        self._ask("PUT", "", {"vectors": ours, "sparse_vectors": {"terms": {}}})

    def _count_clicks(self, life: ShopLife) -> None:
        """Another program writes to some points."""
        chosen = self.chance.sample(life.living, 5)
        terms = [{"id": number, "vector": {"terms": _SEARCH_TERMS}} for number in chosen]
        self._ask("PUT", "/points/vectors", {"points": terms})
        self._ask("POST", "/points/payload", {"payload": {"clicks_7d": chosen[0]}, "points": chosen})
        self.clicks |= dict.fromkeys(chosen, chosen[0])

    def _ask(self, method: str, path: str, body: Json) -> None:
        url = f"{self.stage.qdrant.url}/collections/{self.stage.points.collection}{path}"
        httpx.request(method, url, params={"wait": "true"}, json=body, timeout=30).raise_for_status()

    def _die_at(self, point: KillPoint) -> None:
        environment = self.stage.installation.environment
        environment.update(point.environment)
        with running(self.stage.installation, *_ONCE) as program:
            environment.clear()
            ended = program.wait()
        assert ended.code == -9, f"it never came to {point}: {ended}"
        self._ended(ended, str(point))
        self.report.in_flight += self.ledger.to_be_embedded()

    def _end(self, moment: Moment, life: ShopLife) -> None:
        if moment == "by two signals":
            self._two_signals(moment)
        elif moment == "by a service that refuses everything":
            self._refused(moment)
        elif moment == "by a service that throttles":
            self.stage.service.behave(_THROTTLES)
            self._restart()
            self.report.ends[moment] += 1
        else:
            forced = ["--force", "--yes"] if moment == "in a forced run" else []
            # As many as there may be while the shop continues.
            self.report.forced += len(life.living) + 10 if forced else 0
            with running(self.stage.installation, *_ONCE, *forced) as program:
                self._any_moment()
                self._ended(program.kill(), moment)
            self.report.in_flight += self.ledger.to_be_embedded()

    def _two_signals(self, moment: Moment) -> None:
        with running(self.stage.installation, *_ONCE) as program:
            self._any_moment()
            program.send(signal.SIGTERM)
            program.send(signal.SIGHUP)
            ended = program.wait()
        assert ended.code in (0, 129, 143, -signal.SIGTERM, -signal.SIGHUP), ended
        self._ended(ended, moment)
        self.report.in_flight += _REQUESTS_UNDER_WAY * _ITEMS_IN_ONE
        held = (self.ledger.claimed(), self.ledger.in_flight(), self.ledger.workers())
        assert held == (0, 0, set()), ended

    def _refused(self, moment: Moment) -> None:
        before = self.stage.service.stats()
        refusal = self.chance.choice(_REFUSALS)
        self.stage.service.behave(refusal)
        ended = self.stage.installation.sync()
        after = self.stage.service.stats()
        self.stage.service.behave()
        assert (ended.code, ended.products["failed"]) == (3, 0), (refusal, ended)
        self._ended(ended, moment)
        assert after.requests - before.requests <= _MOST_REFUSED, (refusal, ended)
        assert (self.ledger.claimed(), self.ledger.attempts()) == (0, 0), (refusal, ended)
        self.report.in_flight += after.items - before.items

    def _any_moment(self) -> None:
        # Nothing is waited for.
        threading.Event().wait(self.chance.uniform(0.05, _LONGEST_LIFE))

    def _ended(self, ended: Ended, how: str) -> None:
        assert "Traceback" not in ended.err, ended
        if ended.code != 0:
            self.report.ends[how] += 1

    def _restart(self) -> None:
        ended = self.stage.installation.sync()
        assert ended.code == 0, ended

    def _check(self, end: KillPoint | Moment, life: ShopLife) -> None:
        found = audit(self.stage, self.ledger)
        report = self.report
        report.rounds += 1
        report.items += found.items
        report.lost += len(found.lost)
        report.duplicated += len(found.duplicated)
        report.stale += len(found.stale)
        report.paid_again = self.stage.service.stats().repeated
        assert found.clean, f"ended {end}: {found}"
        assert report.paid_again <= report.in_flight + report.forced, f"ended {end}: {report}"
        flags = self.stage.shop.column("needs_embedding").values()
        assert not any(flags), f"ended {end}: {sum(map(bool, flags))} flags left"
        self._check_others(end, life)

    def _check_others(self, end: KillPoint | Moment, life: ShopLife) -> None:
        points = self.stage.points.all(vectors=True)
        # The point of a product that was away for a while is another one.
        self.clicks = {n: clicks for n, clicks in self.clicks.items() if n in life.always}
        lost = [
            number
            for number, clicks in self.clicks.items()
            if points[number]["payload"].get("clicks_7d") != clicks
            or points[number]["vector"].get("terms") != _SEARCH_TERMS
        ]
        assert not lost, f"ended {end}: what others keep on {lost} is gone"
