"""`--max-cost`: a run that ends before it spends more, and the next one goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from embedconsole.config.pipeline import resolve_pipelines
from embedconsole.config.settings import Settings
from embedconsole.faults import ConfigError
from embedconsole.sync.shared.budget import SpendingBudget, check_prices, item_price
from embedconsole.sync.shared.options import RunOptions
from embedconsole.sync.shared.report import Outcome
from embedders.backends import ITEMS
from support.embedding_service import Behaviour

if TYPE_CHECKING:
    from backends.line import Line

pytestmark = pytest.mark.anyio


async def test_a_run_ends_before_it_spends_more(line: Line) -> None:
    line.settings["price_per_1000"] = 500.0  # two items for one

    first = await line.sync(RunOptions(max_cost=3.6))

    assert (first.outcome, first.embedded, first.pending, first.cost) == (Outcome.PARTIAL, 7, 5, 3.5)
    assert first.message is not None
    assert first.message.startswith("stopped at --max-cost: 3.50 spent")
    assert line.service.stats().items == 7

    line.shop.edit([1], price="1.00")
    rest = await line.sync()
    assert (rest.embedded, rest.pending, rest.message) == (5, 0, None)
    line.assert_only_right_vectors()


@pytest.mark.parametrize("line", [ITEMS], indirect=True)
async def test_a_pause_costs_nothing(line: Line) -> None:
    line.settings["price_per_1000"] = 1000.0
    line.service.behave(Behaviour("status", status=429, headers={"Retry-After": "0"}, times=3))
    report = await line.sync(RunOptions(max_cost=12))
    assert (report.embedded, report.cost) == (12, 12.0)


def test_room() -> None:
    budget = SpendingBudget(1.0)
    assert (budget.room(0.1), budget.room(0.0), SpendingBudget().room(0.1)) == (10, None, None)
    budget.pay(0.3)
    budget.promise(0.2)
    assert budget.room(0.1) == 5
    budget.promise(-0.2)
    budget.pay(2.0)
    assert budget.room(0.1) == 0


@pytest.mark.parametrize(
    ("prices", "price"), [((3.0, 1.0), 0.004), ((3.0, None), 0.003), ((0.0, None), 0.0), ((None, None), None)]
)
def test_an_item_costs_all_of_its_vectors(prices: tuple[float | None, ...], price: float | None) -> None:
    names = ("one", "other")
    tree = {
        "embedders": {
            name: {"type": "hashing", "price_per_1000": price}
            for name, price in zip(names, prices, strict=True)
        },
        "pipelines": {
            "p": {
                "catalog": {"url": "sqlite:///shop.db", "table": "products"},
                "vectors": {name: {"embedder": name, "text": "{title}"} for name in names},
                "collection": {"path": "./q", "name": "p"},
            }
        },
    }
    (pipeline,) = resolve_pipelines(Settings.model_validate(tree))
    assert item_price(pipeline) == price


def test_an_embedder_without_a_price() -> None:
    tree = {
        "embedders": {"ml": {"type": "http", "url": "http://ml"}},
        "pipelines": {
            "p": {
                "catalog": {"url": "sqlite:///shop.db", "table": "products"},
                "embed": {"embedder": "ml", "text": "{title}"},
                "collection": {"path": "./q", "name": "p"},
            }
        },
    }
    with pytest.raises(ConfigError, match=r"embedders\.ml\.price_per_1000"):
        check_prices(resolve_pipelines(Settings.model_validate(tree)))
