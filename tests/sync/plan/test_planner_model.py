"""The planner at random: whatever happens to a shop, and when, the collection ends as the shop is."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from itertools import chain, count
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from embedconsole.ledger.ledger import open_ledger
from embedconsole.sync.plan.planner import PlanStopped
from sync.desk import Desk
from sync.fake_catalog import FakeCatalog

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from embedconsole.items import CatalogRow
    from embedconsole.ledger.ledger import Ledger
    from embedconsole.ledger.records.work import Batch

_KEYS = ["1", "22", "ß", "c56a4180-65aa-42ec-a945-5fd21dec0538"]
KEYS = st.sampled_from(_KEYS)
TEXTS = st.sampled_from(["red", "blue"])
EDITS = st.one_of(
    st.tuples(st.just("title"), KEYS, TEXTS),
    st.tuples(st.just("price"), KEYS, st.sampled_from([1.0, 2.0])),
    st.tuples(st.just("stock"), KEYS, st.integers(0, 2)),
    st.tuples(st.just("remove"), KEYS),
    st.tuples(st.just("restore"), KEYS),
)
PLANS = st.one_of(
    st.just(("plan", False)),
    st.just(("plan", False)),
    st.just(("plan", True)),
    st.tuples(st.just("stopped plan"), st.integers(1, 4)),
)
WORK = st.sampled_from([("work",), ("claim",), ("process",)])
# A round of what happens to a shop: it is edited, planned, worked on, and edited while it is.
ROUNDS = st.tuples(
    st.lists(EDITS, min_size=1, max_size=4), PLANS, st.lists(st.one_of(WORK, EDITS, WORK), max_size=5)
).map(lambda parts: [*parts[0], parts[1], *parts[2]])
_numbers = count()


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    """One ledger for all examples; each has a pipeline of its own."""
    folder: Path = tmp_path_factory.mktemp("ledger")
    with open_ledger(f"sqlite:///{folder / 'ledger.db'}") as opened:
        yield opened


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(ROUNDS, min_size=1, max_size=8), st.integers(1, 4), st.sampled_from([True, True, False]))
def test_whatever_happens_the_collection_ends_as_the_catalog_is(
    ledger: Ledger, rounds: list[list[tuple[object, ...]]], page_size: int, incremental: bool
) -> None:
    desk = Desk(ledger, f"p{next(_numbers)}", FakeCatalog(page_size=page_size, incremental=incremental))
    for key in _KEYS:
        desk.catalog.put(key)
    removed: dict[str, CatalogRow] = {}
    in_flight: list[Batch] = []
    for step in chain.from_iterable(rounds):
        match step:
            case ("title" | "price" | "stock") as column, str(key), value:
                desk.catalog.put(key, **{column: value})  # type: ignore[arg-type]
            case "remove", str(key):
                if key in desk.catalog.rows:
                    removed[key] = desk.catalog.remove(key)
            case "restore", str(key):
                if key in removed and key not in desk.catalog.rows:
                    desk.catalog.restore(removed[key])
            case "plan", bool(full):
                desk.plan(full=full)
                # Level-triggered: no plan misses a deletion or an edit, and none asks for more than is.
                newer = {item.key for batch in in_flight for item in batch.items}
                assert {k: v for k, v in desk.wanted().items() if k not in newer} == {
                    k: v for k, v in desk.content().items() if k not in newer
                }
            case "stopped plan", int(checks):
                left = iter([False] * (checks - 1))
                with suppress(PlanStopped):
                    desk.plan(stop=partial(next, left, True))
            case ("work",):
                desk.work(batches=2, limit=2)
            case ("claim",):
                batch = ledger.work.claim(desk.generation.id, worker_id="w", slot=1, limit=2)
                in_flight += [batch] if batch is not None else []
            case ("process",):
                if in_flight:
                    desk.process(in_flight.pop(0))
    for batch in in_flight:
        desk.process(batch)
    assert desk.work() < 20, "it comes to an end, whatever was edited since the last plan"
    desk.plan()
    assert desk.work() < 20
    desk.assert_in_sync()

    paid = desk.embedded
    desk.plan(full=True)
    before = desk.dump()
    desk.plan(full=True)
    assert desk.work() == 0
    assert (desk.embedded, desk.dump()) == (paid, before), "planning again changes nothing"
