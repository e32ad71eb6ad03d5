"""Orders: given by anybody, taken by one, lapsed when nobody was there."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TYPE_CHECKING

from embedconsole.ledger.hosts import orders as orders_module
from embedconsole.ledger.hosts.orders import LAPSE_SECONDS

if TYPE_CHECKING:
    import pytest

    from embedconsole.ledger.ledger import Ledger
    from ledger.shelf import Shelf


def test_an_order_is_seen_as_it_was_given(ledger: Ledger) -> None:
    number = ledger.orders.give("sync", {"force": True, "only": ["größe=ü"]}, "anna@shop")
    ledger.orders.give("pause", {}, "ben@shop")

    first, second = ledger.orders.fresh()
    assert (first.id, first.verb, first.sender) == (number, "sync", "anna@shop")
    assert first.arguments == {"force": True, "only": ["größe=ü"]}
    assert (first.taken_by, first.answer) == (None, None)
    assert 0 <= first.age < 30
    assert second.verb == "pause"


def test_of_many_that_want_an_order_one_gets_it(ledger: Ledger) -> None:
    wanting = 4
    for _ in range(3):
        number = ledger.orders.give("sync", {}, "anna")
        together = Barrier(wanting)

        def want(worker: int, number: int = number, together: Barrier = together) -> bool:
            together.wait()
            return ledger.orders.take(number, f"w{worker}")

        with ThreadPoolExecutor(wanting) as pool:
            took = list(pool.map(want, range(wanting)))

        assert took.count(True) == 1
        order = ledger.orders.get(number)
        assert order is not None
        assert order.taken_by == f"w{took.index(True)}"


def test_an_order_that_nobody_took_lapses(shelf: Shelf) -> None:
    orders = shelf.ledger.orders
    number = orders.give("sync", {}, "anna")
    shelf.pass_time(LAPSE_SECONDS - 10)
    assert [order.id for order in orders.fresh()] == [number]
    shelf.pass_time(11)

    assert orders.fresh() == []
    assert not orders.take(number, "late")
    assert [(order.id, order.taken_by) for order in orders.latest()] == [(number, None)]


def test_an_order_is_withdrawn_unless_it_was_taken(ledger: Ledger) -> None:
    first = ledger.orders.give("sync", {}, "anna")
    second = ledger.orders.give("sync", {}, "anna")
    assert ledger.orders.take(second, "w1")

    assert ledger.orders.withdraw(first)
    assert not ledger.orders.withdraw(second)

    assert not ledger.orders.take(first, "w1")
    assert ledger.orders.get(first) is None


def test_the_sender_is_told_what_went_wrong(ledger: Ledger) -> None:
    number = ledger.orders.give("sync", {}, "anna")
    ledger.orders.take(number, "w1")
    ledger.orders.answer(number, "no column 'größe'")

    order = ledger.orders.get(number)
    assert order is not None
    assert order.answer == "no column 'größe'"


def test_the_latest_order_that_lasts_is_kept(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    orders = shelf.ledger.orders
    assert orders.lasting() is None
    monkeypatch.setattr(orders_module, "KEEP_ORDERS", 3)
    orders.give("pause", {"lasts": True}, "anna")
    shelf.pass_time(8 * 86_400)
    for _ in range(5):
        orders.give("sync", {}, "ben")

    lasting = orders.lasting()
    assert lasting is not None
    assert (lasting.verb, lasting.sender) == ("pause", "anna")
    orders.give("resume", {"lasts": True}, "ben")
    lasting = orders.lasting()
    assert lasting is not None
    assert lasting.verb == "resume"
    assert [order.verb for order in orders.latest()].count("pause") == 0


def test_old_orders_are_pruned(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    orders = shelf.ledger.orders
    monkeypatch.setattr(orders_module, "KEEP_ORDERS", 3)
    numbers = [orders.give("pause", {}, "anna") for _ in range(5)]
    assert [order.id for order in orders.latest()] == numbers[-3:]

    shelf.pass_time(8 * 86_400)
    last = orders.give("resume", {}, "anna")
    assert [order.id for order in orders.latest()] == [last]
