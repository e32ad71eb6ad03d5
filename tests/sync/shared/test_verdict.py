"""What is wrong with one point; and two sorted streams side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedconsole.items import MARKER, point_at, point_id, point_order
from embedconsole.ledger.records.items import Hashes, SyncedItem
from embedconsole.ledger.state import State
from embedconsole.sync.audit.merge_join import Stream, side_by_side
from embedconsole.sync.content.marker import MarkedPoint, read_point
from embedconsole.sync.shared.verdict import Verdict, judge

if TYPE_CHECKING:
    from collections.abc import Sequence

    from embedconsole.items import JsonObject

OLD, NEW = Hashes(b"o" * 16, b"o" * 16), Hashes(b"n" * 16, b"n" * 16)
POINT = point_order(1)
OURS = MarkedPoint(POINT, "products", "1", NEW)


def item(
    desired: Hashes | None = NEW,
    synced: Hashes | None = NEW,
    state: State = State.SYNCED,
    *,
    held: bool = False,
) -> SyncedItem:
    wanted, holds = desired or (None, None), synced or (None, None)
    return SyncedItem(POINT, "1", wanted[0], wanted[1], holds[0], holds[1], state, held)


@pytest.mark.parametrize(
    ("believed", "held", "verdict"),
    [
        (item(), OURS, Verdict.AGREES),
        (item(), None, Verdict.MISSING),
        (item(), OURS._replace(holds=OLD), Verdict.STALE),
        (item(), OURS._replace(holds=NEW._replace(payload=OLD.payload)), Verdict.STALE),
        (item(), MarkedPoint(POINT), Verdict.STALE),
        (item(), OURS._replace(pipeline="pictures"), Verdict.TAKEN),
        (item(synced=OLD), OURS._replace(holds=OLD), Verdict.STALE),
        (item(held=True), None, Verdict.WAITING),
        (item(synced=OLD, state=State.EMBED), OURS, Verdict.WAITING),
        (item(desired=None, state=State.DELETE), None, Verdict.WAITING),
        (item(synced=None, state=State.FAILED), None, Verdict.AGREES),
        (item(synced=None, state=State.FAILED), OURS, Verdict.STALE),
        (item(synced=None, state=State.SKIPPED), MarkedPoint(POINT), Verdict.FOREIGN),
        (item(synced=OLD, state=State.FAILED), OURS._replace(holds=OLD), Verdict.AGREES),
        (item(synced=OLD, state=State.FAILED), None, Verdict.MISSING),
        (None, OURS, Verdict.UNLISTED),
        (None, OURS._replace(pipeline="pictures"), Verdict.FOREIGN),
        (None, MarkedPoint(POINT), Verdict.FOREIGN),
    ],
)
def test_what_an_item_and_its_point_come_to(
    believed: SyncedItem | None, held: MarkedPoint | None, verdict: Verdict
) -> None:
    assert judge(believed, held, "products") is verdict


@pytest.mark.parametrize(
    ("marker", "ours"),
    [
        ({}, True),
        ({"vectors": {"text": "00"}, "later": 1}, True),
        ({"key": "2"}, False),
        ({"key": 7}, False),
        ({"embed_hash": "no hash"}, False),
        ({"payload_hash": None}, False),
        ({"pipeline": None}, False),
    ],
    ids=["as written", "with more fields", "a copy", "no key", "no hash", "half a hash", "nobody's"],
)
def test_a_marker_is_read_or_the_point_is_not_ours(marker: JsonObject, ours: bool) -> None:
    told: JsonObject = {
        "pipeline": "products",
        "key": "1",
        "embed_hash": NEW.embed.hex(),
        "payload_hash": NEW.payload.hex(),
        **marker,
    }

    assert read_point(1, {MARKER: told}) == (OURS if ours else MarkedPoint(POINT))


def test_points_without_a_marker_are_nobodys() -> None:
    assert read_point(1, {}) == read_point(1, {MARKER: "products"}) == MarkedPoint(POINT)


@given(st.one_of(st.integers(0, (1 << 64) - 1), st.text()))
def test_the_form_that_sorts_tells_the_point(key: int | str) -> None:
    point = point_id(str(key))
    assert point_at(point_order(point)) == point


class Place(NamedTuple):
    point: bytes


def stream(points: Sequence[int], size: int) -> Stream[Place]:
    """A stream in pages of a size."""
    places = [Place(bytes([point])) for point in points]
    pages = iter([places[start : start + size] for start in range(0, len(places), size)])

    async def fetch() -> Sequence[Place]:
        await anyio.lowlevel.checkpoint()
        return next(pages, ())

    return Stream(fetch)


_POINTS = st.sets(st.integers(0, 40)).map(sorted)


@given(left=_POINTS, right=_POINTS, sizes=st.tuples(st.integers(1, 9), st.integers(1, 9)))
def test_windows_have_everything_once_and_meet_at_the_same_points(
    left: list[int], right: list[int], sizes: tuple[int, int]
) -> None:
    async def all_windows() -> list[tuple[list[int], list[int]]]:
        return [
            ([place.point[0] for place in ours], [place.point[0] for place in theirs])
            async for ours, theirs in side_by_side(stream(left, sizes[0]), stream(right, sizes[1]))
        ]

    windows = anyio.run(all_windows)

    assert [point for ours, _ in windows for point in ours] == left
    assert [point for _, theirs in windows for point in theirs] == right
    # Whatever both have is in one window.
    pairs = {point for ours, theirs in windows for point in set(ours) & set(theirs)}
    assert pairs == set(left) & set(right)
    assert all(max(len(ours), len(theirs)) <= max(sizes) for ours, theirs in windows)
