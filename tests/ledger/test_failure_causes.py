"""Which errors count as the same cause."""

from __future__ import annotations

import pytest

from embedconsole.ledger.failure_causes import CAUSE_BYTES, cause_of


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("its size is 511, expected 512", "its size is 1,024, expected 512"),
        ("can't read https://a.example/35.jpg?x=1", "can't read https://b.example/36.png"),
        ("no such file 'a.jpg'", "no such file 'b.jpg'"),
        ("refused the input (422): item 3 is bad", "refused the input (422): item 77 is bad"),
        ("x" * 100 + "one reply", "x" * 100 + "another"),
    ],
)
def test_what_tells_of_one_product_is_no_other_cause(one: str, other: str) -> None:
    assert cause_of("item", one) == cause_of("item", other)
    assert len(cause_of("item", one)) == CAUSE_BYTES


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("refused the input (400)", "refused the input (422)"),
        ("answered 500: no", "answered 502: no"),
        ("image unreadable", "image too large"),
    ],
)
def test_what_tells_of_the_fault_is_another_cause(one: str, other: str) -> None:
    assert cause_of("item", one) != cause_of("item", other)
    assert cause_of("item", one) != cause_of("transient", one)


def test_text_that_is_no_unicode_has_a_cause() -> None:
    assert len(cause_of("item", "\ud800")) == CAUSE_BYTES
