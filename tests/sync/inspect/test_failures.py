"""Failed items looked through, looked at closely, put back and skipped, by the parts of a real engine."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import pytest

from embedconsole.faults import Transient
from embedconsole.ledger.records.failures import FailureFilter, FailureKind
from embedconsole.ledger.records.items import Hashes, LedgerItem
from embedconsole.ledger.state import State
from embedconsole.sync.inspect.failures import (
    ChosenFailures,
    failed_items,
    failures_by_cause,
    retry_chosen,
    skip_chosen,
)
from embedconsole.sync.inspect.item import InCatalog, examine_item, what_follows
from embedconsole.sync.shared.fault_text import remedy_for
from embedconsole.sync.shared.options import RunOptions
from sync.driving import LIMIT, report_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import TypeVar

    from embedconsole.sync.daemon.engine_thread import EngineHandle
    from embedconsole.sync.inspect.item import Examined
    from embedconsole.sync.run.engine import Engine
    from support.shop import Shop
    from sync.rig import HeldEmbedder, MemoryCollection

    T = TypeVar("T")

_EMPTY = "nothing to embed: its text and image are empty"


@pytest.fixture
def failed(handle: EngineHandle, embedder: HeldEmbedder, shop: Shop) -> EngineHandle:
    """20 products are in the collection; then 3, 4 and 5 lost their titles, and a run found it."""
    embedder.go.set()
    assert report_of(handle.run(RunOptions())).embedded == 20
    shop.edit([3, 4, 5], title="")
    assert report_of(handle.run(RunOptions())).failed == 3
    return handle


def asked(handle: EngineHandle, work: Callable[[Engine], Awaitable[T]]) -> T:
    return handle.call(work).result(timeout=LIMIT)


def examined(handle: EngineHandle, key: str) -> Examined:
    return asked(handle, partial(examine_item, pipeline="products", key=key))


def test_nothing_has_failed_before_the_first_run(handle: EngineHandle) -> None:
    overview = asked(handle, partial(failures_by_cause, pipeline="products", text=""))
    page = asked(handle, partial(failed_items, pipeline="products", among=FailureFilter(), limit=5))
    seen = examined(handle, "7")

    assert (overview.groups, overview.causes, page.items, page.total) == ((), 0, (), 0)
    assert seen.known is None
    assert seen.catalog.name == "Product number 7"
    assert seen.follows == ("The ledger does not have it: the next run finds it, and it is embedded.",)


def test_failures_are_chosen_by_cause_text_or_key(failed: EngineHandle) -> None:
    overview = asked(failed, partial(failures_by_cause, pipeline="products", text=""))
    (group,) = overview.groups
    assert (group.count, group.error, overview.causes) == (3, _EMPTY, 1)
    page = asked(
        failed, partial(failed_items, pipeline="products", among=replace(group.among, text="4"), limit=5)
    )
    assert ([item.key for item in page.items], page.total) == (["4"], 1)

    skipped = asked(failed, partial(skip_chosen, pipeline="products", chosen=ChosenFailures(keys=("3", "4"))))
    back = asked(
        failed, partial(retry_chosen, pipeline="products", chosen=ChosenFailures(groups=(group.among,)))
    )

    assert (skipped, back) == (2, 1)
    kinds = [
        one.kind for one in asked(failed, partial(failures_by_cause, pipeline="products", text="")).groups
    ]
    assert kinds == [FailureKind.SKIPPED]


def test_a_failed_item_is_told_whole(failed: EngineHandle) -> None:
    seen = examined(failed, "4")

    assert seen.known is not None
    assert (seen.known.state, seen.known.error) == (State.FAILED, _EMPTY)
    assert seen.catalog.values is not None
    assert seen.catalog.values["sku"] == "SKU-00004"
    assert seen.catalog.problem == _EMPTY
    assert seen.collection.payload is not None
    assert seen.collection.payload["title"] == "Product number 4", "the old point stays"
    assert seen.follows[0].startswith("Failed")
    assert "old point stays searchable" in seen.follows[0]
    assert seen.follows[1:] == ("Put back as it is, it will be embedded.",)
    assert "Give it a text" in seen.remedy
    assert [event.message for event in seen.events] == [_EMPTY]


def test_what_is_sent_is_told_and_that_it_was_edited(failed: EngineHandle, shop: Shop) -> None:
    shop.edit([4], title="A mug")

    seen = examined(failed, "4")

    assert [(sent.text, sent.image) for sent in seen.catalog.sent] == [("A mug", None)]
    assert seen.follows[-1].startswith("It was edited since it was last planned")


def test_the_collection_may_be_away(
    failed: EngineHandle, collection: MemoryCollection, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(ids: object) -> dict[object, object]:
        raise Transient("Qdrant", "connection refused")

    monkeypatch.setattr(collection, "retrieve", away)

    seen = examined(failed, "4")

    assert seen.collection.fault == "Qdrant: connection refused"
    assert seen.catalog.name == "SKU-00004", "for want of a title"
    assert seen.known is not None


def test_the_catalog_may_be_away(failed: EngineHandle, shop: Shop) -> None:
    shop.database.run("DROP TABLE products")

    seen = examined(failed, "4")

    assert seen.catalog.fault is not None
    told = "Whether it was edited since is not known: the catalog can't be read as configured."
    assert seen.follows[1:] == (told,)


def test_nobody_has_heard_of_it(failed: EngineHandle) -> None:
    assert examined(failed, "77").follows == ("Neither the ledger nor the catalog has it.",)


_A, _B, _P, _Q = (letter * 16 for letter in (b"a", b"b", b"p", b"q"))
_KNOWN = LedgerItem("7", State.EMBED, _A, _P, None, None, 0, -1.0, None, None, None, None)
_NOW = InCatalog(values={}, hashes=Hashes(_A, _P))


@pytest.mark.parametrize(
    ("known", "catalog", "expected"),
    [
        (_KNOWN, _NOW, ["It will be embedded."]),
        (replace(_KNOWN, batch=9, due_in=40.0), _NOW, ["Batch 9 is working on it now."]),
        (
            replace(_KNOWN, attempts=1, due_in=38.0),
            _NOW,
            ["Attempt 2 of 3 in 38 s: it will be embedded."],
        ),
        (replace(_KNOWN, attempts=1), _NOW, ["It will be embedded."]),
        (
            replace(_KNOWN, state=State.PAYLOAD, synced_embed=_A, synced_payload=_Q),
            _NOW,
            ["Its payload will be written, its embedding stays."],
        ),
        (
            replace(_KNOWN, state=State.SYNCED, synced_embed=_A, synced_payload=_P),
            replace(_NOW, hashes=Hashes(_B, _P)),
            [
                "It holds what was last planned.",
                "It was edited since it was last planned: the next run finds it, and it will be embedded.",
            ],
        ),
        (
            replace(_KNOWN, state=State.SYNCED, synced_embed=_A, synced_payload=_P),
            InCatalog(),
            [
                "It holds what was last planned.",
                "It is gone from the catalog by now: the next run finds it, and its point is deleted.",
            ],
        ),
        (
            replace(_KNOWN, state=State.DELETE, desired_embed=None, desired_payload=None, synced_embed=_A),
            InCatalog(),
            ["Its point will be deleted, it is gone from the catalog."],
        ),
        (
            replace(_KNOWN, state=State.SKIPPED),
            _NOW,
            [
                "Skipped until its content changes or it is put back; the collection has no point of it.",
                "Put back as it is, it will be embedded.",
            ],
        ),
    ],
)
def test_what_follows(known: LedgerItem, catalog: InCatalog, expected: list[str]) -> None:
    assert list(what_follows(known, catalog, tries=3)) == expected


@pytest.mark.parametrize(
    ("error_class", "error", "remedy"),
    [
        ("item", _EMPTY, "Give it a text"),
        ("item", "refused the input (422): cannot identify image file", "Repair or replace its image"),
        ("item", "its picture is a local path: set pictures.folder to", "Change the configuration"),
        ("item", "its picture is not there: 127.0.0.1 answered 404", "Repair or replace its image"),
        ("item", "finds the request too large (413)", "Shorten its text"),
        ("item", "its vector has NaN or infinity in it", "without a usable vector"),
        ("item", "refused the input (422): too bad", "Look at what is sent"),
        ("item", "something new", "Repair the product"),
        ("transient", "the image service timed out", "because of the service"),
        ("martian", "?", ""),
    ],
)
def test_a_cause_comes_with_what_can_be_done(error_class: str, error: str, remedy: str) -> None:
    told = remedy_for(error_class, error)

    assert remedy in told
    assert bool(told) == bool(remedy)
