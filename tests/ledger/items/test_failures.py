"""Failed items: by cause, by page, and skipped."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from embedconsole.ledger.records.failures import FailureFilter, FailureKind
from embedconsole.ledger.state import State
from ledger.shelf import fail

if TYPE_CHECKING:
    from embedconsole.ledger.ledger import Ledger
    from ledger.shelf import Shelf


def test_failures_are_grouped_by_cause_most_frequent_first(shelf: Shelf, ledger: Ledger) -> None:
    shelf.add(*range(1, 8))
    long = "the service answered with something that is longer than what counts of it: " + 30 * "x"
    fail(shelf, shelf.claimed(3), long + "one", delay=None)
    fail(shelf, shelf.claimed(1), long + "another", delay=None)
    fail(shelf, shelf.claimed(1), "timeout", delay=None, kind="transient")
    fail(shelf, shelf.claimed(1), "timeout", delay=None, kind="item")
    fail(shelf, shelf.claimed(1), "waits", delay=60, kind="transient")

    groups = ledger.failures.groups(shelf.generation)

    assert [(group.error_class, group.error, group.count) for group in groups[:1]] == [
        ("item", long + "another", 4)
    ]
    assert {(group.error_class, group.error, group.count, group.example) for group in groups[1:]} == {
        ("transient", "timeout", 1, "5"),
        ("item", "timeout", 1, "6"),
    }
    assert groups[0].example == "4"


def test_failures_latest_first_a_page_at_a_time(shelf: Shelf, ledger: Ledger) -> None:
    shelf.add(*range(1, 6))
    for _ in range(5):
        fail(shelf, shelf.claimed(1), "bad", delay=None)
        shelf.pass_time(10)

    first = ledger.failures.page(shelf.generation, limit=3)
    rest = ledger.failures.page(shelf.generation, limit=3, offset=3)

    assert [item.key for item in (*first, *rest)] == ["5", "4", "3", "2", "1"]
    assert (first[0].error_class, first[0].error, first[0].attempts) == ("item", "bad", 1)
    assert [round(item.age, -1) for item in first] == [10, 20, 30]


def test_a_group_tells_how_long_it_has_been_failing(shelf: Shelf, ledger: Ledger) -> None:
    shelf.add(1, 2)
    fail(shelf, shelf.claimed(1), "bad", delay=None)
    shelf.pass_time(300)
    fail(shelf, shelf.claimed(1), "bad", delay=None)
    shelf.pass_time(60)

    (group,) = ledger.failures.groups(shelf.generation)

    assert group.newest == pytest.approx(60, abs=15)
    assert group.oldest == pytest.approx(360, abs=15)


@pytest.fixture
def causes(shelf: Shelf) -> Shelf:
    """Items 1 to 4 failed of their size, 5 of its picture; 6 waits for its next attempt, 7 is due."""
    shelf.add(*range(1, 8))
    for size in (511, 400, 3, 2):
        fail(shelf, shelf.claimed(1), f"its size is {size}, expected 512", delay=None)
    fail(shelf, shelf.claimed(1), "image unreadable", delay=None)
    fail(shelf, shelf.claimed(1), "image unreadable", delay=500)
    return shelf


def test_the_items_of_one_cause_a_page_at_a_time(causes: Shelf, ledger: Ledger) -> None:
    by_size, by_picture = ledger.failures.groups(causes.generation)

    def keys(cause: str, offset: int = 0) -> list[str]:
        page = ledger.failures.page(causes.generation, FailureFilter(cause=cause), limit=3, offset=offset)
        return [item.key for item in page]

    assert (by_size.count, by_picture.count) == (4, 1)
    assert (keys(by_size.cause), keys(by_size.cause, 3)) == (["4", "3", "2"], ["1"])
    assert keys(by_picture.cause) == ["5"]
    assert keys("00" * 8) == []


def test_failures_of_one_cause_are_put_back(causes: Shelf, ledger: Ledger) -> None:
    by_size, by_picture = ledger.failures.groups(causes.generation)

    assert ledger.failures.retry(causes.generation, among=by_size.among) == 4

    assert [group.cause for group in ledger.failures.groups(causes.generation)] == [by_picture.cause]
    assert causes.row(1).cause is None


def test_a_skipped_item_needs_no_look_until_its_content_changes(causes: Shelf, ledger: Ledger) -> None:
    by_size, _ = ledger.failures.groups(causes.generation)
    assert ledger.failures.skip(causes.generation, keys=["5", "6", "7"]) == 1, "only what has failed"
    assert ledger.failures.skip(causes.generation, among=by_size.among) == 4

    counts = ledger.overview.counts(causes.generation)
    assert (counts.failed, counts.skipped, counts.total) == (0, 5, 7)
    assert ledger.failures.groups(causes.generation) == []
    assert ledger.failures.page(causes.generation) == []
    skipped = ledger.failures.page(causes.generation, FailureFilter(FailureKind.SKIPPED))
    assert {(item.key, item.error) for item in skipped} >= {("5", "image unreadable")}
    assert causes.claimed().items[0].key == "7"

    causes.edit(5, embed="b")
    assert causes.row(5).state == State.EMBED
    assert ledger.overview.counts(causes.generation).skipped == 4


def test_a_skipped_item_is_put_back_by_its_key_alone(causes: Shelf, ledger: Ledger) -> None:
    ledger.failures.skip(causes.generation, keys=["1"])

    assert ledger.failures.retry(causes.generation) == 5  # 2 to 5, and 6 that waits
    assert causes.row(1).state == State.SKIPPED
    assert ledger.failures.retry(causes.generation, keys=["1"]) == 1
    assert causes.row(1).state == State.EMBED


def test_those_that_wait_are_told_with_their_next_try(causes: Shelf, ledger: Ledger) -> None:
    fail(causes, causes.claimed(1), "timeout", delay=100, kind="transient")  # 7, after 6
    causes.add(8, 9)
    causes.claimed(1)  # in flight for the first time: it waits for nothing

    group = ledger.failures.gathered(causes.generation, FailureKind.WAITING)

    assert group is not None
    assert (group.count, group.example, group.error, group.among.kind) == (2, "7", "timeout", "waiting")
    assert group.next_try == pytest.approx(100, abs=15)
    page = ledger.failures.page(causes.generation, group.among)
    assert [item.key for item in page] == ["7", "6"]
    assert page[1].next_try == pytest.approx(500, abs=15)
    assert ledger.failures.retry(causes.generation, among=group.among) == 2
    assert ledger.failures.gathered(causes.generation, FailureKind.WAITING) is None


def test_those_that_are_skipped_are_put_back_together(causes: Shelf, ledger: Ledger) -> None:
    ledger.failures.skip(causes.generation, keys=["1", "2"])

    group = ledger.failures.gathered(causes.generation, FailureKind.SKIPPED)

    assert group is not None
    assert (group.count, group.next_try) == (2, None)
    assert ledger.failures.retry(causes.generation, among=group.among) == 2
    assert causes.states()["1"] is State.EMBED


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("PICTURE", []),
        ("Image", ["5"]),
        ("40", ["2"]),
        ("3", ["3"]),
        ("_", []),
        ("%", []),
        ("size", list("4321")),
    ],
)
def test_a_text_is_looked_for_in_keys_and_errors(
    causes: Shelf, ledger: Ledger, text: str, found: list[str]
) -> None:
    among = FailureFilter(text=text)

    assert sorted(item.key for item in ledger.failures.page(causes.generation, among)) == sorted(found)
    assert ledger.failures.count(causes.generation, among) == len(found)
    groups = ledger.failures.groups(causes.generation, text=text)
    assert sum(group.count for group in groups) == len(found)
    assert ledger.failures.causes(causes.generation, text=text) == len(groups)
    assert ledger.failures.retry(causes.generation, among=among) == len(found)


def test_what_else_has_the_same_cause_is_left_alone_by_a_text(causes: Shelf, ledger: Ledger) -> None:
    by_size, _ = ledger.failures.groups(causes.generation)
    among = FailureFilter(cause=by_size.cause, text="511")

    assert ledger.failures.skip(causes.generation, among=among) == 1
    assert causes.states()["1"] is State.SKIPPED
    assert causes.states()["2"] is State.FAILED
